// Elementwise operations in sequence, as recorded programs run them.
//
// The kernels are those of the operations by themselves, whose results do not depend on an element's position: a chain
// gives the bits that one operation after the other gives.
#include "CKernels.h"
#include "Clones.h"
#include "Costs.h"

// The scalar operations round after every step, as the kernels do.
#pragma clang fp contract(off)

#define WG_TEMPLATE "Chains.template.h"
#include "Templates.h"

bool wg_has_fused_pullback(wg_op operation, int operand) {
  return wg_fused_pullbacks_f64[operation][operand] != NULL;
}
