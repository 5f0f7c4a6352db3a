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
  X(absolute, 1, __builtin_elementwise_abs(a))                                                           \
  X(sign, 1, a > 0 ? 1 : (a < 0 ? -1 : (a == 0 ? 0 : a)))                                                \
  X(relu, 1, a <= 0 ? 0 : a)                                                                             \
  X(squareRoot, 1, __builtin_elementwise_sqrt(a))                                                        \
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

// Elementwise operations with a kernel of their own: X(name, arity).
#define WG_TRANSCENDENTAL_OPERATIONS(X) \
  X(exp, 1)                             \
  X(log, 1)                             \
  X(tanh, 1)                            \
  X(sigmoid, 1)                         \
  X(pow, 2)                             \
  /* exp(a - b), and 0 where a = -inf: the weight of one term in log-sum-exp. */ \
  X(expDifference, 2)

// Everything else that a tape can hold: X(name), by family.
#define WG_LEAF_OPERATIONS(X) X(leaf) X(constant) X(severed) X(alias)
#define WG_REDUCTION_OPERATIONS(X) X(sum) X(mean) X(maximumReduction)
#define WG_VIEW_OPERATIONS(X) X(reshape) X(permute) X(broadcast) X(slice) X(place) X(concatenate) X(triangle)
#define WG_CONTRACTION_OPERATIONS(X) X(matmul) X(affine)
#define WG_ROW_OPERATIONS(X) X(logSumExp) X(softmax) X(logSoftmax)
#define WG_LABEL_OPERATIONS(X) X(pickLabels) X(placeLabels) X(crossEntropy)
#define WG_CONVOLUTION_OPERATIONS(X) X(convolution) X(convolutionInputAdjoint) X(convolutionWeightAdjoint)
#define WG_POOLING_OPERATIONS(X) \
  X(maximumPool) X(maximumPoolAdjoint) X(maximumPoolTangent) X(averagePool) X(averagePoolAdjoint)
#define WG_CUSTOM_OPERATIONS(X) X(custom)
#define WG_INDEXING_OPERATIONS(X) X(gatherAlong) X(scatterAlong) X(take) X(placeTaken)

#define WG_STRUCTURAL_OPERATIONS(X) \
  WG_LEAF_OPERATIONS(X)             \
  WG_REDUCTION_OPERATIONS(X)        \
  WG_VIEW_OPERATIONS(X)             \
  WG_CONTRACTION_OPERATIONS(X)      \
  WG_ROW_OPERATIONS(X)              \
  WG_LABEL_OPERATIONS(X)            \
  WG_CONVOLUTION_OPERATIONS(X)      \
  WG_POOLING_OPERATIONS(X)          \
  WG_CUSTOM_OPERATIONS(X)           \
  WG_INDEXING_OPERATIONS(X)

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
