// Exponentials less 1, and logarithms to other bases, on one vector of double.
//
// Included after LogOnePlus.template.h, with its macros.
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

WG_INLINE void K(expMinusOne)(V *v) {
  const V x = *v;
  K(quarterExpMinusOne)(v);
  *v *= 4;
  K(selectTiny)(&x, v);
}

// k kLog + log(1 + f) / ln base, each constant given as two numbers. log(1 + f) is split into 26 bits, whose product
// is exact, and a rest.
WG_INLINE void K(logToBase)(V *v, T inverseHigh, T inverseLow, T kHigh, T kLow) {
  const V x = *v;
  V k, f, series;
  K(split)(&x, &k, &f);
  const V s = f / (2 + f), halfSquare = 0.5 * f * f;
  const V z = s * s;
  K(polynomial)(SERIES(logSeries), &z, &series);
  if (WIDENED) {
    *v = k * (kHigh + kLow) + (f - s * (f - z * series)) * (inverseHigh + inverseLow);
    K(logSpecials)(&x, v);
    return;
  }
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

#include "Map.h"
WG_MAP(expMinusOne)
WG_MAP(log2)
WG_MAP(log10)
#undef V
#undef U
#undef SIGN_BIT
