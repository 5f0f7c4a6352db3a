/// A parameter of a model: an array at rest, which a differentiation turns into a leaf of its tape.
public struct Parameter<Scalar: TensorScalar>: Sendable {
  /// The parameter's array; in the gradient of a model, its gradient. A plain value: nothing is differentiated through
  /// it, so functions of a model use ``tensor``.
  @inlinable public var value: ShapedArray<Scalar> {
    get {
      noteRead()
      return array
    }
    _modify {
      noteRead()
      yield &array
    }
  }

  /// While a program is recorded it holds for the elements that its function reads.
  @inlinable @inline(__always)
  func noteRead() {
    if bound.index >= 0 { noteParameterRead(bound) }
  }

  @usableFromInline var array: ShapedArray<Scalar>
  /// The record this parameter is bound to while its model is being differentiated.
  @usableFromInline var bound: Handle

  /// A parameter with the given value.
  @inlinable
  public init(_ value: ShapedArray<Scalar>) {
    array = value
    bound = .none
  }

  /// A parameter that is a number.
  @inlinable
  public init(_ value: Scalar) { self.init(ShapedArray(value)) }

  @inlinable
  init(_ value: ShapedArray<Scalar>, bound: Handle) {
    array = value
    self.bound = bound
  }

  /// The sizes of the parameter's axes.
  public var shape: Shape { array.shape }

  /// Makes ``tensor`` the given one, until its scope ends.
  package mutating func bind(to tensor: Tensor<Scalar>) { bound = tensor.handle }

  /// The parameter as a tensor of the current tape.
  ///
  /// Inside `gradient(at: model)` the tensor that is differentiated with respect to; anywhere else a constant that
  /// shares the array's memory.
  @inlinable public var tensor: Tensor<Scalar> { Tensor(handle: recordParameter(bound, array)) }
}

@usableFromInline @inline(never)
func noteParameterRead(_ bound: Handle) {
  let core = Core.current
  if core.isLive(bound) { core.noteHostRead(bound.index) }
}

/// The record that a parameter is bound to, or a constant.
@usableFromInline @inline(never)
@specialized(where S == Float)
@specialized(where S == Double)
func recordParameter<S>(_ bound: Handle, _ value: ShapedArray<S>) -> Handle {
  let core = Core.recording
  return core.isLive(bound) ? bound : core.handle(core.leaf(value, .constant))
}

/// A struct of parameters.
///
/// One method names them; copying the struct gives an independent snapshot. Parameters are `Double` unless the struct
/// is generic over `Scalar` or says `typealias Scalar = Float`.
///
/// ```swift
/// struct Scale: Model {
///   var factor: Parameter<Double>
///   mutating func visitParameters(_ visitor: inout some ParameterVisitor<Double>) { visitor.visit("factor", &factor) }
///   func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> { x * factor.tensor }
/// }
/// ```
public protocol Model<Scalar>: DifferentiableInput where Traced == Self {
  associatedtype Scalar: TensorScalar = Double

  /// Calls `visitor.visit(name, &member)` for each parameter and each member that is a model, always in one order.
  mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>)
}

/// Something that goes over the parameters of a model.
public protocol ParameterVisitor<Scalar> {
  associatedtype Scalar: TensorScalar

  /// Whether the visitor changes parameters; if not, copies may be visited.
  static var changesParameters: Bool { get }

  /// Called for each parameter.
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>)

  /// Called before the parameters of a member that is a model; `index` counts members in a list from 1.
  mutating func enter(_ name: StaticString, index: Int?)

  /// Called after the parameters of a member.
  mutating func leave()
}

extension ParameterVisitor {
  public mutating func enter(_ name: StaticString, index: Int?) {}
  public mutating func leave() {}

  /// Visits a member that is a model of its own.
  @inlinable
  public mutating func visit<M: Model>(_ name: StaticString, index: Int? = nil, _ model: inout M)
  where M.Scalar == Scalar {
    enter(name, index: index)
    model.visitParameters(&self)
    leave()
  }

  /// Visits a list of models.
  @inlinable
  public mutating func visit<M: Model>(_ name: StaticString, _ models: inout [M]) where M.Scalar == Scalar {
    for index in models.indices {
      if Self.changesParameters {
        visit(name, index: index + 1, &models[index])
      } else {
        var copy = models[index]
        visit(name, index: index + 1, &copy)
      }
    }
  }
}

extension Model {
  /// The parameters with their names, as in `fc1.weight`, in the order in which they are visited.
  public var namedParameters: [(name: String, value: ShapedArray<Scalar>)] {
    var copy = self
    var visitor = NameCollector<Scalar>()
    copy.visitParameters(&visitor)
    return visitor.parameters
  }

  /// The number of parameters' elements.
  public var parameterCount: Int { namedParameters.reduce(0) { $0 + $1.value.count } }
}

private struct NameCollector<Scalar: TensorScalar>: ParameterVisitor {
  static var changesParameters: Bool { false }
  var path: [String] = []
  var parameters: [(name: String, value: ShapedArray<Scalar>)] = []

  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    parameters.append(((path + ["\(name)"]).joined(separator: "."), parameter.value))
  }
  mutating func enter(_ name: StaticString, index: Int?) { path.append("\(name)" + (index.map(String.init) ?? "")) }
  mutating func leave() { path.removeLast() }
}

// MARK: - Differentiation

/// The gradient of a scalar function at a model: a model of the same type whose parameters are the gradients.
///
/// Inside the function the model's parameters are leaves that share the memory of its arrays; nothing is copied.
/// Traps unless the function's result has exactly one element.
///
/// - Complexity: A small multiple of the function's own time. Memory is used again from call to call.
@inlinable public func gradient<M: Model, E>(
  at model: M, of function: (M) throws(E) -> Tensor<M.Scalar>
) throws(E) -> M {
  try differentiate(model, function).gradient
}

/// A scalar function's value at a model, and its gradient there. See `gradient(at:of:)`.
///
/// The value is a plain number, so this function traps inside another differentiation, which it could not be part of.
@inlinable public func valueWithGradient<M: Model, E>(
  at model: M, of function: (M) throws(E) -> Tensor<M.Scalar>
) throws(E) -> (value: M.Scalar, gradient: M) {
  requireOutermost()
  return try differentiate(model, function)
}

@usableFromInline
func requireOutermost() {
  let core = Core.current
  if core.pointee.depth > 0 && core.pointee.isRecording { misuse(.nestedModelValue) }
}

@inlinable
func differentiate<M: Model, E>(
  _ model: M, _ function: (M) throws(E) -> Tensor<M.Scalar>
) throws(E) -> (value: M.Scalar, gradient: M) {
  let differentiation = Differentiation()
  var bound = model
  var leaves = ParameterBinder<M.Scalar>(differentiation)
  bound.visitParameters(&leaves)
  let output = try differentiation.cancelling { () throws(E) in try function(bound) }
  let pass = differentiation.modelPass(output.handle, leaves.leaves, as: M.Scalar.self)
  var gradients = GradientCollector(differentiation, pass)
  bound.visitParameters(&gradients)
  differentiation.finishModel()
  try differentiation.throwFailure(as: E.self)
  return (pass.value, bound)
}

/// The leaves of a model's parameters, which lie side by side on the tape.
@usableFromInline
struct ParameterLeaves {
  var first: NodeID = 0
  var count = 0
  subscript(index: Int) -> NodeID { first + NodeID(index) }
  /// Leaves by handle, for passes that are recorded and for pullbacks.
  @usableFromInline var handles: [Handle] {
    (0..<count).map { Core.current.handle(self[$0]) }
  }

  @usableFromInline
  init() {}

  @usableFromInline
  mutating func append(_ handle: Handle) {
    if count == 0 { first = handle.index }
    count += 1
  }
}

// The visitors of a differentiation are inlined into the user's module, where the types of model and parameters are
// known: a step visits every parameter twice, and looking up the types of generic code costs more than the visit.

/// Binds parameters to leaves.
@usableFromInline
struct ParameterBinder<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { true }
  @usableFromInline let differentiation: Differentiation
  @usableFromInline var leaves = ParameterLeaves()

  @inlinable
  init(_ differentiation: Differentiation) { self.differentiation = differentiation }

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    parameter.bound = differentiation.input(parameter.array, bound: parameter.bound)
    leaves.append(parameter.bound)
  }
}

/// Replaces parameters by their gradients.
@usableFromInline
struct GradientCollector<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { true }
  @usableFromInline let differentiation: Differentiation
  @usableFromInline let pass: ModelPass<Scalar>
  @usableFromInline var index = 0

  @inlinable
  init(_ differentiation: Differentiation, _ pass: ModelPass<Scalar>) {
    self.differentiation = differentiation
    self.pass = pass
  }

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    differentiation.replaceByGradient(&parameter.array, &parameter.bound, index, pass)
    index += 1
  }
}
