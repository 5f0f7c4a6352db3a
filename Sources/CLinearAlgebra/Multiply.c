// Which kernel multiplies two matrices: one rule, for the tape and for the design it is compared with.
#include <string.h>

#include "CLinearAlgebra.h"
#include "SmallGemm.h"
#include "Threads.h"

/// Whether the BLAS at hand is the reference implementation, which our own kernel outruns at every size.
static bool blas_is_slow(void) {
  static _Atomic int answer;  // 0: not asked yet
  if (answer == 0) answer = strcmp(wg_blas_name(), "reference BLAS") == 0 ? 2 : 1;
  return answer == 2;
}

// Large products of our own kernel are cut between rows.
#define WG_DEFINE_MULTIPLY(suffix, type)                                                                               \
  typedef struct {                                                                                                     \
    bool transposeA, transposeB;                                                                                       \
    ptrdiff_t n, k, lda, ldb, ldd, ldc;                                                                                \
    const type *a, *b, *d;                                                                                             \
    type *c;                                                                                                           \
  } product_##suffix;                                                                                                  \
                                                                                                                       \
  static void rows_piece_##suffix(const void *context, size_t start, size_t end) {                                     \
    const product_##suffix *p = context;                                                                               \
    const ptrdiff_t first = (ptrdiff_t)start, m = (ptrdiff_t)(end - start);                                            \
    const type *d = p->d ? p->d + first * p->ldd : NULL;                                                               \
    wg_small_gemm_##suffix(p->transposeA, p->transposeB, m, p->n, p->k, p->a + first * (p->transposeA ? 1 : p->lda),   \
                           p->lda, p->b, p->ldb, d, p->ldd, p->c + first * p->ldc, p->ldc);                            \
  }                                                                                                                    \
                                                                                                                       \
  bool wg_multiply_onto_##suffix(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,              \
                                 const type *a, ptrdiff_t lda, const type *b, ptrdiff_t ldb, const type *d,            \
                                 ptrdiff_t ldd, type *c, ptrdiff_t ldc) {                                              \
    if (wg_prefers_small_gemm_##suffix(transposeA, transposeB, m, n, k) || wg_is_in_piece()) {                         \
      return wg_small_gemm_##suffix(transposeA, transposeB, m, n, k, a, lda, b, ldb, d, ldd, c, ldc);                  \
    }                                                                                                                  \
    if (blas_is_slow() && m > 1 && lda >= (transposeA ? m : k) && ldb >= (transposeB ? k : n) && ldc >= n) {           \
      const product_##suffix product = {transposeA, transposeB, n, k, lda, ldb, ldd, ldc, a, b, d, c};                 \
      const double cost = (double)n * (double)k * sizeof(type) * wg_cost_of_product;                                   \
      wg_split((size_t)m, 64, cost, rows_piece_##suffix, &product);                                                    \
      return true;                                                                                                     \
    }                                                                                                                  \
    if (blas_is_slow()) return wg_small_gemm_##suffix(transposeA, transposeB, m, n, k, a, lda, b, ldb, d, ldd, c, ldc); \
    for (ptrdiff_t i = 0; d && d != c && i < m; i++) memcpy(c + i * ldc, d + i * ldd, (size_t)n * sizeof *c);          \
    return wg_gemm_##suffix(transposeA, transposeB, m, n, k, 1, a, lda, b, ldb, d ? 1 : 0, c, ldc);                    \
  }

WG_DEFINE_MULTIPLY(f64, double)
WG_DEFINE_MULTIPLY(f32, float)
