/// A differentiation under way: the state between the start of `gradient(at:of:)` and its results.
///
/// The outermost one is a scope: what the function and the backward pass recorded is dropped at its end. One inside
/// another records its backward pass, so that the outer one can differentiate it.
@usableFromInline
struct Differentiation {
  let core: Core
  private let mark: TapeMark?
  private let wasRecording: Bool
  /// Whether the backward pass is recorded, as an enclosing differentiation will go through it.
  let isNested: Bool
  /// The first record that belongs to this differentiation.
  let start: NodeID
  /// Where the user asked for the differentiation.
  private let source: UInt

  /// Starts a differentiation. `isScope`: what it records is dropped at its end if it is the outermost.
  @usableFromInline
  @inline(never)
  init(isScope: Bool = true) {
    core = .recording
    source = core.pointee.source
    wasRecording = core.pointee.isRecording
    isNested = core.pointee.depth > 0 && wasRecording
    mark = isScope && !isNested ? core.openScope() : nil
    core.pointee.depth += 1
    core.pointee.isRecording = true
    start = NodeID(core.pointee.records.count)
  }

  /// The function's input: the same value as `x`, but a record of its own, so that neither an outer differentiation
  /// at `x` nor a use of `x` by capture is taken for it.
  @usableFromInline
  func input(_ x: Handle) -> Handle {
    let x = core.resolve(x)
    core.pointee.source = core[record: x].pointee.source
    return core.handle(core.alias(x))
  }

  /// The function's input: a parameter, whose array the caller keeps alive until the differentiation has ended.
  ///
  /// If it is bound already, its model belongs to an enclosing differentiation, which this one is to be part of.
  @usableFromInline
  @specialized(where S == Float)
  @specialized(where S == Double)
  func input<S>(_ value: ShapedArray<S>, bound: Handle) -> Handle {
    core.isLive(bound) ? input(bound) : core.handle(core.leaf(value, retaining: mark == nil))
  }

  /// Runs the function; ends the differentiation if it throws.
  @inlinable @inline(__always)
  func cancelling<R, E>(_ function: () throws(E) -> R) throws(E) -> R {
    do { return try function() } catch {
      cancel()
      throw error
    }
  }

  @usableFromInline
  func cancel() { end() }

  /// Throws the error of a derivative that does not exist, or traps if the function differentiated throws nothing of
  /// the kind.
  @inlinable @inline(__always)
  func throwFailure<E: Error>(as _: E.Type) throws(E) {
    if hasFailed { throw failure(as: E.self) }
  }

  @usableFromInline var hasFailed: Bool { core.pointee.failure != nil }

  @usableFromInline
  @inline(never)
  func failure<E: Error>(as _: E.Type) -> E {
    let failure = core.takeFailure()
    guard let error = failure as? E else { misuse(.noDerivative("\(failure!)"), sources: [source]) }
    return error
  }

  private func end() {
    core.pointee.depth -= 1
    core.pointee.isRecording = wasRecording
    if let mark { core.closeScope(mark) }
  }

  // MARK: Gradients of tensors

  /// The output's value and the gradients with respect to the inputs, as records of the enclosing scope.
  @usableFromInline
  func finish(_ output: Handle, _ inputs: [Handle]) -> (value: Handle, gradients: [Handle]) {
    let y = core.resolve(output)
    core.requireScalar(y, for: "gradient(at:of:)", source: source)
    guard let mark else {
      let gradients = recordedPass(y, cotangent: core.ones(like: y), inputs)
      end()
      return (output, gradients)
    }
    var moved = [core.movable(y)]
    let buffer = directPass(y, cotangent: nil, inputs)
    for input in inputs { moved.append(gradient(input.index, y, buffer)) }
    core.pointee.depth -= 1
    core.pointee.isRecording = wasRecording
    let results = core.closeScope(mark, moving: moved, isSevered: true).map(core.handle)
    return (results[0], Array(results.dropFirst()))
  }

  /// An input's gradient, still in the memory of the pass.
  private func gradient(_ input: NodeID, _ y: NodeID, _ buffer: GradientBuffer) -> MovedValue {
    let slot = slot(input, y, buffer)
    return MovedValue(
      memory: slot.uniform ?? slot.adjoint, shape: core.shape(input),
      type: core[record: input].pointee.scalarType, isUniform: slot.uniform != nil)
  }

  private func slot(_ input: NodeID, _ y: NodeID, _ buffer: GradientBuffer) -> Slot {
    y < start || input > y ? .inactive : buffer.slots.base[Int(input - start)]
  }

  // MARK: Pullbacks

  /// Ends the recording of the function; its records stay for calls of the pullback.
  @usableFromInline
  func suspend() { end() }

  /// The cotangents of the inputs for one of the output.
  @usableFromInline
  func pullback(_ output: Handle, _ cotangent: Handle, _ inputs: [Handle]) -> [Handle] {
    let y = core.resolve(output)
    let seed = core.resolve(cotangent)
    guard core.layout(y).hasSameSizes(as: core.layout(seed)) else {
      misuse(.cotangentShape(core.shape(y), core.shape(seed)))
    }
    defer { core.trapOnFailure() }
    if core.pointee.depth > 0 && core.pointee.isRecording { return recordedPass(y, cotangent: seed, inputs) }
    let results = inputs.map { input in
      core.leaf(core.shape(core.resolve(input)), core[record: input.index].pointee.scalarType, .severed)
    }
    let buffer = directPass(y, cotangent: seed, inputs) { input, range in
      // The adjoint is written where the result is.
      core.slot(inputs[input].index, range).pointee = .reserved(core[record: results[input]].pointee.value)
    }
    for (input, result) in zip(inputs, results) where slot(input.index, y, buffer).adjoint == nil {
      let zeros = MovedValue(memory: nil, shape: core.shape(result), type: core[record: result].pointee.scalarType)
      zeros.write(to: core[record: result].pointee.value)
    }
    return results.map(core.handle)
  }

  /// A parameter that is a cotangent: bound to it if an enclosing differentiation may go through it.
  @usableFromInline
  func parameter<S>(_ cotangent: Handle) -> Parameter<S> {
    let isRecorded = core.pointee.depth > 0 && core.pointee.isRecording
    return Parameter(core.array(cotangent.index), bound: isRecorded ? cotangent : .none)
  }

  // MARK: Tangents

  /// The outputs' values and their tangents for given tangents of the inputs, as records of the enclosing scope.
  @usableFromInline
  func pushforward(
    _ outputs: [Handle], _ inputs: [Handle], along directions: [Handle]
  ) -> (values: [Handle], tangents: [Handle]) {
    let ids = outputs.map(core.resolve)
    let seeds = zip(inputs, directions).map { (record: core.resolve($0), tangent: core.resolve($1)) }
    for seed in seeds where !core.layout(seed.record).hasSameSizes(as: core.layout(seed.tangent)) {
      misuse(.tangentShape(core.shape(seed.record), core.shape(seed.tangent)), sources: [source])
    }
    core.pointee.isRecording = isNested
    for seed in seeds { setTarget(seed.record, true) }
    let range = BackwardRange(start: start, output: ids.max() ?? start)
    let tangents = zip(ids, core.pushForward(range, seeds: seeds, to: ids)).map { $1 ?? core.zeros(like: $0) }
    for seed in seeds { setTarget(seed.record, false) }
    let results = finish(moving: ids + tangents)
    return (Array(results.prefix(outputs.count)), Array(results.dropFirst(outputs.count)))
  }

  /// Ends with some results, which become records of the enclosing scope.
  func finish(moving ids: [NodeID]) -> [Handle] {
    guard let mark else {
      end()
      return ids.map(core.handle)
    }
    // Copies that do not lie in the memory that the scope gives back.
    let moved = ids.map { ($0, ArrayStorage(byteCount: core.byteCount($0))) }
    for (id, storage) in moved { core.copyValue(id, to: storage.base) }
    let values = moved.map { id, storage in
      MovedValue(memory: storage.base, shape: core.shape(id), type: core[record: id].pointee.scalarType)
    }
    core.pointee.depth -= 1
    core.pointee.isRecording = wasRecording
    let results = core.closeScope(mark, moving: values, isSevered: true).map(core.handle)
    withExtendedLifetime(moved) {}
    return results
  }

  // MARK: Gradients of models

  /// Runs the backward pass of a model's loss; `modelGradient` then reads it.
  @usableFromInline
  @specialized(where S == Float)
  @specialized(where S == Double)
  func modelPass<S: TensorScalar>(_ output: Handle, _ inputs: ParameterLeaves, as _: S.Type) -> ModelPass<S> {
    let y = core.resolve(output)
    core.requireScalar(y, for: "gradient(at:of:)", source: source)
    if isNested {
      return ModelPass(
        value: core[record: y].pointee.value.load(as: S.self), buffer: nil,
        recorded: recordedPass(y, cotangent: core.ones(like: y), inputs.handles))
    }
    let range = BackwardRange(start: start, output: y)
    let buffer = core.withGradientBuffer {
      guard y >= start else { return }
      for index in 0..<inputs.count { setTarget(inputs[index], true) }
      core.markActive(range, leavesAreTargets: false)
      reserveGradients(inputs, range)
      core.pull(range, cotangent: nil)
    }
    return ModelPass(value: core[record: y].pointee.value.load(as: S.self), buffer: buffer, recorded: [])
  }

  /// Has the adjoints of parameters written to memory that becomes their gradients, and that a later step uses again.
  private func reserveGradients(_ inputs: ParameterLeaves, _ range: BackwardRange) {
    core.pointee.gradientPool.beginRound()
    for index in 0..<inputs.count {
      let id = inputs[index]
      let byteCount = core.layout(id).elementCount * core[record: id].pointee.scalarType.byteCount
      let position = core.pointee.gradientPool.takeIndex(
        where: { $0.byteCount == byteCount }, make: { ArrayStorage(byteCount: byteCount) })
      core.pointee.gradientPositions.append(position)
      if id <= range.output { core.slot(id, range).pointee = .reserved(core.pointee.gradientPool[position].base) }
    }
  }

  /// Puts a parameter's gradient in its place.
  @usableFromInline
  @specialized(where S == Float)
  @specialized(where S == Double)
  func replaceByGradient<S>(
    _ value: inout ShapedArray<S>, _ bound: inout Handle, _ index: Int, _ pass: ModelPass<S>
  ) {
    let input = bound.index
    guard let buffer = pass.buffer else {
      bound = pass.recorded[index]
      value = core.array(bound.index)
      return
    }
    bound = .none
    guard index < core.pointee.gradientPositions.count else {
      value = ShapedArray(repeating: 0, shape: value.shape)
      return
    }
    let storage = core.pointee.gradientPool[core.pointee.gradientPositions.base[index]]
    let slot = Int(input - start)
    if slot >= buffer.slots.count || buffer.slots.base[slot].adjoint == nil {
      storage.base.initializeMemory(as: UInt8.self, repeating: 0, count: storage.byteCount)
    }
    value = ShapedArray(shape: value.shape, storage: storage)
  }

  @usableFromInline
  func finishModel() {
    core.pointee.gradientPositions.removeAll(from: 0)
    end()
  }

  // MARK: Passes

  func setTarget(_ id: NodeID, _ isTarget: Bool) {
    if isTarget {
      core[record: id].pointee.flags.insert(.isTarget)
    } else {
      core[record: id].pointee.flags.remove(.isTarget)
    }
  }

  private func directPass(
    _ y: NodeID, cotangent: NodeID?, _ inputs: [Handle], reserve: (Int, BackwardRange) -> Void = { _, _ in }
  ) -> GradientBuffer {
    for input in inputs { setTarget(core.resolve(input), true) }
    defer { for input in inputs { setTarget(input.index, false) } }
    let range = BackwardRange(start: start, output: y)
    return core.withGradientBuffer {
      guard y >= start else { return }
      core.markActive(range, leavesAreTargets: false)
      for input in inputs.indices where inputs[input].index <= y { reserve(input, range) }
      core.pull(range, cotangent: cotangent)
    }
  }

  private func recordedPass(_ y: NodeID, cotangent: @autoclosure () -> NodeID, _ inputs: [Handle]) -> [Handle] {
    guard y >= start else { return inputs.map { core.handle(core.zeros(like: core.resolve($0))) } }
    for input in inputs { setTarget(core.resolve(input), true) }
    let range = BackwardRange(start: start, output: y)
    let cotangent = cotangent()
    var adjoints: [NodeID] = []
    _ = core.withGradientBuffer {
      core.markActive(range, leavesAreTargets: false)
      adjoints = core.slot(y, range).pointee.isActive ? core.recordBackward(range, cotangents: [(y, cotangent)]) : []
    }
    for input in inputs { setTarget(input.index, false) }
    return inputs.map { input in
      let place = Int(input.index - start)
      let adjoint = place < adjoints.count ? adjoints[place] : -1
      return core.handle(adjoint >= 0 ? adjoint : core.zeros(like: input.index))
    }
  }
}

/// What a backward pass of a model has left to be read: adjoints in a buffer, or tensors if the pass was recorded.
@usableFromInline
struct ModelPass<S: TensorScalar> {
  @usableFromInline let value: S
  let buffer: GradientBuffer?
  let recorded: [Handle]
}

extension UnsafeMutablePointer<TapeCore> {
  func byteCount(_ id: NodeID) -> Int { layout(id).elementCount * self[record: id].pointee.scalarType.byteCount }

  func ones(like id: NodeID) -> NodeID { filled(1, like: id) }
  func zeros(like id: NodeID) -> NodeID { filled(0, like: id) }

  private func filled(_ value: Double, like id: NodeID) -> NodeID {
    let scalar = constant(value, self[record: id].pointee.scalarType)
    return contiguous(broadcast(scalar, to: shape(id)))
  }
}
