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

/// Which terms, and the numbers that belong to each output.
typedef struct {
  FN(term_kind) kind;
  const T *a, *b;
} FN(numbers);

/// The terms of a run of at most WG_BLOCK elements of one output, summed.
WG_CLONES static T FN(sum_terms)(const void *numbers, const T *from, ptrdiff_t stride, size_t n) {
  const FN(term_kind) kind = ((const FN(numbers) *)numbers)->kind;
  const T a = *((const FN(numbers) *)numbers)->a, b = *((const FN(numbers) *)numbers)->b;
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
WG_CLONES static void FN(add_terms)(const void *numbers, const T *from, ptrdiff_t stride, size_t rows, T *sums,
                                    size_t n) {
  const FN(term_kind) kind = ((const FN(numbers) *)numbers)->kind;
  const T *a = ((const FN(numbers) *)numbers)->a, *b = ((const FN(numbers) *)numbers)->b;
  _Alignas(64) T y[WG_BLOCK];
  for (size_t row = 0; row < rows; row++, from += stride) {
    WG_ALL_TERMS(from[k], a[k], b[k])
    if (kind == FN(term_scaled_power)) FN(wg_kernels)[wg_op_pow](y, b, NULL, y, n);
    _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(1)")
    for (size_t k = 0; k < n; k++) sums[k] += y[k];
  }
}

static double FN(term_cost)(FN(term_kind) kind) {
  return sizeof(T) * (kind == FN(term_scaled_power) ? WG_COST_OF_FUNCTION : WG_COST_OF_MOVING);
}

/// The sums of terms for the chunk of outputs at hand.
static void FN(sums_of_terms)(FN(term_kind) kind, const T *x, const wg_reduction *r, const T *a, const T *b, T *y) {
  FN(numbers) numbers = {kind, a, b};
  const FN(summand) summand = {FN(sum_terms), FN(add_terms), &numbers, FN(term_cost)(kind)};
  if (r->columns) {
    FN(sum_columns)(&summand, x + r->offset, &r->reduced, r->terms, y, (size_t)r->size);
    return;
  }
  const int64_t run = r->reduced.sizes[r->reduced.rank - 1];
  const ptrdiff_t stride = r->reduced.strides[r->reduced.rank - 1];
  for (int64_t k = 0; k < r->size; k++) {
    const T *from = x + r->offset + k * r->step;
    numbers.a = a + k, numbers.b = b + k;
    y[k] = run == r->terms && run <= WG_BLOCK ? FN(sum_terms)(&numbers, from, stride, (size_t)run)
                                              : FN(sum_long)(&summand, from, &r->reduced, r->terms);
  }
}

/// A reduction whose outputs are computed from sums of terms.
typedef struct {
  const T *x;
  wg_reduction reduction;
  T divisor;
  double order;
  const T *scales;
  T *y;
} FN(moment);

static void FN(variance_piece)(const void *context, size_t start, size_t end) {
  const FN(moment) *variance = context;
  const T *x = variance->x;
  wg_reduction r = variance->reduction;
  wg_restrict_outputs(&r, start, end);
  while (wg_next_chunk(&r)) {
    T *target = variance->y + r.position;
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
    for (size_t k = 0; k < n; k++) target[k] /= variance->divisor;
  }
}

void FN(wg_variance)(const T *x, const wg_layout *from, uint32_t axes, T divisor, T *y) {
  const FN(moment) variance = {.x = x, .reduction = wg_begin_reduction(from, axes), .divisor = divisor, .y = y};
  wg_split_outputs(&variance.reduction, 2 * FN(term_cost)(FN(term_deviation)), FN(variance_piece), &variance);
}

static T FN(square_root)(T x) { return sizeof(T) == 4 ? (T)sqrtf((float)x) : (T)sqrt((double)x); }

/// Whether a sum of squares neither overflowed nor lost digits to underflow.
static bool FN(is_exact)(T squares) {
  return sizeof(T) == 4 ? squares >= 0x1p-80f && squares <= 0x1p80f : squares >= 0x1p-900 && squares <= 0x1p900;
}

/// The Euclidean norm, or -1 where the sum of squares is out of range.
static void FN(simple_norm_piece)(const void *context, size_t start, size_t end) {
  const FN(moment) *norm = context;
  wg_reduction r = norm->reduction;
  wg_restrict_outputs(&r, start, end);
  while (wg_next_chunk(&r)) {
    T *target = norm->y + r.position;
    _Alignas(64) T none[WG_BLOCK] = {0};
    FN(sums_of_terms)(FN(term_square), norm->x, &r, none, none, target);
    for (int64_t k = 0; k < r.size; k++) {
      target[k] = FN(is_exact)(target[k]) ? FN(square_root)(target[k]) : -1;
    }
  }
}

static void FN(scaled_norm_piece)(const void *context, size_t start, size_t end) {
  const FN(moment) *norm = context;
  const bool euclidean = norm->order == 2;
  wg_reduction r = norm->reduction;
  wg_restrict_outputs(&r, start, end);
  while (wg_next_chunk(&r)) {
    _Alignas(64) T divisors[WG_BLOCK], exponents[WG_BLOCK], sums[WG_BLOCK];
    T *target = norm->y + r.position;
    bool is_done = euclidean;
    for (int64_t k = 0; k < r.size; k++) {
      const T scale = norm->scales[r.position + k];
      divisors[k] = 1;
      if (scale > 0 && scale < (T)INFINITY) {
        // A power of two leaves the digits as they are; any other order takes the number itself, so that no power is
        // out of range.
        divisors[k] = euclidean ? (T)scalbn(1.0, ilogb((double)scale)) : scale;
      }
      exponents[k] = (T)norm->order;
      is_done = is_done && target[k] >= 0;
    }
    if (is_done) continue;
    FN(sums_of_terms)
    (euclidean ? FN(term_scaled_square) : FN(term_scaled_power), norm->x, &r, divisors, exponents, sums);
    for (int64_t k = 0; k < r.size; k++) {
      const T root = euclidean ? FN(square_root)(sums[k]) : (T)pow((double)sums[k], 1 / norm->order);
      // An output that needed no scale keeps its value, whatever its neighbours are.
      if (!euclidean || target[k] < 0) target[k] = divisors[k] * root;
    }
  }
}

void FN(wg_norm)(const T *x, const wg_layout *from, uint32_t axes, double order, T *y) {
  const bool euclidean = order == 2;
  FN(moment) norm = {.x = x, .reduction = wg_begin_reduction(from, axes), .order = order, .y = y};
  const int64_t outputs = norm.reduction.outputs;
  if (euclidean) {
    wg_split_outputs(&norm.reduction, FN(term_cost)(FN(term_square)), FN(simple_norm_piece), &norm);
    bool all = true;
    for (int64_t i = 0; i < outputs; i++) all &= y[i] >= 0;
    if (all) return;
  }
  // The scale of each output is its largest magnitude, or the smallest for a negative order, where that dominates.
  T *scales = malloc((size_t)(outputs > 0 ? outputs : 1) * sizeof(T));
  if (scales == NULL) abort();
  if (order < 0) {
    FN(wg_minimum_magnitude)(x, from, axes, scales);
  } else {
    FN(wg_maximum_magnitude)(x, from, axes, scales);
  }
  norm.scales = scales;
  const double cost = FN(term_cost)(euclidean ? FN(term_scaled_square) : FN(term_scaled_power));
  wg_split_outputs(&norm.reduction, cost, FN(scaled_norm_piece), &norm);
  free(scales);
}

#undef WG_TERMS
#undef WG_ALL_TERMS
