// Patches of images, and poolings: windows that slide over an image.
//
// Patches are gathered along a row of windows for one position in the window at a time, so that neighbours in the loop
// are neighbours in memory, or lie a stride apart.
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

/// The indices of the positions of the window at `o` that lie in the image.
static inline wg_span wg_positions(const wg_window_axis *axis, ptrdiff_t o) {
  const ptrdiff_t first = wg_position(axis, o, 0), step = axis->dilation;
  wg_span span = {
    first >= 0 ? 0 : (-first + step - 1) / step,
    first >= axis->input ? 0 : (axis->input - first + step - 1) / step,
  };
  if (span.end > axis->window) span.end = axis->window;
  if (span.begin > span.end) span.begin = span.end;
  return span;
}

/// How many elements a mean is over along an axis: those in the image, and in the padding if `counts_padding`. No
/// dilation.
static inline ptrdiff_t wg_position_count(const wg_window_axis *axis, ptrdiff_t o, wg_span inside,
                                          bool counts_padding) {
  if (!counts_padding) return inside.end - inside.begin;
  const ptrdiff_t end = wg_position(axis, o, axis->window), limit = axis->input + axis->high;
  return axis->window - (end > limit ? end - limit : 0);
}

/// Which windows of a row lie in the image as a whole.
static inline wg_span wg_whole(const wg_window_axis *axis, const wg_span *positions, ptrdiff_t n) {
  wg_span whole = {0, n};
  while (whole.begin < n && positions[whole.begin].begin > 0) whole.begin++;
  while (whole.end > whole.begin && positions[whole.end - 1].end < axis->window) whole.end--;
  return whole;
}

/// Whether there are loops for windows of this size and stride: 2 x 2 by 2, 3 x 3 by 2 and 3 x 3 by 1.
static inline bool wg_has_loop(const wg_windows *windows) {
  const wg_window_axis *y = &windows->y, *x = &windows->x;
  if (y->window != x->window || y->dilation != 1 || x->dilation != 1) return false;
  return x->window == 2 ? x->stride == 2 : x->window == 3 && x->stride <= 2;
}

#define WG_ALWAYS_INLINE static inline __attribute__((always_inline))

/// Runs a loop over `n` windows with their distance `s` in the image, 1 and 2 as constants. Rows are often short: with
/// several vectors at a time, as the compiler would choose, most of them would be done element by element.
#define WG_ALONG_ROW(stride, n, statement)                                                                   \
  do {                                                                                                       \
    if ((stride) == 1) {                                                                                     \
      enum { s = 1 };                                                                                        \
      _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES / 2) interleave_count(1)")       \
      for (ptrdiff_t o = 0; o < (n); o++) statement;                                                         \
    } else if ((stride) == 2) {                                                                              \
      enum { s = 2 };                                                                                        \
      _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES / 2) interleave_count(1)")       \
      for (ptrdiff_t o = 0; o < (n); o++) statement;                                                         \
    } else {                                                                                                 \
      const ptrdiff_t s = (stride);                                                                          \
      for (ptrdiff_t o = 0; o < (n); o++) statement;                                                         \
    }                                                                                                        \
  } while (0)

#define WG_TEMPLATE "Windows.template.h"
#include "Templates.h"
