WG_CLONES static bool FN(finite_row)(const T *x, size_t n) {
  enum { width = 4 * WG_LANES };  // More sums than that would not stay in sixteen registers of half a vector.
  if (n < width) {
    T total = 0;
    for (size_t i = 0; i < n; i++) total += 0 * x[i];
    return total == 0;
  }
  // 0 * x is NaN for what is not finite, and a NaN stays in the sum.
  T partial[width] = {0};
  size_t i = 0;
  for (; i + width <= n; i += width) {
    for (int lane = 0; lane < width; lane++) partial[lane] += 0 * x[i + lane];
  }
  for (int lane = 0; i + lane < n; lane++) partial[lane] += 0 * x[i + lane];
  for (int half = width / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; lane++) partial[lane] += partial[lane + half];
  }
  return partial[0] == 0;
}

typedef struct {
  const T *x;
  size_t columns, stride;
  atomic_bool *all;
} FN(finiteness);

static void FN(finite_piece)(const void *context, size_t start, size_t end) {
  const FN(finiteness) *job = context;
  bool all = true;
  if (job->stride == job->columns) {
    all = FN(finite_row)(job->x + start * job->columns, (end - start) * job->columns);
  } else {
    for (size_t row = start; row < end && all; row++) all = FN(finite_row)(job->x + row * job->stride, job->columns);
  }
  if (!all) atomic_store_explicit(job->all, false, memory_order_relaxed);
}

bool FN(wg_all_finite)(const T *x, size_t rows, size_t columns, size_t stride) {
  atomic_bool all = true;
  if (rows == 1 || stride == columns) rows *= columns, columns = stride = 1;
  const FN(finiteness) job = {x, columns, stride, &all};
  wg_split(rows, columns == 1 ? WG_BLOCK : 1, WG_COST_OF_MOVING * sizeof(T) * (double)columns, FN(finite_piece), &job);
  return atomic_load_explicit(&all, memory_order_relaxed);
}

void FN(wg_strong_multiply)(wg_matrix a, wg_matrix b, bool strong_a, bool strong_b, size_t m, size_t n, size_t k,
                            bool accumulate, T *c) {
  const T *pa = a.data, *pb = b.data;
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < n; j++) {
      T sum = 0;
      for (size_t p = 0; p < k; p++) {
        const T x = pa[(ptrdiff_t)i * a.row_stride + (ptrdiff_t)p * a.column_stride];
        const T y = pb[(ptrdiff_t)p * b.row_stride + (ptrdiff_t)j * b.column_stride];
        sum += ((strong_a & (x == 0)) | (strong_b & (y == 0))) ? 0 : x * y;
      }
      c[i * n + j] = accumulate ? c[i * n + j] + sum : sum;
    }
  }
}
