// Vectors of WG_LANES elements that stay in registers. An array of partial sums does not, once it is indexed by a variable:
// each addition then waits for the one before it to reach memory and come back.
typedef T FN(lanes) __attribute__((vector_size(WG_LANES * sizeof(T)), aligned(sizeof(T))));

__attribute__((unused)) static const FN(lanes) FN(lane_numbers) = {0, 1, 2, 3, 4, 5, 6, 7
#if WG_LANES == 16
                                          , 8, 9, 10, 11, 12, 13, 14, 15
#endif
};

/// The sum of a vector's lanes, in halves.
static inline __attribute__((always_inline, unused)) T FN(sum_lanes)(const FN(lanes) *lanes) {
  typedef T quarter __attribute__((vector_size(4 * sizeof(T))));
#if WG_LANES == 16
  typedef T half __attribute__((vector_size(8 * sizeof(T))));
  const half eight = __builtin_shufflevector(*lanes, *lanes, 0, 1, 2, 3, 4, 5, 6, 7) +
                     __builtin_shufflevector(*lanes, *lanes, 8, 9, 10, 11, 12, 13, 14, 15);
#else
  const FN(lanes) eight = *lanes;
#endif
  const quarter four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) +
                       __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/// sum += `term`, an expression in i, for WG_LANES numbers i from `start`; those before the lane `kept` count as 0.
#ifndef WG_ADD_TERMS
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
#endif
