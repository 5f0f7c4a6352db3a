// The logarithm of the gamma function and its first two derivatives on one vector of double.
//
// Included with the macros of Transcendental.template.h.
#include "Transcendental.template.h"
#include "Power.template.h"

#define V K(V)
#define U K(U)
#define SIGN_BIT ((U)((UINT(BITS))1 << (BITS - 1)))
#define ABSOLUTE(x) ((V)((U)(x) & ~SIGN_BIT))
#define ANY(lanes) (__builtin_reduce_or((U)(lanes)) != 0)

// What is left of x without the nearest whole number, exactly, and sin(pi x) / pi but for the sign, with what its
// rounding lost.
WG_INLINE void K(halfTurns)(const V *x, V *fraction, V *sine, V *lost) {
  V whole = *x;
  K(roundToEven)(&whole);
  const V f = *x - whole, z = f * f;
  V series;
  K(polynomial)(SERIES(halfTurnSeries), &z, &series);
  *fraction = f;
  const V rest = f * (z * series);
  *sine = f + rest;
  *lost = rest - (*sine - f);
}

// log Gamma(x) for x > 0. From 5.5 on by Stirling's series: the logarithm is a sum of two numbers, as its product with
// x - 1/2 keeps few digits of their difference from x. Below, Gamma(x) = w^+-1 Gamma(2 + t) with -3/4 <= t <= 1/2,
// where w makes up for the steps, and log Gamma(2 + t) is t (t + 1) P(t).
WG_INLINE void K(logGammaOfPositive)(const V *at, V *y) {
  const V x = *at, zero = (V)0;
  const V product = (x - 1) * (x < (V)3.5 ? (V)1 : x - 2) * (x < (V)4.5 ? (V)1 : x - 3);
  const V steps = x < (V)3.5 ? (V)3 : (x < (V)4.5 ? (V)4 : (V)5);
  const V t = x - (x < (V)0.5 ? zero : (x < (V)1.25 ? (V)1 : (x < (V)2.5 ? (V)2 : steps)));
  const V below = x < (V)0.5 ? x * x + x : (x < (V)1.25 ? x : (x < (V)2.5 ? (V)1 : product));
  const V w = x < (V)5.5 ? below : x;
  V high = w, low = zero, series;
  if (WIDENED) {
    K(log)(&high);
  } else {
    K(logParts)(&w, &high, &low);
  }
  const V sign = x < (V)1.25 ? (V)-1 : (V)1;
  K(leadingLast)(SERIES(logGammaSeries), &t, &series);
  const V small = sign * high + (sign * low + t * (t + 1) * series);
  const V half = x - 0.5, inverse = 1 / x, z = inverse * inverse;
  K(polynomial)(SERIES(stirlingSeries), &z, &series);
  const V large = half * (high - 1) + (half * low + (C(stirlingConstant) + inverse * series));
  const V infinity = (V)(T)__builtin_inf();
  *y = x < (V)5.5 ? small : large;
  *y = ((U)(x == zero) | (U)(x == infinity)) != (U)0 ? infinity : *y;
  *y = x == x ? *y : x;
}

// For x < 0, -log |x sin(pi x) / pi| - log Gamma(-x). Where these are near each other, about the zeros, the C library
// knows better.
WG_INLINE void K(logGamma)(V *v) {
  const V x = *v, a = ABSOLUTE(x), infinity = (V)(T)__builtin_inf();
  K(logGammaOfPositive)(&a, v);
  if (!ANY(x < (V)0)) return;
  V fraction, sine, lost;
  K(halfTurns)(&a, &fraction, &sine, &lost);
  V area = ABSOLUTE(a * sine);
  K(log)(&area);
  const V reflected = -area - *v;
  const V half = (V)(T)(WIDENED ? 0x1p-5 : 0.5) * *v, most = (V)(T)(WIDENED ? 0x1p-4 : 0.75);
  const V precise = half > most ? half : most;
  const U isHard = (U)(x < (V)0) & (U)(ABSOLUTE(reflected) < precise);
  const V result = a < (V)0x1p-60 ? *v : (fraction == (V)0 ? infinity : reflected);
  *v = ((U)(x < (V)0) & (U)(a < infinity)) != (U)0 ? result : *v;
  if (__builtin_expect(ANY(isHard), 0)) {
    int sign;  // lgamma would write it to a variable that all threads share.
    for (int lane = 0; lane < LANES; lane++) {
      if (isHard[lane]) (*v)[lane] = lgamma_r(x[lane], &sign);
    }
  }
}

// digamma(x) for x > 0: up to 3.25 as (x - zero) P(x - 2) / x, after one step up from below 3/4, and by the
// asymptotic series of log x - digamma(x) beyond.
WG_INLINE void K(digammaOfPositive)(const V *at, V *y) {
  const V x = *at;
  const U isLarge = (U)(x > (V)3.25);
  if (ANY(~isLarge)) {
    const V u = x < (V)0.75 ? x + 1 : x;
    const V z = u - 2;
    V series;
    K(leadingLast)(SERIES(digammaSeries), &z, &series);
    const V value = ((u - C(zeroHigh)) - C(zeroLow)) * series / u;
    *y = x < (V)0.75 ? value - 1 / x : value;
  }
  if (ANY(isLarge)) {
    const V r = 1 / x, z = r * r;
    V logarithm = x, series;
    K(polynomial)(SERIES(digammaAsymptote), &z, &series);
    K(log)(&logarithm);
    const V value = logarithm - r * (0.5 + r * series);
    *y = isLarge != (U)0 ? value : *y;
  }
}

// For x < 0, digamma(1 - x) - pi cot(pi x), the latter as 1/f - f S(f^2).
WG_INLINE void K(digamma)(V *v) {
  const V x = *v, u = x < (V)0 ? 1 - x : x, infinity = (V)(T)__builtin_inf();
  K(digammaOfPositive)(&u, v);
  if (ANY(x <= (V)0)) {
    V fraction, sine, lost;
    K(halfTurns)(&x, &fraction, &sine, &lost);
    const V z = fraction * fraction;
    V series;
    K(polynomial)(SERIES(cotangentSeries), &z, &series);
    const V reflected = *v - (1 / fraction - fraction * series);
    const V nowhere = fraction == (V)0 ? (V)(T)__builtin_nan("") : reflected;
    // About its zeros at negative numbers the precision of a float in both terms is not enough.
    const V precise = (V)(T)0x1p-5 * ABSOLUTE(*v);
    const U isHard = (U)(x < (V)0) & (U)(ABSOLUTE(reflected) < precise);
    *v = x < (V)0 ? nowhere : *v;
    if (WIDENED && ANY(isHard)) {
      for (int lane = 0; lane < LANES; lane++) {
        if (isHard[lane]) (*v)[lane] = wg_polygamma(0, x[lane]);
      }
    }
    *v = x == (V)0 ? (V)((U)infinity | (~(U)x & SIGN_BIT)) : *v;
  }
}

// digamma'(x) for x > 0: up to 3 as P(x - 2) / x^2, after one step up from below 1, and beyond by its asymptotic
// series.
WG_INLINE void K(trigammaOfPositive)(const V *at, V *y) {
  const V x = *at;
  const U isLarge = (U)(x > (V)3);
  if (ANY(~isLarge)) {
    const V u = x < (V)1 ? x + 1 : x;
    const V z = u - 2;
    V series;
    K(leadingLast)(SERIES(trigammaSeries), &z, &series);
    const V value = series / (u * u);
    *y = x < (V)1 ? value + 1 / (x * x) : value;
  }
  if (ANY(isLarge)) {
    const V r = 1 / x, z = r * r;
    V series;
    K(polynomial)(SERIES(trigammaAsymptote), &z, &series);
    const V value = r + z * (0.5 + r * series);
    *y = isLarge != (U)0 ? value : *y;
  }
}

// For x < 0, (pi / sin(pi x))^2 - digamma'(1 - x).
WG_INLINE void K(trigamma)(V *v) {
  const V x = *v, u = x < (V)0 ? 1 - x : x;
  K(trigammaOfPositive)(&u, v);
  if (ANY(x < (V)0)) {
    V fraction, sine, lost;
    K(halfTurns)(&x, &fraction, &sine, &lost);
    const V inverse = 1 / sine, square = inverse * inverse;
    // Of no account near a pole, where the square may be infinite.
    const V correction = ABSOLUTE(fraction) < (V)0x1p-27 ? (V)0 : 2 * lost * inverse * square;
    const V reflected = (square - correction) - *v;
    *v = x < (V)0 ? reflected : *v;
  }
}

#include "Map.h"
WG_MAP(logGamma)
WG_MAP(digamma)
WG_MAP(trigamma)
#undef V
#undef U
#undef SIGN_BIT
#undef ABSOLUTE
#undef ANY
