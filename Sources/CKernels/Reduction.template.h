/// Sum of at most WG_BLOCK elements, four vectors at a time.
WG_CLONES static T FN(sum_block)(const T *x, ptrdiff_t stride, size_t n) {
  enum { width = 4 * WG_LANES };
  if (stride != 1 || n < width) {
    T sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[(ptrdiff_t)i * stride];
    return sum;
  }
  T partial[width] = {0};
  size_t i = 0;
  for (; i + width <= n; i += width) {
    for (int k = 0; k < width; k++) partial[k] += x[i + k];
  }
  for (int k = 0; i + k < n; k++) partial[k] += x[i + k];
  for (int half = width / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; k++) partial[k] += partial[k + half];
  }
  return partial[0];
}

WG_CLONES static void FN(add_run)(const T *x, T *y, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)") for (size_t i = 0; i < n; i++) y[i] += x[i];
}

/// total += the rows of a matrix, a few vectors of columns at a time, which stay in registers.
WG_CLONES static void FN(add_rows)(const T *x, ptrdiff_t stride, size_t rows, T *total, size_t n) {
  enum { width = 4 * WG_LANES };
  size_t column = 0;
  for (; column + width <= n; column += width) {
    T sum[width];
    for (int k = 0; k < width; k++) sum[k] = total[column + k];
    for (size_t row = 0; row < rows; row++) {
      const T *from = x + (ptrdiff_t)row * stride + column;
      for (int k = 0; k < width; k++) sum[k] += from[k];
    }
    for (int k = 0; k < width; k++) total[column + k] = sum[k];
  }
  for (; column < n; column++) {
    T sum = total[column];
    for (size_t row = 0; row < rows; row++) sum += x[(ptrdiff_t)row * stride + column];
    total[column] = sum;
  }
}

WG_CLONES static void FN(divide_run)(T *y, T divisor, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] /= divisor;
}

void FN(wg_sum)(const T *x, const wg_layout *from, uint32_t axes, T divisor, bool accumulate, T *y) {
  wg_reduction r = wg_begin_reduction(from, axes);
  const wg_runs *reduced = &r.reduced;
  const int32_t inner = reduced->rank - 1;
  const int64_t run = reduced->sizes[inner];
  const ptrdiff_t stride = reduced->strides[inner];
  while (wg_next_chunk(&r)) {
    const size_t n = (size_t)r.size;
    T *target = y + r.position;
    wg_cursor term = {{0}, 0};
    if (!r.columns) {
      FN(cascade) sums = {.count = 0};
      for (int64_t done = 0; done < r.terms; done += run) {
        const T *from = x + r.offset + term.offset;
        for (int64_t start = 0; start < run; start += WG_BLOCK) {
          const int64_t size = run - start < WG_BLOCK ? run - start : WG_BLOCK;
          FN(add_to_cascade)(&sums, FN(sum_block)(from + start * stride, stride, (size_t)size));
        }
        wg_advance(reduced, &term, run);
      }
      T total = FN(cascade_sum)(&sums);
      if (divisor != 1) total /= divisor;
      *target = accumulate ? *target + total : total;
      continue;
    }
    // Columns: rows are added up, a few hundred at a time.
    _Alignas(64) T total[WG_BLOCK], partial[WG_BLOCK];
    memset(total, 0, n * sizeof(T));
    for (int64_t done = 0; done < r.terms; done += WG_BLOCK) {
      const int64_t end = r.terms - done < WG_BLOCK ? r.terms : done + WG_BLOCK;
      T *sum = r.terms <= WG_BLOCK ? total : partial;
      if (sum == partial) memset(partial, 0, n * sizeof(T));
      for (int64_t i = done; i < end;) {
        // Rows that lie evenly apart go in one call.
        const int64_t left = run - term.index[inner];
        const int64_t rows = left < end - i ? left : end - i;
        FN(add_rows)(x + r.offset + term.offset, stride, (size_t)rows, sum, n);
        wg_advance(reduced, &term, rows);
        i += rows;
      }
      if (sum == partial) FN(add_run)(partial, total, n);
    }
    if (divisor != 1) FN(divide_run)(total, divisor, n);
    if (accumulate) {
      FN(add_run)(total, target, n);
    } else {
      memcpy(target, total, n * sizeof(T));
    }
  }
}
