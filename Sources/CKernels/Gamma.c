// The gamma function's logarithm and its derivatives, an element at a time and in double.
#include "Gamma.h"

#include <math.h>

#pragma clang fp contract(off)

double wg_log_gamma(double x) {
  int sign;  // lgamma would write it to a variable that all threads share.
  return lgamma_r(x, &sign);
}

// Digamma's zero in 1...2, as a sum, and digamma(x) / (x - zero) in powers of x - 3/2.
static const double zeroHigh = 0x1.762d86356be3fp+0, zeroLow = 0x1.b86a722197829p-54;
static const double digammaSeries[24] = {  // 2^-61.0
    0x1.e6f0cbb873616p-1, -0x1.b1cb63005ee96p-2, 0x1.eca189b8e6f7bp-3, -0x1.2feeeb98a7e66p-3,
    0x1.8512e59037ebcp-4, -0x1.fb44202993da4p-5, 0x1.4de9aa1802dabp-5, -0x1.b9f8b151d8917p-6,
    0x1.2564715639994p-6, -0x1.863558b436092p-7, 0x1.03c0b2b608d9cp-7, -0x1.5a08154304429p-8,
    0x1.cd1f26d4d9b4ep-9, -0x1.334fa6accdc89p-9, 0x1.99e1acc02f5c1p-10, -0x1.11510521dd24fp-10,
    0x1.69ba8df2aa5e4p-11, -0x1.e0a0299320090p-12, 0x1.56c5c761623ddp-12, -0x1.d25770004f69fp-13,
    0x1.80257f3439010p-14, -0x1.c48f173696c55p-15, 0x1.00b9c999eed74p-13, -0x1.6b0ac4335d7dbp-14};

// B(2j) / (2j): the asymptotic series of digamma, Abramowitz and Stegun 6.3.18.
static const double digammaAsymptote[8] = {
    0x1.5555555555555p-4, -0x1.1111111111111p-7, 0x1.0410410410410p-8, -0x1.1111111111111p-8,
    0x1.f07c1f07c1f08p-8, -0x1.5995995995996p-6, 0x1.5555555555555p-4, -0x1.c5e5e5e5e5e5ep-2};

static double positive_digamma(double x) {
  if (x >= 10) {
    const double z = 1 / (x * x);
    double series = 0;
    for (int j = 7; j >= 0; j--) series = (series + digammaAsymptote[j]) * z;
    return log(x) - 0.5 / x - series;
  }
  // digamma(x + 1) = digamma(x) + 1/x
  double sum = 0;
  for (; x > 2; sum += 1 / x) x -= 1;
  for (; x < 1; x += 1) sum -= 1 / x;
  double series = 0;
  for (int j = 23; j >= 0; j--) series = series * (x - 1.5) + digammaSeries[j];
  return sum + ((x - zeroHigh) - zeroLow) * series;
}

double wg_digamma(double x) {
  if (x > 0 || x != x) return positive_digamma(x);
  if (x == 0) return -copysign(INFINITY, x);
  if (x == floor(x)) return NAN;
  // The tangent's period makes the first subtraction exact.
  return positive_digamma(1 - x) - M_PI / tan(M_PI * (x - rint(x)));
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
  return exp(wg_log_gamma(s) - s * log(x) + log(sum));
}

double wg_polygamma(double order, double x) {
  if (order == 0) return wg_digamma(x);
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
