// The matrix product for one element type and one instruction set. SmallGemm.c defines
//   WG_T, WG_I     the element type and the integer type of its size,
//   WG_TOP         the number of elements in the widest vector register,
//   WG_WIDE_FILE   1 if there are 32 vector registers, 0 if there are 16,
//   WG_TARGET      the attribute that selects the instruction set,
//   WG_NAME(base)  a name of its own for each combination,
// and includes this file.
#define WG_LANES 1
#include "SmallGemmPanel.template.h"
#undef WG_LANES
#define WG_LANES 2
#include "SmallGemmPanel.template.h"
#undef WG_LANES
#if WG_TOP >= 4
#define WG_LANES 4
#include "SmallGemmPanel.template.h"
#undef WG_LANES
#endif
#if WG_TOP >= 8
#define WG_LANES 8
#include "SmallGemmPanel.template.h"
#undef WG_LANES
#endif
#if WG_TOP >= 16
#define WG_LANES 16
#include "SmallGemmPanel.template.h"
#undef WG_LANES
#endif

// MARK: Any size

#define WG_OF(base, lanes) WG_CAT3(WG_NAME(base), _, lanes)
#define V WG_OF(Vector, WG_TOP)

enum {
  WG_NAME(maxVectors) = WG_WIDE_FILE ? 4 : 3,
  WG_NAME(maxWidth) = WG_NAME(maxVectors) * WG_TOP,
  // A packed panel of B has at most this many rows: it stays in the first-level cache beside the rows of A.
  WG_NAME(maxDepth) = 128,
};

// to[columns x rows] = from[rows x columns] transposed.
WG_TARGET static void WG_NAME(transpose)(ptrdiff_t rows, ptrdiff_t columns, const WG_T *from,
                                         ptrdiff_t ldfrom, WG_T *to, ptrdiff_t ldto) {
  const ptrdiff_t least = rows < columns ? rows : columns;
  if (least >= WG_TOP) WG_OF(transpose, WG_TOP)(rows, columns, from, ldfrom, to, ldto);
#if WG_TOP > 8
  else if (least >= 8) WG_OF(transpose, 8)(rows, columns, from, ldfrom, to, ldto);
#endif
#if WG_TOP > 4
  else if (least >= 4) WG_OF(transpose, 4)(rows, columns, from, ldfrom, to, ldto);
#endif
#if WG_TOP > 2
  else if (least >= 2) WG_OF(transpose, 2)(rows, columns, from, ldfrom, to, ldto);
#endif
  else
    for (ptrdiff_t i = 0; i < rows; ++i)
      for (ptrdiff_t j = 0; j < columns; ++j) to[j * ldto + i] = from[i * ldfrom + j];
}

// One panel with the widest vectors that fit it.
WG_TARGET static inline void WG_NAME(panel)(ptrdiff_t m, ptrdiff_t width, ptrdiff_t k, const WG_T *a,
                                            ptrdiff_t rowStep, ptrdiff_t depthStep, const WG_T *b,
                                            ptrdiff_t ldb, const WG_T *d, ptrdiff_t ldd, WG_T *c, ptrdiff_t ldc) {
#define WG_PANEL(lanes)                                                                                     \
  if (width >= lanes) {                                                                                     \
    const int vectors = (int)((width + lanes - 1) / lanes);                                                 \
    WG_OF(panel, lanes)(vectors, m, width, k, a, rowStep, depthStep, b, ldb, d, ldd, c, ldc);               \
  }
  WG_PANEL(WG_TOP)
#if WG_TOP > 8
  else WG_PANEL(8)
#endif
#if WG_TOP > 4
  else WG_PANEL(4)
#endif
#if WG_TOP > 2
  else WG_PANEL(2)
#endif
  else WG_PANEL(1)
#undef WG_PANEL
}

// Panel by panel, each broadcasting the elements of op(A) against vectors of B's rows. B is packed when it
// is transposed, and when it is too big for its rows to stay in the cache.
WG_TARGET static void WG_NAME(broadcast)(bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                                         const WG_T *a, ptrdiff_t rowStep, ptrdiff_t depthStep,
                                         const WG_T *b, ptrdiff_t ldb, const WG_T *d, ptrdiff_t ldd, WG_T *c,
                                         ptrdiff_t ldc) {
  WG_T packed[WG_NAME(maxDepth) * WG_NAME(maxWidth)];
  const bool pack = transposeB || (m >= 32 && k * ldb * (ptrdiff_t)sizeof(WG_T) > 65536);
  ptrdiff_t depth = k;
  if (pack && k > WG_NAME(maxDepth)) {
    const ptrdiff_t parts = (k + WG_NAME(maxDepth) - 1) / WG_NAME(maxDepth);
    depth = (k + parts - 1) / parts;
  }
  for (ptrdiff_t j = 0, width; j < n; j += width) {
    width = n - j;
    // What is left must be at least one vector wide.
    if (width > WG_NAME(maxWidth))
      width = width >= WG_NAME(maxWidth) + WG_TOP ? WG_NAME(maxWidth) : WG_NAME(maxWidth) - WG_TOP;
    for (ptrdiff_t p = 0, count; p < k; p += count) {
      count = depth < k - p ? depth : k - p;
      const WG_T *rows = b + (transposeB ? j * ldb + p : p * ldb + j);
      ptrdiff_t ldrows = ldb;
      if (pack) {
        if (transposeB) WG_NAME(transpose)(width, count, rows, ldb, packed, width);
        else
          for (ptrdiff_t q = 0; q < count; ++q)
            memcpy(packed + q * width, rows + q * ldb, (size_t)width * sizeof(WG_T));
        rows = packed;
        ldrows = width;
      }
      WG_NAME(panel)(m, width, count, a + p * depthStep, rowStep, depthStep, rows, ldrows,
                     p > 0 ? c + j : d ? d + j : NULL, p > 0 ? ldc : ldd, c + j, ldc);
    }
  }
}

// The sums of the WG_TOP lanes of each of eight vectors.
WG_INLINE WG_TARGET void WG_NAME(sum_lanes)(const V *x, WG_T *sums) {
#if WG_TOP == 16
  WG_OF(Vector, 8) half[8], quarter[4], y[2], z;
  WG_UNROLL for (int i = 0; i < 8; ++i)
    half[i] = __builtin_shufflevector(x[i], x[i], 0, 1, 2, 3, 4, 5, 6, 7) +
              __builtin_shufflevector(x[i], x[i], 8, 9, 10, 11, 12, 13, 14, 15);
#elif WG_TOP == 8
  V quarter[4], y[2], z;
  const V *half = x;
#endif
#if WG_TOP >= 8
  WG_UNROLL for (int i = 0; i < 4; ++i) quarter[i] = WG_PAIRS_8(half[2 * i], half[2 * i + 1]);
  WG_UNROLL for (int i = 0; i < 2; ++i) y[i] = WG_QUADS_8(quarter[2 * i], quarter[2 * i + 1]);
  z = WG_OCTETS_8(y[0], y[1]);
  *(WG_OF(Vector, 8) *)sums = z;
#elif WG_TOP == 4
  WG_UNROLL for (int i = 0; i < 8; i += 4) {
    V y = WG_PAIRS_4(x[i], x[i + 1]), z = WG_PAIRS_4(x[i + 2], x[i + 3]);
    *(V *)(sums + i) = WG_QUADS_4(y, z);
  }
#else
  WG_UNROLL for (int i = 0; i < 8; i += 2) *(V *)(sums + i) = WG_PAIRS_2(x[i], x[i + 1]);
#endif
}

// C[rows x columns] as dot products of rows of A with rows of B, k >= WG_TOP. There are always eight sums:
// a smaller block deals k out to several sets. The last vector of k overlaps; what it repeats is masked in
// both factors, for zero times infinity would not be zero.
WG_INLINE WG_TARGET void WG_NAME(dots)(const int rows, const int columns, ptrdiff_t k, const WG_T *a,
                                       ptrdiff_t lda, const WG_T *b, ptrdiff_t ldb, const WG_T *d, ptrdiff_t ldd, WG_T *c,
                                       ptrdiff_t ldc) {
  typedef WG_I I __attribute__((vector_size(sizeof(V)), aligned(sizeof(WG_T)), may_alias));
  static const WG_I masks[2 * WG_TOP] = WG_MASKS;
  const int sets = 8 / (rows * columns);
  WG_OFFSETS(WG_T, a, lda)
  WG_OFFSETS(WG_T, b, ldb)
  V sum[8], x[8], y[8];
  const V zero = {0};
  WG_UNROLL for (int i = 0; i < 8; ++i) sum[i] = zero;
  ptrdiff_t p = 0;
#define WG_DOTS(set, at, mask)                                                                              \
  WG_UNROLL for (int r = 0; r < rows; ++r) x[r] = mask(*(const V *)(WG_AT_ROW(a, r) + (at)));               \
  WG_UNROLL for (int q = 0; q < columns; ++q) y[q] = mask(*(const V *)(WG_AT_ROW(b, q) + (at)));            \
  WG_UNROLL for (int r = 0; r < rows; ++r)                                                                  \
    WG_UNROLL for (int q = 0; q < columns; ++q) sum[((set) * rows + r) * columns + q] += x[r] * y[q];
#define WG_WHOLE(vector) vector
#define WG_PART(vector) ((V)((I)vector & part))
  if (sets > 1)
    for (; p + sets * WG_TOP <= k; p += sets * WG_TOP)
      WG_UNROLL for (int s = 0; s < sets; ++s) { WG_DOTS(s, p + s * WG_TOP, WG_WHOLE) }
  _Pragma("clang loop unroll(disable)") for (; p + WG_TOP <= k; p += WG_TOP) { WG_DOTS(0, p, WG_WHOLE) }
  if (p < k) {
    const I part = *(const I *)(masks + (k - p));
    WG_DOTS(sets - 1, k - WG_TOP, WG_PART)
  }
#undef WG_DOTS
#undef WG_WHOLE
#undef WG_PART
  WG_T sums[8];
  WG_NAME(sum_lanes)(sum, sums);
  WG_UNROLL for (int r = 0; r < rows; ++r)
    WG_UNROLL for (int q = 0; q < columns; ++q) {
      WG_T total = sums[r * columns + q];
      WG_UNROLL for (int s = 1; s < sets; ++s) total += sums[(s * rows + r) * columns + q];
      c[r * ldc + q] = d ? d[r * ldd + q] + total : total;
    }
}

// C = A * B^T with both stored along k.
WG_TARGET static __attribute__((noinline)) void WG_NAME(dot_blocks)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
    const WG_T *a, ptrdiff_t lda, const WG_T *b, ptrdiff_t ldb, const WG_T *d, ptrdiff_t ldd, WG_T *c, ptrdiff_t ldc) {
#define WG_BLOCK(rows, columns)                                                                             \
  WG_NAME(dots)(rows, columns, k, a + i * lda, lda, b, ldb, d ? d + i * ldd : NULL, ldd, c + i * ldc, ldc)
#define WG_BLOCKS(rows, columns)                                                                            \
  for (; i + rows <= m; i += rows) WG_BLOCK(rows, columns);
#define WG_COLUMNS(columns)                                                                                 \
  b += columns * ldb;                                                                                       \
  d = d ? d + columns : NULL;                                                                               \
  c += columns;
  for (; n >= 4; n -= 4) {
    ptrdiff_t i = 0;
    WG_BLOCKS(2, 4) WG_BLOCKS(1, 4) WG_COLUMNS(4)
  }
  if (n >= 2) {
    ptrdiff_t i = 0;
    WG_BLOCKS(4, 2) WG_BLOCKS(2, 2) WG_BLOCKS(1, 2) WG_COLUMNS(2)
  }
  if (n & 1) {
    ptrdiff_t i = 0;
    WG_BLOCKS(8, 1) WG_BLOCKS(4, 1) WG_BLOCKS(2, 1) WG_BLOCKS(1, 1)
  }
#undef WG_COLUMNS
#undef WG_BLOCKS
#undef WG_BLOCK
}

// The same for any product with few rows of A or few columns of B: what does not run along k is packed.
WG_TARGET static void WG_NAME(dot)(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                                   const WG_T *a, ptrdiff_t lda, const WG_T *b, ptrdiff_t ldb,
                                   const WG_T *d, ptrdiff_t ldd, WG_T *c, ptrdiff_t ldc) {
  enum { depth = 256 };
  WG_T packedA[3 * depth], packedB[(WG_TOP - 1) * depth];
  const bool packA = transposeA && lda > 1, packB = !transposeB && ldb > 1;
  ptrdiff_t parts = packA || packB ? (k + depth - 1) / depth : 1;
  for (ptrdiff_t p = 0, count; p < k; p += count, parts -= 1) {
    count = (k - p + parts - 1) / parts;
    const WG_T *x = a + (transposeA ? p * lda : p), *y = b + (transposeB ? p : p * ldb);
    if (packA) WG_NAME(transpose)(count, m, x, lda, packedA, count);
    if (packB) WG_NAME(transpose)(count, n, y, ldb, packedB, count);
    WG_NAME(dot_blocks)(m, n, count, packA ? packedA : x, packA || transposeA ? count : lda,
                        packB ? packedB : y, packB || !transposeB ? count : ldb, p > 0 ? c : d, p > 0 ? ldc : ldd, c, ldc);
  }
}

// With fewer columns than a vector has lanes, but rows enough, and A stored along its rows' index: the
// transposed product has full vectors.
WG_TARGET static void WG_NAME(swapped)(bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                                       const WG_T *a, ptrdiff_t lda, const WG_T *b, ptrdiff_t ldb,
                                       const WG_T *d, ptrdiff_t ldd, WG_T *c, ptrdiff_t ldc) {
  const ptrdiff_t rowStep = transposeB ? ldb : 1, depthStep = transposeB ? 1 : ldb;
  if (n == 1 && ldc == 1 && (!d || ldd == 1)) {
    WG_NAME(broadcast)(false, 1, m, k, b, rowStep, depthStep, a, lda, d, m, c, m);
    return;
  }
  WG_T product[(WG_TOP - 1) * WG_NAME(maxWidth)];
  for (ptrdiff_t i = 0, rows; i < m; i += rows) {
    rows = m - i;
    if (rows > WG_NAME(maxWidth))
      rows = rows >= WG_NAME(maxWidth) + WG_TOP ? WG_NAME(maxWidth) : WG_NAME(maxWidth) - WG_TOP;
    WG_NAME(broadcast)(false, n, rows, k, b, rowStep, depthStep, a + i, lda, NULL, 0, product, rows);
    if (!d) WG_NAME(transpose)(n, rows, product, rows, c + i * ldc, ldc);
    else
      for (ptrdiff_t r = 0; r < rows; ++r)
        for (ptrdiff_t j = 0; j < n; ++j) c[(i + r) * ldc + j] = d[(i + r) * ldd + j] + product[j * rows + r];
  }
}

WG_TARGET static void WG_NAME(gemm)(bool transposeA, bool transposeB, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                                    const WG_T *a, ptrdiff_t lda, const WG_T *b, ptrdiff_t ldb,
                                    const WG_T *d, ptrdiff_t ldd, WG_T *c, ptrdiff_t ldc) {
  // With one row or column a transpose may be no more than a name: choose the one that runs along k.
  if (m == 1 && transposeA && lda == 1) transposeA = false, lda = k;
  if (k == 1 && transposeB && ldb == 1) transposeB = false, ldb = n;
  // The thresholds are measured: what a path spends on packing or on sums of lanes must be earned back.
  const bool swap = transposeA && m >= WG_TOP && n < WG_TOP && (k >= 4 || n == 1);
  bool dots;
  if (n == 1 || (transposeA && transposeB)) dots = !transposeA || m < 4;
  else if (transposeB) dots = n < WG_TOP || m <= 4 || (m <= 12 && k >= 8 * WG_TOP);
  else dots = !transposeA && ((n < WG_TOP / 2 && m >= 4) || (n < WG_TOP && m >= 16 && k >= 4 * WG_TOP));
  const ptrdiff_t rowStep = transposeA ? 1 : lda, depthStep = transposeA ? lda : 1;
  if (swap) WG_NAME(swapped)(transposeB, m, n, k, a, lda, b, ldb, d, ldd, c, ldc);
  else if (dots && k >= WG_TOP)
    WG_NAME(dot)(transposeA, transposeB, m, n, k, a, lda, b, ldb, d, ldd, c, ldc);
  else if (!transposeB && n <= WG_NAME(maxWidth) && k <= WG_NAME(maxDepth))
    WG_NAME(panel)(m, n, k, a, rowStep, depthStep, b, ldb, d, ldd, c, ldc);
  else
    WG_NAME(broadcast)(transposeB, m, n, k, a, rowStep, depthStep, b, ldb, d, ldd, c, ldc);
}

#undef V
#undef WG_OF
