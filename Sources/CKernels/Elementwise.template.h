// The vector width is asked for in elements of 64 bytes: left alone, the compiler stops at 32. `assume_safety`
// spares the overlap test: y is either one of the operands or apart from them.
#define WG_VECTORIZE _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(2)")

#define WG_SIMPLE_KERNEL(name, arity, value)                                                                \
  WG_CLONES static void FN(kernel_##name)(const T *pa, const T *pb, const T *pc, T *y, size_t n) {          \
    WG_VECTORIZE for (size_t i = 0; i < n; i++) {                                                           \
      const T a = pa[i];                                                                                    \
      const T b = arity > 1 ? pb[i] : 0;                                                                    \
      const T c = arity > 2 ? pc[i] : 0;                                                                    \
      (void)b, (void)c;                                                                                     \
      y[i] = (T)(value);                                                                                    \
    }                                                                                                       \
  }
WG_SIMPLE_OPERATIONS(WG_SIMPLE_KERNEL)
#undef WG_SIMPLE_KERNEL

static void FN(kernel_exp)(const T *a, const T *b, const T *c, T *y, size_t n) { FN(wg_exp)(a, y, n); }
static void FN(kernel_log)(const T *a, const T *b, const T *c, T *y, size_t n) { FN(wg_log)(a, y, n); }
static void FN(kernel_tanh)(const T *a, const T *b, const T *c, T *y, size_t n) { FN(wg_tanh)(a, y, n); }
static void FN(kernel_sigmoid)(const T *a, const T *b, const T *c, T *y, size_t n) { FN(wg_sigmoid)(a, y, n); }

// The C library's pow, but exact and fast for the exponents that programs write most.
static inline T FN(power)(T a, T b) {
  if (b == 2) return a * a;
  if (b == 1) return a;
  return (T)(sizeof(T) == 4 ? powf((float)a, (float)b) : pow((double)a, (double)b));
}

WG_CLONES static bool FN(all_equal)(const T *x, T value, size_t n) {
  bool equal = true;
  for (size_t i = 0; i < n; i++) equal &= x[i] == value;
  return equal;
}

static void FN(kernel_pow)(const T *a, const T *b, const T *c, T *y, size_t n) {
  if (n > 1 && (b[0] == 2 || b[0] == 1) && FN(all_equal)(b, b[0], n)) {
    if (b[0] == 2) {
      FN(kernel_multiply)(a, a, a, y, n);
    } else {
      FN(kernel_identity)(a, a, a, y, n);
    }
    return;
  }
  for (size_t i = 0; i < n; i++) y[i] = FN(power)(a[i], b[i]);
}

WG_CLONES static void FN(shifted)(const T *a, const T *b, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = a[i] == -(T)INFINITY ? -(T)INFINITY : a[i] - b[i];
}

static void FN(kernel_expDifference)(const T *a, const T *b, const T *c, T *y, size_t n) {
  FN(shifted)(a, b, y, n);
  FN(wg_exp)(y, y, n);
}

// With z = exp(-|a|) this is s |a| + log(1 + z), where s is 1 - b for a >= 0 and b below: nothing overflows, and
// nothing cancels at b = 0 and b = 1. u = 1 + z is rounded; log u + (z - (u - 1)) / u makes up for it.
WG_CLONES static void FN(binary_cross_entropy_block)(const T *a, const T *b, const T *z, const T *logU, T *y,
                                                     size_t n) {
#pragma clang fp contract(off)
  WG_VECTORIZE for (size_t i = 0; i < n; i++) {
    const T u = 1 + z[i];
    const T s = a[i] >= 0 ? 1 - b[i] : b[i];
    const T penalty = s == 0 ? 0 : s * __builtin_elementwise_abs(a[i]);
    y[i] = penalty + (logU[i] + (z[i] - (u - 1)) / u);
  }
}

WG_CLONES static void FN(negative_magnitude)(const T *a, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = -__builtin_elementwise_abs(a[i]);
}

WG_CLONES static void FN(increment)(const T *a, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = 1 + a[i];
}

static void FN(kernel_binaryCrossEntropy)(const T *a, const T *b, const T *c, T *y, size_t n) {
  _Alignas(64) T z[WG_BLOCK], logU[WG_BLOCK];
  for (size_t start = 0; start < n; start += WG_BLOCK) {
    const size_t size = n - start < WG_BLOCK ? n - start : WG_BLOCK;
    FN(negative_magnitude)(a + start, z, size);
    FN(wg_exp)(z, z, size);
    FN(increment)(z, logU, size);
    FN(wg_log)(logU, logU, size);
    FN(binary_cross_entropy_block)(a + start, b + start, z, logU, y + start, size);
  }
}

WG_CLONES static void FN(kernel_huber)(const T *a, const T *b, const T *c, T *y, size_t n) {
#pragma clang fp contract(off)
  WG_VECTORIZE for (size_t i = 0; i < n; i++) {
    const T r = __builtin_elementwise_abs(a[i]), half = r / 2, excess = r - b[i] / 2;
    y[i] = r > b[i] ? b[i] * excess : r * half;
  }
}

#define WG_SIMPLE_ENTRY(name, arity, value) FN(kernel_##name),
#define WG_TRANSCENDENTAL_ENTRY(name, arity) FN(kernel_##name),
const WG_JOIN(wg_kernel, SUFFIX) FN(wg_kernels)[WG_ELEMENTWISE_COUNT] = {
    WG_SIMPLE_OPERATIONS(WG_SIMPLE_ENTRY) WG_TRANSCENDENTAL_OPERATIONS(WG_TRANSCENDENTAL_ENTRY)};
#undef WG_SIMPLE_ENTRY
#undef WG_TRANSCENDENTAL_ENTRY
#undef WG_VECTORIZE
