#include "Lanes.template.h"

/// A sum of many terms in pairs: level i holds the sum of 2^i terms, if bit i of the count is set.
typedef struct {
  uint64_t count;
  T level[64];
} FN(cascade);

/// Adds the sum of the next 2^level terms, where the count is a multiple of as many.
static inline void FN(add_to_cascade)(FN(cascade) * sums, T term, int level) {
  uint64_t count = sums->count >> level;
  sums->count += (uint64_t)1 << level;
  for (; count & 1; count >>= 1) term += sums->level[level++];
  sums->level[level] = term;
}

static inline T FN(cascade_sum)(const FN(cascade) * sums) {
  T total = 0;
  int level = 0;
  for (uint64_t count = sums->count; count > 0; count >>= 1, level++) {
    if (count & 1) total += sums->level[level];
  }
  return total;
}

/// The sum of at most WG_BLOCK elements that lie side by side, in vectors.
static inline __attribute__((always_inline)) T FN(vector_sum)(const T *x, size_t n) {
  if (n < WG_LANES) {
    T sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return sum;
  }
  WG_JOIN_LINE(sum, x, n, 0, WG_SUM_LANES)
  return sum[0];
}

// MARK: - Sums that are long enough for several threads

/// What is summed: `sum` of at most WG_BLOCK elements in a line, and what `add` adds of some rows' elements to n sums,
/// both with numbers that they know.
typedef struct {
  T (*sum)(const void *numbers, const T *x, ptrdiff_t stride, size_t n);
  void (*add)(const void *numbers, const T *x, ptrdiff_t stride, size_t rows, T *sums, size_t n);
  const void *numbers;
  double cost;
} FN(summand);

/// The parts of a long sum that are summed by themselves: groups of 2^4 blocks of a line, or blocks of rows.
typedef struct {
  const FN(summand) * summand;
  const T *x;
  const wg_runs *reduced;
  int64_t first, terms;
  size_t n;
  T *sums;
} FN(parts);

enum { FN(group_level) = 4, FN(part_count) = 4096 };

/// The sums of groups of blocks, which are counted run by run.
static void FN(groups_piece)(const void *context, size_t start, size_t end) {
  const FN(parts) *parts = context;
  const wg_runs *reduced = parts->reduced;
  const int64_t run = reduced->sizes[reduced->rank - 1], blocks = (run + WG_BLOCK - 1) / WG_BLOCK;
  const ptrdiff_t stride = reduced->strides[reduced->rank - 1];
  const int64_t first = (parts->first + (int64_t)start) << FN(group_level);
  int64_t block = first % blocks;
  wg_cursor term = wg_seek(reduced, first / blocks * run);
  for (size_t group = start; group < end; group++) {
    FN(cascade) sums;
    sums.count = 0;
    for (int i = 0; i < 1 << FN(group_level); i++) {
      const int64_t at = block * WG_BLOCK, size = run - at < WG_BLOCK ? run - at : WG_BLOCK;
      const T *from = parts->x + term.offset + at * stride;
      FN(add_to_cascade)(&sums, parts->summand->sum(parts->summand->numbers, from, stride, (size_t)size), 0);
      if (++block < blocks) continue;
      block = 0;
      wg_advance(reduced, &term, run);
    }
    parts->sums[group] = sums.level[FN(group_level)];
  }
}

/// The sum of all that is reduced to one output: in blocks, whose sums are added in pairs.
static T FN(sum_long)(const FN(summand) * summand, const T *x, const wg_runs *reduced, int64_t terms) {
  const int64_t run = reduced->sizes[reduced->rank - 1], blocks = (run + WG_BLOCK - 1) / WG_BLOCK;
  const ptrdiff_t stride = reduced->strides[reduced->rank - 1];
  const int64_t count = run > 0 ? terms / run * blocks : 0, groups = count >> FN(group_level);
  FN(cascade) sums = {.count = 0};
  T values[FN(part_count)];
  for (int64_t first = 0; first < groups; first += FN(part_count)) {
    const int64_t wave = groups - first < FN(part_count) ? groups - first : FN(part_count);
    const FN(parts) parts = {.summand = summand, .x = x, .reduced = reduced, .first = first, .sums = values};
    const double size = (double)(run < WG_BLOCK ? run : WG_BLOCK) * (1 << FN(group_level));
    wg_split((size_t)wave, 1, summand->cost * size, FN(groups_piece), &parts);
    for (int64_t i = 0; i < wave; i++) FN(add_to_cascade)(&sums, values[i], FN(group_level));
  }
  int64_t block = 0;
  wg_cursor term = {{0}, 0};
  if (groups > 0) {
    block = (groups << FN(group_level)) % blocks;
    term = wg_seek(reduced, (groups << FN(group_level)) / blocks * run);
  }
  for (int64_t done = groups << FN(group_level); done < count; done++) {
    const int64_t at = block * WG_BLOCK, size = run - at < WG_BLOCK ? run - at : WG_BLOCK;
    const T *from = x + term.offset + at * stride;
    FN(add_to_cascade)(&sums, summand->sum(summand->numbers, from, stride, (size_t)size), 0);
    if (++block < blocks) continue;
    block = 0;
    wg_advance(reduced, &term, run);
  }
  return FN(cascade_sum)(&sums);
}

/// The sums of blocks of WG_BLOCK rows.
static void FN(rows_piece)(const void *context, size_t start, size_t end) {
  const FN(parts) *parts = context;
  const wg_runs *reduced = parts->reduced;
  const int32_t inner = reduced->rank - 1;
  const int64_t first = (parts->first + (int64_t)start) * WG_BLOCK;
  const int64_t limit = (parts->first + (int64_t)end) * WG_BLOCK, last = limit < parts->terms ? limit : parts->terms;
  wg_cursor term = wg_seek(reduced, first);
  T *sums = parts->sums + start * parts->n;
  for (int64_t done = first; done < last; done += WG_BLOCK, sums += parts->n) {
    const int64_t block_end = last - done < WG_BLOCK ? last : done + WG_BLOCK;
    memset(sums, 0, parts->n * sizeof(T));
    for (int64_t i = done; i < block_end;) {
      // Rows that lie evenly apart go in one call.
      const int64_t left = reduced->sizes[inner] - term.index[inner];
      const int64_t rows = left < block_end - i ? left : block_end - i;
      parts->summand->add(parts->summand->numbers, parts->x + term.offset, reduced->strides[inner], (size_t)rows, sums,
                          parts->n);
      wg_advance(reduced, &term, rows);
      i += rows;
    }
  }
}

/// The sums of n columns side by side, at most WG_BLOCK of them: of blocks of rows, whose sums are added one by one.
static void FN(sum_columns)(const FN(summand) * summand, const T *x, const wg_runs *reduced, int64_t terms, T *total,
                            size_t n) {
  FN(parts) parts = {.summand = summand, .x = x, .reduced = reduced, .terms = terms, .n = n, .sums = total};
  if (terms <= WG_BLOCK) {
    memset(total, 0, n * sizeof(T));
    if (terms > 0) FN(rows_piece)(&parts, 0, 1);
    return;
  }
  _Alignas(64) T values[FN(part_count)];
  const int64_t blocks = (terms + WG_BLOCK - 1) / WG_BLOCK, most = (int64_t)(FN(part_count) / n);
  parts.sums = values;
  memset(total, 0, n * sizeof(T));
  for (parts.first = 0; parts.first < blocks; parts.first += most) {
    const int64_t wave = blocks - parts.first < most ? blocks - parts.first : most;
    wg_split((size_t)wave, 1, summand->cost * (double)(n * WG_BLOCK), FN(rows_piece), &parts);
    for (int64_t i = 0; i < wave; i++) {
      const T *sums = values + (size_t)i * n;
      for (size_t k = 0; k < n; k++) total[k] += sums[k];
    }
  }
}
