// y = function(x) for n >= LANES elements of a scalar type, computed in double: see WG_MAP in
// Transcendental.template.h.
#ifndef WENGERT_MAP_DOUBLE_H
#define WENGERT_MAP_DOUBLE_H

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

#endif
