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

// MARK: - Poolings

/// A pooling of planes: what it reads and writes. Pieces are of planes, none of which reaches into another.
typedef struct {
  const T *x, *ybar, *xdot;
  const wg_windows *windows;
  bool counts_padding;
  T *y;
} FN(pooling);

// Windows one after the other. Which of a window's positions lie in the image is known for each row of windows, and
// for each column of a block of at most WG_BLOCK: `rows` and `columns[o]`. Windows of 2 x 2 or 3 x 3 that lie there as
// a whole have loops of their own, which the compiler unrolls; `whole` are those of a row that can be vectorized.
#define WG_OVER_WINDOWS(...)                                                                                \
  const wg_windows *windows = ((const FN(pooling) *)context)->windows;                                      \
  const wg_window_axis *ay = &windows->y, *ax = &windows->x;                                                \
  const ptrdiff_t inputs = ay->input * ax->input, outputs = ay->output * ax->output;                        \
  const ptrdiff_t down = ay->dilation * ax->input, right = ax->dilation, stride = ax->stride;               \
  const bool has_loop = wg_has_loop(windows);                                                               \
  for (ptrdiff_t start = 0; start < ax->output; start += WG_BLOCK) {                                        \
    const ptrdiff_t n = ax->output - start < WG_BLOCK ? ax->output - start : WG_BLOCK;                      \
    wg_span columns[WG_BLOCK];                                                                              \
    for (ptrdiff_t o = 0; o < n; o++) columns[o] = wg_positions(ax, start + o);                             \
    const wg_span whole_columns = wg_whole(ax, columns, n);                                                 \
    for (ptrdiff_t plane = (ptrdiff_t)first; plane < (ptrdiff_t)end; plane++) {                             \
      for (ptrdiff_t row = 0; row < ay->output; row++) {                                                    \
        const wg_span rows = wg_positions(ay, row);                                                         \
        const bool is_whole_row = rows.begin == 0 && rows.end == ay->window;                                \
        const wg_span whole = is_whole_row && has_loop ? whole_columns : (wg_span){0, 0};                   \
        (void)whole;                                                                                        \
        const ptrdiff_t origin = plane * inputs + wg_position(ay, row, 0) * ax->input + wg_position(ax, start, 0); \
        const ptrdiff_t target = plane * outputs + row * ax->output + start;                                \
        __VA_ARGS__                                                                                         \
      }                                                                                                     \
    }                                                                                                       \
  }

/// A function of a window's spans, with constants in place of those of whole windows of the usual sizes.
#define WG_OF_USUAL_SIZE(function, rows, columns, ...)                                         \
  (rows.begin == 0 && columns.begin == 0 && rows.end == 2 && columns.end == 2                  \
       ? function(__VA_ARGS__, (wg_span){0, 2}, (wg_span){0, 2})                               \
       : rows.begin == 0 && columns.begin == 0 && rows.end == 3 && columns.end == 3            \
             ? function(__VA_ARGS__, (wg_span){0, 3}, (wg_span){0, 3})                         \
             : function(__VA_ARGS__, rows, columns))

/// The largest element of a window, where it is, and how many equal it.
typedef struct {
  T value;
  ptrdiff_t where, count;
} FN(wg_largest);

WG_ALWAYS_INLINE FN(wg_largest)
    FN(largest)(const T *x, ptrdiff_t down, ptrdiff_t right, wg_span rows, wg_span columns) {
  FN(wg_largest) best = {-(T)INFINITY, rows.begin * down + columns.begin * right, 0};
  // Without branches, which nobody could predict.
  ptrdiff_t nans = 0;
  for (ptrdiff_t i = rows.begin; i < rows.end; i++) {
    for (ptrdiff_t j = columns.begin; j < columns.end; j++) {
      const ptrdiff_t where = i * down + j * right;
      const T value = x[where];
      const bool is_larger = value > best.value;
      const ptrdiff_t count = best.count + (value == best.value);
      nans += value != value;
      best.where = __builtin_unpredictable(is_larger) ? where : best.where;
      best.count = __builtin_unpredictable(is_larger) ? 1 : count;
      best.value = __builtin_unpredictable(is_larger) ? value : best.value;
    }
  }
  if (nans == 0) return best;
  best = (FN(wg_largest)){(T)NAN, 0, nans};
  for (ptrdiff_t i = rows.begin; i < rows.end; i++) {
    for (ptrdiff_t j = columns.begin; j < columns.end; j++) {
      const ptrdiff_t where = i * down + j * right;
      if (x[where] != x[where]) best.where = where;
    }
  }
  return best;
}

// Rows of whole windows of a constant size and stride.

WG_ALWAYS_INLINE void FN(row_of_maxima)(const T *x, ptrdiff_t width, ptrdiff_t n, T *y, ptrdiff_t size,
                                        ptrdiff_t stride) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES / 2)") for (ptrdiff_t o = 0; o < n; o++) {
    T best = x[o * stride];
    for (ptrdiff_t i = 0; i < size; i++) {
      for (ptrdiff_t j = 0; j < size; j++) best = WG_LARGER(x[i * width + o * stride + j], best);
    }
    y[o] = best;
  }
}

WG_ALWAYS_INLINE void FN(row_of_means)(const T *x, ptrdiff_t width, ptrdiff_t n, T *y, ptrdiff_t size,
                                       ptrdiff_t stride) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES / 2)") for (ptrdiff_t o = 0; o < n; o++) {
    T total = 0;
    for (ptrdiff_t i = 0; i < size; i++) {
      for (ptrdiff_t j = 0; j < size; j++) total += x[i * width + o * stride + j];
    }
    y[o] = total / (T)(size * size);
  }
}

/// One of the functions above, with constants.
#define WG_ROW_OF_WHOLE(function, x, y)                                                          \
  if (whole.end > whole.begin) {                                                                 \
    const T *from = (x) + origin + whole.begin * stride;                                         \
    T *to = (y) + target + whole.begin;                                                          \
    if (ax->window == 2) {                                                                       \
      function(from, ax->input, whole.end - whole.begin, to, 2, 2);                              \
    } else if (stride == 2) {                                                                    \
      function(from, ax->input, whole.end - whole.begin, to, 3, 2);                              \
    } else {                                                                                     \
      function(from, ax->input, whole.end - whole.begin, to, 3, 1);                              \
    }                                                                                            \
  }

WG_CLONES static void FN(maximum_pool_piece)(const void *context, size_t first, size_t end) {
  const T *x = ((const FN(pooling) *)context)->x;
  T *y = ((const FN(pooling) *)context)->y;
  WG_OVER_WINDOWS({
    WG_ROW_OF_WHOLE(FN(row_of_maxima), x, y)
    for (ptrdiff_t o = 0; o < n; o++) {
      if (o == whole.begin && o < whole.end) o = whole.end;
      if (o == n) break;
      y[target + o] = FN(largest)(x + origin + o * stride, down, right, rows, columns[o]).value;
    }
  })
}

WG_CLONES static void FN(maximum_pool_adjoint_piece)(const void *context, size_t first, size_t end) {
  const T *x = ((const FN(pooling) *)context)->x, *ybar = ((const FN(pooling) *)context)->ybar;
  T *xbar = ((const FN(pooling) *)context)->y;
  WG_OVER_WINDOWS({
    for (ptrdiff_t o = 0; o < n; o++) {
      const ptrdiff_t at = origin + o * stride;
      const FN(wg_largest) best = WG_OF_USUAL_SIZE(FN(largest), rows, columns[o], x + at, down, right);
      const T cotangent = ybar[target + o];
      if (best.count == 1) {
        xbar[at + best.where] += cotangent;
        continue;
      }
      const T share = cotangent / (T)best.count;
      for (ptrdiff_t i = rows.begin; i < rows.end; i++) {
        for (ptrdiff_t j = columns[o].begin; j < columns[o].end; j++) {
          const ptrdiff_t where = at + i * down + j * right;
          if (WG_ATTAINED(x[where], best.value)) xbar[where] += share;
        }
      }
    }
  })
}

WG_CLONES static void FN(maximum_pool_tangent_piece)(const void *context, size_t first, size_t end) {
  const T *x = ((const FN(pooling) *)context)->x, *xdot = ((const FN(pooling) *)context)->xdot;
  T *ydot = ((const FN(pooling) *)context)->y;
  WG_OVER_WINDOWS({
    for (ptrdiff_t o = 0; o < n; o++) {
      const ptrdiff_t at = origin + o * stride;
      const FN(wg_largest) best = WG_OF_USUAL_SIZE(FN(largest), rows, columns[o], x + at, down, right);
      if (best.count == 1) {
        ydot[target + o] = xdot[at + best.where];
        continue;
      }
      T total = 0;
      for (ptrdiff_t i = rows.begin; i < rows.end; i++) {
        for (ptrdiff_t j = columns[o].begin; j < columns[o].end; j++) {
          const ptrdiff_t where = at + i * down + j * right;
          if (WG_ATTAINED(x[where], best.value)) total += xdot[where];
        }
      }
      ydot[target + o] = total / (T)best.count;
    }
  })
}

WG_ALWAYS_INLINE T FN(total)(const T *x, ptrdiff_t down, ptrdiff_t right, wg_span rows, wg_span columns) {
  T total = 0;
  for (ptrdiff_t i = rows.begin; i < rows.end; i++) {
    for (ptrdiff_t j = columns.begin; j < columns.end; j++) total += x[i * down + j * right];
  }
  return total;
}

WG_ALWAYS_INLINE bool FN(spread)(T *x, T share, ptrdiff_t down, ptrdiff_t right, wg_span rows, wg_span columns) {
  for (ptrdiff_t i = rows.begin; i < rows.end; i++) {
    for (ptrdiff_t j = columns.begin; j < columns.end; j++) x[i * down + j * right] += share;
  }
  return true;
}

WG_CLONES static void FN(average_pool_piece)(const void *context, size_t first, size_t end) {
  const T *x = ((const FN(pooling) *)context)->x;
  const bool counts_padding = ((const FN(pooling) *)context)->counts_padding;
  T *y = ((const FN(pooling) *)context)->y;
  WG_OVER_WINDOWS({
    WG_ROW_OF_WHOLE(FN(row_of_means), x, y)
    const ptrdiff_t height = wg_position_count(ay, row, rows, counts_padding);
    for (ptrdiff_t o = 0; o < n; o++) {
      if (o == whole.begin && o < whole.end) o = whole.end;
      if (o == n) break;
      const T total = FN(total)(x + origin + o * stride, down, right, rows, columns[o]);
      y[target + o] = total / (T)(height * wg_position_count(ax, start + o, columns[o], counts_padding));
    }
  })
}

WG_CLONES static void FN(average_pool_adjoint_piece)(const void *context, size_t first, size_t end) {
  const T *ybar = ((const FN(pooling) *)context)->ybar;
  const bool counts_padding = ((const FN(pooling) *)context)->counts_padding;
  T *xbar = ((const FN(pooling) *)context)->y;
  WG_OVER_WINDOWS({
    const ptrdiff_t height = wg_position_count(ay, row, rows, counts_padding);
    for (ptrdiff_t o = 0; o < n; o++) {
      const T share = ybar[target + o] / (T)(height * wg_position_count(ax, start + o, columns[o], counts_padding));
      (void)WG_OF_USUAL_SIZE(FN(spread), rows, columns[o], xbar + origin + o * stride, share, down, right);
    }
  })
}

static void FN(pool)(wg_piece *piece, FN(pooling) job, size_t planes) {
  const wg_window_axis *ay = &job.windows->y, *ax = &job.windows->x;
  const double elements = (double)(ay->output * ax->output) * (double)(ay->window * ax->window);
  wg_split(planes, 1, 2 * WG_COST_OF_MOVING * sizeof(T) * elements, piece, &job);
}

void FN(wg_maximum_pool)(const T *x, size_t planes, const wg_windows *windows, T *y) {
  FN(pool)(FN(maximum_pool_piece), (FN(pooling)){.x = x, .windows = windows, .y = y}, planes);
}

void FN(wg_maximum_pool_adjoint)(const T *x, const T *ybar, size_t planes, const wg_windows *windows, T *xbar) {
  FN(pool)(FN(maximum_pool_adjoint_piece), (FN(pooling)){.x = x, .ybar = ybar, .windows = windows, .y = xbar}, planes);
}

void FN(wg_maximum_pool_tangent)(const T *x, const T *xdot, size_t planes, const wg_windows *windows, T *ydot) {
  FN(pool)(FN(maximum_pool_tangent_piece), (FN(pooling)){.x = x, .xdot = xdot, .windows = windows, .y = ydot}, planes);
}

void FN(wg_average_pool)(const T *x, size_t planes, const wg_windows *windows, bool counts_padding, T *y) {
  const FN(pooling) job = {.x = x, .windows = windows, .counts_padding = counts_padding, .y = y};
  FN(pool)(FN(average_pool_piece), job, planes);
}

void FN(wg_average_pool_adjoint)(const T *ybar, size_t planes, const wg_windows *windows, bool counts_padding,
                                 T *xbar) {
  const FN(pooling) job = {.ybar = ybar, .windows = windows, .counts_padding = counts_padding, .y = xbar};
  FN(pool)(FN(average_pool_adjoint_piece), job, planes);
}

#undef WG_LARGER
#undef WG_ATTAINED
#undef WG_OVER_WINDOWS
#undef WG_OF_USUAL_SIZE
#undef WG_ROW_OF_WHOLE
