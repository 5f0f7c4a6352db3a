/// Runs a chain over the elements from `start` to `end`.
static void FN(run_part)(const void *context, size_t start, size_t end) {
  const wg_chain *chain = context;
  const size_t first = end - start < WG_BLOCK ? end - start : WG_BLOCK;
  int block_count = 0;
  for (int i = 0; i < chain->slot_count; i++) block_count += !chain->slots[i].data || chain->slots[i].repeats;
  T *block = __builtin_alloca_with_align((size_t)(block_count ? block_count : 1) * WG_BLOCK * sizeof(T), 8 * 64);
  T *current[WG_CHAIN_SLOTS];
  for (int i = 0; i < chain->slot_count; i++) {
    const wg_chain_slot *slot = &chain->slots[i];
    if (slot->data && !slot->repeats) {
      current[i] = (T *)slot->data + start;
      continue;
    }
    current[i] = block;
    block += WG_BLOCK;
    if (slot->repeats) FN(wg_fill)(*(const T *)slot->data, current[i], first);
  }
  const WG_JOIN(wg_kernel, SUFFIX) add = FN(wg_kernels)[wg_op_add];
  _Alignas(64) T sum[WG_BLOCK];
  for (; start < end; start += WG_BLOCK) {
    const size_t n = end - start < WG_BLOCK ? end - start : WG_BLOCK;
    for (int i = 0; i < chain->step_count; i++) {
      const wg_chain_step *step = &chain->steps[i];
      const T *a = current[step->a], *b = current[step->b], *c = current[step->c];
      T *y = current[step->y];
      if (step->is_pullback) {
        FN(wg_fused_pullbacks)[step->operation][step->operand](a, b, c, current[step->cotangent], y, n,
                                                               step->accumulates);
      } else if (step->accumulates) {
        FN(wg_kernels)[step->operation](a, b, c, sum, n);
        add(y, sum, sum, y, n);
      } else {
        FN(wg_kernels)[step->operation](a, b, c, y, n);
      }
    }
    for (int i = 0; i < chain->slot_count; i++) {
      if (chain->slots[i].data && !chain->slots[i].repeats) current[i] += WG_BLOCK;
    }
  }
}

void FN(wg_run_chain)(const wg_chain *chain) {
  double cost = 0;
  for (int i = 0; i < chain->step_count && chain->count > WG_BLOCK; i++) {
    cost += chain->steps[i].is_pullback ? WG_COST_OF_MOVING : wg_cost(chain->steps[i].operation);
  }
  wg_split(chain->count, WG_BLOCK, cost * sizeof(T), FN(run_part), chain);
}

void FN(wg_run_scalars)(const wg_scalar_step *steps, size_t count) {
  for (const wg_scalar_step *step = steps; step < steps + count; step++) {
    *(T *)step->y = FN(wg_scalar)(step->operation, *(const T *)step->a, *(const T *)step->b, *(const T *)step->c);
  }
}

static inline void FN(add_scalar)(T value, T *target, bool accumulates) {
  *target = accumulates ? *target + value : value;
}

/// A cotangent times a local derivative: 0 if the cotangent is 0.
static inline T FN(scaled)(T cotangent, T derivative) { return cotangent == 0 ? 0 : cotangent * derivative; }

void FN(wg_pull_scalars)(const wg_scalar_pullback *steps, size_t count) {
  for (const wg_scalar_pullback *step = steps; step < steps + count; step++) {
    const T cotangent = *(const T *)step->cotangent;
    T *abar = step->abar, *bbar = step->bbar;
    switch (step->form) {
      case wg_form_sum:
        if (abar) FN(add_scalar)(cotangent, abar, step->adds_to_a);
        if (bbar) FN(add_scalar)(cotangent, bbar, step->adds_to_b);
        break;
      case wg_form_difference:
        if (abar) FN(add_scalar)(cotangent, abar, step->adds_to_a);
        if (bbar) FN(add_scalar)(-cotangent, bbar, step->adds_to_b);
        break;
      case wg_form_product: {
        const T a = *(const T *)step->a, b = *(const T *)step->b;
        if (abar) FN(add_scalar)(FN(scaled)(cotangent, b), abar, step->adds_to_a);
        if (bbar) FN(add_scalar)(FN(scaled)(cotangent, a), bbar, step->adds_to_b);
        break;
      }
      case wg_form_other: {
        const T inputs[WG_INPUT_COUNT] = {*(const T *)step->a, *(const T *)step->b, 0, *(const T *)step->y, cotangent};
        if (abar) FN(add_scalar)(FN(wg_run_scalar_program)(step->programs[0], inputs), abar, step->adds_to_a);
        if (bbar) FN(add_scalar)(FN(wg_run_scalar_program)(step->programs[1], inputs), bbar, step->adds_to_b);
        break;
      }
    }
  }
}
