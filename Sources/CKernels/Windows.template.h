#define WG_LARGER(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))
#define WG_ATTAINED(a, best) (((a) == (best)) | (((a) != (a)) & ((best) != (best))))

// MARK: - Patches

WG_CLONES void FN(wg_unfold)(const T *image, size_t channels, const wg_windows *windows, size_t first, size_t count,
                             T *patches, size_t row_stride) {
  const wg_window_axis *ay = &windows->y, *ax = &windows->x;
  const ptrdiff_t row_begin = (ptrdiff_t)first / ax->output, column_begin = (ptrdiff_t)first % ax->output;
  for (size_t channel = 0; channel < channels; channel++) {
    const T *plane = image + channel * (size_t)(ay->input * ax->input);
    for (ptrdiff_t i = 0; i < ay->window; i++) {
      for (ptrdiff_t j = 0; j < ax->window; j++, patches += row_stride) {
        const wg_span inside = wg_inside(ax, j);
        T *y = patches;
        ptrdiff_t row = row_begin, column = column_begin;
        for (ptrdiff_t left = (ptrdiff_t)count; left > 0; row++, column = 0) {
          const ptrdiff_t n = left < ax->output - column ? left : ax->output - column;
          const ptrdiff_t from = wg_position(ay, row, i);
          wg_span span = wg_intersection(inside, column, column + n);
          if (from < 0 || from >= ay->input) span.begin = span.end = column;
          ptrdiff_t k = 0;
          for (; k < span.begin - column; k++) y[k] = 0;
          const ptrdiff_t copied = span.end - span.begin;
          if (copied > 0) {
            const T *x = plane + from * ax->input + wg_position(ax, span.begin, j);
            T *to = y + k;
            WG_ALONG_ROW(ax->stride, copied, to[o] = x[o * s]);
            k += copied;
          }
          for (; k < n; k++) y[k] = 0;
          y += n;
          left -= n;
        }
      }
    }
  }
}

WG_CLONES void FN(wg_fold)(const T *patches, size_t row_stride, size_t channels, const wg_windows *windows,
                           size_t first, size_t count, T *image) {
  const wg_window_axis *ay = &windows->y, *ax = &windows->x;
  const ptrdiff_t row_begin = (ptrdiff_t)first / ax->output, column_begin = (ptrdiff_t)first % ax->output;
  for (size_t channel = 0; channel < channels; channel++) {
    T *plane = image + channel * (size_t)(ay->input * ax->input);
    for (ptrdiff_t i = 0; i < ay->window; i++) {
      for (ptrdiff_t j = 0; j < ax->window; j++, patches += row_stride) {
        const wg_span inside = wg_inside(ax, j);
        const T *x = patches;
        ptrdiff_t row = row_begin, column = column_begin;
        for (ptrdiff_t left = (ptrdiff_t)count; left > 0; row++, column = 0) {
          const ptrdiff_t n = left < ax->output - column ? left : ax->output - column;
          const ptrdiff_t to = wg_position(ay, row, i);
          const wg_span span = wg_intersection(inside, column, column + n);
          if (to >= 0 && to < ay->input && span.begin < span.end) {
            T *y = plane + to * ax->input + wg_position(ax, span.begin, j);
            const T *from = x + (span.begin - column);
            WG_ALONG_ROW(ax->stride, span.end - span.begin, y[o * s] += from[o]);
          }
          x += n;
          left -= n;
        }
      }
    }
  }
}

// MARK: - Rows of windows

// A row of windows is handled in blocks of at most WG_BLOCK. `WG_OVER_WINDOW` runs a statement for all positions
// (i, j) in the window and for those of the block's windows that have that position in the image: the first of them is
// window `at` of the block and finds its element at `origin` of a plane, the others find theirs `s` elements apart.
#define WG_OVER_WINDOW(statement)                                                                 \
  for (ptrdiff_t i = 0; i < ay->window; i++) {                                                    \
    const ptrdiff_t from = wg_position(ay, row, i);                                               \
    if (from < 0 || from >= ay->input) continue;                                                  \
    for (ptrdiff_t j = 0; j < ax->window; j++) {                                                  \
      const wg_span span = wg_intersection(wg_inside(ax, j), start, start + n);                   \
      const ptrdiff_t at = span.begin - start, origin = from * ax->input + wg_position(ax, span.begin, j); \
      (void)at, (void)origin;                                                                     \
      WG_ALONG_ROW(ax->stride, span.end - span.begin, statement);                                 \
    }                                                                                             \
  }

/// The largest elements of a block of windows, and if asked how often each is attained.
static inline __attribute__((always_inline)) void FN(maxima)(const T *x, const wg_window_axis *ay,
                                                             const wg_window_axis *ax, ptrdiff_t row,
                                                             ptrdiff_t start, ptrdiff_t n, T *best, T *count) {
  for (ptrdiff_t o = 0; o < n; o++) best[o] = -(T)INFINITY;
  WG_OVER_WINDOW(best[at + o] = WG_LARGER(x[origin + o * s], best[at + o]))
  if (!count) return;
  for (ptrdiff_t o = 0; o < n; o++) count[o] = 0;
  WG_OVER_WINDOW(count[at + o] += WG_ATTAINED(x[origin + o * s], best[at + o]) ? (T)1 : (T)0)
}

/// Runs a statement for each row of windows of each plane, in blocks of columns.
#define WG_OVER_ROWS(statement)                                                                   \
  const wg_window_axis *ay = &windows->y, *ax = &windows->x;                                      \
  const ptrdiff_t inputs = ay->input * ax->input, outputs = ay->output * ax->output;              \
  for (ptrdiff_t start = 0; start < ax->output; start += WG_BLOCK) {                              \
    const ptrdiff_t n = ax->output - start < WG_BLOCK ? ax->output - start : WG_BLOCK;            \
    for (ptrdiff_t plane = 0; plane < (ptrdiff_t)planes; plane++) {                               \
      for (ptrdiff_t row = 0; row < ay->output; row++) statement                                  \
    }                                                                                             \
  }

WG_CLONES void FN(wg_maximum_pool)(const T *x, size_t planes, const wg_windows *windows, T *y) {
  WG_OVER_ROWS({
    FN(maxima)(x + plane * inputs, ay, ax, row, start, n, y + plane * outputs + row * ax->output + start, NULL);
  })
}

WG_CLONES void FN(wg_maximum_pool_adjoint)(const T *x, const T *ybar, size_t planes, const wg_windows *windows,
                                           T *xbar) {
  _Alignas(64) T best[WG_BLOCK], share[WG_BLOCK];
  WG_OVER_ROWS({
    const T *values = x + plane * inputs;
    T *target = xbar + plane * inputs;
    const T *cotangent = ybar + plane * outputs + row * ax->output + start;
    FN(maxima)(values, ay, ax, row, start, n, best, share);
    for (ptrdiff_t o = 0; o < n; o++) share[o] = cotangent[o] == 0 ? 0 : cotangent[o] / share[o];
    WG_OVER_WINDOW(target[origin + o * s] += WG_ATTAINED(values[origin + o * s], best[at + o]) ? share[at + o] : (T)0)
  })
}

WG_CLONES void FN(wg_maximum_pool_tangent)(const T *x, const T *xdot, size_t planes, const wg_windows *windows,
                                           T *ydot) {
  _Alignas(64) T best[WG_BLOCK], count[WG_BLOCK];
  WG_OVER_ROWS({
    const T *values = x + plane * inputs;
    const T *tangent = xdot + plane * inputs;
    T *total = ydot + plane * outputs + row * ax->output + start;
    FN(maxima)(values, ay, ax, row, start, n, best, count);
    for (ptrdiff_t o = 0; o < n; o++) total[o] = 0;
    WG_OVER_WINDOW(total[at + o] += WG_ATTAINED(values[origin + o * s], best[at + o]) ? tangent[origin + o * s] : (T)0)
    for (ptrdiff_t o = 0; o < n; o++) total[o] /= count[o];
  })
}

WG_CLONES void FN(wg_average_pool)(const T *x, size_t planes, const wg_windows *windows, bool counts_padding, T *y) {
  WG_OVER_ROWS({
    const T *values = x + plane * inputs;
    T *total = y + plane * outputs + row * ax->output + start;
    const T rows = (T)wg_position_count(ay, row, counts_padding);
    for (ptrdiff_t o = 0; o < n; o++) total[o] = 0;
    WG_OVER_WINDOW(total[at + o] += values[origin + o * s])
    for (ptrdiff_t o = 0; o < n; o++) total[o] /= rows * (T)wg_position_count(ax, start + o, counts_padding);
  })
}

WG_CLONES void FN(wg_average_pool_adjoint)(const T *ybar, size_t planes, const wg_windows *windows,
                                           bool counts_padding, T *xbar) {
  _Alignas(64) T share[WG_BLOCK];
  WG_OVER_ROWS({
    T *target = xbar + plane * inputs;
    const T *cotangent = ybar + plane * outputs + row * ax->output + start;
    const T rows = (T)wg_position_count(ay, row, counts_padding);
    for (ptrdiff_t o = 0; o < n; o++) {
      share[o] = cotangent[o] / (rows * (T)wg_position_count(ax, start + o, counts_padding));
    }
    WG_OVER_WINDOW(target[origin + o * s] += share[at + o])
  })
}

#undef WG_LARGER
#undef WG_ATTAINED
#undef WG_OVER_WINDOW
#undef WG_OVER_ROWS
