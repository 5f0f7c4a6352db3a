import CKernels

// Hyperbolic functions and their inverses.

extension Operation {
  static let hyperbolic: [Operation] = [
    /// sinh x: cosh x
    .unary(.sinh) { x, y, c in c.scaled(by: cosh(x)) },

    /// cosh x: sinh x
    .unary(.cosh) { x, y, c in c.scaled(by: sinh(x)) },

    /// tanh x: 1 − y²
    .unary(.tanh) { x, y, c in c.scaled(by: 1 - y * y) },

    /// arsinh x: 1/√(x² + 1), whose square would overflow
    .unary(.asinh) { x, y, c in c.divided(by: hypot(x, 1)) },

    /// arcosh x: 1/√(x² − 1), by factors that keep their digits near 1 and do not overflow
    .unary(.acosh, over: 1.3...3) { x, y, c in c.divided(by: sqrt(x - 1) * sqrt(x + 1)) },

    /// artanh x: 1/(1 − x²), by factors that keep their digits near ±1
    .unary(.atanh, over: -0.8...0.8) { x, y, c in c.divided(by: (1 - x) * (x + 1)) },
  ]
}

/// The hyperbolic sine of each element.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func sinh<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.sinh, x.handle)) }

/// The hyperbolic cosine of each element.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func cosh<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.cosh, x.handle)) }

/// The hyperbolic tangent of each element, within 3 ulp.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func tanh<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.tanh, x.handle)) }

/// The inverse hyperbolic sine of each element.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func asinh<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.asinh, x.handle)) }

/// The inverse hyperbolic cosine of each element, 0 or more; NaN below 1.
///
/// The gradient at 1 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func acosh<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.acosh, x.handle)) }

/// The inverse hyperbolic tangent of each element; ±∞ at ±1 and NaN beyond.
///
/// The gradient at ±1 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func atanh<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.atanh, x.handle)) }
