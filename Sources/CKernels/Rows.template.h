/// The longest rows of which a vector holds one element each. Their sums are taken in order, as those of longer ones are
/// up to twice the lanes.
#define WG_TINY_ROW WG_LANES
#define WG_GREATER(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))
#define WG_VECTORIZE _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)")

WG_CLONES static T FN(row_maximum)(const T *x, size_t n) {
  T best = -(T)INFINITY;
  for (size_t i = 0; i < n; i++) best = WG_GREATER(x[i], best);
  return best;
}

WG_CLONES static T FN(row_sum)(const T *x, size_t n) {
  if (n < 2 * WG_LANES) {
    T total = 0;
    for (size_t i = 0; i < n; i++) total += x[i];
    return total;
  }
  T partial[WG_LANES] = {0};
  size_t i = 0;
  for (; i + WG_LANES <= n; i += WG_LANES) {
    for (int k = 0; k < WG_LANES; k++) partial[k] += x[i + k];
  }
  for (int k = 0; i + k < n; k++) partial[k] += x[i + k];
  for (int half = WG_LANES / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; k++) partial[k] += partial[k + half];
  }
  return partial[0];
}

WG_CLONES static void FN(row_shift)(const T *x, T shift, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = x[i] - shift;
}

WG_CLONES static void FN(row_divide)(T *y, T divisor, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] /= divisor;
}

/// The sum of exp(x - maximum) over a row, a block at a time; the terms are kept in y unless that is NULL.
static T FN(row_terms)(const T *x, T maximum, T *y, size_t n) {
  _Alignas(64) T block[WG_BLOCK];
  T total = 0;
  for (size_t start = 0; start < n; start += WG_BLOCK) {
    const size_t size = n - start < WG_BLOCK ? n - start : WG_BLOCK;
    T *terms = y ? y + start : block;
    FN(row_shift)(x + start, maximum, terms, size);
    FN(wg_exp)(terms, terms, size);
    total += FN(row_sum)(terms, size);
  }
  return total;
}

typedef enum { FN(kind_log_sum_exp), FN(kind_softmax), FN(kind_log_softmax) } FN(kind);

/// Several short rows at once: one call of exp for a block of them.
static void FN(short_rows)(FN(kind) kind, const T *x, size_t rows, size_t n, T *y) {
  _Alignas(64) T terms[WG_BLOCK], maxima[WG_BLOCK], sums[WG_BLOCK];
  const size_t most = WG_BLOCK / n;
  for (size_t start = 0; start < rows; start += most) {
    const size_t count = rows - start < most ? rows - start : most;
    const T *from = x + start * n;
    for (size_t row = 0; row < count; row++) {
      const T maximum = maxima[row] = FN(row_maximum)(from + row * n, n);
      for (size_t i = 0; i < n; i++) terms[row * n + i] = from[row * n + i] - maximum;
    }
    FN(wg_exp)(terms, terms, count * n);
    for (size_t row = 0; row < count; row++) sums[row] = FN(row_sum)(terms + row * n, n);
    if (kind == FN(kind_softmax)) {
      T *to = y + start * n;
      for (size_t row = 0; row < count; row++) {
        for (size_t i = 0; i < n; i++) to[row * n + i] = terms[row * n + i] / sums[row];
      }
      continue;
    }
    FN(wg_log)(sums, sums, count);
    if (kind == FN(kind_log_sum_exp)) {
      for (size_t row = 0; row < count; row++) {
        y[start + row] = isinf(maxima[row]) ? maxima[row] : maxima[row] + sums[row];
      }
      continue;
    }
    T *to = y + start * n;
    for (size_t row = 0; row < count; row++) {
      for (size_t i = 0; i < n; i++) to[row * n + i] = (from[row * n + i] - maxima[row]) - sums[row];
    }
  }
}

/// Rows of a few elements, as of logits of a few classes: a block of rows at once, each step a vector over the rows.
static inline __attribute__((always_inline)) void FN(tiny_rows_of)(const size_t n, FN(kind) kind, const T *x,
                                                                   size_t rows, T *y) {
  _Alignas(64) T terms[WG_BLOCK], maxima[WG_BLOCK], sums[WG_BLOCK];
  const size_t most = WG_BLOCK / n;
  for (size_t start = 0; start < rows; start += most) {
    const size_t count = rows - start < most ? rows - start : most;
    const T *from = x + start * n;
    for (size_t row = 0; row < count; row++) maxima[row] = WG_GREATER(from[row * n], -(T)INFINITY);
    for (size_t i = 1; i < n; i++) {
      for (size_t row = 0; row < count; row++) maxima[row] = WG_GREATER(from[row * n + i], maxima[row]);
    }
    for (size_t i = 0; i < n; i++) {
      for (size_t row = 0; row < count; row++) terms[i * count + row] = from[row * n + i] - maxima[row];
    }
    FN(wg_exp)(terms, terms, count * n);
    for (size_t row = 0; row < count; row++) sums[row] = terms[row];
    for (size_t i = 1; i < n; i++) {
      for (size_t row = 0; row < count; row++) sums[row] += terms[i * count + row];
    }
    if (kind != FN(kind_softmax)) FN(wg_log)(sums, sums, count);
    if (kind == FN(kind_log_sum_exp)) {
      for (size_t row = 0; row < count; row++) {
        y[start + row] = isinf(maxima[row]) ? maxima[row] : maxima[row] + sums[row];
      }
      continue;
    }
    T *to = y + start * n;
    for (size_t i = 0; i < n; i++) {
      for (size_t row = 0; row < count; row++) {
        to[row * n + i] = kind == FN(kind_softmax) ? terms[i * count + row] / sums[row]
                                                   : (from[row * n + i] - maxima[row]) - sums[row];
      }
    }
  }
}

WG_CLONES static void FN(tiny_rows)(FN(kind) kind, const T *x, size_t rows, size_t n, T *y) {
  switch (n) {
    case 2: FN(tiny_rows_of)(2, kind, x, rows, y); break;
    case 3: FN(tiny_rows_of)(3, kind, x, rows, y); break;
    default: FN(tiny_rows_of)(n, kind, x, rows, y); break;
  }
}

static void FN(long_row)(FN(kind) kind, const T *x, size_t n, T *y) {
  const T maximum = FN(row_maximum)(x, n);
  T sum = FN(row_terms)(x, maximum, kind == FN(kind_softmax) ? y : NULL, n);
  if (kind == FN(kind_softmax)) {
    FN(row_divide)(y, sum, n);
    return;
  }
  FN(wg_log)(&sum, &sum, 1);
  if (kind == FN(kind_log_sum_exp)) {
    *y = isinf(maximum) ? maximum : maximum + sum;
  } else {
    FN(row_shift)(x, maximum, y, n);
    FN(row_shift)(y, sum, y, n);
  }
}

/// Rows along a middle axis: a block of columns at once, each step a vector over the columns.
static void FN(columns)(FN(kind) kind, const T *x, size_t n, size_t inner, T *y) {
  _Alignas(64) T maxima[WG_BLOCK], sums[WG_BLOCK], terms[WG_BLOCK];
  for (size_t start = 0; start < inner; start += WG_BLOCK) {
    const size_t size = inner - start < WG_BLOCK ? inner - start : WG_BLOCK;
    for (size_t k = 0; k < size; k++) maxima[k] = -(T)INFINITY, sums[k] = 0;
    for (size_t i = 0; i < n; i++) {
      const T *row = x + i * inner + start;
      for (size_t k = 0; k < size; k++) maxima[k] = WG_GREATER(row[k], maxima[k]);
    }
    for (size_t i = 0; i < n; i++) {
      const T *row = x + i * inner + start;
      T *target = kind == FN(kind_softmax) ? y + i * inner + start : terms;
      for (size_t k = 0; k < size; k++) target[k] = row[k] - maxima[k];
      FN(wg_exp)(target, target, size);
      for (size_t k = 0; k < size; k++) sums[k] += target[k];
    }
    if (kind == FN(kind_softmax)) {
      for (size_t i = 0; i < n; i++) {
        T *row = y + i * inner + start;
        for (size_t k = 0; k < size; k++) row[k] /= sums[k];
      }
      continue;
    }
    FN(wg_log)(sums, sums, size);
    if (kind == FN(kind_log_sum_exp)) {
      for (size_t k = 0; k < size; k++) y[start + k] = isinf(maxima[k]) ? maxima[k] : maxima[k] + sums[k];
      continue;
    }
    for (size_t i = 0; i < n; i++) {
      const T *row = x + i * inner + start;
      T *target = y + i * inner + start;
      for (size_t k = 0; k < size; k++) target[k] = (row[k] - maxima[k]) - sums[k];
    }
  }
}

static void FN(rows)(FN(kind) kind, const T *x, size_t outer, size_t n, size_t inner, T *y) {
  const size_t out = kind == FN(kind_log_sum_exp) ? inner : n * inner;
  if (n == 0) {
    if (kind == FN(kind_log_sum_exp)) FN(wg_fill)(-(T)INFINITY, y, outer * inner);
  } else if (inner != 1) {
    for (size_t i = 0; i < outer; i++) FN(columns)(kind, x + i * n * inner, n, inner, y + i * out);
  } else if (n <= WG_TINY_ROW) {
    FN(tiny_rows)(kind, x, outer, n, y);
  } else if (n <= WG_BLOCK / 2) {
    FN(short_rows)(kind, x, outer, n, y);
  } else {
    for (size_t i = 0; i < outer; i++) FN(long_row)(kind, x + i * n, n, y + i * out);
  }
}

void FN(wg_log_sum_exp)(const T *x, size_t outer, size_t n, size_t inner, T *y) {
  FN(rows)(FN(kind_log_sum_exp), x, outer, n, inner, y);
}

void FN(wg_softmax)(const T *x, size_t outer, size_t n, size_t inner, T *y) {
  FN(rows)(FN(kind_softmax), x, outer, n, inner, y);
}

void FN(wg_log_softmax)(const T *x, size_t outer, size_t n, size_t inner, T *y) {
  FN(rows)(FN(kind_log_softmax), x, outer, n, inner, y);
}

#define WG_STRONG(c, d) ((c) == 0 ? 0 : (c) * (d))
#define WG_STORE(target, value) target = accumulate ? target + (value) : (value)

void FN(wg_softmax_adjoint)(const T *y, const T *ybar, size_t outer, size_t n, size_t inner, bool accumulate,
                            T *xbar) {
  for (size_t i = 0; i < outer; i++) {
    for (size_t k = 0; k < inner; k++) {
      const size_t base = i * n * inner + k;
      T sum = 0;
      for (size_t j = 0; j < n; j++) sum += WG_STRONG(ybar[base + j * inner], y[base + j * inner]);
      for (size_t j = 0; j < n; j++) {
        const T difference = ybar[base + j * inner] - sum;
        WG_STORE(xbar[base + j * inner], WG_STRONG(difference, y[base + j * inner]));
      }
    }
  }
}

WG_CLONES static void FN(log_softmax_adjoint_row)(const T *e, const T *ybar, T sum, size_t n, bool accumulate,
                                                  T *xbar) {
  for (size_t j = 0; j < n; j++) {
    const T value = ybar[j] - WG_STRONG(sum, e[j]);
    WG_STORE(xbar[j], value);
  }
}

static inline __attribute__((always_inline)) void FN(tiny_adjoint_of)(const size_t n, const T *e, const T *ybar,
                                                                      size_t rows, bool accumulate, T *xbar) {
  for (size_t row = 0; row < rows; row++) {
    T sum = ybar[row * n];
    for (size_t j = 1; j < n; j++) sum += ybar[row * n + j];
    for (size_t j = 0; j < n; j++) {
      const T value = ybar[row * n + j] - WG_STRONG(sum, e[row * n + j]);
      WG_STORE(xbar[row * n + j], value);
    }
  }
}

WG_CLONES static void FN(log_softmax_adjoint_rows)(const T *e, const T *ybar, size_t rows, size_t n, bool accumulate,
                                                   T *xbar) {
  if (n == 2) {
    FN(tiny_adjoint_of)(2, e, ybar, rows, accumulate, xbar);
  } else if (n <= WG_TINY_ROW) {
    FN(tiny_adjoint_of)(n, e, ybar, rows, accumulate, xbar);
  } else {
    for (size_t row = 0; row < rows; row++) {
      const size_t at = row * n;
      FN(log_softmax_adjoint_row)(e + at, ybar + at, FN(row_sum)(ybar + at, n), n, accumulate, xbar + at);
    }
  }
}

void FN(wg_log_softmax_adjoint)(const T *y, const T *ybar, size_t outer, size_t n, size_t inner,
                                bool accumulate, T *xbar) {
  _Alignas(64) T terms[WG_BLOCK];
  if (inner == 1 && n > 0 && n <= WG_BLOCK) {
    const size_t most = WG_BLOCK / n;
    for (size_t start = 0; start < outer; start += most) {
      const size_t count = outer - start < most ? outer - start : most;
      FN(wg_exp)(y + start * n, terms, count * n);
      const size_t at = start * n;
      FN(log_softmax_adjoint_rows)(terms, ybar + at, count, n, accumulate, xbar + at);
    }
    return;
  }
  for (size_t i = 0; i < outer; i++) {
    for (size_t column = 0; column < inner; column += WG_BLOCK) {
      const size_t size = inner - column < WG_BLOCK ? inner - column : WG_BLOCK;
      const size_t base = i * n * inner + column;
      _Alignas(64) T sums[WG_BLOCK];
      memset(sums, 0, size * sizeof(T));
      for (size_t j = 0; j < n; j++) {
        for (size_t k = 0; k < size; k++) sums[k] += ybar[base + j * inner + k];
      }
      for (size_t j = 0; j < n; j++) {
        const size_t at = base + j * inner;
        FN(wg_exp)(y + at, terms, size);
        for (size_t k = 0; k < size; k++) {
          const T value = ybar[at + k] - WG_STRONG(sums[k], terms[k]);
          WG_STORE(xbar[at + k], value);
        }
      }
    }
  }
}

T FN(wg_cross_entropy)(const T *x, const int32_t *labels, size_t rows, size_t classes, T *y) {
  FN(wg_log_softmax)(x, rows, classes, 1, y);
  T total = 0;
  size_t count = 0;
  for (size_t start = 0; start < rows; start += WG_BLOCK) {
    const size_t end = rows - start < WG_BLOCK ? rows : start + WG_BLOCK;
    T sum = 0;
    for (size_t row = start; row < end; row++) {
      if (labels[row] < 0) continue;
      sum += y[row * classes + (size_t)labels[row]];
      count++;
    }
    total += sum;
  }
  return -(total / (T)count);
}

void FN(wg_cross_entropy_adjoint)(const T *y, const int32_t *labels, size_t rows, size_t classes, T lossbar,
                                  bool accumulate, T *xbar) {
  size_t labeled = 0;
  for (size_t row = 0; row < rows; row++) labeled += labels[row] >= 0;
  // The cotangent of each label's log-probability. The steps, and so the roundings, are those of the same loss made
  // of separate operations.
  const T share = -lossbar / (T)labeled;
  _Alignas(64) T terms[WG_BLOCK];
  const size_t count = rows * classes;
  for (size_t start = 0; start < count; start += WG_BLOCK) {
    const size_t n = count - start < WG_BLOCK ? count - start : WG_BLOCK, end = start + n;
    FN(wg_exp)(y + start, terms, n);
    for (size_t i = 0; i < n; i++) terms[i] = -WG_STRONG(share, terms[i]);
    for (size_t row = start / classes; row * classes < end; row++) {
      const size_t from = row * classes, to = from + classes, at = from + (size_t)labels[row];
      if (labels[row] < 0) {
        for (size_t i = from < start ? start : from; i < to && i < end; i++) terms[i - start] = 0;
      } else if (at >= start && at < end) {
        terms[at - start] += share;
      }
    }
    for (size_t i = 0; i < n; i++) WG_STORE(xbar[start + i], terms[i]);
  }
}

#undef WG_TINY_ROW
#undef WG_GREATER
#undef WG_VECTORIZE
#undef WG_STRONG
#undef WG_STORE
