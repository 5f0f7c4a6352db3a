// The list of operations: what a record, or an instruction of a program, can hold.
#ifndef WENGERT_OPERATIONS_H
#define WENGERT_OPERATIONS_H

#include <stdint.h>

// MARK: - Elementwise operations

// The elementwise operations that are one arithmetic step: X(name, arity, value).
//
// `value` is an expression in the operands a, b, c of type T. No expression holds both a product and a sum: they
// cannot be contracted, so the scalar path compiled into Swift and the vector kernels give the same bits.
#define WG_SIMPLE_OPERATIONS(X)                                                                          \
  X(identity, 1, a)                                                                                      \
  X(negate, 1, -a)                                                                                       \
  X(add, 2, a + b)                                                                                       \
  X(subtract, 2, a - b)                                                                                  \
  X(multiply, 2, a * b)                                                                                  \
  X(divide, 2, a / b)                                                                                    \
  /* Strong zero: a cotangent of exactly 0 stays 0, whatever the local derivative. */                    \
  X(scaleCotangent, 2, a == 0 ? 0 : a * b)                                                               \
  X(divideCotangent, 2, a == 0 ? 0 : a / b)                                                              \
  /* Both factors' zeros are strong: both are cotangents, of passes one of which is within the other. */ \
  X(strongProduct, 2, ((a == 0) | (b == 0)) ? 0 : a * b)                                                 \
  X(absolute, 1, __builtin_elementwise_abs(a))                                                           \
  X(sign, 1, a > 0 ? 1 : (a < 0 ? -1 : (a == 0 ? 0 : a)))                                                \
  X(relu, 1, a <= 0 ? 0 : a)                                                                             \
  X(squareRoot, 1, __builtin_elementwise_sqrt(a))                                                        \
  X(square, 1, a * a)                                                                                    \
  X(reciprocal, 1, 1 / a)                                                                                \
  X(rsqrt, 1, 1 / __builtin_elementwise_sqrt(a))                                                         \
  X(leakyRelu, 2, a > 0 ? a : a * b)                                                                     \
  X(hardSigmoid, 1, a <= -3 ? 0 : (a >= 3 ? 1 : (a + 3) / 6))                                            \
  X(softsign, 1, a == (T)__builtin_inf() ? 1 : (a == -(T)__builtin_inf() ? -1 :                          \
    a / (1 + __builtin_elementwise_abs(a))))                                                             \
  X(clamp, 3, a < b ? b : (a > c ? c : a))                                                               \
  X(maximum, 2, ((a > b) | (a != a)) ? a : b)                                                            \
  X(minimum, 2, ((a < b) | (a != a)) ? a : b)                                                            \
  /* The share of the cotangent that `maximum(a, b)` hands to a: ties are halved, a NaN takes all. */    \
  X(maximumShare, 2, a > b ? 1 : (a < b ? 0 : (a == b ? (T)0.5 : (a == a ? 0 : (b == b ? 1 : (T)0.5))))) \
  X(minimumShare, 2, a < b ? 1 : (a > b ? 0 : (a == b ? (T)0.5 : (a == a ? 0 : (b == b ? 1 : (T)0.5))))) \
  X(less, 2, a < b ? 1 : 0)                                                                              \
  X(lessOrEqual, 2, a <= b ? 1 : 0)                                                                      \
  X(greater, 2, a > b ? 1 : 0)                                                                           \
  X(greaterOrEqual, 2, a >= b ? 1 : 0)                                                                   \
  X(equal, 2, a == b ? 1 : 0)                                                                            \
  X(notEqual, 2, a != b ? 1 : 0)                                                                         \
  /* Equal, or both NaN: where a reduction's extremum was attained. */                                   \
  X(matches, 2, ((a == b) | ((a != a) & (b != b))) ? 1 : 0)                                              \
  X(select, 3, a != 0 ? b : c)

// Elementwise operations with a kernel of their own: X(name, arity), by family.
#define WG_EXPONENTIAL_OPERATIONS(X)                                                                     \
  X(exp, 1) X(expMinusOne, 1) X(log, 1) X(logOnePlus, 1) X(log2, 1) X(log10, 1) X(pow, 2) X(xlogy, 2)    \
  /* b pow(a, b - 1), 0 for b = 0: the derivative of pow(a, b). */                                       \
  X(powerSlope, 2)                                                                                       \
  /* exp(a - b), and 0 where a = -inf: the weight of one term in log-sum-exp. */                         \
  X(expDifference, 2)
#define WG_TRIGONOMETRIC_OPERATIONS(X) \
  X(sin, 1) X(cos, 1) X(tan, 1) X(asin, 1) X(acos, 1) X(atan, 1) X(atan2, 2) X(hypot, 2)
#define WG_HYPERBOLIC_OPERATIONS(X) X(sinh, 1) X(cosh, 1) X(tanh, 1) X(asinh, 1) X(acosh, 1) X(atanh, 1)
#define WG_SPECIAL_OPERATIONS(X)                             \
  X(erf, 1) X(erfc, 1) X(logGamma, 1) X(digamma, 1)          \
  /* The derivative of digamma(b) of order a, a whole number. */ \
  X(polygamma, 2)
#define WG_ACTIVATION_OPERATIONS(X) \
  X(sigmoid, 1) X(softplus, 1) X(silu, 1) X(gelu, 1) X(tanhGelu, 1) X(elu, 2)
#define WG_LOSS_OPERATIONS(X)                                                              \
  /* log(1 + exp a) - a b: minus the log-likelihood of b, 0 or 1, whose logit is a. */     \
  X(binaryCrossEntropy, 2)                                                                 \
  /* a^2 / 2 for |a| <= b, and b (|a| - b / 2) beyond. */                                  \
  X(huber, 2)
#define WG_ROUNDING_OPERATIONS(X) X(floor, 1) X(ceil, 1) X(rounded, 1) X(remainder, 2)

#define WG_TRANSCENDENTAL_OPERATIONS(X) \
  WG_EXPONENTIAL_OPERATIONS(X)          \
  WG_TRIGONOMETRIC_OPERATIONS(X)        \
  WG_HYPERBOLIC_OPERATIONS(X)           \
  WG_SPECIAL_OPERATIONS(X)              \
  WG_ACTIVATION_OPERATIONS(X)           \
  WG_ROUNDING_OPERATIONS(X)             \
  WG_LOSS_OPERATIONS(X)

// Everything else that a tape can hold: X(name), by family.
#define WG_LEAF_OPERATIONS(X) X(leaf) X(constant) X(severed) X(alias)
#define WG_REDUCTION_OPERATIONS(X) X(sum) X(mean) X(maximumReduction) X(minimumReduction) X(product) X(variance) X(norm)
#define WG_SCAN_OPERATIONS(X) X(cumulativeSum) X(cumulativeProduct) X(cumulativeLogSumExp) X(recurrence)
#define WG_VIEW_OPERATIONS(X) X(reshape) X(permute) X(broadcast) X(slice) X(place) X(concatenate) X(triangle)
#define WG_CONTRACTION_OPERATIONS(X) X(matmul) X(affine)
#define WG_ROW_OPERATIONS(X) X(logSumExp) X(softmax) X(logSoftmax)
#define WG_LABEL_OPERATIONS(X) X(pickLabels) X(placeLabels) X(crossEntropy)
#define WG_CONVOLUTION_OPERATIONS(X) X(convolution) X(convolutionInputAdjoint) X(convolutionWeightAdjoint)
#define WG_POOLING_OPERATIONS(X) \
  X(maximumPool) X(maximumPoolAdjoint) X(maximumPoolTangent) X(averagePool) X(averagePoolAdjoint)
#define WG_CUSTOM_OPERATIONS(X) X(custom)
#define WG_CHECKPOINT_OPERATIONS(X) X(checkpointStart) X(checkpointEnd) X(checkpoint)
#define WG_INDEXING_OPERATIONS(X) X(gatherAlong) X(scatterAlong) X(take) X(placeTaken)
#define WG_LINEAR_ALGEBRA_OPERATIONS(X)                                                         \
  X(factored) X(factoredSolve) X(determinant) X(isNearlySingular) X(logDeterminant)             \
  X(triangularSolve) X(cholesky) X(qr) X(svd) X(eigh) X(differentiable) X(pseudoInverse)        \
  X(matrixExponential)
#define WG_NORMALIZATION_OPERATIONS(X) X(standardize)

#define WG_STRUCTURAL_OPERATIONS(X) \
  WG_LEAF_OPERATIONS(X)             \
  WG_REDUCTION_OPERATIONS(X)        \
  WG_SCAN_OPERATIONS(X)             \
  WG_VIEW_OPERATIONS(X)             \
  WG_CONTRACTION_OPERATIONS(X)      \
  WG_ROW_OPERATIONS(X)              \
  WG_LABEL_OPERATIONS(X)            \
  WG_CONVOLUTION_OPERATIONS(X)      \
  WG_POOLING_OPERATIONS(X)          \
  WG_CUSTOM_OPERATIONS(X)           \
  WG_CHECKPOINT_OPERATIONS(X)       \
  WG_INDEXING_OPERATIONS(X)         \
  WG_LINEAR_ALGEBRA_OPERATIONS(X)   \
  WG_NORMALIZATION_OPERATIONS(X)

#define WG_SIMPLE_CASE(name, arity, value) wg_op_##name __attribute__((swift_name(#name))),
#define WG_TRANSCENDENTAL_CASE(name, arity) wg_op_##name __attribute__((swift_name(#name))),
#define WG_STRUCTURAL_CASE(name) wg_op_##name __attribute__((swift_name(#name))),

/// Which operation a record holds.
typedef enum __attribute__((enum_extensibility(closed), swift_name("Opcode"))) wg_op : uint16_t {
  WG_SIMPLE_OPERATIONS(WG_SIMPLE_CASE) WG_TRANSCENDENTAL_OPERATIONS(WG_TRANSCENDENTAL_CASE)
      WG_STRUCTURAL_OPERATIONS(WG_STRUCTURAL_CASE)
} wg_op;

enum {
#define WG_COUNT_3(name, arity, value) +1
#define WG_COUNT_2(name, arity) +1
#define WG_COUNT_1(name) +1
  WG_SIMPLE_COUNT = 0 WG_SIMPLE_OPERATIONS(WG_COUNT_3),
  WG_ELEMENTWISE_COUNT = WG_SIMPLE_COUNT WG_TRANSCENDENTAL_OPERATIONS(WG_COUNT_2),
  WG_OPERATION_COUNT = WG_ELEMENTWISE_COUNT WG_STRUCTURAL_OPERATIONS(WG_COUNT_1)
};

#endif
