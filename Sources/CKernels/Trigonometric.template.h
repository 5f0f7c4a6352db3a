// Trigonometric functions on one vector.
//
// Included after Transcendental.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))

// x = k pi/2 + r + low for |x| <= C(angleMax), with |r| <= pi/4 and k in the low bits of *quadrant. The products with
// all parts of pi/2 but the last, and all differences but the last, are exact; that one is kept with its error.
WG_INLINE void K(reduceAngle)(const V *x, U *quadrant, V *r, V *low) {
  const V shifted = *x * C(twoOverPi) + C(shift);
  const V k = shifted - C(shift);
#if BITS == 32
  const V start = *x - k * C(halfPi0);
#else
  const V start = *x;
#endif
  const V a = start - k * C(halfPi1), b = k * C(halfPi2);
  const V difference = a - b, back = difference - a;
  const V error = ((a - (difference - back)) - (b + back)) - k * C(halfPi3);
  *r = difference + error;
  *low = (difference - *r) + error;
  *quadrant = (U)shifted;
}

// sin and cos of r + low, |r| <= pi/4.
WG_INLINE void K(sinCosReduced)(const V *at, const V *low, V *sine, V *cosine) {
  const V r = *at, z = r * r, z2 = z * z, half = (T)0.5 * z;
  V sines, cosines;
  K(polynomial)(SERIES(sinSeries), &z, &sines);
  K(polynomial)(SERIES(cosSeries), &z, &cosines);
  *sine = r + (r * z * sines + (*low - *low * half));
  const V top = 1 - half;
  *cosine = top + (((1 - top) - half) + (z2 * cosines - r * *low));
}

// Beyond C(angleMax) the C library has to reduce the argument.
WG_INLINE void K(largeAngles)(const V *x, V *y, double (*function)(double)) {
  const U isLarge = (U)((V)((U)*x & ~SIGN_BIT) > (V)C(angleMax));
  if (__builtin_expect(__builtin_reduce_or(isLarge) != 0, 0)) {
    for (int lane = 0; lane < LANES; lane++) {
      if (isLarge[lane]) (*y)[lane] = (T)function((*x)[lane]);
    }
  }
}

// Near 0 the functions are x, whose sign the reduction of -0 would lose.
WG_INLINE void K(selectSmallAngles)(const V *x, V *y) { *y = (V)((U)*x & ~SIGN_BIT) < (V)0x1p-30 ? *x : *y; }

WG_INLINE void K(sinOfQuadrant)(const K(Reduced) *from, UINT(BITS) turn, V *y) {
  V sine, cosine;
  K(sinCosReduced)(&from->high, &from->low, &sine, &cosine);
  const U quadrant = from->scale + turn;
  const V value = (quadrant & 1) != (U)0 ? cosine : sine;
  *y = (V)((U)value ^ ((quadrant & 2) << (BITS - 2)));
}

WG_INLINE void K(sinBegin)(const V *v, K(Reduced) *to) { K(reduceAngle)(v, &to->scale, &to->high, &to->low); }
WG_INLINE void K(sinEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v;
  K(sinOfQuadrant)(from, 0, y);
  K(selectSmallAngles)(&x, y);
  K(largeAngles)(&x, y, sin);
}
WG_OF_HALVES(sin)

WG_INLINE void K(cosBegin)(const V *v, K(Reduced) *to) { K(sinBegin)(v, to); }
WG_INLINE void K(cosEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v;
  K(sinOfQuadrant)(from, 1, y);
  K(largeAngles)(&x, y, cos);
}
WG_OF_HALVES(cos)

WG_INLINE void K(tanBegin)(const V *v, K(Reduced) *to) { K(sinBegin)(v, to); }
WG_INLINE void K(tanEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v;
  V sine, cosine;
  K(sinCosReduced)(&from->high, &from->low, &sine, &cosine);
  *y = (from->scale & 1) != (U)0 ? -cosine / sine : sine / cosine;
  K(selectSmallAngles)(&x, y);
  K(largeAngles)(&x, y, tan);
}
WG_OF_HALVES(tan)

#include "Map.h"
WG_MAP_IN_HALVES(sin)
WG_MAP_IN_HALVES(cos)
WG_MAP_IN_HALVES(tan)
#undef V
#undef U
#undef SIGN_BIT
