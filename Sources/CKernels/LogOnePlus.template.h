// Logarithms of 1 more, and what is made from them, on one vector.
//
// Included after Transcendental.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))

// The function's own argument where that is what it rounds to: the quarter of a subnormal could not hold it.
WG_INLINE void K(selectTiny)(const V *x, V *y) { *y = (V)((U)*x & ~SIGN_BIT) < (V)0x1p-54 ? *x : *y; }

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

// max(x, 0) + log(1 + e^-|x|)
WG_INLINE void K(softplus)(V *v) {
  const V x = *v;
  V e = (V)((U)x | SIGN_BIT);
  K(expUpTo)(&e);
  K(logOnePlusFinite)(&e);
  *v = (x > (V)0 ? x : (V)0) + e;
}

#include "Map.h"
WG_MAP(logOnePlus)
WG_MAP(softplus)
#undef V
#undef U
#undef SIGN_BIT
