/// The axes of `shape` with the strides of another layout, 0 along the axis whose position an index gives.
static wg_runs FN(indexed_runs)(const wg_layout *shape, const wg_layout *strides, int32_t axis) {
  wg_layout walk = *shape;
  for (int32_t i = 0; i < shape->rank; i++) walk.strides[i] = i == axis ? 0 : strides->strides[i];
  return wg_merge_axes(&walk);
}

WG_CLONES static void FN(gather_run)(const T *x, ptrdiff_t stride, const int32_t *indices, ptrdiff_t along, T *y,
                                     size_t n) {
  if (stride == 0) {
    for (size_t i = 0; i < n; i++) y[i] = x[indices[i] * along];
  } else {
    for (size_t i = 0; i < n; i++) y[i] = x[(ptrdiff_t)i * stride + indices[i] * along];
  }
}

void FN(wg_gather)(const T *x, const wg_layout *from, const int32_t *indices, const wg_layout *shape, int32_t axis,
                   T *y) {
  const wg_runs runs = FN(indexed_runs)(shape, from, axis);
  const int64_t run = runs.sizes[runs.rank - 1];
  wg_cursor cursor = {{0}, 0};
  for (int64_t done = 0; done < shape->count; done += run) {
    FN(gather_run)(x + cursor.offset, runs.strides[runs.rank - 1], indices + done, from->strides[axis], y + done,
                   (size_t)run);
    wg_advance(&runs, &cursor, run);
  }
}

void FN(wg_scatter_add)(const T *x, const wg_layout *shape, const int32_t *indices, int32_t axis, T *y,
                        const wg_layout *to) {
  const wg_runs runs = FN(indexed_runs)(shape, to, axis);
  const int64_t run = runs.sizes[runs.rank - 1];
  const ptrdiff_t stride = runs.strides[runs.rank - 1], along = to->strides[axis];
  wg_cursor cursor = {{0}, 0};
  for (int64_t done = 0; done < shape->count; done += run) {
    T *target = y + cursor.offset;
    for (int64_t i = 0; i < run; i++) target[i * stride + indices[done + i] * along] += x[done + i];
    wg_advance(&runs, &cursor, run);
  }
}

void FN(wg_take)(const T *x, wg_taking rows, T *y) {
  for (size_t outer = 0; outer < rows.outer; outer++, x += rows.n * rows.run, y += rows.count * rows.run) {
    if (rows.run == 1) {
      for (size_t i = 0; i < rows.count; i++) y[i] = x[rows.indices[i]];
    } else {
      for (size_t i = 0; i < rows.count; i++) {
        memcpy(y + i * rows.run, x + (size_t)rows.indices[i] * rows.run, rows.run * sizeof(T));
      }
    }
  }
}

void FN(wg_add_taken)(const T *x, wg_taking rows, T *y) {
  for (size_t outer = 0; outer < rows.outer; outer++, x += rows.count * rows.run, y += rows.n * rows.run) {
    if (rows.run == 1) {
      for (size_t i = 0; i < rows.count; i++) y[rows.indices[i]] += x[i];
    } else {
      for (size_t i = 0; i < rows.count; i++) {
        FN(wg_add_scaled)(1, x + i * rows.run, y + (size_t)rows.indices[i] * rows.run, rows.run);
      }
    }
  }
}
