// Gradients and pullbacks of functions of tensors.

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
@inlinable public func gradient<S, R>(
  at x: Tensor<S>, of function: (Tensor<S>) throws -> Tensor<R>
) rethrows -> Tensor<S> {
  try valueWithGradient(at: x, of: function).gradient
}

/// A scalar function's value at a tensor, and its gradient there. See `gradient(at:of:)`.
@inlinable public func valueWithGradient<S, R>(
  at x: Tensor<S>, of function: (Tensor<S>) throws -> Tensor<R>
) rethrows -> (value: Tensor<R>, gradient: Tensor<S>) {
  let differentiation = Differentiation()
  let input = differentiation.input(x.handle)
  let output: Tensor<R>
  do { output = try function(Tensor(handle: input)) } catch {
    differentiation.cancel()
    throw error
  }
  let result = differentiation.finish(output.handle, [input], function: "gradient(at:of:)")
  return (Tensor(handle: result.value), Tensor(handle: result.gradients[0]))
}

/// The gradients of a scalar function of two or more tensors. See `gradient(at:of:)`.
@inlinable public func gradient<S, each T, R>(
  at x: Tensor<S>, _ y: repeat Tensor<each T>, of function: (Tensor<S>, repeat Tensor<each T>) throws -> Tensor<R>
) rethrows -> (Tensor<S>, repeat Tensor<each T>) {
  try valueWithGradient(at: x, repeat each y, of: function).gradient
}

/// A scalar function's value at two or more tensors, and its gradients there. See `gradient(at:of:)`.
@inlinable public func valueWithGradient<S, each T, R>(
  at x: Tensor<S>, _ y: repeat Tensor<each T>, of function: (Tensor<S>, repeat Tensor<each T>) throws -> Tensor<R>
) rethrows -> (value: Tensor<R>, gradient: (Tensor<S>, repeat Tensor<each T>)) {
  let differentiation = Differentiation()
  var inputs = [differentiation.input(x.handle)]
  for other in repeat each y { inputs.append(differentiation.input(other.handle)) }
  let output: Tensor<R>
  do {
    var next = HandleCursor(inputs)
    output = try function(next.tensor(like: x), repeat next.tensor(like: each y))
  } catch {
    differentiation.cancel()
    throw error
  }
  let result = differentiation.finish(output.handle, inputs, function: "gradient(at:of:)")
  var next = HandleCursor(result.gradients)
  return (Tensor(handle: result.value), (next.tensor(like: x), repeat next.tensor(like: each y)))
}

/// The gradients of a scalar function of a list of tensors. See `gradient(at:of:)`.
@inlinable public func gradient<S, R>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws -> Tensor<R>
) rethrows -> [Tensor<S>] {
  try valueWithGradient(at: x, of: function).gradient
}

/// A scalar function's value at a list of tensors, and its gradients there. See `gradient(at:of:)`.
@inlinable public func valueWithGradient<S, R>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws -> Tensor<R>
) rethrows -> (value: Tensor<R>, gradient: [Tensor<S>]) {
  let differentiation = Differentiation()
  let inputs = x.map { differentiation.input($0.handle) }
  let output: Tensor<R>
  do { output = try function(inputs.map { Tensor(handle: $0) }) } catch {
    differentiation.cancel()
    throw error
  }
  let result = differentiation.finish(output.handle, inputs, function: "gradient(at:of:)")
  return (Tensor(handle: result.value), result.gradients.map { Tensor(handle: $0) })
}

// MARK: - Pullbacks

/// The pullback of a function at a tensor: it takes a cotangent of the output to one of the input, v̄ ↦ v̄ᵀ J.
///
/// The function's records stay on the tape until the enclosing scope ends, so that the pullback may be called again;
/// calling it later stops with a message. Traps unless the cotangent has the output's shape.
///
/// - Complexity: A call takes a small multiple of the function's own time.
@inlinable public func pullback<S, R>(
  at x: Tensor<S>, of function: (Tensor<S>) throws -> Tensor<R>
) rethrows -> (Tensor<R>) -> Tensor<S> {
  try valueWithPullback(at: x, of: function).pullback
}

/// A function's value at a tensor, and its pullback there. See `pullback(at:of:)`.
@inlinable public func valueWithPullback<S, R>(
  at x: Tensor<S>, of function: (Tensor<S>) throws -> Tensor<R>
) rethrows -> (value: Tensor<R>, pullback: (Tensor<R>) -> Tensor<S>) {
  let result = try valueWithPullback(at: [x]) { try function($0[0]) }
  return (result.value, { result.pullback($0)[0] })
}

/// The pullback of a function of a list of tensors. See `pullback(at:of:)`.
@inlinable public func pullback<S, R>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws -> Tensor<R>
) rethrows -> (Tensor<R>) -> [Tensor<S>] {
  try valueWithPullback(at: x, of: function).pullback
}

/// A function's value at a list of tensors, and its pullback there. See `pullback(at:of:)`.
@inlinable public func valueWithPullback<S, R>(
  at x: [Tensor<S>], of function: ([Tensor<S>]) throws -> Tensor<R>
) rethrows -> (value: Tensor<R>, pullback: (Tensor<R>) -> [Tensor<S>]) {
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

/// Hands out handles one by one, as tensors of the types of others.
@usableFromInline
struct HandleCursor {
  private let handles: [Handle]
  private var index = 0

  @usableFromInline
  init(_ handles: [Handle]) { self.handles = handles }

  @usableFromInline
  mutating func tensor<S>(like _: Tensor<S>) -> Tensor<S> {
    defer { index += 1 }
    return Tensor(handle: handles[index])
  }
}
