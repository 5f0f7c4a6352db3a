import CKernels

/// The seed's linear layer: `x @ W + b`.
public struct Linear<Scalar: GraphScalar> {
  public let weight: Node<Scalar>
  public let bias: Node<Scalar>

  public init(weight: NDArray<Scalar>, bias: NDArray<Scalar>) {
    self.weight = Node(weight)
    self.bias = Node(bias)
  }

  @inlinable
  public func callAsFunction(_ x: Node<Scalar>) -> Node<Scalar> { matmul(x, weight) + bias }
}

/// The seed's multilayer perceptron: linear layers with tanh between them.
public struct MLP<Scalar: GraphScalar> {
  public let layers: [Linear<Scalar>]

  public init(_ layers: [Linear<Scalar>]) { self.layers = layers }

  @inlinable
  public func callAsFunction(_ x: Node<Scalar>) -> Node<Scalar> {
    var h = x
    for layer in layers.dropLast() { h = tanh(layer(h)) }
    return layers[layers.count - 1](h)
  }

  /// The parameters with the names that the tape's model gives them.
  public var namedParameters: [(name: String, node: Node<Scalar>)] {
    layers.enumerated().flatMap { index, layer in
      [("fc\(index + 1).weight", layer.weight), ("fc\(index + 1).bias", layer.bias)]
    }
  }

  @inlinable
  public func zeroGrad() {
    for layer in layers {
      layer.weight.zeroGrad()
      layer.bias.zeroGrad()
    }
  }
}

/// Stochastic gradient descent as the seed's training loop writes it: `p.data -= lr * p.grad`.
public struct SGD<Scalar: GraphScalar> {
  public let learningRate: Scalar

  public init(learningRate: Scalar) { self.learningRate = learningRate }

  @inlinable
  public func update(_ model: MLP<Scalar>) {
    for layer in model.layers {
      update(layer.weight)
      update(layer.bias)
    }
  }

  @inlinable
  func update(_ parameter: Node<Scalar>) {
    let step = NDArray.map(.multiply, .scalar(learningRate), parameter.grad)
    parameter.data.apply(.subtract, parameter.data, step)
  }
}
