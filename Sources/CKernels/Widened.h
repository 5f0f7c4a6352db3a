// Includes a template of functions that are computed in double: for arrays of double, and to the precision of floats for
// arrays of these; for vectors of 64 and of 16 bytes each.
//
// Usage: #define WG_TEMPLATE "Functions.template.h", then include this file.
#define T double
#define CONSTANTS _f64
#define BITS 64
#define MANTISSA 52
#define BIAS 1023

#define ELEMENT double
#define SUFFIX _f64
#define LANES 8
#include WG_TEMPLATE
#undef LANES
#define LANES 2
#include WG_TEMPLATE
#undef LANES
#undef ELEMENT
#undef SUFFIX

#define ELEMENT float
#define SUFFIX _widened
#define LANES 8
#include WG_TEMPLATE
#undef LANES
#define LANES 2
#include WG_TEMPLATE
#undef LANES
#undef ELEMENT
#undef SUFFIX
