// Functions of arrays that are computed in double for either scalar type: y[i] = f(x[i]), where y may be x.
//
// Floats are widened, computed to their own precision, and their results rounded once: their error is half a unit in the
// last place, and a trifle.
// For double the largest errors measured, over 8 million arguments each of every magnitude (a hundred thousand or more for
// atan2, hypot and the inverse hyperbolic functions), with and without fused multiply-add, are in units in the last
// place: asin 0.70, acos 1.1, atan 1.6, atan2 1.9, sinh 2.2, cosh 1.3, asinh 1.7, acosh 2.5, atanh 1.9, expMinusOne 1.3,
// log2 0.85, log10 0.71, hypot 1.1, pow 1.2. Remainders are rounded only where the divisor is added to one of the other
// sign. The left tail of tanhGelu has the error of its exponent, which grows with that.
//
// What Transcendental.c says about positions holds here, too.
#include <math.h>

#include "Transcendental.h"

// pi/2 and pi/4, each with what is missing from it, what is missing from 3 pi/4, and tan(pi/8) and tan(3 pi/8).
static const double halfPi_f64 = 0x1.921fb54442d18p+0, halfPiLow_f64 = 0x1.1a62633145c07p-54;
static const double quarterPi_f64 = 0x1.921fb54442d18p-1, quarterPiLow_f64 = 0x1.1a62633145c07p-55;
static const double threeQuarterPiLow_f64 = 0x1.a79394c9e8a0ap-54;
static const double tanEighth_f64 = 0x1.a827999fcef32p-2, tanThreeEighths_f64 = 0x1.3504f333f9de6p+1;
static const double ln2_f64 = 0x1.62e42fefa39efp-1;
static const double geluLinear_f64 = 0x1.9884533d43651p+0, geluCubic_f64 = 0x1.2444f2a4d8b4bp-4;
// 1/ln 2 and 1/ln 10, and log10 2, each as two numbers: products with the first, of 26 and 42 bits, are exact.
static const double log2eHigh_f64 = 0x1.7154760000000p+0, log2eLow_f64 = 0x1.4ae0bf85ddf44p-26;
static const double log10eHigh_f64 = 0x1.bcb7b10000000p-2, log10eLow_f64 = 0x1.49b9438ca9aaep-28;
static const double log10of2High_f64 = 0x1.34413509f7800p-2, log10of2Low_f64 = 0x1.fef311f12b358p-46;

// Minimax polynomials, as those in Transcendental.h.
//   asinSeries: (asin s - s) / s^3 on |s| <= 1/2, atanSeries: (atan t - t) / t^3 on |t| <= tan(pi/8).
//   fineLogSeries: R(z) of logSeries, but for its leading coefficient, which is the sum of one of 25 bits and a rest.
// The bounds are those of the error of each function, relative to itself.
static const double fineLogFirst_f64 = 0x1.555555p-1, fineLogRest_f64 = 0x1.5555553460faep-27;
static const double fineLogSeries_f64[7] = {  // 2^-66.7
    0x1.9999999999e04p-2, 0x1.249249242adfap-2, 0x1.c71c725978683p-3, 0x1.745cde0cccf3cp-3,
    0x1.3b20b2ed6a741p-3, 0x1.0f5c1ad543569p-3, 0x1.0f698350900bep-3};
static const double asinSeries_f64[13] = {  // 2^-59.8
    0x1.5555555555578p-3, 0x1.333333332df87p-4, 0x1.6db6db7225b06p-5, 0x1.f1c71a8de17b9p-6,
    0x1.6e8bdfa36c301p-6, 0x1.1c49e2ed3ca6fp-6, 0x1.ca20c9b499b51p-7, 0x1.757b9ba091693p-7,
    0x1.61734105249d7p-7, 0x1.e2c89f1ed6307p-9, 0x1.648fc05f80e39p-6, -0x1.5950872319c3ep-6,
    0x1.0baf30cf3320ap-5};
static const double atanSeries_f64[12] = {  // 2^-64.3
    -0x1.5555555555554p-2, 0x1.9999999999659p-3, -0x1.2492492475cd3p-3, 0x1.c71c71b774c7ep-4,
    -0x1.745d14bf3e8c4p-4, 0x1.3b136ea21aa5fp-4, -0x1.110c791d7c168p-4, 0x1.e17274f430c29p-5,
    -0x1.ab804c791ac11p-5, 0x1.70f82798c8732p-5, -0x1.12500c6ec2df5p-5, 0x1.f247d85df8089p-7};

static const double asinSeries_widened[7] = {  // 2^-35.8
    0x1.55555608ca3d2p-3, 0x1.3332a839106c0p-4, 0x1.6ddb1cf9bbe86p-5, 0x1.ed546c04493c8p-6,
    0x1.935403f85136ap-6, 0x1.e9b43b5748592p-8, 0x1.1c2d757c323aap-5};
static const double atanSeries_widened[6] = {  // 2^-35.4
    -0x1.555554c9044f6p-2, 0x1.99991a8ba8819p-3, -0x1.247f0d0bf9335p-3, 0x1.c4688d44fd1e8p-4,
    -0x1.5b48065e619edp-4, 0x1.84ff1b07e5805p-5};

#define WG_TEMPLATE "Functions.template.h"
#include "Widened.h"

WG_WIDENED_KERNELS(expMinusOne)
WG_WIDENED_KERNELS(log2)
WG_WIDENED_KERNELS(log10)
WG_WIDENED_KERNELS(sinh)
WG_WIDENED_KERNELS(cosh)
WG_WIDENED_KERNELS(asinh)
WG_WIDENED_KERNELS(acosh)
WG_WIDENED_KERNELS(atanh)
WG_WIDENED_KERNELS(asin)
WG_WIDENED_KERNELS(acos)
WG_WIDENED_KERNELS(atan)
WG_WIDENED_KERNELS(tanhGelu)

WG_WIDENED_KERNELS_2(pow)
WG_WIDENED_KERNELS_2(atan2)
WG_WIDENED_KERNELS_2(hypot)
WG_WIDENED_KERNELS_2(remainder)
