// Includes a template twice: once with T = float and names ending in _f32, once with T = double and _f64.
//
// Usage: #define WG_TEMPLATE "Elementwise.template.h", then include this file.
#define WG_JOIN_(a, b) a##_##b
#define WG_JOIN(a, b) WG_JOIN_(a, b)
#define FN(name) WG_JOIN(name, SUFFIX)

#define T float
#define SUFFIX f32
#define WG_LANES 16
#include WG_TEMPLATE
#undef T
#undef SUFFIX
#undef WG_LANES

#define T double
#define SUFFIX f64
#define WG_LANES 8
#include WG_TEMPLATE
#undef T
#undef SUFFIX
#undef WG_LANES
