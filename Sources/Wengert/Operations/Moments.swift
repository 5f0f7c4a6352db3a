import CKernels

// Variances, standard deviations and norms over axes.

extension Operation {
  static let moments: [Operation] = [
    /// Σ(x − mean)² / (n − correction): 2 (x − mean) / (n − correction)
    Operation(
      opcode: .variance,
      forward: .reduction(
        { e, axes in
          let divisor = e.core.varianceDivisor(e.operand(0), axes, e.attribute(1))
          wg_variance_f64(e.input(0).value.f64, e.layout(0), axes, divisor, e.value.f64)
        },
        { e, axes in
          let divisor = e.core.varianceDivisor(e.operand(0), axes, e.attribute(1))
          wg_variance_f32(e.input(0).value.f32, e.layout(0), axes, Float(divisor), e.value.f32)
        }),
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in
            let core = p.core
            let divisor = core.varianceDivisor(p.operand(0), p.axes, p.attribute(1))
            let share = core.elementwise(.scaleCotangent, p.expandedCotangent, core.constant(2 / divisor, p.type))
            p.accumulate(0, core.elementwise(.scaleCotangent, share, core.centered(p.operand(0), p.axes)))
          }, isBlockable: true)),
      samples: .reductions { core, x, axes, keeps in core.variance(x, axes, correction: 0, keepingAxes: keeps) }),

    /// (Σ|x|ᵖ)^(1/p): sign x · (|x| / y)ᵖ⁻¹, which is x / y for p = 2, and 0 where y = 0
    Operation(
      opcode: .norm,
      forward: .reduction(
        { e, axes in wg_norm_f64(e.input(0).value.f64, e.layout(0), axes, e.normOrder, e.value.f64) },
        { e, axes in wg_norm_f32(e.input(0).value.f32, e.layout(0), axes, e.normOrder, e.value.f32) }),
      derivative: .structural(
        .init(
          rule: { p in
            let core = p.core
            let (x, order) = (p.operand(0), p.normOrder)
            let y = core.expanded(p.output, along: p.axes, of: p.shape(0))
            let zero = core.constant(0, p.type)
            let exponent = core.constant(order - 1, p.type)
            var direction: NodeID
            if order == 2 {
              direction = core.elementwise(.divide, x, y)
            } else if order.truncatingRemainder(dividingBy: 2) == 0 {
              // A power of x itself, which has all derivatives where x = 0.
              direction = core.elementwise(.pow, core.elementwise(.divide, x, y), exponent)
            } else {
              let ratio = core.elementwise(.divide, core.elementwise(.absolute, x), y)
              direction = core.elementwise(
                .multiply, core.elementwise(.sign, x), core.elementwise(.pow, ratio, exponent))
              if order < 2 {
                // Infinite at 0, in the first derivative or in the second; from both sides, so 0 it is.
                direction = core.elementwise(.select, x, direction, zero)
              }
            }
            direction = core.elementwise(.select, y, direction, zero)
            p.accumulate(0, core.elementwise(.scaleCotangent, p.expandedCotangent, direction))
          }, isBlockable: true)),
      samples: [Sample].reductions { core, x, axes, keeps in core.norm(x, axes, order: 2, keepingAxes: keeps) }
        + [3, 4, 1.5, -1].map { order in
          Sample("order \(order)", [[2, 3]], [0.3...2]) {
            AnyTensor(Core.current.norm($0[0].id, 0b10, order: order, keepingAxes: false))
          }
        }),
  ]
}

extension Composite {
  static let moments: [Composite] = [
    Composite(
      "variance with Bessel's correction",
      samples: [
        .of("(5,)", [[5]]) { $0[0].variance() },
        .of("(3, 4) along 0", [[3, 4]]) { $0[0].variance(along: 0, keepingAxes: true) },
      ]),
    Composite(
      "standardDeviation",
      samples: [
        .of("(5,)", [[5]]) { $0[0].standardDeviation() },
        .of("(3, 4) along 1", [[3, 4]]) { $0[0].standardDeviation(along: -1, correction: 0) },
        .of("(3, 0)", [[3, 0]]) { $0[0].standardDeviation(along: 0) },
      ]),
    Composite(
      "norm of order 1, ∞, −∞ and 0",
      samples: [
        .of("1", [[2, 3]], [0.3...2]) { $0[0].norm(1, along: 1) },
        .of("∞", [[2, 3]], [0.3...2]) { $0[0].norm(.infinity, along: 0) },
        .of("−∞", [[2, 3]], [-2 ... -0.3]) { $0[0].norm(-.infinity, along: 0, 1) },
        .of("0", [[2, 3]], [0.3...2]) { $0[0].norm(0, along: 1) },
      ]),
  ]
}

extension OperationInPass {
  /// The order of a norm, whose bits are its second and third attributes.
  fileprivate var normOrder: Double {
    Double(attribute(1), attribute(2))
  }
}

extension Tensor {
  /// The variance of all elements, Σ(x − mean)² / (n − correction), a scalar.
  ///
  /// NaN for no elements, and for one element with Bessel's correction. Computed in two passes, from the first element
  /// on: elements that lie close together far from 0 lose no digits.
  ///
  /// - Parameter correction: 1, Bessel's correction, for an estimate from a sample; 0 for a whole population.
  /// - Complexity: O(elements); the tape keeps one number.
  @inlinable public func variance(correction: Int = 1) -> Self { Self(recordVariance(handle, nil, correction, false)) }

  /// The variances along some axes, Σ(x − mean)² / (n − correction).
  ///
  /// NaN for no elements, and for one element with Bessel's correction. Computed in two passes, from the first element
  /// on: elements that lie close together far from 0 lose no digits.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - correction: 1, Bessel's correction, for an estimate from a sample; 0 for a whole population.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func variance(along axes: Int..., correction: Int = 1, keepingAxes: Bool = false) -> Self {
    Self(recordVariance(handle, axes, correction, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func variance(along axes: [Int], correction: Int = 1, keepingAxes: Bool = false) -> Self {
    Self(recordVariance(handle, axes, correction, keepingAxes))
  }

  /// The standard deviation of all elements, the root of their variance, a scalar.
  ///
  /// Where all elements are equal it is 0, with derivatives of 0 of every order. NaN for no elements, and for one
  /// element with Bessel's correction.
  ///
  /// - Parameter correction: 1, Bessel's correction, for an estimate from a sample; 0 for a whole population.
  /// - Complexity: O(elements); the tape keeps four numbers.
  @inlinable public func standardDeviation(correction: Int = 1) -> Self {
    Self(recordStandardDeviation(handle, nil, correction, false))
  }

  /// The standard deviations along some axes, the roots of the variances.
  ///
  /// Where all elements are equal it is 0, with derivatives of 0 of every order. NaN for no elements, and for one
  /// element with Bessel's correction.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - correction: 1, Bessel's correction, for an estimate from a sample; 0 for a whole population.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps four arrays of the result's size.
  @inlinable public func standardDeviation(along axes: Int..., correction: Int = 1, keepingAxes: Bool = false) -> Self {
    Self(recordStandardDeviation(handle, axes, correction, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func standardDeviation(along axes: [Int], correction: Int = 1, keepingAxes: Bool = false) -> Self {
    Self(recordStandardDeviation(handle, axes, correction, keepingAxes))
  }

  /// The norm of all elements as one vector, (Σ|x|ᵖ)^(1/p), a scalar; that of order 2 is the Euclidean length.
  ///
  /// The order may be any number: ∞ gives the largest magnitude, −∞ the smallest, and 0 the number of elements that are
  /// not 0. Scaled, so that `[1e200, 1e200]` has a norm. The derivative is 0 at the zero vector, and for the orders
  /// below 2 also with respect to an element that is 0. The norm of no elements is 0; traps there for ∞ and −∞, and
  /// for an order that is NaN.
  ///
  /// - Complexity: O(elements); the tape keeps one number, and the magnitudes for the orders 1, ∞ and −∞.
  @inlinable public func norm(_ order: Double = 2) -> Self { Self(recordNorm(handle, order, nil, false)) }

  /// The norms along some axes, (Σ|x|ᵖ)^(1/p); that of order 2 is the Euclidean length.
  ///
  /// See ``norm(_:)`` for the orders and the hard points.
  ///
  /// - Parameters:
  ///   - order: Any number but NaN, ∞ and −∞ included.
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps the result, and the magnitudes for the orders 1, ∞ and −∞.
  @inlinable public func norm(_ order: Double = 2, along axes: Int..., keepingAxes: Bool = false) -> Self {
    Self(recordNorm(handle, order, axes, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func norm(_ order: Double = 2, along axes: [Int], keepingAxes: Bool = false) -> Self {
    Self(recordNorm(handle, order, axes, keepingAxes))
  }
}

@usableFromInline @inline(never)
func recordVariance(_ x: Handle, _ axes: [Int]?, _ correction: Int, _ keepsAxes: Bool) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let bits = core.axisBits(axes, of: x, for: "variance(along:correction:keepingAxes:)")
  return core.handle(core.variance(x, bits, correction: correction, keepingAxes: keepsAxes))
}

@usableFromInline @inline(never)
func recordStandardDeviation(_ x: Handle, _ axes: [Int]?, _ correction: Int, _ keepsAxes: Bool) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let bits = core.axisBits(axes, of: x, for: "standardDeviation(along:correction:keepingAxes:)")
  let variance = core.variance(x, bits, correction: correction, keepingAxes: keepsAxes)
  // Where the variance is 0 the root is not taken, and nothing reaches the elements.
  let zero = core.constant(0, core[record: x].pointee.scalarType)
  return core.handle(core.elementwise(.select, variance, core.elementwise(.squareRoot, variance), zero))
}

@usableFromInline @inline(never)
func recordNorm(_ x: Handle, _ order: Double, _ axes: [Int]?, _ keepsAxes: Bool) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  func name() -> String { axes == nil ? "norm(_:)" : "norm(_:along:keepingAxes:)" }
  let bits = core.axisBits(axes, of: x, for: name())
  guard !order.isNaN else { misuse(.normOrder(name())) }
  if order.isInfinite { core.checkNotEmpty(x, bits, name(), order > 0 ? "maximum" : "minimum") }
  return core.handle(core.norm(x, bits, order: order, keepingAxes: keepsAxes))
}

extension UnsafeMutablePointer<TapeCore> {
  func variance(_ x: NodeID, _ axes: UInt32, correction: Int, keepingAxes: Bool) -> NodeID {
    reduce(.variance, x, axes, keepingAxes, parameters: [correction])
  }

  fileprivate func varianceDivisor(_ x: NodeID, _ axes: UInt32, _ correction: Int) -> Double {
    Swift.max(0, reducedCount(x, axes) - Double(correction))
  }

  /// The deviations from the mean, taken from the first element on as the variance's are.
  fileprivate func centered(_ x: NodeID, _ axes: UInt32) -> NodeID {
    let shape = shape(x)
    guard !shape.contains(0) else { return x }
    let first = sliced(x, shape.indices.map { axes >> UInt32($0) & 1 == 1 ? 0..<1 : 0..<shape[$0] })
    let shifted = elementwise(.subtract, x, detached(first))
    return elementwise(.subtract, shifted, mean(shifted, axes, keepingAxes: true))
  }

  func norm(_ x: NodeID, _ axes: UInt32, order: Double, keepingAxes: Bool) -> NodeID {
    switch order {
    case 0:
      let zero = constant(0, self[record: x].pointee.scalarType)
      return sum(elementwise(.notEqual, x, zero), axes, keepingAxes: keepingAxes)
    case 1: return sum(elementwise(.absolute, x), axes, keepingAxes: keepingAxes)
    case .infinity: return maximum(elementwise(.absolute, x), axes, keepingAxes: keepingAxes)
    case -.infinity: return minimum(elementwise(.absolute, x), axes, keepingAxes: keepingAxes)
    default:
      return reduce(.norm, x, axes, keepingAxes, parameters: order.halves)
    }
  }
}
