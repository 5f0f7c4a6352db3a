// What elementwise operations cost, for the decision on how many threads they are worth.
#ifndef WENGERT_COSTS_H
#define WENGERT_COSTS_H

#include "CKernels.h"

/// Nanoseconds per byte of an element.
static inline double wg_cost(wg_op op) {
  switch (op) {
    case wg_op_logGamma: case wg_op_digamma: case wg_op_polygamma: return WG_COST_OF_LIBRARY;
    default: return op < (wg_op)WG_SIMPLE_COUNT ? WG_COST_OF_MOVING : WG_COST_OF_FUNCTION;
  }
}

#endif
