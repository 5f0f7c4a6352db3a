// Exponentials less 1, and logarithms to other bases, on one vector of double.
//
// Included after LogOnePlus.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))

// (e^x - 1) / 4 = (w - 1/4) + w (e^r - 1) with w = 2^k / 4, for x from -40, where it is -1/4, to 710.8: a quarter of
// what overflows at 709.8. w - 1/4 and w times e^r - 1's larger part are exact where it matters.
WG_INLINE void K(quarterBegin)(const V *v, K(Reduced) *to) {
  V x = *v < (V)-40 ? (V)-40 : *v;
  x = x > (V)710.8 ? (V)710.8 : x;
  K(reduceBegin)(&x, C(shift) + (BIAS - 2), to);
}
WG_INLINE void K(quarterEnd)(const K(Reduced) *from, V *y) {
  V rest;
  K(reduceEnd)(from, &rest);
  const V w = (V)(from->scale << MANTISSA);
  const V top = (w - 0.25) + w * from->high;
  *y = top + w * rest;
}
WG_INLINE void K(quarterExpMinusOne)(V *v) {
  K(Reduced) reduced;
  K(quarterBegin)(v, &reduced);
  K(quarterEnd)(&reduced, v);
}

WG_INLINE void K(expMinusOneBegin)(const V *v, K(Reduced) *to) { K(quarterBegin)(v, to); }
WG_INLINE void K(expMinusOneEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v;
  K(quarterEnd)(from, y);
  *y *= 4;
  K(selectTiny)(&x, y);
}
WG_OF_HALVES(expMinusOne)

// k kLog + log(1 + f) / ln base, each constant given as two numbers. log(1 + f) is split into 26 bits, whose product
// is exact, and a rest.
WG_INLINE void K(logToBase)(const K(Reduced) *from, T inverseHigh, T inverseLow, T kHigh, T kLow, V *y) {
  const V k = from->low, f = from->high;
  V series;
  const V s = f / (2 + f), halfSquare = 0.5 * f * f;
  const V z = s * s;
  K(polynomial)(SERIES(logSeries), &z, &series);
  if (WIDENED) {
    *y = k * (kHigh + kLow) + (f - s * (f - z * series)) * (inverseHigh + inverseLow);
    return;
  }
  const V top = (V)((U)(f - halfSquare) & ~(UINT(BITS))0x7ffffff);
  const V rest = ((f - top) - halfSquare) + s * (halfSquare + z * series);
  const V large = k * kHigh, product = top * inverseHigh;
  const V sum = large + product;
  const V small = k * kLow + ((top + rest) * inverseLow + rest * inverseHigh);
  *y = sum + (((large - sum) + product) + small);
}
WG_INLINE void K(log2Begin)(const V *v, K(Reduced) *to) { K(logBegin)(v, to); }
WG_INLINE void K(log2End)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v;
  K(logToBase)(from, C(log2eHigh), C(log2eLow), 1, 0, y);
  K(logSpecials)(&x, y);
}
WG_OF_HALVES(log2)
WG_INLINE void K(log10Begin)(const V *v, K(Reduced) *to) { K(logBegin)(v, to); }
WG_INLINE void K(log10End)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v;
  K(logToBase)(from, C(log10eHigh), C(log10eLow), C(log10of2High), C(log10of2Low), y);
  K(logSpecials)(&x, y);
}
WG_OF_HALVES(log10)

#include "Map.h"
WG_MAP_IN_HALVES(expMinusOne)
WG_MAP_IN_HALVES(log2)
WG_MAP_IN_HALVES(log10)
#undef V
#undef U
#undef SIGN_BIT
