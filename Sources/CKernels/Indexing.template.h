/// The axes of `shape` with the strides of another layout, 0 along the axis whose position an index gives.
static wg_runs FN(indexed_runs)(const wg_layout *shape, const wg_layout *strides, int32_t axis) {
  wg_layout walk = *shape;
  for (int32_t i = 0; i < shape->rank; i++) walk.strides[i] = i == axis ? 0 : strides->strides[i];
  return wg_merge_axes(&walk);
}

WG_CLONES static void FN(gather_run)(const T *x, ptrdiff_t stride, const int32_t *indices, ptrdiff_t along, T *y,
                                     size_t n) {
  if (stride == 0) {
    for (size_t i = 0; i < n; i++) y[i] = x[indices[i] * along];
  } else {
    for (size_t i = 0; i < n; i++) y[i] = x[(ptrdiff_t)i * stride + indices[i] * along];
  }
}

typedef struct {
  const T *x;
  wg_runs runs;
  const int32_t *indices;
  ptrdiff_t along;
  T *y;
} FN(gathering);

static void FN(gather_piece)(const void *context, size_t start, size_t end) {
  const FN(gathering) *job = context;
  const int32_t inner = job->runs.rank - 1;
  wg_cursor cursor = wg_seek(&job->runs, (int64_t)start);
  for (size_t done = start; done < end;) {
    const size_t left = (size_t)(job->runs.sizes[inner] - cursor.index[inner]), run = left < end - done ? left : end - done;
    FN(gather_run)(job->x + cursor.offset, job->runs.strides[inner], job->indices + done, job->along, job->y + done, run);
    wg_advance(&job->runs, &cursor, (int64_t)run);
    done += run;
  }
}

void FN(wg_gather)(const T *x, const wg_layout *from, const int32_t *indices, const wg_layout *shape, int32_t axis,
                   T *y) {
  const FN(gathering) job = {x, FN(indexed_runs)(shape, from, axis), indices, from->strides[axis], y};
  wg_split((size_t)shape->count, WG_BLOCK, 2 * WG_COST_OF_MOVING * sizeof(T), FN(gather_piece), &job);
}

void FN(wg_scatter_add)(const T *x, const wg_layout *shape, const int32_t *indices, int32_t axis, T *y,
                        const wg_layout *to) {
  const wg_runs runs = FN(indexed_runs)(shape, to, axis);
  const int64_t run = runs.sizes[runs.rank - 1];
  const ptrdiff_t stride = runs.strides[runs.rank - 1], along = to->strides[axis];
  wg_cursor cursor = {{0}, 0};
  for (int64_t done = 0; done < shape->count; done += run) {
    T *target = y + cursor.offset;
    for (int64_t i = 0; i < run; i++) target[i * stride + indices[done + i] * along] += x[done + i];
    wg_advance(&runs, &cursor, run);
  }
}

typedef struct {
  const T *x;
  wg_taking rows;
  T *y;
} FN(taking);

/// Rows of all outer arrays, one after the other.
static void FN(take_piece)(const void *context, size_t start, size_t end) {
  const FN(taking) *job = context;
  const wg_taking rows = job->rows;
  for (size_t row = start; row < end;) {
    const size_t outer = row / rows.count, first = row % rows.count;
    const size_t n = rows.count - first < end - row ? rows.count - first : end - row;
    const T *x = job->x + outer * rows.n * rows.run;
    T *y = job->y + row * rows.run;
    if (rows.run == 1) {
      for (size_t i = 0; i < n; i++) y[i] = x[rows.indices[first + i]];
    } else {
      for (size_t i = 0; i < n; i++) {
        memcpy(y + i * rows.run, x + (size_t)rows.indices[first + i] * rows.run, rows.run * sizeof(T));
      }
    }
    row += n;
  }
}

void FN(wg_take)(const T *x, wg_taking rows, T *y) {
  const FN(taking) job = {x, rows, y};
  const double cost = (rows.run == 1 ? 4 : 1) * WG_COST_OF_MOVING * sizeof(T) * (double)rows.run;
  wg_split(rows.outer * rows.count, 1, cost, FN(take_piece), &job);
}

/// A range of each row's elements, of all rows: as rows may be added to one place, they are not cut between rows.
static void FN(add_taken_piece)(const void *context, size_t start, size_t end) {
  const FN(taking) *job = context;
  const wg_taking rows = job->rows;
  const T *x = job->x;
  T *y = job->y;
  for (size_t outer = 0; outer < rows.outer; outer++, x += rows.count * rows.run, y += rows.n * rows.run) {
    if (rows.run == 1) {
      for (size_t i = 0; i < rows.count; i++) y[rows.indices[i]] += x[i];
    } else {
      for (size_t i = 0; i < rows.count; i++) {
        FN(wg_add_scaled)
        (1, x + i * rows.run + start, y + (size_t)rows.indices[i] * rows.run + start, end - start);
      }
    }
  }
}

void FN(wg_add_taken)(const T *x, wg_taking rows, T *y) {
  const FN(taking) job = {x, rows, y};
  const double cost = WG_COST_OF_MOVING * sizeof(T) * (double)(rows.outer * rows.count);
  wg_split(rows.run, 4 * WG_LANES, cost, FN(add_taken_piece), &job);
}
