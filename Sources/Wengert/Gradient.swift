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
/// - Complexity: A small multiple of the function's own time.
@inlinable @inline(__always) public func gradient<S, R>(
  at x: Tensor<S>, of function: (Tensor<S>) throws -> Tensor<R>
) rethrows -> Tensor<S> {
  try valueWithGradient(at: x, of: function).gradient
}

/// A scalar function's value at a tensor, and its gradient there. See `gradient(at:of:)`.
@inlinable @inline(__always) public func valueWithGradient<S, R>(
  at x: Tensor<S>, of function: (Tensor<S>) throws -> Tensor<R>
) rethrows -> (value: Tensor<R>, gradient: Tensor<S>) {
  let result = try differentiate([x.handle]) { try function(Tensor(handle: $0[0])).handle }
  return (Tensor(handle: result.value), Tensor(handle: result.gradients[0]))
}

/// The gradients of a scalar function of two tensors. See `gradient(at:of:)`.
@inlinable @inline(__always) public func gradient<S, T, R>(
  at x: Tensor<S>, _ y: Tensor<T>, of function: (Tensor<S>, Tensor<T>) throws -> Tensor<R>
) rethrows -> (Tensor<S>, Tensor<T>) {
  try valueWithGradient(at: x, y, of: function).gradient
}

/// A scalar function's value at two tensors, and its gradients there. See `gradient(at:of:)`.
@inlinable @inline(__always) public func valueWithGradient<S, T, R>(
  at x: Tensor<S>, _ y: Tensor<T>, of function: (Tensor<S>, Tensor<T>) throws -> Tensor<R>
) rethrows -> (value: Tensor<R>, gradient: (Tensor<S>, Tensor<T>)) {
  let result = try differentiate([x.handle, y.handle]) {
    try function(Tensor(handle: $0[0]), Tensor(handle: $0[1])).handle
  }
  return (Tensor(handle: result.value), (Tensor(handle: result.gradients[0]), Tensor(handle: result.gradients[1])))
}

/// The gradients of a scalar function of three tensors. See `gradient(at:of:)`.
@inlinable @inline(__always) public func gradient<S, T, U, R>(
  at x: Tensor<S>, _ y: Tensor<T>, _ z: Tensor<U>,
  of function: (Tensor<S>, Tensor<T>, Tensor<U>) throws -> Tensor<R>
) rethrows -> (Tensor<S>, Tensor<T>, Tensor<U>) {
  try valueWithGradient(at: x, y, z, of: function).gradient
}

/// A scalar function's value at three tensors, and its gradients there. See `gradient(at:of:)`; for more tensors pass
/// a list.
@inlinable @inline(__always) public func valueWithGradient<S, T, U, R>(
  at x: Tensor<S>, _ y: Tensor<T>, _ z: Tensor<U>,
  of function: (Tensor<S>, Tensor<T>, Tensor<U>) throws -> Tensor<R>
) rethrows -> (value: Tensor<R>, gradient: (Tensor<S>, Tensor<T>, Tensor<U>)) {
  let result = try differentiate([x.handle, y.handle, z.handle]) {
    try function(Tensor(handle: $0[0]), Tensor(handle: $0[1]), Tensor(handle: $0[2])).handle
  }
  return (
    Tensor(handle: result.value),
    (Tensor(handle: result.gradients[0]), Tensor(handle: result.gradients[1]), Tensor(handle: result.gradients[2]))
  )
}

/// The gradients of a scalar function of a list of tensors. See `gradient(at:of:)`.
@inlinable @inline(__always) public func gradient<S, R>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws -> Tensor<R>
) rethrows -> [Tensor<S>] {
  try valueWithGradient(at: x, of: function).gradient
}

/// A scalar function's value at a list of tensors, and its gradients there. See `gradient(at:of:)`.
@inlinable @inline(__always) public func valueWithGradient<S, R>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws -> Tensor<R>
) rethrows -> (value: Tensor<R>, gradient: [Tensor<S>]) {
  let result = try differentiate(x.map(\.handle)) { try function($0.map { Tensor(handle: $0) }).handle }
  return (Tensor(handle: result.value), result.gradients.map { Tensor(handle: $0) })
}

/// The value and the gradients of a scalar function of tensors. Inlined, so that the line of the call can be told.
@inlinable @inline(__always)
func differentiate(
  _ x: [Handle], _ function: ([Handle]) throws -> Handle
) rethrows -> (value: Handle, gradients: [Handle]) {
  let differentiation = Differentiation()
  let inputs = x.map(differentiation.input)
  let output: Handle
  do { output = try function(inputs) } catch {
    differentiation.cancel()
    throw error
  }
  return differentiation.finish(output, inputs)
}
