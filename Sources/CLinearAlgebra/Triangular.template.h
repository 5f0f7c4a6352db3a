// Triangular solves, and what rests on them: LU and Cholesky. Compiled once for T = float and once for T = double.

// Which columns of B hold nothing but zeros, or NULL if the question is not asked.
static bool *FN(zero_columns)(ptrdiff_t n, ptrdiff_t k, const T *b, bool strong) {
  if (!strong) return NULL;
  bool *zero = scratch((size_t)k);
  for (ptrdiff_t j = 0; j < k; j++) zero[j] = true;
  for (ptrdiff_t i = 0; i < n; i++) {
    for (ptrdiff_t j = 0; j < k; j++) zero[j] &= b[i * k + j] == 0;
  }
  return zero;
}

static void FN(clear_columns)(ptrdiff_t n, ptrdiff_t k, T *b, bool *zero) {
  if (!zero) return;
  for (ptrdiff_t i = 0; i < n; i++) {
    for (ptrdiff_t j = 0; j < k; j++) b[i * k + j] = zero[j] ? 0 : b[i * k + j];
  }
  free(zero);
}

static void FN(trsm)(wg_triangle t, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, T *b) {
  TRSM(rowMajor, leftSide, t.upper ? upperTriangle : lowerTriangle, t.transposed ? transpose : noTranspose,
       t.unit_diagonal ? unit : nonUnit, (int)n, (int)k, 1, a, (int)lda, b, (int)k);
}

void FN(wg_triangular_solve)(wg_triangle triangle, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, bool strong,
                             T *b) {
  bool *zero = FN(zero_columns)(n, k, b, strong);
  FN(trsm)(triangle, n, k, a, lda, b);
  FN(clear_columns)(n, k, b, zero);
}

// MARK: LU

int FN(wg_lu)(ptrdiff_t n, T *a, int32_t *pivots) {
  int size = (int)n, info = 0;
  // To LAPACK this is the transpose, At = P L' U'. Read by rows, U' is our L and L' is our U.
  LAPACK(getrf)(&size, &size, a, &size, pivots, &info);
  return info;
}

// Exchanges the rows that the factorisation exchanged: P B, or Pt B if `inverted`.
static void FN(exchange_rows)(ptrdiff_t n, ptrdiff_t k, const int32_t *pivots, bool inverted, T *b) {
  for (ptrdiff_t step = 0; step < n; step++) {
    const ptrdiff_t i = inverted ? step : n - 1 - step, p = pivots[i] - 1;
    if (p == i) continue;
    for (ptrdiff_t j = 0; j < k; j++) {
      const T element = b[i * k + j];
      b[i * k + j] = b[p * k + j];
      b[p * k + j] = element;
    }
  }
}

void FN(wg_lu_solve)(ptrdiff_t n, ptrdiff_t k, const T *lu, const int32_t *pivots, bool transposed, bool strong, T *b) {
  bool *zero = FN(zero_columns)(n, k, b, strong);
  wg_triangle lower = {.upper = false, .transposed = transposed};
  wg_triangle upper = {.upper = true, .transposed = transposed, .unit_diagonal = true};
  if (transposed) {
    FN(exchange_rows)(n, k, pivots, true, b);
    FN(trsm)(upper, n, k, lu, n, b);
    FN(trsm)(lower, n, k, lu, n, b);
  } else {
    FN(trsm)(lower, n, k, lu, n, b);
    FN(trsm)(upper, n, k, lu, n, b);
    FN(exchange_rows)(n, k, pivots, false, b);
  }
  FN(clear_columns)(n, k, b, zero);
}

T FN(wg_lu_determinant)(ptrdiff_t n, const T *lu, const int32_t *pivots) {
  // Mantissa and exponent apart: the product may leave the range of T on its way and come back.
  double product = 1;
  long exponent = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    int shift = 0;
    product = frexp(product * (double)lu[i * n + i], &shift);
    exponent += shift;
    if (pivots[i] - 1 != i) product = -product;
  }
  const int limit = 1 << 14;
  return (T)ldexp(product, exponent > limit ? limit : exponent < -limit ? -limit : (int)exponent);
}

void FN(wg_lu_log_determinant)(ptrdiff_t n, const T *lu, const int32_t *pivots, T *sign, T *logarithm) {
  double s = 1, sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double pivot = (double)lu[i * n + i];
    s *= pivot > 0 ? 1 : pivot < 0 ? -1 : pivot;
    if (pivots[i] - 1 != i) s = -s;
    sum += log(fabs(pivot));
  }
  *sign = s == 0 ? 0 : (T)s;
  *logarithm = (T)sum;
}

T FN(wg_lu_pivot_ratio)(ptrdiff_t n, const T *lu) {
  T least = INFINITY, most = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const T pivot = (T)fabs((double)lu[i * n + i]);
    if (!(pivot >= least)) least = pivot;
    if (!(pivot <= most)) most = pivot;
  }
  return least == 0 ? 0 : least / most;
}

// MARK: Cholesky

static void FN(symmetrize)(ptrdiff_t n, T *a) {
  for (ptrdiff_t i = 0; i < n; i++) {
    for (ptrdiff_t j = 0; j < i; j++) {
      const T mean = a[i * n + j] / 2 + a[j * n + i] / 2;
      a[i * n + j] = a[j * n + i] = mean;
    }
  }
}

int FN(wg_cholesky)(ptrdiff_t n, T *a) {
  int size = (int)n, info = 0;
  FN(symmetrize)(n, a);
  LAPACK(potrf)("U", &size, a, &size, &info, 1);
  for (ptrdiff_t i = 0; i < n; i++) {
    for (ptrdiff_t j = i + 1; j < n; j++) a[i * n + j] = 0;
  }
  // The library's kernels may take a NaN for a positive pivot.
  for (ptrdiff_t i = 0; i < n && info == 0; i++) {
    if (!(a[i * n + i] > 0)) info = (int)i + 1;
  }
  return info;
}

T FN(wg_cholesky_pivot)(ptrdiff_t n, const T *a, ptrdiff_t row) {
  const ptrdiff_t size = row + 1;
  T *l = scratch((size_t)(size * size) * sizeof(T));
  for (ptrdiff_t i = 0; i < size; i++) {
    for (ptrdiff_t j = 0; j <= i; j++) {
      T sum = a[i * n + j] / 2 + a[j * n + i] / 2;
      for (ptrdiff_t p = 0; p < j; p++) sum -= l[i * size + p] * l[j * size + p];
      l[i * size + j] = i == row && j == row ? sum : i == j ? (T)sqrt((double)sum) : sum / l[j * size + j];
    }
  }
  const T pivot = l[size * size - 1];
  free(l);
  return pivot;
}
