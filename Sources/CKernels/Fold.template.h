#define WG_GREATER(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))
#define WG_LESS(a, b) ((((a) < (b)) | ((a) != (a))) ? (a) : (b))
#define WG_GREATER_MAGNITUDE(a, b) WG_GREATER(__builtin_elementwise_abs(a), b)
#define WG_LESS_MAGNITUDE(a, b) WG_LESS(__builtin_elementwise_abs(a), b)
#define WG_PRODUCT(a, b) ((a) * (b))

/// A fold over any set of axes, y = f(x, f(x, ... start)), in an order that the shape decides: f of an element and
/// what there is so far, or of two parts.
#define WG_FOLD(name, start, f)                                                                      \
  WG_CLONES static T FN(name##_run)(const T *x, ptrdiff_t stride, size_t n) {                        \
    enum { width = 4 * WG_LANES };                                                                   \
    T value = start;                                                                                 \
    if (stride != 1 || n < width) {                                                                  \
      for (size_t i = 0; i < n; i++) value = f(x[(ptrdiff_t)i * stride], value);                     \
      return value;                                                                                  \
    }                                                                                                \
    T partial[width];                                                                                \
    for (int k = 0; k < width; k++) partial[k] = start;                                              \
    size_t i = 0;                                                                                    \
    for (; i + width <= n; i += width) {                                                             \
      for (int k = 0; k < width; k++) partial[k] = f(x[i + k], partial[k]);                          \
    }                                                                                                \
    for (int k = 0; i + k < n; k++) partial[k] = f(x[i + k], partial[k]);                            \
    for (int half = width / 2; half > 0; half /= 2) {                                                \
      for (int k = 0; k < half; k++) partial[k] = f(partial[k], partial[k + half]);                  \
    }                                                                                                \
    return partial[0];                                                                               \
  }                                                                                                  \
                                                                                                     \
  /* y = f(row, y) for rows that lie `stride` apart: a few vectors of columns stay in registers. */  \
  WG_CLONES static void FN(name##_rows)(const T *x, ptrdiff_t stride, size_t rows, T *y, size_t n) { \
    enum { width = 4 * WG_LANES };                                                                   \
    size_t column = 0;                                                                               \
    for (; column + width <= n; column += width) {                                                   \
      T value[width];                                                                                \
      for (int k = 0; k < width; k++) value[k] = y[column + k];                                      \
      for (size_t row = 0; row < rows; row++) {                                                      \
        const T *from = x + (ptrdiff_t)row * stride + column;                                        \
        for (int k = 0; k < width; k++) value[k] = f(from[k], value[k]);                             \
      }                                                                                              \
      for (int k = 0; k < width; k++) y[column + k] = value[k];                                      \
    }                                                                                                \
    for (; column < n; column++) {                                                                   \
      T value = y[column];                                                                           \
      for (size_t row = 0; row < rows; row++) value = f(x[(ptrdiff_t)row * stride + column], value); \
      y[column] = value;                                                                             \
    }                                                                                                \
  }                                                                                                  \
                                                                                                     \
  void FN(wg_##name)(const T *x, const wg_layout *from, uint32_t axes, T *y) {                       \
    wg_reduction r = wg_begin_reduction(from, axes);                                                 \
    const int32_t inner = r.reduced.rank - 1;                                                        \
    const int64_t run = r.reduced.sizes[inner];                                                      \
    const ptrdiff_t stride = r.reduced.strides[inner];                                               \
    while (wg_next_chunk(&r)) {                                                                      \
      for (int64_t i = 0; i < r.size; i++) y[r.position + i] = start;                                \
      wg_cursor term = {{0}, 0};                                                                     \
      for (int64_t done = 0; done < r.terms; done += run) {                                          \
        const T *at = x + r.offset + term.offset;                                                    \
        if (r.columns) {                                                                             \
          FN(name##_rows)(at, stride, (size_t)run, y + r.position, (size_t)r.size);                  \
        } else {                                                                                     \
          const T value = FN(name##_run)(at, stride, (size_t)run);                                   \
          y[r.position] = f(value, y[r.position]);                                                   \
        }                                                                                            \
        wg_advance(&r.reduced, &term, run);                                                          \
      }                                                                                              \
    }                                                                                                \
  }

WG_FOLD(maximum, -(T)INFINITY, WG_GREATER)
WG_FOLD(minimum, (T)INFINITY, WG_LESS)
WG_FOLD(maximum_magnitude, 0, WG_GREATER_MAGNITUDE)
WG_FOLD(minimum_magnitude, (T)INFINITY, WG_LESS_MAGNITUDE)
WG_FOLD(product, 1, WG_PRODUCT)

#undef WG_FOLD
#undef WG_PRODUCT
#undef WG_LESS_MAGNITUDE
#undef WG_GREATER_MAGNITUDE
#undef WG_LESS
#undef WG_GREATER
