// Straight-line elementwise programs, interpreted over blocks.
//
// An operation's pullback is written once, in Swift, traced into a program, and run here: each instruction is one
// of the element kernels over a block that stays in the first-level cache, so the cost of interpreting is one
// indirect call for hundreds of elements. Inputs that are not contiguous (broadcast, transposed, sliced) are first
// gathered into a block; the kernels never see a stride.
#include "CKernels.h"
#include "Clones.h"
#include "Threads.h"
#include "Views.h"

/// What an element costs, in nanoseconds per byte.
static double wg_cost(wg_op op) {
  switch (op) {
    case wg_op_logGamma: case wg_op_digamma: case wg_op_polygamma: return WG_COST_OF_LIBRARY;
    default: return op < (wg_op)WG_SIMPLE_COUNT ? WG_COST_OF_MOVING : WG_COST_OF_FUNCTION;
  }
}

#define WG_TEMPLATE "Program.template.h"
#include "Templates.h"
