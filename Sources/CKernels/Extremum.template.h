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

typedef struct {
  const T *x;
  wg_reduction reduction;
  ptrdiff_t stride;
  bool largest;
  ptrdiff_t *y;
} FN(search);

static void FN(positions_piece)(const void *context, size_t start, size_t end) {
  const FN(search) *search = context;
  const bool largest = search->largest;
  wg_reduction r = search->reduction;
  const size_t n = (size_t)r.terms;
  wg_restrict_outputs(&r, start, end);
  while (wg_next_chunk(&r)) {
    const T *at = search->x + r.offset;
    ptrdiff_t *y = search->y + r.position;
    if (r.columns) {
      (largest ? FN(largest_in_columns) : FN(smallest_in_columns))(at, search->stride, n, y, (size_t)r.size);
    } else {
      (largest ? FN(largest_in_lines) : FN(smallest_in_lines))(at, r.step, search->stride, n, y, (size_t)r.size);
    }
  }
}

void FN(wg_extremum_positions)(const T *x, const wg_layout *from, int32_t axis, bool largest, ptrdiff_t *y) {
  const FN(search) search = {x, wg_begin_reduction(from, 1u << axis), from->strides[axis], largest, y};
  wg_split_outputs(&search.reduction, 2 * WG_COST_OF_MOVING * sizeof(T), FN(positions_piece), &search);
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

/// The adjoint of an extremum, and its chunk of n outputs at hand.
typedef struct {
  const T *x, *y, *ybar;
  wg_reduction reduction;
  bool accumulate;
  T *xbar;
  size_t n;
  const T *value, *share;
  _Atomic int64_t *counts;
} FN(extremum_adjoint);

/// Some of a chunk's terms: counted, or given their share.
static void FN(walk_terms)(const FN(extremum_adjoint) * job, size_t start, size_t end, T *count) {
  const wg_runs *reduced = &job->reduction.reduced;
  const int32_t inner = reduced->rank - 1;
  const ptrdiff_t step = job->reduction.step, stride = reduced->strides[inner];
  // Of a contiguous array the innermost axis is either reduced or kept.
  const bool lines = stride == 1;
  wg_cursor term = wg_seek(reduced, (int64_t)start);
  for (size_t done = start; done < end;) {
    const size_t left = (size_t)(reduced->sizes[inner] - term.index[inner]), run = left < end - done ? left : end - done;
    const T *x = job->x + term.offset;
    T *xbar = job->xbar + term.offset;
    if (count && lines) {
      FN(count_lines)(x, step, run, job->value, count, job->n);
    } else if (count) {
      FN(count_rows)(x, stride, run, job->value, count, job->n);
    } else if (lines) {
      FN(share_lines)(x, step, run, job->value, job->share, job->accumulate, xbar, job->n);
    } else {
      FN(share_rows)(x, stride, run, job->value, job->share, job->accumulate, xbar, job->n);
    }
    wg_advance(reduced, &term, (int64_t)run);
    done += run;
  }
}

static void FN(count_piece)(const void *context, size_t start, size_t end) {
  const FN(extremum_adjoint) *job = context;
  _Alignas(64) T count[WG_BLOCK];
  memset(count, 0, job->n * sizeof(T));
  FN(walk_terms)(job, start, end, count);
  for (size_t k = 0; k < job->n; k++) atomic_fetch_add_explicit(&job->counts[k], (int64_t)count[k], memory_order_relaxed);
}

static void FN(share_piece)(const void *context, size_t start, size_t end) {
  FN(walk_terms)(context, start, end, NULL);
}

static void FN(extremum_adjoint_piece)(const void *context, size_t start, size_t end) {
  FN(extremum_adjoint) job = *(const FN(extremum_adjoint) *)context;
  const T *const x = job.x;
  T *const xbar = job.xbar;
  wg_reduction *r = &job.reduction;
  wg_restrict_outputs(r, start, end);
  while (wg_next_chunk(r)) {
    const T *cotangent = job.ybar + r->position;
    _Alignas(64) T share[WG_BLOCK];
    _Atomic int64_t counts[WG_BLOCK];
    job.x = x + r->offset, job.xbar = xbar + r->offset;
    job.n = (size_t)r->size;
    job.value = job.y + r->position, job.share = share, job.counts = counts;
    for (size_t k = 0; k < job.n; k++) atomic_init(&counts[k], 0);
    const size_t unit = r->reduced.strides[r->reduced.rank - 1] == 1 ? 8 * WG_BLOCK : 64;
    const double cost = WG_COST_OF_MOVING * sizeof(T) * (double)job.n;
    wg_split((size_t)r->terms, unit, cost, FN(count_piece), &job);
    for (size_t k = 0; k < job.n; k++) {
      share[k] = cotangent[k] == 0 ? 0 : cotangent[k] / (T)atomic_load_explicit(&counts[k], memory_order_relaxed);
    }
    wg_split((size_t)r->terms, unit, cost, FN(share_piece), &job);
  }
}

void FN(wg_extremum_adjoint)(const T *x, const wg_layout *shape, uint32_t axes, const T *y, const T *ybar,
                             bool accumulate, T *xbar) {
  const FN(extremum_adjoint) job = {
    .x = x, .y = y, .ybar = ybar, .reduction = wg_begin_reduction(shape, axes), .accumulate = accumulate, .xbar = xbar
  };
  wg_split_outputs(&job.reduction, 2 * WG_COST_OF_MOVING * sizeof(T), FN(extremum_adjoint_piece), &job);
}

#undef WG_MATCHES
#undef WG_BEATS
#undef WG_VECTORIZE
#undef WG_INLINE
