/// y[i] = value of word 2 * first + i, a block at a time: `value` is an expression in u[i].
#define WG_FILL(prepare, value)                                                     \
  uint64_t words[WG_BLOCK];                                                         \
  double u[WG_BLOCK];                                                               \
  for (size_t start = 0; start < n; start += WG_BLOCK) {                            \
    const size_t size = n - start < WG_BLOCK ? n - start : WG_BLOCK;                \
    const size_t blocks = (size + 1) / 2;                                           \
    philox(key, stream, first + start / 2, words, blocks);                          \
    units(words, u, 2 * blocks);                                                    \
    prepare;                                                                        \
    for (size_t i = 0; i < size; i++) y[start + i] = (T)(value);                    \
  }

void FN(wg_random_uniform)(uint64_t key, uint64_t stream, uint64_t first, double lower, double upper, T *y, size_t n) {
  const double width = upper - lower;
  WG_FILL(, lower + width * u[i] < upper ? lower + width * u[i] : upper)
}

void FN(wg_random_normal)(uint64_t key, uint64_t stream, uint64_t first, double mean, double deviation, T *y,
                          size_t n) {
  WG_FILL(normals(u, blocks), mean + deviation * u[i])
}

void FN(wg_random_bernoulli)(uint64_t key, uint64_t stream, uint64_t first, double probability, double success, T *y,
                             size_t n) {
  WG_FILL(, u[i] < probability ? success : 0)
}
#undef WG_FILL
