import CKernels

// Powers, roots and reciprocals.

extension Operation {
  static let powers: [Operation] = [
    /// x²: 2x
    .unary(.square) { x, y, c in c.scaled(by: 2 * x) },

    /// √x: 1/(2y), infinite at 0
    .unary(.squareRoot, over: 0.2...3) { x, y, c in c.divided(by: 2 * y) },

    /// 1/x: −y²
    .unary(.reciprocal, over: 0.5...2) { x, y, c in -(c.scaled(by: y * y)) },

    /// 1/√x: −y³/2
    .unary(.rsqrt, over: 0.3...3) { x, y, c in c.scaled(by: -0.5 * (y * y * y)) },

    /// aᵇ: b aᵇ⁻¹, which is 0 for b = 0 whatever a is, and y log a, which is 0 at a = 0 for b ≥ 0.
    .binary(
      .pow, over: [0.3...2, -2...2],
      { a, b, y, c in c.scaled(by: powerSlope(a, b)) },
      { a, b, y, c in c.scaled(by: (a.equals(0) * b.isAtLeast(0)).select(0, y * log(a))) }),

    /// b aᵇ⁻¹, the derivative of a power: b (b − 1) aᵇ⁻², and aᵇ⁻¹ (1 + b log a), which is 0 at a = 0 for b > 1.
    .binary(
      .powerSlope, over: [0.3...2, -2...2],
      { a, b, y, c in c.scaled(by: b.equals(0).select(0, b * powerSlope(a, b - 1))) },
      { a, b, y, c in
        c.scaled(by: (a.equals(0) * b.isGreater(than: 1)).select(0, pow(a, b - 1) * (b * log(a) + 1)))
      }),

    /// √(a² + b²): a/y and b/y, both 0 at (0, 0)
    .binary(
      .hypot, over: [0.3...2, -2 ... -0.3],
      { a, b, y, c in c.scaled(by: y.equals(0).select(0, a / y)) },
      { a, b, y, c in c.scaled(by: y.equals(0).select(0, b / y)) }),
  ]
}

/// The square of each element.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func square<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.square, x.handle)) }

/// The square root of each element, correctly rounded; NaN below 0.
///
/// The gradient at 0 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func sqrt<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.squareRoot, x.handle)) }

/// 1/x of each element, correctly rounded; ±∞ at ±0.
///
/// The gradient at 0 is −∞ times the cotangent where that is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func reciprocal<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.reciprocal, x.handle)) }

/// 1/√x of each element, within 1.5 ulp; ∞ at 0 and NaN below.
///
/// The gradient at 0 is −∞ times the cotangent where that is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func rsqrt<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.rsqrt, x.handle)) }

/// Each element of `x` raised to the power of the matching element of `y`. Shapes broadcast as in NumPy.
///
/// A negative base with a fractional exponent is NaN. At x = 0 the derivatives are those of IEEE limits:
/// `pow(0, 0)` has (0, 0), `pow(0, 1)` has (1, 0), `pow(0, ½)` has (∞, 0). The derivative with respect to `y`
/// is `xʸ log x` and so NaN for a negative base; it is computed only if it is asked for.
///
/// - Complexity: O(elements of the result); the tape keeps the result.
@inlinable public func pow<S>(_ x: Tensor<S>, _ y: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.pow, x.handle, y.handle))
}

/// Each element of `x` raised to a fixed power; to that of 2 it is recorded as ``square(_:)``.
@inlinable public func pow<S>(_ x: Tensor<S>, _ y: S) -> Tensor<S> {
  y == 2 ? square(x) : Tensor(recordBinary(.pow, x.handle, scalar: Double(y)))
}

/// A number raised to the power of each element of `y`.
@inlinable public func pow<S>(_ x: S, _ y: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.pow, y.handle, scalar: Double(x), scalarFirst: true))
}

/// √(x² + y²) of matching elements, without overflow or underflow on the way. Shapes broadcast as in NumPy; traps if
/// they do not.
///
/// At (0, 0) both derivatives are 0. If one element is infinite so is the result, even if the other is NaN.
///
/// - Complexity: O(elements of the result); the tape keeps the result.
@inlinable public func hypot<S>(_ x: Tensor<S>, _ y: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.hypot, x.handle, y.handle))
}
/// √(x² + y²) of each element and a number.
@inlinable public func hypot<S>(_ x: Tensor<S>, _ y: S) -> Tensor<S> {
  Tensor(recordBinary(.hypot, x.handle, scalar: Double(y)))
}
/// √(x² + y²) of a number and each element.
@inlinable public func hypot<S>(_ x: S, _ y: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.hypot, y.handle, scalar: Double(x), scalarFirst: true))
}
