// What the benchmarks measure the library against: the loops one would write by hand for one operation.
#ifndef WENGERT_FLOORS_H
#define WENGERT_FLOORS_H

#include "CKernels.h"
#include "Limits.h"

// The backward pass through `sum(op(a, b))`: X(name, arity, adjoint of a, adjoint of b), where y is the result and c
// its adjoint.
#define WF_ADJOINTS(X)                                \
  X(negate, 1, -c, 0)                                 \
  X(add, 2, c, c)                                     \
  X(subtract, 2, c, -c)                               \
  X(multiply, 2, c * b, c * a)                        \
  X(divide, 2, c / b, -(c * y / b))                   \
  X(exp, 1, c * y, 0)                                 \
  X(log, 1, c / a, 0)                                 \
  X(squareRoot, 1, c / (2 * y), 0)                    \
  X(tanh, 1, c * (1 - y * y), 0)                      \
  X(sigmoid, 1, c * y * (1 - y), 0)                   \
  X(relu, 1, a > 0 ? c : 0, 0)                        \
  X(absolute, 1, a > 0 ? c : (a < 0 ? -c : 0), 0)     \
  X(maximum, 2, a > b ? c : (a < b ? 0 : c / 2), b > a ? c : (b < a ? 0 : c / 2))

#define WF_CASE(name, arity, first, second) wf_adjoint_##name __attribute__((swift_name(#name))),

typedef enum __attribute__((enum_extensibility(closed), swift_name("Adjoint"))) { WF_ADJOINTS(WF_CASE) } wf_adjoint;

// X(function, arguments), for T the number type.
#define WF_FUNCTIONS(X, T)                                                                                      \
  /* ybar = 1, then abar and bbar from it, in one loop; bbar is not touched for one operand. */                 \
  X(wf_backward,                                                                                                \
    (wf_adjoint adjoint, const T *a, const T *b, const T *y, T *ybar, T *abar, T *bbar, size_t n))              \
  /* sums = the sum of the rows of x */                                                                         \
  X(wf_sum_rows, (const T *x, T *sums, size_t rows, size_t n))                                                  \
  /* ybar *= 1 - y * y */                                                                                       \
  X(wf_through_tanh, (const T *y, T *ybar, size_t n))                                                           \
  /* p -= rate * g */                                                                                           \
  X(wf_descend, (T rate, const T *g, T *p, size_t n))

#define WF_DECLARE_F32(name, arguments) void name##_f32 arguments;
#define WF_DECLARE_F64(name, arguments) void name##_f64 arguments;
WF_FUNCTIONS(WF_DECLARE_F32, float)
WF_FUNCTIONS(WF_DECLARE_F64, double)

/// The library's kernel, called without anything around it.
static inline void wf_forward_f32(wg_op op, const float *a, const float *b, float *y, size_t n) {
  wg_kernels_f32[op](a, b, b, y, n);
}
static inline void wf_forward_f64(wg_op op, const double *a, const double *b, double *y, size_t n) {
  wg_kernels_f64[op](a, b, b, y, n);
}

#endif
