import Testing
import Wengert

/// Structs of parameters: names, gradients, snapshots, and differentiations around them.
@Suite struct ModelTests {
  private struct Affine: Model {
    var weight: Parameter<Double>
    var bias: Parameter<Double>

    init(_ weight: [[Double]], _ bias: [Double]) {
      self.weight = Parameter(ShapedArray(weight))
      self.bias = Parameter(ShapedArray(bias))
    }

    mutating func visitParameters(_ visitor: inout some ParameterVisitor<Double>) {
      visitor.visit("weight", &weight)
      visitor.visit("bias", &bias)
    }

    func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> { matmul(x, weight.tensor) + bias.tensor }
  }

  private struct Stack: Model {
    var first = Affine([[1, 2], [3, 4]], [5, 6])
    var rest = [Affine([[0.5, 0], [0, 0.5]], [0, 0]), Affine([[1], [1]], [7])]

    mutating func visitParameters(_ visitor: inout some ParameterVisitor<Double>) {
      visitor.visit("first", &first)
      visitor.visit("layer", &rest)
    }

    func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> { rest.reduce(first(x)) { $1($0) } }
  }

  private let x = ShapedArray([[1.0, -1], [2, 0.5]])

  @Test func namesAndCounts() {
    let model = Stack()
    #expect(
      model.namedParameters.map(\.name) == [
        "first.weight", "first.bias", "layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias",
      ])
    #expect(model.parameterCount == 4 + 2 + 4 + 2 + 2 + 1)
  }

  @Test func gradientEqualsThatOfTensors() {
    let model = Stack()
    let (value, gradient) = valueWithGradient(at: model) { ($0(Tensor(x)) * 0.5).sum() }
    let (expected, gradients) = Tape.scope {
      let (value, gradients) = valueWithGradient(at: model.namedParameters.map { Tensor($0.value) }) { p in
        (((matmul(matmul(matmul(Tensor(x), p[0]) + p[1], p[2]) + p[3], p[4])) + p[5]) * 0.5).sum()
      }
      return (value.item, gradients.map(\.value))
    }
    #expect(value == expected)
    for ((name, actual), expected) in zip(gradient.namedParameters, gradients) {
      #expect(actual == expected, "\(name)")
    }
  }

  /// Memory of gradients is used again, but never while somebody still holds it.
  @Test func gradientsThatAreKeptStayAsTheyWere() {
    var model = Affine([[1, 2], [3, 4]], [5, 6])
    var kept: [ShapedArray<Double>] = []
    for step in 1...50 {
      let g = gradient(at: model) { ($0(Tensor(x)) * Double(step)).sum() }
      kept.append(g.weight.value)
      model.bias.value[0] = Double(step)
      _ = gradient(at: model) { ($0(Tensor(x)) * -1).sum() }
    }
    for step in 1...50 { #expect(kept[step - 1].scalars == [3, 3, -0.5, -0.5].map { $0 * Double(step) }) }
  }

  @Test func copiesAreSnapshots() {
    var model = Affine([[1, 2], [3, 4]], [5, 6])
    let snapshot = model
    model.weight.value[0, 0] = 100
    #expect(snapshot.weight.value[0, 0] == 1)
    let g = gradient(at: snapshot) { model in (model.weight.tensor * model.weight.tensor).sum() }
    #expect(g.weight.value.scalars == [2, 4, 6, 8])
    #expect(g.bias.value.scalars == [0, 0])
    #expect(Tape.scope { snapshot.weight.tensor.value } == ShapedArray([[1, 2], [3, 4]]))
  }

  /// Outside of its own differentiation a model is a constant.
  @Test func capturedModelIsAConstant() {
    let model = Affine([[1, 2], [3, 4]], [5, 6])
    let g = gradient(at: model) { inner in (inner.weight.tensor * model.weight.tensor).sum() }
    #expect(g.weight.value == model.weight.value)
    Tape.scope {
      let tensor = model.weight.tensor
      #expect(!(tensor * 2).sum().backward().reaches(tensor))
    }
  }

  /// The gradient of a gradient's norm: models inside models' differentiations.
  @Test func nestedGradients() {
    let model = Affine([[1, 2], [3, 4]], [5, 6])
    // f = Σ w³: ∇f = 3w², Σ∇f has the gradient 6w.
    let g = gradient(at: model) { model in
      gradient(at: model) { ($0.weight.tensor * $0.weight.tensor * $0.weight.tensor).sum() }.weight.tensor.sum()
    }
    #expect(g.weight.value.scalars == [6, 12, 18, 24])
    // A tensor's gradient around a model's, and the other way round.
    let around = Tape.scope {
      gradient(at: Tensor(2.0)) { a in
        gradient(at: model) { (a * a * $0.weight.tensor).sum() }.weight.tensor.sum()
      }.item
    }
    #expect(around == 16)
    let inside = gradient(at: model) { model in
      gradient(at: Tensor(2.0)) { a in (a * a * model.bias.tensor).sum() }
    }
    #expect(inside.bias.value.scalars == [4, 4])
    #expect(inside.weight.value.scalars == [0, 0, 0, 0])
  }

  @Test func outputWithoutParameters() {
    let model = Affine([[1, 2], [3, 4]], [5, 6])
    let (value, g) = valueWithGradient(at: model) { _ in Tensor(3.0) }
    #expect(value == 3)
    #expect(g.weight.value.scalars == [0, 0, 0, 0])
    let outside = Tape.scope {
      let c = Tensor(4.0)
      return gradient(at: model) { _ in c }
    }
    #expect(outside.bias.value.scalars == [0, 0])
  }

  @Test func memoryStaysFlat() {
    var model = Stack()
    func step() {
      let g = gradient(at: model) { model in
        let y = tanh(model(Tensor(x)))
        return (y * y).sum()
      }
      model.first.bias.value[0] -= 1e-6 * g.first.bias.value[0]
    }
    for _ in 0..<100 { step() }
    let (capacity, count) = (Tape.current.capacity, Tape.current.count)
    for _ in 0..<20_000 { step() }
    #expect(Tape.current.capacity == capacity)
    #expect(Tape.current.count == count)
  }
}
