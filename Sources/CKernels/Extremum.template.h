// Where largest and smallest elements are, and what they hand their cotangents to.

typedef __typeof__(__builtin_choose_expr(sizeof(T) == 8, (int64_t)0, (int32_t)0)) FN(position);

#define WG_MATCHES(a, b) (((a) == (b)) | (((a) != (a)) & ((b) != (b))))
/// Whether a comes before b as an extremum: it is more extreme, or the first NaN.
#define WG_BEATS(a, b) ((largest ? (a) > (b) : (a) < (b)) | (((a) != (a)) & ((b) == (b))))

/// The position of the first extremum of one line: that of the block that holds it is looked for first.
WG_CLONES static ptrdiff_t FN(extremum_of_line)(const T *x, ptrdiff_t stride, size_t n, bool largest) {
  T best = 0;
  size_t from = 0;
  for (size_t start = 0; start < n; start += WG_BLOCK) {
    const size_t size = n - start < WG_BLOCK ? n - start : WG_BLOCK;
    const T *block = x + (ptrdiff_t)start * stride;
    T value = *block;
    if (stride != 1 || size < 2 * WG_LANES) {
      for (size_t i = 1; i < size; i++) {
        const T a = block[(ptrdiff_t)i * stride];
        value = WG_BEATS(a, value) ? a : value;
      }
    } else {
      enum { width = 2 * WG_LANES };
      T partial[width];
      for (int k = 0; k < width; k++) partial[k] = block[k];
      size_t i = width;
      if (largest) {
        for (; i + width <= size; i += width) {
          for (int k = 0; k < width; k++) {
            const T a = block[i + k], b = partial[k];
            partial[k] = ((a > b) | (a != a)) ? a : b;
          }
        }
      } else {
        for (; i + width <= size; i += width) {
          for (int k = 0; k < width; k++) {
            const T a = block[i + k], b = partial[k];
            partial[k] = ((a < b) | (a != a)) ? a : b;
          }
        }
      }
      for (; i < size; i++) value = WG_BEATS(block[i], value) ? block[i] : value;
      for (int k = 0; k < width; k++) value = WG_BEATS(partial[k], value) ? partial[k] : value;
    }
    if (start == 0 || WG_BEATS(value, best)) {
      best = value;
      from = start;
    }
  }
  while (!WG_MATCHES(x[(ptrdiff_t)from * stride], best)) from++;
  return (ptrdiff_t)from;
}

/// The positions of the first extrema of columns side by side, of at most WG_BLOCK of them.
WG_CLONES static void FN(extrema_of_columns)(const T *x, ptrdiff_t stride, size_t rows, bool largest, ptrdiff_t *y,
                                             size_t n) {
  _Alignas(64) T best[WG_BLOCK];
  _Alignas(64) FN(position) at[WG_BLOCK];
  for (size_t k = 0; k < n; k++) best[k] = x[k], at[k] = 0;
  for (size_t row = 1; row < rows; row++) {
    const T *from = x + (ptrdiff_t)row * stride;
    if (largest) {
      _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)") for (size_t k = 0; k < n; k++) {
        const T a = from[k], b = best[k];
        const bool beats = (a > b) | ((a != a) & (b == b));
        best[k] = beats ? a : b;
        at[k] = beats ? (FN(position))row : at[k];
      }
    } else {
      _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)") for (size_t k = 0; k < n; k++) {
        const T a = from[k], b = best[k];
        const bool beats = (a < b) | ((a != a) & (b == b));
        best[k] = beats ? a : b;
        at[k] = beats ? (FN(position))row : at[k];
      }
    }
  }
  for (size_t k = 0; k < n; k++) y[k] = (ptrdiff_t)at[k];
}

void FN(wg_extremum_positions)(const T *x, const wg_layout *from, int32_t axis, bool largest, ptrdiff_t *y) {
  wg_reduction r = wg_begin_reduction(from, 1u << axis);
  const ptrdiff_t stride = from->strides[axis];
  while (wg_next_chunk(&r)) {
    if (r.columns) {
      FN(extrema_of_columns)(x + r.offset, stride, (size_t)r.terms, largest, y + r.position, (size_t)r.size);
    } else {
      y[r.position] = FN(extremum_of_line)(x + r.offset, stride, (size_t)r.terms, largest);
    }
  }
}

// MARK: - Adjoint

/// How often a value is met in a run.
WG_CLONES static T FN(count_run)(const T *x, T value, size_t n) {
  ptrdiff_t count = 0;
  if (value != value) {
    for (size_t i = 0; i < n; i++) count += x[i] != x[i];
  } else {
    for (size_t i = 0; i < n; i++) count += x[i] == value;
  }
  return (T)count;
}

WG_CLONES static void FN(share_run)(const T *x, T value, T share, T *y, size_t n, bool accumulate) {
  if (accumulate) {
    for (size_t i = 0; i < n; i++) y[i] += WG_MATCHES(x[i], value) ? share : 0;
  } else {
    for (size_t i = 0; i < n; i++) y[i] = WG_MATCHES(x[i], value) ? share : 0;
  }
}

WG_CLONES static void FN(count_row)(const T *x, const T *value, T *count, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)")
  for (size_t k = 0; k < n; k++) count[k] += WG_MATCHES(x[k], value[k]) ? (T)1 : (T)0;
}

WG_CLONES static void FN(share_row)(const T *x, const T *value, const T *share, T *y, size_t n, bool accumulate) {
  if (accumulate) {
    _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)")
    for (size_t k = 0; k < n; k++) y[k] += WG_MATCHES(x[k], value[k]) ? share[k] : 0;
  } else {
    _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)")
    for (size_t k = 0; k < n; k++) y[k] = WG_MATCHES(x[k], value[k]) ? share[k] : 0;
  }
}

void FN(wg_extremum_adjoint)(const T *x, const wg_layout *shape, uint32_t axes, const T *y, const T *ybar,
                             bool accumulate, T *xbar) {
  wg_reduction r = wg_begin_reduction(shape, axes);
  const int32_t inner = r.reduced.rank - 1;
  const bool rows = !r.columns && r.reduced.strides[inner] == 1;
  // Either the innermost axis is reduced, and is run along, or it is a kept one and the chunk runs along it.
  const int64_t run = rows ? r.reduced.sizes[inner] : 1;
  while (wg_next_chunk(&r)) {
    const size_t n = (size_t)r.size;
    const T *value = y + r.position, *cotangent = ybar + r.position;
    _Alignas(64) T share[WG_BLOCK];
    memset(share, 0, n * sizeof(T));
    for (int pass = 0; pass < 2; pass++) {
      wg_cursor term = {{0}, 0};
      for (int64_t done = 0; done < r.terms; done += run) {
        const ptrdiff_t at = r.offset + term.offset;
        if (pass == 0) {
          if (rows) {
            *share += FN(count_run)(x + at, *value, (size_t)run);
          } else {
            FN(count_row)(x + at, value, share, n);
          }
        } else if (rows) {
          FN(share_run)(x + at, *value, *share, xbar + at, (size_t)run, accumulate);
        } else {
          FN(share_row)(x + at, value, share, xbar + at, n, accumulate);
        }
        wg_advance(&r.reduced, &term, run);
      }
      if (pass == 0) {
        for (size_t k = 0; k < n; k++) share[k] = cotangent[k] == 0 ? 0 : cotangent[k] / share[k];
      }
    }
  }
}

#undef WG_MATCHES
#undef WG_BEATS
