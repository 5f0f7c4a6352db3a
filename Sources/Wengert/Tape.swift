import CLinearAlgebra

/// The list of operations recorded on the current thread, in order: a Wengert list.
///
/// Nobody needs to name a tape. Each thread has one, made at first use; tensors are recorded on it, `backward` and
/// `gradient(at:of:)` replay it in reverse, and the end of a scope drops what was recorded since its start while the
/// memory stays for the next. Printing ``current`` shows the list with the source line of every operation.
public struct Tape {
  let core: Core

  /// The calling thread's tape, to be looked at. It must not be handed to another thread.
  public static var current: Tape { Tape(core: .current) }

  /// The number of records.
  public var count: Int { core.pointee.records.count }

  /// Bytes in use for records, values and attributes, without what is kept for later use.
  public var byteCount: Int {
    core.pointee.values.used + core.pointee.records.count * MemoryLayout<Record>.stride
      + core.pointee.attributes.count * MemoryLayout<Int32>.stride
  }

  /// Bytes that the tape has asked from the system and keeps: its size at its largest so far.
  public var capacity: Int {
    core.pointee.values.capacity + core.pointee.adjoints.capacity + core.pointee.records.byteCapacity
      + core.pointee.slots.byteCapacity + core.pointee.attributes.byteCapacity + core.pointee.layouts.byteCapacity
  }

  /// The BLAS that multiplies matrices in this process, as in "OpenBLAS 0.3.21".
  ///
  /// On Debian, `update-alternatives --config libblas.so.3-x86_64-linux-gnu` chooses among those installed.
  public static var linearAlgebraBackend: String { String(cString: wg_blas_name()) }

  // MARK: Scopes

  /// Runs `body` and drops what it recorded. Tensors made inside must not be used afterwards: return their values.
  ///
  /// Scopes nest. Inside `gradient(at:of:)` and its kind, which are scopes themselves, what a scope recorded may
  /// still be needed, so it is dropped with the enclosing differentiation.
  ///
  /// - Complexity: O(1) beside `body`.
  public static func scope<R, E>(_ body: () throws(E) -> R) throws(E) -> R {
    let core = Core.current
    guard core.pointee.depth == 0 else { return try body() }
    let mark = core.openScope()
    defer { core.closeScope(mark) }
    return try body()
  }

  /// Runs `body`, drops what it recorded, and keeps the resulting tensor.
  ///
  /// The result cannot be differentiated with respect to what was outside, as its past is gone: a backward pass that
  /// reaches it stops with a message. ``Tensor/detached()`` makes it a constant.
  public static func scope<S, E>(_ body: () throws(E) -> Tensor<S>) throws(E) -> Tensor<S> {
    let core = Core.current
    guard core.pointee.depth == 0 else { return try body() }
    let mark = core.openScope()
    let result: Tensor<S>
    do { result = try body() } catch {
      core.closeScope(mark)
      throw error
    }
    let value = core.movable(core.resolve(result.handle))
    return Tensor(handle: core.handle(core.closeScope(mark, moving: [value], isSevered: core.pointee.isRecording)[0]))
  }

  /// Runs `body` without recording how its tensors are computed: they are constants, as if ``Tensor/detached()``.
  ///
  /// For evaluating a model; put it in a `scope` to drop its values as well.
  public static func withoutRecording<R, E>(_ body: () throws(E) -> R) throws(E) -> R {
    let core = Core.current
    if core.pointee.trace != nil { return try core.unrecorded(body) }
    let wasRecording = core.pointee.isRecording
    core.pointee.isRecording = false
    defer { core.pointee.isRecording = wasRecording }
    return try body()
  }
}

@available(*, unavailable)
extension Tape: Sendable {}
