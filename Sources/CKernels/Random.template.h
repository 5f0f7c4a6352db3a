/// Numbers from block `first` on, of which the distribution knows two parameters.
typedef struct {
  uint64_t key, stream, first;
  double a, b;
  T *y;
} FN(draw);

/// y[i] = value of word 2 * first + i, a block at a time: `value` is an expression in u[i].
#define WG_DRAW(name, prepare, value)                                                                            \
  static void FN(name##_piece)(const void *context, size_t from, size_t end) {                                   \
    const FN(draw) *draw = context;                                                                              \
    const double a = draw->a, b = draw->b;                                                                       \
    uint64_t words[WG_BLOCK];                                                                                    \
    double u[WG_BLOCK];                                                                                          \
    for (size_t start = from; start < end; start += WG_BLOCK) {                                                  \
      const size_t size = end - start < WG_BLOCK ? end - start : WG_BLOCK;                                       \
      const size_t blocks = (size + 1) / 2;                                                                      \
      philox(draw->key, draw->stream, draw->first + start / 2, words, blocks);                                   \
      units(words, u, 2 * blocks);                                                                               \
      prepare;                                                                                                   \
      for (size_t i = 0; i < size; i++) draw->y[start + i] = (T)(value);                                         \
    }                                                                                                            \
  }                                                                                                              \
  void FN(wg_random_##name)(uint64_t key, uint64_t stream, uint64_t first, double a, double b, T *y, size_t n) { \
    const FN(draw) draw = {key, stream, first, a, b, y};                                                         \
    wg_split(n, WG_BLOCK, 2, FN(name##_piece), &draw);                                                           \
  }

WG_DRAW(uniform, , a + (b - a) * u[i] < b ? a + (b - a) * u[i] : b)
WG_DRAW(normal, normals(u, blocks), a + b * u[i])
WG_DRAW(bernoulli, , u[i] < a ? b : 0)
#undef WG_DRAW
