#include "Floors.h"

#include "Clones.h"

#define WF_VECTORIZE _Pragma("clang loop vectorize(assume_safety)")

#define WF_LOOP(SUFFIX, T, name, arity, first, second)                                                        \
  WF_CLONES static void wf_##name##_##SUFFIX(const T *pa, const T *pb, const T *py, T *ybar, T *abar, T *bbar, \
                                             size_t n) {                                                      \
    WF_VECTORIZE for (size_t i = 0; i < n; i++) ybar[i] = 1;                                                  \
    WF_VECTORIZE for (size_t i = 0; i < n; i++) {                                                             \
      const T a = pa[i], b = arity > 1 ? pb[i] : 0, y = py[i], c = ybar[i];                                   \
      (void)a, (void)b, (void)y;                                                                              \
      abar[i] = first;                                                                                        \
      if (arity > 1) bbar[i] = second;                                                                        \
    }                                                                                                         \
  }
#define WF_LOOP_F32(name, arity, first, second) WF_LOOP(f32, float, name, arity, first, second)
#define WF_LOOP_F64(name, arity, first, second) WF_LOOP(f64, double, name, arity, first, second)
WF_ADJOINTS(WF_LOOP_F32)
WF_ADJOINTS(WF_LOOP_F64)

#define WF_CALL_F32(name, arity, first, second) \
  case wf_adjoint_##name: wf_##name##_f32(a, b, y, ybar, abar, bbar, n); return;
#define WF_CALL_F64(name, arity, first, second) \
  case wf_adjoint_##name: wf_##name##_f64(a, b, y, ybar, abar, bbar, n); return;

#define WF_DEFINE(SUFFIX, T, CALL)                                                                              \
  void wf_backward_##SUFFIX(wf_adjoint adjoint, const T *a, const T *b, const T *y, T *ybar, T *abar, T *bbar,   \
                            size_t n) {                                                                         \
    switch (adjoint) { WF_ADJOINTS(CALL) }                                                                      \
  }                                                                                                             \
  WF_CLONES void wf_sum_rows_##SUFFIX(const T *x, T *sums, size_t rows, size_t n) {                             \
    for (size_t i = 0; i < n; i++) sums[i] = 0;                                                                 \
    for (size_t row = 0; row < rows; row++) {                                                                   \
      WF_VECTORIZE for (size_t i = 0; i < n; i++) sums[i] += x[row * n + i];                                    \
    }                                                                                                           \
  }                                                                                                             \
  WF_CLONES void wf_through_tanh_##SUFFIX(const T *y, T *ybar, size_t n) {                                      \
    WF_VECTORIZE for (size_t i = 0; i < n; i++) ybar[i] *= 1 - y[i] * y[i];                                     \
  }                                                                                                             \
  WF_CLONES void wf_descend_##SUFFIX(T rate, const T *g, T *p, size_t n) {                                      \
    WF_VECTORIZE for (size_t i = 0; i < n; i++) p[i] -= rate * g[i];                                            \
  }
WF_DEFINE(f32, float, WF_CALL_F32)
WF_DEFINE(f64, double, WF_CALL_F64)
