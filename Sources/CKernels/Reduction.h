// Walking the outputs of a reduction, and what is reduced to each.
#ifndef WENGERT_REDUCTION_H
#define WENGERT_REDUCTION_H

#include "Threads.h"
#include "Views.h"

/// The outputs of a reduction in row-major order, a chunk at a time.
typedef struct {
  wg_runs kept, reduced;
  int64_t outputs, terms;
  /// Whether the outputs of a chunk are columns side by side in memory, so that rows are to be joined instead of each
  /// being reduced.
  bool columns;
  /// The chunk at hand: where it starts among the outputs, how many they are, where the first one's terms start, and
  /// how far from them the next one's do.
  int64_t position, size;
  ptrdiff_t offset, step;
  wg_cursor cursor;
} wg_reduction;

static inline int64_t wg_run_elements(const wg_runs *runs) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < runs->rank; axis++) count *= runs->sizes[axis];
  return count;
}

/// The kept and the reduced axes of a layout, each merged by themselves.
static inline wg_reduction wg_begin_reduction(const wg_layout *from, uint32_t axes) {
  wg_layout part[2] = {{.rank = 0}, {.rank = 0}};
  for (int32_t axis = 0; axis < from->rank; axis++) {
    wg_layout *target = &part[axes >> axis & 1];
    target->sizes[target->rank] = from->sizes[axis];
    target->strides[target->rank] = from->strides[axis];
    target->rank++;
  }
  wg_reduction r = {.kept = wg_merge_axes(&part[0]), .reduced = wg_merge_axes(&part[1])};
  r.outputs = wg_run_elements(&r.kept);
  r.terms = wg_run_elements(&r.reduced);
  const int32_t k = r.kept.rank - 1, inner = r.reduced.rank - 1;
  r.step = r.kept.strides[k];
  r.columns = r.kept.sizes[k] > 1 && r.kept.strides[k] == 1 && r.reduced.strides[inner] != 1 && r.terms > 1;
  return r;
}

/// Moves to the next chunk, of at most WG_BLOCK outputs; false at the end.
static inline bool wg_next_chunk(wg_reduction *r) {
  if (r->size > 0) wg_advance(&r->kept, &r->cursor, r->size);
  r->position += r->size;
  if (r->position >= r->outputs) return false;
  const int32_t inner = r->kept.rank - 1;
  const int64_t left = r->kept.sizes[inner] - r->cursor.index[inner], rest = r->outputs - r->position;
  r->size = left < WG_BLOCK ? left : WG_BLOCK;
  if (r->size > rest) r->size = rest;
  r->offset = r->cursor.offset;
  return true;
}

/// Restricts a reduction that is at its beginning to the outputs from `start` up to `end`.
static inline void wg_restrict_outputs(wg_reduction *r, size_t start, size_t end) {
  r->cursor = wg_seek(&r->kept, (int64_t)start);
  r->position = (int64_t)start;
  r->outputs = (int64_t)end;
}

/// Runs a piece over the outputs of a reduction. Of few outputs none gets a piece of its own: what is reduced to them is
/// cut instead, by whoever reduces it.
static inline void wg_split_outputs(const wg_reduction *r, double cost, wg_piece *piece, const void *context) {
  const size_t outputs = (size_t)r->outputs, unit = r->columns ? 64 : 1;
  const size_t few = 16 * unit;
  wg_split(outputs, outputs < few ? few : unit, cost * (double)(r->terms > 0 ? r->terms : 1), piece, context);
}

#endif
