import Wengert

/// A multilayer perceptron: affine layers with an activation between each two.
///
/// ```swift
/// var generator = SeededGenerator(seed: 1)
/// let model = MLP([2, 32, 32, 2], activation: .tanh, using: &generator)  // MLP<Double>
/// let small = MLP<Float>([2, 32, 32, 2], activation: .relu, using: &generator)
/// ```
///
/// Its parameters are called `fc1.weight`, `fc1.bias`, `fc2.weight`, … A copy is an independent snapshot.
public struct MLP<Scalar: TensorScalar>: Layer, Sendable {
  /// The affine layers, first to last.
  public var layers: Layers<Linear<Scalar>>
  /// What is applied between layers; not after the last.
  public var activation: Activation<Scalar>

  /// A perceptron of the given layers. Traps unless each takes as many inputs as the one before has outputs.
  public init(_ layers: [Linear<Scalar>], activation: Activation<Scalar>) {
    for (layer, next) in zip(layers, layers.dropFirst()) where layer.outputs != next.inputs {
      misuse(.chainedLayers(layer.weight.shape, next.weight.shape))
    }
    self.layers = Layers(layers)
    self.activation = activation
  }

  /// A perceptron with random parameters, uniform in ±1/√inputs of each layer, as in PyTorch.
  ///
  /// - Parameters:
  ///   - sizes: The number of inputs, of units in each hidden layer, and of outputs. Traps unless there are at least
  ///     two sizes, each at least 1.
  ///   - activation: What is applied between layers.
  ///   - generator: Where random numbers come from; equal generators give equal models.
  public init(
    _ sizes: [Int], activation: Activation<Scalar>, using generator: inout some RandomNumberGenerator
  ) {
    self.init(randomSizes: sizes, activation: activation, using: &generator)
  }

  private init(
    randomSizes sizes: [Int], activation: Activation<Scalar>, using generator: inout some RandomNumberGenerator
  ) {
    guard sizes.count > 1, sizes.allSatisfy({ $0 > 0 }) else { misuse(.layerSizes(sizes)) }
    var layers: [Linear<Scalar>] = []
    for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
      layers.append(Linear<Scalar>(inputs: inputs, outputs: outputs, using: &generator))
    }
    self.init(layers, activation: activation)
  }

  /// Visits the layers as `fc1`, `fc2`, …
  @inlinable public mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("fc", &layers)
  }

  /// The output rows (…, outputs) for input rows (…, inputs): logits, if the model classifies.
  @inlinable public func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    var y = x
    for index in 0..<layers.count {
      y = layers[index](index == 0 ? y : activation(y))
    }
    return y
  }
}

extension MLP where Scalar == Double {
  /// A perceptron of `Double`s with random parameters: the one that is meant where nothing says which scalars are.
  public init(
    _ sizes: [Int], activation: Activation<Double>, using generator: inout some RandomNumberGenerator
  ) {
    self.init(randomSizes: sizes, activation: activation, using: &generator)
  }
}
