#define WG_GREATER(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))

/// Sum of one run of elements, four vectors at a time.
WG_CLONES static T FN(sum_run)(const T *x, ptrdiff_t stride, size_t n) {
  enum { width = 4 * WG_LANES };
  T total = 0;
  if (stride != 1 || n < width) {
    for (size_t start = 0; start < n; start += WG_BLOCK) {
      const size_t end = n - start < WG_BLOCK ? n : start + WG_BLOCK;
      T sum = 0;
      for (size_t i = start; i < end; i++) sum += x[(ptrdiff_t)i * stride];
      total += sum;
    }
    return total;
  }
  for (size_t start = 0; start < n; start += WG_BLOCK) {
    const size_t end = n - start < WG_BLOCK ? n : start + WG_BLOCK;
    T partial[width] = {0};
    size_t i = start;
    for (; i + width <= end; i += width) {
      for (int k = 0; k < width; k++) partial[k] += x[i + k];
    }
    for (int k = 0; i + k < end; k++) partial[k] += x[i + k];
    for (int half = width / 2; half > 0; half /= 2) {
      for (int k = 0; k < half; k++) partial[k] += partial[k + half];
    }
    total += partial[0];
  }
  return total;
}

WG_CLONES static T FN(maximum_run)(const T *x, ptrdiff_t stride, size_t n) {
  T best = -(T)INFINITY;
  if (stride != 1) {
    for (size_t i = 0; i < n; i++) best = WG_GREATER(x[(ptrdiff_t)i * stride], best);
    return best;
  }
  T partial[2 * WG_LANES];
  enum { width = 2 * WG_LANES };
  if (n < width) {
    for (size_t i = 0; i < n; i++) best = WG_GREATER(x[i], best);
    return best;
  }
  for (int k = 0; k < width; k++) partial[k] = x[k];
  size_t i = width;
  for (; i + width <= n; i += width) {
    for (int k = 0; k < width; k++) partial[k] = WG_GREATER(partial[k], x[i + k]);
  }
  for (int k = 0; i + k < n; k++) partial[k] = WG_GREATER(partial[k], x[i + k]);
  for (int k = 0; k < width; k++) best = WG_GREATER(partial[k], best);
  return best;
}

WG_CLONES static void FN(add_run)(const T *x, ptrdiff_t stride, T *y, size_t n) {
  if (stride == 1) {
    _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)") for (size_t i = 0; i < n; i++) y[i] += x[i];
  } else {
    for (size_t i = 0; i < n; i++) y[i] += x[(ptrdiff_t)i * stride];
  }
}

/// total += the rows of a matrix, a few vectors of columns at a time, which stay in registers.
WG_CLONES static void FN(add_rows)(const T *x, ptrdiff_t stride, size_t rows, T *total, size_t n) {
  enum { width = 4 * WG_LANES };
  size_t column = 0;
  for (; column + width <= n; column += width) {
    T sum[width];
    for (int k = 0; k < width; k++) sum[k] = total[column + k];
    for (size_t row = 0; row < rows; row++) {
      const T *from = x + (ptrdiff_t)row * stride + column;
      for (int k = 0; k < width; k++) sum[k] += from[k];
    }
    for (int k = 0; k < width; k++) total[column + k] = sum[k];
  }
  for (; column < n; column++) {
    T sum = total[column];
    for (size_t row = 0; row < rows; row++) sum += x[(ptrdiff_t)row * stride + column];
    total[column] = sum;
  }
}

WG_CLONES static void FN(raise_run)(const T *x, ptrdiff_t stride, T *y, size_t n) {
  if (stride == 1) {
    _Pragma("clang loop vectorize(assume_safety) vectorize_width(WG_LANES)") for (size_t i = 0; i < n; i++) y[i] = WG_GREATER(x[i], y[i]);
  } else {
    for (size_t i = 0; i < n; i++) y[i] = WG_GREATER(x[(ptrdiff_t)i * stride], y[i]);
  }
}

WG_CLONES static void FN(divide_run)(T *y, T divisor, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] /= divisor;
}

/// The kept and the reduced axes of a layout, each merged by themselves.
static void FN(split_axes)(const wg_layout *from, uint32_t axes, wg_runs *kept, wg_runs *reduced) {
  wg_layout part[2] = {{.rank = 0}, {.rank = 0}};
  for (int32_t axis = 0; axis < from->rank; axis++) {
    wg_layout *target = &part[axes >> axis & 1];
    target->sizes[target->rank] = from->sizes[axis];
    target->strides[target->rank] = from->strides[axis];
    target->rank++;
  }
  *kept = wg_merge_axes(&part[0]);
  *reduced = wg_merge_axes(&part[1]);
}

static int64_t FN(elements)(const wg_runs *runs) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < runs->rank; axis++) count *= runs->sizes[axis];
  return count;
}

/// Whether the innermost axis in memory is a kept one: then rows are added up instead of each being summed.
static bool FN(runs_are_kept)(const wg_runs *kept, const wg_runs *reduced) {
  const int64_t k = kept->strides[kept->rank - 1], r = reduced->strides[reduced->rank - 1];
  return kept->sizes[kept->rank - 1] > 1 && k == 1 && r != 1 && FN(elements)(reduced) > 1;
}

void FN(wg_sum)(const T *x, const wg_layout *from, uint32_t axes, T divisor, bool accumulate, T *y) {
  wg_runs kept, reduced;
  FN(split_axes)(from, axes, &kept, &reduced);
  const int64_t outputs = FN(elements)(&kept), terms = FN(elements)(&reduced);
  if (outputs == 0) return;
  wg_cursor output = {{0}, 0};
  if (FN(runs_are_kept)(&kept, &reduced)) {
    // Columns: rows are added into a block of the output, a few hundred rows at a time.
    const int64_t run = kept.sizes[kept.rank - 1];
    for (int64_t row = 0; row < outputs; row += run) {
      for (int64_t start = 0; start < run; start += WG_BLOCK) {
        const size_t n = (size_t)(run - start < WG_BLOCK ? run - start : WG_BLOCK);
        _Alignas(64) T total[WG_BLOCK], partial[WG_BLOCK];
        memset(total, 0, n * sizeof(T));
        wg_cursor term = {{0}, 0};
        for (int64_t done = 0; done < terms; done += WG_BLOCK) {
          const int64_t end = terms - done < WG_BLOCK ? terms : done + WG_BLOCK;
          T *sum = terms <= WG_BLOCK ? total : partial;
          if (sum == partial) memset(partial, 0, n * sizeof(T));
          const int64_t inner = reduced.rank - 1;
          for (int64_t i = done; i < end;) {
            // Rows that lie evenly apart go in one call.
            const int64_t left = reduced.sizes[inner] - term.index[inner];
            const int64_t rows = left < end - i ? left : end - i;
            FN(add_rows)(x + output.offset + term.offset + start, reduced.strides[inner], rows, sum, n);
            wg_advance(&reduced, &term, rows);
            i += rows;
          }
          if (sum == partial) FN(add_run)(partial, 1, total, n);
        }
        if (divisor != 1) FN(divide_run)(total, divisor, n);
        if (accumulate) {
          FN(add_run)(total, 1, y + row + start, n);
        } else {
          memcpy(y + row + start, total, n * sizeof(T));
        }
      }
      wg_advance(&kept, &output, run);
    }
    return;
  }
  const int64_t run = reduced.sizes[reduced.rank - 1], stride = reduced.strides[reduced.rank - 1];
  for (int64_t i = 0; i < outputs; i++) {
    T total = 0;
    wg_cursor term = {{0}, 0};
    for (int64_t done = 0; done < terms; done += run) {
      total += FN(sum_run)(x + output.offset + term.offset, stride, (size_t)run);
      wg_advance(&reduced, &term, run);
    }
    if (divisor != 1) total /= divisor;
    y[i] = accumulate ? y[i] + total : total;
    wg_advance(&kept, &output, 1);
  }
}

void FN(wg_maximum)(const T *x, const wg_layout *from, uint32_t axes, T *y) {
  wg_runs kept, reduced;
  FN(split_axes)(from, axes, &kept, &reduced);
  const int64_t outputs = FN(elements)(&kept), terms = FN(elements)(&reduced);
  if (outputs == 0) return;
  wg_cursor output = {{0}, 0};
  if (FN(runs_are_kept)(&kept, &reduced)) {
    const int64_t run = kept.sizes[kept.rank - 1];
    for (int64_t row = 0; row < outputs; row += run) {
      for (int64_t i = 0; i < run; i++) y[row + i] = -(T)INFINITY;
      wg_cursor term = {{0}, 0};
      for (int64_t i = 0; i < terms; i++) {
        FN(raise_run)(x + output.offset + term.offset, 1, y + row, (size_t)run);
        wg_advance(&reduced, &term, 1);
      }
      wg_advance(&kept, &output, run);
    }
    return;
  }
  const int64_t run = reduced.sizes[reduced.rank - 1], stride = reduced.strides[reduced.rank - 1];
  for (int64_t i = 0; i < outputs; i++) {
    T best = -(T)INFINITY;
    wg_cursor term = {{0}, 0};
    for (int64_t done = 0; done < terms; done += run) {
      const T value = FN(maximum_run)(x + output.offset + term.offset, stride, (size_t)run);
      best = WG_GREATER(value, best);
      wg_advance(&reduced, &term, run);
    }
    y[i] = best;
    wg_advance(&kept, &output, 1);
  }
}
#undef WG_GREATER
