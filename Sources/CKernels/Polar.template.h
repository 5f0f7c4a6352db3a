// The polar coordinates of a point on vectors of double.
//
// Included after InverseTrigonometric.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))

// The angle of (|x|, |y|) as K(atan) finds it, of the quotient |y| / |x|: t = |y| / |x|, (|y| - |x|) / (|y| + |x|) or
// -|x| / |y|, with one rounding. On the left it is what is missing from pi. Very large and very small points are moved,
// so that no sum overflows and no comparison suffers from rounding; an infinite point on a diagonal becomes (1, 1).
WG_INLINE void K(atan2)(const V *ordinate, const V *abscissa, V *result) {
  const V infinity = (V)(T)__builtin_inf(), zero = (V)0;
  V x = (V)((U)*abscissa & ~SIGN_BIT), y = (V)((U)*ordinate & ~SIGN_BIT);
  const V longer = x > y ? x : y, shorter = x > y ? y : x;
  const V factor = longer > (V)0x1p900 ? (V)0x1p-100 : (longer < (V)0x1p-900 ? (V)0x1p100 : (V)1);
  x = shorter == infinity ? (V)1 : x * factor;
  y = shorter == infinity ? (V)1 : y * factor;
  const V high = x * C(tanThreeEighths), low = x * C(tanEighth);
  const V over = y > high ? -x : (y > low ? y - x : y);
  V under = y > high ? y : (y > low ? y + x : x);
  under = longer == zero ? (V)1 : under;
  const V right = y > high ? (V)C(halfPi) : (y > low ? (V)C(quarterPi) : zero);
  const V rightLow = y > high ? (V)C(halfPiLow) : (y > low ? (V)C(quarterPiLow) : zero);
  const V left = y > high ? (V)C(halfPi) : (y > low ? 3 * C(quarterPi) : (V)(2 * C(halfPi)));
  const V leftLow = y > high ? (V)C(halfPiLow) : (y > low ? (V)C(threeQuarterPiLow) : (V)(2 * C(halfPiLow)));
  const U isLeft = (U)*abscissa & SIGN_BIT;
  const V base = isLeft != (U)0 ? left : right, baseLow = isLeft != (U)0 ? leftLow : rightLow;
  const V t = (V)((U)(over / under) ^ isLeft);
  V rest;
  K(atanReduced)(&t, &rest);
  const V angle = base + (t + (rest + baseLow));
  *result = (V)((U)angle | ((U)*ordinate & SIGN_BIT));
}

// sqrt(a^2 + b^2), of numbers moved to where their squares neither overflow nor lose digits. Infinite if either is.
WG_INLINE void K(hypot)(const V *first, const V *second, V *result) {
  const V infinity = (V)(T)__builtin_inf();
  V a = (V)((U)*first & ~SIGN_BIT), b = (V)((U)*second & ~SIGN_BIT);
  const V longer = a > b ? a : b;
  const V factor = longer > (V)0x1p500 ? (V)0x1p-600 : (longer < (V)0x1p-400 ? (V)0x1p600 : (V)1);
  const V back = longer > (V)0x1p500 ? (V)0x1p600 : (longer < (V)0x1p-400 ? (V)0x1p-600 : (V)1);
  const V x = a * factor, y = b * factor;
  const V length = back * __builtin_elementwise_sqrt(x * x + y * y);
  *result = ((U)(a == infinity) | (U)(b == infinity)) != (U)0 ? infinity : length;
}

#include "Map.h"
WG_MAP_2(atan2)
WG_MAP_2(hypot)
#undef V
#undef U
#undef SIGN_BIT
