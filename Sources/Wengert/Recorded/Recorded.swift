// Recording functions.

/// A scalar function's value and gradient at a point, as a program: recorded now, at the given inputs, and replayed from
/// then on, with no recording and no allocation.
///
/// ```swift
/// let step = recorded(at: model, batch.inputs, batch.labels) { model, x, labels in
///   crossEntropy(model(x), labels: labels)
/// }
/// for batch in batches {
///   let (loss, gradient) = step(model, batch.inputs, batch.labels)
///   optimizer.update(&model, along: gradient)
/// }
/// ```
///
/// A replay gives the bits that recording gives. Chains of elementwise operations run in one pass over memory; records
/// that nothing depends on are not computed; and memory is planned beforehand, see ``RecordedGradient/memoryPlan``.
///
/// **What may vary** are the elements of the inputs. With inputs of other shapes the function is recorded again, and both
/// programs are kept. If the function reads elements while it is recorded (``Tensor/item``, ``Tensor/value``, `argmax`,
/// sorting, the elements of labels), the program holds only for what was read: a replay that meets something else gives
/// way to a program recorded for it. So control flow may depend on values, and is never silently wrong.
///
/// **What is fixed** is all that the function does not get as an input: numbers and arrays that it captures are those of
/// the recording, as are tensors of the tape around it and the numbers of a ``RandomStream``; pass as inputs what is to
/// change. Side effects of the function happen when it is recorded, not when it is replayed.
///
/// The result and the gradient are plain values: nothing is differentiated through them. For second derivatives call
/// `gradient(at:of:)` inside the function. A program is used by one thread at a time.
///
/// - Parameters:
///   - point: An array or a model; the function is differentiated with respect to it.
///   - memoryBudget: Bytes that the program's memory may take, see ``MemoryPlan/byteCount``. Values are then dropped and
///     computed again where that saves memory, as seldom as will do; results stay the same, bit by bit. Traps if there is
///     no way to keep to it, and says how little can be done with. Inputs, gradients and constants do not count.
///   - function: Must return a scalar; traps otherwise.
/// - Throws: What the function throws while it is recorded, the error of a derivative that does not exist at `point`, and
///   in a replay the errors of its operations. Of a function that throws nothing they are traps.
/// - Complexity: The function's own time and that of a backward pass, and more to plan.
@inlinable
public func recorded<Point: DifferentiableInput, Failure: Error>(
  at point: Point, memoryBudget: Int? = nil,
  of function: @escaping (Point.Traced) throws(Failure) -> Tensor<Point.Scalar>
) throws(Failure) -> RecordedGradient<Point, NoInput, Failure> {
  let result = RecordedGradient<Point, NoInput, Failure>(memoryBudget: memoryBudget) { (x, _) throws(Failure) in
    try function(x)
  }
  try result.record(point, NoInput())
  return result
}

/// A scalar function's value and gradient at a point, for a further input. See `recorded(at:of:)`.
@inlinable
public func recorded<Point: DifferentiableInput, Input: ProgramInput, Failure: Error>(
  at point: Point, _ input: Input, memoryBudget: Int? = nil,
  of function: @escaping (Point.Traced, Input.Traced) throws(Failure) -> Tensor<Point.Scalar>
) throws(Failure) -> RecordedGradient<Point, Input, Failure> {
  let result = RecordedGradient<Point, Input, Failure>(memoryBudget: memoryBudget, function)
  try result.record(point, input)
  return result
}

/// A scalar function's value and gradient at a point, for two further inputs. See `recorded(at:of:)`.
@inlinable
public func recorded<Point: DifferentiableInput, A: ProgramInput, B: ProgramInput, Failure: Error>(
  at point: Point, _ a: A, _ b: B, memoryBudget: Int? = nil,
  of function: @escaping (Point.Traced, A.Traced, B.Traced) throws(Failure) -> Tensor<Point.Scalar>
) throws(Failure) -> RecordedGradient<Point, InputPair<A, B>, Failure> {
  let result = RecordedGradient<Point, InputPair<A, B>, Failure>(memoryBudget: memoryBudget) {
    (x, inputs) throws(Failure) in
    try function(x, inputs.0, inputs.1)
  }
  try result.record(point, InputPair(a, b))
  return result
}

/// A scalar function's value and gradient at a point, for three further inputs. See `recorded(at:of:)`.
@inlinable
public func recorded<Point: DifferentiableInput, A: ProgramInput, B: ProgramInput, C: ProgramInput, Failure: Error>(
  at point: Point, _ a: A, _ b: B, _ c: C, memoryBudget: Int? = nil,
  of function: @escaping (Point.Traced, A.Traced, B.Traced, C.Traced) throws(Failure) -> Tensor<Point.Scalar>
) throws(Failure) -> RecordedGradient<Point, InputPair<A, InputPair<B, C>>, Failure> {
  let result = RecordedGradient<Point, InputPair<A, InputPair<B, C>>, Failure>(memoryBudget: memoryBudget) {
    (x, inputs) throws(Failure) in
    try function(x, inputs.0, inputs.1.0, inputs.1.1)
  }
  try result.record(point, InputPair(a, InputPair(b, c)))
  return result
}

/// A function of arrays or a model as a program, without a gradient of its own. See `recorded(at:of:)`.
///
/// Derivatives that the function itself asks for are part of the program:
///
/// ```swift
/// let product = recorded(x, v) { x, v in hessianVectorProduct(at: x, along: v, of: loss) }
/// ```
@inlinable
public func recorded<Input: ProgramInput, Scalar, Failure: Error>(
  _ input: Input, of function: @escaping (Input.Traced) throws(Failure) -> Tensor<Scalar>
) throws(Failure) -> RecordedFunction<Input, Scalar, Failure> {
  let result = RecordedFunction<Input, Scalar, Failure>(function)
  try result.record(input)
  return result
}

/// A function of two inputs as a program. See `recorded(_:of:)`.
@inlinable
public func recorded<A: ProgramInput, B: ProgramInput, Scalar, Failure: Error>(
  _ a: A, _ b: B, of function: @escaping (A.Traced, B.Traced) throws(Failure) -> Tensor<Scalar>
) throws(Failure) -> RecordedFunction<InputPair<A, B>, Scalar, Failure> {
  let result = RecordedFunction<InputPair<A, B>, Scalar, Failure> { (inputs) throws(Failure) in
    try function(inputs.0, inputs.1)
  }
  try result.record(InputPair(a, b))
  return result
}

/// A function of three inputs as a program. See `recorded(_:of:)`.
@inlinable
public func recorded<A: ProgramInput, B: ProgramInput, C: ProgramInput, Scalar, Failure: Error>(
  _ a: A, _ b: B, _ c: C, of function: @escaping (A.Traced, B.Traced, C.Traced) throws(Failure) -> Tensor<Scalar>
) throws(Failure) -> RecordedFunction<InputPair<A, InputPair<B, C>>, Scalar, Failure> {
  let result = RecordedFunction<InputPair<A, InputPair<B, C>>, Scalar, Failure> { (inputs) throws(Failure) in
    try function(inputs.0, inputs.1.0, inputs.1.1)
  }
  try result.record(InputPair(a, InputPair(b, c)))
  return result
}
