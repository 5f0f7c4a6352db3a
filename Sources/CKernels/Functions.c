// Functions of arrays that are computed in double for either scalar type: y[i] = f(x[i]), where y may be x.
//
// Floats are widened, and their results rounded once: their error is half a unit in the last place, and a trifle.
// For double the largest errors measured, over 8 million arguments each of every magnitude, with and without fused
// multiply-add, are in units in the last place: sin and cos 0.83, tan 2.3, asin 0.70, acos 1.1, atan 1.6, sinh 2.2,
// cosh 1.3, expMinusOne 1.3, logOnePlus 1.3, log2 0.85, log10 0.71, softplus 1.7, erf 1.3, erfc 2.5, gelu 3.5, pow 1.2.
// The left tail of tanhGelu has the error of its exponent, which grows with that.
//
// What Transcendental.c says about positions holds here, too.
#include <math.h>

#include "Transcendental.h"

// pi/2 as three numbers; the products of the first two with integers below 2^16 are exact.
static const double twoOverPi_f64 = 0x1.45f306dc9c883p-1;
static const double halfPi1_f64 = 0x1.921fb54440000p+0, halfPi2_f64 = 0x1.68c234c4c0000p-39, halfPi3_f64 = 0x1.98a2e03707345p-77;
static const double angleMax_f64 = 1e5;
// pi/2 and pi/4, each with what is missing from it, and tan(pi/8) and tan(3 pi/8).
static const double halfPi_f64 = 0x1.921fb54442d18p+0, halfPiLow_f64 = 0x1.1a62633145c07p-54;
static const double quarterPi_f64 = 0x1.921fb54442d18p-1, quarterPiLow_f64 = 0x1.1a62633145c07p-55;
static const double tanEighth_f64 = 0x1.a827999fcef32p-2, tanThreeEighths_f64 = 0x1.3504f333f9de6p+1;
static const double sqrtHalf_f64 = 0x1.6a09e667f3bcdp-1;
static const double geluLinear_f64 = 0x1.9884533d43651p+0, geluCubic_f64 = 0x1.2444f2a4d8b4bp-4;
// 1/ln 2 and 1/ln 10, and log10 2, each as two numbers: products with the first, of 26 and 42 bits, are exact.
static const double log2eHigh_f64 = 0x1.7154760000000p+0, log2eLow_f64 = 0x1.4ae0bf85ddf44p-26;
static const double log10eHigh_f64 = 0x1.bcb7b10000000p-2, log10eLow_f64 = 0x1.49b9438ca9aaep-28;
static const double log10of2High_f64 = 0x1.34413509f7800p-2, log10of2Low_f64 = 0x1.fef311f12b358p-46;

// Minimax polynomials, as those in Transcendental.h.
//   sinSeries: (sin r - r) / r^3 and cosSeries: (cos r - 1 + z/2) / r^4, in z = r^2, on |r| <= pi/4.
//   asinSeries: (asin s - s) / s^3 on |s| <= 1/2, atanSeries: (atan t - t) / t^3 on |t| <= tan(pi/8).
//   erfSeries: erf(x) / x - 1 on |x| <= 3/4, all in the square.
//   erfcSeries: (1 + 2 u) exp(u^2) erfc(u) in t = (u - 4) / (u + 4), on 0 <= u <= 28. This substitution is that of
//     M. M. Shepherd and J. G. Laframboise, Math. Comp. 36 (1981).
//   fineLogSeries: R(z) of logSeries, but for its leading coefficient, which is the sum of one of 25 bits and a rest.
// The bounds are those of the error of each function, relative to itself.
static const double fineLogFirst_f64 = 0x1.555555p-1, fineLogRest_f64 = 0x1.5555553460faep-27;
static const double fineLogSeries_f64[7] = {  // 2^-66.7
    0x1.9999999999e04p-2, 0x1.249249242adfap-2, 0x1.c71c725978683p-3, 0x1.745cde0cccf3cp-3,
    0x1.3b20b2ed6a741p-3, 0x1.0f5c1ad543569p-3, 0x1.0f698350900bep-3};
static const double sinSeries_f64[6] = {  // 2^-57.9
    -0x1.5555555555548p-3, 0x1.111111110f748p-7, -0x1.a01a019be95cap-13, 0x1.71de355356919p-19,
    -0x1.ae5e48b2f8f8bp-26, 0x1.5d8a2a91ab137p-33};
static const double cosSeries_f64[6] = {  // 2^-64.1
    0x1.555555555554bp-5, -0x1.6c16c16c1502cp-10, 0x1.a01a019c8f34ap-16, -0x1.27e4f7effb683p-22,
    0x1.1ee9d9a2ee919p-29, -0x1.8fa4d8e882c13p-37};
static const double asinSeries_f64[13] = {  // 2^-59.8
    0x1.5555555555578p-3, 0x1.333333332df87p-4, 0x1.6db6db7225b06p-5, 0x1.f1c71a8de17b9p-6,
    0x1.6e8bdfa36c301p-6, 0x1.1c49e2ed3ca6fp-6, 0x1.ca20c9b499b51p-7, 0x1.757b9ba091693p-7,
    0x1.61734105249d7p-7, 0x1.e2c89f1ed6307p-9, 0x1.648fc05f80e39p-6, -0x1.5950872319c3ep-6,
    0x1.0baf30cf3320ap-5};
static const double atanSeries_f64[12] = {  // 2^-64.3
    -0x1.5555555555554p-2, 0x1.9999999999659p-3, -0x1.2492492475cd3p-3, 0x1.c71c71b774c7ep-4,
    -0x1.745d14bf3e8c4p-4, 0x1.3b136ea21aa5fp-4, -0x1.110c791d7c168p-4, 0x1.e17274f430c29p-5,
    -0x1.ab804c791ac11p-5, 0x1.70f82798c8732p-5, -0x1.12500c6ec2df5p-5, 0x1.f247d85df8089p-7};
static const double erfSeries_f64[11] = {  // 2^-60.1
    0x1.06eba8214db69p-3, -0x1.812746b0379e0p-2, 0x1.ce2f21a0424ddp-4, -0x1.b82ce31257d6bp-6,
    0x1.565bcd038075ap-8, -0x1.c02db127a3ed7p-11, 0x1.f9a2b0582fa69p-14, -0x1.f4c5ecd7e6142p-17,
    0x1.b90f779a360bbp-20, -0x1.5653e4f265a83p-23, 0x1.8a4a7a4f26294p-27};
static const double erfcSeries_f64[25] = {  // 2^-61.5
    0x1.3ba5916e9fd7fp+0, -0x1.1df1ad154a28fp-3, 0x1.f7f5df66fd7cfp-7, 0x1.16ecefcfa5406p-4,
    -0x1.9ddb23c3e9196p-4, 0x1.7fee004e112fcp-4, -0x1.0fb06dfe47f18p-4, 0x1.3079edf6af1c4p-5,
    -0x1.096238855dc73p-6, 0x1.49c6727703b35p-8, -0x1.8d4a999b438e2p-11, -0x1.a1df18a3cb7edp-13,
    0x1.3be037580d862p-13, -0x1.995b065696b3fp-16, -0x1.78838984be208p-17, 0x1.7f3d5070c1fdfp-18,
    0x1.395236ca28822p-22, -0x1.bc52de5fa1125p-21, 0x1.4a1aa896980b7p-24, 0x1.e5a209a4d6258p-24,
    -0x1.46addd19b6d87p-26, -0x1.1a6a9eef8f496p-26, 0x1.d162ad679f9c6p-30, 0x1.1912724395f26p-29,
    0x1.2ad0500f3d876p-32};

#define T double
#define SUFFIX _f64
#define BITS 64
#define MANTISSA 52
#define BIAS 1023
#define EXP_SERIES 11
#define LOG_SERIES 7
#define TANH_SERIES 6
#define LANES 8
#include "Transcendental.template.h"
#include "Logarithms.template.h"
#include "Trigonometric.template.h"
#include "ErrorFunction.template.h"
#include "Power.template.h"
#undef LANES
#define LANES 2
#include "Transcendental.template.h"
#include "Logarithms.template.h"
#include "Trigonometric.template.h"
#include "ErrorFunction.template.h"
#include "Power.template.h"
#undef LANES

// Vectors of 64 bytes of double, of 16 bytes for arrays shorter than that, and single elements in every lane.
#define WG_FUNCTION(function, type, suffix)                                            \
  WG_CLONES void wg_##function##_##suffix(const type *x, type *y, size_t n) {          \
    if (n >= 8) {                                                                      \
      map_##function##_##suffix##_f64x8(x, y, n);                                      \
    } else if (n >= 2) {                                                               \
      map_##function##_##suffix##_f64x2(x, y, n);                                      \
    } else if (n == 1) {                                                               \
      V_f64x2 v = (V_f64x2)(double)x[0];                                               \
      function##_f64x2(&v);                                                            \
      y[0] = (type)v[0];                                                               \
    }                                                                                  \
  }
#define WG_FUNCTIONS(function)         \
  WG_FUNCTION(function, float, f32)    \
  WG_FUNCTION(function, double, f64)
WG_FUNCTIONS(expMinusOne)
WG_FUNCTIONS(logOnePlus)
WG_FUNCTIONS(log2)
WG_FUNCTIONS(log10)
WG_FUNCTIONS(softplus)
WG_FUNCTIONS(sinh)
WG_FUNCTIONS(cosh)
WG_FUNCTIONS(sin)
WG_FUNCTIONS(cos)
WG_FUNCTIONS(tan)
WG_FUNCTIONS(asin)
WG_FUNCTIONS(acos)
WG_FUNCTIONS(atan)
WG_FUNCTIONS(erf)
WG_FUNCTIONS(erfc)
WG_FUNCTIONS(gelu)
WG_FUNCTIONS(tanhGelu)

#define WG_POWER(type, suffix)                                                            \
  WG_CLONES void wg_pow_##suffix(const type *a, const type *b, type *y, size_t n) {        \
    if (n >= 8) {                                                                         \
      map_pow_##suffix##_f64x8(a, b, y, n);                                               \
    } else if (n >= 2) {                                                                  \
      map_pow_##suffix##_f64x2(a, b, y, n);                                               \
    } else if (n == 1) {                                                                  \
      const V_f64x2 base = (V_f64x2)(double)a[0], exponent = (V_f64x2)(double)b[0];       \
      V_f64x2 power;                                                                      \
      pow_##suffix##_f64x2(&base, &exponent, &power);                                     \
      y[0] = (type)power[0];                                                              \
    }                                                                                     \
  }
WG_POWER(float, f32)
WG_POWER(double, f64)
