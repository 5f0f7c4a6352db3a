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

// What the first half of a function hands to the second: a remainder as two numbers, and an integer in the low bits.
typedef struct {
  V high, low;
  U scale;
} K(Reduced);

// x = k ln2 + r with |r| <= ln2/2, r = high - low, and k + bias in the low bits of scale, where shift =
// 1.5 * 2^MANTISSA + bias: adding that rounds x/ln2 to an integer. high is exact.
WG_INLINE void K(reduceBegin)(const V *x, T shift, K(Reduced) *to) {
  const V shifted = *x * C(log2e) + shift;
  const V k = shifted - shift;
  to->low = k * C(ln2Low);
  to->high = *x - k * C(ln2High);
  to->scale = (U)shifted;
}

// high + *rest = e^r - 1 = r + r^2 Q(r), where low joins high only at the end, so that the rounding of r counts for
// nothing but Q.
WG_INLINE void K(reduceEnd)(const K(Reduced) *from, V *rest) {
  const V r = from->high - from->low;
  V q;
  K(polynomial)(SERIES(expSeries), &r, &q);
  *rest = r * r * q - from->low;
}

WG_INLINE void K(reduce)(const V *x, T shift, U *scale, V *expm1) {
  K(Reduced) reduced;
  V rest;
  K(reduceBegin)(x, shift, &reduced);
  K(reduceEnd)(&reduced, &rest);
  *scale = reduced.scale;
  *expm1 = reduced.high + rest;
}

// 2^k as two factors, so that the one rounding into the subnormal range, or to infinity, is that of the last
// product. A bias of 2 BIAS makes each half of the sum a biased exponent.
WG_INLINE void K(halves)(const U *scale, V *half, V *rest) {
  *half = (V)(*scale << (MANTISSA - 1) & EXPONENT_BITS);
  *rest = (V)((*scale + 1) << (MANTISSA - 1) & EXPONENT_BITS);
}

// e^x = *m * *half * *rest for x <= C(expMax).
WG_INLINE void K(expUpToBegin)(const V *v, K(Reduced) *to) {
  const V x = *v < (V)C(expMin) ? (V)C(expMin) : *v;  // Not `max`: a NaN has to pass.
  K(reduceBegin)(&x, C(shift) + 2 * BIAS, to);
}
WG_INLINE void K(expPartsEnd)(const K(Reduced) *from, V *m, V *half, V *rest) {
  V more;
  K(reduceEnd)(from, &more);
  K(halves)(&from->scale, half, rest);
  *m = 1 + (from->high + more);
}

WG_INLINE void K(expUpToEnd)(const K(Reduced) *from, V *y) {
  V m, half, rest;
  K(expPartsEnd)(from, &m, &half, &rest);
  *y = m * half * rest;
}

WG_INLINE void K(expBegin)(const V *v, K(Reduced) *to) {
  const V x = *v > (V)C(expMax) ? (V)C(expMax) : *v;
  K(expUpToBegin)(&x, to);
}
WG_INLINE void K(expEnd)(const V *v, const K(Reduced) *from, V *y) {
  (void)v;
  K(expUpToEnd)(from, y);
}
WG_OF_HALVES(exp)

// With e = e^-|x| and q = e / (1 + e): 1 - q for x >= 0 and e - e q, which is q, for x < 0. Nothing
// overflows, and the left tail is as precise as e is, where q would carry the roundings of 1 + e and of the
// division.
WG_INLINE void K(sigmoidBegin)(const V *v, K(Reduced) *to) {
  const V negative = (V)((U)*v | SIGN_BIT);
  K(expUpToBegin)(&negative, to);
}
WG_INLINE void K(sigmoidEnd)(const V *v, const K(Reduced) *from, V *y) {
  V e;
  K(expUpToEnd)(from, &e);
  const V q = e / (1 + e), factor = *v < (V)0 ? e : (V)1;
  *y = factor - factor * q;
}
WG_OF_HALVES(sigmoid)

// x sigmoid(a) for an a of x's sign, from the reduced -|a|; e's factor 2^k is the last to be multiplied with.
WG_INLINE void K(timesSigmoidEnd)(const V *at, const K(Reduced) *from, V *y) {
  const V x = *at, one = (V)1;
  V m, half, rest;
  K(expPartsEnd)(from, &m, &half, &rest);
  const V e = m * half * rest;
  const V q = e / (1 + e), factor = x < (V)0 ? m : one;
  *y = x * (factor - factor * q) * (x < (V)0 ? half : one) * (x < (V)0 ? rest : one);
}

// x sigmoid(x). At -infinity, -0.
WG_INLINE void K(siluBegin)(const V *v, K(Reduced) *to) { K(sigmoidBegin)(v, to); }
WG_INLINE void K(siluEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v < (V)C(expMin) ? (V)C(expMin) : *v;
  K(timesSigmoidEnd)(&x, from, y);
}
WG_OF_HALVES(silu)

// With -|x| = k ln2/2 + u, |u| <= ln2/4, t = tanh u and w = 2^k, e^(-2|x|) is w (1 + t) / (1 - t), and so
// tanh |x| = ((1 - w) - t (1 + w)) / ((1 + w) - t (1 - w)): one division, and half as many coefficients as e^u
// would take, for t is odd. 1 - w and 1 + w are exact where it matters, and for small x 1 - w is 0, so that the
// numerator keeps its relative precision.
WG_INLINE void K(tanhBegin)(const V *v, K(Reduced) *to) {
  V a = (V)((U)*v | SIGN_BIT);
  a = a < (V)C(tanhMin) ? (V)C(tanhMin) : a;
  const V shifted = a * (2 * C(log2e)) + (C(shift) + BIAS);
  const V k = shifted - (C(shift) + BIAS);
  to->high = a - k * (C(ln2High) / 2);
  to->low = k * (C(ln2Low) / 2);
  to->scale = (U)shifted;
}
WG_INLINE void K(tanhEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V u = from->high - from->low, z = u * u;
  V series;
  K(tanhSeries)(SERIES(tanhSeries), &z, &series);
  const V t = from->high - (u * z * series + from->low);
  const V w = (V)(from->scale << MANTISSA), less = 1 - w, more = 1 + w;
  *y = (V)((U)((less - t * more) / (more - t * less)) | ((U)*v & SIGN_BIT));
}
WG_OF_HALVES(tanh)

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

// Halfway, f is `high` and k is `low`.
WG_INLINE void K(logBegin)(const V *v, K(Reduced) *to) { K(split)(v, &to->low, &to->high); }
WG_INLINE void K(logEnd)(const V *v, const K(Reduced) *from, V *y) {
  const V x = *v;
  K(logOfParts)(&from->low, &from->high, y);
  K(logSpecials)(&x, y);
}
WG_OF_HALVES(log)

#include "Map.h"
WG_MAP_IN_HALVES(exp)
WG_MAP_IN_HALVES(log)
WG_MAP_IN_HALVES(tanh)
WG_MAP_IN_HALVES(sigmoid)
WG_MAP_IN_HALVES(silu)
#undef V
#undef U
#undef SIGN_BIT
#undef EXPONENT_BITS
