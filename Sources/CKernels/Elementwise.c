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
static double wg_softplus(double x) { return (x > 0 ? x : (x == x ? 0 : x)) + log1p(exp(-fabs(x))); }
static double wg_silu(double x) { return x < -800 ? -0.0 : x / (1 + exp(-x)); }
static double wg_gelu(double x) { return x < -40 ? -0.0 : 0.5 * x * erfc(-x * M_SQRT1_2); }
static double wg_tanh_gelu(double x) {
  return x < -40 ? -0.0 : x / (1 + exp(x * (-2 * 0.7978845608028654) * (1 + 0.044715 * x * x)));
}

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
