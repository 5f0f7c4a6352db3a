// Walking a strided view in row-major order, a block at a time.
#ifndef WENGERT_VIEWS_H
#define WENGERT_VIEWS_H

#include <string.h>

#include "CKernels.h"

/// A view with adjacent axes merged where their strides allow it, so that its inner runs are as long as they can be.
typedef struct {
  int64_t sizes[WG_MAXIMUM_RANK];
  int64_t strides[WG_MAXIMUM_RANK];
  int32_t rank;
} wg_runs;

static inline wg_runs wg_merge_axes(const wg_layout *layout) {
  wg_runs runs;
  int32_t rank = 0;
  for (int32_t axis = 0; axis < layout->rank; axis++) {
    const int64_t size = layout->sizes[axis], stride = layout->strides[axis];
    if (size == 1) continue;
    if (rank > 0 && runs.strides[rank - 1] == size * stride) {
      runs.sizes[rank - 1] *= size;
      runs.strides[rank - 1] = stride;
    } else {
      runs.sizes[rank] = size;
      runs.strides[rank] = stride;
      rank++;
    }
  }
  if (rank == 0) {
    runs.sizes[0] = 1;
    runs.strides[0] = 1;
    rank = 1;
  }
  runs.rank = rank;
  return runs;
}

/// A position in a merged view.
typedef struct {
  int64_t index[WG_MAXIMUM_RANK];
  ptrdiff_t offset;
} wg_cursor;

/// Moves `count` elements along the innermost axis, never beyond its end, and carries into the outer axes there.
static inline void wg_advance(const wg_runs *runs, wg_cursor *cursor, int64_t count) {
  int32_t axis = runs->rank - 1;
  cursor->index[axis] += count;
  cursor->offset += count * runs->strides[axis];
  while (axis > 0 && cursor->index[axis] == runs->sizes[axis]) {
    cursor->offset -= runs->sizes[axis] * runs->strides[axis];
    cursor->index[axis] = 0;
    axis--;
    cursor->index[axis] += 1;
    cursor->offset += runs->strides[axis];
  }
}

/// The cursor at an element, counted in row-major order.
static inline wg_cursor wg_seek(const wg_runs *runs, int64_t element) {
  wg_cursor cursor = {{0}, 0};
  for (int32_t axis = runs->rank - 1; element > 0; axis--) {
    const int64_t size = runs->sizes[axis];
    cursor.index[axis] = axis > 0 ? element % size : element;
    cursor.offset += cursor.index[axis] * runs->strides[axis];
    element = axis > 0 ? element / size : 0;
  }
  return cursor;
}

#endif
