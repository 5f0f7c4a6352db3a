// Loops of a function of vectors over arrays, and the kernels that choose among them.
#ifndef WENGERT_MAP_H
#define WENGERT_MAP_H

// y = function(x) for n >= LANES. The last vector ends at n and may overlap the one before it; it is read
// before anything is written because x may be y. Without `min_vector_width`, which the kernel takes over from
// the inlined function, the compiler would split 64 bytes into halves: it prefers vectors of 32.
#define WG_MAP(function)                                                                                    \
  __attribute__((min_vector_width(512)))                                                                    \
  WG_INLINE void K(map_##function)(const ELEMENT *x, ELEMENT *y, size_t n) {                                \
    V last, v;                                                                                              \
    K(load)(x + n - LANES, &last);                                                                          \
    size_t i = 0;                                                                                           \
    WG_MAP_REST(function)                                                                                   \
  }
#define WG_MAP_REST(function)                                                                               \
  for (; i + LANES <= n; i += LANES) {                                                                      \
    K(load)(x + i, &v);                                                                                     \
    K(function)(&v);                                                                                        \
    K(store)(&v, y + i);                                                                                    \
  }                                                                                                         \
  if (i == n) return;                                                                                       \
  K(function)(&last);                                                                                       \
  K(store)(&last, y + n - LANES);

// The same of a function in two halves: the first half of several vectors, then the second half of each. A processor looks
// for work that need not wait only as far ahead as its tables reach, and what is one chain of operations fills them.
#define WG_MAP_IN_HALVES(function)                                                                          \
  __attribute__((min_vector_width(512)))                                                                    \
  WG_INLINE void K(map_##function)(const ELEMENT *x, ELEMENT *y, size_t n) {                                \
    enum { count = 8 };                                                                                     \
    V high[count], low[count], last, v, result;                                                             \
    U scale[count];                                                                                         \
    K(Reduced) reduced;                                                                                     \
    K(load)(x + n - LANES, &last);                                                                          \
    size_t i = 0;                                                                                           \
    for (; i + count * LANES <= n; i += count * LANES) {                                                    \
      _Pragma("clang loop unroll(disable)") for (size_t j = 0; j < count; j++) {                            \
        K(load)(x + i + j * LANES, &v);                                                                     \
        K(function##Begin)(&v, &reduced);                                                                   \
        high[j] = reduced.high, low[j] = reduced.low, scale[j] = reduced.scale;                             \
      }                                                                                                     \
      _Pragma("clang loop unroll(disable)") for (size_t j = 0; j < count; j++) {                            \
        K(load)(x + i + j * LANES, &v);                                                                     \
        reduced = (K(Reduced)){high[j], low[j], scale[j]};                                                  \
        K(function##End)(&v, &reduced, &result);                                                            \
        K(store)(&result, y + i + j * LANES);                                                               \
      }                                                                                                     \
    }                                                                                                       \
    WG_MAP_REST(function)                                                                                   \
  }

// The same of two operands: y = function(a, b), where y may be either.
#define WG_MAP_2(function)                                                                                  \
  __attribute__((min_vector_width(512)))                                                                    \
  WG_INLINE void K(map_##function)(const ELEMENT *a, const ELEMENT *b, ELEMENT *y, size_t n) {              \
    V left, right, lastLeft, lastRight, result;                                                             \
    K(load)(a + n - LANES, &lastLeft);                                                                      \
    K(load)(b + n - LANES, &lastRight);                                                                     \
    size_t i = 0;                                                                                           \
    for (; i + LANES <= n; i += LANES) {                                                                    \
      K(load)(a + i, &left);                                                                                \
      K(load)(b + i, &right);                                                                               \
      K(function)(&left, &right, &result);                                                                  \
      K(store)(&result, y + i);                                                                             \
    }                                                                                                       \
    if (i == n) return;                                                                                     \
    K(function)(&lastLeft, &lastRight, &result);                                                            \
    K(store)(&result, y + n - LANES);                                                                       \
  }

// Vectors of 64 bytes, of 16 bytes for arrays shorter than that, and single elements as vectors of 16 bytes
// with the element in every lane.
#define WG_KERNEL(function, type, suffix, precision, wide, narrow)                                          \
  WG_CLONES void wg_##function##_##suffix(const type *x, type *y, size_t n) {                               \
    if (n >= wide) {                                                                                        \
      map_##function##_##precision##x##wide(x, y, n);                                                       \
    } else if (n >= narrow) {                                                                               \
      map_##function##_##precision##x##narrow(x, y, n);                                                     \
    } else {                                                                                                \
      for (size_t i = 0; i < n; i++) {                                                                      \
        V_##precision##x##narrow v = (V_##precision##x##narrow)x[i];                                        \
        function##_##precision##x##narrow(&v);                                                              \
        y[i] = (type)v[0];                                                                                  \
      }                                                                                                     \
    }                                                                                                       \
  }
#define WG_KERNEL_2(function, type, suffix, precision, wide, narrow)                                        \
  WG_CLONES void wg_##function##_##suffix(const type *a, const type *b, type *y, size_t n) {                \
    if (n >= wide) {                                                                                        \
      map_##function##_##precision##x##wide(a, b, y, n);                                                    \
    } else if (n >= narrow) {                                                                               \
      map_##function##_##precision##x##narrow(a, b, y, n);                                                  \
    } else {                                                                                                \
      for (size_t i = 0; i < n; i++) {                                                                      \
        const V_##precision##x##narrow left = (V_##precision##x##narrow)a[i];                               \
        const V_##precision##x##narrow right = (V_##precision##x##narrow)b[i];                              \
        V_##precision##x##narrow result;                                                                    \
        function##_##precision##x##narrow(&left, &right, &result);                                          \
        y[i] = (type)result[0];                                                                             \
      }                                                                                                     \
    }                                                                                                       \
  }

// Of functions that are computed in the type of their arrays, and of those that are computed in double.
#define WG_KERNELS(function)                         \
  WG_KERNEL(function, float, f32, f32, 16, 4)        \
  WG_KERNEL(function, double, f64, f64, 8, 2)
#define WG_WIDENED_KERNELS(function)                 \
  WG_KERNEL(function, float, f32, widened, 8, 2)     \
  WG_KERNEL(function, double, f64, f64, 8, 2)
#define WG_WIDENED_KERNELS_2(function)               \
  WG_KERNEL_2(function, float, f32, widened, 8, 2)   \
  WG_KERNEL_2(function, double, f64, f64, 8, 2)

#endif
