import CKernels

// Sums, products, quotients and powers.

extension Operation {
  static let arithmetic: [Operation] = [
    .unary(.identity) { x, y, c in c },

    /// −x
    .unary(.negate) { x, y, c in -c },

    /// a + b
    .binary(.add, { a, b, y, c in c }, { a, b, y, c in c }),

    /// a − b
    .binary(.subtract, { a, b, y, c in c }, { a, b, y, c in -c }),

    /// a b
    .binary(.multiply, { a, b, y, c in c.scaled(by: b) }, { a, b, y, c in c.scaled(by: a) }),

    /// a / b: 1/b and −y/b
    .binary(
      .divide, over: [-2...2, 0.5...2],
      { a, b, y, c in c.divided(by: b) }, { a, b, y, c in -(c.scaled(by: y / b)) }),

    /// The strong product c·d of a cotangent and a local derivative, 0 wherever c = 0: it appears in the derivatives
    /// of other operations.
    .binary(
      .scaleCotangent, { c, d, y, z in z.scaled(by: d) }, { c, d, y, z in z.scaled(by: c) }),

    /// The strong quotient c/d, 0 wherever c = 0.
    .binary(
      .divideCotangent, over: [-2...2, 0.5...2],
      { c, d, y, z in z.divided(by: d) }, { c, d, y, z in -(z.scaled(by: y.divided(by: d))) }),

    /// aᵇ: b aᵇ⁻¹, which is 0 for b = 0 whatever a is, and y log a, which is 0 at a = 0 for b ≥ 0.
    .binary(
      .pow, over: [0.3...2, -2...2],
      { a, b, y, c in c.scaled(by: b.equals(0).select(0, b * pow(a, b - 1))) },
      { a, b, y, c in c.scaled(by: (a.equals(0) * b.isAtLeast(0)).select(0, y * log(a))) }),
  ]
}

extension Tensor {
  /// The elementwise sum. Shapes broadcast as in NumPy; traps if they do not.
  ///
  /// - Complexity: O(elements of the result); the tape keeps the result.
  @inlinable public static func + (a: Self, b: Self) -> Self { Self(recordBinary(.add, a.handle, b.handle)) }
  /// The sum of each element and a number.
  @inlinable public static func + (a: Self, b: Scalar) -> Self { Self(recordBinary(.add, a.handle, scalar: Double(b))) }
  /// The sum of a number and each element.
  @inlinable public static func + (a: Scalar, b: Self) -> Self {
    Self(recordBinary(.add, b.handle, scalar: Double(a), scalarFirst: true))
  }

  /// The elementwise difference. Shapes broadcast as in NumPy; traps if they do not.
  ///
  /// - Complexity: O(elements of the result); the tape keeps the result.
  @inlinable public static func - (a: Self, b: Self) -> Self { Self(recordBinary(.subtract, a.handle, b.handle)) }
  /// The difference of each element and a number.
  @inlinable public static func - (a: Self, b: Scalar) -> Self {
    Self(recordBinary(.subtract, a.handle, scalar: Double(b)))
  }
  /// The difference of a number and each element.
  @inlinable public static func - (a: Scalar, b: Self) -> Self {
    Self(recordBinary(.subtract, b.handle, scalar: Double(a), scalarFirst: true))
  }

  /// The elementwise product. Shapes broadcast as in NumPy; traps if they do not. For matrices see ``matmul(_:_:)``.
  ///
  /// - Complexity: O(elements of the result); the tape keeps the result.
  @inlinable public static func * (a: Self, b: Self) -> Self { Self(recordBinary(.multiply, a.handle, b.handle)) }
  /// The product of each element and a number.
  @inlinable public static func * (a: Self, b: Scalar) -> Self {
    Self(recordBinary(.multiply, a.handle, scalar: Double(b)))
  }
  /// The product of a number and each element.
  @inlinable public static func * (a: Scalar, b: Self) -> Self {
    Self(recordBinary(.multiply, b.handle, scalar: Double(a), scalarFirst: true))
  }

  /// The elementwise quotient. Shapes broadcast as in NumPy; traps if they do not.
  ///
  /// Division by zero follows IEEE 754; the gradient there is infinite where the cotangent is not 0, and 0 where it is.
  ///
  /// - Complexity: O(elements of the result); the tape keeps the result.
  @inlinable public static func / (a: Self, b: Self) -> Self { Self(recordBinary(.divide, a.handle, b.handle)) }
  /// The quotient of each element and a number.
  @inlinable public static func / (a: Self, b: Scalar) -> Self {
    Self(recordBinary(.divide, a.handle, scalar: Double(b)))
  }
  /// The quotient of a number and each element.
  @inlinable public static func / (a: Scalar, b: Self) -> Self {
    Self(recordBinary(.divide, b.handle, scalar: Double(a), scalarFirst: true))
  }

  /// The negative of each element.
  @inlinable public static prefix func - (a: Self) -> Self { Self(recordUnary(.negate, a.handle)) }
}

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

/// Each element of `x` raised to a fixed power; exponents 1 and 2 cost no more than a product.
@inlinable public func pow<S>(_ x: Tensor<S>, _ y: S) -> Tensor<S> {
  Tensor(recordBinary(.pow, x.handle, scalar: Double(y)))
}

/// A number raised to the power of each element of `y`.
@inlinable public func pow<S>(_ x: S, _ y: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.pow, y.handle, scalar: Double(x), scalarFirst: true))
}
