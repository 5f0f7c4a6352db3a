import Testing
import Wengert
import WengertNN

@Suite struct SGDTests {
  struct Pair: Model {
    var a: Parameter<Double>
    var b: Parameter<Double>

    init(_ a: [Double], _ b: [Double]) {
      self.a = Parameter(ShapedArray(a))
      self.b = Parameter(ShapedArray(b))
    }

    mutating func visitParameters(_ visitor: inout some ParameterVisitor<Double>) {
      visitor.visit("a", &a)
      visitor.visit("b", &b)
    }
  }

  @Test func stepsFollowTheNegativeGradient() {
    var model = Pair([1, 2], [3])
    var optimizer = SGD(learningRate: 0.5)
    optimizer.update(&model, along: Pair([2, -4], [1]))
    #expect(model.a.value.scalars == [0, 4])
    #expect(model.b.value.scalars == [2.5])
    optimizer.learningRate = 1
    optimizer.update(&model, along: Pair([0, 1], [0.25]))
    #expect(model.a.value.scalars == [0, 3])
    #expect(model.b.value.scalars == [2.25])
  }

  @Test func momentumKeepsVelocity() {
    var model = Pair([1, 1], [0])
    var optimizer = SGD(learningRate: 0.5, momentum: 0.5)
    // v = 2, 0.5·2 + 4 = 5, 0.5·5 − 1 = 1.5; p falls by half of each.
    optimizer.update(&model, along: Pair([2, 0], [0]))
    #expect(model.a.value.scalars == [0, 1])
    optimizer.update(&model, along: Pair([4, 0], [8]))
    #expect(model.a.value.scalars == [-2.5, 1])
    #expect(model.b.value.scalars == [-4])
    optimizer.update(&model, along: Pair([-1, 0], [0]))
    #expect(model.a.value.scalars == [-3.25, 1])
    #expect(model.b.value.scalars == [-6])
  }

  @Test func copiesOfAnOptimizerHaveTheirOwnVelocities() {
    var model = Pair([0], [0])
    var optimizer = SGD(learningRate: 1, momentum: 1)
    optimizer.update(&model, along: Pair([1], [0]))
    var (otherModel, other) = (model, optimizer)
    other.update(&otherModel, along: Pair([5], [0]))
    optimizer.update(&model, along: Pair([0], [0]))
    #expect(model.a.value.scalars == [-2])
    #expect(otherModel.a.value.scalars == [-7])
  }

  @Test func longParametersMoveEverywhere() {
    for count in [0, 1, 3, 8, 17, 1000] {
      var model = Linear<Float>(
        weight: ShapedArray(repeating: 1, shape: [count, 1]), bias: ShapedArray(repeating: 0, shape: [1]))
      let gradient = Linear<Float>(
        weight: ShapedArray(shape: [count, 1], scalars: (0..<count).map(Float.init)),
        bias: ShapedArray(repeating: 2, shape: [1]))
      var optimizer = SGD<Float>(learningRate: 0.5)
      optimizer.update(&model, along: gradient)
      #expect(model.weight.value.scalars == (0..<count).map { 1 - 0.5 * Float($0) })
      #expect(model.bias.value.item == -1)
    }
  }

  // Misuses are functions with names: a line within the macro's closure is one of a generated file.
  enum Misuses {
    static func updateAlongOtherShapes() {
      var model = Pair([1, 2], [3])
      var optimizer = SGD(learningRate: 0.5)
      optimizer.update(&model, along: Pair([1, 2], [3, 4]))
    }

    static func updateAlongShallowerModel() {
      var generator = SeededGenerator(seed: 1)
      var model = MLP([2, 2, 2], activation: .tanh, using: &generator)
      var optimizer = SGD(learningRate: 0.5)
      optimizer.update(&model, along: MLP([2, 2], activation: .tanh, using: &generator))
    }

    static func makeLinear() { _ = Linear(weight: ShapedArray([[1.0, 2.0]]), bias: ShapedArray([1.0])) }

    static func makeChain() {
      let layer = Linear(weight: ShapedArray([[1.0, 2.0]]), bias: ShapedArray([1.0, 2.0]))
      _ = MLP([layer, layer], activation: .tanh)
    }
  }

  @Test func gradientsOfOtherShapesAreRefused() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Misuses.updateAlongOtherShapes()
    }
    expectMessage(
      result,
      """
      Fatal error: update(_:along:) requires a gradient with the parameters of its model; given shapes (1,) and (2,) \
      at parameter 2. Pass the gradient of this model, and use an optimizer for one model only.
      """)
  }

  @Test func gradientsOfShallowerModelsAreRefused() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Misuses.updateAlongShallowerModel()
    }
    expectMessage(
      result,
      """
      Fatal error: update(_:along:) requires a gradient with the parameters of its model; given 4 parameters and 2. \
      Pass the gradient of this model, and use an optimizer for one model only.
      """)
  }

  @Test func layersThatDoNotFitAreRefused() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Misuses.makeLinear() }
    expectMessage(
      result,
      """
      Fatal error: Linear takes a weight of shape (inputs, outputs) and a bias of shape (outputs,); given weight \
      (1, 2) and bias (1,). Transpose or reshape them to fit.
      """)
  }

  @Test func layersThatDoNotFollowAreRefused() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Misuses.makeChain() }
    expectMessage(
      result,
      """
      Fatal error: each layer of an MLP takes as many inputs as the one before has outputs; given weights (1, 2) and \
      (1, 2). Check the layers' sizes and order.
      """)
  }
}

/// The message must be there, and name the line of the caller rather than one of the library.
func expectMessage(
  _ result: ExitTest.Result?, _ message: String, file: String = #fileID,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  #expect(output.contains(message), sourceLocation: sourceLocation)
  #expect(output.contains("\(file.split(separator: "/").last!):"), sourceLocation: sourceLocation)
}
