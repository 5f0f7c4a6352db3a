// The inverses of trigonometric functions on one vector of double.
//
// Included after Transcendental.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))

// s + s z P(z), the arc sine of s where z = s^2 <= 1/4: *rest is what is added to s.
WG_INLINE void K(asinReduced)(const V *s, const V *square, V *rest) {
  V series;
  K(polynomial)(SERIES(asinSeries), square, &series);
  *rest = *s * *square * series;
}

// Up to 1/2 by the series; beyond it as pi/2 - 2 asin s with s = sqrt((1 - |x|) / 2). There the root is the sum of
// its leading 26 bits, whose square is exact, and a rest.
WG_INLINE void K(asin)(V *v) {
  const V x = *v, a = (V)((U)x & ~SIGN_BIT);
  const V z = a > (V)0.5 ? 0.5 * (1 - a) : a * a;
  const V root = __builtin_elementwise_sqrt(z), s = a > (V)0.5 ? root : a;
  V rest;
  K(asinReduced)(&s, &z, &rest);
  const V top = (V)((U)root & ~(UINT(BITS))0x7ffffff);
  const V missing = z == (V)0 ? (V)0 : (z - top * top) / (root + top);
  const V beyond = (C(halfPi) - 2 * top) - ((2 * missing - C(halfPiLow)) + 2 * rest);
  const V y = a > (V)0.5 ? beyond : a + rest;
  *v = (V)((U)y | ((U)x & SIGN_BIT));
}

WG_INLINE void K(acos)(V *v) {
  const V x = *v, a = (V)((U)x & ~SIGN_BIT);
  const V z = a > (V)0.5 ? 0.5 * (1 - a) : a * a;
  const V s = a > (V)0.5 ? __builtin_elementwise_sqrt(z) : x;
  V rest;
  K(asinReduced)(&s, &z, &rest);
  const V within = C(halfPi) - (s + (rest - C(halfPiLow)));
  const V left = 2 * (C(halfPi) - (s + (rest - C(halfPiLow))));
  *v = a > (V)0.5 ? (x > (V)0 ? 2 * (s + rest) : left) : within;
}

// atan t = t + *rest for |t| <= tan(pi/8).
WG_INLINE void K(atanReduced)(const V *at, V *rest) {
  const V t = *at, z = t * t;
  V series;
  K(polynomial)(SERIES(atanSeries), &z, &series);
  *rest = t * z * series;
}

// With a = |x|: atan a itself, pi/4 + atan((a - 1) / (a + 1)) or pi/2 + atan(-1 / a), so that |t| <= tan(pi/8).
WG_INLINE void K(atan)(V *v) {
  const V x = *v, a = (V)((U)x & ~SIGN_BIT);
  const V over = a > (V)C(tanThreeEighths) ? (V)-1 : (a > (V)C(tanEighth) ? a - 1 : a);
  const V under = a > (V)C(tanThreeEighths) ? a : (a > (V)C(tanEighth) ? a + 1 : (V)1);
  const V base = a > (V)C(tanThreeEighths) ? (V)C(halfPi) : (a > (V)C(tanEighth) ? (V)C(quarterPi) : (V)0);
  const V low = a > (V)C(tanThreeEighths) ? (V)C(halfPiLow) : (a > (V)C(tanEighth) ? (V)C(quarterPiLow) : (V)0);
  const V t = over / under;
  V rest;
  K(atanReduced)(&t, &rest);
  const V y = base + (t + (rest + low));
  *v = (V)((U)y | ((U)x & SIGN_BIT));
}

#include "Map.h"
WG_MAP(asin)
WG_MAP(acos)
WG_MAP(atan)
#undef V
#undef U
#undef SIGN_BIT
