#define WG_VECTORIZE _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES) interleave_count(1)")

T FN(wg_cross_entropy)(const T *x, const int32_t *labels, size_t rows, size_t classes, T *y) {
  FN(wg_log_softmax)(x, rows, classes, 1, y);
  T total = 0;
  size_t count = 0;
  for (size_t start = 0; start < rows; start += WG_BLOCK) {
    const size_t end = rows - start < WG_BLOCK ? rows : start + WG_BLOCK;
    T sum = 0;
    for (size_t row = start; row < end; row++) {
      if (labels[row] < 0) continue;
      sum += y[row * classes + (size_t)labels[row]];
      count++;
    }
    total += sum;
  }
  return -(total / (T)count);
}

/// The adjoint of rows of some classes; `share` is the cotangent of each label's log-probability.
typedef struct {
  const T *y;
  const int32_t *labels;
  size_t classes;
  T share;
  bool accumulate;
  T *xbar;
} FN(cross_entropy_job);

WG_CLONES static void FN(cross_entropy_adjoint_piece)(const void *context, size_t first, size_t end) {
  const FN(cross_entropy_job) *job = context;
  const size_t classes = job->classes;
  const T share = job->share, *y = job->y;
  T *xbar = job->xbar;
  _Alignas(64) T terms[WG_BLOCK];
  // A few whole rows at once, or one in parts.
  const size_t most = classes < WG_BLOCK ? WG_BLOCK / classes : 1;
  for (size_t start = first; start < end; start += most) {
    const size_t count = end - start < most ? end - start : most;
    for (size_t column = 0; column < classes; column += WG_BLOCK) {
      const size_t width = classes - column < WG_BLOCK ? classes - column : WG_BLOCK, n = count * width;
      const size_t at = start * classes + column;
      FN(wg_exp)(y + at, terms, n);
      WG_VECTORIZE for (size_t i = 0; i < n; i++) terms[i] = share == 0 ? 0 : -(share * terms[i]);
      for (size_t row = 0; row < count; row++) {
        const int32_t label = job->labels[start + row];
        if (label < 0) {
          for (size_t i = 0; i < width; i++) terms[row * width + i] = 0;
        } else if ((size_t)label - column < width) {
          terms[row * width + ((size_t)label - column)] += share;
        }
      }
      if (job->accumulate) {
        WG_VECTORIZE for (size_t i = 0; i < n; i++) xbar[at + i] += terms[i];
      } else {
        WG_VECTORIZE for (size_t i = 0; i < n; i++) xbar[at + i] = terms[i];
      }
    }
  }
}

void FN(wg_cross_entropy_adjoint)(const T *y, const int32_t *labels, size_t rows, size_t classes, T lossbar,
                                  bool accumulate, T *xbar) {
  size_t labeled = 0;
  for (size_t row = 0; row < rows; row++) labeled += labels[row] >= 0;
  // The steps, and so the roundings, are those of the same loss made of separate operations.
  const FN(cross_entropy_job) job = {y, labels, classes, -lossbar / (T)labeled, accumulate, xbar};
  wg_split(rows, 1, WG_COST_OF_FUNCTION * sizeof(T) * (double)classes, FN(cross_entropy_adjoint_piece), &job);
}

#undef WG_VECTORIZE
