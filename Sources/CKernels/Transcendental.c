// Functions of arrays that are computed in their own scalar type: y[i] = f(x[i]), where y may be x.
//
// The largest errors measured, over all floats and 150 million doubles or more each, with and without fused
// multiply-add, are 0.92 units in the last place for exp, 0.99 for log, 1.86 for sigmoid and 2.50 for tanh, and,
// over fewer arguments, 2.6 for silu, 0.83 for sin and cos, 2.3 for tan, 1.5 for logOnePlus, 1.7 for softplus, 1.3 for
// erf, 2.5 for erfc and 3.8 for gelu, subnormal results included.
// Infinities, NaNs and signed zeros follow IEEE 754.
//
// An element's result does not depend on its position: full vectors, the vector that overlaps at the end and
// the narrow vectors of short arrays perform the same operations on every lane. That takes `contract(on)`,
// which settles in the language what is fused (a * b + c in one expression, where the target can); `fast`
// leaves it to the optimizer, which may decide differently for each copy.
#include <math.h>

#include "Transcendental.h"

// pi/2 as three numbers, for float as four; the products of all but the last with integers below 2^16, for float 2^13,
// are exact.
static const double twoOverPi_f64 = 0x1.45f306dc9c883p-1;
static const double halfPi1_f64 = 0x1.921fb54440000p+0, halfPi2_f64 = 0x1.68c234c4c0000p-39;
static const double halfPi3_f64 = 0x1.98a2e03707345p-77;
static const double angleMax_f64 = 1e5;
static const float twoOverPi_f32 = 0x1.45f306p-1f, angleMax_f32 = 1e4;
static const float halfPi0_f32 = 0x1.920000p+0f, halfPi1_f32 = 0x1.fb4000p-12f;
static const float halfPi2_f32 = 0x1.444000p-24f, halfPi3_f32 = 0x1.68c234p-39f;
static const double sqrtHalf_f64 = 0x1.6a09e667f3bcdp-1;
static const float sqrtHalf_f32 = 0x1.6a09e6p-1f;
// Beyond these erfc(u), and Phi(-x), are 0.
static const double erfcMax_f64 = 28, geluMax_f64 = 40;
static const float erfcMax_f32 = 11, geluMax_f32 = 15.5f;

// Minimax polynomials, as those in Transcendental.h.
//   sinSeries: (sin r - r) / r^3 and cosSeries: (cos r - 1 + z/2) / r^4, in z = r^2, on |r| <= pi/4.
//   erfSeries: erf(x) / x - 1 on |x| <= 3/4, all in the square.
//   erfcSeries: (1 + 2 u) exp(u^2) erfc(u) in t = (u - 4) / (u + 4), on 0 <= u <= 28, for float on
//     1/2 <= u <= 11.5. This substitution is that of M. M. Shepherd and J. G. Laframboise, Math. Comp. 36 (1981).
// The bounds are those of the error of each function, relative to itself.
static const double sinSeries_f64[6] = {  // 2^-57.9
    -0x1.5555555555548p-3, 0x1.111111110f748p-7, -0x1.a01a019be95cap-13, 0x1.71de355356919p-19,
    -0x1.ae5e48b2f8f8bp-26, 0x1.5d8a2a91ab137p-33};
static const double cosSeries_f64[6] = {  // 2^-64.1
    0x1.555555555554bp-5, -0x1.6c16c16c1502cp-10, 0x1.a01a019c8f34ap-16, -0x1.27e4f7effb683p-22,
    0x1.1ee9d9a2ee919p-29, -0x1.8fa4d8e882c13p-37};
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
static const float sinSeries_f32[3] = {-0x1.555546p-3f, 0x1.110778p-7f, -0x1.9953e2p-13f};  // 2^-27.9
static const float cosSeries_f32[3] = {0x1.55554ap-5f, -0x1.6c0c28p-10f, 0x1.99e802p-16f};   // 2^-33.0
static const float erfSeries_f32[6] = {  // 2^-29.2
    0x1.06eba8p-3f, -0x1.81273ap-2f, 0x1.ce2acep-4f, -0x1.b7a75cp-6f, 0x1.4f188ap-8f, -0x1.613e4ap-11f};
static const float erfcSeries_f32[10] = {  // 2^-25.1
    0x1.3ba592p+0f, -0x1.1df1aap-3f, 0x1.f7eb32p-7f, 0x1.16eac0p-4f, -0x1.9dcf54p-4f, 0x1.8014e2p-4f,
    -0x1.0fb6b6p-4f, 0x1.2ebb84p-5f, -0x1.0da392p-6f, 0x1.5ffeeep-8f};

#define WG_TEMPLATE "NativeFunctions.template.h"

#define T float
#define ELEMENT float
#define CONSTANTS _f32
#define SUFFIX _f32
#define BITS 32
#define MANTISSA 23
#define BIAS 127
#include "Widths.h"
#undef T
#undef CONSTANTS
#undef BITS
#undef MANTISSA
#undef BIAS

#define T double
#define ELEMENT double
#define CONSTANTS _f64
#define SUFFIX _f64
#define BITS 64
#define MANTISSA 52
#define BIAS 1023
#include "Widths.h"

WG_KERNELS(exp)
WG_KERNELS(log)
WG_KERNELS(tanh)
WG_KERNELS(sigmoid)
WG_KERNELS(silu)
WG_KERNELS(logOnePlus)
WG_KERNELS(softplus)
WG_KERNELS(sin)
WG_KERNELS(cos)
WG_KERNELS(tan)
WG_KERNELS(erf)
WG_KERNELS(erfc)
WG_KERNELS(gelu)
