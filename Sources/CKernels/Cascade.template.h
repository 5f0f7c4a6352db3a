/// A sum of many terms in pairs: level i holds the sum of 2^i terms, if bit i of the count is set.
typedef struct {
  uint64_t count;
  T level[64];
} FN(cascade);

static inline void FN(add_to_cascade)(FN(cascade) * sums, T term) {
  int level = 0;
  for (uint64_t count = sums->count++; count & 1; count >>= 1) term += sums->level[level++];
  sums->level[level] = term;
}

static inline T FN(cascade_sum)(const FN(cascade) * sums) {
  T total = 0;
  int level = 0;
  for (uint64_t count = sums->count; count > 0; count >>= 1, level++) {
    if (count & 1) total += sums->level[level];
  }
  return total;
}

/// The sum of at most WG_BLOCK elements that lie side by side, in vectors.
static inline __attribute__((always_inline)) T FN(vector_sum)(const T *x, size_t n) {
  enum { width = 4 * WG_LANES };
  T partial[width] = {0};
  size_t i = 0;
  int half = WG_LANES / 2;
  if (n >= width) {
    for (; i + width <= n; i += width) {
      for (int k = 0; k < width; k++) partial[k] += x[i + k];
    }
    for (int k = 0; i + k < n; k++) partial[k] += x[i + k];
    for (int k = 0; k < 2 * WG_LANES; k++) partial[k] += partial[k + 2 * WG_LANES];
    for (int k = 0; k < WG_LANES; k++) partial[k] += partial[k + WG_LANES];
  } else if (n >= WG_LANES) {
    for (; i + WG_LANES <= n; i += WG_LANES) {
      for (int k = 0; k < WG_LANES; k++) partial[k] += x[i + k];
    }
    for (int k = 0; i + k < n; k++) partial[k] += x[i + k];
  } else {
    for (; i < n; i++) *partial += x[i];
    return *partial;
  }
  for (; half > 0; half /= 2) {
    for (int k = 0; k < half; k++) partial[k] += partial[k + half];
  }
  return *partial;
}
