import CKernels

// Log-sum-exp and the softmax family.

extension Operation {
  static let normalized: [Operation] = [
    /// log Σ eˣ: softmax x, which is eˣ⁻ʸ over its sum: that is not quite 1 where y is large and rounded. 0 where x = −∞.
    Operation(
      opcode: .logSumExp,
      forward: .rows(wg_log_sum_exp_f64, wg_log_sum_exp_f32),
      derivative: .structural(
        .init(
          rule: { p in
            let core = p.core
            let axes: UInt32 = 1 << UInt32(p.attribute(0))
            let shape = p.shape(0)
            let difference = core.elementwise(
              .expDifference, p.operand(0), core.expanded(p.output, along: axes, of: shape))
            let total = core.sum(difference, axes, keepingAxes: true)
            // Of nothing but −∞ the sum is 0, and so are the shares of it.
            let divisor = core.elementwise(.add, total, core.elementwise(.equal, total, core.constant(0, p.type)))
            let weight = core.elementwise(.divideCotangent, difference, divisor)
            let cotangent = core.expanded(p.cotangent, along: p.blocked(axes), of: p.blocked(shape))
            p.accumulate(0, core.elementwise(.scaleCotangent, cotangent, weight))
          }, isBlockable: true)),
      samples: .rows { core, x, axis in core.logSumExp(x, axis) }),

    /// eˣ / Σ eˣ: y (ȳ − Σ ȳ y)
    Operation(
      opcode: .softmax,
      forward: .rows(wg_softmax_f64, wg_softmax_f32),
      derivative: .structural(
        .init(
          reads: .output,
          rule: { p in
            let weighted = p.core.elementwise(.scaleCotangent, p.cotangent, p.output)
            let total = p.core.sum(weighted, p.blocked(1 << UInt32(p.attribute(0))), keepingAxes: true)
            p.accumulate(
              0, p.core.elementwise(.scaleCotangent, p.core.elementwise(.subtract, p.cotangent, total), p.output))
          },
          fused: { p in p.pullRows(wg_softmax_adjoint_f64, wg_softmax_adjoint_f32) }, isBlockable: true)),
      samples: .rows { core, x, axis in core.softmax(x, axis) }),

    /// x − log Σ eˣ: ȳ − eʸ Σ ȳ
    Operation(
      opcode: .logSoftmax,
      forward: .rows(wg_log_softmax_f64, wg_log_softmax_f32),
      derivative: .structural(
        .init(
          reads: .output,
          rule: { p in
            let total = p.core.sum(p.cotangent, p.blocked(1 << UInt32(p.attribute(0))), keepingAxes: true)
            let softmax = p.core.elementwise(.exp, p.output)
            p.accumulate(
              0,
              p.core.elementwise(.subtract, p.cotangent, p.core.elementwise(.scaleCotangent, total, softmax)))
          },
          fused: { p in p.pullRows(wg_log_softmax_adjoint_f64, wg_log_softmax_adjoint_f32) }, isBlockable: true)),
      samples: .rows { core, x, axis in core.logSoftmax(x, axis) }),
  ]
}

extension [Sample] {
  fileprivate static func rows(_ apply: @escaping @Sendable (Core, NodeID, Int) -> NodeID) -> [Sample] {
    let cases: [(Shape, Int)] = [([5], 0), ([1], 0), ([4, 3], 1), ([4, 3], 0), ([2, 3, 2], 1), ([0, 3], 1)]
    return cases.map { shape, axis in
      Sample("\(shape) axis \(axis)", [shape], [-3...3]) { AnyTensor(apply(.current, $0[0].id, axis)) }
    }
  }
}

/// log Σ exp over all elements, computed without overflow.
///
/// −∞ if there are no elements or all are −∞, with an adjoint of 0 there.
///
/// - Complexity: O(elements); the tape keeps one number.
@inlinable public func logSumExp<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordLogSumExp(x.handle, nil, false)) }

/// log Σ exp along some axes, computed without overflow.
///
/// −∞ where there are no elements or all are −∞, with an adjoint of 0 there.
///
/// - Parameters:
///   - x: The exponents.
///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
///   - keepingAxes: Whether the axes stay, with one element each.
/// - Complexity: O(elements); the tape keeps the result, and a copy of `x` for several axes.
@inlinable public func logSumExp<S>(_ x: Tensor<S>, along axes: Int..., keepingAxes: Bool = false) -> Tensor<S> {
  Tensor(recordLogSumExp(x.handle, axes, keepingAxes))
}

/// The same for a list of axes; an empty list leaves every element by itself.
@inlinable public func logSumExp<S>(_ x: Tensor<S>, along axes: [Int], keepingAxes: Bool = false) -> Tensor<S> {
  Tensor(recordLogSumExp(x.handle, axes, keepingAxes))
}

/// exp x / Σ exp x along an axis, by default the last; computed without overflow.
///
/// An axis of nothing but −∞ gives NaN. Traps if the axis is out of range.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func softmax<S>(_ x: Tensor<S>, along axis: Int = -1) -> Tensor<S> {
  Tensor(recordSoftmax(.softmax, x.handle, axis))
}

/// log (exp x / Σ exp x) along an axis, by default the last; computed without overflow.
///
/// Elements of −∞ stay so, with finite adjoints; an axis of nothing but −∞ gives NaN. Traps if the axis is out of
/// range.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func logSoftmax<S>(_ x: Tensor<S>, along axis: Int = -1) -> Tensor<S> {
  Tensor(recordSoftmax(.logSoftmax, x.handle, axis))
}

@usableFromInline @inline(never)
func recordLogSumExp(_ x: Handle, _ axes: [Int]?, _ keepsAxes: Bool) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let bits = core.axisBits(axes, of: x, for: "logSumExp(_:along:keepingAxes:)")
  return core.handle(core.logSumExp(x, bits, keepingAxes: keepsAxes))
}

@usableFromInline @inline(never)
func recordSoftmax(_ opcode: Opcode, _ x: Handle, _ axis: Int) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let axis = core.axis(axis, of: x, for: "\(opcode.displayName)(_:along:)")
  return core.handle(opcode == .softmax ? core.softmax(x, axis) : core.logSoftmax(x, axis))
}

extension UnsafeMutablePointer<TapeCore> {
  func logSumExp(_ x: NodeID, _ axes: UInt32, keepingAxes: Bool) -> NodeID {
    let joined = joined(x, axes)
    let result = logSumExp(joined.id, joined.axis)
    return keepingAxes ? expanded(result, along: axes, of: shape(x)) : result
  }

  func logSumExp(_ x: NodeID, _ axis: Int) -> NodeID {
    var shape = Shape(rank: layout(x).rank - 1)
    for target in shape.indices { shape.setSize(Int(layout(x).sizes[target < axis ? target : target + 1]), at: target) }
    return rows(.logSumExp, x, axis, pointee.layouts.number(of: shape))
  }

  func softmax(_ x: NodeID, _ axis: Int) -> NodeID {
    rows(.softmax, x, axis, denseLayout(x))
  }

  func logSoftmax(_ x: NodeID, _ axis: Int) -> NodeID {
    rows(.logSoftmax, x, axis, denseLayout(x))
  }

  private func rows(_ opcode: Opcode, _ x: NodeID, _ axis: Int, _ layout: Int32) -> NodeID {
    let x = contiguous(x)
    return record(
      opcode, self[record: x].pointee.scalarType, layout: layout, operands: (x, -1),
      attributes: attributes(CollectionOfOne(axis)))
  }
}

extension Operation.Forward {
  /// A kernel for each number type that goes along one axis, given the numbers of elements before, along and after it.
  fileprivate static func rows(
    _ f64: @escaping @Sendable (UnsafePointer<Double>, Int, Int, Int, UnsafeMutablePointer<Double>) -> Void,
    _ f32: @escaping @Sendable (UnsafePointer<Float>, Int, Int, Int, UnsafeMutablePointer<Float>) -> Void
  ) -> Self {
    Self { e in
      let (outer, n, inner) = e.layout(0).split(at: e.attribute(0))
      if e.type == .double {
        f64(e.input(0).value.f64, outer, n, inner, e.value.f64)
      } else {
        f32(e.input(0).value.f32, outer, n, inner, e.value.f32)
      }
    }
  }
}

extension UnsafePointer<wg_layout> {
  /// The numbers of elements before, along and after an axis.
  func split(at axis: Int) -> (outer: Int, n: Int, inner: Int) {
    var (outer, inner) = (1, 1)
    for index in 0..<rank {
      if index < axis { outer *= Int(sizes[index]) }
      if index > axis { inner *= Int(sizes[index]) }
    }
    return (outer, Int(sizes[axis]), inner)
  }
}

extension DirectPullback {
  fileprivate func pullRows(
    _ f64: (UnsafePointer<Double>, UnsafePointer<Double>, Int, Int, Int, Bool, UnsafeMutablePointer<Double>) -> Void,
    _ f32: (UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, Int, Bool, UnsafeMutablePointer<Float>) -> Void
  ) {
    let record = core[record: id]
    let (outer, n, inner) = core.layout(id).split(at: core.attribute(record, 0))
    let (memory, accumulate) = destination(0)
    if type == .double {
      f64(record.pointee.value.f64, adjoint.f64, outer, n, inner, accumulate, memory.f64)
    } else {
      f32(record.pointee.value.f32, adjoint.f32, outer, n, inner, accumulate, memory.f32)
    }
  }
}
