// Forward mode: derivatives of functions along directions.

/// The derivative of a function at a tensor along a direction: the Jacobian times a vector, t ↦ J t.
///
/// One sweep gives the derivative of all outputs along one direction, where a gradient is that of one output in all
/// directions. Nested in another differentiation it is recorded, and can be differentiated again; so can a gradient be
/// differentiated along a direction, which is what `hessianVectorProduct(at:along:of:)` does.
///
/// ```swift
/// let slope = jvp(at: Tensor(2.0), along: Tensor(1.0)) { x in x * x * x }  // 12.0
/// ```
///
/// Traps unless the direction has the tensor's shape.
///
/// - Throws: What the function throws, and the error of a derivative that does not exist. See `gradient(at:of:)`.
/// - Complexity: About twice the function's own time; the tape keeps all values and tangents until the end.
@inlinable @inline(__always) public func jvp<S, R, E>(
  at x: Tensor<S>, along direction: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<R>
) throws(E) -> Tensor<R> {
  try valueWithJVP(at: x, along: direction, of: function).tangent
}

/// A function's value at a tensor, and its derivative there along a direction. See `jvp(at:along:of:)`.
@inlinable @inline(__always) public func valueWithJVP<S, R, E>(
  at x: Tensor<S>, along direction: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, tangent: Tensor<R>) {
  let result = try push([x.handle], [direction.handle]) { (x: [Handle]) throws(E) in
    try function(Tensor(handle: x[0])).handle
  }
  return (Tensor(handle: result.value), Tensor(handle: result.tangent))
}

/// The derivative of a function of two tensors along a direction in each. See `jvp(at:along:of:)`.
@inlinable @inline(__always) public func jvp<S, T, R, E>(
  at x: Tensor<S>, _ y: Tensor<T>, along directions: (Tensor<S>, Tensor<T>),
  of function: (Tensor<S>, Tensor<T>) throws(E) -> Tensor<R>
) throws(E) -> Tensor<R> {
  try valueWithJVP(at: x, y, along: directions, of: function).tangent
}

/// A function's value at two tensors, and its derivative along a direction in each. See `jvp(at:along:of:)`; for more
/// tensors pass lists.
@inlinable @inline(__always) public func valueWithJVP<S, T, R, E>(
  at x: Tensor<S>, _ y: Tensor<T>, along directions: (Tensor<S>, Tensor<T>),
  of function: (Tensor<S>, Tensor<T>) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, tangent: Tensor<R>) {
  let result = try push([x.handle, y.handle], [directions.0.handle, directions.1.handle]) {
    (x: [Handle]) throws(E) in
    try function(Tensor(handle: x[0]), Tensor(handle: x[1])).handle
  }
  return (Tensor(handle: result.value), Tensor(handle: result.tangent))
}

/// The derivative of a function of a list of tensors along a direction in each. See `jvp(at:along:of:)`.
@inlinable @inline(__always) public func jvp<S, R, E>(
  at x: [Tensor<S>], along directions: [Tensor<S>], of function: ([Tensor<S>]) throws(E) -> Tensor<R>
) throws(E) -> Tensor<R> {
  try valueWithJVP(at: x, along: directions, of: function).tangent
}

/// A function's value at a list of tensors, and its derivative along a direction in each. See `jvp(at:along:of:)`.
///
/// Traps unless there are as many directions as tensors.
@inlinable @inline(__always) public func valueWithJVP<S, R, E>(
  at x: [Tensor<S>], along directions: [Tensor<S>], of function: ([Tensor<S>]) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, tangent: Tensor<R>) {
  let result = try push(x.map(\.handle), directions.map(\.handle)) { (x: [Handle]) throws(E) in
    try function(x.map { Tensor(handle: $0) }).handle
  }
  return (Tensor(handle: result.value), Tensor(handle: result.tangent))
}

/// Inlined, so that the line of the call can be told.
@inlinable @inline(__always)
func push<E>(
  _ x: [Handle], _ directions: [Handle], _ function: ([Handle]) throws(E) -> Handle
) throws(E) -> (value: Handle, tangent: Handle) {
  let differentiation = Differentiation()
  let inputs = x.map(differentiation.input)
  let output = try differentiation.cancelling { () throws(E) in try function(inputs) }
  let result = differentiation.pushforward([output], inputs, along: directions)
  try differentiation.throwFailure(as: E.self)
  return (result.values[0], result.tangents[0])
}

// MARK: - Second derivatives

/// The Hessian of a scalar function at a tensor, times a vector: the derivative of the gradient along a direction.
///
/// Forward over reverse: the gradient is recorded, and one forward sweep goes over it. Traps unless the function's
/// result has exactly one element and the direction the tensor's shape.
///
/// - Returns: A tensor of the shape of `x`.
/// - Complexity: A small multiple of the function's own time; no matrix is formed.
@inlinable @inline(__always) public func hessianVectorProduct<S, R, E>(
  at x: Tensor<S>, along direction: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<R>
) throws(E) -> Tensor<S> {
  try jvp(at: x, along: direction) { (x: Tensor<S>) throws(E) in try gradient(at: x, of: function) }
}

/// The Hessian of a scalar function at a model, times a vector that is a model: a model whose parameters are the
/// derivatives of the gradient's along the direction. See `hessianVectorProduct(at:along:of:)`.
///
/// Traps unless the directions have the parameters' shapes.
@inlinable public func hessianVectorProduct<M: Model, E>(
  at model: M, along direction: M, of function: (M) throws(E) -> Tensor<M.Scalar>
) throws(E) -> M {
  let differentiation = Differentiation()
  var bound = model
  var binder = ParameterBinder<M.Scalar>(differentiation)
  bound.visitParameters(&binder)
  var result = try differentiation.cancelling { () throws(E) in try gradient(at: bound, of: function) }
  var outputs = HandleCollector<M.Scalar>()
  result.visitParameters(&outputs)
  var directions = HandleCollector<M.Scalar>()
  var along = direction
  along.visitParameters(&directions)
  let tangents = differentiation.pushforward(outputs.handles, binder.leaves.handles, along: directions.handles).tangents
  var collector = ParameterReplacer<M.Scalar>(differentiation, tangents)
  result.visitParameters(&collector)
  try differentiation.throwFailure(as: E.self)
  return result
}

/// Collects the records of parameters.
@usableFromInline
struct HandleCollector<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { false }
  @usableFromInline var handles: [Handle] = []

  @inlinable
  init() {}

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    handles.append(parameter.tensor.handle)
  }
}
