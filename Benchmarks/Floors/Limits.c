#include "Limits.h"

#include "Clones.h"

#pragma clang fp contract(fast)

typedef float lanes_f32 __attribute__((vector_size(64), aligned(64)));
typedef double lanes_f64 __attribute__((vector_size(64), aligned(64)));

// Four vectors at once: with fewer, sums would wait for each other.
#define FOUR(X) X(0) X(1) X(2) X(3)
#define READ(k)                    \
  lanes_f32 v##k = s[k];           \
  if (R > 0) v##k = a[i + k];      \
  if (R > 1) v##k += b[i + k];     \
  if (R > 2) v##k += c[i + k];     \
  if (W == 0) s[k] += v##k;
#define STREAM(NAME, READS, WRITES, STORE_BY)                                                                  \
  WF_CLONES static float NAME(const lanes_f32 *a, const lanes_f32 *b, const lanes_f32 *c, lanes_f32 *y,        \
                              lanes_f32 *z, size_t count) {                                                    \
    enum { R = READS, W = WRITES };                                                                            \
    lanes_f32 s[4] = {{0}};                                                                                    \
    for (size_t i = 0; i + 4 <= count; i += 4) { STREAM_BODY(STORE_BY) }                                       \
    return s[0][0] + s[1][0] + s[2][0] + s[3][0];                                                              \
  }
#define STREAM_BODY(STORE_BY) FOUR(READ) STORE_##STORE_BY
#define WRITE_PLAIN(k)                 \
  if (W > 0) y[i + k] = v##k;          \
  if (W > 1) z[i + k] = v##k;
#define WRITE_PAST(k)                                          \
  if (W > 0) __builtin_nontemporal_store(v##k, y + i + k);     \
  if (W > 1) __builtin_nontemporal_store(v##k, z + i + k);
#define STORE_PLAIN FOUR(WRITE_PLAIN)
#define STORE_PAST FOUR(WRITE_PAST)

#define STREAMS(X) \
  X(0, 1) X(0, 2) X(1, 0) X(1, 1) X(1, 2) X(2, 0) X(2, 1) X(2, 2) X(3, 0) X(3, 1) X(3, 2)
#define DEFINE(READS, WRITES)                              \
  STREAM(stream_##READS##_##WRITES, READS, WRITES, PLAIN)  \
  STREAM(past_##READS##_##WRITES, READS, WRITES, PAST)
STREAMS(DEFINE)

float wf_stream(int reads, int writes, bool past_caches, const void *const sources[3], void *const targets[2],
                size_t count, size_t passes) {
  const lanes_f32 *a = sources[0], *b = sources[1], *c = sources[2];
  lanes_f32 *y = targets[0], *z = targets[1];
  float result = 0;
  for (size_t pass = 0; pass < passes; pass++) {
    switch (reads * 10 + writes) {
#define CALL(READS, WRITES)                                                                       \
  case READS * 10 + WRITES:                                                                       \
    result += past_caches ? past_##READS##_##WRITES(a, b, c, y, z, count)                         \
                          : stream_##READS##_##WRITES(a, b, c, y, z, count);                      \
    break;
      STREAMS(CALL)
    }
  }
  return result;
}

// Each accumulator is a variable of its own, so that it stays in a register.
#define SIX(X) X(0) X(1) X(2) X(3) X(4) X(5)
#define TWELVE(X) SIX(X) X(6) X(7) X(8) X(9) X(10) X(11)
#define DECLARE(k) LANES x##k = start + k;
#define STEP(k) x##k = x##k * factor + summand;
#define ADD(k) sum += x##k;
#define MULTIPLY_ADD(NAME, ALL)                                                          \
  WF_CLONES static SCALAR NAME(size_t count, const LANES *in) {                          \
    const LANES start = in[0], factor = in[1], summand = in[2];                          \
    ALL(DECLARE)                                                                         \
    for (size_t i = 0; i < count; i++) { ALL(STEP) }                                     \
    LANES sum = {0};                                                                     \
    ALL(ADD)                                                                             \
    return sum[0];                                                                       \
  }
#define MULTIPLY_ADDS(SUFFIX)                                                                    \
  MULTIPLY_ADD(six_##SUFFIX, SIX)                                                                \
  MULTIPLY_ADD(twelve_##SUFFIX, TWELVE)                                                          \
  SCALAR wf_multiply_add_##SUFFIX(size_t count, bool is_wide, double *operations) {              \
    const LANES in[3] = {{1}, (LANES){0} + (SCALAR)0.5, (LANES){0} + (SCALAR)0.25};              \
    *operations = (double)count * (is_wide ? 12 : 6) * 2 * (double)(sizeof(LANES) / sizeof(SCALAR)); \
    return is_wide ? twelve_##SUFFIX(count, in) : six_##SUFFIX(count, in);                       \
  }

#define SCALAR float
#define LANES lanes_f32
MULTIPLY_ADDS(f32)
#undef SCALAR
#undef LANES
#define SCALAR double
#define LANES lanes_f64
MULTIPLY_ADDS(f64)
