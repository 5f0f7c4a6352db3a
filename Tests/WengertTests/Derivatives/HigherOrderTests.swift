import Testing
import Wengert

/// Derivatives of derivatives: a gradient is a function like any other, of the inputs and of the cotangent.
@Suite struct HigherOrderTests {
  @Test(arguments: OperationCase.all)
  func secondOrderAgreesWithDifferences(_ testCase: OperationCase) {
    var generator = testCase.generator
    let first = Function(testCase).derivative(testCase.outputShape)
    let inputs = testCase.inputs(&generator) + [generator.array(testCase.outputShape)]
    let w = generator.array([first.outputCount(inputs)])
    let gradients = first.gradients(at: inputs, w)
    let differences = FiniteDifferences.gradient(of: first.evaluate, at: inputs, cotangent: w.scalars)
    for (operand, (gradient, difference)) in zip(gradients, differences).enumerated() {
      expectEqual(
        gradient.scalars, difference, relativeTo: 1e-8,
        "second order of \(testCase.testDescription), operand \(operand), step \(FiniteDifferences.step), "
          + "seed \(testCase.seed)")
    }
  }

  @Test(arguments: OperationCase.all)
  func thirdOrderAgreesWithDifferences(_ testCase: OperationCase) {
    var generator = testCase.generator
    let first = Function(testCase).derivative(testCase.outputShape)
    var inputs = testCase.inputs(&generator) + [generator.array(testCase.outputShape)]
    let w = generator.array([first.outputCount(inputs)])
    let second = first.derivative(w.shape)
    inputs.append(w)
    let u = generator.array([second.outputCount(inputs)])
    let direction = inputs.map { generator.array($0.shape).scalars }
    let gradients = second.gradients(at: inputs, u)
    let derivative = zip(gradients, direction).reduce(0) { sum, pair in
      zip(pair.0.scalars, pair.1).reduce(sum) { $0 + $1.0 * $1.1 }
    }
    let difference = FiniteDifferences.directionalDerivative(
      of: second.evaluate, at: inputs, along: direction, cotangent: u.scalars)
    let scale = gradients.reduce(1) { $1.scalars.reduce($0) { max($0, $1.magnitude) } }
    expectEqual(
      [derivative], [difference], relativeTo: 1e-8, minimumScale: scale,
      "third order of \(testCase.testDescription), step \(FiniteDifferences.step), seed \(testCase.seed)")
  }
}

/// A function of tensors that can be turned into its own derivative.
struct Function {
  let value: ([Tensor<Double>]) -> Tensor<Double>

  init(_ value: @escaping ([Tensor<Double>]) -> Tensor<Double>) { self.value = value }
  init(_ testCase: OperationCase) { value = { testCase.apply($0) } }

  /// (x, v) ↦ ∇ₓ⟨v, f(x)⟩, all inputs' gradients in one vector.
  func derivative(_ outputShape: Shape) -> Function {
    Function { inputs in
      let v = inputs[inputs.count - 1]
      let gradients = gradient(at: Array(inputs.dropLast())) { (v * value($0)).sum() }
      return concatenated(gradients.map { $0.reshaped(to: [$0.shape.elementCount]) })
    }
  }

  func outputCount(_ inputs: [ShapedArray<Double>]) -> Int { inputs.dropLast().reduce(0) { $0 + $1.count } }

  func evaluate(_ inputs: [ShapedArray<Double>]) -> ShapedArray<Double> {
    Tape.scope { value(inputs.map { Tensor($0) }).value }
  }

  /// The gradients of ⟨w, f(x)⟩.
  func gradients(at inputs: [ShapedArray<Double>], _ w: ShapedArray<Double>) -> [ShapedArray<Double>] {
    Tape.scope {
      gradient(at: inputs.map { Tensor($0) }) { (Tensor(w) * value($0)).sum() }.map(\.value)
    }
  }
}
