WG_CLONES static void FN(copy_run)(const T *x, ptrdiff_t dx, T *y, ptrdiff_t dy, size_t n, bool accumulate) {
  if (dx == 1 && dy == 1) {
    if (accumulate) {
      _Pragma("clang loop vectorize_width(WG_LANES)") for (size_t i = 0; i < n; i++) y[i] += x[i];
    } else {
      for (size_t i = 0; i < n; i++) y[i] = x[i];
    }
  } else if (dx == 0 && dy == 1) {
    const T value = *x;
    if (accumulate) {
      for (size_t i = 0; i < n; i++) y[i] += value;
    } else {
      for (size_t i = 0; i < n; i++) y[i] = value;
    }
  } else if (dx == -1 && dy == 1 && !accumulate) {
    for (size_t i = 0; i < n; i++) y[i] = x[-(ptrdiff_t)i];
  } else if (accumulate) {
    for (size_t i = 0; i < n; i++) y[(ptrdiff_t)i * dy] += x[(ptrdiff_t)i * dx];
  } else {
    for (size_t i = 0; i < n; i++) y[(ptrdiff_t)i * dy] = x[(ptrdiff_t)i * dx];
  }
}

// One line of the cache.
typedef T FN(line) __attribute__((vector_size(WG_LANES * sizeof(T)), aligned(sizeof(T))));
typedef T FN(aligned_line) __attribute__((vector_size(WG_LANES * sizeof(T))));

// Two vectors' first, and last, elements in turns.
#if WG_LANES == 16
#define WG_FIRST_HALVES(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define WG_LAST_HALVES(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#else
#define WG_FIRST_HALVES(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define WG_LAST_HALVES(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#endif

/// A square of as many rows as a line has elements, transposed in registers: after one perfect shuffle of its lines for
/// each bit of an element's number, rows are columns.
static inline __attribute__((always_inline)) void FN(transpose_square)(const T *x, ptrdiff_t dx, T *y, ptrdiff_t dy,
                                                                       bool accumulate) {
  FN(line) lines[WG_LANES], shuffled[WG_LANES];
  for (int i = 0; i < WG_LANES; i++) lines[i] = *(const FN(line) *)(x + i * dx);
  for (int bit = 1; bit < WG_LANES; bit *= 2) {
    for (int i = 0; i < WG_LANES / 2; i++) {
      shuffled[2 * i] = WG_FIRST_HALVES(lines[i], lines[i + WG_LANES / 2]);
      shuffled[2 * i + 1] = WG_LAST_HALVES(lines[i], lines[i + WG_LANES / 2]);
    }
    for (int i = 0; i < WG_LANES; i++) lines[i] = shuffled[i];
  }
  for (int i = 0; i < WG_LANES; i++) {
    FN(line) *target = (FN(line) *)(y + i * dy);
    *target = accumulate ? *target + lines[i] : lines[i];
  }
}

/// y[row][column] = or += x[column][row], where rows of x and y lie dx and dy apart. Squares go by blocks of eight
/// times eight, so that the pages they lie in stay at hand.
WG_CLONES static void FN(transpose)(const T *x, ptrdiff_t dx, T *y, ptrdiff_t dy, ptrdiff_t rows, ptrdiff_t columns,
                                    bool accumulate) {
  enum { block = 8 * WG_LANES };
  const ptrdiff_t square_rows = rows / WG_LANES * WG_LANES, square_columns = columns / WG_LANES * WG_LANES;
  for (ptrdiff_t top = 0; top < square_rows; top += block) {
    const ptrdiff_t bottom = square_rows - top < block ? square_rows : top + block;
    for (ptrdiff_t left = 0; left < square_columns; left += block) {
      const ptrdiff_t right = square_columns - left < block ? square_columns : left + block;
      for (ptrdiff_t row = top; row < bottom; row += WG_LANES) {
        for (ptrdiff_t column = left; column < right; column += WG_LANES) {
          FN(transpose_square)(x + column * dx + row, dx, y + row * dy + column, dy, accumulate);
        }
      }
    }
  }
  for (ptrdiff_t row = 0; row < rows; row++) {
    for (ptrdiff_t column = row < square_rows ? square_columns : 0; column < columns; column++) {
      T *target = y + row * dy + column;
      *target = accumulate ? *target + x[column * dx + row] : x[column * dx + row];
    }
  }
}

/// The runs without one of their axes.
static wg_runs FN(without)(wg_runs runs, int32_t axis) {
  for (int32_t i = axis; i + 1 < runs.rank; i++) {
    runs.sizes[i] = runs.sizes[i + 1];
    runs.strides[i] = runs.strides[i + 1];
  }
  runs.rank--;
  return runs;
}

/// A copy between merged axes: of items that lie apart, each a part of a run or of a transposition.
typedef struct {
  const T *x;
  T *y;
  wg_runs a, b;
  bool accumulate;
  /// Elements of an inner run; of a transposition, its rows and columns and how far apart those are.
  ptrdiff_t rows, columns, dx, dy;
  /// The items that the innermost axis or the rows are cut into, and the size of all but the last.
  ptrdiff_t cuts, size;
} FN(movement);

static void FN(runs_piece)(const void *context, size_t start, size_t end) {
  const FN(movement) *m = context;
  const int32_t inner = m->a.rank - 1;
  const ptrdiff_t dx = m->a.strides[inner], dy = m->b.strides[inner], first = (ptrdiff_t)start / m->cuts;
  wg_cursor ca = wg_seek(&m->a, first * m->rows), cb = wg_seek(&m->b, first * m->rows);
  ptrdiff_t cut = (ptrdiff_t)start % m->cuts;
  for (size_t item = start; item < end; item++) {
    const ptrdiff_t from = cut * m->size, size = m->rows - from < m->size ? m->rows - from : m->size;
    FN(copy_run)(m->x + ca.offset + from * dx, dx, m->y + cb.offset + from * dy, dy, (size_t)size, m->accumulate);
    if (++cut < m->cuts) continue;
    cut = 0;
    wg_advance(&m->a, &ca, m->rows);
    wg_advance(&m->b, &cb, m->rows);
  }
}

static void FN(transposition_piece)(const void *context, size_t start, size_t end) {
  const FN(movement) *m = context;
  wg_cursor ca = wg_seek(&m->a, (int64_t)start / m->cuts), cb = wg_seek(&m->b, (int64_t)start / m->cuts);
  ptrdiff_t cut = (ptrdiff_t)start % m->cuts;
  for (size_t item = start; item < end; item++) {
    const ptrdiff_t from = cut * m->size, size = m->rows - from < m->size ? m->rows - from : m->size;
    FN(transpose)(m->x + ca.offset + from, m->dx, m->y + cb.offset + from * m->dy, m->dy, size, m->columns,
                  m->accumulate);
    if (++cut < m->cuts) continue;
    cut = 0;
    wg_advance(&m->a, &ca, 1);
    wg_advance(&m->b, &cb, 1);
  }
}

/// Runs a piece over all items of a movement of `count` elements; in one, if elements of y are written more than once.
static void FN(move)(wg_piece *piece, FN(movement) * m, int64_t outer, ptrdiff_t size, int64_t count, bool is_apart) {
  m->cuts = (m->rows + size - 1) / size;
  m->size = size;
  const size_t items = (size_t)(outer * m->cuts);
  const double cost = (double)count / (double)items * sizeof(T) * WG_COST_OF_MOVING;
  wg_split(items, is_apart ? 1 : items, cost, piece, m);
}

/// Whether no two elements are at the same place: each axis steps over all that the finer ones reach.
static bool FN(is_apart)(wg_runs runs) {
  int64_t reach = 1;
  for (int32_t done = 0; done < runs.rank; done++) {
    int32_t finest = -1;
    for (int32_t axis = 0; axis < runs.rank; axis++) {
      if (runs.sizes[axis] > 1 && (finest < 0 || llabs(runs.strides[axis]) < llabs(runs.strides[finest]))) finest = axis;
    }
    if (finest < 0) break;
    if (llabs(runs.strides[finest]) < reach) return false;
    reach += (runs.sizes[finest] - 1) * llabs(runs.strides[finest]);
    runs.sizes[finest] = 1;
  }
  return true;
}

/// Copies with transpositions where y's innermost axis is not x's, which is another one. Returns whether it did.
static bool FN(copy_transposed)(const T *x, wg_runs a, T *y, wg_runs b, bool accumulate, bool is_apart) {
  const int32_t inner = a.rank - 1;
  if (b.strides[inner] != 1 || a.sizes[inner] < WG_LANES || a.strides[inner] == 0) return false;
  int32_t row = 0;
  while (row < inner && (a.strides[row] != 1 || a.sizes[row] < WG_LANES)) row++;
  if (row == inner) return false;
  FN(movement) m = {
    .x = x, .y = y, .accumulate = accumulate, .rows = a.sizes[row], .columns = a.sizes[inner],
    .dx = a.strides[inner], .dy = b.strides[row]
  };
  // The other axes, and a last one of one element, so that there is one.
  a.sizes[inner] = b.sizes[inner] = 1;
  m.a = FN(without)(a, row);
  m.b = FN(without)(b, row);
  int64_t count = 1;
  for (int32_t axis = 0; axis < m.a.rank; axis++) count *= m.a.sizes[axis];
  // Blocks of transposed squares stay whole.
  FN(move)(FN(transposition_piece), &m, count, 8 * WG_LANES, count * m.rows * m.columns, is_apart);
  return true;
}

static void FN(exchange)(wg_runs *runs, int32_t i, int32_t j) {
  const int64_t size = runs->sizes[i], stride = runs->strides[i];
  runs->sizes[i] = runs->sizes[j];
  runs->strides[i] = runs->strides[j];
  runs->sizes[j] = size;
  runs->strides[j] = stride;
}

typedef struct {
  const T *x;
  T *y;
  T factor;
  size_t row;
  bool accumulate, streams;
} FN(contiguous);

static void FN(copy_piece)(const void *context, size_t start, size_t end) {
  const FN(contiguous) *copy = context;
  const T *x = copy->x + start;
  T *y = copy->y + start;
  if (copy->accumulate) {
    FN(copy_run)(x, 1, y, 1, end - start, true);
  } else if (copy->streams) {
    FN(wg_stream)(x, y, end - start);
  } else {
    memcpy(y, x, (end - start) * sizeof(T));
  }
}

/// One row, over and over: written once, then doubled until there are enough rows to copy from the cache.
static void FN(repeat_piece)(const void *context, size_t start, size_t end) {
  const FN(contiguous) *copy = context;
  const size_t row = copy->row, count = (end - start) * row;
  const size_t most = row < 2 * WG_BLOCK ? 2 * WG_BLOCK / row * row : row;
  T *y = copy->y + start * row;
  memcpy(y, copy->x, row * sizeof(T));
  for (size_t filled = row; filled < count;) {
    const size_t ready = filled < most ? filled : most;
    const size_t more = ready < count - filled ? ready : count - filled;
    memcpy(y + filled, y, more * sizeof(T));
    filled += more;
  }
}

void FN(wg_copy)(const T *x, const wg_layout *from, T *y, const wg_layout *to, bool accumulate) {
  const size_t count = (size_t)from->count;
  if (count == 0) return;
  const double cost = WG_COST_OF_MOVING * sizeof(T);
  if (from->contiguous && to->contiguous) {
    const FN(contiguous) copy = {
      .x = x, .y = y, .accumulate = accumulate, .streams = count >= WG_STREAMED_BYTES / sizeof(T)
    };
    wg_split(count, WG_BLOCK, cost, FN(copy_piece), &copy);
    return;
  }
  // Both layouts have the same sizes, so an axis may be merged only where both strides allow it.
  wg_runs a, b;
  int32_t rank = 0;
  for (int32_t axis = 0; axis < from->rank; axis++) {
    const int64_t size = from->sizes[axis], da = from->strides[axis], db = to->strides[axis];
    if (size == 1) continue;
    if (rank > 0 && a.strides[rank - 1] == size * da && b.strides[rank - 1] == size * db) {
      a.sizes[rank - 1] *= size;
      a.strides[rank - 1] = da;
      b.strides[rank - 1] = db;
    } else {
      a.sizes[rank] = size;
      a.strides[rank] = da;
      b.strides[rank] = db;
      rank++;
    }
  }
  if (rank == 0) {
    *y = accumulate ? *y + *x : *x;
    return;
  }
  if (!accumulate && rank == 2 && a.strides[0] == 0 && a.strides[1] == 1 && to->contiguous) {
    const FN(contiguous) copy = {.x = x, .y = y, .row = (size_t)a.sizes[1]};
    wg_split((size_t)a.sizes[0], 1, cost * (double)copy.row, FN(repeat_piece), &copy);
    return;
  }
  a.rank = b.rank = rank;
  memcpy(b.sizes, a.sizes, sizeof b.sizes);
  const bool is_apart = FN(is_apart)(b);
  if (FN(copy_transposed)(x, a, y, b, accumulate, is_apart)) return;
  const int32_t inner = rank - 1;
  const bool vectors = a.strides[inner] == 1 && b.strides[inner] == 1;
  if (a.sizes[inner] < (vectors ? WG_LANES / 2 : WG_LANES)) {
    // Elements repeated a few times, or channels: the loop goes along the longest axis instead.
    int32_t longest = inner;
    for (int32_t axis = 0; axis < inner; axis++) longest = a.sizes[axis] > a.sizes[longest] ? axis : longest;
    FN(exchange)(&a, longest, inner);
    FN(exchange)(&b, longest, inner);
  }
  FN(movement) m = {.x = x, .y = y, .a = a, .b = b, .accumulate = accumulate, .rows = a.sizes[inner]};
  FN(move)(FN(runs_piece), &m, from->count / m.rows, 4 * WG_BLOCK, from->count, is_apart);
}

WG_CLONES static void FN(add_scaled)(T factor, const T *x, T *y, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(2)")
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

static void FN(add_scaled_piece)(const void *context, size_t start, size_t end) {
  const FN(contiguous) *sum = context;
  FN(add_scaled)(sum->factor, sum->x + start, sum->y + start, end - start);
}

void FN(wg_add_scaled)(T factor, const T *x, T *y, size_t n) {
  const FN(contiguous) sum = {.x = x, .y = y, .factor = factor};
  wg_split(n, WG_BLOCK, WG_COST_OF_MOVING * sizeof(T), FN(add_scaled_piece), &sum);
}

WG_CLONES static void FN(stream_lines)(const T *x, T *y, size_t n) {
  for (size_t i = 0; i + WG_LANES <= n; i += WG_LANES) {
    FN(line) elements;
    memcpy(&elements, x + i, sizeof elements);
    __builtin_nontemporal_store(elements, (FN(aligned_line) *)(y + i));
  }
}

void FN(wg_stream)(const T *x, T *y, size_t n) {
  size_t streamed = 0;
  if ((uintptr_t)y % 64 == 0) {
    streamed = n / WG_LANES * WG_LANES;
    FN(stream_lines)(x, y, streamed);
  }
  memcpy(y + streamed, x + streamed, (n - streamed) * sizeof(T));
}

WG_CLONES static void FN(fill)(T value, T *y, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(2)")
  for (size_t i = 0; i < n; i++) y[i] = value;
}

static void FN(fill_piece)(const void *context, size_t start, size_t end) {
  const FN(contiguous) *fill = context;
  if (!fill->streams) {
    FN(fill)(fill->factor, fill->y + start, end - start);
    return;
  }
  _Alignas(64) T block[WG_BLOCK];
  FN(fill)(fill->factor, block, WG_BLOCK);
  for (; start < end; start += WG_BLOCK) {
    FN(wg_stream)(block, fill->y + start, end - start < WG_BLOCK ? end - start : WG_BLOCK);
  }
}

void FN(wg_fill)(T value, T *y, size_t n) {
  const FN(contiguous) fill = {.y = y, .factor = value, .streams = n >= WG_STREAMED_BYTES / sizeof(T)};
  wg_split(n, WG_BLOCK, WG_COST_OF_MOVING * sizeof(T), FN(fill_piece), &fill);
}

#undef WG_FIRST_HALVES
#undef WG_LAST_HALVES
