/// The memory of one backward pass: adjoints, and where to find each record's.
final class GradientBuffer {
  var slots = PlainStack<Slot>(capacity: 256)
  var adjoints = Arena()
  var freeAdjoints = PlainStack<FreeAdjoint>(capacity: 8)

  deinit {
    freeAdjoints.deallocate()
    slots.deallocate()
    adjoints.deallocate()
  }
}

/// The gradients of one output, looked up by tensor.
///
/// Nothing is stored on tensors, so there is nothing to reset: every call of `backward()` gives gradients of its own.
/// They are read while the output's scope lasts; the arrays that come out outlive it.
public struct Gradients {
  let core: Core
  let buffer: GradientBuffer
  let range: BackwardRange
  let output: Handle

  /// The gradient with respect to a tensor: an array of exactly its shape.
  ///
  /// Zeros for a tensor that the output does not depend on, see ``reaches(_:)``. Traps if the scope of the tensor or
  /// of the output has ended.
  ///
  /// - Complexity: O(elements), one copy.
  public subscript<S>(_ tensor: Tensor<S>) -> ShapedArray<S> {
    let id = core.resolve(tensor.handle)
    let result = ShapedArray<S>(uninitialized: core.shape(id))
    let slot = slot(id)
    if let adjoint = slot.adjoint {
      result.storage.base.copyMemory(from: adjoint, byteCount: result.storage.byteCount)
    } else if let number = slot.uniform {
      result.base.initialize(repeating: number.load(as: S.self), count: result.count)
    } else {
      result.base.initialize(repeating: 0, count: result.count)
    }
    return result
  }

  /// Whether the output depends on a tensor by way of operations with derivatives.
  public func reaches<S>(_ tensor: Tensor<S>) -> Bool {
    let slot = slot(core.resolve(tensor.handle))
    return slot.adjoint != nil || slot.uniform != nil
  }

  private func slot(_ id: NodeID) -> Slot {
    // Only while the output is there are the records before it still the ones that the pass went over.
    _ = core.resolve(output)
    guard id >= range.start, id <= range.output else { return .inactive }
    return buffer.slots.base[Int(id - range.start)]
  }
}

@available(*, unavailable)
extension Gradients: Sendable {}

extension Tensor {
  /// The gradients of this tensor with respect to everything it was computed from.
  ///
  /// Replays the tape in reverse, from this tensor to the leaves. Traps unless the tensor has exactly one element.
  ///
  /// - Returns: The gradients, looked up by tensor: of leaves and of intermediate results.
  /// - Complexity: A small multiple of the time that computing the tensor took; the memory of all adjoints, which is
  ///   used again after the result is gone.
  public func backward() -> Gradients {
    let core = Core.current
    let output = core.resolve(handle)
    core.requireScalar(output, for: "backward()")
    if core.pointee.trace != nil { misuse(.backwardInRecording) }
    let range = BackwardRange(start: 0, output: output)
    let buffer = core.withGradientBuffer(keepingAdjoints: true) {
      core.markActive(range, leavesAreTargets: true)
      core.pull(range, cotangent: nil)
    }
    core.trapOnFailure()
    return Gradients(core: core, buffer: buffer, range: range, output: handle)
  }
}

extension UnsafeMutablePointer<TapeCore> {
  func requireScalar(_ id: NodeID, for function: @autoclosure () -> String, source: UInt = 0) {
    guard layout(id).elementCount == 1 else {
      // Optimized code may have no line at the call; then the output's own says where to look.
      let sources = source == 0 ? [] : [source, self[record: id].pointee.source]
      misuse(.nonScalarOutput(function(), shape(id)), sources: sources)
    }
  }

  /// Lends the tape a buffer that nobody uses for the time of `body`, and returns it filled.
  func withGradientBuffer(keepingAdjoints: Bool = false, _ body: () -> Void) -> GradientBuffer {
    let buffer = pointee.gradientBuffers.take(where: { _ in true }, make: GradientBuffer.init)
    swap(&pointee.slots, &buffer.slots)
    swap(&pointee.adjoints, &buffer.adjoints)
    pointee.adjoints.reset()
    swap(&pointee.freeAdjoints, &buffer.freeAdjoints)
    pointee.freeAdjoints.removeAll(from: 0)
    pointee.keepsAdjoints = keepingAdjoints
    body()
    swap(&pointee.slots, &buffer.slots)
    swap(&pointee.adjoints, &buffer.adjoints)
    swap(&pointee.freeAdjoints, &buffer.freeAdjoints)
    return buffer
  }

  /// Seeds the output's adjoint, with ones unless a cotangent is given, and runs the pass over the marked range.
  func pull(_ range: BackwardRange, cotangent: NodeID?) {
    guard slot(range.output, range).pointee.isActive else { return }
    seed(range, cotangent: cotangent)
    runBackward(range)
  }

  /// Makes the output's adjoint.
  func seed(_ range: BackwardRange, cotangent: NodeID?) {
    let slot = slot(range.output, range)
    let record = self[record: range.output].pointee
    let layout = layout(range.output)
    pointee.borrowedAdjoint = nil
    let adjoint: UnsafeMutableRawPointer
    if let cotangent, self.layout(cotangent).isContiguous, slot.pointee.reserved == nil {
      // Read where it lies; it is the user's, so nobody may add to it.
      adjoint = self[record: cotangent].pointee.value
      pointee.borrowedAdjoint = adjoint
    } else {
      adjoint = slot.pointee.reserved ?? pointee.adjoints.allocate(layout.elementCount &* record.scalarType.byteCount)
      if let cotangent {
        copyValue(cotangent, to: adjoint)
      } else if record.scalarType == .double {
        adjoint.f64.initialize(repeating: 1, count: layout.elementCount)
      } else {
        adjoint.f32.initialize(repeating: 1, count: layout.elementCount)
      }
    }
    slot.pointee = Slot(adjoint)
  }
}
