import Wengert

/// Stochastic gradient descent, with momentum if asked for: `v = momentum · v + g`, then `p -= learningRate · v`.
///
/// The definition of PyTorch's `torch.optim.SGD`. An optimizer with momentum belongs to one model: it remembers a
/// velocity for each parameter.
///
/// ```swift
/// var optimizer = SGD(learningRate: 0.05)  // for models of Double; SGD<Float>(learningRate: 0.05) for Float
/// optimizer.update(&model, along: gradient)
/// ```
public struct SGD<Scalar: TensorScalar>: Sendable {
  /// The factor of the step.
  public var learningRate: Scalar
  /// How much of its velocity a parameter keeps, usually in 0..<1; 0 remembers nothing.
  public var momentum: Scalar

  private var velocities: [ShapedArray<Scalar>] = []
  /// The gradients of the update under way; empty between updates, but its memory stays.
  private var gradients: [ShapedArray<Scalar>] = []

  /// An optimizer at rest.
  public init(learningRate: Scalar, momentum: Scalar = 0) {
    self.learningRate = learningRate
    self.momentum = momentum
  }

  /// Moves a model's parameters one step along the negative gradient.
  ///
  /// Traps unless the gradient has the model's parameters, and these are those of earlier updates with momentum.
  ///
  /// - Complexity: O(parameters), in place: the memory of a parameter is used again unless a copy of the model still
  ///   needs it.
  public mutating func update<M: Model>(_ model: inout M, along gradient: M) where M.Scalar == Scalar {
    var collector = ParameterCollector<Scalar>(parameters: gradients)
    gradients = []
    var copy = gradient
    copy.visitParameters(&collector)
    var step = DescentStep(
      learningRate: learningRate, momentum: momentum, gradients: collector.parameters, velocities: velocities)
    collector.parameters = []
    velocities = []
    model.visitParameters(&step)
    step.finish()
    swap(&gradients, &step.gradients)
    swap(&velocities, &step.velocities)
    gradients.removeAll(keepingCapacity: true)
  }
}

/// Lists the parameters of a model.
private struct ParameterCollector<Scalar: TensorScalar>: ParameterVisitor {
  static var changesParameters: Bool { false }
  var parameters: [ShapedArray<Scalar>]

  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    parameters.append(parameter.value)
  }
}

/// One update of all parameters.
private struct DescentStep<Scalar: TensorScalar>: ParameterVisitor {
  static var changesParameters: Bool { true }
  let learningRate: Scalar
  let momentum: Scalar
  var gradients: [ShapedArray<Scalar>]
  var velocities: [ShapedArray<Scalar>]
  private var index = 0

  init(
    learningRate: Scalar, momentum: Scalar, gradients: [ShapedArray<Scalar>], velocities: [ShapedArray<Scalar>]
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.gradients = gradients
    self.velocities = velocities
  }

  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    defer { index += 1 }
    guard index < gradients.count else { return }
    guard parameter.shape == gradients[index].shape else {
      misuse(.parameterShape(index, parameter.shape, gradients[index].shape))
    }
    let rate = learningRate
    let momentum = momentum
    if momentum == 0 {
      parameter.value.withUnsafeMutableBufferPointer { p in
        gradients[index].withUnsafeBufferPointer { g in descend(p, along: g, rate) }
      }
      return
    }
    if index == velocities.count { velocities.append(ShapedArray(repeating: 0, shape: parameter.shape)) }
    guard parameter.shape == velocities[index].shape else {
      misuse(.parameterShape(index, parameter.shape, velocities[index].shape))
    }
    parameter.value.withUnsafeMutableBufferPointer { p in
      velocities[index].withUnsafeMutableBufferPointer { v in
        gradients[index].withUnsafeBufferPointer { g in descend(p, along: g, rate, velocity: v, momentum) }
      }
    }
  }

  /// Traps unless model and gradient had the same number of parameters.
  func finish() {
    if index != gradients.count { misuse(.parameterCount(index, gradients.count)) }
  }
}

// Plain loops that the compiler vectorizes, once per scalar type.

/// p -= rate · g
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func descend<Scalar: TensorScalar>(
  _ p: UnsafeMutableBufferPointer<Scalar>, along g: UnsafeBufferPointer<Scalar>, _ rate: Scalar
) {
  guard let x = p.baseAddress, let g = g.baseAddress else { return }
  for i in 0..<p.count { x[i] -= rate * g[i] }
}

/// v = momentum · v + g, p -= rate · v
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func descend<Scalar: TensorScalar>(
  _ p: UnsafeMutableBufferPointer<Scalar>, along g: UnsafeBufferPointer<Scalar>, _ rate: Scalar,
  velocity v: UnsafeMutableBufferPointer<Scalar>, _ momentum: Scalar
) {
  guard let x = p.baseAddress, let g = g.baseAddress, let v = v.baseAddress else { return }
  for i in 0..<p.count {
    let velocity = momentum * v[i] + g[i]
    v[i] = velocity
    x[i] -= rate * velocity
  }
}
