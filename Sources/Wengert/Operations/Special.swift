import CKernels

// The error function, and the gamma function's logarithm with its derivatives.

private let twoOverRootPi = 1.12837916709551257390

extension Operation {
  static let special: [Operation] = [
    /// erf x: 2/√π exp(−x²)
    .unary(.erf) { x, y, c in c.scaled(by: twoOverRootPi * exp(-(x * x))) },

    /// 1 − erf x: −2/√π exp(−x²)
    .unary(.erfc) { x, y, c in c.scaled(by: -twoOverRootPi * exp(-(x * x))) },

    /// ln |Γ(x)|: ψ(x)
    .unary(.logGamma, over: 0.7...4) { x, y, c in c.scaled(by: digamma(x)) },

    /// ψ(x) = Γ′(x)/Γ(x): ψ⁽¹⁾(x)
    .unary(.digamma, over: 0.7...4) { x, y, c in c.scaled(by: polygamma(1, x)) },

    /// ψ⁽ⁿ⁾(x), n a constant: ψ⁽ⁿ⁺¹⁾(x)
    Operation(
      opcode: .polygamma,
      derivative: .elementwise([nil, TracedProgram { x, y, c in c.scaled(by: polygamma(x.0 + 1, x.1)) }]),
      samples: (1...3).flatMap { order in
        ([[], [1], [7], [2, 3], [0]] as [Shape]).map { shape in
          Sample("of order \(order) \(shape)", [shape], [1.3...3]) { operands in
            let (core, x) = (Core.current, operands[0].id)
            let order = core.constant(Double(order), core[record: x].pointee.scalarType)
            return AnyTensor(core.elementwise(.polygamma, order, x))
          }
        }
      }),
  ]
}

/// The error function 2/√π ∫₀ˣ exp(−t²) dt of each element, within 3 ulp.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func erf<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.erf, x.handle)) }

/// The complementary error function 1 − erf(x) of each element, within 3 ulp.
///
/// The right tail keeps its relative precision until it underflows, at 27.2 in `Double` and 10.1 in `Float`.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func erfc<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.erfc, x.handle)) }

/// The natural logarithm of the absolute value of the gamma function of each element.
///
/// ∞ at 0 and at negative whole numbers, where the gradient is that of ``digamma(_:)``; ∞ at ±∞.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func logGamma<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.logGamma, x.handle)) }

/// The digamma function ψ, the derivative of ``logGamma(_:)``, of each element.
///
/// ∓∞ at ±0 and NaN at negative whole numbers. Precise to a few ulp for positive elements, and for negative ones
/// relative to the larger of 1 and the result, as near the zeros there digits cancel.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func digamma<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.digamma, x.handle)) }

/// The derivative of ``digamma(_:)`` of an order, ψ⁽ⁿ⁾, of each element; order 0 is `digamma` itself.
///
/// ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹ n! Σ (x + k)⁻ⁿ⁻¹ over k ≥ 0. At its poles, 0 and the negative whole numbers, it is ∞ for odd orders.
/// For even ones it is ∓∞ at ±0 and NaN at the others. Traps if the order is negative.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func polygamma<S>(_ order: Int, _ x: Tensor<S>) -> Tensor<S> {
  Tensor(recordPolygamma(order, x.handle))
}

@usableFromInline @inline(never)
func recordPolygamma(_ order: Int, _ x: Handle) -> Handle {
  let core = Core.recording
  guard order >= 0 else { misuse(.polygammaOrder(order)) }
  let x = core.resolve(x)
  guard order > 0 else { return core.handle(core.elementwise(.digamma, x)) }
  let order = core.constant(Double(order), core[record: x].pointee.scalarType)
  return core.handle(core.elementwise(.polygamma, order, x))
}
