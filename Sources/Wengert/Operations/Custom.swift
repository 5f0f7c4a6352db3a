import CKernels

// Functions whose derivative the user writes.

extension Operation {
  static let custom: [Operation] = [
    /// A value with a pullback of the user's own, which lies beside the records.
    Operation(
      opcode: .custom,
      derivative: .structural(
        .init { p in
          let pullback = p.core.pointee.customPullbacks[p.attribute(p.operandCount + 1)]
          let adjoints = pullback(p.core.handle(p.cotangent), p.core.handle(p.output))
          guard adjoints.count == p.operandCount else { misuse(.customCount(p.operandCount, adjoints.count)) }
          for (index, adjoint) in adjoints.enumerated() {
            let adjoint = p.core.resolve(adjoint)
            guard p.core.layout(adjoint).hasSameSizes(as: p.core.layout(p.operand(index))) else {
              misuse(.customShape(p.shape(index), p.core.shape(adjoint)))
            }
            p.accumulate(index, adjoint)
          }
        }),
      samples: [
        .of("x³", [[2, 3]]) { x in
          withDerivative(at: x[0], of: { $0 * $0 * $0 }, pullback: { cotangent, x, _ in cotangent * (x * x * 3) })
        },
        .of("a / b", [[4], [4]], [-2...2, 0.5...2]) { x in
          withDerivative(
            at: x[0], x[1], of: { $0 / $1 },
            pullback: { cotangent, a, b, y in (cotangent / b, -(cotangent * y / b)) })
        },
      ])
  ]
}

/// What the pullback of a custom operation is kept as: from the cotangent and the output to the operands' adjoints.
typealias CustomPullback = (_ cotangent: Handle, _ output: Handle) -> [Handle]

/// The value of a function, with a derivative of your own in place of the one its operations have.
///
/// The function is evaluated without recording. A pass that reaches the result calls `pullback`, which gives the
/// adjoint of `x` for a cotangent of the result, in operations on tensors. As those are recorded when they have to be,
/// second and higher derivatives are the derivatives of what `pullback` computes; and forward mode transposes it, so
/// it has to be linear in the cotangent. Its result is taken as it is: where a local derivative may be infinite, as that
/// of a root at 0, `Tensor.where(cotangent .!= 0, …, 0)` keeps a cotangent of 0 what it is.
///
/// ```swift
/// /// log(1 + eˣ), whose own derivative would be ∞/∞ for large x.
/// func softplus(_ x: Tensor<Double>) -> Tensor<Double> {
///   withDerivative(at: x, of: { log(exp($0) + 1) }, pullback: { cotangent, x, _ in cotangent * sigmoid(x) })
/// }
/// ```
///
/// - Parameters:
///   - x: The function's argument.
///   - function: The value.
///   - pullback: The adjoint of `x`, of the shape of `x`, from the cotangent, `x` and the value. Use these, and not the
///     function's captured argument. Kept until the enclosing scope ends.
/// - Complexity: The function's and the pullback's own; the tape keeps the value and the closure, which is allocated.
@inlinable @inline(__always) public func withDerivative<S, R, E>(
  at x: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<R>,
  pullback: @escaping (_ cotangent: Tensor<R>, _ x: Tensor<S>, _ value: Tensor<R>) -> Tensor<S>
) throws(E) -> Tensor<R> {
  let y = try Tape.withoutRecording { () throws(E) in try function(x) }
  return Tensor(
    recordCustom(y.handle, [x.handle]) { cotangent, y in
      [pullback(Tensor(handle: cotangent), x, Tensor(handle: y)).handle]
    })
}

/// The value of a function of two tensors, with a derivative of your own. See `withDerivative(at:of:pullback:)`.
@inlinable @inline(__always) public func withDerivative<S, T, R, E>(
  at x: Tensor<S>, _ y: Tensor<T>, of function: (Tensor<S>, Tensor<T>) throws(E) -> Tensor<R>,
  pullback:
    @escaping (_ cotangent: Tensor<R>, _ x: Tensor<S>, _ y: Tensor<T>, _ value: Tensor<R>) -> (
      Tensor<S>, Tensor<T>
    )
) throws(E) -> Tensor<R> {
  let value = try Tape.withoutRecording { () throws(E) in try function(x, y) }
  return Tensor(
    recordCustom(value.handle, [x.handle, y.handle]) { cotangent, value in
      let adjoints = pullback(Tensor(handle: cotangent), x, y, Tensor(handle: value))
      return [adjoints.0.handle, adjoints.1.handle]
    })
}

/// The value of a function of a list of tensors, with a derivative of your own. See `withDerivative(at:of:pullback:)`.
@inlinable @inline(__always) public func withDerivative<S, R, E>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws(E) -> Tensor<R>,
  pullback: @escaping (_ cotangent: Tensor<R>, _ x: [Tensor<S>], _ value: Tensor<R>) -> [Tensor<S>]
) throws(E) -> Tensor<R> {
  let y = try Tape.withoutRecording { () throws(E) in try function(x) }
  return Tensor(
    recordCustom(y.handle, x.map(\.handle)) { cotangent, y in
      pullback(Tensor(handle: cotangent), x, Tensor(handle: y)).map(\.handle)
    })
}

@usableFromInline @inline(never)
func recordCustom(_ y: Handle, _ operands: [Handle], _ pullback: @escaping (Handle, Handle) -> [Handle]) -> Handle {
  let core = Core.recording
  let record = core[record: core.resolve(y)].pointee
  guard core.pointee.isRecording else { return y }
  let position = core.pointee.customPullbacks.count
  core.pointee.customPullbacks.append(pullback)
  return core.handle(
    core.append(
      .custom, record.scalarType, layout: record.layout, value: record.value,
      // The record that the value was computed by comes last: a recorded program computes it again.
      attributes: core.attributes(
        [operands.count] + operands.map { Int(core.resolve($0)) } + [position, Int(core.resolve(y))]),
      flags: .hasManyOperands))
}
