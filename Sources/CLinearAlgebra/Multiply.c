// Which kernel multiplies two matrices: one rule, for the tape and for the design it is compared with.
#include <string.h>

#include "CLinearAlgebra.h"
#include "SmallGemm.h"

/// Whether the BLAS at hand is the reference implementation, which our own kernel outruns at every size.
static bool blas_is_slow(void) {
  static _Atomic int answer;  // 0: not asked yet
  if (answer == 0) answer = strcmp(wg_blas_name(), "reference BLAS") == 0 ? 2 : 1;
  return answer == 2;
}

bool wg_multiply_onto_f64(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const double *a,
                          ptrdiff_t lda, const double *b, ptrdiff_t ldb, const double *d, ptrdiff_t ldd, double *c,
                          ptrdiff_t ldc) {
  if (wg_prefers_small_gemm_f64(transposeA, transposeB, m, n, k) || blas_is_slow()) {
    return wg_small_gemm_f64(transposeA, transposeB, m, n, k, a, lda, b, ldb, d, ldd, c, ldc);
  }
  for (ptrdiff_t i = 0; d && d != c && i < m; i++) memcpy(c + i * ldc, d + i * ldd, (size_t)n * sizeof *c);
  return wg_gemm_f64(transposeA, transposeB, m, n, k, 1, a, lda, b, ldb, d ? 1 : 0, c, ldc);
}

bool wg_multiply_onto_f32(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a,
                          ptrdiff_t lda, const float *b, ptrdiff_t ldb, const float *d, ptrdiff_t ldd, float *c,
                          ptrdiff_t ldc) {
  if (wg_prefers_small_gemm_f32(transposeA, transposeB, m, n, k) || blas_is_slow()) {
    return wg_small_gemm_f32(transposeA, transposeB, m, n, k, a, lda, b, ldb, d, ldd, c, ldc);
  }
  for (ptrdiff_t i = 0; d && d != c && i < m; i++) memcpy(c + i * ldc, d + i * ldd, (size_t)n * sizeof *c);
  return wg_gemm_f32(transposeA, transposeB, m, n, k, 1, a, lda, b, ldb, d ? 1 : 0, c, ldc);
}
