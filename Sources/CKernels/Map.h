// Loops of a function of vectors over an array of its own scalar type, and the kernels that choose among them.
#ifndef WENGERT_MAP_H
#define WENGERT_MAP_H

// y = function(x) for n >= LANES. The last vector ends at n and may overlap the one before it; it is read
// before anything is written because x may be y. Without `min_vector_width`, which the kernel takes over from
// the inlined function, the compiler would split 64 bytes into halves: it prefers vectors of 32.
#define WG_MAP(function)                                                                                    \
  __attribute__((min_vector_width(512)))                                                                    \
  WG_INLINE void K(map_##function)(const T *x, T *y, size_t n) {                                            \
    V last, v;                                                                                              \
    __builtin_memcpy(&last, x + n - LANES, sizeof last);                                                    \
    size_t i = 0;                                                                                           \
    for (; i + LANES <= n; i += LANES) {                                                                    \
      __builtin_memcpy(&v, x + i, sizeof v);                                                                \
      K(function)(&v);                                                                                      \
      __builtin_memcpy(y + i, &v, sizeof v);                                                                \
    }                                                                                                       \
    if (i == n) return;                                                                                     \
    K(function)(&last);                                                                                     \
    __builtin_memcpy(y + n - LANES, &last, sizeof last);                                                    \
  }

// Vectors of 64 bytes, of 16 bytes for arrays shorter than that, and single elements as vectors of 16 bytes
// with the element in every lane.
#define WG_KERNEL(function, type, suffix, wide, narrow)                                                     \
  WG_CLONES void wg_##function##_##suffix(const type *x, type *y, size_t n) {                               \
    if (n >= wide) {                                                                                        \
      map_##function##_##suffix##x##wide(x, y, n);                                                          \
    } else if (n >= narrow) {                                                                               \
      map_##function##_##suffix##x##narrow(x, y, n);                                                        \
    } else {                                                                                                \
      for (size_t i = 0; i < n; i++) {                                                                      \
        V_##suffix##x##narrow v = (V_##suffix##x##narrow)x[i];                                              \
        function##_##suffix##x##narrow(&v);                                                                 \
        y[i] = v[0];                                                                                        \
      }                                                                                                     \
    }                                                                                                       \
  }
#define WG_KERNELS(function)                                                                                \
  WG_KERNEL(function, float, f32, 16, 4)                                                                    \
  WG_KERNEL(function, double, f64, 8, 2)

#endif
