import CKernels

// Sums, means and products over axes, and what all reductions share.

extension Operation {
  static let reductions: [Operation] = [
    /// Σx: the cotangent, repeated along the summed axes
    Operation(
      opcode: .sum,
      forward: .reduction(
        { e, axes in wg_sum_f64(e.input(0).value.f64, e.layout(0), axes, 1, false, e.value.f64) },
        { e, axes in wg_sum_f32(e.input(0).value.f32, e.layout(0), axes, 1, false, e.value.f32) }),
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in p.repeatCotangent() },
          fused: { p in if !p.spreadCotangent() { p.run { $0.repeatCotangent() } } },
          isBlockable: true, takesUniform: true)),
      samples: .reductions { core, x, axes, keeps in core.sum(x, axes, keepingAxes: keeps) }),

    /// Σx / n
    Operation(
      opcode: .mean,
      forward: .reduction(
        { e, axes in
          let count = e.core.reducedCount(e.operand(0), axes)
          wg_sum_f64(e.input(0).value.f64, e.layout(0), axes, count, false, e.value.f64)
        },
        { e, axes in
          let count = e.core.reducedCount(e.operand(0), axes)
          wg_sum_f32(e.input(0).value.f32, e.layout(0), axes, Float(count), false, e.value.f32)
        }),
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in p.repeatCotangent(dividedByCount: true) },
          fused: { p in
            let count = p.core.reducedCount(p.operand(0), p.axes)
            if !p.spreadCotangent(dividedBy: count) { p.run { $0.repeatCotangent(dividedByCount: true) } }
          }, isBlockable: true, takesUniform: true)),
      samples: .reductions { core, x, axes, keeps in core.mean(x, axes, keepingAxes: keeps) }),

    /// Πx: the product of the other elements, as that of those before times that of those after. No element is
    /// divided by, so zeros are like other numbers, in derivatives of any order.
    Operation(
      opcode: .product,
      forward: .reduction(
        { e, axes in wg_product_f64(e.input(0).value.f64, e.layout(0), axes, e.value.f64) },
        { e, axes in wg_product_f32(e.input(0).value.f32, e.layout(0), axes, e.value.f32) }),
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in
            let core = p.core
            let (x, axis) = core.joined(p.operand(0), p.axes)
            let before = core.cumulativeProduct(x, axis, reversed: false, exclusive: true)
            let after = core.cumulativeProduct(x, axis, reversed: true, exclusive: true)
            let others = core.separated(core.elementwise(.multiply, before, after), p.axes, p.shape(0))
            p.accumulate(0, core.elementwise(.scaleCotangent, p.expandedCotangent, others))
          }, isBlockable: true)),
      samples: .reductions { core, x, axes, keeps in core.product(x, axes, keepingAxes: keeps) }),
  ]
}

extension OperationInPass {
  /// The reduced axes of a reduction, as bits.
  var axes: UInt32 { UInt32(attribute(0)) }
}

extension Operation.Forward {
  /// A kernel for each number type, given the reduced axes.
  static func reduction(
    _ f64: @escaping @Sendable (Evaluation, _ axes: UInt32) -> Void,
    _ f32: @escaping @Sendable (Evaluation, _ axes: UInt32) -> Void
  ) -> Self {
    Self { e in e.type == .double ? f64(e, e.axes) : f32(e, e.axes) }
  }
}

extension Pullback {
  /// A reduction's cotangent with the reduced axes back, one element each.
  var expandedCotangent: NodeID { core.expanded(cotangent, along: blocked(axes), of: blocked(shape(0))) }

  /// The adjoint of a sum, or of a mean: the cotangent, or its share, repeated along the reduced axes.
  fileprivate func repeatCotangent(dividedByCount: Bool = false) {
    let cotangent =
      dividedByCount
      ? core.elementwise(.divideCotangent, cotangent, core.constant(core.reducedCount(operand(0), axes), type))
      : cotangent
    accumulate(0, core.repeated(cotangent, along: blocked(axes), over: blocked(shape(0))))
  }
}

extension [Sample] {
  static func reductions(
    over domain: ClosedRange<Double> = -2...2,
    _ apply: @escaping @Sendable (Core, NodeID, UInt32, Bool) -> NodeID
  ) -> [Sample] {
    let cases: [(Shape, UInt32, Bool)] = [
      ([], 0, false), ([5], 1, false), ([3, 4], 0b11, false), ([3, 4], 0b01, false), ([3, 4], 0b10, true),
      ([2, 3, 4], 0b101, false), ([2, 3, 4], 0b010, true), ([1, 3], 0b01, false), ([3, 0], 0b01, false),
    ]
    return cases.map { shape, axes, keeps in
      Sample("\(shape) axes \(String(axes, radix: 2))\(keeps ? " kept" : "")", [shape], [domain]) { operands in
        let core = Core.current
        // Through a transposed view and back, so that strided operands are met too.
        let x =
          shape.count == 3
          ? core.permuted(core.contiguous(core.permuted(operands[0].id, [2, 0, 1])), [1, 2, 0]) : operands[0].id
        return AnyTensor(apply(core, x, axes, keeps))
      }
    }
  }
}

extension Tensor {
  /// The sum of all elements, a scalar. The sum of no elements is 0.
  ///
  /// - Complexity: O(elements); the tape keeps one number.
  @inlinable public func sum() -> Self { Self(recordReduction(.sum, handle, nil, false)) }

  /// The sums along some axes. The sum of no elements is 0.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the summed axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func sum(along axes: Int..., keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.sum, handle, axes, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func sum(along axes: [Int], keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.sum, handle, axes, keepingAxes))
  }

  /// The mean of all elements, a scalar. The mean of no elements is NaN.
  ///
  /// - Complexity: O(elements); the tape keeps one number.
  @inlinable public func mean() -> Self { Self(recordReduction(.mean, handle, nil, false)) }

  /// The means along some axes. The mean of no elements is NaN.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func mean(along axes: Int..., keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.mean, handle, axes, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func mean(along axes: [Int], keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.mean, handle, axes, keepingAxes))
  }

  /// The product of all elements, a scalar. The product of no elements is 1.
  ///
  /// The derivatives, of any order, are right with zeros among the elements.
  ///
  /// - Complexity: O(elements); the tape keeps one number.
  @inlinable public func prod() -> Self { Self(recordReduction(.product, handle, nil, false)) }

  /// The products along some axes. The product of no elements is 1.
  ///
  /// The derivatives, of any order, are right with zeros among the elements.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func prod(along axes: Int..., keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.product, handle, axes, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func prod(along axes: [Int], keepingAxes: Bool = false) -> Self {
    Self(recordReduction(.product, handle, axes, keepingAxes))
  }
}

@usableFromInline @inline(never)
func recordReduction(_ opcode: Opcode, _ x: Handle, _ axes: [Int]?, _ keepsAxes: Bool) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  // Put together only for a message: a string would cost more than a small sum.
  func name() -> String { "\(opcode.reductionName)(along:keepingAxes:)" }
  let bits = core.axisBits(axes, of: x, for: name())
  switch opcode {
  case .sum: return core.handle(core.sum(x, bits, keepingAxes: keepsAxes))
  case .mean: return core.handle(core.mean(x, bits, keepingAxes: keepsAxes))
  case .product: return core.handle(core.product(x, bits, keepingAxes: keepsAxes))
  default:
    core.checkNotEmpty(x, bits, axes == nil ? "\(opcode.reductionName)()" : name(), opcode.extremumName)
    return core.handle(
      opcode == .maximumReduction
        ? core.maximum(x, bits, keepingAxes: keepsAxes) : core.minimum(x, bits, keepingAxes: keepsAxes))
  }
}

extension Opcode {
  /// What users call a reduction.
  fileprivate var reductionName: String {
    switch self {
    case .maximumReduction: "max"
    case .minimumReduction: "min"
    case .product: "prod"
    default: displayName
    }
  }

  fileprivate var extremumName: String { self == .maximumReduction ? "maximum" : "minimum" }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Traps if a result would be made of no elements.
  func checkNotEmpty(_ x: NodeID, _ axes: UInt32, _ operation: @autoclosure () -> String, _ result: String) {
    guard reducedCount(x, axes) == 0 else { return }
    let axes = (0..<layout(x).rank).filter { axes >> UInt32($0) & 1 == 1 }
    misuse(.emptyReduction(operation(), axes, shape(x), result))
  }

  /// Axes as bits; nil means all. Traps if one is out of range or named twice.
  func axisBits(_ axes: [Int]?, of id: NodeID, for operation: @autoclosure () -> String) -> UInt32 {
    let rank = layout(id).rank
    guard let axes else { return (1 << UInt32(rank)) - 1 }
    var bits: UInt32 = 0
    for axis in axes {
      let bit: UInt32 = 1 << UInt32(self.axis(axis, of: id, for: operation()))
      if bits & bit != 0 { misuse(.repeatedAxis(operation(), axes, shape(id))) }
      bits |= bit
    }
    return bits
  }

  /// An axis counted from 0. Traps if it is out of range.
  func axis(_ axis: Int, of id: NodeID, for operation: @autoclosure () -> String) -> Int {
    let rank = layout(id).rank
    guard axis >= -rank, axis < rank else { misuse(.axis(operation(), axis, shape(id))) }
    return axis < 0 ? axis + rank : axis
  }

  /// The number of elements that are reduced to one.
  func reducedCount(_ id: NodeID, _ axes: UInt32) -> Double {
    let layout = layout(id)
    return (0..<layout.rank).reduce(1) { axes >> UInt32($1) & 1 == 1 ? $0 * Double(layout.sizes[$1]) : $0 }
  }

  func reducedShape(_ shape: Shape, _ axes: UInt32, keepingAxes: Bool) -> Shape {
    var result = Shape(
      rank: keepingAxes ? shape.count : shape.count - (axes & ((1 << UInt32(shape.count)) - 1)).nonzeroBitCount)
    var target = 0
    for axis in 0..<shape.count {
      let isReduced = axes >> UInt32(axis) & 1 == 1
      if isReduced && !keepingAxes { continue }
      result.setSize(isReduced ? 1 : shape[axis], at: target)
      target += 1
    }
    return result
  }

  func sum(_ x: NodeID, _ axes: UInt32, keepingAxes: Bool) -> NodeID { reduce(.sum, x, axes, keepingAxes) }
  func mean(_ x: NodeID, _ axes: UInt32, keepingAxes: Bool) -> NodeID { reduce(.mean, x, axes, keepingAxes) }
  func product(_ x: NodeID, _ axes: UInt32, keepingAxes: Bool) -> NodeID { reduce(.product, x, axes, keepingAxes) }

  /// Records a reduction whose attributes are its axes, as bits, and its parameters.
  func reduce(
    _ opcode: Opcode, _ x: NodeID, _ axes: UInt32, _ keepingAxes: Bool, parameters: [Int] = []
  ) -> NodeID {
    let shape = reducedShape(shape(x), axes, keepingAxes: keepingAxes)
    let type = self[record: x].pointee.scalarType
    return record(
      opcode, type, layout: pointee.layouts.number(of: shape), operands: (x, -1),
      attributes: parameters.isEmpty ? attributes(CollectionOfOne(Int(axes))) : attributes([Int(axes)] + parameters))
  }

  /// The sum over the axes along which a tensor of the given layout was repeated.
  func sum(_ x: NodeID, to target: UnsafePointer<wg_layout>) -> NodeID {
    let layout = layout(x)
    if layout.hasSameSizes(as: target) { return x }
    return reshaped(sum(x, target.broadcastAxes(in: layout), keepingAxes: false), to: target.shape)
  }

  /// The result of a reduction with its axes back, one element each.
  func expanded(_ x: NodeID, along axes: UInt32, of shape: Shape) -> NodeID {
    let kept = reducedShape(shape, axes, keepingAxes: true)
    return self.shape(x) == kept ? x : reshaped(x, to: kept)
  }

  /// The result of a reduction, repeated along its axes.
  func repeated(_ x: NodeID, along axes: UInt32, over shape: Shape) -> NodeID {
    broadcast(expanded(x, along: axes, of: shape), to: shape)
  }

  /// The tensor with some axes joined into one, and which that is: the only one where it was, several, or none, at the
  /// end.
  func joined(_ x: NodeID, _ axes: UInt32) -> (id: NodeID, axis: Int) {
    if axes.nonzeroBitCount == 1 { return (x, axes.trailingZeroBitCount) }
    let shape = shape(x)
    let order = keptFirst(axes, shape.count)
    let kept = shape.count - axes.nonzeroBitCount
    let sizes = order.prefix(kept).map { shape[$0] } + [order.dropFirst(kept).reduce(1) { $0 * shape[$1] }]
    return (reshaped(permuted(x, order), to: Shape(sizes)), kept)
  }

  /// The inverse of joining, for a tensor that is as long along the joined axis as the one that had the given shape.
  func separated(_ x: NodeID, _ axes: UInt32, _ shape: Shape) -> NodeID {
    if axes.nonzeroBitCount == 1 { return x }
    let order = keptFirst(axes, shape.count)
    var inverse = order
    for (position, axis) in order.enumerated() { inverse[axis] = position }
    return permuted(reshaped(x, to: Shape(order.map { shape[$0] })), inverse)
  }

  /// All axes, the reduced ones last.
  private func keptFirst(_ axes: UInt32, _ rank: Int) -> [Int] {
    (0..<rank).filter { axes >> UInt32($0) & 1 == 0 } + (0..<rank).filter { axes >> UInt32($0) & 1 == 1 }
  }
}
