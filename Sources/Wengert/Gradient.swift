// Gradients of functions of tensors.

/// The gradient of a scalar function at a tensor.
///
/// What the function records is dropped afterwards. Inside another differentiation the gradient is recorded and can
/// be differentiated again, to any order.
///
/// ```swift
/// let x = Tensor(2.0)
/// let third = gradient(at: x) { x in gradient(at: x) { x in gradient(at: x) { $0 * $0 * $0 } } }  // 6.0
/// ```
///
/// Traps unless the function's result has exactly one element.
///
/// - Throws: What the function throws; and if the function throws, also the error of a derivative that does not exist,
///   as that of eigenvectors at a repeated eigenvalue. Of a function that throws nothing that is a trap.
/// - Complexity: A small multiple of the function's own time.
@inlinable @inline(__always) public func gradient<S, R, E>(
  at x: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<R>
) throws(E) -> Tensor<S> {
  try valueWithGradient(at: x, of: function).gradient
}

/// A scalar function's value at a tensor, and its gradient there. See `gradient(at:of:)`.
@inlinable @inline(__always) public func valueWithGradient<S, R, E>(
  at x: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, gradient: Tensor<S>) {
  let result = try differentiate([x.handle]) { (x: [Handle]) throws(E) in
    try function(Tensor(handle: x[0])).handle
  }
  return (Tensor(handle: result.value), Tensor(handle: result.gradients[0]))
}

/// The gradients of a scalar function of two tensors. See `gradient(at:of:)`.
@inlinable @inline(__always) public func gradient<S, T, R, E>(
  at x: Tensor<S>, _ y: Tensor<T>, of function: (Tensor<S>, Tensor<T>) throws(E) -> Tensor<R>
) throws(E) -> (Tensor<S>, Tensor<T>) {
  try valueWithGradient(at: x, y, of: function).gradient
}

/// A scalar function's value at two tensors, and its gradients there. See `gradient(at:of:)`.
@inlinable @inline(__always) public func valueWithGradient<S, T, R, E>(
  at x: Tensor<S>, _ y: Tensor<T>, of function: (Tensor<S>, Tensor<T>) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, gradient: (Tensor<S>, Tensor<T>)) {
  let result = try differentiate([x.handle, y.handle]) { (x: [Handle]) throws(E) in
    try function(Tensor(handle: x[0]), Tensor(handle: x[1])).handle
  }
  return (Tensor(handle: result.value), (Tensor(handle: result.gradients[0]), Tensor(handle: result.gradients[1])))
}

/// The gradients of a scalar function of three tensors. See `gradient(at:of:)`.
@inlinable @inline(__always) public func gradient<S, T, U, R, E>(
  at x: Tensor<S>, _ y: Tensor<T>, _ z: Tensor<U>,
  of function: (Tensor<S>, Tensor<T>, Tensor<U>) throws(E) -> Tensor<R>
) throws(E) -> (Tensor<S>, Tensor<T>, Tensor<U>) {
  try valueWithGradient(at: x, y, z, of: function).gradient
}

/// A scalar function's value at three tensors, and its gradients there. See `gradient(at:of:)`; for more tensors pass
/// a list.
@inlinable @inline(__always) public func valueWithGradient<S, T, U, R, E>(
  at x: Tensor<S>, _ y: Tensor<T>, _ z: Tensor<U>,
  of function: (Tensor<S>, Tensor<T>, Tensor<U>) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, gradient: (Tensor<S>, Tensor<T>, Tensor<U>)) {
  let result = try differentiate([x.handle, y.handle, z.handle]) { (x: [Handle]) throws(E) in
    try function(Tensor(handle: x[0]), Tensor(handle: x[1]), Tensor(handle: x[2])).handle
  }
  return (
    Tensor(handle: result.value),
    (Tensor(handle: result.gradients[0]), Tensor(handle: result.gradients[1]), Tensor(handle: result.gradients[2]))
  )
}

/// The gradients of a scalar function of a list of tensors. See `gradient(at:of:)`.
@inlinable @inline(__always) public func gradient<S, R, E>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws(E) -> Tensor<R>
) throws(E) -> [Tensor<S>] {
  try valueWithGradient(at: x, of: function).gradient
}

/// A scalar function's value at a list of tensors, and its gradients there. See `gradient(at:of:)`.
@inlinable @inline(__always) public func valueWithGradient<S, R, E>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws(E) -> Tensor<R>
) throws(E) -> (value: Tensor<R>, gradient: [Tensor<S>]) {
  let result = try differentiate(x.map(\.handle)) { (x: [Handle]) throws(E) in
    try function(x.map { Tensor(handle: $0) }).handle
  }
  return (Tensor(handle: result.value), result.gradients.map { Tensor(handle: $0) })
}

/// The value and the gradients of a scalar function of tensors. Inlined, so that the line of the call can be told.
@inlinable @inline(__always)
func differentiate<E>(
  _ x: [Handle], _ function: ([Handle]) throws(E) -> Handle
) throws(E) -> (value: Handle, gradients: [Handle]) {
  let differentiation = Differentiation()
  let inputs = x.map(differentiation.input)
  let output = try differentiation.cancelling { () throws(E) in try function(inputs) }
  let result = differentiation.finish(output, inputs)
  try differentiation.throwFailure(as: E.self)
  return result
}
