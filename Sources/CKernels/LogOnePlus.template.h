// Logarithms of 1 more, and what is made from them, on one vector.
//
// Included after Transcendental.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))

// The function's own argument where that is what it rounds to: the quarter of a subnormal could not hold it.
WG_INLINE void K(selectTiny)(const V *x, V *y) { *y = (V)((U)*x & ~SIGN_BIT) < (V)0x1p-54 ? *x : *y; }

// log(1 + x), from u = 1 + x rounded = 2^k (1 + f): what was lost joins f.
WG_INLINE void K(logOnePlusBegin)(const V *v, K(Reduced) *to) {
  const V x = *v, u = 1 + x, back = u - 1, lost = (1 - (u - back)) + (x - back);
  K(logBegin)(&u, to);
  // 2^-k, by the exponent field BIAS - k; beyond 2^60 nothing that is lost counts.
  const V shifted = C(shift) + BIAS - to->low;
  const V scale = u > (V)0x1p60 ? (V)0 : (V)((U)shifted << MANTISSA);
  to->high += lost * scale;
}
WG_INLINE void K(logOnePlusFiniteEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v;
  K(logOfParts)(&from->low, &from->high, y);
  K(selectTiny)(&x, y);
}
WG_INLINE void K(logOnePlusFinite)(V *v) {
  K(Reduced) reduced;
  K(logOnePlusBegin)(v, &reduced);
  K(logOnePlusFiniteEnd)(v, &reduced, v);
}
WG_INLINE void K(logOnePlusEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V above = *v + 1;
  K(logOnePlusFiniteEnd)(v, from, y);
  K(logSpecials)(&above, y);
}
WG_OF_HALVES(logOnePlus)

// max(x, 0) + log(1 + e^-|x|)
WG_INLINE void K(softplusBegin)(const V *v, K(Reduced) *to) { K(sigmoidBegin)(v, to); }
WG_INLINE void K(softplusEnd)(const V *v, const K(Reduced) *from, V *y) {
  V e;
  K(expUpToEnd)(from, &e);
  K(logOnePlusFinite)(&e);
  *y = (*v > (V)0 ? *v : (V)0) + e;
}
WG_OF_HALVES(softplus)

#include "Map.h"
WG_MAP_IN_HALVES(logOnePlus)
WG_MAP_IN_HALVES(softplus)
#undef V
#undef U
#undef SIGN_BIT
