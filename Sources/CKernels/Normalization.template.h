#include "Lanes.template.h"

#define WG_VECTORIZE _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(1)")
#define WG_STRONG(c, d) ((c) == 0 ? 0 : (c) * (d))
/// The sum of `term` over i in 0 ..< n: two vectors of partial sums per block, and the blocks' sums one by one.
#define WG_BLOCKED_SUM(total, term)                                                                          \
  T total = 0;                                                                                               \
  if (n < WG_LANES) {                                                                                        \
    for (size_t i = 0; i < n; i++) total += (term);                                                          \
  } else {                                                                                                   \
    for (size_t start = 0; start < n; start += WG_BLOCK) {                                                   \
      const size_t end = n - start < WG_BLOCK ? n : start + WG_BLOCK;                                        \
      FN(lanes) partial = {0}, other = {0};                                                                  \
      size_t first = start;                                                                                  \
      for (; first + 2 * WG_LANES <= end; first += 2 * WG_LANES) {                                           \
        WG_ADD_TERMS(partial, first, 0, term);                                                               \
        WG_ADD_TERMS(other, first + WG_LANES, 0, term);                                                      \
      }                                                                                                      \
      if (first + WG_LANES <= end) {                                                                         \
        WG_ADD_TERMS(partial, first, 0, term);                                                               \
        first += WG_LANES;                                                                                   \
      }                                                                                                      \
      if (first < end) WG_ADD_TERMS(other, end - WG_LANES, (int)(WG_LANES - (end - first)), term);           \
      partial += other;                                                                                      \
      WG_JOIN_LANES(partial, WG_SUM_LANES)                                                                   \
      total += partial[0];                                                                                   \
    }                                                                                                        \
  }

/// y = (x - mean) / sqrt(variance + epsilon), and returns 1 / sqrt(variance + epsilon); without centering, the mean
/// counts as 0.
///
/// What rounding left of the differences' mean is taken off as well, so that a row far from 0 loses no digits.
WG_CLONES static T FN(standardize_row)(const T *x, size_t n, bool centered, T epsilon, T *y) {
  T inverse;
  if (centered) {
    WG_BLOCKED_SUM(sum, x[i])
    const T mean = sum / (T)n;
    WG_BLOCKED_SUM(rest, x[i] - mean)
    const T correction = rest / (T)n;
    WG_BLOCKED_SUM(squares, ((x[i] - mean) - correction) * ((x[i] - mean) - correction))
    inverse = 1 / (T)sqrt((double)(squares / (T)n + epsilon));
    WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = ((x[i] - mean) - correction) * inverse;
  } else {
    WG_BLOCKED_SUM(squares, x[i] * x[i])
    inverse = 1 / (T)sqrt((double)(squares / (T)n + epsilon));
    WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = x[i] * inverse;
  }
  return inverse;
}

typedef struct {
  const T *x, *y, *ybar, *inverses;
  size_t n;
  bool centered, accumulate;
  T epsilon;
  T *result, *resulting_inverses;
} FN(standardization);

/// Nanoseconds; what a row costs whatever its length is that of joining sums.
static double FN(cost_of_row)(size_t n) { return 30 + 3 * WG_COST_OF_MOVING * sizeof(T) * (double)n; }

static void FN(standardize_piece)(const void *context, size_t start, size_t end) {
  const FN(standardization) *job = context;
  const size_t n = job->n;
  for (size_t row = start; row < end; row++) {
    job->resulting_inverses[row] =
        FN(standardize_row)(job->x + row * n, n, job->centered, job->epsilon, job->result + row * n);
  }
}

void FN(wg_standardize)(const T *x, size_t rows, size_t n, bool centered, double epsilon, T *y, T *inverses) {
  const FN(standardization) job = {
    .x = x, .n = n, .centered = centered, .epsilon = (T)epsilon, .result = y, .resulting_inverses = inverses
  };
  wg_split(rows, 1, FN(cost_of_row)(n), FN(standardize_piece), &job);
}

WG_CLONES static void FN(standardize_adjoint_row)(const T *y, const T *ybar, T inverse, size_t n, bool centered,
                                                  bool accumulate, T *xbar) {
  T mean = 0;
  if (centered) {
    WG_BLOCKED_SUM(sum, ybar[i])
    mean = sum / (T)n;
  }
  WG_BLOCKED_SUM(products, WG_STRONG(ybar[i], y[i]))
  const T slope = products / (T)n;
  if (accumulate) {
    WG_VECTORIZE for (size_t i = 0; i < n; i++) {
      const T difference = (ybar[i] - mean) - WG_STRONG(slope, y[i]);
      xbar[i] += WG_STRONG(difference, inverse);
    }
  } else {
    WG_VECTORIZE for (size_t i = 0; i < n; i++) {
      const T difference = (ybar[i] - mean) - WG_STRONG(slope, y[i]);
      xbar[i] = WG_STRONG(difference, inverse);
    }
  }
}

static void FN(standardize_adjoint_piece)(const void *context, size_t start, size_t end) {
  const FN(standardization) *job = context;
  const size_t n = job->n;
  for (size_t row = start; row < end; row++) {
    FN(standardize_adjoint_row)(job->y + row * n, job->ybar + row * n, job->inverses[row], n, job->centered,
                                job->accumulate, job->result + row * n);
  }
}

void FN(wg_standardize_adjoint)(const T *y, const T *ybar, const T *inverses, size_t rows, size_t n, bool centered,
                                bool accumulate, T *xbar) {
  const FN(standardization) job = {
    .y = y, .ybar = ybar, .inverses = inverses, .n = n, .centered = centered, .accumulate = accumulate, .result = xbar
  };
  wg_split(rows, 1, FN(cost_of_row)(n), FN(standardize_adjoint_piece), &job);
}

#undef WG_VECTORIZE
#undef WG_STRONG
#undef WG_BLOCKED_SUM
