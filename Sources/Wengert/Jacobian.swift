// Derivatives of functions whose result has many elements, as one array.

/// The Jacobian of a function at a tensor: the derivative of each element of the result with respect to each element of
/// the input.
///
/// Computed in the direction that takes fewer sweeps over the tape: forward if the input has fewer elements than the
/// result, else in reverse. A sweep carries a block of many rows or columns at once. Nested in another differentiation
/// it is recorded, and can be differentiated again.
///
/// ```swift
/// let rotation = jacobian(at: Tensor([1.0, 2.0])) { x in matmul(Tensor([[0.0, -1.0], [1.0, 0.0]]), x) }
/// ```
///
/// - Returns: A tensor of the result's axes followed by the input's. Traps if they are more than ``Shape/maximumRank``.
/// - Throws: What the function throws, and the error of a derivative that does not exist. See `gradient(at:of:)`.
/// - Complexity: O(min(m, n)) times the function's own time, for m elements of the result and n of the input.
@inlinable @inline(__always) public func jacobian<S, E>(
  at x: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<S>
) throws(E) -> Tensor<S> {
  try valueWithJacobian(at: x, of: function).jacobian
}

/// A function's value at a tensor, and its Jacobian there. See `jacobian(at:of:)`.
@inlinable @inline(__always) public func valueWithJacobian<S, E>(
  at x: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<S>
) throws(E) -> (value: Tensor<S>, jacobian: Tensor<S>) {
  let differentiation = Differentiation()
  let input = differentiation.input(x.handle)
  let output = try differentiation.cancelling { () throws(E) in try function(Tensor(handle: input)) }
  let result = differentiation.jacobian(output.handle, input)
  try differentiation.throwFailure(as: E.self)
  return (Tensor(handle: result.value), Tensor(handle: result.jacobian))
}

/// The Hessian of a scalar function at a tensor: the Jacobian of its gradient.
///
/// Traps unless the function's result has exactly one element. Where only products with vectors are needed, as for
/// Newton's method by conjugate gradients, ``hessianVectorProduct(at:along:of:)->M`` forms no matrix.
///
/// - Returns: A tensor of the input's axes, twice. Traps if they are more than ``Shape/maximumRank``.
/// - Complexity: O(n) times the function's own time, for n elements of the input.
@inlinable @inline(__always) public func hessian<S, R, E>(
  at x: Tensor<S>, of function: (Tensor<S>) throws(E) -> Tensor<R>
) throws(E) -> Tensor<S> {
  try jacobian(at: x) { (x: Tensor<S>) throws(E) in try gradient(at: x, of: function) }
}
