// The logarithm of the gamma function and its first two derivatives, of arrays, in double for either scalar type:
// y[i] = f(x[i]), where y may be x.
//
// Floats are widened, computed to their own precision, and their results rounded once: their error is half a unit in the
// last place and a trifle, or 0.92 where digamma changes its sign at negative numbers.
// For double the largest errors measured, over a hundred thousand arguments or more each, with and without fused
// multiply-add, are in units in the last place: logGamma 2.4, and beside its zeros at negative numbers, where the C library
// helps, 4.7; digamma 3.0 for positive arguments; trigamma 2.6 for positive arguments and 4.3 for negative ones.
//
// What Transcendental.c says about positions holds here, too.
#include <math.h>

#include "Polygamma.h"
#include "Transcendental.h"

// Digamma's zero in 1...2, as a sum, and (log(2 pi) - 1) / 2.
static const double zeroHigh_f64 = 0x1.762d86356be3fp+0, zeroLow_f64 = 0x1.b86a722197829p-54;
static const double stirlingConstant_f64 = 0x1.acfe390c97d69p-2;

// Minimax polynomials, as those in Transcendental.h, and that of Functions.c for logarithms as sums.
//   logGammaSeries: log Gamma(2 + t) / (t (t + 1)) on -3/4 <= t <= 1/2.
//   stirlingSeries: (log Gamma(x) - (x - 1/2) log x + x - log(2 pi) / 2) x in 1/x^2, from x = 5.5 on.
//   digammaSeries: x digamma(x) / (x - zero) in x - 2, on 3/4...3.25.
//   digammaAsymptote: (log x - 1 / (2 x) - digamma(x)) x^2 in 1/x^2, from x = 3.25 on.
//   trigammaSeries: x^2 digamma'(x) in x - 2, on 1...3.
//   trigammaAsymptote: (digamma'(x) - 1/x - 1 / (2 x^2)) x^3 in 1/x^2, from x = 3 on.
//   halfTurnSeries: (sin(pi f) / (pi f) - 1) / f^2 and cotangentSeries: (1/f - pi cot(pi f)) / f, both in f^2, on
//     |f| <= 1/2.
// The bounds are those of the error of each function, relative to itself; of the last one, absolute.
static const double fineLogFirst_f64 = 0x1.555555p-1, fineLogRest_f64 = 0x1.5555553460faep-27;
static const double fineLogSeries_f64[7] = {  // 2^-66.7
    0x1.9999999999e04p-2, 0x1.249249242adfap-2, 0x1.c71c725978683p-3, 0x1.745cde0cccf3cp-3,
    0x1.3b20b2ed6a741p-3, 0x1.0f5c1ad543569p-3, 0x1.0f698350900bep-3};
static const double logGammaSeries_f64[24] = {  // 2^-56.3
    0x1.b0ee6072093cep-2, -0x1.9ae6509ea109fp-4, 0x1.0e0c9df2935e8p-5, -0x1.95ce223a9cbcdp-7,
    0x1.479748538f170p-8, -0x1.145121f9b7312p-9, 0x1.dfebcfabe7b98p-11, -0x1.a96a3fdbdd8e4p-12,
    0x1.7ed72ae7f6e9dp-13, -0x1.5c86ccf45bdbep-14, 0x1.40309c9fa479ap-15, -0x1.284b180aa7991p-16,
    0x1.13ba004e76c42p-17, -0x1.02e850171b36ep-18, 0x1.ea727564643cfp-20, -0x1.ab487d3c28a1ap-21,
    0x1.90a64aa03e974p-22, -0x1.8ea875f82dbe4p-22, 0x1.a283b8c8fad8bp-25, 0x1.0ea205bbbdf68p-22,
    0x1.1c889419a5d47p-22, -0x1.5f9ec5ea06f95p-23, -0x1.233d56b54ccf1p-22, -0x1.c046a72397502p-24};
static const double stirlingSeries_f64[8] = {  // 2^-65.4
    0x1.555555555554cp-4, -0x1.6c16c16bd6d60p-9, 0x1.a01a0068ae1c2p-11, -0x1.3812c47e60fe9p-11,
    0x1.b910f7e6bb252p-11, -0x1.eff5f26a15ff5p-10, 0x1.6e122b8ebbbffp-8, -0x1.bf55b5325bcbcp-7};
static const double digammaSeries_f64[28] = {  // 2^-54.8
    0x1.9213d46736ba4p+0, 0x1.0e295ab52c7fap-2, -0x1.5e1e6eae23dd0p-5, 0x1.4455319074ea3p-7,
    -0x1.5c2e74200b504p-9, 0x1.93ef4f23e6457p-11, -0x1.ea93198a2c25bp-13, 0x1.32a38d4de69a8p-14,
    -0x1.86b7f4646814dp-16, 0x1.f85a7ae5291b3p-18, -0x1.48784b940587cp-19, 0x1.ae91aaddd716dp-21,
    -0x1.1b6fe2804f6e7p-22, 0x1.76995585ad96bp-24, -0x1.f1ad75d7f70c2p-26, 0x1.485c31a6a4b2ep-27,
    -0x1.a54e084e44876p-29, 0x1.290f7917eb526p-30, -0x1.ec7191d4054a4p-32, 0x1.ae0eb5866682cp-34,
    0x1.1ebeb0b6fe47ap-36, 0x1.9df3c76fe7ff4p-36, -0x1.bb2040ba94544p-36, -0x1.380d9934482bdp-39,
    0x1.2aaececcdf29ep-38, 0x1.e3f286fdd2717p-41, -0x1.3c97e8ad3e0e3p-41, -0x1.05abab3bcdf62p-45};
static const double digammaAsymptote_f64[11] = {  // 2^-59.7
    0x1.55555555553a1p-4, -0x1.1111110f2ca9cp-7, 0x1.04103df83a02fp-8, -0x1.110fce20784bep-8,
    0x1.f02c0e82eefa3p-8, -0x1.5659c68d4298cp-6, 0x1.3e4e65af34999p-4, -0x1.4fc9c6b90aeb4p-2,
    0x1.4247a98330547p+0, -0x1.b9a7406bfb04dp+1, 0x1.2cce74cac47c2p+2};
static const double trigammaSeries_f64[24] = {  // 2^-54.2
    0x1.4a34cc4a60fa6p+1, 0x1.ed332c397dc85p-1, 0x1.0c00f0c3e9788p-6, -0x1.cfef529b5a361p-8,
    0x1.877e576480931p-9, -0x1.4313847d5e61dp-10, 0x1.056c7d4adecd0p-11, -0x1.9fc8a9663835dp-13,
    0x1.4597ebb89efe3p-14, -0x1.f7047d14f7565p-16, 0x1.7fe0b476412cap-17, -0x1.21cc9518b90bdp-18,
    0x1.b1479e1d0efd7p-20, -0x1.414c61a2dee78p-21, 0x1.d9fc66da7bd65p-23, -0x1.58c1e667a551ap-24,
    0x1.e7a8fb0d8b735p-26, -0x1.6d8fc0e07c850p-27, 0x1.31c01c5fbb1a9p-28, -0x1.6a174021f47c7p-30,
    0x1.33b8a055b948cp-33, -0x1.5d025947a593bp-33, 0x1.52a2740acfb6cp-33, -0x1.37370b02422bap-35};
static const double trigammaAsymptote_f64[14] = {  // 2^-60.6
    0x1.555555555551ap-3, -0x1.11111110ddc8dp-5, 0x1.86186109ae2dcp-6, -0x1.1110eab27eb8dp-5,
    0x1.36467b95a4de0p-4, -0x1.02c1a42f4d2bep-2, 0x1.25f253c8c86d4p+0, -0x1.9ff74f0646b8ep+2,
    0x1.42b7f65f6f64ep+5, -0x1.dae304110f85fp+7, 0x1.226f6f65f4862p+10, -0x1.05ca7219ca3dep+12,
    0x1.2c00e9abc3313p+13, -0x1.4308847e9576fp+13};
static const double halfTurnSeries_f64[8] = {  // 2^-61.3
    -0x1.a51a6625307d3p+0, 0x1.9f9cb402bc429p-1, -0x1.86a8e4720a1dbp-3, 0x1.ac6805cc89975p-6,
    -0x1.33816997b7ec8p-9, 0x1.3746a183333b3p-13, -0x1.d3e6a30789f61p-18, 0x1.0743650a4735dp-22};
static const double cotangentSeries_f64[16] = {  // 2^-59.8
    0x1.a51a6625307d3p+1, 0x1.151322ac7d8a8p+1, 0x1.0470984c04473p+1, 0x1.010b36b160458p+1,
    0x1.00412dccde1bap+1, 0x1.00102ec2e31fcp+1, 0x1.0002b4532bf6cp+1, 0x1.0016e5ffccc97p+1,
    0x1.fdefade6ac602p+0, 0x1.09225079ecb87p+1, 0x1.893c0ca130086p+0, 0x1.0cf65324fc9ddp+2,
    -0x1.5ed4348f5949fp+2, 0x1.36f52bfebdd3ep+4, -0x1.79436692b15e8p+4, 0x1.518a31c5d5741p+4};

static const double logGammaSeries_widened[12] = {  // 2^-33.2
    0x1.b0ee6072a7935p-2, -0x1.9ae6507fade96p-4, 0x1.0e0c9a40f21ecp-5, -0x1.95ce612c07147p-7,
    0x1.479ab107df3abp-8, -0x1.143d674378996p-9, 0x1.ded9eec36697bp-11, -0x1.aed8d9f0eb6a7p-12,
    0x1.8f71a639f6301p-13, -0x1.046bb016c5f2cp-14, 0x1.f79fb6ad42333p-16, -0x1.a70ccb5f99402p-15};
static const double stirlingSeries_widened[3] = {  // 2^-34.1
    0x1.555554c20b901p-4, -0x1.6c051e26bf802p-9, 0x1.8f126b58ae949p-11};
static const double digammaSeries_widened[14] = {  // 2^-32.9
    0x1.9213d4668e28ap+0, 0x1.0e295acb161c2p-2, -0x1.5e1e6986e40fbp-5, 0x1.4454fb86ea506p-7,
    -0x1.5c31b89df8aeap-9, 0x1.9402c491a01cap-11, -0x1.e9cdffd618ad8p-13, 0x1.3117044c096cep-14,
    -0x1.91a083a2b3a61p-16, 0x1.0c4837631aaa7p-17, -0x1.f6393fd5ebf7fp-20, 0x1.fe668ead62a72p-22,
    -0x1.0d7f700d20fbfp-21, 0x1.9e26648c96802p-23};
static const double digammaAsymptote_widened[4] = {  // 2^-33.8
    0x1.55554ef10d677p-4, -0x1.10fba02bad5a9p-7, 0x1.fcb87255f1e96p-9, -0x1.7fe4134df2e8cp-9};
static const double trigammaSeries_widened[13] = {  // 2^-33.1
    0x1.4a34cc4accfffp+1, 0x1.ed332c51209a9p-1, 0x1.0c00e056f1b50p-6, -0x1.cff0a4855bb04p-8,
    0x1.8784f127be789p-9, -0x1.42e9014b21eebp-10, 0x1.04ecb1e56b62ep-11, -0x1.a44cf62e61addp-13,
    0x1.4ec02ba4b3f81p-14, -0x1.bc9502f805309p-16, 0x1.2b575cf30879dp-17, -0x1.cec419e134e17p-18,
    0x1.8f4216fa2a3fep-19};
static const double trigammaAsymptote_widened[5] = {  // 2^-33.6
    0x1.5555510880e99p-3, -0x1.1107f29ea0ceep-5, 0x1.82e4bf040edeap-6, -0x1.e0495e25ed073p-6,
    0x1.108ed671340ebp-5};
static const double halfTurnSeries_widened[5] = {  // 2^-35.6
    -0x1.a51a66166ed31p+0, 0x1.9f9cad7507833p-1, -0x1.86a70053cd004p-3, 0x1.abedf190bafb5p-6,
    -0x1.257b7a553f7ffp-9};
static const double cotangentSeries_widened[9] = {  // 2^-33.9
    0x1.a51a662a434fap+1, 0x1.15131e0d2fcf8p+1, 0x1.0471d3f95bc35p+1, 0x1.00e5147bab06ap+1,
    0x1.02bba618487f8p+1, 0x1.d03da18ae7fd4p+0, 0x1.88e9d826f1033p+1, -0x1.7b7bf5f411a4cp+0,
    0x1.e2e06368d3eecp+2};

#define WG_TEMPLATE "Gamma.template.h"
#include "Widened.h"

WG_WIDENED_KERNELS(logGamma)
WG_WIDENED_KERNELS(digamma)
WG_WIDENED_KERNELS(trigamma)
