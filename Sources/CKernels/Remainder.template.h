// The remainder of a floored division on vectors of double.
//
// Included after Transcendental.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))

// a - floor(a / b) b, with the sign of b: Python's % and not C's fmod.
static double K(remainderOfOne)(double a, double b) {
  const double r = fmod(a, b);
  if (r == 0) return copysign(0, b);
  return (r < 0) != (b < 0) ? r + b : r;
}

// The same by r = |a| - q |b|, where q is the whole part of the rounded quotient, which may be 1 too large. As q has no
// more than 25 bits and |b| is the sum of its leading 26 bits and a rest, no product and no difference is rounded; the
// C library does the others.
WG_INLINE void K(remainder)(const V *dividend, const V *divisor, V *result) {
  const V a = (V)((U)*dividend & ~SIGN_BIT), b = (V)((U)*divisor & ~SIGN_BIT), quotient = a / b;
  const V q = __builtin_elementwise_floor(quotient), top = (V)((U)b & ~(UINT(BITS))0x7ffffff);
  V r = (a - q * top) - q * (b - top);
  r = r < (V)0 ? r + b : r;
  // Now r is what fmod(|a|, |b|) is. Where the signs differ, it is what is missing from |b|.
  const U sign = (U)*divisor & SIGN_BIT, differs = ((U)*dividend ^ (U)*divisor) & SIGN_BIT;
  const V other = r == (V)0 ? r : b - r;
  *result = (V)((U)(differs != (U)0 ? other : r) | sign);
  const U isHard = ~((U)(quotient < (V)0x1p25) & (U)(b < (V)(T)__builtin_inf()));
  if (__builtin_expect(__builtin_reduce_or(isHard) != 0, 0)) {
    for (int lane = 0; lane < LANES; lane++) {
      if (isHard[lane]) (*result)[lane] = K(remainderOfOne)((*dividend)[lane], (*divisor)[lane]);
    }
  }
}

#include "Map.h"
WG_MAP_2(remainder)
#undef V
#undef U
#undef SIGN_BIT
