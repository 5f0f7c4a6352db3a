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

static T FN(sum_of_line)(const void *unused, const T *x, ptrdiff_t stride, size_t n) {
  T sum;
  FN(sum_lines)(x, 0, stride, n, &sum, 1);
  return sum;
}

WG_CLONES static void FN(add_run)(const T *x, T *y, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)") for (size_t i = 0; i < n; i++) y[i] += x[i];
}

/// total += the rows of a matrix, a few vectors of columns at a time, which stay in registers.
WG_CLONES static void FN(add_rows)(const void *unused, const T *x, ptrdiff_t stride, size_t rows, T *total, size_t n) {
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

typedef struct {
  const T *x;
  wg_reduction reduction;
  T divisor;
  bool accumulate;
  T *y;
} FN(summation);

static void FN(sum_piece)(const void *context, size_t start, size_t end) {
  const FN(summation) *sum = context;
  const FN(summand) summand = {FN(sum_of_line), FN(add_rows), NULL, WG_COST_OF_MOVING * sizeof(T)};
  wg_reduction r = sum->reduction;
  wg_restrict_outputs(&r, start, end);
  const wg_runs *reduced = &r.reduced;
  const int64_t run = reduced->sizes[reduced->rank - 1];
  while (wg_next_chunk(&r)) {
    const size_t n = (size_t)r.size;
    const T *x = sum->x + r.offset;
    T *target = sum->y + r.position;
    _Alignas(64) T total[WG_BLOCK];
    if (!r.columns && r.terms == run && run <= WG_BLOCK) {
      FN(sum_lines)(x, r.step, reduced->strides[reduced->rank - 1], (size_t)run, total, n);
    } else if (!r.columns) {
      for (size_t k = 0; k < n; k++) total[k] = FN(sum_long)(&summand, x + (ptrdiff_t)k * r.step, reduced, r.terms);
    } else {
      FN(sum_columns)(&summand, x, reduced, r.terms, total, n);
    }
    if (sum->divisor != 1) FN(divide_run)(total, sum->divisor, n);
    if (sum->accumulate) {
      FN(add_run)(total, target, n);
    } else {
      memcpy(target, total, n * sizeof(T));
    }
  }
}

void FN(wg_sum)(const T *x, const wg_layout *from, uint32_t axes, T divisor, bool accumulate, T *y) {
  const FN(summation) sum = {x, wg_begin_reduction(from, axes), divisor, accumulate, y};
  wg_split_outputs(&sum.reduction, WG_COST_OF_MOVING * sizeof(T), FN(sum_piece), &sum);
}
