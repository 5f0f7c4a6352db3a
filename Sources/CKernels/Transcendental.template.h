// exp, log, tanh, sigmoid and silu on one vector, and the loop over an array of at least one vector.
//
// Included once per precision and vector width, with these macros set:
//   ELEMENT         scalar type of the arrays
//   T, BITS         scalar type that is computed in, and its width in bits
//   MANTISSA, BIAS  fraction bits stored, exponent bias
//   CONSTANTS       what names of T's constants end in
//   SUFFIX          what names of this precision's series and functions end in
//   LANES           elements in a vector
//
// Vectors are passed by address: by value, the helpers would depend on an instruction set's calling
// convention. The conditional operator selects lane by lane.

typedef T K(V) __attribute__((ext_vector_type(LANES)));
typedef UINT(BITS) K(U) __attribute__((ext_vector_type(LANES)));
#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))
#define EXPONENT_BITS ((UINT(BITS))(2 * BIAS + 1) << MANTISSA)

WG_INLINE void K(load)(const ELEMENT *x, V *v) {
  typedef ELEMENT E __attribute__((ext_vector_type(LANES)));
  E elements;
  __builtin_memcpy(&elements, x, sizeof elements);
  *v = __builtin_convertvector(elements, V);
}

WG_INLINE void K(store)(const V *v, ELEMENT *y) {
  typedef ELEMENT E __attribute__((ext_vector_type(LANES)));
  const E elements = __builtin_convertvector(*v, E);
  __builtin_memcpy(y, &elements, sizeof elements);
}

// c[0] + c[1] z + c[2] z^2 ..., in Estrin's order: in Horner's each step would wait for the last. Each of these splits off
// as many terms as a power of z that is at hand allows. powers[i] = z^(2^i).
WG_INLINE void K(upTo2)(const T *c, int count, const V *powers, V *y) {
  *y = count == 1 ? (V)c[0] : c[1] * powers[0] + c[0];
}
#define WG_SPLIT_SERIES(whole, part, size, i)                                                 \
  WG_INLINE void K(whole)(const T *c, int count, const V *powers, V *y) {                     \
    V low, high;                                                                              \
    K(part)(c, count < size ? count : size, powers, &low);                                    \
    *y = low;                                                                                 \
    if (count <= size) return;                                                                \
    K(part)(c + size, count - size, powers, &high);                                           \
    *y = high * powers[i] + low;                                                              \
  }
WG_SPLIT_SERIES(upTo4, upTo2, 2, 1)
WG_SPLIT_SERIES(upTo8, upTo4, 4, 2)
WG_SPLIT_SERIES(upTo16, upTo8, 8, 3)
WG_SPLIT_SERIES(upTo32, upTo16, 16, 4)
#undef WG_SPLIT_SERIES
WG_INLINE void K(polynomial)(const T *c, int count, const V *at, V *y) {
  V powers[5] = {*at};
  for (int i = 1; i < 5; i++) powers[i] = powers[i - 1] * powers[i - 1];
  K(upTo32)(c, count, powers, y);
}

// The same with c[0] added last: the sum is as precise as that.
WG_INLINE void K(leadingLast)(const T *c, int count, const V *at, V *y) {
  V others;
  K(polynomial)(c + 1, count - 1, at, &others);
  *y = c[0] + *at * others;
}

// With one multiplication less where there are six.
WG_INLINE void K(tanhSeries)(const T *c, int count, const V *at, V *y) {
  const V z = *at, z2 = z * z;
  if (count == 6) {
    *y = ((c[5] * z + c[4]) * z2 + (c[3] * z + c[2])) * z2 + (c[1] * z + c[0]);
  } else {
    K(polynomial)(c, count, at, y);
  }
}

// x = k ln2 + r with |r| <= ln2/2: *high + *rest = e^r - 1 = r + r^2 Q(r), and k + bias in the low bits of
// *scale, where shift = 1.5 * 2^MANTISSA + bias: adding that rounds x/ln2 to an integer. high is exact, and low
// joins it only at the end, so that the rounding of r counts for nothing but Q.
WG_INLINE void K(reduceParts)(const V *x, T shift, U *scale, V *high, V *rest) {
  const V shifted = *x * C(log2e) + shift;
  const V k = shifted - shift;
  const V low = k * C(ln2Low);
  *high = *x - k * C(ln2High);
  const V r = *high - low;
  V q;
  K(polynomial)(SERIES(expSeries), &r, &q);
  *scale = (U)shifted;
  *rest = r * r * q - low;
}

WG_INLINE void K(reduce)(const V *x, T shift, U *scale, V *expm1) {
  V high, rest;
  K(reduceParts)(x, shift, scale, &high, &rest);
  *expm1 = high + rest;
}

// 2^k as two factors, so that the one rounding into the subnormal range, or to infinity, is that of the last
// product. A bias of 2 BIAS makes each half of the sum a biased exponent.
WG_INLINE void K(halves)(const U *scale, V *half, V *rest) {
  *half = (V)(*scale << (MANTISSA - 1) & EXPONENT_BITS);
  *rest = (V)((*scale + 1) << (MANTISSA - 1) & EXPONENT_BITS);
}

// e^x = *m * *half * *rest for x <= C(expMax).
WG_INLINE void K(expParts)(const V *v, V *m, V *half, V *rest) {
  const V x = *v < (V)C(expMin) ? (V)C(expMin) : *v;  // Not `max`: a NaN has to pass.
  V expm1;
  U scale;
  K(reduce)(&x, C(shift) + 2 * BIAS, &scale, &expm1);
  K(halves)(&scale, half, rest);
  *m = 1 + expm1;
}

WG_INLINE void K(expUpTo)(V *v) {
  V m, half, rest;
  K(expParts)(v, &m, &half, &rest);
  *v = m * half * rest;
}

WG_INLINE void K(exp)(V *v) {
  const V x = *v;
  *v = x > (V)C(expMax) ? (V)C(expMax) : x;
  K(expUpTo)(v);
}

// With e = e^-|x| and q = e / (1 + e): 1 - q for x >= 0 and e - e q, which is q, for x < 0. Nothing
// overflows, and the left tail is as precise as e is, where q would carry the roundings of 1 + e and of the
// division.
WG_INLINE void K(sigmoid)(V *v) {
  const V x = *v;
  V e = (V)((U)x | SIGN_BIT);
  K(expUpTo)(&e);
  const V q = e / (1 + e), factor = x < (V)0 ? e : (V)1;
  *v = factor - factor * q;
}

// x sigmoid(x), where e's factor 2^k is the last to be multiplied with. At -infinity, -0.
WG_INLINE void K(silu)(V *v) {
  const V x = *v < (V)C(expMin) ? (V)C(expMin) : *v, one = (V)1, negative = (V)((U)x | SIGN_BIT);
  V m, half, rest;
  K(expParts)(&negative, &m, &half, &rest);
  const V e = m * half * rest;
  const V q = e / (1 + e), factor = x < (V)0 ? m : one;
  *v = x * (factor - factor * q) * (x < (V)0 ? half : one) * (x < (V)0 ? rest : one);
}

// With -|x| = k ln2/2 + u, |u| <= ln2/4, t = tanh u and w = 2^k, e^(-2|x|) is w (1 + t) / (1 - t), and so
// tanh |x| = ((1 - w) - t (1 + w)) / ((1 + w) - t (1 - w)): one division, and half as many coefficients as e^u
// would take, for t is odd. 1 - w and 1 + w are exact where it matters, and for small x 1 - w is 0, so that the
// numerator keeps its relative precision.
WG_INLINE void K(tanh)(V *v) {
  const U sign = (U)*v & SIGN_BIT;
  V a = (V)((U)*v | SIGN_BIT);
  a = a < (V)C(tanhMin) ? (V)C(tanhMin) : a;
  const V shifted = a * (2 * C(log2e)) + (C(shift) + BIAS);
  const V k = shifted - (C(shift) + BIAS);
  const V high = a - k * (C(ln2High) / 2), low = k * (C(ln2Low) / 2);
  const V u = high - low, z = u * u;
  V series;
  K(tanhSeries)(SERIES(tanhSeries), &z, &series);
  const V t = high - (u * z * series + low);
  const V w = (V)((U)shifted << MANTISSA), less = 1 - w, more = 1 + w;
  *v = (V)((U)((less - t * more) / (more - t * less)) | sign);
}

// x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for finite x > 0.
WG_INLINE void K(split)(const V *x, V *k, V *f) {
  const UINT(BITS) fractionBits = ((UINT(BITS))1 << MANTISSA) - 1;
  const V smallestNormal = (V)(U)(fractionBits + 1);
  const U root = (U)(V)C(rootHalf), one = (U)(V)1;
  const U isSubnormal = WIDENED ? (U)0 : (U)(*x < smallestNormal);  // No float is a subnormal double.
  const V scaled = isSubnormal != (U)0 ? *x * C(two54) : *x;
  // Adding to the bits what moves sqrt(1/2) to 1 makes the exponent field k + BIAS. It becomes a number as
  // the low bits of 2^MANTISSA: a conversion of 64-bit integers is missing before AVX-512.
  const U moved = (U)scaled + (one - root);
  const V integers = (V)(T)(fractionBits + 1), offset = integers + BIAS;
  const V biased = (V)((moved >> MANTISSA) | (U)integers);
  *k = biased - (isSubnormal != (U)0 ? offset + 54 : offset);
  *f = (V)((moved & fractionBits) + root) - 1;
}

// k ln2 + log(1 + f). With s = f / (2 + f), log(1 + f) is 2 artanh s = 2 s + s z R(z), z = s^2, and 2 s = f - s f.
WG_INLINE void K(logOfParts)(const V *k, const V *at, V *y) {
  const V f = *at;
  const V s = f / (2 + f);
  const V z = s * s;
  V series;
  K(polynomial)(SERIES(logSeries), &z, &series);
  const V remainder = s * (f - z * series) - *k * C(ln2Low);
  *y = *k * C(ln2High) + (f - remainder);
}

// A logarithm where x is not a positive number: NaN, or infinite.
WG_INLINE void K(logSpecials)(const V *x, V *y) {
  const V infinity = (V)(T)__builtin_inf();
  *y = *x > (V)0 ? *y : (*x == (V)0 ? -infinity : (V)(T)__builtin_nan(""));
  *y = *x == infinity ? infinity : *y;
}

WG_INLINE void K(log)(V *v) {
  const V x = *v;
  V k, f;
  K(split)(&x, &k, &f);
  K(logOfParts)(&k, &f, v);
  K(logSpecials)(&x, v);
}

#include "Map.h"
WG_MAP(exp)
WG_MAP(log)
WG_MAP(tanh)
WG_MAP(sigmoid)
WG_MAP(silu)
#undef V
#undef U
#undef SIGN_BIT
#undef EXPONENT_BITS
