import CKernels

// Rounding, signs, remainders and bounds: piecewise linear, with a derivative that is mostly 0 or 1.

extension Operation {
  static let rounding: [Operation] = [
    // Constant almost everywhere: no path is recorded.
    .unary(.sign, nil), .unary(.floor, nil), .unary(.ceil, nil), .unary(.rounded, nil),

    /// a − ⌊a/b⌋ b: 1 and −⌊a/b⌋, which is the nearest whole number to (y − a)/b
    .binary(
      .remainder, over: [4.3...4.7, 1.6...2],
      { a, b, y, c in c }, { a, b, y, c in c.scaled(by: rounded((y - a) / b)) }),

    /// x held within two bounds: the cotangent goes to x strictly inside, and to a bound beyond it; a NaN passes.
    Operation(
      opcode: .clamp,
      derivative: .elementwise([
        TracedProgram { x, y, c in (x.0.isAtMost(x.1) + x.0.isAtLeast(x.2)).select(0, c) },
        TracedProgram { x, y, c in x.0.isLess(than: x.1).select(c, 0) },
        TracedProgram { x, y, c in (x.0.isGreater(than: x.2) * x.0.isAtLeast(x.1)).select(c, 0) },
      ]),
      samples: [-1...1, -3 ... -2.2, 2.2...3].flatMap { Sample.elementwise(.clamp, [$0, -2 ... -1.2, 1.2...2]) }),
  ]
}

/// 1 where an element is positive, −1 where it is negative, 0 where it is 0, NaN where it is NaN. Not differentiable.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func sign<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.sign, x.handle)) }

/// The largest whole number that is at most each element. Not differentiable.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func floor<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.floor, x.handle)) }

/// The smallest whole number that is at least each element. Not differentiable.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func ceil<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.ceil, x.handle)) }

/// a − ⌊a/b⌋ b of matching elements, with the sign of b: Python's `%` and not C's. Shapes broadcast as in NumPy; traps if
/// they do not.
///
/// The remainder of division by 0, and of an infinite number, is NaN. The derivatives are 1 and −⌊a/b⌋, also where the
/// result jumps.
///
/// - Complexity: O(elements of the result); the tape keeps the result.
@inlinable public func remainder<S>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.remainder, a.handle, b.handle))
}
/// The remainder of each element divided by a number, with that number's sign.
@inlinable public func remainder<S>(_ a: Tensor<S>, _ b: S) -> Tensor<S> {
  Tensor(recordBinary(.remainder, a.handle, scalar: Double(b)))
}
/// The remainder of a number divided by each element, with that element's sign.
@inlinable public func remainder<S>(_ a: S, _ b: Tensor<S>) -> Tensor<S> {
  Tensor(recordBinary(.remainder, b.handle, scalar: Double(a), scalarFirst: true))
}

extension Tensor {
  /// The nearest whole number to each element, the even one of two: 0.5 becomes 0, and 1.5 becomes 2. Not
  /// differentiable.
  ///
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func rounded() -> Self { Self(recordUnary(.rounded, handle)) }

  /// The elements held within bounds. The derivative is 1 strictly between them, and 0 at them and beyond; NaN stays NaN.
  ///
  /// - Complexity: O(elements); the tape keeps the result.
  @inlinable public func clamped(to bounds: ClosedRange<Scalar>) -> Self {
    Self(recordClamp(handle, Double(bounds.lowerBound), Double(bounds.upperBound)))
  }
}

@usableFromInline @inline(never)
func recordClamp(_ x: Handle, _ low: Double, _ high: Double) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let type = core[record: x].pointee.scalarType
  return core.handle(core.elementwise(.clamp, x, core.constant(low, type), core.constant(high, type)))
}
