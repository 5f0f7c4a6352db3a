// Included once per number type T.

typedef struct {
  bool transposeA, transposeB;
  ptrdiff_t m, n, k, lda, ldb, ldd, ldc;
  const T *a, *b, *d;
  T *c;
} FN(product);

/// How a product is cut, and what multiplies the pieces.
typedef struct {
  const FN(product) * whole;
  bool are_rows;
  bool (*multiply)(const FN(product) *);
} FN(product_pieces);

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

/// Some of the product's rows, or of its columns.
static void FN(multiply_piece)(const void *context, size_t start, size_t end) {
  const FN(product_pieces) *pieces = context;
  const ptrdiff_t first = (ptrdiff_t)start, size = (ptrdiff_t)(end - start);
  const ptrdiff_t row = pieces->are_rows ? first : 0, column = pieces->are_rows ? 0 : first;
  FN(product) p = *pieces->whole;
  *(pieces->are_rows ? &p.m : &p.n) = size;
  p.a += row * (p.transposeA ? 1 : p.lda);
  p.b += column * (p.transposeB ? p.ldb : 1);
  if (p.d) p.d += row * p.ldd + column;
  p.c += row * p.ldc + column;
  pieces->multiply(&p);
}

/// Multiplies in pieces of about `unit` rows or columns.
static void FN(multiply_in_pieces)(const FN(product) *p, bool are_rows, size_t unit, double nanoseconds,
                                   bool (*multiply)(const FN(product) *)) {
  const FN(product_pieces) pieces = {p, are_rows, multiply};
  const size_t count = (size_t)(are_rows ? p->m : p->n);
  wg_split(count, even_part(count, unit), nanoseconds / (double)count, FN(multiply_piece), &pieces);
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
  const double nanoseconds = (double)m * (double)n * (double)k * sizeof(T) * wg_cost_of_product;
  // What is cut already is multiplied by our own kernel, on the thread that has it.
  const bool isWhole = !wg_is_in_piece(), isCut = isWhole && wg_is_worth_splitting(nanoseconds);
  const wg_multiplier multiplier =
      isWhole && !FN(wg_prefers_small_gemm)(transposeA, transposeB, m, n, k) && FN(fits_blas)(&p) ? large_multiplier()
                                                                                                  : own_kernel;
  if (multiplier == own_kernel) {
    if (!isCut) return FN(multiply_alone)(&p);
    const bool isCached = !transposeB && k <= cached_bytes && k * n * (ptrdiff_t)sizeof(T) <= cached_bytes;
    const bool areRows = transposeB ? n < 2 * many_columns : m >= n || m >= 2 * many_rows;
    const size_t unit = !areRows ? many_columns : isCached ? few_rows : many_rows;
    FN(multiply_in_pieces)(&p, areRows, unit, nanoseconds, FN(multiply_alone));
  } else if (multiplier == blas && isCut) {
    wg_limit_blas(true);
    FN(multiply_in_pieces)(&p, m >= n, blas_unit, nanoseconds, FN(multiply_by_blas));
    wg_limit_blas(false);
  } else {
    return FN(multiply_by_blas)(&p);
  }
  return true;
}
