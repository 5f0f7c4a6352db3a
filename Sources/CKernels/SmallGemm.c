// Products of small matrices with vectors in registers, without the packing and the checks of a BLAS call.
//
// The kernels are written for a number of lanes and of registers, so each instruction set gets source of its
// own (SmallGemm.template.h, included once for each), unlike those that WG_CLONES compiles from one text.
#include "SmallGemm.h"

#include <stdint.h>
#include <string.h>

#include "Clones.h"

#define WG_INLINE static inline __attribute__((always_inline))
#define WG_UNROLL _Pragma("clang loop unroll(full)")
#define WG_CAT2_(a, b) a##b
#define WG_CAT2(a, b) WG_CAT2_(a, b)
#define WG_CAT3_(a, b, c) a##b##c
#define WG_CAT3(a, b, c) WG_CAT3_(a, b, c)

// Up to eight rows from two pointers and three offsets, which are hidden from the optimizer: it would reach
// each row by an addition to the address of the row before, a chain longer than the arithmetic.
#define WG_OFFSETS(type, a, step)                                                                           \
  const type *a##_4 = a + 4 * (step);                                                                       \
  ptrdiff_t a##_1 = (step), a##_2 = 2 * (step), a##_3 = 3 * (step);                                         \
  __asm__("" : "+r"(a##_1), "+r"(a##_2), "+r"(a##_3), "+r"(a##_4));
#define WG_AT_ROW(a, r)                                                                                     \
  (((r) < 4 ? a : a##_4) + ((r) % 4 == 0 ? 0 : (r) % 4 == 1 ? a##_1 : (r) % 4 == 2 ? a##_2 : a##_3))

// MARK: Shuffles

// The interleaved low halves of two vectors, and the high halves.
#define WG_ZIP_LOW_2(a, b) __builtin_shufflevector(a, b, 0, 2)
#define WG_ZIP_HIGH_2(a, b) __builtin_shufflevector(a, b, 1, 3)
#define WG_ZIP_LOW_4(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define WG_ZIP_HIGH_4(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define WG_ZIP_LOW_8(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define WG_ZIP_HIGH_8(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define WG_ZIP_LOW_16(a, b)                                                                                 \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define WG_ZIP_HIGH_16(a, b)                                                                                \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// Sums of neighbours within two vectors, side by side: of single lanes, of pairs, of quadruples. Applied in
// this order to a list of vectors they leave the sum of all the lanes of each, in the list's order.
#define WG_PAIRS_2(a, b) (__builtin_shufflevector(a, b, 0, 2) + __builtin_shufflevector(a, b, 1, 3))
#define WG_PAIRS_4(a, b)                                                                                    \
  (__builtin_shufflevector(a, b, 0, 4, 2, 6) + __builtin_shufflevector(a, b, 1, 5, 3, 7))
#define WG_QUADS_4(a, b)                                                                                    \
  (__builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7))
#define WG_PAIRS_8(a, b)                                                                                    \
  (__builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14) +                                               \
   __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15))
#define WG_QUADS_8(a, b)                                                                                    \
  (__builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +                                                \
   __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15))
#define WG_OCTETS_8(a, b)                                                                                   \
  (__builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +                                                \
   __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15))

// As many zeros as lanes, then as many ones: read at an offset of t, the mask of the last t lanes.
#define WG_MASKS_2 {0, 0, -1, -1}
#define WG_MASKS_4 {0, 0, 0, 0, -1, -1, -1, -1}
#define WG_MASKS_8 {0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1}
#define WG_MASKS_16                                                                                         \
  {0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,                                           \
   -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}
#define WG_MASKS WG_CAT2(WG_MASKS_, WG_TOP)

// MARK: Instruction sets

// The same platforms as for WG_CLONES choose at run time. Clang would split 512-bit vectors in two by its
// tuning for x86-64-v4, hence the second part of that attribute.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__)
#define WG_CHOICE 1
#else
#define WG_CHOICE 0
#endif

#if WG_CHOICE
#define WG_TARGET __attribute__((target("arch=x86-64-v4,no-prefer-256-bit")))
#define WG_WIDE_FILE 1
#define WG_T double
#define WG_I int64_t
#define WG_TOP 8
#define WG_NAME(base) base##_f64_v4
#include "SmallGemm.template.h"
#undef WG_T
#undef WG_I
#undef WG_TOP
#undef WG_NAME
#define WG_T float
#define WG_I int32_t
#define WG_TOP 16
#define WG_NAME(base) base##_f32_v4
#include "SmallGemm.template.h"
#undef WG_T
#undef WG_I
#undef WG_TOP
#undef WG_NAME
#undef WG_WIDE_FILE
#undef WG_TARGET

#define WG_TARGET __attribute__((target("arch=x86-64-v3")))
#define WG_WIDE_FILE 0
#define WG_T double
#define WG_I int64_t
#define WG_TOP 4
#define WG_NAME(base) base##_f64_v3
#include "SmallGemm.template.h"
#undef WG_T
#undef WG_I
#undef WG_TOP
#undef WG_NAME
#define WG_T float
#define WG_I int32_t
#define WG_TOP 8
#define WG_NAME(base) base##_f32_v3
#include "SmallGemm.template.h"
#undef WG_T
#undef WG_I
#undef WG_TOP
#undef WG_NAME
#undef WG_WIDE_FILE
#undef WG_TARGET
#endif

#define WG_TARGET
#if defined(__aarch64__)
#define WG_WIDE_FILE 1
#else
#define WG_WIDE_FILE 0
#endif
#define WG_T double
#define WG_I int64_t
#define WG_TOP 2
#define WG_NAME(base) base##_f64_baseline
#include "SmallGemm.template.h"
#undef WG_T
#undef WG_I
#undef WG_TOP
#undef WG_NAME
#define WG_T float
#define WG_I int32_t
#define WG_TOP 4
#define WG_NAME(base) base##_f32_baseline
#include "SmallGemm.template.h"
#undef WG_T
#undef WG_I
#undef WG_TOP
#undef WG_NAME

// MARK: Entry points

#define WG_DEFINE_CHOICE(type, suffix)                                                                      \
  typedef void WG_CAT2(Gemm, suffix)(bool, bool, ptrdiff_t, ptrdiff_t, ptrdiff_t, const type *, ptrdiff_t,  \
                                     const type *, ptrdiff_t, const type *, ptrdiff_t, type *, ptrdiff_t);  \
  static WG_CAT2(Gemm, suffix) *WG_CAT2(choose, suffix)(void) {                                             \
    WG_CHOOSE(suffix)                                                                                       \
    return gemm##suffix##_baseline;                                                                         \
  }
#if WG_CHOICE
#define WG_CHOOSE(suffix)                                                                                   \
  __builtin_cpu_init();                                                                                     \
  if (__builtin_cpu_supports("x86-64-v4")) return gemm##suffix##_v4;                                        \
  if (__builtin_cpu_supports("x86-64-v3")) return gemm##suffix##_v3;
#else
#define WG_CHOOSE(suffix)
#endif

// The choice is made by the first call. Threads that race make the same choice, so relaxed accesses do.
#define WG_DEFINE_ENTRY(type, suffix)                                                                       \
  WG_DEFINE_CHOICE(type, suffix)                                                                            \
  static WG_CAT2(Gemm, suffix) *chosen##suffix;                                                             \
  bool wg_small_gemm##suffix(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,       \
                             const type *a, ptrdiff_t lda, const type *b, ptrdiff_t ldb, const type *d,     \
                             ptrdiff_t ldd, type *c, ptrdiff_t ldc) {                                       \
    if (m < 0 || n < 0 || k < 0) return false;                                                              \
    const ptrdiff_t rowsA = transposeA ? k : m, columnsA = transposeA ? m : k;                              \
    const ptrdiff_t rowsB = transposeB ? n : k, columnsB = transposeB ? k : n;                              \
    if (rowsA > 1 ? lda < columnsA : (lda = columnsA, false)) return false;                                 \
    if (rowsB > 1 ? ldb < columnsB : (ldb = columnsB, false)) return false;                                 \
    if (m > 1 ? ldc < n : (ldc = n, false)) return false;                                                   \
    if (m == 0 || n == 0) return true;                                                                      \
    if (k == 0) {                                                                                           \
      for (ptrdiff_t i = 0; i < m && c != d; ++i)                                                           \
        for (ptrdiff_t j = 0; j < n; ++j) c[i * ldc + j] = d ? d[i * ldd + j] : 0;                          \
      return true;                                                                                          \
    }                                                                                                       \
    if (m <= 2 && n <= 2 && k <= 2) { /* Over before a kernel has set itself up. */                         \
      const ptrdiff_t rowA = transposeA ? 1 : lda, depthA = transposeA ? lda : 1;                           \
      const ptrdiff_t depthB = transposeB ? 1 : ldb, columnB = transposeB ? ldb : 1;                        \
      _Pragma("clang loop unroll(disable)") for (ptrdiff_t i = 0; i < m; ++i)                               \
        _Pragma("clang loop unroll(disable)") for (ptrdiff_t j = 0; j < n; ++j) {                           \
          type sum = a[i * rowA] * b[j * columnB];                                                          \
          if (k == 2) sum += a[i * rowA + depthA] * b[j * columnB + depthB];                                \
          c[i * ldc + j] = d ? d[i * ldd + j] + sum : sum;                                                  \
        }                                                                                                   \
      return true;                                                                                          \
    }                                                                                                       \
    WG_CAT2(Gemm, suffix) *gemm = __atomic_load_n(&chosen##suffix, __ATOMIC_RELAXED);                       \
    if (__builtin_expect(!gemm, 0)) {                                                                       \
      gemm = WG_CAT2(choose, suffix)();                                                                     \
      __atomic_store_n(&chosen##suffix, gemm, __ATOMIC_RELAXED);                                            \
    }                                                                                                       \
    gemm(transposeA, transposeB, m, n, k, a, lda, b, ldb, d, ldd, c, ldc);                                  \
    return true;                                                                                            \
  }

WG_DEFINE_ENTRY(double, _f64)
WG_DEFINE_ENTRY(float, _f32)

#ifdef __OPTIMIZE__
const ptrdiff_t wg_small_gemm_limit_f64 = 1 << 25;
const ptrdiff_t wg_small_gemm_limit_f32 = 1 << 26;
#else
const ptrdiff_t wg_small_gemm_limit_f64 = 8;
const ptrdiff_t wg_small_gemm_limit_f32 = 8;
#endif
