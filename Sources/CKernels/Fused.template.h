#define WG_VECTORIZE _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(2)")

#define WG_FUSED_KERNEL(name, derivative)                                                                       \
  WG_CLONES static void FN(pullback_##name)(const T *px, const T *py, const T *ybar, T *xbar, size_t n,         \
                                            bool accumulate) {                                                  \
    if (accumulate) {                                                                                           \
      WG_VECTORIZE for (size_t i = 0; i < n; i++) {                                                             \
        const T x = px[i], y = py[i];                                                                           \
        (void)x, (void)y;                                                                                       \
        xbar[i] += ybar[i] == 0 ? 0 : ybar[i] * (derivative);                                                   \
      }                                                                                                         \
    } else {                                                                                                    \
      WG_VECTORIZE for (size_t i = 0; i < n; i++) {                                                             \
        const T x = px[i], y = py[i];                                                                           \
        (void)x, (void)y;                                                                                       \
        xbar[i] = ybar[i] == 0 ? 0 : ybar[i] * (derivative);                                                    \
      }                                                                                                         \
    }                                                                                                           \
  }
WG_FUSED_PULLBACKS(WG_FUSED_KERNEL)
#undef WG_FUSED_KERNEL

#define WG_FUSED_ENTRY(name, derivative) [wg_op_##name] = FN(pullback_##name),
const WG_JOIN(wg_pullback, SUFFIX) FN(wg_fused_pullbacks)[WG_ELEMENTWISE_COUNT] = {WG_FUSED_PULLBACKS(WG_FUSED_ENTRY)};
#undef WG_FUSED_ENTRY
#undef WG_VECTORIZE
