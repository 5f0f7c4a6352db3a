// What the benchmarks measure the library against: the loops one would write by hand for one operation.
#ifndef WENGERT_FLOORS_H
#define WENGERT_FLOORS_H

#include "CKernels.h"

// The backward pass through `sum(op(a, b))`: X(name, arity, adjoint of a, adjoint of b), where y is the result and c
// its adjoint.
#define WF_ADJOINTS(X)                                                     \
  X(negate, 1, -c, 0)                                                      \
  X(add, 2, c, c)                                                          \
  X(subtract, 2, c, -c)                                                    \
  X(multiply, 2, c *b, c *a)                                               \
  X(divide, 2, c / b, -(c * y / b))                                        \
  X(exp, 1, c *y, 0)                                                       \
  X(log, 1, c / a, 0)                                                      \
  X(squareRoot, 1, c / (2 * y), 0)                                         \
  X(tanh, 1, c *(1 - y * y), 0)                                            \
  X(sigmoid, 1, c *y *(1 - y), 0)                                          \
  X(relu, 1, a > 0 ? c : 0, 0)                                             \
  X(absolute, 1, a > 0 ? c : (a < 0 ? -c : 0), 0)                          \
  X(maximum, 2, a > b ? c : (a < b ? 0 : c / 2), b > a ? c : (b < a ? 0 : c / 2))

#define WF_CASE(name, arity, first, second) wf_adjoint_##name __attribute__((swift_name(#name))),

typedef enum __attribute__((enum_extensibility(closed), swift_name("Adjoint"))) { WF_ADJOINTS(WF_CASE) } wf_adjoint;

/// ybar = 1, then abar and bbar from it, in one loop; bbar is not touched for one operand.
void wf_backward_f32(wf_adjoint adjoint, const float *a, const float *b, const float *y, float *ybar, float *abar,
                     float *bbar, size_t n);
void wf_backward_f64(wf_adjoint adjoint, const double *a, const double *b, const double *y, double *ybar, double *abar,
                     double *bbar, size_t n);

/// The library's kernel, called without anything around it.
static inline void wf_forward_f32(wg_op op, const float *a, const float *b, float *y, size_t n) {
  wg_kernels_f32[op](a, b, b, y, n);
}
static inline void wf_forward_f64(wg_op op, const double *a, const double *b, double *y, size_t n) {
  wg_kernels_f64[op](a, b, b, y, n);
}

#endif
