import CKernels

// Cumulative sums, products and log-sum-exps along an axis.
//
// Their adjoints run the other way. Those of products and log-sum-exps are linear recurrences, whose own adjoints are
// linear recurrences again: one operation serves every order of derivative, without a division anywhere.

extension Operation {
  static let scans: [Operation] = [
    /// yᵢ = Σ xⱼ over j ≤ i: the same of the cotangents, from the other end
    Operation(
      opcode: .cumulativeSum,
      forward: .scan(
        { e, n in
          let scan = e.scan
          wg_cumulative_sum_f64(
            e.input(0).value.f64, n.outer, n.along, n.inner, scan.isReversed, scan.isExclusive, e.value.f64)
        },
        { e, n in
          let scan = e.scan
          wg_cumulative_sum_f32(
            e.input(0).value.f32, n.outer, n.along, n.inner, scan.isReversed, scan.isExclusive, e.value.f32)
        }),
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            let scan = p.scan
            p.accumulate(
              0,
              p.core.cumulativeSum(
                p.cotangent, p.blocked(axis: scan.axis), reversed: !scan.isReversed, exclusive: scan.isExclusive))
          }, isBlockable: true)),
      samples: .scans { core, x, axis, reversed, exclusive in
        core.cumulativeSum(x, axis, reversed: reversed, exclusive: exclusive)
      }),

    /// yᵢ = Π xⱼ over j ≤ i: (Π xₖ over k < j) · tⱼ with tⱼ = ȳⱼ + xⱼ₊₁ tⱼ₊₁
    Operation(
      opcode: .cumulativeProduct,
      forward: .scan(
        { e, n in
          let scan = e.scan
          wg_cumulative_product_f64(
            e.input(0).value.f64, n.outer, n.along, n.inner, scan.isReversed, scan.isExclusive, e.value.f64)
        },
        { e, n in
          let scan = e.scan
          wg_cumulative_product_f32(
            e.input(0).value.f32, n.outer, n.along, n.inner, scan.isReversed, scan.isExclusive, e.value.f32)
        }),
      derivative: .structural(.init(rule: { p in p.pullCumulativeProduct() }, isBlockable: true)),
      samples: .scans { core, x, axis, reversed, exclusive in
        core.cumulativeProduct(x, axis, reversed: reversed, exclusive: exclusive)
      }),

    /// yᵢ = log Σ exp xⱼ over j ≤ i: exp(xⱼ − yⱼ) tⱼ with tⱼ = ȳⱼ + exp(yⱼ − yⱼ₊₁) tⱼ₊₁
    ///
    /// No exponent is positive, as y only rises. But where y is large it is rounded, and that would be an error of the
    /// weights: so they are exp(xⱼ − yⱼ) / sⱼ, where s is the sum of exponentials relative to the y that there is, and 1
    /// up to rounding.
    Operation(
      opcode: .cumulativeLogSumExp,
      forward: .scan(
        { e, n in
          wg_cumulative_log_sum_exp_f64(
            e.input(0).value.f64, n.outer, n.along, n.inner, e.scan.isReversed, e.value.f64)
        },
        { e, n in
          wg_cumulative_log_sum_exp_f32(
            e.input(0).value.f32, n.outer, n.along, n.inner, e.scan.isReversed, e.value.f32)
        }),
      derivative: .structural(
        .init(
          rule: { p in
            let (core, scan, y) = (p.core, p.scan, p.output)
            let n = p.shape(0)[scan.axis]
            guard n > 0 else { return p.accumulate(0, p.cotangent) }
            let (before, after) = scan.isReversed ? (1..<n, 0..<n - 1) : (0..<n - 1, 1..<n)
            func part(_ x: NodeID, _ range: Range<Int>) -> NodeID { core.sliced(x, scan.axis, range) }
            let shift = core.detached(y)
            let terms = core.elementwise(.expDifference, p.operand(0), shift)
            let decay = core.elementwise(.expDifference, part(shift, before), part(shift, after))
            let sums = core.recurrence(terms, decay, scan.axis, reversed: scan.isReversed)
            // Of nothing but −∞ the sum is 0, and so are the shares of it.
            let divisors = core.elementwise(.add, sums, core.elementwise(.equal, sums, core.constant(0, p.type)))
            let factors = core.elementwise(
              .divideCotangent, core.elementwise(.multiply, part(sums, before), decay), part(divisors, after))
            let weights = core.elementwise(.divideCotangent, terms, divisors)
            p.accumulate(0, core.elementwise(.scaleCotangent, p.recurrence(p.cotangent, factors), weights))
          }, isBlockable: true)),
      samples: .scans(exclusive: [false]) { core, x, axis, reversed, _ in
        core.cumulativeLogSumExp(x, axis, reversed: reversed)
      }),

    /// yᵢ = xᵢ + fᵢ₋₁ yᵢ₋₁: the cotangents t of x are the same from the other end, those of f are tᵢ₊₁ yᵢ
    Operation(
      opcode: .recurrence,
      forward: .scan(
        { e, n in
          wg_recurrence_f64(
            e.input(0).value.f64, e.input(1).value.f64, n.outer, n.along, n.inner, e.scan.isReversed, e.value.f64)
        },
        { e, n in
          wg_recurrence_f32(
            e.input(0).value.f32, e.input(1).value.f32, n.outer, n.along, n.inner, e.scan.isReversed, e.value.f32)
        }),
      derivative: .structural(
        .init(
          rule: { p in
            let (core, scan) = (p.core, p.scan)
            let n = p.shape(0)[scan.axis]
            let total = p.recurrence(p.cotangent, p.operand(1))
            p.accumulate(0, total)
            guard p.needs(1), n > 0 else { return }
            let (first, last) = (0..<n - 1, 1..<n)
            p.accumulate(
              1,
              core.elementwise(
                .scaleCotangent, core.sliced(total, p.blocked(axis: scan.axis), scan.isReversed ? first : last),
                core.sliced(p.output, scan.axis, scan.isReversed ? last : first)))
          }, isBlockable: true)),
      samples: [false, true].flatMap { reversed in
        [([4], [3], 0), ([1], [0], 0), ([3, 2], [2, 2], 0), ([2, 3, 2], [2, 2, 2], 1), ([0, 3], [0, 2], 1)].map {
          (x: Shape, factors: Shape, axis: Int) in
          Sample("\(x) along \(axis)\(reversed ? " reversed" : "")", [x, factors]) {
            AnyTensor(Core.current.recurrence($0[0].id, $0[1].id, axis, reversed: reversed))
          }
        }
      }),
  ]
}

extension [Sample] {
  fileprivate static func scans(
    exclusive: [Bool] = [false, true],
    _ apply: @escaping @Sendable (Core, NodeID, Int, Bool, Bool) -> NodeID
  ) -> [Sample] {
    let cases: [(Shape, Int)] = [
      ([4], 0), ([1], 0), ([2], 0), ([3, 2], 0), ([2, 3, 2], 1), ([0, 3], 1), ([3, 0], 1),
    ]
    return exclusive.flatMap { exclusive in
      [false, true].flatMap { reversed in
        cases.map { shape, axis in
          let name = "\(shape) along \(axis)\(exclusive ? " exclusive" : "")\(reversed ? " reversed" : "")"
          return Sample(name, [shape]) { operands in
            let core = Core.current
            // Through a transposed view and back, so that strided operands are met too.
            let x =
              shape.count == 3
              ? core.permuted(core.contiguous(core.permuted(operands[0].id, [2, 0, 1])), [1, 2, 0]) : operands[0].id
            return AnyTensor(apply(core, x, axis, reversed, exclusive))
          }
        }
      }
    }
  }
}

/// What a scan's attributes say.
private struct Scan {
  let axis: Int
  let isReversed: Bool
  let isExclusive: Bool
}

extension OperationInPass {
  fileprivate var scan: Scan { Scan(axis: attribute(0), isReversed: attribute(1) != 0, isExclusive: attribute(2) != 0) }
}

extension Operation.Forward {
  /// The numbers of elements before, along and after the axis of a scan.
  fileprivate typealias ScanSizes = (outer: Int, along: Int, inner: Int)

  /// A kernel for each number type.
  fileprivate static func scan(
    _ f64: @escaping @Sendable (Evaluation, ScanSizes) -> Void,
    _ f32: @escaping @Sendable (Evaluation, ScanSizes) -> Void
  ) -> Self {
    Self { e in
      let (outer, along, inner) = e.layout.split(at: e.scan.axis)
      e.type == .double ? f64(e, (outer, along, inner)) : f32(e, (outer, along, inner))
    }
  }
}

extension Pullback {
  /// The recurrence that runs the other way than this scan, for each slice of a block.
  fileprivate func recurrence(_ cotangent: NodeID, _ factors: NodeID) -> NodeID {
    core.recurrence(
      cotangent, core.broadcast(factors, to: blocked(core.shape(factors))), blocked(axis: scan.axis),
      reversed: !scan.isReversed)
  }

  fileprivate func pullCumulativeProduct() {
    let (axis, reversed) = (scan.axis, scan.isReversed)
    let n = shape(0)[axis]
    let x = operand(0)
    guard n > 0 else { return accumulate(0, cotangent) }
    let (first, last) = (0..<n - 1, 1..<n)
    guard scan.isExclusive else {
      let before = core.cumulativeProduct(x, axis, reversed: reversed, exclusive: true)
      let factors = core.sliced(x, axis, reversed ? first : last)
      let total = recurrence(cotangent, factors)
      return accumulate(0, core.elementwise(.scaleCotangent, total, before))
    }
    // The output is the product before each element, of which the last has no influence.
    let factors = core.sliced(x, axis, 1..<Swift.max(1, n - 1))
    let total = recurrence(core.sliced(cotangent, blocked(axis: axis), reversed ? first : last), factors)
    let before = core.sliced(output, axis, reversed ? last : first)
    var place = AxisMap(axes: shape(0).indices.map { AxisMap.Axis(target: $0) })
    place.axes[axis].start = reversed ? 1 : 0
    accumulate(0, core.elementwise(.scaleCotangent, total, before), placedAt: place)
  }
}

extension Tensor {
  /// The sums of the elements up to each one along an axis.
  ///
  /// - Parameters:
  ///   - axis: Counted from 0, or from −1 at the end. Traps if it is out of range.
  ///   - exclusive: Whether each sum leaves out its own element; the first one is then 0.
  ///   - reversed: Whether to start from the end: the sums of the elements from each one on.
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func cumulativeSum(along axis: Int, exclusive: Bool = false, reversed: Bool = false) -> Self {
    Self(recordScan(.cumulativeSum, handle, axis, exclusive, reversed))
  }

  /// The products of the elements up to each one along an axis.
  ///
  /// The derivatives, of any order, are right with zeros among the elements.
  ///
  /// - Parameters:
  ///   - axis: Counted from 0, or from −1 at the end. Traps if it is out of range.
  ///   - exclusive: Whether each product leaves out its own element; the first one is then 1.
  ///   - reversed: Whether to start from the end: the products of the elements from each one on.
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func cumulativeProduct(along axis: Int, exclusive: Bool = false, reversed: Bool = false) -> Self {
    Self(recordScan(.cumulativeProduct, handle, axis, exclusive, reversed))
  }
}

/// log Σ exp of the elements up to each one along an axis, computed without overflow.
///
/// −∞ as long as all elements are −∞, with an adjoint of 0 there.
///
/// - Parameters:
///   - x: The exponents.
///   - axis: Counted from 0, or from −1 at the end. Traps if it is out of range.
///   - reversed: Whether to start from the end: over the elements from each one on.
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func cumulativeLogSumExp<S>(
  _ x: Tensor<S>, along axis: Int, reversed: Bool = false
) -> Tensor<S> {
  Tensor(recordScan(.cumulativeLogSumExp, x.handle, axis, false, reversed))
}

@usableFromInline @inline(never)
func recordScan(_ opcode: Opcode, _ x: Handle, _ axis: Int, _ exclusive: Bool, _ reversed: Bool) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let labels = opcode == .cumulativeLogSumExp ? "_:along:reversed:" : "along:exclusive:reversed:"
  let axis = core.axis(axis, of: x, for: "\(opcode.displayName)(\(labels))")
  switch opcode {
  case .cumulativeSum: return core.handle(core.cumulativeSum(x, axis, reversed: reversed, exclusive: exclusive))
  case .cumulativeProduct:
    return core.handle(core.cumulativeProduct(x, axis, reversed: reversed, exclusive: exclusive))
  default: return core.handle(core.cumulativeLogSumExp(x, axis, reversed: reversed))
  }
}

extension UnsafeMutablePointer<TapeCore> {
  func cumulativeSum(_ x: NodeID, _ axis: Int, reversed: Bool, exclusive: Bool) -> NodeID {
    scan(.cumulativeSum, x, axis, reversed, exclusive)
  }

  func cumulativeProduct(_ x: NodeID, _ axis: Int, reversed: Bool, exclusive: Bool) -> NodeID {
    scan(.cumulativeProduct, x, axis, reversed, exclusive)
  }

  func cumulativeLogSumExp(_ x: NodeID, _ axis: Int, reversed: Bool) -> NodeID {
    scan(.cumulativeLogSumExp, x, axis, reversed, false)
  }

  /// yᵢ = xᵢ + fᵢ₋₁ yᵢ₋₁ along an axis, or yᵢ = xᵢ + fᵢ yᵢ₊₁ if reversed. A y of exactly 0 absorbs its factor, even if
  /// that is not finite. There is one factor less than there are elements.
  func recurrence(_ x: NodeID, _ factors: NodeID, _ axis: Int, reversed: Bool) -> NodeID {
    scan(.recurrence, x, factors: contiguous(factors), axis, reversed, false)
  }

  private func scan(
    _ opcode: Opcode, _ x: NodeID, factors: NodeID = -1, _ axis: Int, _ reversed: Bool, _ exclusive: Bool
  ) -> NodeID {
    let x = contiguous(x)
    let (type, layout) = (self[record: x].pointee.scalarType, self[record: x].pointee.layout)
    return record(
      opcode, type, layout: layout, operands: (x, factors),
      attributes: attributes([axis, reversed ? 1 : 0, exclusive ? 1 : 0]))
  }

  /// A range along one axis; the others stay whole.
  func sliced(_ x: NodeID, _ axis: Int, _ range: Range<Int>) -> NodeID {
    sliced(x, (0..<axis).map { 0..<Int(layout(x).sizes[$0]) } + [range])
  }
}
