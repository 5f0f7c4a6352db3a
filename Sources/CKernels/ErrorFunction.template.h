// erf, erfc and what is made of them, on one vector.
//
// Included after Transcendental.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))
#define PAIR(i) (c[i + 1] * z + c[i])
// The lower half of a number's bits: products of what is left of two numbers are exact.
#define LOWER_HALF ((U)(((UINT(BITS))1 << ((MANTISSA + 2) / 2)) - 1))
#define OCTET(i) ((PAIR(i + 6) * z2 + PAIR(i + 4)) * z4 + (PAIR(i + 2) * z2 + PAIR(i)))

// *m * *half * *rest = erfc(u) = e^-h e^-l P(t) / (1 + 2 u), where u^2 = h + l, for u >= 1/2. The small l counts: as
// an error relative to u^2 it would be multiplied by that. P's leading coefficient is added last, and what that sum
// and 1 + 2 u lost in rounding corrects the exponential: for that 1 / P is near enough to 0.87, and the quotient to
// 1 / (1 + 2 u).
WG_INLINE void K(tail)(const V *at, const V *h, const V *l, V *m, V *half, V *rest) {
  const V u = *at, negative = -*h, z = (u - 4) / (u + 4), z2 = z * z, z4 = z2 * z2, z8 = z4 * z4;
  const T *c = WG_PASTE(erfcSeries, SUFFIX);
  const V first = (PAIR(6) * z2 + PAIR(4)) * z4 + (PAIR(2) * z2 + c[1] * z);
#if BITS == 32
  const V others = PAIR(8) * z8 + first;
#else
  const V others = ((c[24] * z8 + OCTET(16)) * z8 + OCTET(8)) * z8 + first;
#endif
  const V series = c[0] + others, divisor = 1 + 2 * u;
  const V seriesLost = others - (series - c[0]), divisorLost = 1 - (divisor - 2 * u);
  const V quotient = series / divisor;
  V expm1;
  U scale;
  K(reduce)(&negative, C(shift) + 2 * BIAS, &scale, &expm1);
  K(halves)(&scale, half, rest);
  const V correction = (T)0.87 * seriesLost - divisorLost * quotient - *l;
  expm1 += correction * (1 + expm1);
  *m = quotient + quotient * expm1;
}

// u^2 = *high + *low
WG_INLINE void K(squareParts)(const V *u, V *high, V *low) {
  const V top = (V)((U)*u & ~LOWER_HALF), bottom = *u - top;
  *high = *u * *u;
  *low = ((top * top - *high) + 2 * top * bottom) + bottom * bottom;
}

// erfc(|x|), 0 from C(erfcMax) on.
WG_INLINE void K(erfcOfAbsolute)(V *v) {
  V u = (V)((U)*v & ~SIGN_BIT), high, low, m, half, rest;
  u = u > (V)C(erfcMax) ? (V)C(erfcMax) : u;
  K(squareParts)(&u, &high, &low);
  K(tail)(&u, &high, &low, &m, &half, &rest);
  *v = m * half * rest;
}

// erf(x) / x - 1 for |x| < 3/4.
WG_INLINE void K(erfOverX)(const V *x, V *y) {
  const V z = *x * *x;
  K(polynomial)(SERIES(erfSeries), &z, y);
}

WG_INLINE void K(erf)(V *v) {
  const V x = *v;
  V series;
  K(erfOverX)(&x, &series);
  K(erfcOfAbsolute)(v);
  const V large = (V)((U)(1 - *v) | ((U)x & SIGN_BIT));
  *v = (V)((U)x & ~SIGN_BIT) < (V)0.75 ? x + x * series : large;
}

WG_INLINE void K(erfc)(V *v) {
  const V x = *v;
  V series;
  K(erfOverX)(&x, &series);
  K(erfcOfAbsolute)(v);
  const V large = x < (V)0 ? 2 - *v : *v;
  *v = (V)((U)x & ~SIGN_BIT) < (V)0.75 ? (1 - x) - x * series : large;
}

// x Phi(x) with Phi(x) = erfc(-s) / 2, s = x / sqrt 2: beyond 3/4 by the tail of |s|, whose square x^2 / 2 is exact as
// two numbers, and whose factor 2^k is the last to be multiplied with. At -infinity, -0.
WG_INLINE void K(gelu)(V *v) {
  const V x = *v, s = x * C(sqrtHalf);
  V u = (V)((U)x & ~SIGN_BIT), high, low, m, half, rest, series;
  K(erfOverX)(&s, &series);
  u = u > (V)C(geluMax) ? (V)C(geluMax) : u;
  K(squareParts)(&u, &high, &low);
  high *= (T)0.5;
  low *= (T)0.5;
  const V scaled = u * C(sqrtHalf);
  K(tail)(&scaled, &high, &low, &m, &half, &rest);
  const V large = x < (V)0 ? -(0.5 * u * m * half * rest) : x * (1 - 0.5 * (m * half * rest));
  *v = (V)((U)s & ~SIGN_BIT) < (V)0.75 ? 0.5 * x * ((1 + s) + s * series) : large;
}

#include "Map.h"
WG_MAP(erf)
WG_MAP(erfc)
WG_MAP(gelu)
#undef V
#undef U
#undef SIGN_BIT
#undef PAIR
#undef OCTET
#undef LOWER_HALF
