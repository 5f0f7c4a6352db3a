// Trigonometric functions and their inverses on one vector of double.
//
// Included after Transcendental.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))
#define PAIR(i) (c[i + 1] * z + c[i])

// x = k pi/2 + r + low for |x| <= C(angleMax), with |r| <= pi/4 and k in the low bits of *quadrant. The products with
// the first two parts of pi/2, and the first difference, are exact; the second difference is kept with its error.
WG_INLINE void K(reduceAngle)(const V *x, U *quadrant, V *r, V *low) {
  const V shifted = *x * C(twoOverPi) + C(shift);
  const V k = shifted - C(shift);
  const V a = *x - k * C(halfPi1), b = k * C(halfPi2);
  const V difference = a - b, back = difference - a;
  const V error = ((a - (difference - back)) - (b + back)) - k * C(halfPi3);
  *r = difference + error;
  *low = (difference - *r) + error;
  *quadrant = (U)shifted;
}

// sin and cos of r + low, |r| <= pi/4.
WG_INLINE void K(sinCosReduced)(const V *at, const V *low, V *sine, V *cosine) {
  const V r = *at, z = r * r, z2 = z * z, half = 0.5 * z;
  const T *c = C(sinSeries);
  const V sines = PAIR(4) * (z2 * z2) + (PAIR(2) * z2 + PAIR(0));
  c = C(cosSeries);
  const V cosines = PAIR(4) * (z2 * z2) + (PAIR(2) * z2 + PAIR(0));
  *sine = r + (r * z * sines + (*low - *low * half));
  const V top = 1 - half;
  *cosine = top + (((1 - top) - half) + (z2 * cosines - r * *low));
}

// Beyond C(angleMax) the C library has to reduce the argument.
WG_INLINE void K(largeAngles)(const V *x, V *y, double (*function)(double)) {
  const U isLarge = (U)((V)((U)*x & ~SIGN_BIT) > (V)C(angleMax));
  if (__builtin_expect(__builtin_reduce_or(isLarge) != 0, 0)) {
    for (int lane = 0; lane < LANES; lane++) {
      if (isLarge[lane]) (*y)[lane] = function((*x)[lane]);
    }
  }
}

// Near 0 the functions are x, whose sign the reduction of -0 would lose.
WG_INLINE void K(selectSmallAngles)(const V *x, V *y) { *y = (V)((U)*x & ~SIGN_BIT) < (V)0x1p-30 ? *x : *y; }

WG_INLINE void K(sinOfQuadrant)(const V *x, UINT(BITS) turn, V *y) {
  U quadrant;
  V r, low, sine, cosine;
  K(reduceAngle)(x, &quadrant, &r, &low);
  K(sinCosReduced)(&r, &low, &sine, &cosine);
  quadrant += turn;
  const V value = (quadrant & 1) != (U)0 ? cosine : sine;
  *y = (V)((U)value ^ ((quadrant & 2) << (BITS - 2)));
}

WG_INLINE void K(sin)(V *v) {
  const V x = *v;
  K(sinOfQuadrant)(&x, 0, v);
  K(selectSmallAngles)(&x, v);
  K(largeAngles)(&x, v, sin);
}

WG_INLINE void K(cos)(V *v) {
  const V x = *v;
  K(sinOfQuadrant)(&x, 1, v);
  K(largeAngles)(&x, v, cos);
}

WG_INLINE void K(tan)(V *v) {
  const V x = *v;
  U quadrant;
  V r, low, sine, cosine;
  K(reduceAngle)(&x, &quadrant, &r, &low);
  K(sinCosReduced)(&r, &low, &sine, &cosine);
  const V y = (quadrant & 1) != (U)0 ? -cosine / sine : sine / cosine;
  *v = y;
  K(selectSmallAngles)(&x, v);
  K(largeAngles)(&x, v, tan);
}

// s + s z P(z), the arc sine of s where z = s^2 <= 1/4: *rest is what is added to s.
WG_INLINE void K(asinReduced)(const V *s, const V *square, V *rest) {
  const T *c = C(asinSeries);
  const V z = *square, z2 = z * z, z4 = z2 * z2;
  const V series = (c[12] * z4 + (PAIR(10) * z2 + PAIR(8))) * (z4 * z4) +
                   ((PAIR(6) * z2 + PAIR(4)) * z4 + (PAIR(2) * z2 + PAIR(0)));
  *rest = *s * z * series;
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

// With a = |x|: atan a itself, pi/4 + atan((a - 1) / (a + 1)) or pi/2 + atan(-1 / a), so that |t| <= tan(pi/8).
WG_INLINE void K(atan)(V *v) {
  const V x = *v, a = (V)((U)x & ~SIGN_BIT);
  const V over = a > (V)C(tanThreeEighths) ? (V)-1 : (a > (V)C(tanEighth) ? a - 1 : a);
  const V under = a > (V)C(tanThreeEighths) ? a : (a > (V)C(tanEighth) ? a + 1 : (V)1);
  const V base = a > (V)C(tanThreeEighths) ? (V)C(halfPi) : (a > (V)C(tanEighth) ? (V)C(quarterPi) : (V)0);
  const V low = a > (V)C(tanThreeEighths) ? (V)C(halfPiLow) : (a > (V)C(tanEighth) ? (V)C(quarterPiLow) : (V)0);
  const V t = over / under, z = t * t, z2 = z * z, z4 = z2 * z2;
  const T *c = C(atanSeries);
  const V series = (PAIR(10) * z2 + PAIR(8)) * (z4 * z4) +
                   ((PAIR(6) * z2 + PAIR(4)) * z4 + (PAIR(2) * z2 + PAIR(0)));
  const V y = base + (t + (t * z * series + low));
  *v = (V)((U)y | ((U)x & SIGN_BIT));
}

#include "MapDouble.h"
WG_MAP_DOUBLE(sin)
WG_MAP_DOUBLE(cos)
WG_MAP_DOUBLE(tan)
WG_MAP_DOUBLE(asin)
WG_MAP_DOUBLE(acos)
WG_MAP_DOUBLE(atan)
#undef V
#undef U
#undef SIGN_BIT
#undef PAIR
