// Factorisations of dense matrices: LAPACK's, on row-major memory.
//
// LAPACK reads columns where we write rows, so to it every matrix below is its transpose. Each function factors that
// transpose with the routine whose result, read by rows again, is the factorisation that was asked for; the elements
// are never rearranged for it. All matrices lie without gaps, and no function may be called with a size of 0.
//
// A result that counts is LAPACK's `info`: 0 if all went well, else a position counted from 1.
#ifndef WENGERT_LAPACK_H
#define WENGERT_LAPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A triangular matrix: how it lies in memory, and what of it is meant.
typedef struct wg_triangle {
  bool upper;
  bool transposed;
  /// The diagonal is 1 and is not read.
  bool unit_diagonal;
} wg_triangle;

#define WG_DECLARE_LAPACK(T, SUFFIX)                                                                                \
  /* A = L U Pt in place, L with the diagonal; the rows of Pt are exchanged with `pivots`. Returns the first row that \
     depends on those before it. */                                                                                 \
  int wg_lu_##SUFFIX(ptrdiff_t n, T *a, int32_t *pivots);                                                           \
  /* B = op(A)^-1 B in place, B being n x k. If `strong`, columns of zeros stay so whatever A is. */                \
  void wg_lu_solve_##SUFFIX(ptrdiff_t n, ptrdiff_t k, const T *lu, const int32_t *pivots, bool transposed,          \
                            bool strong, T *b);                                                                     \
  T wg_lu_determinant_##SUFFIX(ptrdiff_t n, const T *lu, const int32_t *pivots);                                    \
  /* The sign of the determinant, 0 if it is 0, and the logarithm of its absolute value. */                         \
  void wg_lu_log_determinant_##SUFFIX(ptrdiff_t n, const T *lu, const int32_t *pivots, T *sign, T *logarithm);      \
  /* The smallest pivot over the largest; 0 if all are 0. */                                                        \
  T wg_lu_pivot_ratio_##SUFFIX(ptrdiff_t n, const T *lu);                                                           \
                                                                                                                    \
  /* L with A = L Lt, A being the symmetric part of what is there, in place; zeros above the diagonal. */           \
  int wg_cholesky_##SUFFIX(ptrdiff_t n, T *a);                                                                      \
  /* The pivot that Cholesky's method meets at a row of the symmetric part of A, those before it being positive. */ \
  T wg_cholesky_pivot_##SUFFIX(ptrdiff_t n, const T *a, ptrdiff_t row);                                             \
                                                                                                                    \
  /* B = op(A)^-1 B in place, B being n x k. If `strong`, columns of zeros stay so whatever A is. */                \
  void wg_triangular_solve_##SUFFIX(wg_triangle triangle, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda,      \
                                    bool strong, T *b);                                                             \
                                                                                                                    \
  /* A = Q R with A m x n, Q m x k, and R transposed, n x k; k is the smaller of m and n. */                        \
  int wg_qr_##SUFFIX(ptrdiff_t m, ptrdiff_t n, const T *a, T *q, T *r_transposed);                                  \
  /* A = U S Vt with A m x n, U m x k, V n x k, S descending. */                                                    \
  int wg_svd_##SUFFIX(ptrdiff_t m, ptrdiff_t n, const T *a, T *u, T *s, T *v);                                      \
  /* A = V W Vt for the symmetric part of A, which V's transpose replaces; W ascending. */                          \
  int wg_eigh_##SUFFIX(ptrdiff_t n, T *a, T *w);                                                                    \
  /* The pseudoinverse, n x m, without the singular values up to `tolerance` times the largest. */                  \
  int wg_pseudo_inverse_##SUFFIX(ptrdiff_t m, ptrdiff_t n, T tolerance, const T *a, T *p);                          \
  /* The exponential of a matrix of 2^levels x 2^levels blocks [[X, Y], [0, X]], nested. Where Y is 0, so is its    \
     place in the result, whatever X is. */                                                                         \
  void wg_matrix_exponential_##SUFFIX(ptrdiff_t n, int levels, const T *a, T *y);

WG_DECLARE_LAPACK(double, f64)
WG_DECLARE_LAPACK(float, f32)

#endif
