#define WG_VECTORIZE _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(2)")

#define WG_FUSED_LOOP(derivative, target)                     \
  WG_VECTORIZE for (size_t i = 0; i < n; i++) {               \
    const T a = pa[i], b = pb[i], y = py[i];                  \
    (void)a, (void)b, (void)y;                                \
    target ybar[i] == 0 ? 0 : ybar[i] * (derivative);         \
  }

#define WG_FUSED_KERNEL(name, operand, derivative)                                                              \
  WG_CLONES static void FN(pullback_##name##_##operand)(const T *pa, const T *pb, const T *py, const T *ybar,   \
                                                        T *xbar, size_t n, bool accumulate) {                   \
    if (accumulate) {                                                                                           \
      WG_FUSED_LOOP(derivative, xbar[i] +=)                                                                     \
    } else {                                                                                                    \
      WG_FUSED_LOOP(derivative, xbar[i] =)                                                                      \
    }                                                                                                           \
  }
WG_FUSED_PULLBACKS(WG_FUSED_KERNEL)
#undef WG_FUSED_KERNEL
#undef WG_FUSED_LOOP

#define WG_FUSED_ENTRY(name, operand, derivative) [wg_op_##name][operand] = FN(pullback_##name##_##operand),
const WG_JOIN(wg_pullback, SUFFIX) FN(wg_fused_pullbacks)[WG_ELEMENTWISE_COUNT][3] = {
    WG_FUSED_PULLBACKS(WG_FUSED_ENTRY)};
#undef WG_FUSED_ENTRY
#undef WG_VECTORIZE
