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

/// Prepares an input for block-wise reading from `start` on, the beginning of a block, and gathers what every block
/// repeats.
static void FN(open)(FN(source) * source, const wg_view *view, T *block, size_t start, size_t count) {
  source->data = view->data;
  source->block = NULL;
  source->repeating = false;
  if (view->layout->contiguous) return;
  source->runs = wg_merge_axes(view->layout);
  const wg_runs *runs = &source->runs;
  if (runs->rank == 1 && runs->strides[0] == 1) return;
  source->block = block;
  source->cursor = wg_seek(runs, (int64_t)start);
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

/// A call of a kernel. Operands that are not contiguous are gathered a block at a time; a result that is too large for
/// the cache is written past it a block at a time.
typedef struct {
  WG_JOIN(wg_kernel, SUFFIX) kernel;
  const wg_view *operands;
  int arity;
  size_t count;
  bool contiguous, streams;
  T *y;
} FN(application);

static void FN(apply_piece)(const void *context, size_t from, size_t end) {
  const FN(application) *call = context;
  T *y = call->y;
  if (call->contiguous && !call->streams) {
    const T *a = (const T *)call->operands[0].data + from;
    call->kernel(a, call->arity > 1 ? (const T *)call->operands[1].data + from : a,
                 call->arity > 2 ? (const T *)call->operands[2].data + from : a, y + from, end - from);
    return;
  }
  _Alignas(64) T blocks[4][WG_BLOCK];
  FN(source) sources[3];
  for (int i = 0; i < call->arity; i++) FN(open)(&sources[i], &call->operands[i], blocks[i], from, call->count);
  for (size_t start = from; start < end; start += WG_BLOCK) {
    const size_t n = end - start < WG_BLOCK ? end - start : WG_BLOCK;
    const T *a = FN(next_block)(&sources[0], start, n);
    const T *b = call->arity > 1 ? FN(next_block)(&sources[1], start, n) : a;
    const T *c = call->arity > 2 ? FN(next_block)(&sources[2], start, n) : a;
    call->kernel(a, b, c, call->streams ? blocks[3] : y + start, n);
    if (call->streams) FN(wg_stream)(blocks[3], y + start, n);
  }
}

void FN(wg_apply)(wg_op op, const wg_view *operands, const wg_layout *shape, T *y) {
  const size_t count = (size_t)shape->count;
  FN(application) call = {
    .kernel = FN(wg_kernels)[op], .operands = operands, .arity = wg_arities[op], .count = count, .contiguous = true,
    .streams = count >= WG_STREAMED_BYTES / sizeof(T) && op < (wg_op)WG_SIMPLE_COUNT, .y = y
  };
  double cost = wg_cost(op);
  for (int i = 0; i < call.arity; i++) {
    if (operands[i].layout->contiguous) continue;
    call.contiguous = false;
    cost += WG_COST_OF_MOVING;
  }
  wg_split(count, WG_BLOCK, cost * sizeof(T), FN(apply_piece), &call);
}

/// A target's program during a run.
typedef struct {
  WG_JOIN(wg_pullback, SUFFIX) fused;
  const T *registers[WG_REGISTER_COUNT];
  T *blocks[WG_REGISTER_COUNT];
  /// What every block has to do again; the instructions that every block would repeat have run already.
  wg_instruction steps[WG_INSTRUCTION_COUNT];
  int step_count;
  /// Bit r: register r holds the same elements in every block.
  uint32_t repeating;
} FN(run);

/// Makes constants and runs what depends on nothing but them and on inputs that every block repeats.
static T *FN(prepare)(FN(run) * run, const wg_program *program, T *blocks, const T *const *inputs, uint32_t repeating,
                      size_t count) {
  run->fused = program->reads & ~repeating ? FN(wg_fused_pullbacks)[program->operation][program->operand] : NULL;
  if (run->fused) return blocks;
  run->repeating = repeating;
  run->step_count = 0;
  for (int i = 0; i < WG_INPUT_COUNT; i++) run->registers[i] = inputs[i];
  for (int i = wg_register_first_constant; i < program->register_count; i++, blocks += WG_BLOCK) {
    run->registers[i] = run->blocks[i] = blocks;
  }
  for (int i = 0; i < program->constant_count; i++) {
    const int target = wg_register_first_constant + i;
    FN(wg_fill)((T)program->constants[i], run->blocks[target], count);
    run->repeating |= 1u << target;
  }
  for (int i = 0; i < program->instruction_count; i++) {
    const wg_instruction *step = &program->instructions[i];
    const uint8_t operands[3] = {step->a, step->b, step->c};
    bool repeats = true;
    for (int k = 0; k < wg_arities[step->operation]; k++) repeats &= run->repeating >> operands[k] & 1;
    if (repeats) {
      FN(wg_kernels)[step->operation](run->registers[step->a], run->registers[step->b], run->registers[step->c],
                                      run->blocks[step->target], count);
      run->repeating |= 1u << step->target;
    } else {
      run->steps[run->step_count++] = *step;
    }
  }
  return blocks;
}

typedef struct {
  const wg_target *targets;
  int target_count;
  const wg_view *inputs;
  size_t count;
  bool streams;
} FN(programs);

static void FN(run_piece)(const void *context, size_t from, size_t end) {
  const FN(programs) *job = context;
  const wg_target *targets = job->targets;
  const int target_count = job->target_count;
  const size_t count = job->count;
  const size_t first = count < WG_BLOCK ? count : WG_BLOCK;
  uint8_t reads = 0;
  int block_count = WG_INPUT_COUNT + 1;
  for (int i = 0; i < target_count; i++) {
    reads |= targets[i].program->reads;
    block_count += targets[i].program->register_count - wg_register_first_constant;
  }
  T *blocks = __builtin_alloca_with_align((size_t)block_count * WG_BLOCK * sizeof(T), 8 * 64);
  T *const streamed = blocks;
  blocks += WG_BLOCK;
  FN(source) sources[WG_INPUT_COUNT];
  // Inputs that nothing reads need an address all the same.
  const T *current[WG_INPUT_COUNT] = {blocks, blocks, blocks, blocks, blocks};
  uint32_t repeating = 0;
  bool gathers = false;
  for (int i = 0; i < WG_INPUT_COUNT; i++, blocks += WG_BLOCK) {
    if (!(reads >> i & 1)) continue;
    FN(open)(&sources[i], &job->inputs[i], blocks, from, count);
    current[i] = sources[i].block ? sources[i].block : sources[i].data;
    gathers |= sources[i].block != NULL;
    if (sources[i].block && sources[i].repeating) repeating |= 1u << i;
  }
  FN(run) runs[3];
  for (int i = 0; i < target_count; i++) {
    blocks = FN(prepare)(&runs[i], targets[i].program, blocks, current, repeating, first);
  }
  // What one call of a kernel does, without a register in between, needs no blocks. A constant is such a register.
  const wg_program *only = targets[0].program;
  const bool is_one_call = target_count == 1 && (runs[0].fused || (only->instruction_count == 1 &&
                                                                   only->constant_count == 0 && !targets[0].accumulate));
  const size_t block = gathers || job->streams || !is_one_call ? WG_BLOCK : end - from;
  const WG_JOIN(wg_kernel, SUFFIX) add = FN(wg_kernels)[wg_op_add];
  for (size_t start = from; start < end; start += block) {
    const size_t n = end - start < block ? end - start : block;
    for (int i = 0; i < WG_INPUT_COUNT; i++) {
      if (reads >> i & 1) current[i] = FN(next_block)(&sources[i], start, n);
    }
    for (int i = 0; i < target_count; i++) {
      FN(run) *run = &runs[i];
      const bool accumulates = targets[i].accumulate, streams = job->streams && !accumulates;
      T *const target = (T *)targets[i].y + start, *const y = streams ? streamed : target;
      if (run->fused) {
        run->fused(current[0], current[1], current[wg_register_output], current[wg_register_cotangent], y, n,
                   accumulates);
        if (streams) FN(wg_stream)(y, target, n);
        continue;
      }
      for (int k = 0; k < WG_INPUT_COUNT; k++) run->registers[k] = current[k];
      const T *result = run->registers[targets[i].program->result];
      for (int k = 0; k < run->step_count; k++) {
        const wg_instruction *step = &run->steps[k];
        // The last instruction writes its result where it belongs, unless that has to be added to.
        const bool is_last = step->target == targets[i].program->result && !accumulates;
        if (is_last) result = y;
        FN(wg_kernels)[step->operation](run->registers[step->a], run->registers[step->b], run->registers[step->c],
                                        is_last ? y : run->blocks[step->target], n);
      }
      if (accumulates) {
        add(target, result, result, target, n);
      } else if (streams) {
        FN(wg_stream)(result, target, n);
      } else if (result != y) {
        memcpy(y, result, n * sizeof(T));
      }
    }
  }
}

void FN(wg_run_programs)(const wg_target *targets, int target_count, const wg_view *inputs, const wg_layout *shape) {
  const size_t count = (size_t)shape->count;
  if (count == 0) return;
  // What is computed, and what is only read and written.
  double cost = 0;
  for (int i = 0; i < target_count && count > WG_BLOCK; i++) {
    const wg_program *program = targets[i].program;
    cost += WG_COST_OF_MOVING;
    for (int k = 0; k < program->instruction_count; k++) cost += wg_cost(program->instructions[k].operation);
  }
  const bool streams = count >= WG_STREAMED_BYTES / sizeof(T) && cost < 8 * WG_COST_OF_MOVING;
  const FN(programs) job = {targets, target_count, inputs, count, streams};
  wg_split(count, WG_BLOCK, cost * sizeof(T), FN(run_piece), &job);
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
