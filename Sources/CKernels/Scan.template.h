#define WG_VECTORIZE _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)")

/// The elements of one block of columns in the order of the scan: step i of column k is at base + i * step + k.
typedef struct {
  size_t base, count;
  ptrdiff_t step;
} FN(columns);

static FN(columns) FN(columns_at)(size_t outer, size_t n, size_t inner, size_t column, bool reversed) {
  const size_t left = inner - column;
  return (FN(columns)){.base = outer * n * inner + column + (reversed ? (n - 1) * inner : 0),
                       .count = left < WG_BLOCK ? left : WG_BLOCK,
                       .step = reversed ? -(ptrdiff_t)inner : (ptrdiff_t)inner};
}

/// A scan along the middle axis: what it reads and writes. Pieces are of blocks of columns.
typedef struct {
  const T *x, *factor;
  size_t outer, n, inner;
  bool reversed, exclusive;
  T *y;
} FN(scan);

#define WG_FOR_COLUMNS                                                                       \
  const FN(scan) *scan = context;                                                            \
  const T *x = scan->x;                                                                      \
  T *y = scan->y;                                                                            \
  const size_t n = scan->n, inner = scan->inner, blocks = (inner + WG_BLOCK - 1) / WG_BLOCK; \
  for (size_t block = start, i, column;                                                      \
       block < end && (i = block / blocks, column = block % blocks * WG_BLOCK, true); block++)

static void FN(scan_columns)(wg_piece *piece, const FN(scan) * scan) {
  const size_t blocks = (scan->inner + WG_BLOCK - 1) / WG_BLOCK;
  const double width = (double)(scan->inner < WG_BLOCK ? scan->inner : WG_BLOCK);
  if (scan->n == 0) return;
  wg_split(scan->outer * blocks, 1, 4 * WG_COST_OF_MOVING * sizeof(T) * width * (double)scan->n, piece, scan);
}

/// Sums start anew every WG_BLOCK steps, so that the rounding error grows like n / 512 rather than n.
WG_CLONES static void FN(sum_line)(const T *x, ptrdiff_t step, size_t n, bool exclusive, T *y) {
  T total = 0;
  for (size_t start = 0; start < n; start += WG_BLOCK) {
    const size_t end = n - start < WG_BLOCK ? n : start + WG_BLOCK;
    T sum = 0;
    if (exclusive) {
      for (size_t i = start; i < end; i++) {
        y[(ptrdiff_t)i * step] = total + sum;
        sum += x[(ptrdiff_t)i * step];
      }
    } else {
      for (size_t i = start; i < end; i++) {
        sum += x[(ptrdiff_t)i * step];
        y[(ptrdiff_t)i * step] = total + sum;
      }
    }
    total += sum;
  }
}

WG_CLONES static void FN(sum_step)(const T *x, const T *total, bool exclusive, T *sum, T *y, size_t n) {
  if (exclusive) {
    WG_VECTORIZE for (size_t k = 0; k < n; k++) y[k] = total[k] + sum[k];
    WG_VECTORIZE for (size_t k = 0; k < n; k++) sum[k] += x[k];
  } else {
    WG_VECTORIZE for (size_t k = 0; k < n; k++) {
      const T s = sum[k] + x[k];
      sum[k] = s;
      y[k] = total[k] + s;
    }
  }
}

static void FN(sum_columns)(const T *x, ptrdiff_t step, size_t n, bool exclusive, T *y, size_t count) {
  _Alignas(64) T total[WG_BLOCK] = {0}, sum[WG_BLOCK];
  for (size_t start = 0; start < n; start += WG_BLOCK) {
    const size_t end = n - start < WG_BLOCK ? n : start + WG_BLOCK;
    memset(sum, 0, count * sizeof(T));
    for (size_t i = start; i < end; i++) {
      FN(sum_step)(x + (ptrdiff_t)i * step, total, exclusive, sum, y + (ptrdiff_t)i * step, count);
    }
    for (size_t k = 0; k < count; k++) total[k] += sum[k];
  }
}

static void FN(cumulative_sum_piece)(const void *context, size_t start, size_t end) {
  WG_FOR_COLUMNS {
    const FN(columns) columns = FN(columns_at)(i, n, inner, column, scan->reversed);
    if (columns.count == 1) {
      FN(sum_line)(x + columns.base, columns.step, n, scan->exclusive, y + columns.base);
    } else {
      FN(sum_columns)(x + columns.base, columns.step, n, scan->exclusive, y + columns.base, columns.count);
    }
  }
}

WG_CLONES static void FN(product_line)(const T *x, ptrdiff_t step, size_t n, bool exclusive, T *y) {
  T product = 1;
  if (exclusive) {
    for (size_t i = 0; i < n; i++) {
      const T factor = x[(ptrdiff_t)i * step];
      y[(ptrdiff_t)i * step] = product;
      product *= factor;
    }
  } else {
    for (size_t i = 0; i < n; i++) y[(ptrdiff_t)i * step] = product *= x[(ptrdiff_t)i * step];
  }
}

/// Four lines at once, as each step of one waits for the step before.
WG_CLONES static void FN(product_four_lines)(const T *x, ptrdiff_t step, size_t n, bool exclusive, T *y) {
  T a = 1, b = 1, c = 1, d = 1;
  for (size_t i = 0; i < n; i++, x += step, y += step) {
    const T beforeA = a, beforeB = b, beforeC = c, beforeD = d;
    a *= x[0], b *= x[n], c *= x[2 * n], d *= x[3 * n];
    y[0] = exclusive ? beforeA : a;
    y[n] = exclusive ? beforeB : b;
    y[2 * n] = exclusive ? beforeC : c;
    y[3 * n] = exclusive ? beforeD : d;
  }
}

WG_CLONES static void FN(product_step)(const T *x, bool exclusive, T *product, T *y, size_t n) {
  if (exclusive) {
    WG_VECTORIZE for (size_t k = 0; k < n; k++) {
      const T before = product[k];
      y[k] = before;
      product[k] = before * x[k];
    }
  } else {
    WG_VECTORIZE for (size_t k = 0; k < n; k++) y[k] = product[k] *= x[k];
  }
}

static void FN(cumulative_product_piece)(const void *context, size_t start, size_t end) {
  const FN(scan) *lines = context;
  for (; lines->inner == 1 && start + 4 <= end; start += 4) {
    const FN(columns) first = FN(columns_at)(start, lines->n, 1, 0, lines->reversed);
    FN(product_four_lines)(lines->x + first.base, first.step, lines->n, lines->exclusive, lines->y + first.base);
  }
  WG_FOR_COLUMNS {
    const FN(columns) columns = FN(columns_at)(i, n, inner, column, scan->reversed);
    if (columns.count == 1) {
      FN(product_line)(x + columns.base, columns.step, n, scan->exclusive, y + columns.base);
      continue;
    }
    _Alignas(64) T product[WG_BLOCK];
    for (size_t k = 0; k < columns.count; k++) product[k] = 1;
    for (size_t j = 0; j < n; j++) {
      const size_t at = columns.base + (size_t)((ptrdiff_t)j * columns.step);
      FN(product_step)(x + at, scan->exclusive, product, y + at, columns.count);
    }
  }
}

// A state of exactly 0 stays 0 whatever its factor is: in derivatives it is a cotangent.
#define WG_STRONG(state, factor) ((state) == 0 ? 0 : (state) * (factor))

WG_CLONES static void FN(recurrence_line)(const T *x, const T *factor, ptrdiff_t step, size_t n, T *y) {
  T state = *x;
  *y = state;
  for (size_t i = 1; i < n; i++) {
    const ptrdiff_t at = (ptrdiff_t)i * step;
    state = x[at] + WG_STRONG(state, factor[at - step]);
    y[at] = state;
  }
}

WG_CLONES static void FN(recurrence_step)(const T *x, const T *factor, const T *state, T *y, size_t n) {
  WG_VECTORIZE for (size_t k = 0; k < n; k++) y[k] = x[k] + WG_STRONG(state[k], factor[k]);
}

static void FN(recurrence_piece)(const void *context, size_t start, size_t end) {
  WG_FOR_COLUMNS {
    const FN(columns) columns = FN(columns_at)(i, n, inner, column, scan->reversed);
    // There is one factor less than there are steps: that of a step backwards lies where the step ends.
    const T *factors = scan->factor + columns.base - i * inner - (scan->reversed ? inner : 0);
    if (columns.count == 1) {
      FN(recurrence_line)(x + columns.base, factors, columns.step, n, y + columns.base);
      continue;
    }
    memcpy(y + columns.base, x + columns.base, columns.count * sizeof(T));
    for (size_t j = 1; j < n; j++) {
      const ptrdiff_t at = (ptrdiff_t)columns.base + (ptrdiff_t)j * columns.step;
      FN(recurrence_step)(x + at, factors + (ptrdiff_t)(j - 1) * columns.step, y + at - columns.step, y + at,
                          columns.count);
    }
  }
}

// The sum of exponentials so far is kept relative to the largest exponent so far, so that it never overflows: of the
// sum and the new term, the one with the smaller exponent is scaled down by exp(-|difference|).

WG_CLONES static void FN(log_sum_exp_differences)(const T *x, ptrdiff_t step, T maximum, T *differences, T *maxima,
                                                  size_t n) {
  for (size_t i = 0; i < n; i++) {
    const T a = x[(ptrdiff_t)i * step];
    differences[i] = a == maximum ? 0 : -__builtin_elementwise_abs(a - maximum);
    maximum = a > maximum ? a : maximum;
    maxima[i] = maximum;
  }
}

static void FN(log_sum_exp_line)(const T *x, ptrdiff_t step, size_t n, T *y) {
  _Alignas(64) T terms[WG_BLOCK], maxima[WG_BLOCK];
  T maximum = -(T)INFINITY, sum = 0;
  for (size_t start = 0; start < n; start += WG_BLOCK) {
    const size_t size = n - start < WG_BLOCK ? n - start : WG_BLOCK;
    FN(log_sum_exp_differences)(x + (ptrdiff_t)start * step, step, maximum, terms, maxima, size);
    FN(wg_exp)(terms, terms, size);
    for (size_t i = 0; i < size; i++) {
      sum = maxima[i] > maximum ? sum * terms[i] + 1 : sum + terms[i];
      maximum = maxima[i];
      terms[i] = sum;
    }
    FN(wg_log)(terms, terms, size);
    for (size_t i = 0; i < size; i++) y[(ptrdiff_t)(start + i) * step] = maxima[i] + terms[i];
  }
}

WG_CLONES static void FN(log_sum_exp_combine)(const T *x, const T *terms, T *maxima, T *sums, size_t n) {
  WG_VECTORIZE for (size_t k = 0; k < n; k++) {
    const bool rises = x[k] > maxima[k];
    sums[k] = rises ? sums[k] * terms[k] + 1 : sums[k] + terms[k];
    maxima[k] = rises ? x[k] : maxima[k];
  }
}

static void FN(cumulative_log_sum_exp_piece)(const void *context, size_t start, size_t end) {
  WG_FOR_COLUMNS {
    const FN(columns) columns = FN(columns_at)(i, n, inner, column, scan->reversed);
    if (columns.count == 1) {
      FN(log_sum_exp_line)(x + columns.base, columns.step, n, y + columns.base);
      continue;
    }
    _Alignas(64) T terms[WG_BLOCK], maxima[WG_BLOCK], sums[WG_BLOCK];
    const size_t count = columns.count;
    for (size_t k = 0; k < count; k++) maxima[k] = -(T)INFINITY, sums[k] = 0;
    for (size_t j = 0; j < n; j++) {
      const ptrdiff_t at = (ptrdiff_t)columns.base + (ptrdiff_t)j * columns.step;
      const T *row = x + at;
      T *target = y + at;
      for (size_t k = 0; k < count; k++) {
        terms[k] = row[k] == maxima[k] ? 0 : -__builtin_elementwise_abs(row[k] - maxima[k]);
      }
      FN(wg_exp)(terms, terms, count);
      FN(log_sum_exp_combine)(row, terms, maxima, sums, count);
      FN(wg_log)(sums, terms, count);
      for (size_t k = 0; k < count; k++) target[k] = maxima[k] + terms[k];
    }
  }
}

// MARK: - Entry points

void FN(wg_cumulative_sum)(const T *x, size_t outer, size_t n, size_t inner, bool reversed, bool exclusive, T *y) {
  FN(scan_columns)(FN(cumulative_sum_piece), &(FN(scan)){x, NULL, outer, n, inner, reversed, exclusive, y});
}

void FN(wg_cumulative_product)(const T *x, size_t outer, size_t n, size_t inner, bool reversed, bool exclusive, T *y) {
  FN(scan_columns)(FN(cumulative_product_piece), &(FN(scan)){x, NULL, outer, n, inner, reversed, exclusive, y});
}

void FN(wg_cumulative_log_sum_exp)(const T *x, size_t outer, size_t n, size_t inner, bool reversed, T *y) {
  FN(scan_columns)(FN(cumulative_log_sum_exp_piece), &(FN(scan)){x, NULL, outer, n, inner, reversed, false, y});
}

void FN(wg_recurrence)(const T *x, const T *factor, size_t outer, size_t n, size_t inner, bool reversed, T *y) {
  FN(scan_columns)(FN(recurrence_piece), &(FN(scan)){x, factor, outer, n, inner, reversed, false, y});
}

#undef WG_FOR_COLUMNS
#undef WG_VECTORIZE
#undef WG_STRONG
