import CKernels
import CLinearAlgebra

/// One recording of a function, compiled: steps over memory that was planned for them.
///
/// It owns the tape that the function was recorded on. A replay evaluates the tape's records in their order, and pulls
/// cotangents back in reverse, with the code that recording runs; only where operations are elementwise are several of
/// them one step.
@usableFromInline
final class RecordedProgram {
  /// An array that each replay supplies.
  struct Input {
    let record: NodeID
    let shape: Shape
  }

  enum Step: BitwiseCopyable {
    /// Computes a record's value.
    case evaluate(NodeID)
    /// Ends the replay if the host read other elements while the function was recorded.
    case check(Int)
    /// Elementwise operations on arrays, in one pass; by number.
    case chain(Int)
    /// Elementwise operations on numbers.
    case scalars(Part, ScalarType)
    /// Fills the output's adjoint with ones, and makes every slot what it is at the start of a pass.
    case seed
    /// Pulls a record's cotangent back.
    case pull(NodeID)
    /// Pullbacks of operations on numbers.
    case pullScalars(Part, ScalarType)
    /// Gives records the memory of another version of their value.
    case move(Part)
    /// Says where adjoints are that the steps before have computed.
    case place(Part)
  }

  /// A part of one of the program's lists.
  struct Part: BitwiseCopyable {
    var start: Int
    var count: Int
  }

  let core: Core
  let inputs: [Input]
  let output: NodeID
  /// The inputs with respect to which there are gradients; nil for a program that only evaluates.
  let targets: [NodeID]?
  let guards: [Trace.Guard]
  /// The shapes of the lists of indices that each replay supplies.
  let indexShapes: [Shape]
  /// Inputs whose elements the function has looked at, and what they were.
  private let guardedIndices: [(input: Int, recorded: IndexArray)]
  private let indexUses: [(input: Int, use: Trace.Use)]
  let code: CompiledProgram
  let plan: MemoryPlan

  /// Why the function has no derivative where it was recorded, if it has none: how the pass goes on is not known then.
  let failure: (any Error)?

  @exclusivity(unchecked) private var results = RecyclingPool<ArrayStorage>()
  /// Where the arrays of the last replay lay.
  @exclusivity(unchecked) private var bases: [UnsafeMutableRawPointer]
  @exclusivity(unchecked) private var gradientBases: [UnsafeMutableRawPointer?]
  /// The positions in the tape's pool of the memory that the gradients of the last replay were written to.
  @exclusivity(unchecked) private var gradientPositions: [Int]

  init(_ core: Core, inputs: [Input], output: NodeID, targets: [NodeID]?, memoryBudget: Int?) {
    self.core = core
    self.inputs = inputs
    self.output = output
    self.targets = targets
    guards = core.pointee.trace!.guards
    let indices = core.pointee.trace!.indexInputs
    indexShapes = indices.map(\.recorded.shape)
    guardedIndices = indices.enumerated().filter(\.element.isRead).map { ($0.offset, $0.element.recorded) }
    indexUses = indices.enumerated().flatMap { number, input in input.uses.map { (number, $0) } }
    core.pointee.trace = nil
    let compiler = ProgramCompiler(core, inputs: inputs, output: output, targets: targets, guards: guards)
    (code, plan) = compiler.compile(memoryBudget: memoryBudget)
    failure = core.takeFailure()
    bases = inputs.map { core[record: $0.record].pointee.value }
    gradientBases = [UnsafeMutableRawPointer?](repeating: nil, count: targets?.count ?? 0)
    gradientPositions = [Int](repeating: -1, count: targets?.count ?? 0)
  }

  deinit {
    code.deallocate()
    core.destroy()
  }

  // MARK: Replaying

  /// Takes the indices of a replay. Returns whether the program holds for them.
  func take(_ indices: UnsafePointer<UnsafeBufferPointer<Int>>) -> Bool {
    for (number, recorded) in guardedIndices where !recorded.equals(indices[number]) { return false }
    for index in 0..<indexUses.count {
      let (number, use) = (indexUses[index].input, indexUses[index].use)
      if let row = use.check.store(indices[number], core.pointee.attributes.base + use.attributes) {
        misuse(.label(use.check.function, indices[number][row], row: row, use.check.classes))
      }
    }
    return true
  }

  /// Runs the program on arrays at the given addresses. Returns whether it holds for their elements.
  func replay(_ arrays: UnsafePointer<UnsafeMutableRawPointer>) throws -> Bool {
    for index in 0..<bases.count where bases[index] != arrays[index] {
      code.move(input: index, by: arrays[index] - bases[index], core)
      bases[index] = arrays[index]
    }
    if targets != nil { takeGradients() }
    let thread = wg_thread_slot()
    wg_set_thread_slot(core)
    core.pointee.isRecording = false
    defer {
      core.pointee.isRecording = true
      wg_set_thread_slot(thread)
    }
    core.pointee.adjoints.reset()
    guard try run() else { return false }
    if let failure = core.takeFailure() { throw failure }
    for index in code.unreachedTargets {
      let storage = gradient(index)
      storage.base.initializeMemory(as: UInt8.self, repeating: 0, count: storage.byteCount)
    }
    return true
  }

  private func run() throws -> Bool {
    let range = BackwardRange(start: 0, output: output)
    for index in 0..<code.steps.count {
      switch code.steps.base[index] {
      case .evaluate(let id): try core.evaluate(id)
      case .check(let index): if !holds(guards[index]) { return false }
      case .chain(let index): code.runChain(index)
      case .scalars(let part, let type): code.runScalars(part, type)
      case .seed: code.seed(core, output)
      case .pull(let id): core.pullRecord(id, range)
      case .pullScalars(let part, let type): code.pullScalars(part, type)
      case .place(let part): code.place(part, core)
      case .move(let part): code.move(part, core)
      }
    }
    return true
  }

  private func holds(_ guarded: Trace.Guard) -> Bool {
    let count = guarded.value.byteCount
    if core.layout(guarded.record).isContiguous {
      return wg_equal_bytes(core[record: guarded.record].pointee.value, guarded.value.base, count)
    }
    let mark = core.pointee.values.mark
    defer { core.pointee.values.reset(to: mark) }
    let copy = core.pointee.values.allocate(count)
    core.copyValue(guarded.record, to: copy)
    return wg_equal_bytes(copy, guarded.value.base, count)
  }

  // MARK: Results

  /// Has the gradients written to memory that nobody refers to.
  private func takeGradients() {
    core.pointee.gradientPool.beginRound()
    for index in 0..<gradientPositions.count {
      let byteCount = code.gradientByteCounts[index]
      let position = core.pointee.gradientPool.takeIndex(
        where: { $0.byteCount == byteCount }, make: { ArrayStorage(byteCount: byteCount) })
      gradientPositions[index] = position
      let base = core.pointee.gradientPool[position].base
      if gradientBases[index] != base {
        code.move(gradient: index, to: base)
        gradientBases[index] = base
      }
    }
  }

  /// The memory of a gradient of the last replay.
  func gradient(_ index: Int) -> ArrayStorage { core.pointee.gradientPool[gradientPositions[index]] }

  func targetShape(_ index: Int) -> Shape { core.shape(targets.unsafelyUnwrapped[index]) }

  /// The output's only element after a replay.
  @usableFromInline
  @specialized(where S == Float)
  @specialized(where S == Double)
  func scalarResult<S: TensorScalar>() -> S { core[record: output].pointee.value.load(as: S.self) }

  /// A copy of the output's elements after a replay, in memory that nobody refers to.
  @usableFromInline
  @specialized(where S == Float)
  @specialized(where S == Double)
  func arrayResult<S: TensorScalar>() -> ShapedArray<S> {
    let byteCount = core.byteCount(output)
    let storage = results.take(where: { $0.byteCount == byteCount }, make: { ArrayStorage(byteCount: byteCount) })
    core.copyValue(output, to: storage.base)
    return ShapedArray(shape: core.shape(output), storage: storage)
  }
}
