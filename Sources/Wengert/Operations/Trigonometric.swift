import CKernels

// Trigonometric functions and their inverses, in radians.

extension Operation {
  static let trigonometric: [Operation] = [
    /// sin x: cos x
    .unary(.sin) { x, y, c in c.scaled(by: cos(x)) },

    /// cos x: −sin x
    .unary(.cos) { x, y, c in -(c.scaled(by: sin(x))) },

    /// tan x: 1 + y²
    .unary(.tan, over: -1...1) { x, y, c in c.scaled(by: y * y + 1) },

    /// arcsin x: 1/√(1 − x²), as (1 − x)(1 + x) keeps its digits near ±1
    .unary(.asin, over: -0.8...0.8) { x, y, c in c.divided(by: sqrt((1 - x) * (x + 1))) },

    /// arccos x: −1/√(1 − x²)
    .unary(.acos, over: -0.8...0.8) { x, y, c in -(c.divided(by: sqrt((1 - x) * (x + 1)))) },

    /// arctan x: 1/(1 + x²)
    .unary(.atan) { x, y, c in c.divided(by: x * x + 1) },

    /// The angle of the point (x, y): x/r² and −y/r², 0 at the origin and at infinity
    .binary(
      .atan2, over: [0.3...2, -2...2],
      { y, x, _, c in c.scaled(by: overSquaredRadius(x, y, x)) },
      { y, x, _, c in -(c.scaled(by: overSquaredRadius(y, y, x))) }),
  ]

  /// a/(x² + y²) without overflow or underflow on the way, 0 at the origin and at infinity.
  private static func overSquaredRadius(_ a: Term, _ y: Term, _ x: Term) -> Term {
    let r = hypot(x, y)
    return (r.equals(0) + r.equals(.infinity)).select(0, a / r / r)
  }
}

/// The sine of each element, an angle in radians; NaN at ±∞.
///
/// Within 1 ulp for all magnitudes. Beyond 10⁵, in `Float` 10⁴, the C library reduces the argument, and it is slower.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func sin<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.sin, x.handle)) }

/// The cosine of each element, an angle in radians; NaN at ±∞.
///
/// Within 1 ulp for all magnitudes. Beyond 10⁵, in `Float` 10⁴, the C library reduces the argument, and it is slower.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func cos<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.cos, x.handle)) }

/// The tangent of each element, an angle in radians; NaN at ±∞.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func tan<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.tan, x.handle)) }

/// The arc sine of each element, in −π/2...π/2; NaN outside −1...1.
///
/// The gradient at ±1 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func asin<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.asin, x.handle)) }

/// The arc cosine of each element, in 0...π; NaN outside −1...1.
///
/// The gradient at ±1 is infinite where the cotangent is not 0, and 0 where it is.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func acos<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.acos, x.handle)) }

/// The arc tangent of each element, in −π/2...π/2. For the angle of a point see ``atan2(_:_:)-(Tensor<S>,Tensor<S>)``.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func atan<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.atan, x.handle)) }

/// The angle, in −π...π, between the positive x axis and the points with these ordinates and abscissas: y comes first.
/// Shapes broadcast as in NumPy; traps if they do not.
///
/// Zeros and infinities follow IEEE 754, signs included. At the origin both derivatives are 0.
///
/// - Complexity: O(elements of the result); the tape keeps the result.
@inlinable public func atan2<S>(_ y: Tensor<S>, _ x: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.atan2, y.handle, x.handle))
}
/// The angle of the points with these ordinates and one abscissa.
@inlinable public func atan2<S>(_ y: Tensor<S>, _ x: S) -> Tensor<S> {
  Tensor(recordBinary(.atan2, y.handle, scalar: Double(x)))
}
/// The angle of the points with one ordinate and these abscissas.
@inlinable public func atan2<S>(_ y: S, _ x: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.atan2, x.handle, scalar: Double(y), scalarFirst: true))
}
