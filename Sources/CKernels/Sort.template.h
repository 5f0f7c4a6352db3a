/// An integer of the size of T.
typedef __typeof__(__builtin_choose_expr(sizeof(T) == 8, (uint64_t)0, (uint32_t)0)) FN(bits);

/// An element as an integer of the same order, NaN after all numbers and both zeros equal, and where it was.
typedef struct {
  FN(bits) key;
  int32_t index;
} FN(item);

static inline FN(bits) FN(key)(T x, bool descending) {
  const FN(bits) sign = (FN(bits))1 << (8 * sizeof(T) - 1);
  FN(bits) bits;
  x = x == 0 ? 0 : x;
  memcpy(&bits, &x, sizeof bits);
  bits = x != x ? ~(FN(bits))0 : (bits & sign ? ~bits : bits | sign);
  return descending ? ~bits : bits;
}

/// The k first of n elements, by insertion into a list of which those that no longer fit fall out.
static void FN(insertion_sort)(const T *x, ptrdiff_t stride, size_t n, bool descending, size_t k, FN(item) * sorted) {
  size_t count = 0;
  for (size_t i = 0; i < n && k > 0; i++) {
    const FN(item) item = {FN(key)(x[(ptrdiff_t)i * stride], descending), (int32_t)i};
    if (count == k && item.key >= sorted[k - 1].key) continue;
    size_t at = count < k ? count++ : k - 1;
    for (; at > 0 && sorted[at - 1].key > item.key; at--) sorted[at] = sorted[at - 1];
    sorted[at] = item;
  }
}

/// Sorts by one byte of the keys after another, from the last on. Returns which of the two arrays has the result.
static FN(item) * FN(radix_sort)(FN(item) * items, FN(item) * other, size_t n) {
  enum { digits = sizeof(T) };
  uint32_t counts[digits][256] = {{0}};
  for (size_t i = 0; i < n; i++) {
    for (int digit = 0; digit < digits; digit++) counts[digit][items[i].key >> (8 * digit) & 255]++;
  }
  for (int digit = 0; digit < digits; digit++) {
    // Keys that all have the same byte here need no pass.
    if (counts[digit][items[0].key >> (8 * digit) & 255] == n) continue;
    uint32_t next[256];
    for (uint32_t value = 0, start = 0; value < 256; value++) {
      next[value] = start;
      start += counts[digit][value];
    }
    for (size_t i = 0; i < n; i++) other[next[items[i].key >> (8 * digit) & 255]++] = items[i];
    FN(item) *swap = items;
    items = other;
    other = swap;
  }
  return items;
}

typedef struct {
  const T *x;
  wg_reduction reduction;
  /// A line's length and stride, and how many elements of one axis lie within the sorted one.
  size_t n, inner, k;
  ptrdiff_t stride;
  bool descending;
  int32_t *y;
} FN(sorting);

static void FN(sort_piece)(const void *context, size_t start, size_t end) {
  const FN(sorting) *job = context;
  const size_t n = job->n, k = job->k, inner = job->inner;
  // Lines that are short, or of which little is wanted, are sorted by insertion.
  const bool inserts = n <= 48 || k <= 16;
  FN(item) *items = malloc((inserts ? k + 1 : 2 * n) * sizeof(FN(item)));
  if (items == NULL) abort();
  wg_reduction r = job->reduction;
  wg_restrict_outputs(&r, start, end);
  while (wg_next_chunk(&r)) {
    for (int64_t position = r.position; position < r.position + r.size; position++) {
      const T *line = job->x + r.offset + (position - r.position) * r.step;
      const FN(item) *sorted = items;
      if (inserts) {
        FN(insertion_sort)(line, job->stride, n, job->descending, k, items);
      } else {
        for (size_t i = 0; i < n; i++) {
          items[i] = (FN(item)){FN(key)(line[(ptrdiff_t)i * job->stride], job->descending), (int32_t)i};
        }
        sorted = FN(radix_sort)(items, items + n, n);
      }
      int32_t *target = job->y + ((size_t)position / inner * k * inner + (size_t)position % inner);
      for (size_t i = 0; i < k; i++) target[i * inner] = sorted[i].index;
    }
  }
  free(items);
}

void FN(wg_sort)(const T *x, const wg_layout *from, int32_t axis, bool descending, size_t k, int32_t *y) {
  FN(sorting) job = {
    .x = x, .reduction = wg_begin_reduction(from, 1u << axis), .n = (size_t)from->sizes[axis], .inner = 1, .k = k,
    .stride = from->strides[axis], .descending = descending, .y = y
  };
  for (int32_t i = axis + 1; i < from->rank; i++) job.inner *= (size_t)from->sizes[i];
  const double cost = WG_COST_OF_LIBRARY * sizeof(T) * (double)(job.n + 1);
  wg_split((size_t)job.reduction.outputs, 1, cost, FN(sort_piece), &job);
}
