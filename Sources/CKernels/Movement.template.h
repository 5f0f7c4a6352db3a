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

/// Copies with transpositions where y's innermost axis is not x's, which is another one. Returns whether it did.
static bool FN(copy_transposed)(const T *x, wg_runs a, T *y, wg_runs b, bool accumulate) {
  const int32_t inner = a.rank - 1;
  if (b.strides[inner] != 1 || a.sizes[inner] < WG_LANES || a.strides[inner] == 0) return false;
  int32_t row = 0;
  while (row < inner && (a.strides[row] != 1 || a.sizes[row] < WG_LANES)) row++;
  if (row == inner) return false;
  const int64_t rows = a.sizes[row], columns = a.sizes[inner], dx = a.strides[inner], dy = b.strides[row];
  // The other axes, and a last one of one element, so that there is one.
  a.sizes[inner] = b.sizes[inner] = 1;
  a = FN(without)(a, row);
  b = FN(without)(b, row);
  int64_t count = 1;
  for (int32_t axis = 0; axis < a.rank; axis++) count *= a.sizes[axis];
  wg_cursor ca = {{0}, 0}, cb = {{0}, 0};
  for (int64_t i = 0; i < count; i++) {
    FN(transpose)(x + ca.offset, dx, y + cb.offset, dy, rows, columns, accumulate);
    wg_advance(&a, &ca, 1);
    wg_advance(&b, &cb, 1);
  }
  return true;
}

static void FN(exchange)(wg_runs *runs, int32_t i, int32_t j) {
  const int64_t size = runs->sizes[i], stride = runs->strides[i];
  runs->sizes[i] = runs->sizes[j];
  runs->strides[i] = runs->strides[j];
  runs->sizes[j] = size;
  runs->strides[j] = stride;
}

void FN(wg_copy)(const T *x, const wg_layout *from, T *y, const wg_layout *to, bool accumulate) {
  if (from->count == 0) return;
  if (from->contiguous && to->contiguous) {
    if (accumulate) {
      FN(copy_run)(x, 1, y, 1, (size_t)from->count, true);
    } else {
      memcpy(y, x, (size_t)from->count * sizeof(T));
    }
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
    // One row, over and over: written once, then doubled until there are enough rows to copy from the cache.
    const size_t row = (size_t)a.sizes[1], count = (size_t)from->count;
    const size_t most = row < 2 * WG_BLOCK ? 2 * WG_BLOCK / row * row : row;
    memcpy(y, x, row * sizeof(T));
    for (size_t filled = row; filled < count;) {
      const size_t ready = filled < most ? filled : most;
      const size_t more = ready < count - filled ? ready : count - filled;
      memcpy(y + filled, y, more * sizeof(T));
      filled += more;
    }
    return;
  }
  a.rank = b.rank = rank;
  memcpy(b.sizes, a.sizes, sizeof b.sizes);
  if (FN(copy_transposed)(x, a, y, b, accumulate)) return;
  const int32_t inner = rank - 1;
  const bool vectors = a.strides[inner] == 1 && b.strides[inner] == 1;
  if (a.sizes[inner] < (vectors ? WG_LANES / 2 : WG_LANES)) {
    // Elements repeated a few times, or channels: the loop goes along the longest axis instead.
    int32_t longest = inner;
    for (int32_t axis = 0; axis < inner; axis++) longest = a.sizes[axis] > a.sizes[longest] ? axis : longest;
    FN(exchange)(&a, longest, inner);
    FN(exchange)(&b, longest, inner);
  }
  const int64_t run = a.sizes[inner];
  wg_cursor ca = {{0}, 0}, cb = {{0}, 0};
  for (int64_t done = 0; done < from->count; done += run) {
    FN(copy_run)(x + ca.offset, a.strides[inner], y + cb.offset, b.strides[inner], (size_t)run, accumulate);
    wg_advance(&a, &ca, run);
    wg_advance(&b, &cb, run);
  }
}

WG_CLONES void FN(wg_add_scaled)(T factor, const T *x, T *y, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(2)")
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

WG_CLONES void FN(wg_fill)(T value, T *y, size_t n) {
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(2)")
  for (size_t i = 0; i < n; i++) y[i] = value;
}

#undef WG_FIRST_HALVES
#undef WG_LAST_HALVES
