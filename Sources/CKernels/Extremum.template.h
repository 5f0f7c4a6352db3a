// Where largest and smallest elements are, and what they hand their cotangents to.

typedef __typeof__(__builtin_choose_expr(sizeof(T) == 8, (int64_t)0, (int32_t)0)) FN(position);

#define WG_MATCHES(a, b) (((a) == (b)) | (((a) != (a)) & ((b) != (b))))
/// Whether a comes before b as an extremum: it is more extreme, or the first NaN.
#define WG_BEATS(a, b) ((largest ? (a) > (b) : (a) < (b)) | (((a) != (a)) & ((b) == (b))))
// Few columns are common: without interleaving they are vectors too.
#define WG_VECTORIZE _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(1)")
#define WG_INLINE static inline __attribute__((always_inline))

/// The position of the first extremum of one line: the block that holds it is found first, then its place there.
WG_INLINE ptrdiff_t FN(position_in_line)(const T *x, ptrdiff_t stride, size_t n, const bool largest) {
  T best = *x;
  size_t from = 0;
  if (stride != 1 || n < 2 * WG_LANES) {
    for (size_t i = 1; i < n; i++) {
      const T a = x[(ptrdiff_t)i * stride];
      const bool beats = WG_BEATS(a, best);
      best = beats ? a : best;
      from = beats ? i : from;
    }
    return (ptrdiff_t)from;
  }
  enum { block = 16 * WG_LANES };
  for (size_t start = 0; start < n; start += block) {
    const size_t size = n - start < block ? n - start : block;
    T partial[WG_LANES];
    for (int k = 0; k < WG_LANES; k++) partial[k] = x[start];
    size_t i = 0;
    for (; i + WG_LANES <= size; i += WG_LANES) {
      for (int k = 0; k < WG_LANES; k++) {
        const T a = x[start + i + k], b = partial[k];
        partial[k] = ((largest ? a > b : a < b) | (a != a)) ? a : b;
      }
    }
    T value = *partial;
    for (int k = 1; k < WG_LANES; k++) value = WG_BEATS(partial[k], value) ? partial[k] : value;
    for (; i < size; i++) value = WG_BEATS(x[start + i], value) ? x[start + i] : value;
    if (WG_BEATS(value, best)) best = value, from = start;
  }
  while (!WG_MATCHES(x[from], best)) from++;
  return (ptrdiff_t)from;
}

/// The positions of the first extrema of columns side by side, of at most WG_BLOCK of them.
WG_INLINE void FN(positions_in_columns)(const T *x, ptrdiff_t stride, size_t rows, const bool largest, ptrdiff_t *y,
                                        size_t n) {
  _Alignas(64) T best[WG_BLOCK];
  _Alignas(64) FN(position) at[WG_BLOCK];
  for (size_t k = 0; k < n; k++) best[k] = x[k], at[k] = 0;
  for (size_t row = 1; row < rows; row++) {
    const T *from = x + (ptrdiff_t)row * stride;
    WG_VECTORIZE for (size_t k = 0; k < n; k++) {
      const T a = from[k], b = best[k];
      const bool beats = WG_BEATS(a, b);
      best[k] = beats ? a : b;
      at[k] = beats ? (FN(position))row : at[k];
    }
  }
  for (size_t k = 0; k < n; k++) y[k] = (ptrdiff_t)at[k];
}

#define WG_POSITIONS(name, largest)                                                                                   \
  WG_CLONES static void FN(name##_lines)(const T *x, ptrdiff_t step, ptrdiff_t stride, size_t n, ptrdiff_t *y,        \
                                         size_t lines) {                                                             \
    for (size_t line = 0; line < lines; line++, x += step) y[line] = FN(position_in_line)(x, stride, n, largest);    \
  }                                                                                                                  \
  WG_CLONES static void FN(name##_columns)(const T *x, ptrdiff_t stride, size_t rows, ptrdiff_t *y, size_t n) {       \
    FN(positions_in_columns)(x, stride, rows, largest, y, n);                                                        \
  }
WG_POSITIONS(largest_in, true)
WG_POSITIONS(smallest_in, false)
#undef WG_POSITIONS

void FN(wg_extremum_positions)(const T *x, const wg_layout *from, int32_t axis, bool largest, ptrdiff_t *y) {
  wg_reduction r = wg_begin_reduction(from, 1u << axis);
  const ptrdiff_t stride = from->strides[axis];
  const size_t n = (size_t)r.terms;
  while (wg_next_chunk(&r)) {
    const T *at = x + r.offset;
    if (r.columns) {
      (largest ? FN(largest_in_columns) : FN(smallest_in_columns))(at, stride, n, y + r.position, (size_t)r.size);
    } else {
      (largest ? FN(largest_in_lines) : FN(smallest_in_lines))(at, r.step, stride, n, y + r.position, (size_t)r.size);
    }
  }
}

// MARK: - Adjoint

/// count += how often each column's value is met in some rows.
WG_CLONES static void FN(count_rows)(const T *x, ptrdiff_t stride, size_t rows, const T *value, T *count, size_t n) {
  for (size_t row = 0; row < rows; row++, x += stride) {
    WG_VECTORIZE
    for (size_t k = 0; k < n; k++) count[k] += WG_MATCHES(x[k], value[k]) ? (T)1 : (T)0;
  }
}

WG_CLONES static void FN(share_rows)(const T *x, ptrdiff_t stride, size_t rows, const T *value, const T *share,
                                     bool accumulate, T *y, size_t n) {
  for (size_t row = 0; row < rows; row++, x += stride, y += stride) {
    if (accumulate) {
      WG_VECTORIZE
      for (size_t k = 0; k < n; k++) y[k] += WG_MATCHES(x[k], value[k]) ? share[k] : 0;
    } else {
      WG_VECTORIZE
      for (size_t k = 0; k < n; k++) y[k] = WG_MATCHES(x[k], value[k]) ? share[k] : 0;
    }
  }
}

/// The same for lines: count += how often the line's value is met.
WG_CLONES static void FN(count_lines)(const T *x, ptrdiff_t step, size_t n, const T *value, T *count, size_t lines) {
  for (size_t line = 0; line < lines; line++, x += step) {
    const T v = value[line];
    ptrdiff_t total = 0;
    for (size_t i = 0; i < n; i++) total += WG_MATCHES(x[i], v);
    count[line] += (T)total;
  }
}

WG_CLONES static void FN(share_lines)(const T *x, ptrdiff_t step, size_t n, const T *value, const T *share,
                                      bool accumulate, T *y, size_t lines) {
  for (size_t line = 0; line < lines; line++, x += step, y += step) {
    const T v = value[line], s = share[line];
    if (accumulate) {
      for (size_t i = 0; i < n; i++) y[i] += WG_MATCHES(x[i], v) ? s : 0;
    } else {
      for (size_t i = 0; i < n; i++) y[i] = WG_MATCHES(x[i], v) ? s : 0;
    }
  }
}

void FN(wg_extremum_adjoint)(const T *x, const wg_layout *shape, uint32_t axes, const T *y, const T *ybar,
                             bool accumulate, T *xbar) {
  wg_reduction r = wg_begin_reduction(shape, axes);
  const int32_t inner = r.reduced.rank - 1;
  const int64_t run = r.reduced.sizes[inner];
  const ptrdiff_t stride = r.reduced.strides[inner];
  // Of a contiguous array the innermost axis is either reduced or kept.
  const bool lines = stride == 1;
  while (wg_next_chunk(&r)) {
    const size_t n = (size_t)r.size;
    const T *value = y + r.position, *cotangent = ybar + r.position;
    _Alignas(64) T share[WG_BLOCK];
    memset(share, 0, n * sizeof(T));
    wg_cursor term = {{0}, 0};
    for (int64_t done = 0; done < r.terms; done += run) {
      const T *from = x + r.offset + term.offset;
      if (lines) {
        FN(count_lines)(from, r.step, (size_t)run, value, share, n);
      } else {
        FN(count_rows)(from, stride, (size_t)run, value, share, n);
      }
      wg_advance(&r.reduced, &term, run);
    }
    for (size_t k = 0; k < n; k++) share[k] = cotangent[k] == 0 ? 0 : cotangent[k] / share[k];
    term = (wg_cursor){{0}, 0};
    for (int64_t done = 0; done < r.terms; done += run) {
      const ptrdiff_t at = r.offset + term.offset;
      if (lines) {
        FN(share_lines)(x + at, r.step, (size_t)run, value, share, accumulate, xbar + at, n);
      } else {
        FN(share_rows)(x + at, stride, (size_t)run, value, share, accumulate, xbar + at, n);
      }
      wg_advance(&r.reduced, &term, run);
    }
  }
}

#undef WG_MATCHES
#undef WG_BEATS
#undef WG_VECTORIZE
#undef WG_INLINE
