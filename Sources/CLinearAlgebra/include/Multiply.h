// Products of matrices by whichever kernel is faster for their sizes: our own below a few dozen rows, else BLAS.
#ifndef WENGERT_MULTIPLY_H
#define WENGERT_MULTIPLY_H

#include <stdbool.h>
#include <stddef.h>

/// C = op(A) * op(B), or C += op(A) * op(B); all row-major. Returns false for sizes that BLAS cannot count.
bool wg_multiply_f64(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const double *a,
                     ptrdiff_t lda, const double *b, ptrdiff_t ldb, bool accumulate, double *c, ptrdiff_t ldc);
bool wg_multiply_f32(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a,
                     ptrdiff_t lda, const float *b, ptrdiff_t ldb, bool accumulate, float *c, ptrdiff_t ldc);

#endif
