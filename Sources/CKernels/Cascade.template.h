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
