// Derivatives of digamma of any order, an element at a time and in double.
#include "Polygamma.h"

#include <math.h>

#include "CKernels.h"

#pragma clang fp contract(off)

static double log_gamma(double x) {
  int sign;  // lgamma would write it to a variable that all threads share.
  return lgamma_r(x, &sign);
}

// B(2j) / (2j)!
static const double eulerMaclaurin[10] = {
    0x1.5555555555555p-4, -0x1.6c16c16c16c17p-10, 0x1.1566abc011567p-15, -0x1.bbd779334ef0bp-21,
    0x1.66a8f2bf70ebep-26, -0x1.22805d644267fp-31, 0x1.d6db2c4e09162p-37, -0x1.7da4e1f79955cp-42,
    0x1.355871d652e9ep-47, -0x1.f57d968caacf1p-53};

// (s - 1)! zeta(s, x) for x > 0: the sum of (x + k)^-s over k >= 0 by the formula of Euler and Maclaurin, relative to
// x^(1 - s), as that alone could overflow or underflow.
static double scaled_zeta(double s, double x) {
  if (x == INFINITY) return 0;
  double sum = 0, w = x;
  for (double k = 1; w < 12 + s; k += 1) {
    const double term = pow(x / w, s);
    sum += term;
    if (term < 0x1p-60 * sum) break;
    w = x + k;
  }
  if (w >= 12 + s) {
    double factor = s / w, tail = w / (s - 1) + 0.5;
    for (int j = 0; j < 10; j++) {
      tail += eulerMaclaurin[j] * factor;
      factor *= (s + 2 * j + 1) / w * ((s + 2 * j + 2) / w);
    }
    sum += pow(x / w, s) * tail;
  }
  const double scale = s < 150 ? tgamma(s) * pow(x, 1 - s) : INFINITY;
  if (scale > 0x1p-1000 && scale < INFINITY) return scale * (sum / x);
  return exp(log_gamma(s) - s * log(x) + log(sum));
}

double wg_polygamma(double order, double x) {
  if (order == 0 || order == 1) {
    double y;
    (order == 0 ? wg_digamma_f64 : wg_trigamma_f64)(&x, &y, 1);
    return y;
  }
  if (!(order > 0) || order != floor(order) || x != x || x == -INFINITY) return NAN;
  const double s = order + 1;
  // The sign of ((-1)^s): the poles of odd orders are even.
  const double parity = fmod(order, 2) == 1 ? 1 : -1;
  if (x > 0) return parity * scaled_zeta(s, x);
  if (x == floor(x)) return parity > 0 ? INFINITY : (x == 0 ? -copysign(INFINITY, x) : NAN);
  // The terms (x + k)^-s with x + k > 0, and those with x + k < 0 as the difference of two sums. Halfway between poles
  // the two larger sums cancel.
  const double above = scaled_zeta(s, x - floor(x)), below = scaled_zeta(s, ceil(x) - x);
  return parity * ((above + parity * below) - parity * scaled_zeta(s, 1 - x));
}
