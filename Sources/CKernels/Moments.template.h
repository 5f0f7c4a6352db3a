/// What is summed: a function of an element x and of two numbers a and b of its output.
typedef enum {
  FN(term_deviation),          // x - a
  FN(term_squared_deviation),  // (x - a - b)^2
  FN(term_square),             // x^2
  FN(term_scaled_square),      // (x / a)^2
  FN(term_scaled_power),       // (|x| / a)^b
} FN(term_kind);

static inline __attribute__((always_inline)) T FN(term)(FN(term_kind) kind, T x, T a, T b) {
  switch (kind) {
    case FN(term_deviation): return x - a;
    case FN(term_squared_deviation): return ((x - a) - b) * ((x - a) - b);
    case FN(term_square): return x * x;
    case FN(term_scaled_square): return (x / a) * (x / a);
    case FN(term_scaled_power): return __builtin_elementwise_abs(x) / a;
  }
}

#define WG_TERMS(kind, x, a, b)                                                                              \
  case kind:                                                                                                 \
    _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(1)")             \
    for (size_t k = 0; k < n; k++) y[k] = FN(term)(kind, x, a, b);                                           \
    break;
/// y[k] = the term of x, a and b, which are expressions in k.
#define WG_ALL_TERMS(x, a, b)                       \
  switch (kind) {                                   \
    WG_TERMS(FN(term_deviation), x, a, b)           \
    WG_TERMS(FN(term_squared_deviation), x, a, b)   \
    WG_TERMS(FN(term_square), x, a, b)              \
    WG_TERMS(FN(term_scaled_square), x, a, b)       \
    WG_TERMS(FN(term_scaled_power), x, a, b)        \
  }

/// The terms of a run of at most WG_BLOCK elements of one output, summed.
WG_CLONES static T FN(sum_terms)(FN(term_kind) kind, const T *from, ptrdiff_t stride, T a, T b, size_t n) {
  _Alignas(64) T y[WG_BLOCK];
  if (stride == 1) {
    WG_ALL_TERMS(from[k], a, b)
  } else {
    WG_ALL_TERMS(from[(ptrdiff_t)k * stride], a, b)
  }
  if (kind == FN(term_scaled_power)) {
    _Alignas(64) T exponents[WG_BLOCK];
    for (size_t k = 0; k < n; k++) exponents[k] = b;
    FN(wg_kernels)[wg_op_pow](y, exponents, NULL, y, n);
  }
  return FN(vector_sum)(y, n);
}

/// sums += the terms of some rows, an element of each for each of several outputs.
WG_CLONES static void FN(add_terms)(FN(term_kind) kind, const T *from, ptrdiff_t stride, size_t rows, const T *a,
                                    const T *b, T *sums, size_t n) {
  _Alignas(64) T y[WG_BLOCK];
  for (size_t row = 0; row < rows; row++, from += stride) {
    WG_ALL_TERMS(from[k], a[k], b[k])
    if (kind == FN(term_scaled_power)) FN(wg_kernels)[wg_op_pow](y, b, NULL, y, n);
    _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(1)")
    for (size_t k = 0; k < n; k++) sums[k] += y[k];
  }
}

static T FN(sum_of_terms)(FN(term_kind) kind, const T *x, const wg_runs *reduced, int64_t terms, T a, T b) {
  const int64_t run = reduced->sizes[reduced->rank - 1];
  const ptrdiff_t stride = reduced->strides[reduced->rank - 1];
  if (run == terms && run <= WG_BLOCK) return FN(sum_terms)(kind, x, stride, a, b, (size_t)run);
  FN(cascade) sums = {.count = 0};
  wg_cursor term = {{0}, 0};
  for (int64_t done = 0; done < terms; done += run) {
    const T *from = x + term.offset;
    for (int64_t start = 0; start < run; start += WG_BLOCK) {
      const int64_t size = run - start < WG_BLOCK ? run - start : WG_BLOCK;
      FN(add_to_cascade)(&sums, FN(sum_terms)(kind, from + start * stride, stride, a, b, (size_t)size));
    }
    wg_advance(reduced, &term, run);
  }
  return FN(cascade_sum)(&sums);
}

/// The sums of terms for the chunk of outputs at hand.
static void FN(sums_of_terms)(FN(term_kind) kind, const T *x, const wg_reduction *r, const T *a, const T *b, T *y) {
  const size_t n = (size_t)r->size;
  if (!r->columns) {
    for (size_t k = 0; k < n; k++) {
      y[k] = FN(sum_of_terms)(kind, x + r->offset + (ptrdiff_t)k * r->step, &r->reduced, r->terms, a[k], b[k]);
    }
    return;
  }
  _Alignas(64) T partial[WG_BLOCK];
  const int32_t inner = r->reduced.rank - 1;
  wg_cursor term = {{0}, 0};
  memset(y, 0, n * sizeof(T));
  for (int64_t done = 0; done < r->terms; done += WG_BLOCK) {
    const int64_t end = r->terms - done < WG_BLOCK ? r->terms : done + WG_BLOCK;
    memset(partial, 0, n * sizeof(T));
    for (int64_t i = done; i < end;) {
      const int64_t left = r->reduced.sizes[inner] - term.index[inner];
      const int64_t rows = left < end - i ? left : end - i;
      const T *from = x + r->offset + term.offset;
      FN(add_terms)(kind, from, r->reduced.strides[inner], (size_t)rows, a, b, partial, n);
      wg_advance(&r->reduced, &term, rows);
      i += rows;
    }
    for (size_t k = 0; k < n; k++) y[k] += partial[k];
  }
}

void FN(wg_variance)(const T *x, const wg_layout *from, uint32_t axes, T divisor, T *y) {
  wg_reduction r = wg_begin_reduction(from, axes);
  while (wg_next_chunk(&r)) {
    T *target = y + r.position;
    const size_t n = (size_t)r.size;
    if (r.terms == 0) {
      for (size_t k = 0; k < n; k++) target[k] = (T)NAN;
      continue;
    }
    // Deviations are from the first element before they are from the mean: elements that are all equal, or lie close
    // together far from 0, lose nothing.
    _Alignas(64) T first[WG_BLOCK], means[WG_BLOCK];
    for (size_t k = 0; k < n; k++) first[k] = x[r.offset + (ptrdiff_t)k * r.step];
    FN(sums_of_terms)(FN(term_deviation), x, &r, first, first, means);
    for (size_t k = 0; k < n; k++) means[k] /= (T)r.terms;
    FN(sums_of_terms)(FN(term_squared_deviation), x, &r, first, means, target);
    for (size_t k = 0; k < n; k++) target[k] /= divisor;
  }
}

static T FN(square_root)(T x) { return sizeof(T) == 4 ? (T)sqrtf((float)x) : (T)sqrt((double)x); }

/// Whether a sum of squares neither overflowed nor lost digits to underflow.
static bool FN(is_exact)(T squares) {
  return sizeof(T) == 4 ? squares >= 0x1p-80f && squares <= 0x1p80f : squares >= 0x1p-900 && squares <= 0x1p900;
}

/// The Euclidean norm, for sums of squares in range; returns whether all were.
static bool FN(simple_norm)(const T *x, const wg_layout *from, uint32_t axes, T *y) {
  bool all = true;
  wg_reduction r = wg_begin_reduction(from, axes);
  while (wg_next_chunk(&r)) {
    T *target = y + r.position;
    FN(sums_of_terms)(FN(term_square), x, &r, target, target, target);
    for (int64_t k = 0; k < r.size; k++) {
      all = all && FN(is_exact)(target[k]);
      target[k] = FN(is_exact)(target[k]) ? FN(square_root)(target[k]) : -1;
    }
  }
  return all;
}

void FN(wg_norm)(const T *x, const wg_layout *from, uint32_t axes, double order, T *y) {
  const bool euclidean = order == 2;
  if (euclidean && FN(simple_norm)(x, from, axes, y)) return;
  // The scale of each output is its largest magnitude, or the smallest for a negative order, where that dominates.
  wg_reduction r = wg_begin_reduction(from, axes);
  T *scales = malloc((size_t)(r.outputs > 0 ? r.outputs : 1) * sizeof(T));
  if (scales == NULL) abort();
  if (order < 0) {
    FN(wg_minimum_magnitude)(x, from, axes, scales);
  } else {
    FN(wg_maximum_magnitude)(x, from, axes, scales);
  }
  while (wg_next_chunk(&r)) {
    _Alignas(64) T divisors[WG_BLOCK], exponents[WG_BLOCK], sums[WG_BLOCK];
    T *target = y + r.position;
    bool is_done = euclidean;
    for (int64_t k = 0; k < r.size; k++) {
      const T scale = scales[r.position + k];
      divisors[k] = 1;
      if (scale > 0 && scale < (T)INFINITY) {
        // A power of two leaves the digits as they are; any other order takes the number itself, so that no power is
        // out of range.
        divisors[k] = euclidean ? (T)scalbn(1.0, ilogb((double)scale)) : scale;
      }
      exponents[k] = (T)order;
      is_done = is_done && target[k] >= 0;
    }
    if (is_done) continue;
    FN(sums_of_terms)(euclidean ? FN(term_scaled_square) : FN(term_scaled_power), x, &r, divisors, exponents, sums);
    for (int64_t k = 0; k < r.size; k++) {
      const T root = euclidean ? FN(square_root)(sums[k]) : (T)pow((double)sums[k], 1 / order);
      // An output that needed no scale keeps its value, whatever its neighbours are.
      if (!euclidean || target[k] < 0) target[k] = divisors[k] * root;
    }
  }
  free(scales);
}

#undef WG_TERMS
#undef WG_ALL_TERMS
