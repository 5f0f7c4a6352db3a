// Hyperbolic functions and their inverses on one vector of double.
//
// Included after Logarithms.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))

// With q = (e^a - 1) / 4, sinh a = 2 q + 2 q / (4 q + 1), which overflows only if the result does.
WG_INLINE void K(sinh)(V *v) {
  const V x = *v;
  V q = (V)((U)x & ~SIGN_BIT);
  K(quarterExpMinusOne)(&q);
  const V y = 2 * (q + q / (4 * q + 1));
  *v = (V)((U)y | ((U)x & SIGN_BIT));
  K(selectTiny)(&x, v);
}

WG_INLINE void K(cosh)(V *v) {
  V x = (V)((U)*v & ~SIGN_BIT), expm1;
  U scale;
  x = x > (V)710.8 ? (V)710.8 : x;
  K(reduce)(&x, C(shift) + (BIAS - 2), &scale, &expm1);
  const V w = (V)(scale << MANTISSA);
  const V quarter = w + w * expm1;
  *v = 2 * quarter + 0.125 / quarter;
}

// artanh a = log(1 + 2 a / (1 - a)) / 2: infinite at 1, and NaN beyond, where 2 a / (1 - a) < -2.
WG_INLINE void K(atanh)(V *v) {
  const V x = *v, a = (V)((U)x & ~SIGN_BIT);
  V y = 2 * a / (1 - a);
  K(logOnePlus)(&y);
  *v = (V)((U)(0.5 * y) | ((U)x & SIGN_BIT));
  K(selectTiny)(&x, v);
}

// With a = |x|, log(1 + a + a^2 / (1 + sqrt(1 + a^2))), and log 2 a where a^2 is all that counts.
WG_INLINE void K(asinh)(V *v) {
  const V x = *v, a = (V)((U)x & ~SIGN_BIT), square = a * a;
  const V more = a + square / (1 + __builtin_elementwise_sqrt(1 + square));
  V y = a > (V)0x1p500 ? a : more;
  K(logOnePlus)(&y);
  y += a > (V)0x1p500 ? (V)C(ln2) : (V)0;
  *v = (V)((U)y | ((U)x & SIGN_BIT));
  K(selectTiny)(&x, v);
}

// With t = x - 1, log(1 + t + sqrt(t (t + 2))), and log 2 x where t^2 is all that counts.
WG_INLINE void K(acosh)(V *v) {
  const V x = *v, t = x - 1;
  const V more = t + __builtin_elementwise_sqrt(t * (t + 2));
  V y = x > (V)0x1p500 ? x : more;
  K(logOnePlus)(&y);
  y += x > (V)0x1p500 ? (V)C(ln2) : (V)0;
  *v = x < (V)1 ? (V)(T)__builtin_nan("") : y;
}

// x sigmoid(v) with v = 2 sqrt(2 / pi) (x + 0.044715 x^3), as silu is computed.
WG_INLINE void K(tanhGeluBegin)(const V *v, K(Reduced) *to) {
  const V x = *v < (V)-200 ? (V)-200 : *v, angle = x * (C(geluCubic) * (x * x) + C(geluLinear));
  K(sigmoidBegin)(&angle, to);
}
WG_INLINE void K(tanhGeluEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v < (V)-200 ? (V)-200 : *v;
  K(timesSigmoidEnd)(&x, from, y);
}
WG_OF_HALVES(tanhGelu)

#include "Map.h"
WG_MAP(sinh)
WG_MAP(cosh)
WG_MAP(asinh)
WG_MAP(acosh)
WG_MAP(atanh)
WG_MAP_IN_HALVES(tanhGelu)
#undef V
#undef U
#undef SIGN_BIT
