// Vectors of WG_LANES elements that stay in registers. An array of partial results does not, once it is indexed by a
// variable: each step then waits for the one before it to reach memory and come back.
//
// Part of the templates that use it, as what is here depends on T.
#undef WG_HALVES
#undef WG_QUARTERS
#undef WG_PAIRS
#undef WG_NEIGHBOURS
#undef WG_PICK
#undef WG_JOIN_LANES
#undef WG_JOIN_LINE
#undef WG_SUM_LANES
#undef WG_ADD_TERMS

typedef T FN(lanes) __attribute__((vector_size(WG_LANES * sizeof(T)), aligned(sizeof(T))));

#if WG_LANES == 16
#define WG_HALVES 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7
#define WG_QUARTERS 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11
#define WG_PAIRS 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13
#define WG_NEIGHBOURS 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14
static const FN(lanes) FN(lane_numbers) = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#else
#define WG_QUARTERS 4, 5, 6, 7, 0, 1, 2, 3
#define WG_PAIRS 2, 3, 0, 1, 6, 7, 4, 5
#define WG_NEIGHBOURS 1, 0, 3, 2, 5, 4, 7, 6
static const FN(lanes) FN(lane_numbers) = {0, 1, 2, 3, 4, 5, 6, 7};
#endif

/// a where a comparison of vectors holds, and b elsewhere.
#define WG_PICK(mask, a, b) ((FN(lanes))(((__typeof__(mask))(a) & (mask)) | ((__typeof__(mask))(b) & ~(mask))))

/// Joins the lanes of a vector u in halves, by an operation f on vectors; the result is in u[0].
#ifdef WG_HALVES
#define WG_JOIN_LANES(u, f)                                  \
  u = f(u, (__builtin_shufflevector(u, u, WG_HALVES)));      \
  u = f(u, (__builtin_shufflevector(u, u, WG_QUARTERS)));    \
  u = f(u, (__builtin_shufflevector(u, u, WG_PAIRS)));       \
  u = f(u, (__builtin_shufflevector(u, u, WG_NEIGHBOURS)));
#else
#define WG_JOIN_LANES(u, f)                                  \
  u = f(u, (__builtin_shufflevector(u, u, WG_QUARTERS)));    \
  u = f(u, (__builtin_shufflevector(u, u, WG_PAIRS)));       \
  u = f(u, (__builtin_shufflevector(u, u, WG_NEIGHBOURS)));
#endif

/// Joins n elements at x, at least WG_LANES, by an operation f on vectors, to which `start` makes no difference. Declares u
/// and leaves the result in u[0].
#define WG_JOIN_LINE(u, x, n, start, f)                                                                       \
  const FN(lanes) *from = (const FN(lanes) *)(x), initial = (FN(lanes)){0} + (T)(start);                      \
  FN(lanes) u = initial;                                                                                      \
  size_t left = (n) / WG_LANES;                                                                               \
  if (left >= 4) {                                                                                            \
    FN(lanes) v = initial, w = initial, z = initial;                                                          \
    for (; left >= 4; left -= 4, from += 4) {                                                                 \
      u = f(from[0], u);                                                                                      \
      v = f(from[1], v);                                                                                      \
      w = f(from[2], w);                                                                                      \
      z = f(from[3], z);                                                                                      \
    }                                                                                                         \
    u = f(u, w);                                                                                              \
    v = f(v, z);                                                                                              \
    u = f(u, v);                                                                                              \
  }                                                                                                           \
  for (; left > 0; left--, from++) u = f(*from, u);                                                           \
  if ((n) % WG_LANES > 0) {                                                                                   \
    /* The last elements with those before them, in whose place the start counts. */                          \
    const FN(lanes) last = *(const FN(lanes) *)((x) + (n) - WG_LANES);                                        \
    const FN(lanes) rest = WG_PICK(FN(lane_numbers) >= (T)(WG_LANES - (n) % WG_LANES), last, initial);        \
    u = f(rest, u);                                                                                           \
  }                                                                                                           \
  WG_JOIN_LANES(u, f)

#define WG_SUM_LANES(a, b) ((a) + (b))

/// sum += `term`, an expression in i, for WG_LANES numbers i from `start`; those before the lane `kept` count as 0.
#define WG_ADD_TERMS(sum, start, kept, term)                                                            \
  do {                                                                                                  \
    T terms[WG_LANES];                                                                                  \
    _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(1)")        \
    for (int k = 0; k < WG_LANES; k++) {                                                                \
      const size_t i = (start) + (size_t)k;                                                             \
      const T value = (term);                                                                           \
      terms[k] = k >= (kept) ? value : 0;                                                               \
    }                                                                                                   \
    sum += *(const FN(lanes) *)terms;                                                                   \
  } while (0)
