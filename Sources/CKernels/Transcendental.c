// exp, log, tanh, sigmoid and silu of arrays: y[i] = f(x[i]), where y may be x.
//
// The largest errors measured, over all floats and 150 million doubles or more each, with and without fused
// multiply-add, are 0.92 units in the last place for exp, 0.99 for log, 1.86 for sigmoid and 2.50 for tanh, and,
// over fewer arguments, 2.6 for silu, subnormal results included. Infinities, NaNs and signed zeros follow IEEE 754.
//
// An element's result does not depend on its position: full vectors, the vector that overlaps at the end and
// the narrow vectors of short arrays perform the same operations on every lane. That takes `contract(on)`,
// which settles in the language what is fused (a * b + c in one expression, where the target can); `fast`
// leaves it to the optimizer, which may decide differently for each copy.
#include "Transcendental.h"

#define T float
#define SUFFIX _f32
#define BITS 32
#define MANTISSA 23
#define BIAS 127
#define EXP_SERIES 6
#define LOG_SERIES 3
#define TANH_SERIES 3
#define LANES 16
#include "Transcendental.template.h"
#undef LANES
#define LANES 4
#include "Transcendental.template.h"
#undef LANES
#undef T
#undef SUFFIX
#undef BITS
#undef MANTISSA
#undef BIAS
#undef EXP_SERIES
#undef LOG_SERIES
#undef TANH_SERIES

#define T double
#define SUFFIX _f64
#define BITS 64
#define MANTISSA 52
#define BIAS 1023
#define EXP_SERIES 11
#define LOG_SERIES 7
#define TANH_SERIES 6
#define LANES 8
#include "Transcendental.template.h"
#undef LANES
#define LANES 2
#include "Transcendental.template.h"
#undef LANES

// Vectors of 64 bytes, of 16 bytes for arrays shorter than that, and single elements as vectors of 16 bytes
// with the element in every lane.
#define WG_KERNEL(function, type, suffix, wide, narrow)                                                     \
  WG_CLONES void wg_##function##_##suffix(const type *x, type *y, size_t n) {                               \
    if (n >= wide) {                                                                                        \
      map_##function##_##suffix##x##wide(x, y, n);                                                          \
    } else if (n >= narrow) {                                                                               \
      map_##function##_##suffix##x##narrow(x, y, n);                                                        \
    } else {                                                                                                \
      for (size_t i = 0; i < n; i++) {                                                                      \
        V_##suffix##x##narrow v = (V_##suffix##x##narrow)x[i];                                              \
        function##_##suffix##x##narrow(&v);                                                                 \
        y[i] = v[0];                                                                                        \
      }                                                                                                     \
    }                                                                                                       \
  }
#define WG_KERNELS(function)                                                                                \
  WG_KERNEL(function, float, f32, 16, 4)                                                                    \
  WG_KERNEL(function, double, f64, 8, 2)
WG_KERNELS(exp)
WG_KERNELS(log)
WG_KERNELS(tanh)
WG_KERNELS(sigmoid)
WG_KERNELS(silu)
