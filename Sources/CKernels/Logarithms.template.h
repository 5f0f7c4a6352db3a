// Exponentials less 1 and logarithms of 1 more, to other bases, and what is made from them, on one vector of double.
//
// Included after Transcendental.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))

// (e^x - 1) / 4 = (w - 1/4) + w (e^r - 1) with w = 2^k / 4, for x from -40, where it is -1/4, to 710.8: a quarter of
// what overflows at 709.8. w - 1/4 and w times e^r - 1's larger part are exact where it matters.
WG_INLINE void K(quarterExpMinusOne)(V *v) {
  V x = *v, high, rest;
  U scale;
  x = x < (V)-40 ? (V)-40 : x;
  x = x > (V)710.8 ? (V)710.8 : x;
  K(reduceParts)(&x, C(shift) + (BIAS - 2), &scale, &high, &rest);
  const V w = (V)(scale << MANTISSA);
  const V top = (w - 0.25) + w * high;
  *v = top + w * rest;
}

// The function's own argument where that is what it rounds to: the quarter of a subnormal could not hold it.
WG_INLINE void K(selectTiny)(const V *x, V *y) { *y = (V)((U)*x & ~SIGN_BIT) < (V)0x1p-54 ? *x : *y; }

WG_INLINE void K(expMinusOne)(V *v) {
  const V x = *v;
  K(quarterExpMinusOne)(v);
  *v *= 4;
  K(selectTiny)(&x, v);
}

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

// log(1 + x), from u = 1 + x rounded = 2^k (1 + f): what was lost joins f.
WG_INLINE void K(logOnePlusFinite)(V *v) {
  const V x = *v, u = 1 + x, back = u - 1, lost = (1 - (u - back)) + (x - back);
  V k, f;
  K(split)(&u, &k, &f);
  // 2^-k, by the exponent field BIAS - k; beyond 2^60 nothing that is lost counts.
  const V shifted = C(shift) + BIAS - k;
  const V scale = u > (V)0x1p60 ? (V)0 : (V)((U)shifted << MANTISSA);
  f += lost * scale;
  K(logOfParts)(&k, &f, v);
  K(selectTiny)(&x, v);
}

WG_INLINE void K(logOnePlus)(V *v) {
  const V x = *v, above = x + 1;
  K(logOnePlusFinite)(v);
  K(logSpecials)(&above, v);
}

// k kLog + log(1 + f) / ln base, each constant given as two numbers. log(1 + f) is split into 26 bits, whose product
// is exact, and a rest.
WG_INLINE void K(logToBase)(V *v, T inverseHigh, T inverseLow, T kHigh, T kLow) {
  const V x = *v;
  V k, f, series;
  K(split)(&x, &k, &f);
  const V s = f / (2 + f), halfSquare = 0.5 * f * f;
  const V z = s * s;
  K(logSeries)(&z, &series);
  const V top = (V)((U)(f - halfSquare) & ~(UINT(BITS))0x7ffffff);
  const V rest = ((f - top) - halfSquare) + s * (halfSquare + z * series);
  const V large = k * kHigh, product = top * inverseHigh;
  const V sum = large + product;
  const V small = k * kLow + ((top + rest) * inverseLow + rest * inverseHigh);
  *v = sum + (((large - sum) + product) + small);
  K(logSpecials)(&x, v);
}
WG_INLINE void K(log2)(V *v) { K(logToBase)(v, C(log2eHigh), C(log2eLow), 1, 0); }
WG_INLINE void K(log10)(V *v) {
  K(logToBase)(v, C(log10eHigh), C(log10eLow), C(log10of2High), C(log10of2Low));
}

// max(x, 0) + log(1 + e^-|x|)
WG_INLINE void K(softplus)(V *v) {
  const V x = *v;
  V e = (V)((U)x | SIGN_BIT);
  K(expUpTo)(&e);
  K(logOnePlusFinite)(&e);
  *v = (x > (V)0 ? x : (V)0) + e;
}

#include "MapDouble.h"
WG_MAP_DOUBLE(expMinusOne)
WG_MAP_DOUBLE(logOnePlus)
WG_MAP_DOUBLE(log2)
WG_MAP_DOUBLE(log10)
WG_MAP_DOUBLE(softplus)
WG_MAP_DOUBLE(sinh)
WG_MAP_DOUBLE(cosh)
#undef V
#undef U
#undef SIGN_BIT
