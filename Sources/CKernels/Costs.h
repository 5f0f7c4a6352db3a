// What elementwise operations cost, for the decision on how many threads they are worth.
#ifndef WENGERT_COSTS_H
#define WENGERT_COSTS_H

#include "CKernels.h"

/// Nanoseconds per byte of an element, by groups that cost about the same.
static inline double wg_cost(wg_op op) {
  switch (op) {
    case wg_op_floor: case wg_op_ceil: case wg_op_rounded: case wg_op_huber:
      return WG_COST_OF_MOVING;
    case wg_op_exp: case wg_op_expDifference: case wg_op_log: case wg_op_tanh: case wg_op_sigmoid:
      return 0.6 * WG_COST_OF_FUNCTION;
    case wg_op_softplus: case wg_op_erf: case wg_op_erfc: case wg_op_gelu: case wg_op_tanhGelu: case wg_op_sinh:
    case wg_op_asin: case wg_op_acos: case wg_op_atan: case wg_op_tan: case wg_op_elu: case wg_op_xlogy:
    case wg_op_binaryCrossEntropy: case wg_op_digamma:
      return 1.6 * WG_COST_OF_FUNCTION;
    case wg_op_pow: case wg_op_powerSlope: case wg_op_atan2: case wg_op_asinh: case wg_op_acosh: case wg_op_atanh:
      return 3 * WG_COST_OF_FUNCTION;
    case wg_op_logGamma:
      return 4 * WG_COST_OF_FUNCTION;
    case wg_op_polygamma:
      return WG_COST_OF_LIBRARY;
    default:
      return op < (wg_op)WG_SIMPLE_COUNT ? WG_COST_OF_MOVING : WG_COST_OF_FUNCTION;
  }
}

#endif
