import CKernels
import CLinearAlgebra

/// Records a function on a tape of its own.
///
/// The tape takes the place of the thread's while the function runs, and stays with the program afterwards: replays
/// evaluate its records where they are.
///
/// An input's `traced(by:)` calls it for each of its arrays.
public final class ProgramRecorder {
  let core: Core
  private let parent: UnsafeMutableRawPointer?
  private let source: UInt
  private var isTarget = false
  /// The arrays that the function is given, as leaves, in the order in which replays supply them.
  private(set) var inputs: [RecordedProgram.Input] = []
  private(set) var targets: [NodeID] = []

  @usableFromInline
  @inline(never)
  init() {
    // The parent's, which is made if there is none, so that captured tensors can be looked up.
    let thread = Core.recording
    source = thread.pointee.source
    parent = UnsafeMutableRawPointer(thread)
    core = Core.allocate(capacity: 1)
    core.initialize(to: TapeCore())
    core.pointee.trace = Trace(parent: thread)
    core.pointee.depth = 1
    core.pointee.source = source
    wg_set_thread_slot(core)
  }

  /// Makes stand-ins for inputs with respect to which the function is differentiated.
  @usableFromInline
  func target<R>(_ body: () -> R) -> R {
    isTarget = true
    defer { isTarget = false }
    return body()
  }

  /// The leaf of an array that replays will supply.
  @usableFromInline
  @specialized(where S == Float)
  @specialized(where S == Double)
  func input<S>(_ array: ShapedArray<S>) -> Handle {
    let id = core.leaf(array)
    inputs.append(.init(record: id, shape: array.shape))
    if isTarget { targets.append(id) }
    return core.handle(id)
  }

  /// Indices that replays will supply.
  func input(_ indices: IndexArray) -> IndexArray {
    let traced = IndexArray(indices, input: core.pointee.trace!.indexInputs.count)
    core.pointee.trace!.indexInputs.append(.init(traced))
    return traced
  }

  /// Ends the recording of the function, whose results are given.
  @usableFromInline
  func finish(_ output: Handle, differentiates: Bool, memoryBudget: Int? = nil) -> RecordedProgram {
    let y = core.resolve(output)
    if differentiates { core.requireScalar(y, for: "recorded(at:of:)", source: source) }
    let result = core.contiguous(y)
    // Rules that are a user's own look for this tape.
    defer { leave() }
    return RecordedProgram(
      core, inputs: inputs, output: result, targets: differentiates ? targets : nil, memoryBudget: memoryBudget)
  }

  /// Gives the thread its own tape back.
  private func leave() {
    wg_set_thread_slot(parent)
  }

  /// Ends without a program: the function has thrown an error.
  @usableFromInline
  func cancel() {
    leave()
    core.destroy()
  }
}
