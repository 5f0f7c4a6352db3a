import CKernels
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

  @usableFromInline var velocities: [ShapedArray<Scalar>] = []
  /// The gradients of the update under way; empty between updates, but its memory stays.
  @usableFromInline var gradients: [GradientSpan<Scalar>] = []

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
  @inlinable
  public mutating func update<M: Model>(_ model: inout M, along gradient: M) where M.Scalar == Scalar {
    var collector = GradientSpans<Scalar>(gradients)
    gradients = []
    var copy = gradient
    copy.visitParameters(&collector)
    var step = DescentStep(rate: learningRate, momentum: momentum, collector.spans, velocities)
    collector.spans = []
    velocities = []
    model.visitParameters(&step)
    step.finish()
    // Until here the spans point into the gradient.
    withExtendedLifetime(gradient) {}
    swap(&gradients, &step.gradients)
    swap(&velocities, &step.velocities)
    gradients.removeAll(keepingCapacity: true)
  }
}

/// Where a parameter's gradient lies, without a reference to be counted.
@usableFromInline
struct GradientSpan<Scalar: TensorScalar>: @unchecked Sendable {
  @usableFromInline let base: UnsafePointer<Scalar>
  @usableFromInline let shape: Shape

  @inlinable
  init(_ array: ShapedArray<Scalar>) {
    base = array.withUnsafeBufferPointer { $0.baseAddress! }
    shape = array.shape
  }
}

/// Lists the gradients in a model.
@usableFromInline
struct GradientSpans<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { false }
  @usableFromInline var spans: [GradientSpan<Scalar>]

  @inlinable
  init(_ spans: [GradientSpan<Scalar>]) { self.spans = spans }

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    spans.append(GradientSpan(parameter.value))
  }
}

/// One update of all parameters.
@usableFromInline
struct DescentStep<Scalar: TensorScalar>: ParameterVisitor {
  @inlinable static var changesParameters: Bool { true }
  @usableFromInline let rate: Scalar
  @usableFromInline let momentum: Scalar
  @usableFromInline var gradients: [GradientSpan<Scalar>]
  @usableFromInline var velocities: [ShapedArray<Scalar>]
  @usableFromInline var index = 0

  @inlinable
  init(rate: Scalar, momentum: Scalar, _ gradients: [GradientSpan<Scalar>], _ velocities: [ShapedArray<Scalar>]) {
    self.rate = rate
    self.momentum = momentum
    self.gradients = gradients
    self.velocities = velocities
  }

  @inlinable
  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    if index < gradients.count {
      if momentum == 0 {
        descend(&parameter.value, along: gradients[index], rate, index)
      } else {
        if index == velocities.count { velocities.append(ShapedArray(repeating: 0, shape: parameter.shape)) }
        descend(&parameter.value, along: gradients[index], rate, velocity: &velocities[index], momentum, index)
      }
    }
    index += 1
  }

  /// Traps unless model, gradient and velocities had the same number of parameters.
  @usableFromInline
  func finish() {
    if index != gradients.count { misuse(.parameterCount(index, gradients.count)) }
    if momentum != 0 && index != velocities.count { misuse(.parameterCount(index, velocities.count)) }
  }
}

/// p -= rate · g
@usableFromInline
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func descend<Scalar: TensorScalar>(
  _ p: inout ShapedArray<Scalar>, along g: GradientSpan<Scalar>, _ rate: Scalar, _ index: Int
) {
  guard p.shape == g.shape else { misuse(.parameterShape(index, p.shape, g.shape)) }
  let g = g.base
  p.withUnsafeMutableBufferPointer { p in
    guard let base = p.baseAddress else { return }
    let (x, g) = (UnsafeMutableRawPointer(base), UnsafeRawPointer(g))
    switch Scalar.scalarType {
    case .float:
      wg_add_scaled_f32(
        -Float(rate), g.assumingMemoryBound(to: Float.self), x.assumingMemoryBound(to: Float.self), p.count)
    case .double:
      wg_add_scaled_f64(
        -Double(rate), g.assumingMemoryBound(to: Double.self), x.assumingMemoryBound(to: Double.self), p.count)
    }
  }
}

/// v = momentum · v + g, p -= rate · v
@usableFromInline
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func descend<Scalar: TensorScalar>(
  _ p: inout ShapedArray<Scalar>, along g: GradientSpan<Scalar>, _ rate: Scalar,
  velocity v: inout ShapedArray<Scalar>, _ momentum: Scalar, _ index: Int
) {
  guard p.shape == g.shape else { misuse(.parameterShape(index, p.shape, g.shape)) }
  guard p.shape == v.shape else { misuse(.parameterShape(index, p.shape, v.shape)) }
  let g = g.base
  p.withUnsafeMutableBufferPointer { p in
    v.withUnsafeMutableBufferPointer { v in
      guard let x = p.baseAddress, let v = v.baseAddress else { return }
      for i in 0..<p.count {
        let velocity = momentum * v[i] + g[i]
        v[i] = velocity
        x[i] -= rate * velocity
      }
    }
  }
}
