// One kernel per elementwise operation, over contiguous operands.
#include <math.h>

#include "CKernels.h"
#include "Clones.h"
#include "Gamma.h"

// a - floor(a / b) b, with the sign of b: Python's % and not C's fmod.
static double wg_remainder(double a, double b) {
  const double r = fmod(a, b);
  if (r == 0) return copysign(0, b);
  return (r < 0) != (b < 0) ? r + b : r;
}

// The squares of floats are exact in double, and cannot overflow there.
static inline double length_f32(double a, double b) {
  return isinf(a) || isinf(b) ? INFINITY : sqrt(a * a + b * b);
}
static inline double length_f64(double a, double b) { return hypot(a, b); }

#define WG_TEMPLATE "Elementwise.template.h"
#include "Templates.h"

#define WG_SIMPLE_ARITY(name, arity, value) arity,
#define WG_TRANSCENDENTAL_ARITY(name, arity) arity,
const uint8_t wg_arities[WG_ELEMENTWISE_COUNT] = {
    WG_SIMPLE_OPERATIONS(WG_SIMPLE_ARITY) WG_TRANSCENDENTAL_OPERATIONS(WG_TRANSCENDENTAL_ARITY)};

#define WG_SIMPLE_NAME(name, arity, value) #name,
#define WG_TRANSCENDENTAL_NAME(name, arity) #name,
#define WG_STRUCTURAL_NAME(name) #name,
const char *const wg_operation_names[WG_OPERATION_COUNT] = {
    WG_SIMPLE_OPERATIONS(WG_SIMPLE_NAME) WG_TRANSCENDENTAL_OPERATIONS(WG_TRANSCENDENTAL_NAME)
        WG_STRUCTURAL_OPERATIONS(WG_STRUCTURAL_NAME)};
