// A program's input during a run.
typedef struct {
  const T *data;
  T *block;        // where a gathered block goes; NULL if the input is contiguous
  bool repeating;  // every block holds the same elements, gathered once
  wg_runs runs;
  wg_cursor cursor;
} FN(source);

static void FN(gather)(FN(source) * source, size_t count) {
  T *target = source->block;
  const int32_t inner = source->runs.rank - 1;
  while (count > 0) {
    const int64_t left = source->runs.sizes[inner] - source->cursor.index[inner];
    const int64_t step = left < (int64_t)count ? left : (int64_t)count;
    const T *from = source->data + source->cursor.offset;
    const int64_t stride = source->runs.strides[inner];
    if (stride == 1) {
      for (int64_t i = 0; i < step; i++) target[i] = from[i];
    } else if (stride == 0) {
      const T value = *from;
      for (int64_t i = 0; i < step; i++) target[i] = value;
    } else {
      for (int64_t i = 0; i < step; i++) target[i] = from[i * stride];
    }
    target += step;
    count -= step;
    wg_advance(&source->runs, &source->cursor, step);
  }
}

/// Prepares an input for block-wise reading and gathers what every block repeats.
static void FN(open)(FN(source) * source, const wg_view *view, T *block, size_t count) {
  source->data = view->data;
  source->block = NULL;
  source->repeating = false;
  if (view->layout->contiguous) return;
  source->runs = wg_merge_axes(view->layout);
  const wg_runs *runs = &source->runs;
  if (runs->rank == 1 && runs->strides[0] == 1) return;
  source->block = block;
  memset(&source->cursor, 0, sizeof source->cursor);
  // A scalar, or a row whose length divides the block and that every outer axis repeats: a bias.
  bool outer_repeats = true;
  for (int32_t axis = 0; axis < runs->rank - 1; axis++) outer_repeats &= runs->strides[axis] == 0;
  source->repeating = outer_repeats && (runs->strides[runs->rank - 1] == 0 || runs->rank == 2) &&
                      (runs->rank == 1 || WG_BLOCK % runs->sizes[runs->rank - 1] == 0);
  if (!source->repeating) return;
  // One repetition is gathered, and doubled until the block is full.
  const size_t needed = count < WG_BLOCK ? count : WG_BLOCK;
  const size_t period = runs->strides[runs->rank - 1] == 0 ? 1 : (size_t)runs->sizes[runs->rank - 1];
  size_t filled = period < needed ? period : needed;
  FN(gather)(source, filled);
  while (filled < needed) {
    const size_t more = filled < needed - filled ? filled : needed - filled;
    memcpy(block + filled, block, more * sizeof(T));
    filled += more;
  }
}

/// The next `count` elements at `start`, contiguous.
static inline const T *FN(next_block)(FN(source) * source, size_t start, size_t count) {
  if (!source->block) return source->data + start;
  if (!source->repeating) FN(gather)(source, count);
  return source->block;
}

void FN(wg_apply)(wg_op op, const wg_view *operands, const wg_layout *shape, T *y) {
  const size_t count = (size_t)shape->count;
  const int arity = wg_arities[op];
  const WG_JOIN(wg_kernel, SUFFIX) kernel = FN(wg_kernels)[op];
  bool contiguous = true;
  for (int i = 0; i < arity; i++) contiguous &= operands[i].layout->contiguous;
  if (contiguous) {
    const T *a = operands[0].data;
    kernel(a, arity > 1 ? operands[1].data : a, arity > 2 ? operands[2].data : a, y, count);
    return;
  }
  _Alignas(64) T blocks[3][WG_BLOCK];
  FN(source) sources[3];
  for (int i = 0; i < arity; i++) FN(open)(&sources[i], &operands[i], blocks[i], count);
  for (size_t start = 0; start < count; start += WG_BLOCK) {
    const size_t n = count - start < WG_BLOCK ? count - start : WG_BLOCK;
    const T *a = FN(next_block)(&sources[0], start, n);
    const T *b = arity > 1 ? FN(next_block)(&sources[1], start, n) : a;
    const T *c = arity > 2 ? FN(next_block)(&sources[2], start, n) : a;
    kernel(a, b, c, y + start, n);
  }
}

void FN(wg_run_program)(const wg_program *program, const wg_view *inputs, const wg_layout *shape, bool accumulate,
                        T *y) {
  const size_t count = (size_t)shape->count;
  if (count == 0) return;
  const WG_JOIN(wg_pullback, SUFFIX) fused = FN(wg_fused_pullbacks)[program->operation][program->operand];
  if (fused && inputs[0].layout->contiguous && inputs[1].layout->contiguous) {
    fused(inputs[0].data, inputs[1].data, inputs[wg_register_output].data, inputs[wg_register_cotangent].data, y,
          count, accumulate);
    return;
  }
  _Alignas(64) T blocks[WG_REGISTER_COUNT][WG_BLOCK];
  const T *registers[WG_REGISTER_COUNT];
  FN(source) sources[WG_INPUT_COUNT];
  for (int i = 0; i < WG_INPUT_COUNT; i++) {
    if (program->reads >> i & 1) FN(open)(&sources[i], &inputs[i], blocks[i], count);
  }
  const size_t first = count < WG_BLOCK ? count : WG_BLOCK;
  for (int i = 0; i < program->constant_count; i++) {
    const int reg = wg_register_first_constant + i;
    for (size_t k = 0; k < first; k++) blocks[reg][k] = (T)program->constants[i];
    registers[reg] = blocks[reg];
  }
  for (int i = wg_register_first_constant + program->constant_count; i < program->register_count; i++) {
    registers[i] = blocks[i];
  }
  const WG_JOIN(wg_kernel, SUFFIX) add = FN(wg_kernels)[wg_op_add];
  const int last = program->instruction_count - 1;
  for (size_t start = 0; start < count; start += WG_BLOCK) {
    const size_t n = count - start < WG_BLOCK ? count - start : WG_BLOCK;
    for (int i = 0; i < WG_INPUT_COUNT; i++) {
      if (program->reads >> i & 1) registers[i] = FN(next_block)(&sources[i], start, n);
    }
    for (int i = 0; i <= last; i++) {
      const wg_instruction *step = &program->instructions[i];
      // The last instruction writes its result where it belongs, unless that has to be added to.
      T *target = i == last && !accumulate ? y + start : blocks[step->target];
      FN(wg_kernels)[step->operation](registers[step->a], registers[step->b], registers[step->c], target, n);
    }
    const T *result = registers[program->result];
    if (accumulate) {
      add(y + start, result, result, y + start, n);
    } else if (last < 0) {
      memcpy(y + start, result, n * sizeof(T));
    }
  }
}

T FN(wg_run_long_scalar_program)(const wg_program *program, const T *inputs) {
  T registers[WG_REGISTER_COUNT];
  for (int i = 0; i < WG_INPUT_COUNT; i++) registers[i] = inputs[i];
  for (int i = 0; i < program->constant_count; i++) {
    registers[wg_register_first_constant + i] = (T)program->constants[i];
  }
  for (int i = 0; i < program->instruction_count; i++) {
    const wg_instruction *step = &program->instructions[i];
    registers[step->target] =
        FN(wg_scalar)(step->operation, registers[step->a], registers[step->b], registers[step->c]);
  }
  return registers[program->result];
}
