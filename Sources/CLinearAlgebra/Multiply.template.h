// Included once per number type T.

typedef struct {
  bool transposeA, transposeB;
  ptrdiff_t m, n, k, lda, ldb, ldd, ldc;
  const T *a, *b, *d;
  T *c;
} FN(product);

/// Some of the product's rows and columns.
static FN(product) FN(part)(const FN(product) *whole, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column,
                            ptrdiff_t columns) {
  FN(product) p = *whole;
  p.m = rows;
  p.n = columns;
  p.a += row * (p.transposeA ? 1 : p.lda);
  p.b += column * (p.transposeB ? p.ldb : 1);
  if (p.d) p.d += row * p.ldd + column;
  p.c += row * p.ldc + column;
  return p;
}

static bool FN(multiply_alone)(const FN(product) *p) {
  return FN(wg_small_gemm)(p->transposeA, p->transposeB, p->m, p->n, p->k, p->a, p->lda, p->b, p->ldb, p->d, p->ldd,
                           p->c, p->ldc);
}

static bool FN(multiply_by_blas)(const FN(product) *p) {
  for (ptrdiff_t i = 0; p->d && p->d != p->c && i < p->m; i++) {
    memcpy(p->c + i * p->ldc, p->d + i * p->ldd, (size_t)p->n * sizeof(T));
  }
  return FN(wg_gemm)(p->transposeA, p->transposeB, p->m, p->n, p->k, 1, p->a, p->lda, p->b, p->ldb, p->d ? 1 : 0, p->c,
                     p->ldc);
}

static void FN(rows_piece)(const void *context, size_t start, size_t end) {
  const FN(product) *whole = context;
  const FN(product) p = FN(part)(whole, (ptrdiff_t)start, (ptrdiff_t)(end - start), 0, whole->n);
  FN(multiply_alone)(&p);
}

static void FN(columns_piece)(const void *context, size_t start, size_t end) {
  const FN(product) *whole = context;
  const FN(product) p = FN(part)(whole, 0, whole->m, (ptrdiff_t)start, (ptrdiff_t)(end - start));
  FN(multiply_alone)(&p);
}

static void FN(blas_rows_piece)(const void *context, size_t start, size_t end) {
  const FN(product) *whole = context;
  const FN(product) p = FN(part)(whole, (ptrdiff_t)start, (ptrdiff_t)(end - start), 0, whole->n);
  FN(multiply_by_blas)(&p);
}

static void FN(blas_columns_piece)(const void *context, size_t start, size_t end) {
  const FN(product) *whole = context;
  const FN(product) p = FN(part)(whole, 0, whole->m, (ptrdiff_t)start, (ptrdiff_t)(end - start));
  FN(multiply_by_blas)(&p);
}

/// Whether BLAS can count the sizes.
static bool FN(fits_blas)(const FN(product) *p) {
  return p->m <= INT_MAX && p->n <= INT_MAX && p->k <= INT_MAX && p->lda <= INT_MAX && p->ldb <= INT_MAX &&
         p->ldc <= INT_MAX;
}

bool FN(wg_multiply_onto)(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a,
                          ptrdiff_t lda, const T *b, ptrdiff_t ldb, const T *d, ptrdiff_t ldd, T *c, ptrdiff_t ldc) {
  // That of a matrix of one row is ignored.
  if ((transposeA ? k : m) <= 1) lda = transposeA ? m : k;
  if ((transposeB ? n : k) <= 1) ldb = transposeB ? k : n;
  if (m <= 1) ldc = n;
  const FN(product) p = {transposeA, transposeB, m, n, k, lda, ldb, ldd, ldc, a, b, d, c};
  if (lda < (transposeA ? m : k) || ldb < (transposeB ? k : n) || ldc < n || m < 0 || n < 0 || k < 0) return false;
  const bool hasMoreRows = m >= n;
  const double nanoseconds = (double)m * (double)n * (double)k * sizeof(T) * wg_cost_of_product;
  const bool isCut = !wg_is_in_piece() && wg_is_worth_splitting(nanoseconds);
  if (!FN(wg_prefers_small_gemm)(transposeA, transposeB, m, n, k) && !wg_is_in_piece() && FN(fits_blas)(&p) &&
      large_multiplier() != own_kernel) {
    if (large_multiplier() == blas_with_its_threads || !isCut) return FN(multiply_by_blas)(&p);
    wg_limit_blas(true);
    if (hasMoreRows) wg_split((size_t)m, blas_unit, nanoseconds / (double)m, FN(blas_rows_piece), &p);
    else wg_split((size_t)n, blas_unit, nanoseconds / (double)n, FN(blas_columns_piece), &p);
    wg_limit_blas(false);
  } else if (!isCut) {
    return FN(multiply_alone)(&p);
  } else if (hasMoreRows || m >= 2 * many_rows) {
    const bool isCached = !transposeB && k <= cached_bytes && k * n * (ptrdiff_t)sizeof(T) <= cached_bytes;
    wg_split((size_t)m, isCached ? few_rows : many_rows, nanoseconds / (double)m, FN(rows_piece), &p);
  } else {
    wg_split((size_t)n, many_columns, nanoseconds / (double)n, FN(columns_piece), &p);
  }
  return true;
}
