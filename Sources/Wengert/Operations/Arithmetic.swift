import CKernels

// Sums, products and quotients.

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
    /// of other operations. Where c = 0 nothing depends on d, even if z, which went through derivatives of a branch not
    /// taken, is infinite or NaN.
    .binary(
      .scaleCotangent, { c, d, y, z in z.scaled(by: d) }, { c, d, y, z in z.scaled(strongly: c) }),

    /// The strong quotient c/d, 0 wherever c = 0.
    .binary(
      .divideCotangent, over: [-2...2, 0.5...2],
      { c, d, y, z in z.divided(by: d) }, { c, d, y, z in -(z.scaled(strongly: y.divided(by: d))) }),

    /// The product of two cotangents, 0 wherever one of them is.
    .binary(
      .strongProduct, { a, b, y, c in c.scaled(strongly: b) }, { a, b, y, c in c.scaled(strongly: a) }),
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
