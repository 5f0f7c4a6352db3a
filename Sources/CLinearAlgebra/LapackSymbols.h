// The LAPACK and CBLAS routines that the package calls, declared by hand: vendors' headers disagree.
//
// Fortran takes every argument by reference and, after all others, a hidden length for each CHARACTER argument.
#ifndef WENGERT_LAPACK_SYMBOLS_H
#define WENGERT_LAPACK_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#define WG_DECLARE_SYMBOLS(p, T)                                                                                       \
  void cblas_##p##trsm(int order, int side, int uplo, int trans, int diag, int m, int n, T alpha, const T *a, int lda, \
                       T *b, int ldb);                                                                                 \
  void p##getrf_(const int *m, const int *n, T *a, const int *lda, int *pivots, int *info);                            \
  void p##potrf_(const char *uplo, const int *n, T *a, const int *lda, int *info, size_t);                             \
  void p##gelqf_(const int *m, const int *n, T *a, const int *lda, T *tau, T *work, const int *lwork, int *info);      \
  void p##orglq_(const int *m, const int *n, const int *k, T *a, const int *lda, const T *tau, T *work,                \
                 const int *lwork, int *info);                                                                         \
  void p##gesdd_(const char *jobz, const int *m, const int *n, T *a, const int *lda, T *s, T *u, const int *ldu,       \
                 T *vt, const int *ldvt, T *work, const int *lwork, int *iwork, int *info, size_t);                    \
  void p##gesvd_(const char *jobu, const char *jobvt, const int *m, const int *n, T *a, const int *lda, T *s, T *u,    \
                 const int *ldu, T *vt, const int *ldvt, T *work, const int *lwork, int *info, size_t, size_t);        \
  void p##syevd_(const char *jobz, const char *uplo, const int *n, T *a, const int *lda, T *w, T *work,                \
                 const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);

WG_DECLARE_SYMBOLS(d, double)
WG_DECLARE_SYMBOLS(s, float)

// The enumerations of CBLAS are integers to the calling convention; these are their values.
enum {
  rowMajor = 101, noTranspose = 111, transpose = 112, upperTriangle = 121, lowerTriangle = 122, nonUnit = 131,
  unit = 132, leftSide = 141
};

#endif
