// What the vector functions share: constants, and the names of functions per scalar type and vector width.
#ifndef WENGERT_TRANSCENDENTAL_H
#define WENGERT_TRANSCENDENTAL_H

#include <stddef.h>
#include <stdint.h>

#include "Clones.h"

#pragma clang fp contract(on)

#define WG_PASTE_(a, b) a##b
#define WG_PASTE(a, b) WG_PASTE_(a, b)
#define UINT(bits) WG_PASTE(WG_PASTE(uint, bits), _t)
#define WG_INLINE static inline __attribute__((always_inline))

// A function of one vector from its two halves, for loops over both see Map.h: what the first makes of the argument is
// all that the second needs beside it.
#define WG_OF_HALVES(function)                \
  WG_INLINE void K(function)(V *v) {          \
    K(Reduced) reduced;                       \
    K(function##Begin)(v, &reduced);          \
    K(function##End)(v, &reduced, v);         \
  }

// log2e is 1/ln2, rounded. ln2High is ln2 rounded to so few bits that its product with any exponent is exact,
// and ln2Low is ln2 - ln2High, rounded. rootHalf is sqrt(1/2).
//
// The series are minimax polynomials, fitted by the Remez exchange algorithm in 300-bit arithmetic;
// coefficients were rounded one after the other, the lowest first, and the remaining ones fitted again as far
// as that helped.
//   expSeries: Q(r) = (e^r - 1 - r) / r^2 on |r| <= ln2/2.
//     |r error of Q| bounds the error of e^r - 1 relative to r.
//   logSeries: R(z) = (2 artanh(s) - 2 s) / s^3, z = s^2, on |s| <= 3 - sqrt(8).
//     That interval is the image of [sqrt(1/2), sqrt(2)]. z/2 |error of R| bounds the error of
//     log(1 + f) = 2 artanh(s) relative to itself.
//   tanhSeries: S(z) = (1 - tanh(u) / u) / z, z = u^2, on |u| <= ln2/4.
//     z |error of S| bounds the error of tanh(u) relative to itself.
// The bounds are given with the coefficients.
//
// expMin and expMax lie beyond the arguments where e^x, and at the left x e^x, becomes 0 and infinity; for
// |x| >= -tanhMin, tanh is 1. Adding shift rounds to an integer, as it makes the last place of the sum 1.
static const float log2e_f32 = 0x1.715476p+0f, ln2High_f32 = 0x1.62e4p-1f, ln2Low_f32 = 0x1.7f7d1cp-20f;
static const float expMin_f32 = -150, expMax_f32 = 89, tanhMin_f32 = -10, shift_f32 = 0x1.8p+23f;
static const float rootHalf_f32 = 0x1.6a09e6p-1f, two54_f32 = 0x1p+54f;
static const float expSeries_f32[6] = {  // 2^-28.7
    0x1.000000p-1f, 0x1.555556p-3f, 0x1.5554aep-5f, 0x1.111090p-7f, 0x1.6d748cp-10f, 0x1.a1a14ap-13f};
static const float logSeries_f32[3] = {0x1.55557ap-1f, 0x1.995ed6p-2f, 0x1.31e080p-2f};  // 2^-30.2
static const float tanhSeries_f32[3] = {0x1.55554ep-2f, -0x1.1105d0p-3f, 0x1.aff29ep-5f};  // 2^-32.6

static const double log2e_f64 = 0x1.71547652b82fep+0;
static const double ln2High_f64 = 0x1.62e42fefa38p-1, ln2Low_f64 = 0x1.ef35793c7673p-45;
static const double expMin_f64 = -1000, expMax_f64 = 710, tanhMin_f64 = -20, shift_f64 = 0x1.8p+52;
static const double rootHalf_f64 = 0x1.6a09e667f3bcdp-1, two54_f64 = 0x1p+54;
static const double expSeries_f64[11] = {  // 2^-61.4
    0x1.0000000000000p-1,  0x1.5555555555559p-3,  0x1.5555555555556p-5,  0x1.111111110f662p-7,
    0x1.6c16c16c159cbp-10, 0x1.a01a01aff004fp-13, 0x1.a01a01adb19cdp-16, 0x1.71ddf85aa581ep-19,
    0x1.27e4c3fa40f5ep-22, 0x1.af5e8ec72a8f5p-26, 0x1.1fa35c7bd7970p-29};
static const double logSeries_f64[7] = {  // 2^-59.4
    0x1.5555555555592p-1, 0x1.999999997ff1bp-2, 0x1.24924941e131cp-2, 0x1.c71c52146fb17p-3,
    0x1.74663ce72b2dcp-3, 0x1.39a1e965916b7p-3, 0x1.2f03b4460a0dep-3};
static const double tanhSeries_f64[6] = {  // 2^-57.8
    0x1.55555555554bdp-2,  -0x1.11111110e0e5ep-3, 0x1.ba1ba11780615p-5,
    -0x1.664eca3b8b6e5p-6, 0x1.223c8c45fcee9p-7,  -0x1.c38838358f663p-9};

// The same for floats that are computed in double.
static const double expSeries_widened[6] = {  // 2^-32.0
    0x1.00000027d7a2cp-1, 0x1.555555895f02fp-3, 0x1.5554addcee501p-5, 0x1.11108f2e8abe6p-7,
    0x1.6d747de91f6fcp-10, 0x1.a1a1e2886b70ap-13};
static const double logSeries_widened[4] = {  // 2^-37.6
    0x1.555554fdaa5a4p-1, 0x1.999a7a7c9a054p-2, 0x1.2438d95ce1b77p-2, 0x1.e2f64d0da8362p-3};
static const double tanhSeries_widened[3] = {  // 2^-32.6
    0x1.55554e3bdb011p-2, -0x1.1105d0f80abf9p-3, 0x1.aff296486c04bp-5};

// Names in the templates: a constant of the type that is computed in, a series (with its length, as two arguments of
// `polynomial`) of the precision that is computed to, and a function of this precision and vector width.
#define C(name) WG_PASTE(name, CONSTANTS)
#define SERIES(name) WG_PASTE(name, SUFFIX), (int)(sizeof WG_PASTE(name, SUFFIX) / sizeof WG_PASTE(name, SUFFIX)[0])
#define K(name) WG_PASTE(WG_PASTE(WG_PASTE(name, SUFFIX), x), LANES)
// Whether doubles are computed with to no more than the precision of floats, which they were and will be again.
#define WIDENED (sizeof(ELEMENT) < sizeof(T))

#endif
