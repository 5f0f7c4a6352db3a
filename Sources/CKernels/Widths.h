// Includes WG_TEMPLATE for vectors of 64 bytes and of 16, with the macros of Transcendental.template.h but LANES set, and
// ends what is one precision's own.
#if BITS == 32
#define LANES 16
#else
#define LANES 8
#endif
#include WG_TEMPLATE
#undef LANES
#if BITS == 32
#define LANES 4
#else
#define LANES 2
#endif
#include WG_TEMPLATE
#undef LANES
#undef ELEMENT
#undef SUFFIX
