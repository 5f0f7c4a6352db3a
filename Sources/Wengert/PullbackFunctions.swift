// Pullbacks of functions of tensors and of models.

/// The pullback of a function at a tensor: it takes a cotangent of the output to one of the input, v̄ ↦ v̄ᵀ J.
///
/// The function's records stay on the tape until the enclosing scope ends, so that the pullback may be called again;
/// calling it later stops with a message. Traps unless the cotangent has the output's shape.
///
/// - Complexity: A call takes a small multiple of the function's own time.
@inlinable @inline(__always) public func pullback<S, R, E>(
  at x: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<R>
) throws(E) -> (Tensor<R>) -> Tensor<S> {
  try valueWithPullback(at: x, of: function).pullback
}

/// A function's value at a tensor, and its pullback there. See `pullback(at:of:)`.
@inlinable @inline(__always) public func valueWithPullback<S, R, E>(
  at x: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, pullback: (Tensor<R>) -> Tensor<S>) {
  let result = try valueWithPullback(at: [x]) { (x: [Tensor<S>]) throws(E) in try function(x[0]) }
  return (result.value, { result.pullback($0)[0] })
}

/// The pullback of a function of a list of tensors. See `pullback(at:of:)`.
@inlinable @inline(__always) public func pullback<S, R, E>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws(E) -> Tensor<R>
) throws(E) -> (Tensor<R>) -> [Tensor<S>] {
  try valueWithPullback(at: x, of: function).pullback
}

/// A function's value at a list of tensors, and its pullback there. See `pullback(at:of:)`.
@inlinable @inline(__always) public func valueWithPullback<S, R, E>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, pullback: (Tensor<R>) -> [Tensor<S>]) {
  let differentiation = Differentiation(isScope: false)
  let inputs = x.map { differentiation.input($0.handle) }
  defer { differentiation.suspend() }
  let output = try function(inputs.map { Tensor(handle: $0) })
  return (
    output,
    { cotangent in
      differentiation.pullback(output.handle, cotangent.handle, inputs).map { Tensor(handle: $0) }
    }
  )
}

/// The pullback of a function of two tensors. See `pullback(at:of:)`.
@inlinable @inline(__always) public func pullback<S, T, R, E>(
  at x: Tensor<S>, _ y: Tensor<T>, of function: (Tensor<S>, Tensor<T>) throws(E) -> Tensor<R>
) throws(E) -> (Tensor<R>) -> (Tensor<S>, Tensor<T>) {
  try valueWithPullback(at: x, y, of: function).pullback
}

/// A function's value at two tensors, and its pullback there. See `pullback(at:of:)`; for more tensors pass a list.
@inlinable @inline(__always) public func valueWithPullback<S, T, R, E>(
  at x: Tensor<S>, _ y: Tensor<T>, of function: (Tensor<S>, Tensor<T>) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, pullback: (Tensor<R>) -> (Tensor<S>, Tensor<T>)) {
  let differentiation = Differentiation(isScope: false)
  let inputs = [differentiation.input(x.handle), differentiation.input(y.handle)]
  defer { differentiation.suspend() }
  let output = try function(Tensor(handle: inputs[0]), Tensor(handle: inputs[1]))
  return (
    output,
    { cotangent in
      let cotangents = differentiation.pullback(output.handle, cotangent.handle, inputs)
      return (Tensor(handle: cotangents[0]), Tensor(handle: cotangents[1]))
    }
  )
}

// MARK: - Models

/// The pullback of a function at a model: it takes a cotangent of the output to a model whose parameters are the
/// cotangents of this one's. See `pullback(at:of:)`.
@inlinable public func pullback<M: Model, R, E>(
  at model: M, of function: (M) throws(E) -> Tensor<R>
) throws(E) -> (Tensor<R>) -> M {
  try valueWithPullback(at: model, of: function).pullback
}

/// A function's value at a model, and its pullback there. See `pullback(at:of:)`.
@inlinable public func valueWithPullback<M: Model, R, E>(
  at model: M, of function: (M) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, pullback: (Tensor<R>) -> M) {
  let differentiation = Differentiation(isScope: false)
  defer { differentiation.suspend() }
  var bound = model
  var binder = ParameterBinder<M.Scalar>(differentiation)
  bound.visitParameters(&binder)
  let inputs = binder.leaves.handles
  let output = try function(bound)
  return (
    output,
    { [bound] cotangent in
      var result = bound
      var collector = ParameterReplacer<M.Scalar>(
        differentiation, differentiation.pullback(output.handle, cotangent.handle, inputs))
      result.visitParameters(&collector)
      return result
    }
  )
}

/// Replaces parameters by cotangents or tangents.
@usableFromInline
struct ParameterReplacer<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { true }
  @usableFromInline let differentiation: Differentiation
  @usableFromInline let cotangents: [Handle]
  @usableFromInline var index = 0

  @inlinable
  init(_ differentiation: Differentiation, _ cotangents: [Handle]) {
    self.differentiation = differentiation
    self.cotangents = cotangents
  }

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    parameter = differentiation.parameter(cotangents[index])
    index += 1
  }
}
