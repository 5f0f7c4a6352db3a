/// What a recorded function can be given: arrays, lists of indices and models, and structures made of them.
///
/// While the function is recorded it sees a stand-in: a tensor for an array, an ``IndexArray`` for labels, a bound model
/// for a model. Replays supply the arrays themselves, which are read where they lie.
///
/// A structure of several inputs calls its members' methods, always in one order.
public protocol ProgramInput {
  /// What the function sees.
  associatedtype Traced

  /// Makes the stand-in while a function is being recorded.
  func traced(by recorder: ProgramRecorder) -> Traced

  /// Hands the arrays to a replay, in the order of `traced(by:)`.
  func supply(to arguments: inout ProgramArguments)
}

/// What a recorded function can be differentiated with respect to: an array or a model.
public protocol DifferentiableInput<Scalar>: ProgramInput {
  associatedtype Scalar: TensorScalar

  /// A copy of this structure that is to be given gradients. Structures that use the memory of earlier copies again take
  /// it now, so that what those held is free.
  func copyForGradients() -> Self

  /// Gives such a copy the gradients, in the order of `traced(by:)`.
  mutating func fill(from gradients: inout ProgramGradients<Scalar>)
}

/// The arrays of one replay, where they lie.
public struct ProgramArguments {
  @usableFromInline let programs: ProgramList

  @usableFromInline
  init(_ programs: ProgramList) { self.programs = programs }

  /// Supplies the next array. Whoever calls the recorded function keeps it alive until it has returned.
  @inlinable
  mutating func append<S>(_ array: ShapedArray<S>) {
    programs.supply(UnsafeMutableRawPointer(array.base), array.shape)
  }

  /// Supplies the next list of indices, which is kept alive likewise.
  @inlinable
  mutating func append(_ indices: UnsafeBufferPointer<Int>, shape: Shape) { programs.supplyIndices(indices, shape) }
}

/// The gradients of one replay.
public struct ProgramGradients<Scalar: TensorScalar> {
  let program: RecordedProgram
  private var index = 0

  @usableFromInline
  init(_ program: RecordedProgram) { self.program = program }

  /// The gradient with respect to the next array.
  @usableFromInline
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  mutating func next() -> ShapedArray<Scalar> {
    defer { index += 1 }
    return ShapedArray(shape: program.targetShape(index), storage: program.gradient(index))
  }
}

// MARK: - Arrays and indices

extension ShapedArray: DifferentiableInput {
  public func traced(by recorder: ProgramRecorder) -> Tensor<Scalar> { Tensor(handle: recorder.input(self)) }
  @inlinable public func supply(to arguments: inout ProgramArguments) { arguments.append(self) }
  public func copyForGradients() -> ShapedArray { .empty }
  public mutating func fill(from gradients: inout ProgramGradients<Scalar>) { self = gradients.next() }
}

extension IndexArray: ProgramInput {
  public func traced(by recorder: ProgramRecorder) -> IndexArray { recorder.input(self) }
  @inlinable public func supply(to arguments: inout ProgramArguments) {
    noteRead()
    elements.withUnsafeBufferPointer { arguments.append($0, shape: shape) }
  }
}

extension Array: ProgramInput where Element == Int {
  public func traced(by recorder: ProgramRecorder) -> IndexArray { recorder.input(IndexArray(self)) }
  @inlinable public func supply(to arguments: inout ProgramArguments) {
    withUnsafeBufferPointer { arguments.append($0, shape: .vector(count)) }
  }
}

extension ArraySlice: ProgramInput where Element == Int {
  public func traced(by recorder: ProgramRecorder) -> IndexArray { recorder.input(IndexArray(self)) }
  @inlinable public func supply(to arguments: inout ProgramArguments) {
    withUnsafeBufferPointer { arguments.append($0, shape: .vector(count)) }
  }
}

/// Two inputs, one after the other.
public struct InputPair<First: ProgramInput, Second: ProgramInput>: ProgramInput {
  @usableFromInline let first: First
  @usableFromInline let second: Second

  @inlinable
  public init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }

  public func traced(by recorder: ProgramRecorder) -> (First.Traced, Second.Traced) {
    let first = first.traced(by: recorder)
    return (first, second.traced(by: recorder))
  }

  @inlinable public func supply(to arguments: inout ProgramArguments) {
    first.supply(to: &arguments)
    second.supply(to: &arguments)
  }
}

/// No input.
public struct NoInput: ProgramInput {
  @inlinable public init() {}
  public func traced(by recorder: ProgramRecorder) {}
  @inlinable public func supply(to arguments: inout ProgramArguments) {}
}

// MARK: - Models

extension Model {
  @inlinable
  public func traced(by recorder: ProgramRecorder) -> Self {
    var bound = self
    var visitor = InputBinder<Scalar>(recorder)
    bound.visitParameters(&visitor)
    return bound
  }

  @inlinable
  public func supply(to arguments: inout ProgramArguments) {
    var copy = self
    var visitor = ArgumentVisitor<Scalar>(arguments)
    copy.visitParameters(&visitor)
    arguments = visitor.arguments
  }

  @inlinable
  public func copyForGradients() -> Self {
    var result = self
    var visitor = ParameterClaimer<Scalar>()
    result.visitParameters(&visitor)
    return result
  }

  @inlinable
  public mutating func fill(from gradients: inout ProgramGradients<Scalar>) {
    var visitor = GradientFiller<Scalar>(gradients)
    visitParameters(&visitor)
    gradients = visitor.gradients
  }
}

/// Binds parameters to the leaves of a program.
@usableFromInline
struct InputBinder<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { true }
  @usableFromInline let recorder: ProgramRecorder

  @inlinable
  init(_ recorder: ProgramRecorder) { self.recorder = recorder }

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    parameter.bound = recorder.input(parameter.value)
  }
}

/// Supplies parameters.
@usableFromInline
struct ArgumentVisitor<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { false }
  @usableFromInline var arguments: ProgramArguments

  @inlinable
  init(_ arguments: ProgramArguments) { self.arguments = arguments }

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) { arguments.append(parameter.value) }
}

/// Changes nothing, but could: lists of layers that share their elements with another model get some of their own.
@usableFromInline
struct ParameterClaimer<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { true }

  @inlinable
  init() {}

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {}
}

/// Gives parameters their gradients.
@usableFromInline
struct GradientFiller<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { true }
  @usableFromInline var gradients: ProgramGradients<Scalar>

  @inlinable
  init(_ gradients: ProgramGradients<Scalar>) { self.gradients = gradients }

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    parameter = Parameter(gradients.next())
  }
}
