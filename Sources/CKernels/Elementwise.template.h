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

#define WG_VECTOR_KERNEL(name)                                                                              \
  static void FN(kernel_##name)(const T *a, const T *b, const T *c, T *y, size_t n) { FN(wg_##name)(a, y, n); }
WG_VECTOR_FUNCTIONS(WG_VECTOR_KERNEL)
#undef WG_VECTOR_KERNEL

#define WG_VECTOR_KERNEL_2(name)                                                                            \
  static void FN(kernel_##name)(const T *a, const T *b, const T *c, T *y, size_t n) { FN(wg_##name)(a, b, y, n); }
WG_VECTOR_FUNCTIONS_2(WG_VECTOR_KERNEL_2)
#undef WG_VECTOR_KERNEL_2

WG_CLONES static bool FN(all_equal)(const T *x, T value, size_t n) {
  bool equal = true;
  for (size_t i = 0; i < n; i++) equal &= x[i] == value;
  return equal;
}

// Of order 1, which is digamma's derivative, arrays; of others an element at a time and in double.
static void FN(kernel_polygamma)(const T *a, const T *b, const T *c, T *y, size_t n) {
  if (FN(all_equal)(a, 1, n)) {
    FN(wg_trigamma)(b, y, n);
  } else {
    for (size_t i = 0; i < n; i++) y[i] = (T)wg_polygamma((double)a[i], (double)b[i]);
  }
}

// The exponents that programs write most, which `wg_pow` handles exactly too, but not as fast.
static void FN(kernel_pow)(const T *a, const T *b, const T *c, T *y, size_t n) {
  if (n > 0 && (b[0] == 2 || b[0] == 1) && FN(all_equal)(b, b[0], n)) {
    if (b[0] == 2) {
      FN(kernel_square)(a, a, a, y, n);
    } else {
      FN(kernel_identity)(a, a, a, y, n);
    }
  } else {
    FN(wg_pow)(a, b, y, n);
  }
}

WG_CLONES static void FN(doubled)(const T *a, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = 2 * a[i];
}
WG_CLONES static void FN(less_one)(const T *b, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = b[i] - 1;
}
WG_CLONES static void FN(finish_powerSlope)(const T *b, const T *powers, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = b[i] == 0 ? 0 : b[i] * powers[i];
}

static void FN(kernel_powerSlope)(const T *a, const T *b, const T *c, T *y, size_t n) {
  if (n > 0 && b[0] == 2 && FN(all_equal)(b, 2, n)) {
    FN(doubled)(a, y, n);
    return;
  }
  T block[WG_BLOCK];
  for (size_t start = 0; start < n; start += WG_BLOCK) {
    const size_t size = n - start < WG_BLOCK ? n - start : WG_BLOCK;
    FN(less_one)(b + start, block, size);
    FN(kernel_pow)(a + start, block, NULL, block, size);
    FN(finish_powerSlope)(b + start, block, y + start, size);
  }
}

WG_CLONES static void FN(shifted)(const T *a, const T *b, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = a[i] == -(T)INFINITY ? -(T)INFINITY : a[i] - b[i];
}

static void FN(kernel_expDifference)(const T *a, const T *b, const T *c, T *y, size_t n) {
  FN(shifted)(a, b, y, n);
  FN(wg_exp)(y, y, n);
}

// Functions of one operand that are finished with a second one: a block at a time, as y may be either operand.
WG_CLONES static void FN(finish_xlogy)(const T *a, const T *b, const T *logs, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = ((a[i] == 0) & (b[i] == b[i])) ? 0 : a[i] * logs[i];
}
WG_CLONES static void FN(finish_elu)(const T *a, const T *b, const T *powers, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = a[i] > 0 ? a[i] : b[i] * powers[i];
}
#define WG_FINISHED_KERNEL(name, function, operand)                                                         \
  static void FN(kernel_##name)(const T *a, const T *b, const T *c, T *y, size_t n) {                       \
    T block[WG_BLOCK];                                                                                      \
    for (size_t start = 0; start < n; start += WG_BLOCK) {                                                  \
      const size_t size = n - start < WG_BLOCK ? n - start : WG_BLOCK;                                      \
      FN(kernel_##function)(operand + start, NULL, NULL, block, size);                                      \
      FN(finish_##name)(a + start, b + start, block, y + start, size);                                      \
    }                                                                                                       \
  }
WG_FINISHED_KERNEL(xlogy, log, b)
WG_FINISHED_KERNEL(elu, expMinusOne, a)
#undef WG_FINISHED_KERNEL

#define WG_ROUNDING_KERNEL(name, function)                                                                  \
  WG_CLONES static void FN(kernel_##name)(const T *a, const T *b, const T *c, T *y, size_t n) {             \
    WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = function(a[i]);                                      \
  }
WG_ROUNDING_KERNEL(floor, __builtin_elementwise_floor)
WG_ROUNDING_KERNEL(ceil, __builtin_elementwise_ceil)
WG_ROUNDING_KERNEL(rounded, __builtin_elementwise_rint)
#undef WG_ROUNDING_KERNEL
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
