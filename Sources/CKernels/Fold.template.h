#define WG_GREATER(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))
#define WG_LESS(a, b) ((((a) < (b)) | ((a) != (a))) ? (a) : (b))
#define WG_GREATER_MAGNITUDE(a, b) WG_GREATER(__builtin_elementwise_abs(a), b)
#define WG_LESS_MAGNITUDE(a, b) WG_LESS(__builtin_elementwise_abs(a), b)
#define WG_PRODUCT(a, b) ((a) * (b))

/// value[k] = f(x[k], value[k]) for `width` columns of some rows.
#define WG_FOLD_COLUMNS(width, f)                                        \
  for (; column + (width) <= n; column += (width)) {                     \
    T value[width];                                                      \
    for (int k = 0; k < (width); k++) value[k] = y[column + k];          \
    for (size_t row = 0; row < rows; row++) {                            \
      const T *from = x + (ptrdiff_t)row * stride + column;              \
      for (int k = 0; k < (width); k++) value[k] = f(from[k], value[k]); \
    }                                                                    \
    for (int k = 0; k < (width); k++) y[column + k] = value[k];          \
  }

/// partial[k] = f(x[i + k], partial[k]) for a line's elements, `width` at a time.
#define WG_FOLD_LINE(width, f)                                              \
  for (; i + (width) <= n; i += (width)) {                                  \
    for (int k = 0; k < (width); k++) partial[k] = f(x[i + k], partial[k]); \
  }                                                                         \
  for (int k = 0; i + k < n; k++) partial[k] = f(x[i + k], partial[k]);

/// A fold over any set of axes, y = f(x, f(x, ... y)), in an order that the shape decides: f of an element and what there
/// is so far, or of two parts.
#define WG_FOLD(name, start, f)                                                                                        \
  WG_CLONES static void FN(name##_lines)(const T *x, ptrdiff_t step, ptrdiff_t stride, size_t n, T *y, size_t lines) { \
    for (size_t line = 0; line < lines; line++, x += step) {                                                           \
      if (stride != 1 || n < WG_LANES) {                                                                               \
        for (size_t i = 0; i < n; i++) y[line] = f(x[(ptrdiff_t)i * stride], y[line]);                                 \
        continue;                                                                                                      \
      }                                                                                                                \
      T partial[4 * WG_LANES];                                                                                         \
      for (int k = 0; k < 4 * WG_LANES; k++) partial[k] = start;                                                       \
      size_t i = 0;                                                                                                    \
      if (n >= 4 * WG_LANES) {                                                                                         \
        WG_FOLD_LINE(4 * WG_LANES, f)                                                                                  \
        for (int k = 0; k < 2 * WG_LANES; k++) partial[k] = f(partial[k], partial[k + 2 * WG_LANES]);                  \
        for (int k = 0; k < WG_LANES; k++) partial[k] = f(partial[k], partial[k + WG_LANES]);                          \
      } else {                                                                                                         \
        WG_FOLD_LINE(WG_LANES, f)                                                                                      \
      }                                                                                                                \
      for (int half = WG_LANES / 2; half > 0; half /= 2) {                                                             \
        for (int k = 0; k < half; k++) partial[k] = f(partial[k], partial[k + half]);                                  \
      }                                                                                                                \
      y[line] = f(*partial, y[line]);                                                                                  \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  /* Columns of rows that lie `stride` apart: a few vectors of them stay in registers. */                              \
  WG_CLONES static void FN(name##_rows)(const T *x, ptrdiff_t stride, size_t rows, T *y, size_t n) {                   \
    size_t column = 0;                                                                                                 \
    WG_FOLD_COLUMNS(4 * WG_LANES, f)                                                                                   \
    WG_FOLD_COLUMNS(WG_LANES, f)                                                                                       \
    WG_FOLD_COLUMNS(1, f)                                                                                              \
  }                                                                                                                    \
                                                                                                                       \
  void FN(wg_##name)(const T *x, const wg_layout *from, uint32_t axes, T *y) {                                         \
    wg_reduction r = wg_begin_reduction(from, axes);                                                                   \
    const int64_t run = r.reduced.sizes[r.reduced.rank - 1];                                                           \
    const ptrdiff_t stride = r.reduced.strides[r.reduced.rank - 1];                                                    \
    while (wg_next_chunk(&r)) {                                                                                        \
      for (int64_t i = 0; i < r.size; i++) y[r.position + i] = start;                                                  \
      wg_cursor term = {{0}, 0};                                                                                       \
      for (int64_t done = 0; done < r.terms; done += run) {                                                            \
        const T *at = x + r.offset + term.offset;                                                                      \
        if (r.columns) {                                                                                               \
          FN(name##_rows)(at, stride, (size_t)run, y + r.position, (size_t)r.size);                                    \
        } else {                                                                                                       \
          FN(name##_lines)(at, r.step, stride, (size_t)run, y + r.position, (size_t)r.size);                           \
        }                                                                                                              \
        wg_advance(&r.reduced, &term, run);                                                                            \
      }                                                                                                                \
    }                                                                                                                  \
  }

WG_FOLD(maximum, -(T)INFINITY, WG_GREATER)
WG_FOLD(minimum, (T)INFINITY, WG_LESS)
WG_FOLD(maximum_magnitude, 0, WG_GREATER_MAGNITUDE)
WG_FOLD(minimum_magnitude, (T)INFINITY, WG_LESS_MAGNITUDE)
WG_FOLD(product, 1, WG_PRODUCT)

#undef WG_FOLD
#undef WG_FOLD_LINE
#undef WG_FOLD_COLUMNS
#undef WG_PRODUCT
#undef WG_LESS_MAGNITUDE
#undef WG_GREATER_MAGNITUDE
#undef WG_LESS
#undef WG_GREATER
