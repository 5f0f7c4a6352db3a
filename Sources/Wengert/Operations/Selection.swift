import CKernels

// Comparisons, and functions that pick one of their operands.

extension Operation {
  static let selection: [Operation] = [
    /// max(x, 0): 1 above 0, else 0; a NaN passes.
    // By the output, so that what went in need not be kept.
    .unary(.relu, over: 0.3...2) { _, y, c in y.isAtMost(0).select(0, c) },

    /// |x|: the sign, 0 at 0
    .unary(.absolute, over: -2 ... -0.3) { x, y, c in c.scaled(by: sign(x)) },

    /// The larger: the cotangent goes to it, in halves at a tie, and to a NaN.
    .binary(
      .maximum, over: [1.1...2, -1...0.9],
      { a, b, y, c in c.scaled(by: maximumShare(a, b)) }, { a, b, y, c in c.scaled(by: maximumShare(b, a)) }),

    /// The smaller
    .binary(
      .minimum, over: [1.1...2, -1...0.9],
      { a, b, y, c in c.scaled(by: minimumShare(a, b)) }, { a, b, y, c in c.scaled(by: minimumShare(b, a)) }),

    /// b where a ≠ 0, else c: the operand not taken gets 0, even if it is infinite or NaN.
    Operation(
      opcode: .select,
      derivative: .elementwise([
        nil, TracedProgram { x, y, c in x.0.select(c, 0) }, TracedProgram { x, y, c in x.0.select(0, c) },
      ]),
      samples: Sample.elementwise(.select, [0...1, -2...2, -2...2])),

    // Constant almost everywhere: no path is recorded.
    .binary(.maximumShare, nil, nil), .binary(.minimumShare, nil, nil), .binary(.matches, nil, nil),
    .binary(.less, nil, nil), .binary(.lessOrEqual, nil, nil), .binary(.greater, nil, nil),
    .binary(.greaterOrEqual, nil, nil), .binary(.equal, nil, nil), .binary(.notEqual, nil, nil),
  ]
}

/// The positive part of each element, max(x, 0). The derivative at 0 is 0; NaN stays NaN.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func relu<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.relu, x.handle)) }

/// The absolute value of each element. The derivative at 0 is 0.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func abs<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.absolute, x.handle)) }

/// The larger of two elements. Shapes broadcast as in NumPy.
///
/// A NaN in either operand is the result, and takes the cotangent; at a tie each operand gets half.
///
/// - Complexity: O(elements of the result); the tape keeps the result.
@inlinable public func maximum<S>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.maximum, a.handle, b.handle))
}
/// The larger of each element and a number.
@inlinable public func maximum<S>(_ a: Tensor<S>, _ b: S) -> Tensor<S> {
  Tensor(recordBinary(.maximum, a.handle, scalar: Double(b)))
}
/// The larger of a number and each element.
@inlinable public func maximum<S>(_ a: S, _ b: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.maximum, b.handle, scalar: Double(a), scalarFirst: true))
}

/// The smaller of two elements. Shapes broadcast as in NumPy.
///
/// A NaN in either operand is the result, and takes the cotangent; at a tie each operand gets half.
///
/// - Complexity: O(elements of the result); the tape keeps the result.
@inlinable public func minimum<S>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.minimum, a.handle, b.handle))
}
/// The smaller of each element and a number.
@inlinable public func minimum<S>(_ a: Tensor<S>, _ b: S) -> Tensor<S> {
  Tensor(recordBinary(.minimum, a.handle, scalar: Double(b)))
}
/// The smaller of a number and each element.
@inlinable public func minimum<S>(_ a: S, _ b: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.minimum, b.handle, scalar: Double(a), scalarFirst: true))
}

infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence
infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence

/// Elementwise comparisons give 1 where they hold and 0 where they do not, so that their mean is a fraction and
/// ``where(_:_:_:)`` takes them as a condition. They have no derivative.
extension Tensor {
  /// 1 where `a` is less than `b`, else 0.
  @inlinable public static func .< (a: Self, b: Self) -> Self { Self(recordBinary(.less, a.handle, b.handle)) }
  /// 1 where an element is less than a number, else 0.
  @inlinable public static func .< (a: Self, b: Scalar) -> Self {
    Self(recordBinary(.less, a.handle, scalar: Double(b)))
  }
  /// 1 where `a` is at most `b`, else 0.
  @inlinable public static func .<= (a: Self, b: Self) -> Self { Self(recordBinary(.lessOrEqual, a.handle, b.handle)) }
  /// 1 where an element is at most a number, else 0.
  @inlinable public static func .<= (a: Self, b: Scalar) -> Self {
    Self(recordBinary(.lessOrEqual, a.handle, scalar: Double(b)))
  }
  /// 1 where `a` is greater than `b`, else 0.
  @inlinable public static func .> (a: Self, b: Self) -> Self { Self(recordBinary(.greater, a.handle, b.handle)) }
  /// 1 where an element is greater than a number, else 0.
  @inlinable public static func .> (a: Self, b: Scalar) -> Self {
    Self(recordBinary(.greater, a.handle, scalar: Double(b)))
  }
  /// 1 where `a` is at least `b`, else 0.
  @inlinable public static func .>= (a: Self, b: Self) -> Self {
    Self(recordBinary(.greaterOrEqual, a.handle, b.handle))
  }
  /// 1 where an element is at least a number, else 0.
  @inlinable public static func .>= (a: Self, b: Scalar) -> Self {
    Self(recordBinary(.greaterOrEqual, a.handle, scalar: Double(b)))
  }
  /// 1 where elements are equal, else 0; NaN equals nothing.
  @inlinable public static func .== (a: Self, b: Self) -> Self { Self(recordBinary(.equal, a.handle, b.handle)) }
  /// 1 where an element equals a number, else 0.
  @inlinable public static func .== (a: Self, b: Scalar) -> Self {
    Self(recordBinary(.equal, a.handle, scalar: Double(b)))
  }
  /// 1 where elements differ, else 0.
  @inlinable public static func .!= (a: Self, b: Self) -> Self { Self(recordBinary(.notEqual, a.handle, b.handle)) }
  /// 1 where an element differs from a number, else 0.
  @inlinable public static func .!= (a: Self, b: Scalar) -> Self {
    Self(recordBinary(.notEqual, a.handle, scalar: Double(b)))
  }

  /// The elements of `a` where `condition` is not 0, and those of `b` elsewhere. Shapes broadcast as in NumPy.
  ///
  /// This is how a tensor is masked: `.where(mask, x, 0).sum()` sums the elements that a mask of ones and zeros admits,
  /// and `.where(x .> limit, limit, x)` replaces some.
  ///
  /// The operand that is not taken gets a cotangent of exactly 0, even where it or its derivative is infinite or
  /// NaN: `.where(x .> 0, sqrt(x), 0)` has a finite gradient at 0. The condition has no derivative.
  ///
  /// - Complexity: O(elements of the result); the tape keeps the result.
  @inlinable public static func `where`(_ condition: Self, _ a: Self, _ b: Self) -> Self {
    Self(recordSelect(condition.handle, a.handle, b.handle))
  }
  /// The elements of `a` where `condition` is not 0, and a number elsewhere.
  @inlinable public static func `where`(_ condition: Self, _ a: Self, _ b: Scalar) -> Self {
    Self(recordSelect(condition.handle, a.handle, scalar: Double(b), scalarFirst: false))
  }
  /// A number where `condition` is not 0, and the elements of `b` elsewhere.
  @inlinable public static func `where`(_ condition: Self, _ a: Scalar, _ b: Self) -> Self {
    Self(recordSelect(condition.handle, b.handle, scalar: Double(a), scalarFirst: true))
  }
}

@usableFromInline @inline(never)
func recordSelect(_ condition: Handle, _ a: Handle, _ b: Handle) -> Handle {
  let core = Core.recording
  return core.handle(core.elementwise(.select, core.resolve(condition), core.resolve(a), core.resolve(b)))
}

@usableFromInline @inline(never)
func recordSelect(_ condition: Handle, _ a: Handle, scalar: Double, scalarFirst: Bool) -> Handle {
  let core = Core.recording
  let (condition, a) = (core.resolve(condition), core.resolve(a))
  let b = core.constant(scalar, core[record: a].pointee.scalarType)
  return core.handle(core.elementwise(.select, condition, scalarFirst ? b : a, scalarFirst ? a : b))
}
