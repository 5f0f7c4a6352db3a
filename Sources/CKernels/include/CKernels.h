// The element kernels of Wengert: every loop over numbers that is not a matrix product.
//
// Reading order: the operations in `Operations.h`, `Elementwise.c` (one kernel per operation), `Program.c` (operations in
// sequence over blocks that stay in the first-level cache), `Reduction.c`, `Rows.c`, `Movement.c`, `Windows.c`.
#ifndef WENGERT_CKERNELS_H
#define WENGERT_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Operations.h"
#include "Chains.h"
#include "SmallGemm.h"
#include "Threads.h"
#include "Windows.h"

#define WG_MAXIMUM_RANK 8

/// Elements that the program interpreter keeps in one register: 4 KiB of Double, so that a dozen registers fit in
/// the first-level cache.
#define WG_BLOCK 512

// MARK: - Elementwise kernels

/// A kernel over n contiguous elements; y may be the same address as an operand. Unused operands are ignored.
typedef void (*wg_kernel_f32)(const float *a, const float *b, const float *c, float *y, size_t n);
typedef void (*wg_kernel_f64)(const double *a, const double *b, const double *c, double *y, size_t n);
extern const wg_kernel_f32 wg_kernels_f32[WG_ELEMENTWISE_COUNT];
extern const wg_kernel_f64 wg_kernels_f64[WG_ELEMENTWISE_COUNT];
extern const uint8_t wg_arities[WG_ELEMENTWISE_COUNT];
extern const char *const wg_operation_names[WG_OPERATION_COUNT];

// Pullbacks in one pass, where that was measured to pay: X(name, operand, local derivative in a, b and y).
//
// The rules in Swift are what these must equal, bit for bit; a test compares them.
#define WG_FUSED_PULLBACKS(X)          \
  X(tanh, 0, 1 - y * y)                \
  X(sigmoid, 0, y * (1 - y))           \
  X(relu, 0, y <= 0 ? (T)0 : (T)1)     \
  X(divide, 1, -(y / b))               \
  X(maximum, 0, WG_SHARE(a, b, a > b)) \
  X(maximum, 1, WG_SHARE(b, a, b > a)) \
  X(minimum, 0, WG_SHARE(a, b, a < b)) \
  X(minimum, 1, WG_SHARE(b, a, b < a))

/// The share of the cotangent that goes to p if it `wins` over q: all of it, half at a tie, all to a NaN.
/// Sums of selections, which the compiler vectorizes better than a chain of them.
#define WG_SHARE(p, q, wins)                            \
  (((wins) ? (T)1 : (T)0) + ((p) == (q) ? (T)0.5 : (T)0) + \
   ((p) == (p) ? (T)0 : ((q) == (q) ? (T)1 : (T)0.5)))

/// xbar = (or +=) ybar times the local derivative, 0 where ybar is 0; NULL for most operations.
typedef void (*wg_pullback_f32)(const float *a, const float *b, const float *y, const float *ybar, float *xbar,
                                size_t n, bool accumulate);
typedef void (*wg_pullback_f64)(const double *a, const double *b, const double *y, const double *ybar, double *xbar,
                                size_t n, bool accumulate);
extern const wg_pullback_f32 wg_fused_pullbacks_f32[WG_ELEMENTWISE_COUNT][3];
extern const wg_pullback_f64 wg_fused_pullbacks_f64[WG_ELEMENTWISE_COUNT][3];

// One element without a call where the operation is one instruction or two: scalar chains live on this.
#define WG_SCALAR_CASE(name, arity, value) \
  case wg_op_##name: return (T)(value);
#define WG_DEFINE_SCALAR(SUFFIX, TYPE)                                                      \
  static inline __attribute__((always_inline)) TYPE wg_scalar_##SUFFIX(wg_op op, TYPE a, TYPE b, TYPE c) { \
    typedef TYPE T;                                                                         \
    switch (op) {                                                                           \
      WG_SIMPLE_OPERATIONS(WG_SCALAR_CASE)                                                  \
      default: {                                                                            \
        TYPE y;                                                                             \
        wg_kernels_##SUFFIX[op](&a, &b, &c, &y, 1);                                         \
        return y;                                                                           \
      }                                                                                     \
    }                                                                                       \
  }
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-value"
WG_DEFINE_SCALAR(f32, float)
WG_DEFINE_SCALAR(f64, double)
#pragma clang diagnostic pop

/// The functions of one operand that work on vectors: y[i] = f(x[i]), where y may be x.
#define WG_VECTOR_FUNCTIONS(X)                                                                        \
  X(exp) X(log) X(tanh) X(sigmoid) X(silu) X(expMinusOne) X(logOnePlus) X(log2) X(log10) X(softplus) \
  X(sinh) X(cosh) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(erf) X(erfc) X(gelu) X(tanhGelu)    \
  X(asinh) X(acosh) X(atanh) X(logGamma) X(digamma)
#define WG_DECLARE_VECTOR_FUNCTION(name)                         \
  void wg_##name##_f32(const float *x, float *y, size_t n);      \
  void wg_##name##_f64(const double *x, double *y, size_t n);
WG_VECTOR_FUNCTIONS(WG_DECLARE_VECTOR_FUNCTION)
/// The derivative of digamma.
WG_DECLARE_VECTOR_FUNCTION(trigamma)

/// The functions of two operands that work on vectors: y[i] = f(a[i], b[i]), where y may be a or b.
#define WG_VECTOR_FUNCTIONS_2(X) X(atan2) X(hypot) X(remainder)
#define WG_DECLARE_VECTOR_FUNCTION_2(name)                                       \
  void wg_##name##_f32(const float *a, const float *b, float *y, size_t n);      \
  void wg_##name##_f64(const double *a, const double *b, double *y, size_t n);
WG_VECTOR_FUNCTIONS_2(WG_DECLARE_VECTOR_FUNCTION_2)
WG_DECLARE_VECTOR_FUNCTION_2(pow)

// MARK: - Layouts and views

/// Where the elements of an array lie: sizes and strides, both in elements, outermost axis first.
typedef struct wg_layout {
  int64_t sizes[WG_MAXIMUM_RANK];
  int64_t strides[WG_MAXIMUM_RANK];
  int64_t count;
  int32_t rank;
  /// Row-major without gaps.
  bool contiguous;
} wg_layout;

// MARK: - Programs

/// Registers of a program: the operands, the output and its cotangent, then constants, then temporaries.
enum {
  wg_register_output = 3,
  wg_register_cotangent = 4,
  wg_register_first_constant = 5,
  WG_REGISTER_COUNT = 32,
  WG_INSTRUCTION_COUNT = 20,
  WG_INPUT_COUNT = 5
};

typedef struct {
  wg_op operation;
  uint8_t target, a, b, c;
} wg_instruction;

/// A straight-line elementwise program: what an elementwise operation's pullback is traced into.
typedef struct {
  wg_instruction instructions[WG_INSTRUCTION_COUNT];
  double constants[8];
  /// The operation whose pullback this is, and to which operand.
  wg_op operation;
  uint8_t operand;
  uint8_t instruction_count;
  uint8_t constant_count;
  uint8_t register_count;
  /// The register that holds the result.
  uint8_t result;
  /// Bit i: register i, one of the inputs, is read.
  uint8_t reads;
} wg_program;

/// A program's input: data seen through a layout that has the shape of the program's output.
typedef struct {
  const void *data;
  const wg_layout *layout;
} wg_view;

/// A program to run and where its result goes: contiguous memory, written or added to.
typedef struct {
  const wg_program *program;
  void *y;
  bool accumulate;
} wg_target;

/// Runs up to three programs over all elements of `shape` in row-major order, in one pass over their inputs.
///
/// An input may lie where a result goes, if no later target reads it.
void wg_run_programs_f32(const wg_target *targets, int count, const wg_view *inputs, const wg_layout *shape);
void wg_run_programs_f64(const wg_target *targets, int count, const wg_view *inputs, const wg_layout *shape);

/// A program for one element: inputs by value. Programs of no instruction or of one, as those of sums and products
/// are, run inline.
float wg_run_long_scalar_program_f32(const wg_program *program, const float *inputs);
double wg_run_long_scalar_program_f64(const wg_program *program, const double *inputs);
#define WG_DEFINE_SCALAR_PROGRAM(SUFFIX, TYPE)                                                              \
  static inline __attribute__((always_inline)) TYPE wg_run_scalar_program_##SUFFIX(                            \
      const wg_program *program, const TYPE *inputs) {                                                      \
    const wg_instruction *step = program->instructions;                                                     \
    if (program->instruction_count == 0) return inputs[program->result];                                    \
    if (program->instruction_count == 1 && program->constant_count == 0) {                                  \
      return wg_scalar_##SUFFIX(step->operation, inputs[step->a], inputs[step->b], inputs[step->c]);        \
    }                                                                                                       \
    return wg_run_long_scalar_program_##SUFFIX(program, inputs);                                            \
  }
WG_DEFINE_SCALAR_PROGRAM(f32, float)
WG_DEFINE_SCALAR_PROGRAM(f64, double)

/// y = op(operands) over all elements of `shape`; y is contiguous and may be the same address as an operand.
void wg_apply_f32(wg_op op, const wg_view *operands, const wg_layout *shape, float *y);
void wg_apply_f64(wg_op op, const wg_view *operands, const wg_layout *shape, double *y);

// MARK: - Movement

/// y += factor * x.
void wg_add_scaled_f32(float factor, const float *x, float *y, size_t n);
void wg_add_scaled_f64(double factor, const double *x, double *y, size_t n);

/// y = x, or y += x, elementwise between two layouts of one shape.
void wg_copy_f32(const float *x, const wg_layout *from, float *y, const wg_layout *to, bool accumulate);
void wg_copy_f64(const double *x, const wg_layout *from, double *y, const wg_layout *to, bool accumulate);
/// y = x, past the cache if y lies at a multiple of 64 bytes: for a piece of `wg_split`, which waits until it is done.
void wg_stream_f32(const float *x, float *y, size_t n);
void wg_stream_f64(const double *x, double *y, size_t n);
void wg_fill_f32(float value, float *y, size_t n);
void wg_fill_f64(double value, double *y, size_t n);

// MARK: - Indexing

/// y[i] = x[i with i[axis] replaced by indices[i]] for every position i of `shape`, in row-major order. x has as many
/// axes as `shape`, and along the other axes at least as many elements; y and the indices are contiguous.
void wg_gather_f32(const float *x, const wg_layout *from, const int32_t *indices, const wg_layout *shape, int32_t axis,
                   float *y);
void wg_gather_f64(const double *x, const wg_layout *from, const int32_t *indices, const wg_layout *shape,
                   int32_t axis, double *y);
/// The transpose: y[i with i[axis] replaced by indices[i]] += x[i], one after the other in row-major order of i. x, the
/// indices and y are contiguous; x has the shape `shape`.
void wg_scatter_add_f32(const float *x, const wg_layout *shape, const int32_t *indices, int32_t axis, float *y,
                        const wg_layout *to);
void wg_scatter_add_f64(const double *x, const wg_layout *shape, const int32_t *indices, int32_t axis, double *y,
                        const wg_layout *to);

/// An array of `outer` times n rows, `run` elements each, and the `count` indices of some of each n.
typedef struct {
  size_t outer, n, run;
  const int32_t *indices;
  size_t count;
} wg_taking;

/// y = the rows at the indices, in order.
void wg_take_f32(const float *x, wg_taking rows, float *y);
void wg_take_f64(const double *x, wg_taking rows, double *y);
/// y's rows at the indices += the rows of x, in order.
void wg_add_taken_f32(const float *x, wg_taking rows, float *y);
void wg_add_taken_f64(const double *x, wg_taking rows, double *y);

// MARK: - Reductions

/// Reduces the axes of `from` whose bit is set in `axes`; y is contiguous over the remaining axes in order.
/// The order of steps depends on the shape alone. sum: y = sum / divisor, or y += sum / divisor.
void wg_sum_f32(const float *x, const wg_layout *from, uint32_t axes, float divisor, bool accumulate, float *y);
void wg_sum_f64(const double *x, const wg_layout *from, uint32_t axes, double divisor, bool accumulate, double *y);

/// Extrema are NaN if any element is.
void wg_maximum_f32(const float *x, const wg_layout *from, uint32_t axes, float *y);
void wg_maximum_f64(const double *x, const wg_layout *from, uint32_t axes, double *y);
void wg_minimum_f32(const float *x, const wg_layout *from, uint32_t axes, float *y);
void wg_minimum_f64(const double *x, const wg_layout *from, uint32_t axes, double *y);
/// Extrema of |x|.
void wg_maximum_magnitude_f32(const float *x, const wg_layout *from, uint32_t axes, float *y);
void wg_maximum_magnitude_f64(const double *x, const wg_layout *from, uint32_t axes, double *y);
void wg_minimum_magnitude_f32(const float *x, const wg_layout *from, uint32_t axes, float *y);
void wg_minimum_magnitude_f64(const double *x, const wg_layout *from, uint32_t axes, double *y);
void wg_product_f32(const float *x, const wg_layout *from, uint32_t axes, float *y);
void wg_product_f64(const double *x, const wg_layout *from, uint32_t axes, double *y);

/// The sum of squared deviations from the mean, divided by `divisor`; NaN for no elements.
void wg_variance_f32(const float *x, const wg_layout *from, uint32_t axes, float divisor, float *y);
void wg_variance_f64(const double *x, const wg_layout *from, uint32_t axes, double divisor, double *y);
/// (sum |x|^order)^(1/order), scaled where that would overflow or underflow; the order is finite and not 0.
void wg_norm_f32(const float *x, const wg_layout *from, uint32_t axes, double order, float *y);
void wg_norm_f64(const double *x, const wg_layout *from, uint32_t axes, double order, double *y);

/// The position along one axis, which is not empty, of the first of the largest or smallest elements, or of the first
/// NaN; y is contiguous over the remaining axes.
void wg_extremum_positions_f32(const float *x, const wg_layout *from, int32_t axis, bool largest, ptrdiff_t *y);
void wg_extremum_positions_f64(const double *x, const wg_layout *from, int32_t axis, bool largest, ptrdiff_t *y);
/// xbar = (or +=) ybar / (number of elements equal to y) at those elements, 0 elsewhere; x is contiguous.
void wg_extremum_adjoint_f32(const float *x, const wg_layout *shape, uint32_t axes, const float *y,
                             const float *ybar, bool accumulate, float *xbar);
void wg_extremum_adjoint_f64(const double *x, const wg_layout *shape, uint32_t axes, const double *y,
                             const double *ybar, bool accumulate, double *xbar);

// MARK: - Scans

/// Along the middle axis of contiguous (outer, n, inner) arrays, from the first to the last element or `reversed`; y
/// is not x. `exclusive`: of the elements before each one only, starting with 0 or 1.
void wg_cumulative_sum_f32(const float *x, size_t outer, size_t n, size_t inner, bool reversed, bool exclusive,
                           float *y);
void wg_cumulative_sum_f64(const double *x, size_t outer, size_t n, size_t inner, bool reversed, bool exclusive,
                           double *y);
void wg_cumulative_product_f32(const float *x, size_t outer, size_t n, size_t inner, bool reversed, bool exclusive,
                               float *y);
void wg_cumulative_product_f64(const double *x, size_t outer, size_t n, size_t inner, bool reversed, bool exclusive,
                               double *y);
void wg_cumulative_log_sum_exp_f32(const float *x, size_t outer, size_t n, size_t inner, bool reversed, float *y);
void wg_cumulative_log_sum_exp_f64(const double *x, size_t outer, size_t n, size_t inner, bool reversed, double *y);
/// y[i] = x[i] + factor[i-1] y[i-1], or reversed y[i] = x[i] + factor[i] y[i+1], where a y of 0 absorbs its factor:
/// there are n - 1 factors.
void wg_recurrence_f32(const float *x, const float *factor, size_t outer, size_t n, size_t inner, bool reversed,
                       float *y);
void wg_recurrence_f64(const double *x, const double *factor, size_t outer, size_t n, size_t inner, bool reversed,
                       double *y);

// MARK: - Sorting

/// The positions along an axis of the k first elements in ascending or descending order, equal ones in the order they
/// are in; NaN is greater than every number. y is contiguous, with k elements along the axis.
void wg_sort_f32(const float *x, const wg_layout *from, int32_t axis, bool descending, size_t k, int32_t *y);
void wg_sort_f64(const double *x, const wg_layout *from, int32_t axis, bool descending, size_t k, int32_t *y);

// MARK: - Products with a strong zero

/// Whether all elements of a matrix are finite; its rows lie `stride` elements apart.
bool wg_all_finite_f32(const float *x, size_t rows, size_t columns, size_t stride);
bool wg_all_finite_f64(const double *x, size_t rows, size_t columns, size_t stride);

/// A matrix by its strides, in elements.
typedef struct {
  const void *data;
  ptrdiff_t row_stride, column_stride;
} wg_matrix;

/// C = A B, or C += A B, where a product with a zero of a cotangent, A or B or both, is 0 whatever the other factor is.
/// C is contiguous. Slow: for the rare product whose other factor is not finite.
void wg_strong_multiply_f32(wg_matrix a, wg_matrix b, bool strong_a, bool strong_b, size_t m, size_t n, size_t k,
                            bool accumulate, float *c);
void wg_strong_multiply_f64(wg_matrix a, wg_matrix b, bool strong_a, bool strong_b, size_t m, size_t n, size_t k,
                            bool accumulate, double *c);

// MARK: - Rows

/// Softmax family over the middle axis of a contiguous (outer, n, inner) array.
void wg_log_sum_exp_f32(const float *x, size_t outer, size_t n, size_t inner, float *y);
void wg_log_sum_exp_f64(const double *x, size_t outer, size_t n, size_t inner, double *y);
void wg_softmax_f32(const float *x, size_t outer, size_t n, size_t inner, float *y);
void wg_softmax_f64(const double *x, size_t outer, size_t n, size_t inner, double *y);
void wg_log_softmax_f32(const float *x, size_t outer, size_t n, size_t inner, float *y);
void wg_log_softmax_f64(const double *x, size_t outer, size_t n, size_t inner, double *y);

/// The mean over labeled rows of -y[row][label], where y = log softmax x, which is written too. A label of -1 leaves
/// its row out. NaN for no rows.
float wg_cross_entropy_f32(const float *x, const int32_t *labels, size_t rows, size_t classes, float *y);
double wg_cross_entropy_f64(const double *x, const int32_t *labels, size_t rows, size_t classes, double *y);
/// Its adjoint: xbar = (or +=) (exp y - 1 at the label, exp y elsewhere) * lossbar / labeled rows, 0 if lossbar is 0,
/// and 0 in rows without a label.
void wg_cross_entropy_adjoint_f32(const float *y, const int32_t *labels, size_t rows, size_t classes, float lossbar,
                                  bool accumulate, float *xbar);
void wg_cross_entropy_adjoint_f64(const double *y, const int32_t *labels, size_t rows, size_t classes, double lossbar,
                                  bool accumulate, double *xbar);

/// Adjoints: xbar = (or +=) y * (ybar - sum(ybar * y)), and xbar = (or +=) ybar - exp(y) * sum(ybar).
void wg_softmax_adjoint_f32(const float *y, const float *ybar, size_t outer, size_t n, size_t inner,
                            bool accumulate, float *xbar);
void wg_softmax_adjoint_f64(const double *y, const double *ybar, size_t outer, size_t n, size_t inner,
                            bool accumulate, double *xbar);
void wg_log_softmax_adjoint_f32(const float *y, const float *ybar, size_t outer, size_t n, size_t inner,
                                bool accumulate, float *xbar);
void wg_log_softmax_adjoint_f64(const double *y, const double *ybar, size_t outer, size_t n, size_t inner,
                                bool accumulate, double *xbar);

// MARK: - Normalized rows

/// y = (x - mean) / sqrt(variance + epsilon) for each row of n elements, and what it was multiplied by, per row;
/// uncentered, the mean counts as 0.
void wg_standardize_f32(const float *x, size_t rows, size_t n, bool centered, double epsilon, float *y,
                        float *inverses);
void wg_standardize_f64(const double *x, size_t rows, size_t n, bool centered, double epsilon, double *y,
                        double *inverses);
/// xbar = (or +=) inverse * (ybar - mean(ybar) - y * mean(ybar * y)); uncentered, without mean(ybar).
void wg_standardize_adjoint_f32(const float *y, const float *ybar, const float *inverses, size_t rows, size_t n,
                                bool centered, bool accumulate, float *xbar);
void wg_standardize_adjoint_f64(const double *y, const double *ybar, const double *inverses, size_t rows, size_t n,
                                bool centered, bool accumulate, double *xbar);

// MARK: - Random numbers

/// Blocks first ..< first + count of one of a key's 2^64 streams: two random words each. A block depends on key, stream
/// and its number alone.
void wg_random_blocks(uint64_t key, uint64_t stream, uint64_t first, size_t count, uint64_t *words);

/// n numbers, one per word from block `first` on, the same on every machine: uniform in lower ... upper; normal; and
/// `success` with a probability, else 0. A float is a rounded double.
void wg_random_uniform_f32(uint64_t key, uint64_t stream, uint64_t first, double lower, double upper, float *y,
                           size_t n);
void wg_random_uniform_f64(uint64_t key, uint64_t stream, uint64_t first, double lower, double upper, double *y,
                           size_t n);
void wg_random_normal_f32(uint64_t key, uint64_t stream, uint64_t first, double mean, double deviation, float *y,
                          size_t n);
void wg_random_normal_f64(uint64_t key, uint64_t stream, uint64_t first, double mean, double deviation, double *y,
                          size_t n);
void wg_random_bernoulli_f32(uint64_t key, uint64_t stream, uint64_t first, double probability, double success,
                             float *y, size_t n);
void wg_random_bernoulli_f64(uint64_t key, uint64_t stream, uint64_t first, double probability, double success,
                             double *y, size_t n);

#endif
