import CKernels

// Largest and smallest elements over axes, and where they are.

extension Operation {
  static let extrema: [Operation] = [
    /// max x: the cotangent goes to the largest element, split evenly among equals.
    .extremum(
      .maximumReduction,
      .reduction(
        { e, axes in wg_maximum_f64(e.input(0).value.f64, e.layout(0), axes, e.value.f64) },
        { e, axes in wg_maximum_f32(e.input(0).value.f32, e.layout(0), axes, e.value.f32) })
    ) { core, x, axes, keeps in core.maximum(x, axes, keepingAxes: keeps) },

    /// min x, likewise
    .extremum(
      .minimumReduction,
      .reduction(
        { e, axes in wg_minimum_f64(e.input(0).value.f64, e.layout(0), axes, e.value.f64) },
        { e, axes in wg_minimum_f32(e.input(0).value.f32, e.layout(0), axes, e.value.f32) })
    ) { core, x, axes, keeps in core.minimum(x, axes, keepingAxes: keeps) },
  ]

  private static func extremum(
    _ opcode: Opcode, _ forward: Forward, _ apply: @escaping @Sendable (Core, NodeID, UInt32, Bool) -> NodeID
  ) -> Operation {
    Operation(
      opcode: opcode, forward: forward,
      derivative: .structural(
        .init(
          rule: { p in
            let core = p.core
            let shape = p.shape(0)
            let attained = core.elementwise(
              .matches, p.operand(0), core.expanded(p.output, along: p.axes, of: shape))
            let count = core.sum(attained, p.axes, keepingAxes: true)
            let share = core.elementwise(.divideCotangent, p.expandedCotangent, count)
            let zero = core.constant(0, core[record: p.id].pointee.scalarType)
            p.accumulate(0, core.elementwise(.select, attained, share, zero))
          },
          fused: { p in p.pullExtremum() }, isBlockable: true)),
      samples: .reductions(apply))
  }
}

extension Tensor {
  /// The largest element, a scalar; NaN if there is one. Traps if there are no elements.
  ///
  /// Equal largest elements share the cotangent evenly.
  ///
  /// - Complexity: O(elements); the tape keeps one number.
  @inlinable public func max() -> Self { Self(recordReduction(.maximumReduction, handle, nil, false)) }

  /// The largest elements along some axes; NaN where there is one. Traps if a maximum would be taken over no elements.
  ///
  /// Equal largest elements share the cotangent evenly.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func max(along axes: Int..., keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.maximumReduction, handle, axes, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func max(along axes: [Int], keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.maximumReduction, handle, axes, keepingAxes))
  }

  /// The smallest element, a scalar; NaN if there is one. Traps if there are no elements.
  ///
  /// Equal smallest elements share the cotangent evenly.
  ///
  /// - Complexity: O(elements); the tape keeps one number.
  @inlinable public func min() -> Self { Self(recordReduction(.minimumReduction, handle, nil, false)) }

  /// The smallest elements along some axes; NaN where there is one. Traps if a minimum would be taken over no elements.
  ///
  /// Equal smallest elements share the cotangent evenly.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func min(along axes: Int..., keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.minimumReduction, handle, axes, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func min(along axes: [Int], keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.minimumReduction, handle, axes, keepingAxes))
  }

  /// The position of the largest element in row-major order: of the first one, if several are equal, or of the first
  /// NaN, if there is one. Traps if there are no elements.
  ///
  /// Nothing is recorded: no derivative passes through a position.
  ///
  /// - Complexity: O(elements).
  @inlinable public func argmax() -> Int { extremumPositions(handle, nil, false, largest: true).item }

  /// The positions along an axis of the largest elements: of the first ones, if several are equal, or of the first
  /// NaN, where there is one. Traps if a maximum would be taken over no elements.
  ///
  /// Nothing is recorded: no derivative passes through a position.
  ///
  /// - Parameters:
  ///   - axis: Counted from 0, or from −1 at the end. Traps if it is out of range.
  ///   - keepingAxes: Whether the axis stays, with one element, as `gathered(at:along:)` needs it.
  /// - Complexity: O(elements).
  @inlinable public func argmax(along axis: Int, keepingAxes: Bool = false) -> IndexArray {
    extremumPositions(handle, axis, keepingAxes, largest: true)
  }

  /// The position of the smallest element in row-major order: of the first one, if several are equal, or of the first
  /// NaN, if there is one. Traps if there are no elements.
  ///
  /// Nothing is recorded: no derivative passes through a position.
  ///
  /// - Complexity: O(elements).
  @inlinable public func argmin() -> Int { extremumPositions(handle, nil, false, largest: false).item }

  /// The positions along an axis of the smallest elements: of the first ones, if several are equal, or of the first
  /// NaN, where there is one. Traps if a minimum would be taken over no elements.
  ///
  /// Nothing is recorded: no derivative passes through a position.
  ///
  /// - Parameters:
  ///   - axis: Counted from 0, or from −1 at the end. Traps if it is out of range.
  ///   - keepingAxes: Whether the axis stays, with one element, as `gathered(at:along:)` needs it.
  /// - Complexity: O(elements).
  @inlinable public func argmin(along axis: Int, keepingAxes: Bool = false) -> IndexArray {
    extremumPositions(handle, axis, keepingAxes, largest: false)
  }
}

@usableFromInline @inline(never)
func extremumPositions(_ x: Handle, _ axis: Int?, _ keepsAxis: Bool, largest: Bool) -> IndexArray {
  let core = Core.recording
  let x = core.resolve(x)
  let function = largest ? "argmax" : "argmin"
  let name = axis == nil ? "\(function)()" : "\(function)(along:keepingAxes:)"
  let bits = core.axisBits(axis.map { [$0] }, of: x, for: name)
  core.checkNotEmpty(x, bits, name, largest ? "maximum" : "minimum")
  return core.extremumPositions(x, axis == nil ? nil : bits.trailingZeroBitCount, keepsAxis, largest: largest)
}

extension UnsafeMutablePointer<TapeCore> {
  func maximum(_ x: NodeID, _ axes: UInt32, keepingAxes: Bool) -> NodeID {
    reduce(.maximumReduction, x, axes, keepingAxes)
  }

  func minimum(_ x: NodeID, _ axes: UInt32, keepingAxes: Bool) -> NodeID {
    reduce(.minimumReduction, x, axes, keepingAxes)
  }

  /// Positions along an axis, or of all elements in row-major order for nil.
  fileprivate func extremumPositions(_ x: NodeID, _ axis: Int?, _ keepsAxis: Bool, largest: Bool) -> IndexArray {
    // What is done on the way leaves no record.
    let mark = mark()
    defer { reset(to: mark) }
    noteHostRead(x)
    let x = axis == nil ? reshaped(x, to: .vector(layout(x).elementCount)) : x
    let (record, layout) = (self[record: x].pointee, layout(x))
    let shape = reducedShape(layout.shape, 1 << UInt32(axis ?? 0), keepingAxes: keepsAxis)
    // Swift's empty array is one for all threads, and its initializer writes to it.
    guard shape.elementCount > 0 else { return IndexArray(shape: shape, indices: []) }
    let positions = [Int](unsafeUninitializedCapacity: shape.elementCount) { positions, count in
      if record.scalarType == .double {
        wg_extremum_positions_f64(record.value.f64, layout, Int32(axis ?? 0), largest, positions.baseAddress)
      } else {
        wg_extremum_positions_f32(record.value.f32, layout, Int32(axis ?? 0), largest, positions.baseAddress)
      }
      count = shape.elementCount
    }
    return IndexArray(shape: shape, indices: positions)
  }
}

extension DirectPullback {
  fileprivate func pullExtremum() {
    let (memory, accumulate) = destination(0)
    let axes = UInt32(core.attribute(core[record: id], 0))
    let y = core[record: id].pointee.value
    let mark = core.mark()
    let x = core.contiguous(operand(0))
    let value = core[record: x].pointee.value
    if type == .double {
      wg_extremum_adjoint_f64(value.f64, core.layout(x), axes, y.f64, adjoint.f64, accumulate, memory.f64)
    } else {
      wg_extremum_adjoint_f32(value.f32, core.layout(x), axes, y.f32, adjoint.f32, accumulate, memory.f32)
    }
    core.reset(to: mark)
  }
}
