// Patches of images, and poolings: windows that slide over an image.
//
// All loops run along a row of windows for one position in the window at a time, so that neighbours in the loop are
// neighbours in memory, or lie a stride apart.
#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "Clones.h"

/// The windows of a row, from `begin` to `end`, whose position `i` lies in the image.
typedef struct {
  ptrdiff_t begin, end;
} wg_span;

static inline wg_span wg_inside(const wg_window_axis *axis, ptrdiff_t i) {
  // o * stride + offset in 0 ..< input
  const ptrdiff_t offset = i * axis->dilation - axis->low, stride = axis->stride;
  wg_span span = {
    offset >= 0 ? 0 : (-offset + stride - 1) / stride,
    offset >= axis->input ? 0 : (axis->input - offset + stride - 1) / stride,
  };
  if (span.end > axis->output) span.end = axis->output;
  if (span.begin > span.end) span.begin = span.end;
  return span;
}

static inline wg_span wg_intersection(wg_span a, ptrdiff_t begin, ptrdiff_t end) {
  if (a.begin < begin) a.begin = begin;
  if (a.end > end) a.end = end;
  if (a.begin > a.end) a.begin = a.end;
  return a;
}

/// The position that the window at `o` has at `i`; it may lie outside.
static inline ptrdiff_t wg_position(const wg_window_axis *axis, ptrdiff_t o, ptrdiff_t i) {
  return o * axis->stride - axis->low + i * axis->dilation;
}

/// The number of positions of the window at `o` that lie in the image, or in the image and its padding.
static inline ptrdiff_t wg_position_count(const wg_window_axis *axis, ptrdiff_t o, bool counts_padding) {
  const ptrdiff_t begin = counts_padding ? -axis->low : 0;
  const ptrdiff_t end = axis->input + (counts_padding ? axis->high : 0);
  ptrdiff_t count = 0;
  for (ptrdiff_t i = 0; i < axis->window; i++) {
    const ptrdiff_t position = wg_position(axis, o, i);
    count += position >= begin && position < end;
  }
  return count;
}

/// Runs a loop over `n` windows with their distance `s` in the image, 1 and 2 as constants.
#define WG_ALONG_ROW(stride, n, statement)                              \
  do {                                                                  \
    if ((stride) == 1) {                                                \
      enum { s = 1 };                                                   \
      _Pragma("clang loop vectorize(assume_safety)")                    \
      for (ptrdiff_t o = 0; o < (n); o++) statement;                    \
    } else if ((stride) == 2) {                                         \
      enum { s = 2 };                                                   \
      _Pragma("clang loop vectorize(assume_safety)")                    \
      for (ptrdiff_t o = 0; o < (n); o++) statement;                    \
    } else {                                                            \
      const ptrdiff_t s = (stride);                                     \
      for (ptrdiff_t o = 0; o < (n); o++) statement;                    \
    }                                                                   \
  } while (0)

#define WG_TEMPLATE "Windows.template.h"
#include "Templates.h"
