// Products of matrices by whichever kernel is faster for their sizes, our own up to a few hundred rows and else BLAS, on
// the threads of the pool. Within a piece of work that was cut for them already, our own kernel does it alone.
#ifndef WENGERT_MULTIPLY_H
#define WENGERT_MULTIPLY_H

#include <stdbool.h>
#include <stddef.h>

/// C = D + op(A) * op(B); all row-major. D may be C, to add to it, or a row for all rows of C (ldd = 0), or NULL for
/// nothing. Returns false, with C untouched, for a negative size or a leading dimension shorter than its row.
bool wg_multiply_onto_f64(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const double *a,
                          ptrdiff_t lda, const double *b, ptrdiff_t ldb, const double *d, ptrdiff_t ldd, double *c,
                          ptrdiff_t ldc);
bool wg_multiply_onto_f32(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a,
                          ptrdiff_t lda, const float *b, ptrdiff_t ldb, const float *d, ptrdiff_t ldd, float *c,
                          ptrdiff_t ldc);

/// C = op(A) * op(B), or C += op(A) * op(B).
static inline bool wg_multiply_f64(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                                   const double *a, ptrdiff_t lda, const double *b, ptrdiff_t ldb, bool accumulate,
                                   double *c, ptrdiff_t ldc) {
  return wg_multiply_onto_f64(transposeA, transposeB, m, n, k, a, lda, b, ldb, accumulate ? c : NULL, ldc, c, ldc);
}
static inline bool wg_multiply_f32(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                                   const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, bool accumulate,
                                   float *c, ptrdiff_t ldc) {
  return wg_multiply_onto_f32(transposeA, transposeB, m, n, k, a, lda, b, ldb, accumulate ? c : NULL, ldc, c, ldc);
}

#endif
