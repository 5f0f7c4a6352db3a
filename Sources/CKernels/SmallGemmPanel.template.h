// The matrix product with vectors of WG_LANES elements, panel by panel, and the transpose of blocks of them. Included by
// SmallGemm.template.h, with its macros, for every vector width up to WG_TOP.

#define WG_AT(base) WG_CAT3(WG_NAME(base), _, WG_LANES)
#define V WG_AT(Vector)

#if WG_LANES == 1
typedef WG_T V;
#else
// Loads and stores go through this type, so it has the alignment of one element.
typedef WG_T V __attribute__((vector_size(WG_LANES * sizeof(WG_T)), aligned(sizeof(WG_T)), may_alias));
#endif

// C[rows x width] from `rows` rows of op(A) and the `width` columns of B at `b`, held in registers. The
// last vector ends at the last column and overlaps the one before it, so there are no partial vectors; as
// D, to which the product is added, is read before any of C is written, an overlap is harmless if D is C. A few accumulators
// are not enough to hide the latency of multiply-add: then k is dealt out to several sets of them.
WG_INLINE WG_TARGET void WG_AT(tile)(const int rows, const int vectors, ptrdiff_t width, ptrdiff_t k,
                                     const WG_T *a, ptrdiff_t rowStep, ptrdiff_t depthStep, const WG_T *b,
                                     ptrdiff_t ldb, const WG_T *d, ptrdiff_t ldd, WG_T *c, ptrdiff_t ldc) {
  const int sets = rows * vectors <= 2 ? 4 : rows * vectors <= 4 ? 2 : 1;
  const ptrdiff_t last = width - WG_LANES;
  WG_OFFSETS(WG_T, a, rowStep)
  V sum[4][8][4];
  const V zero = {0};
  WG_UNROLL for (int s = 0; s < sets; ++s)
    WG_UNROLL for (int r = 0; r < rows; ++r)
      WG_UNROLL for (int v = 0; v < vectors; ++v) sum[s][r][v] = zero;

  ptrdiff_t p = 0;
  if (sets > 1) {
    for (; p + sets <= k; p += sets) {
      WG_UNROLL for (int s = 0; s < sets; ++s) {
        WG_UNROLL for (int v = 0; v < vectors; ++v) {
          V x = *(const V *)(b + (v + 1 < vectors ? v * WG_LANES : last));
          WG_UNROLL for (int r = 0; r < rows; ++r) sum[s][r][v] += *WG_AT_ROW(a, r) * x;
        }
        a += depthStep;
        a_4 += depthStep;
        b += ldb;
      }
    }
  }
  _Pragma("clang loop unroll(disable)") for (; p < k; ++p) {
    V x[4];
    WG_UNROLL for (int v = 0; v < vectors; ++v)
      x[v] = *(const V *)(b + (v + 1 < vectors ? v * WG_LANES : last));
    WG_UNROLL for (int r = 0; r < rows; ++r) {
      const WG_T y = *WG_AT_ROW(a, r);
      WG_UNROLL for (int v = 0; v < vectors; ++v) sum[0][r][v] += y * x[v];
    }
    a += depthStep;
    a_4 += depthStep;
    b += ldb;
  }
  WG_UNROLL for (int r = 0; r < rows; ++r)
    WG_UNROLL for (int v = 0; v < vectors; ++v) {
      if (sets == 2) sum[0][r][v] += sum[1][r][v];
      if (sets == 4) sum[0][r][v] = (sum[0][r][v] + sum[1][r][v]) + (sum[2][r][v] + sum[3][r][v]);
    }
  if (d) {
    WG_UNROLL for (int r = 0; r < rows; ++r)
      WG_UNROLL for (int v = 0; v < vectors; ++v)
        sum[0][r][v] += *(const V *)(d + r * ldd + (v + 1 < vectors ? v * WG_LANES : last));
  }
  WG_UNROLL for (int r = 0; r < rows; ++r)
    WG_UNROLL for (int v = 0; v < vectors; ++v)
      *(V *)(c + r * ldc + (v + 1 < vectors ? v * WG_LANES : last)) = sum[0][r][v];
}

// All rows of C over one panel of columns, `step` (4 or 8) at a time.
WG_INLINE WG_TARGET void WG_AT(column)(const int step, const int vectors, ptrdiff_t m, ptrdiff_t width,
                                       ptrdiff_t k, const WG_T *a, ptrdiff_t rowStep, ptrdiff_t depthStep,
                                       const WG_T *b, ptrdiff_t ldb, const WG_T *d, ptrdiff_t ldd, WG_T *c,
                                       ptrdiff_t ldc) {
#define WG_ROWS(count)                                                                                      \
  {                                                                                                         \
    WG_AT(tile)(count, vectors, width, k, a, rowStep, depthStep, b, ldb, d, ldd, c, ldc);                   \
    a += count * rowStep;                                                                                   \
    d = d ? d + count * ldd : NULL;                                                                         \
    c += count * ldc;                                                                                       \
  }
  for (; m >= step; m -= step) WG_ROWS(step)
  if (step > 4 && m >= 4) {
    WG_ROWS(4)
    m -= 4;
  }
  if (m >= 2) {
    WG_ROWS(2)
    m -= 2;
  }
  if (m) WG_ROWS(1)
#undef WG_ROWS
}

// The columns of C that fit `vectors` registers: width is in (vectors - 1, vectors] * WG_LANES, and at
// least WG_LANES.
WG_TARGET static __attribute__((noinline)) void WG_AT(panel)(int vectors, ptrdiff_t m, ptrdiff_t width,
    ptrdiff_t k, const WG_T *a, ptrdiff_t rowStep, ptrdiff_t depthStep, const WG_T *b, ptrdiff_t ldb,
    const WG_T *d, ptrdiff_t ldd, WG_T *c, ptrdiff_t ldc) {
#define WG_COLUMN(step, vectors)                                                                            \
  WG_AT(column)(step, vectors, m, width, k, a, rowStep, depthStep, b, ldb, d, ldd, c, ldc)
  switch (vectors) {
    case 1: WG_COLUMN(8, 1); break;
#if WG_LANES > 1
    case 2: WG_COLUMN(WG_WIDE_FILE ? 8 : 4, 2); break;
#endif
#if WG_LANES == WG_TOP
    case 3: WG_COLUMN(4, 3); break;
#if WG_WIDE_FILE
    case 4: WG_COLUMN(4, 4); break;
#endif
#endif
  }
#undef WG_COLUMN
}

#if WG_LANES > 1
// The transpose of a block of WG_LANES x WG_LANES: each round interleaves the two halves of the rows.
WG_INLINE WG_TARGET void WG_AT(block)(const WG_T *from, ptrdiff_t ldfrom, WG_T *to, ptrdiff_t ldto) {
  V x[WG_LANES], y[WG_LANES];
  WG_UNROLL for (int i = 0; i < WG_LANES; ++i) x[i] = *(const V *)(from + i * ldfrom);
  WG_UNROLL for (int round = 1; round < WG_LANES; round *= 2) {
    WG_UNROLL for (int i = 0; i < WG_LANES / 2; ++i) {
      y[2 * i] = WG_CAT2(WG_ZIP_LOW_, WG_LANES)(x[i], x[i + WG_LANES / 2]);
      y[2 * i + 1] = WG_CAT2(WG_ZIP_HIGH_, WG_LANES)(x[i], x[i + WG_LANES / 2]);
    }
    WG_UNROLL for (int i = 0; i < WG_LANES; ++i) x[i] = y[i];
  }
  WG_UNROLL for (int i = 0; i < WG_LANES; ++i) *(V *)(to + i * ldto) = x[i];
}

// The transpose of a matrix that is at least one block high and wide; the last blocks overlap.
WG_TARGET static __attribute__((noinline)) void WG_AT(transpose)(ptrdiff_t rows, ptrdiff_t columns,
    const WG_T *from, ptrdiff_t ldfrom, WG_T *to, ptrdiff_t ldto) {
  for (ptrdiff_t i = 0; i < rows; i += WG_LANES) {
    if (i > rows - WG_LANES) i = rows - WG_LANES;
    for (ptrdiff_t j = 0; j < columns; j += WG_LANES) {
      if (j > columns - WG_LANES) j = columns - WG_LANES;
      WG_AT(block)(from + i * ldfrom + j, ldfrom, to + j * ldto + i, ldto);
    }
  }
}
#endif

#undef V
#undef WG_AT
