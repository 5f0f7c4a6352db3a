import CKernels

// Exponentials and logarithms.

private let log2e = 1.442695040888963407
private let log10e = 0.434294481903251828

extension Operation {
  static let exponential: [Operation] = [
    /// eˣ
    .unary(.exp) { x, y, c in c.scaled(by: y) },

    /// ln x: 1/x
    .unary(.log, over: 0.2...3) { x, y, c in c.divided(by: x) },

    /// eˣ − 1: y + 1
    .unary(.expMinusOne) { x, y, c in c.scaled(by: y + 1) },

    /// ln(1 + x): 1/(1 + x)
    .unary(.logOnePlus, over: -0.7...3) { x, y, c in c.divided(by: x + 1) },

    /// log₂ x: log₂ e / x
    .unary(.log2, over: 0.2...3) { x, y, c in log2e * c.divided(by: x) },

    /// log₁₀ x: log₁₀ e / x
    .unary(.log10, over: 0.2...3) { x, y, c in log10e * c.divided(by: x) },

    /// a ln b: ln b and a/b, both 0 at (0, 0)
    .binary(
      .xlogy, over: [-2...2, 0.3...2],
      { a, b, y, c in c.scaled(by: (a.equals(0) * b.isAtMost(0)).select(0, log(b))) },
      { a, b, y, c in c.scaled(by: (a.equals(0) * b.equals(0)).select(0, a / b)) }),

    /// eᵃ⁻ᵇ, 0 for a = −∞: what log-sum-exp's derivative is made of.
    .binary(.expDifference, { a, b, y, c in c.scaled(by: y) }, { a, b, y, c in -(c.scaled(by: y)) }),
  ]
}

/// The exponential of each element, within 3 ulp.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func exp<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.exp, x.handle)) }

/// The natural logarithm of each element, within 3 ulp; −∞ at 0 and NaN below.
///
/// The gradient at 0 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func log<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.log, x.handle)) }

/// eˣ − 1 of each element, within 3 ulp: near 0 `exp(x) - 1` would lose all digits.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func expMinusOne<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.expMinusOne, x.handle)) }

/// The natural logarithm of 1 + x of each element, within 3 ulp: near 0 `log(1 + x)` would lose all digits.
///
/// −∞ at −1 and NaN below. The gradient at −1 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@_disfavoredOverload  // So that `log` without a label, as a function value, is the logarithm.
@inlinable public func log<S>(onePlus x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.logOnePlus, x.handle)) }

/// The logarithm of each element to base 2, within 2 ulp and exact for powers of 2; −∞ at 0 and NaN below.
///
/// The gradient at 0 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func log2<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.log2, x.handle)) }

/// The logarithm of each element to base 10, within 2 ulp; −∞ at 0 and NaN below.
///
/// The gradient at 0 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func log10<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.log10, x.handle)) }

/// x ln y of matching elements, the terms of entropies. Shapes broadcast as in NumPy; traps if they do not.
///
/// Where x is 0 so is the result, even if y is 0 or negative; a NaN in y stays. At (0, 0) both derivatives are 0.
///
/// - Complexity: O(elements of the result); the tape keeps the result.
@inlinable public func xlogy<S>(_ x: Tensor<S>, _ y: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.xlogy, x.handle, y.handle))
}
/// x ln y of each element and a number.
@inlinable public func xlogy<S>(_ x: Tensor<S>, _ y: S) -> Tensor<S> {
  Tensor(recordBinary(.xlogy, x.handle, scalar: Double(y)))
}
/// x ln y of a number and each element.
@inlinable public func xlogy<S>(_ x: S, _ y: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.xlogy, y.handle, scalar: Double(x), scalarFirst: true))
}
