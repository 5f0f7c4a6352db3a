/// What is summed: a function of an element x and of two numbers a and b of its output.
typedef enum {
  FN(term_deviation),          // x - a
  FN(term_squared_deviation),  // (x - a - b)^2
  FN(term_square),             // x^2
  FN(term_scaled_square),      // (x / a)^2
  FN(term_scaled_power),       // (|x| / a)^b
} FN(term_kind);

#define WG_TERMS(expression) \
  for (size_t k = 0; k < n; k++) { \
    const T x = from[(ptrdiff_t)k * stride], p = a ? a[vary ? k : 0] : 0, q = b ? b[vary ? k : 0] : 0; \
    (void)p, (void)q; \
    y[k] = expression; \
  }

static inline __attribute__((always_inline)) void FN(terms)(FN(term_kind) kind, const T *from, ptrdiff_t stride,
                                                           const T *a, const T *b, bool vary, T *y, size_t n) {
  switch (kind) {
    case FN(term_deviation): WG_TERMS(x - p) break;
    case FN(term_squared_deviation): WG_TERMS(((x - p) - q) * ((x - p) - q)) break;
    case FN(term_square): WG_TERMS(x * x) break;
    case FN(term_scaled_square): WG_TERMS((x / p) * (x / p)) break;
    case FN(term_scaled_power): WG_TERMS(__builtin_elementwise_abs(x) / p) break;
  }
}

/// The terms of a run of at most WG_BLOCK elements of one output, summed.
WG_CLONES static T FN(sum_terms)(FN(term_kind) kind, const T *from, ptrdiff_t stride, const T *a, const T *b,
                                 size_t n) {
  enum { width = 4 * WG_LANES };
  _Alignas(64) T y[WG_BLOCK];
  if (stride == 1) {
    FN(terms)(kind, from, 1, a, b, false, y, n);
  } else {
    FN(terms)(kind, from, stride, a, b, false, y, n);
  }
  if (kind == FN(term_scaled_power)) {
    _Alignas(64) T exponents[WG_BLOCK];
    for (size_t k = 0; k < n; k++) exponents[k] = *b;
    FN(wg_kernels)[wg_op_pow](y, exponents, NULL, y, n);
  }
  if (n < width) {
    T sum = 0;
    for (size_t i = 0; i < n; i++) sum += y[i];
    return sum;
  }
  T partial[width] = {0};
  size_t i = 0;
  for (; i + width <= n; i += width) {
    for (int k = 0; k < width; k++) partial[k] += y[i + k];
  }
  for (int k = 0; i + k < n; k++) partial[k] += y[i + k];
  for (int half = width / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; k++) partial[k] += partial[k + half];
  }
  return partial[0];
}

/// sums += the terms of one row, an element for each of several outputs.
WG_CLONES static void FN(add_terms)(FN(term_kind) kind, const T *from, const T *a, const T *b, T *sums, size_t n) {
  _Alignas(64) T y[WG_BLOCK];
  FN(terms)(kind, from, 1, a, b, true, y, n);
  if (kind == FN(term_scaled_power)) FN(wg_kernels)[wg_op_pow](y, b, NULL, y, n);
  for (size_t k = 0; k < n; k++) sums[k] += y[k];
}

/// The sums of terms for the chunk of outputs at hand.
static void FN(sums_of_terms)(FN(term_kind) kind, const T *x, const wg_reduction *r, const T *a, const T *b, T *y) {
  const wg_runs *reduced = &r->reduced;
  const int32_t inner = reduced->rank - 1;
  const int64_t run = reduced->sizes[inner];
  const ptrdiff_t stride = reduced->strides[inner];
  wg_cursor term = {{0}, 0};
  if (!r->columns) {
    FN(cascade) sums = {.count = 0};
    for (int64_t done = 0; done < r->terms; done += run) {
      const T *from = x + r->offset + term.offset;
      for (int64_t start = 0; start < run; start += WG_BLOCK) {
        const int64_t size = run - start < WG_BLOCK ? run - start : WG_BLOCK;
        FN(add_to_cascade)(&sums, FN(sum_terms)(kind, from + start * stride, stride, a, b, (size_t)size));
      }
      wg_advance(reduced, &term, run);
    }
    *y = FN(cascade_sum)(&sums);
    return;
  }
  _Alignas(64) T partial[WG_BLOCK];
  const size_t n = (size_t)r->size;
  memset(y, 0, n * sizeof(T));
  for (int64_t done = 0; done < r->terms; done += WG_BLOCK) {
    const int64_t end = r->terms - done < WG_BLOCK ? r->terms : done + WG_BLOCK;
    memset(partial, 0, n * sizeof(T));
    for (int64_t i = done; i < end; i++) {
      FN(add_terms)(kind, x + r->offset + term.offset, a, b, partial, n);
      wg_advance(reduced, &term, 1);
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
    _Alignas(64) T means[WG_BLOCK];
    const T *first = x + r.offset;
    FN(sums_of_terms)(FN(term_deviation), x, &r, first, NULL, means);
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
    FN(sums_of_terms)(FN(term_square), x, &r, NULL, NULL, target);
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
      divisors[k] = scale > 0 && scale < (T)INFINITY ? scale : 1;
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
