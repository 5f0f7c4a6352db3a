// Random numbers from a counter: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2,
// 3, 2011), and distributions made of operations that IEEE 754 rounds alike everywhere.
#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "Clones.h"

// The same bits on every machine: nothing may be fused.
#pragma clang fp contract(off)

enum { LANES = 16 };

/// Blocks first ..< first + count of a stream, two words each.
WG_CLONES static void philox(uint64_t key, uint64_t stream, uint64_t first, uint64_t *words, size_t count) {
  for (size_t start = 0; start < count; start += LANES) {
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    for (int i = 0; i < LANES; i++) {
      const uint64_t block = first + start + i;
      c0[i] = (uint32_t)block, c1[i] = (uint32_t)(block >> 32);
      c2[i] = (uint32_t)stream, c3[i] = (uint32_t)(stream >> 32);
    }
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < LANES; i++) {
        const uint64_t p0 = (uint64_t)0xD2511F53 * c0[i], p1 = (uint64_t)0xCD9E8D57 * c2[i];
        c0[i] = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0;
        c1[i] = (uint32_t)p1;
        c2[i] = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
        c3[i] = (uint32_t)p0;
      }
      k0 += 0x9E3779B9, k1 += 0xBB67AE85;
    }
    const size_t left = count - start < LANES ? count - start : LANES;
    for (size_t i = 0; i < left; i++) {
      words[2 * (start + i)] = c0[i] | (uint64_t)c1[i] << 32;
      words[2 * (start + i) + 1] = c2[i] | (uint64_t)c3[i] << 32;
    }
  }
}

void wg_random_blocks(uint64_t key, uint64_t stream, uint64_t first, size_t count, uint64_t *words) {
  philox(key, stream, first, words, count);
}

/// The upper 53 bits of each word, as numbers in 0 ..< 1.
WG_CLONES static void units(const uint64_t *words, double *u, size_t n) {
  // The exponent of 2^52 over 52 bits makes a number, and the last bit is added to it: a conversion of 64-bit integers
  // is missing before AVX-512.
  for (size_t i = 0; i < n; i++) {
    const uint64_t upper = words[i] >> 12 | (uint64_t)0x3FF << 52;
    double number;
    memcpy(&number, &upper, sizeof number);
    u[i] = (number - 1) + (words[i] & 0x800 ? 0x1p-53 : 0);
  }
}

/// The natural logarithm of a number in 2^-53 ... 1, to about one ulp.
static inline __attribute__((always_inline)) double portable_log(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  // Adding what moves sqrt(1/2) to 1 makes the exponent field that of x / m with m in [sqrt(1/2), sqrt(2)).
  const uint64_t moved = bits + (0x3FF0000000000000 - 0x3FE6A09E667F3BCD);
  const uint64_t exponent = moved >> 52 | 0x4330000000000000;
  const uint64_t fraction = (moved & 0xFFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD;
  double k, m;
  memcpy(&k, &exponent, sizeof k);
  memcpy(&m, &fraction, sizeof m);
  k -= 0x1p52 + 1023;
  // log m = 2 artanh s with |s| < 0.172.
  const double s = (m - 1) / (m + 1), z = s * s;
  double series = 1.0 / 23;
  series = series * z + 1.0 / 21;
  series = series * z + 1.0 / 19;
  series = series * z + 1.0 / 17;
  series = series * z + 1.0 / 15;
  series = series * z + 1.0 / 13;
  series = series * z + 1.0 / 11;
  series = series * z + 1.0 / 9;
  series = series * z + 1.0 / 7;
  series = series * z + 1.0 / 5;
  series = series * z + 1.0 / 3;
  return k * 0.693147180559945309 + (2 * s + 2 * s * z * series);
}

/// Pairs of normal numbers from pairs of uniform ones, by Box and Muller's method.
WG_CLONES static void normals(double *u, size_t pairs) {
  for (size_t i = 0; i < pairs; i++) {
    const double radius = __builtin_elementwise_sqrt(-2 * portable_log(1 - u[2 * i]));
    // The angle, 2 pi u, as a quarter turn q and the rest, at most an eighth of a turn: x = f pi / 2.
    const double turns = 4 * u[2 * i + 1];
    const double q = (turns + 0x1.8p52) - 0x1.8p52;
    const double x = (turns - q) * 1.57079632679489662, z = x * x;
    double sine = 1.0 / 355687428096000;
    sine = sine * z - 1.0 / 1307674368000;
    sine = sine * z + 1.0 / 6227020800;
    sine = sine * z - 1.0 / 39916800;
    sine = sine * z + 1.0 / 362880;
    sine = sine * z - 1.0 / 5040;
    sine = sine * z + 1.0 / 120;
    sine = sine * z - 1.0 / 6;
    sine = x + x * z * sine;
    double cosine = 1.0 / 20922789888000;
    cosine = cosine * z - 1.0 / 87178291200;
    cosine = cosine * z + 1.0 / 479001600;
    cosine = cosine * z - 1.0 / 3628800;
    cosine = cosine * z + 1.0 / 40320;
    cosine = cosine * z - 1.0 / 720;
    cosine = cosine * z + 1.0 / 24;
    cosine = 1 - (0.5 * z - z * z * cosine);
    const bool isOdd = q == 1 || q == 3;
    const double c = isOdd ? sine : cosine, s = isOdd ? cosine : sine;
    u[2 * i] = radius * (q == 1 || q == 2 ? -c : c);
    u[2 * i + 1] = radius * (q == 2 || q == 3 ? -s : s);
  }
}

#define WG_TEMPLATE "Random.template.h"
#include "Templates.h"
