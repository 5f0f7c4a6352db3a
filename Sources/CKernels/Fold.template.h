#include "Lanes.template.h"

#define WG_GREATER(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))
#define WG_LESS(a, b) ((((a) < (b)) | ((a) != (a))) ? (a) : (b))
#define WG_GREATER_MAGNITUDE(a, b) WG_GREATER(__builtin_elementwise_abs(a), b)
#define WG_LESS_MAGNITUDE(a, b) WG_LESS(__builtin_elementwise_abs(a), b)
#define WG_PRODUCT(a, b) ((a) * (b))

// The same of vectors.
#define WG_GREATER_LANES(a, b) WG_PICK(((a) > (b)) | ((a) != (a)), a, b)
#define WG_LESS_LANES(a, b) WG_PICK(((a) < (b)) | ((a) != (a)), a, b)
#define WG_GREATER_MAGNITUDE_LANES(a, b) WG_GREATER_LANES(__builtin_elementwise_abs(a), b)
#define WG_LESS_MAGNITUDE_LANES(a, b) WG_LESS_LANES(__builtin_elementwise_abs(a), b)
#define WG_PRODUCT_LANES(a, b) WG_PRODUCT(a, b)

/// value[k] = f(x[k], value[k]) for `width` columns of some rows.
#define WG_FOLD_COLUMNS(width, f)                                        \
  for (; column + (width) <= n; column += (width)) {                     \
    T value[width];                                                      \
    for (int k = 0; k < (width); k++) value[k] = y[column + k];          \
    for (size_t row = 0; row < rows; row++) {                            \
      const T *from = x + (ptrdiff_t)row * stride + column;              \
      for (int k = 0; k < (width); k++) value[k] = f(from[k], value[k]); \
    }                                                                    \
    for (int k = 0; k < (width); k++) y[column + k] = value[k];          \
  }

/// A fold: its inputs and outputs, and while terms are folded in parts, how many there are in a part, which part is the
/// first, where their values go and for how many outputs.
typedef struct {
  const T *x;
  wg_reduction reduction;
  T *y;
  int64_t part, first;
  T *parts;
  size_t n;
} FN(folding);

/// Elements of a part, for all outputs together, and values of parts that are there at once.
enum { FN(folded_elements) = 16384, FN(folded_parts) = 8 * WG_BLOCK };

/// A fold over any set of axes, y = f(x, f(x, ... y)), in an order that the shape decides: f of an element and what there
/// is so far, or of two parts.
#define WG_FOLD(name, start, f)                                                                                        \
  WG_CLONES static void FN(name##_lines)(const T *x, ptrdiff_t step, ptrdiff_t stride, size_t n, T *y, size_t lines) { \
    for (size_t line = 0; line < lines; line++, x += step) {                                                           \
      if (stride != 1 || n < WG_LANES) {                                                                               \
        for (size_t i = 0; i < n; i++) y[line] = f(x[(ptrdiff_t)i * stride], y[line]);                                 \
        continue;                                                                                                      \
      }                                                                                                                \
      WG_JOIN_LINE(u, x, n, start, f##_LANES)                                                                          \
      y[line] = f(u[0], y[line]);                                                                                      \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  /* Columns of rows that lie `stride` apart: a few vectors of them stay in registers. */                              \
  WG_CLONES static void FN(name##_rows)(const T *x, ptrdiff_t stride, size_t rows, T *y, size_t n) {                   \
    size_t column = 0;                                                                                                 \
    WG_FOLD_COLUMNS(4 * WG_LANES, f)                                                                                   \
    WG_FOLD_COLUMNS(WG_LANES, f)                                                                                       \
    WG_FOLD_COLUMNS(1, f)                                                                                              \
  }                                                                                                                    \
                                                                                                                       \
  /* What some terms fold to, for n outputs that lie `step` apart or side by side. */                                  \
  static void FN(name##_terms)(const FN(folding) * fold, int64_t first, int64_t end, T *y) {                           \
    const wg_runs *reduced = &fold->reduction.reduced;                                                                 \
    const int32_t inner = reduced->rank - 1;                                                                           \
    const ptrdiff_t stride = reduced->strides[inner];                                                                  \
    wg_cursor term = wg_seek(reduced, first);                                                                          \
    for (size_t k = 0; k < fold->n; k++) y[k] = start;                                                                 \
    for (int64_t done = first; done < end;) {                                                                          \
      const int64_t left = reduced->sizes[inner] - term.index[inner], run = left < end - done ? left : end - done;     \
      const T *at = fold->x + term.offset;                                                                             \
      if (fold->reduction.columns) {                                                                                   \
        FN(name##_rows)(at, stride, (size_t)run, y, fold->n);                                                          \
      } else {                                                                                                         \
        FN(name##_lines)(at, fold->reduction.step, stride, (size_t)run, y, fold->n);                                   \
      }                                                                                                                \
      wg_advance(reduced, &term, run);                                                                                 \
      done += run;                                                                                                     \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static void FN(name##_parts_piece)(const void *context, size_t first, size_t end) {                                  \
    const FN(folding) *fold = context;                                                                                 \
    for (size_t part = first; part < end; part++) {                                                                    \
      const int64_t from = (fold->first + (int64_t)part) * fold->part, to = from + fold->part;                         \
      FN(name##_terms)(fold, from, to < fold->reduction.terms ? to : fold->reduction.terms,                            \
                       fold->parts + part * fold->n);                                                                  \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static void FN(name##_piece)(const void *context, size_t first, size_t end) {                                        \
    FN(folding) fold = *(const FN(folding) *)context;                                                                  \
    wg_reduction *r = &fold.reduction;                                                                                 \
    const T *x = fold.x;                                                                                               \
    wg_restrict_outputs(r, first, end);                                                                                \
    while (wg_next_chunk(r)) {                                                                                         \
      T *y = fold.y + r->position;                                                                                     \
      fold.x = x + r->offset;                                                                                          \
      fold.n = (size_t)r->size;                                                                                        \
      if (r->terms <= fold.part) {                                                                                     \
        FN(name##_terms)(&fold, 0, r->terms, y);                                                                       \
        continue;                                                                                                      \
      }                                                                                                                \
      T parts[FN(folded_parts)];                                                                                       \
      const int64_t count = (r->terms + fold.part - 1) / fold.part, most = (int64_t)(FN(folded_parts) / fold.n);       \
      fold.parts = parts;                                                                                              \
      for (size_t k = 0; k < fold.n; k++) y[k] = start;                                                                \
      for (fold.first = 0; fold.first < count; fold.first += most) {                                                   \
        const int64_t wave = count - fold.first < most ? count - fold.first : most;                                    \
        const double cost = WG_COST_OF_MOVING * sizeof(T) * (double)fold.n * (double)fold.part;                        \
        wg_split((size_t)wave, 1, cost, FN(name##_parts_piece), &fold);                                                \
        for (size_t i = 0; i < (size_t)wave * fold.n; i++) y[i % fold.n] = f(parts[i], y[i % fold.n]);                 \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  void FN(wg_##name)(const T *x, const wg_layout *from, uint32_t axes, T *y) {                                         \
    FN(folding) fold = {.x = x, .reduction = wg_begin_reduction(from, axes), .y = y};                                  \
    /* Parts of a fold are folded by themselves; how long they are depends on the shape alone. */                      \
    const int64_t outputs = fold.reduction.columns && fold.reduction.outputs > 0 ? fold.reduction.outputs : 1;         \
    fold.part = FN(folded_elements) / (outputs < WG_BLOCK ? outputs : WG_BLOCK);                                       \
    wg_split_outputs(&fold.reduction, WG_COST_OF_MOVING * sizeof(T), FN(name##_piece), &fold);                         \
  }                                                                                                                    \

WG_FOLD(maximum, -(T)INFINITY, WG_GREATER)
WG_FOLD(minimum, (T)INFINITY, WG_LESS)
WG_FOLD(maximum_magnitude, 0, WG_GREATER_MAGNITUDE)
WG_FOLD(minimum_magnitude, (T)INFINITY, WG_LESS_MAGNITUDE)
WG_FOLD(product, 1, WG_PRODUCT)

#undef WG_FOLD
#undef WG_GREATER_LANES
#undef WG_LESS_LANES
#undef WG_GREATER_MAGNITUDE_LANES
#undef WG_LESS_MAGNITUDE_LANES
#undef WG_PRODUCT_LANES
#undef WG_FOLD_COLUMNS
#undef WG_PRODUCT
#undef WG_LESS_MAGNITUDE
#undef WG_GREATER_MAGNITUDE
#undef WG_LESS
#undef WG_GREATER
