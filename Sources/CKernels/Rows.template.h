#include "Lanes.template.h"

#define WG_GREATER(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))
#define WG_STRONG(c, d) ((c) == 0 ? 0 : (c) * (d))
// One vector at a time: rows of a few vectors would otherwise go through the loop for the rest.
#define WG_VECTORIZE _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(1)")
// Part of each function that is compiled per instruction set.
#define WG_PART static inline __attribute__((always_inline))

typedef enum { FN(kind_log_sum_exp), FN(kind_softmax), FN(kind_log_softmax) } FN(kind);

// MARK: - Steps along a row

WG_PART T FN(row_maximum)(const T *x, size_t n) {
  T best = -(T)INFINITY;
  if (n < WG_LANES) {
    for (size_t i = 0; i < n; i++) best = WG_GREATER(x[i], best);
    return best;
  }
  // The last vector may overlap the one before it: a maximum does not mind.
  T partial[WG_LANES];
  for (int k = 0; k < WG_LANES; k++) partial[k] = x[n - WG_LANES + k];
  for (size_t i = 0; i + WG_LANES <= n; i += WG_LANES) {
    for (int k = 0; k < WG_LANES; k++) partial[k] = WG_GREATER(x[i + k], partial[k]);
  }
  for (int half = WG_LANES / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; k++) partial[k] = WG_GREATER(partial[k + half], partial[k]);
  }
  return partial[0];
}

/// The sum of `term` over i in 0 ..< n, a vector of partial sums at a time.
#define WG_ROW_SUM(total, n, term)                                                                    \
  T total = 0;                                                                                        \
  if (n < WG_LANES) {                                                                                 \
    for (size_t i = 0; i < n; i++) total += (term);                                                   \
  } else {                                                                                            \
    FN(lanes) partial = {0};                                                                          \
    size_t first = 0;                                                                                 \
    for (; first + WG_LANES <= n; first += WG_LANES) WG_ADD_TERMS(partial, first, 0, term);           \
    if (first < n) WG_ADD_TERMS(partial, n - WG_LANES, (int)(WG_LANES - (n - first)), term);          \
    WG_JOIN_LANES(partial, WG_SUM_LANES)                                                              \
    total = partial[0];                                                                               \
  }

WG_PART T FN(row_sum)(const T *x, size_t n) {
  WG_ROW_SUM(total, n, x[i])
  return total;
}

WG_PART void FN(row_shift)(const T *x, T shift, T *y, size_t n) {
  WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = x[i] - shift;
}

/// y = value, or y += value, over i in 0 ..< n.
#define WG_ROW_STORE(y, n, value)                                       \
  if (accumulate) {                                                     \
    WG_VECTORIZE for (size_t i = 0; i < n; i++) (y)[i] += (value);      \
  } else {                                                              \
    WG_VECTORIZE for (size_t i = 0; i < n; i++) (y)[i] = (value);       \
  }

// MARK: - Columns: each step is a vector over at most WG_BLOCK rows' elements

/// Rows that lie across memory: element i of all of them at x + i * stride.
WG_CLONES static void FN(columns)(FN(kind) kind, const T *x, size_t n, size_t stride, size_t size, T *y) {
  _Alignas(64) T maxima[WG_BLOCK], sums[WG_BLOCK], terms[WG_BLOCK];
  WG_VECTORIZE for (size_t k = 0; k < size; k++) maxima[k] = -(T)INFINITY, sums[k] = 0;
  for (size_t i = 0; i < n; i++) {
    const T *row = x + i * stride;
    WG_VECTORIZE for (size_t k = 0; k < size; k++) maxima[k] = WG_GREATER(row[k], maxima[k]);
  }
  for (size_t i = 0; i < n; i++) {
    const T *row = x + i * stride;
    T *target = kind == FN(kind_softmax) ? y + i * stride : terms;
    WG_VECTORIZE for (size_t k = 0; k < size; k++) target[k] = row[k] - maxima[k];
    FN(wg_exp)(target, target, size);
    WG_VECTORIZE for (size_t k = 0; k < size; k++) sums[k] += target[k];
  }
  if (kind == FN(kind_softmax)) {
    for (size_t i = 0; i < n; i++) {
      T *row = y + i * stride;
      WG_VECTORIZE for (size_t k = 0; k < size; k++) row[k] /= sums[k];
    }
    return;
  }
  FN(wg_log)(sums, sums, size);
  if (kind == FN(kind_log_sum_exp)) {
    for (size_t k = 0; k < size; k++) y[k] = isinf(maxima[k]) ? maxima[k] : maxima[k] + sums[k];
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const T *row = x + i * stride;
    T *target = y + i * stride;
    WG_VECTORIZE for (size_t k = 0; k < size; k++) target[k] = (row[k] - maxima[k]) - sums[k];
  }
}

WG_CLONES static void FN(columns_adjoint)(FN(kind) kind, const T *y, const T *ybar, size_t n, size_t stride,
                                          size_t size, bool accumulate, T *xbar) {
  _Alignas(64) T sums[WG_BLOCK], terms[WG_BLOCK];
  WG_VECTORIZE for (size_t k = 0; k < size; k++) sums[k] = 0;
  for (size_t j = 0; j < n; j++) {
    const T *row = y + j * stride, *cotangent = ybar + j * stride;
    if (kind == FN(kind_softmax)) {
      WG_VECTORIZE for (size_t k = 0; k < size; k++) sums[k] += WG_STRONG(cotangent[k], row[k]);
    } else {
      WG_VECTORIZE for (size_t k = 0; k < size; k++) sums[k] += cotangent[k];
    }
  }
  for (size_t j = 0; j < n; j++) {
    const T *row = y + j * stride, *cotangent = ybar + j * stride;
    if (kind == FN(kind_softmax)) {
      WG_ROW_STORE(xbar + j * stride, size, WG_STRONG(cotangent[i] - sums[i], row[i]))
    } else {
      FN(wg_exp)(row, terms, size);
      WG_ROW_STORE(xbar + j * stride, size, cotangent[i] - WG_STRONG(sums[i], terms[i]))
    }
  }
}

// MARK: - Short rows: turned into columns

/// Rows shorter than this are copied into columns, a tile at a time: a vector of their own they would not fill.
enum { FN(short_row) = 2 * WG_LANES, FN(shortest_row) = 4, FN(tile) = 2048 };

/// y = or y += the elements of x, where `from` and `to` are the positions of element i of a row.
#define WG_TURN(n, to, assign, from)                  \
  for (size_t row = 0; row < rows; row++) {           \
    for (size_t i = 0; i < (n); i++) y[to] assign x[from]; \
  }

/// A (rows, n) matrix as (n, rows), or back. For sizes that it knows, the compiler shuffles vectors.
#define WG_TURN_KNOWN(n)                                              \
  if (!back) {                                                        \
    WG_TURN(n, i * rows + row, =, row * (n) + i)                      \
  } else if (accumulate) {                                            \
    WG_TURN(n, row * (n) + i, +=, i * rows + row)                     \
  } else {                                                            \
    WG_TURN(n, row * (n) + i, =, i * rows + row)                      \
  }

WG_CLONES static void FN(turn)(const T *restrict x, size_t rows, size_t n, bool back, bool accumulate,
                               T *restrict y) {
  switch (n) {
    case 2: WG_TURN_KNOWN(2) return;
    case 3: WG_TURN_KNOWN(3) return;
    case 4: WG_TURN_KNOWN(4) return;
    default: WG_TURN_KNOWN(n)
  }
}

static void FN(short_rows)(FN(kind) kind, const T *x, size_t rows, size_t n, T *y) {
  _Alignas(64) T tile[FN(tile)], result[FN(tile)];
  const size_t most = FN(tile) / n < WG_BLOCK ? FN(tile) / n : WG_BLOCK;
  for (size_t start = 0; start < rows; start += most) {
    const size_t count = rows - start < most ? rows - start : most;
    FN(turn)(x + start * n, count, n, false, false, tile);
    if (kind == FN(kind_log_sum_exp)) {
      FN(columns)(kind, tile, n, count, count, y + start);
    } else {
      FN(columns)(kind, tile, n, count, count, result);
      FN(turn)(result, count, n, true, false, y + start * n);
    }
  }
}

static void FN(short_rows_adjoint)(FN(kind) kind, const T *y, const T *ybar, size_t rows, size_t n, bool accumulate,
                                   T *xbar) {
  _Alignas(64) T tile[FN(tile)], cotangent[FN(tile)];
  const size_t most = FN(tile) / n < WG_BLOCK ? FN(tile) / n : WG_BLOCK;
  for (size_t start = 0; start < rows; start += most) {
    const size_t count = rows - start < most ? rows - start : most;
    FN(turn)(y + start * n, count, n, false, false, tile);
    FN(turn)(ybar + start * n, count, n, false, false, cotangent);
    FN(columns_adjoint)(kind, tile, cotangent, n, count, count, false, cotangent);
    FN(turn)(cotangent, count, n, true, accumulate, xbar + start * n);
  }
}

// MARK: - Longer rows: a few at once as far as a block holds them, else one in blocks

WG_CLONES static void FN(medium_rows)(FN(kind) kind, const T *x, size_t rows, size_t n, T *y) {
  _Alignas(64) T terms[WG_BLOCK], maxima[WG_BLOCK], sums[WG_BLOCK];
  const size_t most = WG_BLOCK / n;
  for (size_t start = 0; start < rows; start += most) {
    const size_t count = rows - start < most ? rows - start : most;
    const T *from = x + start * n;
    T *to = y + start * n;
    for (size_t row = 0; row < count; row++) {
      maxima[row] = FN(row_maximum)(from + row * n, n);
      FN(row_shift)(from + row * n, maxima[row], terms + row * n, n);
    }
    FN(wg_exp)(terms, terms, count * n);
    for (size_t row = 0; row < count; row++) sums[row] = FN(row_sum)(terms + row * n, n);
    if (kind == FN(kind_softmax)) {
      for (size_t row = 0; row < count; row++) {
        const T sum = sums[row];
        WG_VECTORIZE for (size_t i = 0; i < n; i++) to[row * n + i] = terms[row * n + i] / sum;
      }
      continue;
    }
    FN(wg_log)(sums, sums, count);
    for (size_t row = 0; row < count; row++) {
      if (kind == FN(kind_log_sum_exp)) {
        y[start + row] = isinf(maxima[row]) ? maxima[row] : maxima[row] + sums[row];
      } else {
        const T maximum = maxima[row], sum = sums[row];
        WG_VECTORIZE for (size_t i = 0; i < n; i++) to[row * n + i] = (from[row * n + i] - maximum) - sum;
      }
    }
  }
}

WG_CLONES static void FN(long_row)(FN(kind) kind, const T *x, size_t n, T *y) {
  _Alignas(64) T block[WG_BLOCK];
  const T maximum = FN(row_maximum)(x, n);
  T sum = 0;
  for (size_t start = 0; start < n; start += WG_BLOCK) {
    const size_t size = n - start < WG_BLOCK ? n - start : WG_BLOCK;
    T *terms = kind == FN(kind_softmax) ? y + start : block;
    FN(row_shift)(x + start, maximum, terms, size);
    FN(wg_exp)(terms, terms, size);
    sum += FN(row_sum)(terms, size);
  }
  if (kind == FN(kind_softmax)) {
    WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] /= sum;
    return;
  }
  FN(wg_log)(&sum, &sum, 1);
  if (kind == FN(kind_log_sum_exp)) {
    *y = isinf(maximum) ? maximum : maximum + sum;
  } else {
    WG_VECTORIZE for (size_t i = 0; i < n; i++) y[i] = (x[i] - maximum) - sum;
  }
}

WG_CLONES static void FN(long_rows_adjoint)(FN(kind) kind, const T *y, const T *ybar, size_t rows, size_t n,
                                            bool accumulate, T *xbar) {
  if (kind == FN(kind_softmax)) {
    for (size_t row = 0; row < rows; row++, y += n, ybar += n, xbar += n) {
      WG_ROW_SUM(sum, n, WG_STRONG(ybar[i], y[i]))
      WG_ROW_STORE(xbar, n, WG_STRONG(ybar[i] - sum, y[i]))
    }
    return;
  }
  // The exponentials of a few whole rows at once, or of a row in parts.
  _Alignas(64) T terms[WG_BLOCK];
  const size_t most = n < WG_BLOCK ? WG_BLOCK / n : 1, width = n < WG_BLOCK ? n : WG_BLOCK;
  for (size_t start = 0; start < rows; start += most) {
    const size_t count = rows - start < most ? rows - start : most;
    if (width == n) FN(wg_exp)(y + start * n, terms, count * n);
    for (size_t row = 0; row < count; row++) {
      const size_t at = (start + row) * n;
      const T sum = FN(row_sum)(ybar + at, n);
      for (size_t column = 0; column < n; column += width) {
        const size_t size = n - column < width ? n - column : width;
        const T *cotangent = ybar + at + column, *e = terms + row * n;
        if (width != n) {
          FN(wg_exp)(y + at + column, terms, size);
          e = terms;
        }
        WG_ROW_STORE(xbar + at + column, size, cotangent[i] - WG_STRONG(sum, e[i]))
      }
    }
  }
}

// MARK: - Entry points

/// Rows, or with cotangents the adjoints of those whose values x has. Pieces are of rows, or of blocks of columns.
typedef struct {
  FN(kind) kind;
  const T *x, *cotangents;
  size_t n, inner;
  bool accumulate;
  T *y;
} FN(row_job);

static void FN(rows_piece)(const void *context, size_t start, size_t end) {
  const FN(row_job) *job = context;
  const size_t n = job->n, out = job->kind == FN(kind_log_sum_exp) ? 1 : n;
  const T *x = job->x + start * n;
  T *y = job->y + start * out;
  if (n < FN(short_row)) {
    FN(short_rows)(job->kind, x, end - start, n, y);
  } else if (n <= WG_BLOCK / 2) {
    FN(medium_rows)(job->kind, x, end - start, n, y);
  } else {
    for (size_t i = 0; i < end - start; i++) FN(long_row)(job->kind, x + i * n, n, y + i * out);
  }
}

static void FN(rows_adjoint_piece)(const void *context, size_t start, size_t end) {
  const FN(row_job) *job = context;
  const size_t at = start * job->n;
  (job->n <= FN(shortest_row) ? FN(short_rows_adjoint) : FN(long_rows_adjoint))(
      job->kind, job->x + at, job->cotangents + at, end - start, job->n, job->accumulate, job->y + at);
}

static void FN(columns_piece)(const void *context, size_t start, size_t end) {
  const FN(row_job) *job = context;
  const size_t n = job->n, inner = job->inner, blocks = (inner + WG_BLOCK - 1) / WG_BLOCK;
  for (size_t block = start; block < end; block++) {
    const size_t column = block % blocks * WG_BLOCK, at = block / blocks * n * inner + column;
    const size_t to = job->kind == FN(kind_log_sum_exp) ? block / blocks * inner + column : at;
    const size_t size = inner - column < WG_BLOCK ? inner - column : WG_BLOCK;
    if (job->cotangents) {
      FN(columns_adjoint)(job->kind, job->x + at, job->cotangents + at, n, inner, size, job->accumulate, job->y + at);
    } else {
      FN(columns)(job->kind, job->x + at, n, inner, size, job->y + to);
    }
  }
}

static void FN(rows)(FN(kind) kind, const T *x, const T *cotangents, size_t outer, size_t n, size_t inner,
                     bool accumulate, T *y) {
  const FN(row_job) job = {kind, x, cotangents, n, inner, accumulate, y};
  if (n == 0) {
    if (kind == FN(kind_log_sum_exp)) FN(wg_fill)(-(T)INFINITY, y, outer * inner);
    return;
  }
  const double cost = (cotangents && kind == FN(kind_softmax) ? 2 * WG_COST_OF_MOVING : WG_COST_OF_FUNCTION) * sizeof(T);
  if (inner != 1) {
    const size_t blocks = (inner + WG_BLOCK - 1) / WG_BLOCK;
    const double width = (double)(inner < WG_BLOCK ? inner : WG_BLOCK);
    wg_split(outer * blocks, 1, cost * (double)n * width, FN(columns_piece), &job);
  } else {
    wg_split(outer, 1, cost * (double)n, cotangents ? FN(rows_adjoint_piece) : FN(rows_piece), &job);
  }
}

void FN(wg_log_sum_exp)(const T *x, size_t outer, size_t n, size_t inner, T *y) {
  FN(rows)(FN(kind_log_sum_exp), x, NULL, outer, n, inner, false, y);
}

void FN(wg_softmax)(const T *x, size_t outer, size_t n, size_t inner, T *y) {
  FN(rows)(FN(kind_softmax), x, NULL, outer, n, inner, false, y);
}

void FN(wg_log_softmax)(const T *x, size_t outer, size_t n, size_t inner, T *y) {
  FN(rows)(FN(kind_log_softmax), x, NULL, outer, n, inner, false, y);
}

void FN(wg_softmax_adjoint)(const T *y, const T *ybar, size_t outer, size_t n, size_t inner, bool accumulate,
                            T *xbar) {
  FN(rows)(FN(kind_softmax), y, ybar, outer, n, inner, accumulate, xbar);
}

void FN(wg_log_softmax_adjoint)(const T *y, const T *ybar, size_t outer, size_t n, size_t inner, bool accumulate,
                                T *xbar) {
  FN(rows)(FN(kind_log_softmax), y, ybar, outer, n, inner, accumulate, xbar);
}

#undef WG_GREATER
#undef WG_STRONG
#undef WG_VECTORIZE
#undef WG_PART
#undef WG_ROW_SUM
#undef WG_ROW_STORE
#undef WG_TURN
#undef WG_TURN_KNOWN
