// Functions that are recorded once and then replayed.

/// A scalar function's value and gradient, recorded once and replayed with new inputs.
///
/// Made by `recorded(at:_:of:)`; called like a function, with inputs of the same types.
public final class RecordedGradient<Point: DifferentiableInput, Inputs: ProgramInput, Failure: Error> {
  @usableFromInline let function: (Point.Traced, Inputs.Traced) throws(Failure) -> Tensor<Point.Scalar>
  @usableFromInline let programs = ProgramList()
  private let memoryBudget: Int?

  @usableFromInline
  init(
    memoryBudget: Int?, _ function: @escaping (Point.Traced, Inputs.Traced) throws(Failure) -> Tensor<Point.Scalar>
  ) {
    self.function = function
    self.memoryBudget = memoryBudget
  }

  /// How the memory of the program that ran last is laid out; before the first call, of the one that was recorded.
  public var memoryPlan: MemoryPlan { programs.programs[0].plan }

  /// How often the function has been recorded: once, and again for other shapes and wherever it took another course.
  public var recordingCount: Int { programs.recordingCount }

  @usableFromInline
  func record(_ point: Point, _ inputs: Inputs) throws(Failure) {
    try programs.record(differentiates: true, memoryBudget: memoryBudget) { (recorder) throws(Failure) in
      let x = recorder.target { point.traced(by: recorder) }
      return try function(x, inputs.traced(by: recorder)).handle
    }
  }

  @inlinable
  func run(_ point: Point, _ inputs: Inputs) throws(Failure) -> (value: Point.Scalar, gradient: Point) {
    // Before the replay: what an earlier gradient held is then free for this one.
    var gradient = point.copyForGradients()
    let program = try programs.program {
      point.supply(to: &$0)
      inputs.supply(to: &$0)
    } recording: { () throws(Failure) in
      try record(point, inputs)
    }
    var gradients = ProgramGradients<Point.Scalar>(program)
    gradient.fill(from: &gradients)
    return (program.scalarResult(), gradient)
  }
}

extension RecordedGradient where Inputs == NoInput {
  /// The function's value and its gradient at a point.
  ///
  /// - Complexity: The time of the recorded operations; no heap allocation, once as many gradients have been handed out
  ///   as are in use at a time.
  @inlinable
  public func callAsFunction(_ point: Point) throws(Failure) -> (value: Point.Scalar, gradient: Point) {
    try run(point, NoInput())
  }
}

extension RecordedGradient {
  /// The function's value and its gradient at a point, for a further input. See `callAsFunction(_:)`.
  @inlinable
  public func callAsFunction(_ point: Point, _ input: Inputs) throws(Failure) -> (value: Point.Scalar, gradient: Point)
  {
    try run(point, input)
  }

  /// The function's value and its gradient at a point, for two further inputs. See `callAsFunction(_:)`.
  @inlinable
  public func callAsFunction<A, B>(
    _ point: Point, _ a: A, _ b: B
  ) throws(Failure) -> (value: Point.Scalar, gradient: Point) where Inputs == InputPair<A, B> {
    try run(point, InputPair(a, b))
  }

  /// The function's value and its gradient at a point, for three further inputs. See `callAsFunction(_:)`.
  @inlinable
  public func callAsFunction<A, B, C>(
    _ point: Point, _ a: A, _ b: B, _ c: C
  ) throws(Failure) -> (value: Point.Scalar, gradient: Point) where Inputs == InputPair<A, InputPair<B, C>> {
    try run(point, InputPair(a, InputPair(b, c)))
  }
}

/// A function of arrays, recorded once and replayed with new inputs.
///
/// Made by `recorded(_:of:)`; called like a function, with inputs of the same types.
public final class RecordedFunction<Inputs: ProgramInput, Scalar: TensorScalar, Failure: Error> {
  @usableFromInline let function: (Inputs.Traced) throws(Failure) -> Tensor<Scalar>
  @usableFromInline let programs = ProgramList()

  @usableFromInline
  init(_ function: @escaping (Inputs.Traced) throws(Failure) -> Tensor<Scalar>) { self.function = function }

  /// How the memory of the program that ran last is laid out; before the first call, of the one that was recorded.
  public var memoryPlan: MemoryPlan { programs.programs[0].plan }

  /// How often the function has been recorded: once, and again for other shapes and wherever it took another course.
  public var recordingCount: Int { programs.recordingCount }

  @usableFromInline
  func record(_ inputs: Inputs) throws(Failure) {
    try programs.record(differentiates: false) { (recorder) throws(Failure) in
      try function(inputs.traced(by: recorder)).handle
    }
  }

  @inlinable
  func run(_ inputs: Inputs) throws(Failure) -> ShapedArray<Scalar> {
    try programs.program {
      inputs.supply(to: &$0)
    } recording: { () throws(Failure) in
      try record(inputs)
    }.arrayResult()
  }
}

extension RecordedFunction {
  /// The function's value for an input.
  ///
  /// - Complexity: The time of the recorded operations; memory for the result, which is used again once nobody refers to
  ///   it.
  @inlinable
  public func callAsFunction(_ input: Inputs) throws(Failure) -> ShapedArray<Scalar> { try run(input) }

  /// The function's value for two inputs. See `callAsFunction(_:)`.
  @inlinable
  public func callAsFunction<A, B>(_ a: A, _ b: B) throws(Failure) -> ShapedArray<Scalar>
  where Inputs == InputPair<A, B> { try run(InputPair(a, b)) }

  /// The function's value for three inputs. See `callAsFunction(_:)`.
  @inlinable
  public func callAsFunction<A, B, C>(_ a: A, _ b: B, _ c: C) throws(Failure) -> ShapedArray<Scalar>
  where Inputs == InputPair<A, InputPair<B, C>> { try run(InputPair(a, InputPair(b, c))) }
}
