// Products of small matrices, where a call of BLAS costs more than the arithmetic.
#ifndef WENGERT_SMALLGEMM_H
#define WENGERT_SMALLGEMM_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// C = D + op(A) * op(B); all row-major, op(A) is m x k, op(B) is k x n.
///
/// D may be C, to add to it, or a row for all rows of C (ldd = 0), or NULL for nothing. C is not read otherwise, and
/// must not overlap A or B. Nothing is skipped, so that NaN and infinity propagate; equal arguments give equal results. Returns false, with C untouched, for a negative
/// size or a leading dimension shorter than its row; that of a matrix of one row is ignored.
bool wg_small_gemm_f64(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                       const double *a, ptrdiff_t lda, const double *b, ptrdiff_t ldb,
                       const double *d, ptrdiff_t ldd, double *c, ptrdiff_t ldc);
bool wg_small_gemm_f32(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                       const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb,
                       const float *d, ptrdiff_t ldd, float *c, ptrdiff_t ldc);

/// The largest m * n * k for which these functions are preferred to BLAS. Nearly none in a build without
/// optimization, which makes these kernels slow but not BLAS.
extern const ptrdiff_t wg_small_gemm_limit_f64;
extern const ptrdiff_t wg_small_gemm_limit_f32;

/// Whether `wg_small_gemm_f64` is likely to be faster than a call of BLAS with one thread.
///
/// The product of the sizes decides, whatever the shape: measured, these kernels are faster than an OpenBLAS
/// restricted to one thread for nearly every shape, transposed or not, until what they do not pack leaves the cache.
/// (Reference BLAS is slower at any size, so with that one loaded the rule need not be asked.)
static inline bool wg_prefers_small_gemm_f64(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n,
                                             ptrdiff_t k) {
  (void)transposeA, (void)transposeB;
  const ptrdiff_t limit = wg_small_gemm_limit_f64;
  // Below the limit each, the sizes cannot overflow: two of them are multiplied at a time.
  return m <= limit && n <= limit && k <= limit && m * n <= limit && m * n * k <= limit;
}

static inline bool wg_prefers_small_gemm_f32(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n,
                                             ptrdiff_t k) {
  (void)transposeA, (void)transposeB;
  const ptrdiff_t limit = wg_small_gemm_limit_f32;
  return m <= limit && n <= limit && k <= limit && m * n <= limit && m * n * k <= limit;
}

#ifdef __cplusplus
}
#endif

#endif
