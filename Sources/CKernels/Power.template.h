// Powers of vectors of double, whose logarithms are sums of two numbers unless the result is to be a float.
//
// Included after Transcendental.template.h, with its macros.
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))
#define ABSOLUTE(x) ((V)((U)(x) & ~SIGN_BIT))
// The leading 26 bits: products of two such numbers are exact.
#define TOP(x) ((V)((U)(x) & ~(UINT(BITS))0x7ffffff))

// *high + *low = log x for finite x > 0, to 2^-64 of itself. With x = 2^k (1 + f) and s = f / (2 + f) it is
// k ln2 + 2 s + s^3 R(s^2). What is no smaller than 2^-13 of the result is carried as two numbers: s, s^2, s^3 and
// the product of the last with R's leading coefficient, of which 26 bits are split off.
WG_INLINE void K(logParts)(const V *x, V *high, V *low) {
  V k, f;
  K(split)(x, &k, &f);
  V series;
  const V d = 2 + f, dLow = f - (d - 2), dTop = TOP(d), dRest = d - dTop;
  const V s = f / d, sTop = TOP(s), sRest = s - sTop;
  const V remainder = (((f - sTop * dTop) - sTop * dRest) - sRest * dTop) - sRest * dRest;
  const V sLow = (remainder - s * dLow) / d;
  const V z = s * s, zTop = TOP(z), zRest = z - zTop;
  const V zLow = (((sTop * sTop - z) + 2 * sTop * sRest) + sRest * sRest) + 2 * s * sLow;
  const V cube = s * z, cubeTop = TOP(cube);
  const V cubeError = (((sTop * zTop - cube) + sTop * zRest) + sRest * zTop) + sRest * zRest;
  const V cubeRest = (cube - cubeTop) + (cubeError + (s * zLow + sLow * z));
  K(polynomial)(C(fineLogSeries), 7, &z, &series);
  const V third = cubeTop * C(fineLogFirst);
  const V large = k * C(ln2High), twice = 2 * s;
  const V sum = large + twice;
  const V total = sum + third;
  const V rest = ((twice - (sum - large)) + (third - (total - sum))) +
                 (2 * sLow + (cubeRest * C(fineLogFirst) + cube * (C(fineLogRest) + z * series))) + k * C(ln2Low);
  *high = total + rest;
  *low = rest - (*high - total);
}

// The nearest whole number, the even one of two.
WG_INLINE void K(roundToEven)(V *v) {
  const V shift = (V)(((U)*v & SIGN_BIT) | (U)(V)0x1p52);
  *v = ABSOLUTE(*v) < (V)0x1p52 ? (*v + shift) - shift : *v;
}

// x^y, given |x|^y: the sign, and the special cases of annex F of the C standard.
WG_INLINE void K(finishPower)(const V *base, const V *exponent, V *v) {
  const V x = *base, y = *exponent, infinity = (V)(T)__builtin_inf();
  V whole = y, halves = 0.5 * y;
  K(roundToEven)(&whole);
  K(roundToEven)(&halves);
  const U isWhole = (U)(whole == y), isOdd = isWhole & (U)(halves != 0.5 * y);
  V r = (V)((U)*v ^ ((U)x & isOdd & SIGN_BIT));
  const U isNotReal = (U)(x < (V)0) & ~isWhole & (U)(x != -infinity) & (U)(y == y);
  r = isNotReal != (U)0 ? (V)(T)__builtin_nan("") : r;
  const U isOne = (U)(y == (V)0) | (U)(x == (V)1) | ((U)(x == (V)-1) & (U)(ABSOLUTE(y) == infinity));
  r = isOne != (U)0 ? (V)1 : r;
  // The exponents that programs write most, exactly.
  r = y == (V)1 ? x : r;
  *v = y == (V)2 ? x * x : r;
}

// |x|^y, by a logarithm as two numbers.
WG_INLINE void K(powerOfAbsolute)(const V *base, const V *exponent, V *result) {
  const V a = ABSOLUTE(*base), y = *exponent, infinity = (V)(T)__builtin_inf();
  V high, low, half, rest, expm1;
  U scale;
  K(logParts)(&a, &high, &low);
  high = a == (V)0 ? -infinity : (a == infinity ? infinity : (a != a ? a : high));
  V product = y * high;
  const V yTop = TOP(y), yRest = y - yTop, top = TOP(high), bottom = high - top;
  V error = (((yTop * top - product) + yTop * bottom) + yRest * top) + (yRest * bottom + y * low);
  error = ABSOLUTE(product) < (V)800 ? error : (V)0;
  product = product > (V)C(expMax) ? (V)C(expMax) : product;
  product = product < (V)C(expMin) ? (V)C(expMin) : product;
  K(reduce)(&product, C(shift) + 2 * BIAS, &scale, &expm1);
  K(halves)(&scale, &half, &rest);
  expm1 += error * (1 + expm1);
  *result = (1 + expm1) * half * rest;
}

// The same to the precision of a float: of products up to 2^7 with a logarithm that is precise to 2^-37, 2^-30 is left.
WG_INLINE void K(floatPowerOfAbsolute)(const V *base, const V *exponent, V *result) {
  const V a = ABSOLUTE(*base);
  V k, f, product, expm1;
  U scale;
  K(split)(&a, &k, &f);
  K(logOfParts)(&k, &f, &product);
  K(logSpecials)(&a, &product);
  product *= *exponent;
  // Beyond these powers are 0, or infinite, as floats.
  product = product > (V)150 ? (V)150 : product;
  product = product < (V)-150 ? (V)-150 : product;
  K(reduce)(&product, C(shift) + BIAS, &scale, &expm1);
  const V power = (V)(scale << MANTISSA);
  *result = power + power * expm1;
}

WG_INLINE void K(pow)(const V *base, const V *exponent, V *result) {
  const V x = *base, y = *exponent;
  if (WIDENED) {
    K(floatPowerOfAbsolute)(base, exponent, result);
  } else {
    K(powerOfAbsolute)(base, exponent, result);
  }
  // Nothing is left to do where this is positive: for x > 0, if y is not 1 or 2 and the result neither NaN nor infinite.
  // (To the power of 1 a float is itself.) All in one comparison, as vectors of comparisons would be packed and unpacked.
  V least = ABSOLUTE(y - 2);
  if (!WIDENED) least = ABSOLUTE(y - 1) < least ? ABSOLUTE(y - 1) : least;
  least = (x < least ? x : least) + 0 * *result;
  if (__builtin_reduce_or(~(U)(least > (V)0)) != 0) K(finishPower)(base, exponent, result);
}

#include "Map.h"
WG_MAP_2(pow)
#undef V
#undef U
#undef SIGN_BIT
#undef ABSOLUTE
#undef TOP
