/// Sums of lines of at most WG_BLOCK elements.
WG_CLONES static void FN(sum_lines)(const T *x, ptrdiff_t step, ptrdiff_t stride, size_t n, T *y, size_t lines) {
  for (size_t line = 0; line < lines; line++, x += step) {
    if (stride == 1) {
      y[line] = FN(vector_sum)(x, n);
    } else {
      T sum = 0;
      for (size_t i = 0; i < n; i++) sum += x[(ptrdiff_t)i * stride];
      y[line] = sum;
    }
  }
}

/// The sum of all that is reduced to one output.
static T FN(sum_long)(const T *x, const wg_runs *reduced, int64_t terms) {
  const int64_t run = reduced->sizes[reduced->rank - 1];
  const ptrdiff_t stride = reduced->strides[reduced->rank - 1];
  FN(cascade) sums = {.count = 0};
  wg_cursor term = {{0}, 0};
  for (int64_t done = 0; done < terms; done += run) {
    for (int64_t start = 0; start < run; start += WG_BLOCK) {
      const int64_t size = run - start < WG_BLOCK ? run - start : WG_BLOCK;
      T sum;
      FN(sum_lines)(x + term.offset + start * stride, 0, stride, (size_t)size, &sum, 1);
      FN(add_to_cascade)(&sums, sum);
    }
    wg_advance(reduced, &term, run);
  }
  return FN(cascade_sum)(&sums);
}

WG_CLONES static void FN(add_run)(const T *x, T *y, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)") for (size_t i = 0; i < n; i++) y[i] += x[i];
}

/// total += the rows of a matrix, a few vectors of columns at a time, which stay in registers.
WG_CLONES static void FN(add_rows)(const T *x, ptrdiff_t stride, size_t rows, T *total, size_t n) {
  size_t column = 0;
#define WG_COLUMNS(width)                                          \
  for (; column + (width) <= n; column += (width)) {               \
    T sum[width];                                                  \
    for (int k = 0; k < (width); k++) sum[k] = total[column + k];  \
    for (size_t row = 0; row < rows; row++) {                      \
      const T *from = x + (ptrdiff_t)row * stride + column;        \
      for (int k = 0; k < (width); k++) sum[k] += from[k];         \
    }                                                              \
    for (int k = 0; k < (width); k++) total[column + k] = sum[k];  \
  }
  WG_COLUMNS(4 * WG_LANES)
  WG_COLUMNS(WG_LANES)
  WG_COLUMNS(1)
#undef WG_COLUMNS
}

WG_CLONES static void FN(divide_run)(T *y, T divisor, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] /= divisor;
}

/// The sums of columns: rows are added up, a few hundred at a time.
static void FN(sum_columns)(const T *x, const wg_runs *reduced, int64_t terms, T *total, T *partial, size_t n) {
  const int32_t inner = reduced->rank - 1;
  wg_cursor term = {{0}, 0};
  memset(total, 0, n * sizeof(T));
  for (int64_t done = 0; done < terms; done += WG_BLOCK) {
    const int64_t end = terms - done < WG_BLOCK ? terms : done + WG_BLOCK;
    T *sum = terms <= WG_BLOCK ? total : partial;
    if (sum == partial) memset(partial, 0, n * sizeof(T));
    for (int64_t i = done; i < end;) {
      // Rows that lie evenly apart go in one call.
      const int64_t left = reduced->sizes[inner] - term.index[inner];
      const int64_t rows = left < end - i ? left : end - i;
      FN(add_rows)(x + term.offset, reduced->strides[inner], (size_t)rows, sum, n);
      wg_advance(reduced, &term, rows);
      i += rows;
    }
    if (sum == partial) FN(add_run)(partial, total, n);
  }
}

void FN(wg_sum)(const T *x, const wg_layout *from, uint32_t axes, T divisor, bool accumulate, T *y) {
  wg_reduction r = wg_begin_reduction(from, axes);
  const wg_runs *reduced = &r.reduced;
  const int64_t run = reduced->sizes[reduced->rank - 1];
  const ptrdiff_t stride = reduced->strides[reduced->rank - 1];
  while (wg_next_chunk(&r)) {
    const size_t n = (size_t)r.size;
    T *target = y + r.position;
    _Alignas(64) T total[WG_BLOCK], partial[WG_BLOCK];
    if (!r.columns && r.terms == run && run <= WG_BLOCK) {
      FN(sum_lines)(x + r.offset, r.step, stride, (size_t)run, total, n);
    } else if (!r.columns) {
      for (size_t k = 0; k < n; k++) total[k] = FN(sum_long)(x + r.offset + (ptrdiff_t)k * r.step, reduced, r.terms);
    } else {
      FN(sum_columns)(x + r.offset, reduced, r.terms, total, partial, n);
    }
    if (divisor != 1) FN(divide_run)(total, divisor, n);
    if (accumulate) {
      FN(add_run)(total, target, n);
    } else {
      memcpy(target, total, n * sizeof(T));
    }
  }
}
