// One kernel per elementwise operation, over contiguous operands.
#include <math.h>

#include "CKernels.h"
#include "Clones.h"
#include "Polygamma.h"

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
