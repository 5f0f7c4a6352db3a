// Tensors made from a rule rather than from numbers. They are constants: no gradient is looked up for them.

extension Tensor {
  /// The identity matrix of a size.
  ///
  /// - Complexity: O(elements), which the tape keeps.
  @inlinable public static func identity(_ size: Int) -> Self { Self(recordIdentity(size, Scalar.scalarType)) }

  /// Numbers that lie evenly apart, from `start` on and before `end`: `start + i * step`.
  ///
  /// As in Swift's `stride(from:to:by:)` there are none if `step` leads away from `end`. Traps if `step` is 0 or if a
  /// number is not finite.
  ///
  /// - Complexity: O(elements), which the tape keeps.
  @inlinable public static func stride(from start: Scalar, to end: Scalar, by step: Scalar = 1) -> Self {
    Self(recordStride(Double(start), Double(end), Double(step), Scalar.scalarType))
  }

  /// `count` numbers that lie evenly apart, from `start` to `end`, both of which are among them.
  ///
  /// A single number is `start`. Traps if `count` is negative.
  ///
  /// - Complexity: O(elements), which the tape keeps.
  @inlinable public static func linearlySpaced(from start: Scalar, through end: Scalar, count: Int) -> Self {
    Self(recordLinearSpace(Double(start), Double(end), count, Scalar.scalarType))
  }

  /// For each index a row of `count` numbers that is 1 at the index and 0 elsewhere.
  ///
  /// The shape is that of `indices` followed by `count`. Traps unless each index is in `0..<count`.
  ///
  /// - Complexity: O(elements), which the tape keeps.
  @inlinable public static func oneHot(_ indices: IndexArray, count: Int) -> Self {
    Self(recordOneHot(indices, count, Scalar.scalarType))
  }
}

@usableFromInline @inline(never)
func recordIdentity(_ size: Int, _ type: ScalarType) -> Handle {
  let core = Core.recording
  let id = core.constants(Shape([size, size]), type)
  for row in 0..<size { core.set(1, in: id, at: row * size + row) }
  return core.handle(id)
}

@usableFromInline @inline(never)
func recordStride(_ start: Double, _ end: Double, _ step: Double, _ type: ScalarType) -> Handle {
  let core = Core.recording
  guard step != 0, start.isFinite, end.isFinite, step.isFinite else { misuse(.strideNumbers(start, end, step)) }
  let count = Swift.max(0, ((end - start) / step).rounded(.up))
  let id = core.constants(Shape([Int(exactly: count) ?? Int.max]), type)
  for index in 0..<Int(count) { core.set(start + Double(index) * step, in: id, at: index) }
  return core.handle(id)
}

@usableFromInline @inline(never)
func recordLinearSpace(_ start: Double, _ end: Double, _ count: Int, _ type: ScalarType) -> Handle {
  let core = Core.recording
  let id = core.constants(Shape([count]), type)
  for index in 0..<count {
    // Exact at both ends.
    let fraction = count == 1 ? 0 : Double(index) / Double(count - 1)
    core.set(index == count - 1 && count > 1 ? end : start + fraction * (end - start), in: id, at: index)
  }
  return core.handle(id)
}

@usableFromInline @inline(never)
func recordOneHot(_ indices: IndexArray, _ count: Int, _ type: ScalarType) -> Handle {
  let core = Core.recording
  let shape = Shape(Array(indices.shape) + [count])
  core.checkIndices(indices, below: count, for: "oneHot(_:count:)")
  let id = core.constants(shape, type)
  for (row, index) in indices.enumerated() { core.set(1, in: id, at: row * count + index) }
  return core.handle(id)
}

extension UnsafeMutablePointer<TapeCore> {
  /// A constant of zeros, to be filled.
  fileprivate func constants(_ shape: Shape, _ type: ScalarType) -> NodeID {
    let id = leaf(shape, type, .constant)
    fill(self[record: id].pointee.value, 0, shape.elementCount, type)
    return id
  }

  fileprivate func set(_ number: Double, in id: NodeID, at position: Int) {
    let record = self[record: id].pointee
    if record.scalarType == .double {
      record.value.f64[position] = number
    } else {
      record.value.f32[position] = Float(number)
    }
  }
}
