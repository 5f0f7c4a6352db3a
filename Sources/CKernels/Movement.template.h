WG_CLONES static void FN(copy_run)(const T *x, ptrdiff_t dx, T *y, ptrdiff_t dy, size_t n, bool accumulate) {
  if (dx == 1 && dy == 1) {
    if (accumulate) {
      _Pragma("clang loop vectorize_width(WG_LANES)") for (size_t i = 0; i < n; i++) y[i] += x[i];
    } else {
      for (size_t i = 0; i < n; i++) y[i] = x[i];
    }
  } else if (dx == 0 && dy == 1) {
    const T value = *x;
    if (accumulate) {
      for (size_t i = 0; i < n; i++) y[i] += value;
    } else {
      for (size_t i = 0; i < n; i++) y[i] = value;
    }
  } else if (accumulate) {
    for (size_t i = 0; i < n; i++) y[(ptrdiff_t)i * dy] += x[(ptrdiff_t)i * dx];
  } else {
    for (size_t i = 0; i < n; i++) y[(ptrdiff_t)i * dy] = x[(ptrdiff_t)i * dx];
  }
}

void FN(wg_copy)(const T *x, const wg_layout *from, T *y, const wg_layout *to, bool accumulate) {
  if (from->count == 0) return;
  if (from->contiguous && to->contiguous) {
    if (accumulate) {
      FN(copy_run)(x, 1, y, 1, (size_t)from->count, true);
    } else {
      memcpy(y, x, (size_t)from->count * sizeof(T));
    }
    return;
  }
  // Both layouts have the same sizes, so an axis may be merged only where both strides allow it.
  wg_runs a, b;
  int32_t rank = 0;
  for (int32_t axis = 0; axis < from->rank; axis++) {
    const int64_t size = from->sizes[axis], da = from->strides[axis], db = to->strides[axis];
    if (size == 1) continue;
    if (rank > 0 && a.strides[rank - 1] == size * da && b.strides[rank - 1] == size * db) {
      a.sizes[rank - 1] *= size;
      a.strides[rank - 1] = da;
      b.strides[rank - 1] = db;
    } else {
      a.sizes[rank] = size;
      a.strides[rank] = da;
      b.strides[rank] = db;
      rank++;
    }
  }
  if (rank == 0) {
    *y = accumulate ? *y + *x : *x;
    return;
  }
  if (!accumulate && rank == 2 && a.strides[0] == 0 && a.strides[1] == 1 && to->contiguous) {
    // One row, over and over: written once, then doubled until there are enough rows to copy from the cache.
    const size_t row = (size_t)a.sizes[1], count = (size_t)from->count;
    const size_t most = row < 4 * WG_BLOCK ? 4 * WG_BLOCK / row * row : row;
    memcpy(y, x, row * sizeof(T));
    for (size_t filled = row; filled < count;) {
      const size_t ready = filled < most ? filled : most;
      const size_t more = ready < count - filled ? ready : count - filled;
      memcpy(y + filled, y, more * sizeof(T));
      filled += more;
    }
    return;
  }
  a.rank = b.rank = rank;
  memcpy(b.sizes, a.sizes, sizeof b.sizes);
  const int32_t inner = rank - 1;
  const int64_t run = a.sizes[inner];
  wg_cursor ca = {{0}, 0}, cb = {{0}, 0};
  for (int64_t done = 0; done < from->count; done += run) {
    FN(copy_run)(x + ca.offset, a.strides[inner], y + cb.offset, b.strides[inner], (size_t)run, accumulate);
    wg_advance(&a, &ca, run);
    wg_advance(&b, &cb, run);
  }
}

WG_CLONES void FN(wg_add_scaled)(T factor, const T *x, T *y, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(2)")
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

WG_CLONES void FN(wg_fill)(T value, T *y, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(2)")
  for (size_t i = 0; i < n; i++) y[i] = value;
}
