// Loops of a function of vectors of double over arrays of either scalar type, and the kernels that choose among them.
#ifndef WENGERT_MAP_DOUBLE_H
#define WENGERT_MAP_DOUBLE_H

// y = function(x) for n >= LANES elements, as WG_MAP in Map.h does it.
#define WG_MAP_DOUBLE_(function, type, suffix)                                                              \
  __attribute__((min_vector_width(512)))                                                                    \
  WG_INLINE void K(map_##function##_##suffix)(const type *x, type *y, size_t n) {                           \
    typedef type Narrow __attribute__((ext_vector_type(LANES)));                                            \
    Narrow narrow;                                                                                          \
    __builtin_memcpy(&narrow, x + n - LANES, sizeof narrow);                                                \
    V last = __builtin_convertvector(narrow, V);                                                            \
    size_t i = 0;                                                                                           \
    for (; i + LANES <= n; i += LANES) {                                                                    \
      __builtin_memcpy(&narrow, x + i, sizeof narrow);                                                      \
      V v = __builtin_convertvector(narrow, V);                                                             \
      K(function)(&v);                                                                                      \
      narrow = __builtin_convertvector(v, Narrow);                                                          \
      __builtin_memcpy(y + i, &narrow, sizeof narrow);                                                      \
    }                                                                                                       \
    if (i == n) return;                                                                                     \
    K(function)(&last);                                                                                     \
    narrow = __builtin_convertvector(last, Narrow);                                                         \
    __builtin_memcpy(y + n - LANES, &narrow, sizeof narrow);                                                \
  }
#define WG_MAP_DOUBLE(function)             \
  WG_MAP_DOUBLE_(function, float, f32)      \
  WG_MAP_DOUBLE_(function, double, f64)

// The same of two operands: y = function(a, b), where y may be either.
#define WG_MAP_DOUBLE_2_(name, function, type, suffix)                                                      \
  __attribute__((min_vector_width(512)))                                                                    \
  WG_INLINE void K(map_##name##_##suffix)(const type *a, const type *b, type *y, size_t n) {                \
    typedef type Narrow __attribute__((ext_vector_type(LANES)));                                            \
    Narrow narrow;                                                                                          \
    V left, right, result;                                                                                  \
    __builtin_memcpy(&narrow, a + n - LANES, sizeof narrow);                                                \
    const V lastLeft = __builtin_convertvector(narrow, V);                                                  \
    __builtin_memcpy(&narrow, b + n - LANES, sizeof narrow);                                                \
    const V lastRight = __builtin_convertvector(narrow, V);                                                 \
    size_t i = 0;                                                                                           \
    for (; i + LANES <= n; i += LANES) {                                                                    \
      __builtin_memcpy(&narrow, a + i, sizeof narrow);                                                      \
      left = __builtin_convertvector(narrow, V);                                                            \
      __builtin_memcpy(&narrow, b + i, sizeof narrow);                                                      \
      right = __builtin_convertvector(narrow, V);                                                           \
      K(function)(&left, &right, &result);                                                                  \
      narrow = __builtin_convertvector(result, Narrow);                                                     \
      __builtin_memcpy(y + i, &narrow, sizeof narrow);                                                      \
    }                                                                                                       \
    if (i == n) return;                                                                                     \
    K(function)(&lastLeft, &lastRight, &result);                                                            \
    narrow = __builtin_convertvector(result, Narrow);                                                       \
    __builtin_memcpy(y + n - LANES, &narrow, sizeof narrow);                                                \
  }
#define WG_MAP_DOUBLE_2(function)                        \
  WG_MAP_DOUBLE_2_(function, function, float, f32)       \
  WG_MAP_DOUBLE_2_(function, function, double, f64)

// Vectors of 64 bytes of double, of 16 bytes for arrays shorter than that, and single elements in every lane.
#define WG_FUNCTION(function, type, suffix)                                            \
  WG_CLONES void wg_##function##_##suffix(const type *x, type *y, size_t n) {          \
    if (n >= 8) {                                                                      \
      map_##function##_##suffix##_f64x8(x, y, n);                                      \
    } else if (n >= 2) {                                                               \
      map_##function##_##suffix##_f64x2(x, y, n);                                      \
    } else if (n == 1) {                                                               \
      V_f64x2 v = (V_f64x2)(double)x[0];                                               \
      function##_f64x2(&v);                                                            \
      y[0] = (type)v[0];                                                               \
    }                                                                                  \
  }
#define WG_FUNCTIONS(function)         \
  WG_FUNCTION(function, float, f32)    \
  WG_FUNCTION(function, double, f64)

#define WG_FUNCTION_2_(name, function, type, suffix)                                         \
  WG_CLONES void wg_##name##_##suffix(const type *a, const type *b, type *y, size_t n) {     \
    if (n >= 8) {                                                                            \
      map_##name##_##suffix##_f64x8(a, b, y, n);                                             \
    } else if (n >= 2) {                                                                     \
      map_##name##_##suffix##_f64x2(a, b, y, n);                                             \
    } else if (n == 1) {                                                                     \
      const V_f64x2 left = (V_f64x2)(double)a[0], right = (V_f64x2)(double)b[0];             \
      V_f64x2 result;                                                                        \
      function##_f64x2(&left, &right, &result);                                              \
      y[0] = (type)result[0];                                                                \
    }                                                                                        \
  }
#define WG_FUNCTIONS_2(function)                        \
  WG_FUNCTION_2_(function, function, float, f32)        \
  WG_FUNCTION_2_(function, function, double, f64)

#endif
