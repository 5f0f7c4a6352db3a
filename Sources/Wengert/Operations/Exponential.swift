import CKernels

// Exponentials, logarithms and the functions made from them.

extension Operation {
  static let exponential: [Operation] = [
    /// eˣ
    .unary(.exp) { x, y, c in c.scaled(by: y) },

    /// ln x: 1/x
    .unary(.log, over: 0.2...3) { x, y, c in c.divided(by: x) },

    /// √x: 1/(2y), infinite at 0
    .unary(.squareRoot, over: 0.2...3) { x, y, c in c.divided(by: 2 * y) },

    /// tanh x: 1 − y²
    .unary(.tanh) { x, y, c in c.scaled(by: 1 - y * y) },

    /// 1/(1 + e⁻ˣ): y (1 − y)
    .unary(.sigmoid) { x, y, c in c.scaled(by: y * (1 - y)) },

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

/// The square root of each element, correctly rounded; NaN below 0.
///
/// The gradient at 0 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func sqrt<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.squareRoot, x.handle)) }

/// The hyperbolic tangent of each element, within 3 ulp.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func tanh<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.tanh, x.handle)) }

/// The logistic function 1/(1 + e⁻ˣ) of each element, without overflow at either end.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func sigmoid<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.sigmoid, x.handle)) }
