#include "Floors.h"

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__)
#define WF_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WF_CLONES
#endif

#define WF_LOOP(SUFFIX, T, name, arity, first, second)                                                        \
  WF_CLONES static void wf_##name##_##SUFFIX(const T *pa, const T *pb, const T *py, T *ybar, T *abar, T *bbar, \
                                             size_t n) {                                                      \
    for (size_t i = 0; i < n; i++) ybar[i] = 1;                                                               \
    _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < n; i++) {                           \
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

void wf_backward_f32(wf_adjoint adjoint, const float *a, const float *b, const float *y, float *ybar, float *abar,
                     float *bbar, size_t n) {
  switch (adjoint) { WF_ADJOINTS(WF_CALL_F32) }
}

void wf_backward_f64(wf_adjoint adjoint, const double *a, const double *b, const double *y, double *ybar, double *abar,
                     double *bbar, size_t n) {
  switch (adjoint) { WF_ADJOINTS(WF_CALL_F64) }
}
