import Testing
import Wengert
import WengertNN

@Suite struct MLPTests {
  /// A small model with a kink-free activation and a batch for it.
  static func fixture(_ activation: Activation<Double> = .tanh) -> (model: MLP<Double>, inputs: ShapedArray<Double>) {
    var generator = SeededGenerator(seed: 7)
    let model = MLP([3, 5, 4, 2], activation: activation, using: &generator)
    let inputs = ShapedArray<Double>(
      normalWithMean: 0, standardDeviation: 1, shape: [6, 3], using: &generator)
    return (model, inputs)
  }

  static let labels = [0, 1, 1, 0, 1, 0]

  @Test func parametersHaveNamesAndShapes() {
    let parameters = Self.fixture().model.namedParameters
    #expect(
      parameters.map(\.name) == ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias"])
    #expect(parameters.map(\.value.shape) == [[3, 5], [5], [5, 4], [4], [4, 2], [2]])
    #expect(Self.fixture().model.parameterCount == 15 + 5 + 20 + 4 + 8 + 2)
  }

  @Test func scalarsAreDoubleUnlessSaidOtherwise() {
    var generator = SeededGenerator(seed: 1)
    let double = MLP([2, 3, 2], activation: .relu, using: &generator)
    #expect(type(of: double) == MLP<Double>.self)
    #expect(type(of: Linear(inputs: 2, outputs: 3, using: &generator)) == Linear<Double>.self)
    generator = SeededGenerator(seed: 1)
    let float = MLP<Float>([2, 3, 2], activation: .relu, using: &generator)
    for (a, b) in zip(float.namedParameters, double.namedParameters) {
      #expect(a.value.scalars == b.value.scalars.map(Float.init))
    }
  }

  @Test func parametersStartUniformAsInPyTorch() {
    var generator = SeededGenerator(seed: 3)
    let layer = Linear(inputs: 100, outputs: 400, using: &generator)
    for parameter in [layer.weight.value, layer.bias.value] {
      let bound = 0.1
      let largest = parameter.scalars.map(abs).max()!
      #expect(largest <= bound && largest > 0.99 * bound)
      let mean = parameter.scalars.reduce(0, +) / Double(parameter.count)
      // The standard deviation of the mean of n uniform numbers is bound / √(3n).
      #expect(abs(mean) < 4 * bound / (3 * Double(parameter.count)).squareRoot())
    }
  }

  @Test func outputsAreAffineMapsWithTheActivationBetween() {
    let layers = [
      Linear(weight: ShapedArray([[1.0, -1.0]]), bias: ShapedArray([0.5, 0.25])),
      Linear(weight: ShapedArray([[2.0], [10.0]]), bias: ShapedArray([-1.0])),
    ]
    let x = ShapedArray([[2.0], [-3.0]])
    func output(_ activation: Activation<Double>) -> [Double] {
      Tape.scope { MLP(layers, activation: activation)(x).scalars }
    }
    #expect(output(.identity) == [-13.5, 26.5])
    #expect(output(.relu) == [4, 31.5])
    #expect(output(Activation { $0 + $0 }) == [-26, 54])
  }

  @Test(arguments: ["tanh", "sigmoid", "relu", "identity", "cube"])
  func gradientsAgreeWithDifferences(activation name: String) {
    let activation: Activation<Double> =
      switch name {
      case "tanh": .tanh
      case "sigmoid": .sigmoid
      case "relu": .relu
      case "identity": .identity
      default: Activation { $0 * $0 * $0 }
      }
    let (model, inputs) = Self.fixture(activation)
    func loss(_ model: MLP<Double>) -> Tensor<Double> { crossEntropy(model(inputs), labels: Self.labels) }
    expectGradient(gradient(at: model, of: loss), of: loss, at: model)
  }

  @Test func gradientsOfGradientsAgreeWithDifferences() {
    let (model, inputs) = Self.fixture()
    func loss(_ model: MLP<Double>) -> Tensor<Double> { crossEntropy(model(inputs), labels: Self.labels) }
    /// The squared norm of the gradient, whose own gradient is 2 H g.
    func norm(_ model: MLP<Double>) -> Tensor<Double> {
      let inner = gradient(at: model, of: loss)
      var sum = Tensor(0.0)
      for layer in inner.layers {
        let (weight, bias) = (layer.weight.tensor, layer.bias.tensor)
        sum = sum + (weight * weight).sum()
        sum = sum + (bias * bias).sum()
      }
      return sum
    }
    expectGradient(gradient(at: model, of: norm), of: norm, at: model)
  }
}

/// Compares a gradient with central differences of second and fourth order, relative to its largest element.
func expectGradient(
  _ gradient: MLP<Double>, of loss: (MLP<Double>) -> Tensor<Double>, at model: MLP<Double>,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  func value(_ layer: Int, _ member: WritableKeyPath<Linear<Double>, Parameter<Double>>, _ index: Int, _ step: Double)
    -> Double
  {
    var moved = model
    moved.layers[layer][keyPath: member].value.withUnsafeMutableBufferPointer { $0[index] += step }
    return Tape.scope { loss(moved).item }
  }
  let scale = gradient.namedParameters.flatMap(\.value.scalars).map(abs).max()!
  let h = 1e-3
  var worst = 0.0
  for layer in model.layers.indices {
    for member in [\Linear<Double>.weight, \Linear<Double>.bias] {
      for (index, derivative) in gradient.layers[layer][keyPath: member].value.scalars.enumerated() {
        let near = value(layer, member, index, h) - value(layer, member, index, -h)
        let far = value(layer, member, index, 2 * h) - value(layer, member, index, -2 * h)
        worst = max(worst, abs((8 * near - far) / (12 * h) - derivative))
      }
    }
  }
  #expect(worst <= 1e-9 * scale, "off by \(worst) at a scale of \(scale)", sourceLocation: sourceLocation)
}
