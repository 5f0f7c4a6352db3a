import Testing
import Wengert

/// The inputs of an operation as a model, so that a recorded function can be differentiated with respect to all of them.
struct Operands<Scalar: TensorScalar>: Model {
  var list: [Parameter<Scalar>]

  init(_ arrays: [ShapedArray<Scalar>]) { list = arrays.map { Parameter($0) } }

  mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    for index in list.indices { visitor.visit("operand", &list[index]) }
  }

  var tensors: [Tensor<Scalar>] { list.map(\.tensor) }
  var scalars: [[Scalar]] { list.map(\.value.scalars) }
}

/// A replay gives the bits of recording, for the inputs that were recorded and for others.
@Suite struct ReplayTests {
  /// Every operation by itself, and between chains of elementwise operations that meet its adjoints twice.
  @Test(arguments: OperationCase.all)
  func gradientsAreThoseOfRecording(_ testCase: OperationCase) {
    check(testCase, Double.self) { testCase.weighted($0, $1) }
    check(testCase, Float.self) { testCase.weighted($0, $1) }
    check(testCase, Double.self) { inputs, v in
      let y = testCase.apply(inputs.map { x in (x + x) * 0.5 })
      return (v * (y * 2 - y) + abs(y) * v).sum()
    }
  }

  /// A program whose function takes a gradient: its rules are part of the program.
  @Test(arguments: OperationCase.all)
  func secondDerivativesAreThoseOfRecording(_ testCase: OperationCase) {
    check(testCase, Double.self) { inputs, v in
      let slopes = gradient(at: inputs) { testCase.weighted($0, v) }
      return slopes.reduce(Tensor(0.0)) { $0 + ($1 * $1).sum() }
    }
  }

  /// Values, without a gradient.
  @Test(arguments: OperationCase.all)
  func valuesAreThoseOfRecording(_ testCase: OperationCase) {
    var generator = testCase.generator
    let program = recorded(Operands(testCase.inputs(&generator))) { testCase.apply($0.tensors) }
    for draw in 0..<2 {
      let inputs = testCase.inputs(&generator)
      let expected = Tape.scope { testCase.apply(inputs.map { Tensor($0) }).value }
      let actual = program(Operands(inputs))
      #expect(actual.shape == expected.shape)
      expectIdentical(actual.scalars, expected.scalars, "\(testCase.testDescription), draw \(draw)")
    }
  }

  private func check<S: TensorScalar>(
    _ testCase: OperationCase, _: S.Type, _ function: @escaping ([Tensor<S>], Tensor<S>) -> Tensor<S>
  ) {
    var generator = testCase.generator
    let v: ShapedArray<S> = generator.array(testCase.outputShape).converted()
    func draw() -> Operands<S> { Operands(testCase.inputs(&generator).map { $0.converted() }) }
    let first = draw()
    let program = recorded(at: first, v) { function($0.tensors, $1) }
    for (number, point) in [first, draw(), draw()].enumerated() {
      let weights: ShapedArray<S> = number == 2 ? generator.array(testCase.outputShape).converted() : v
      let expected = valueWithGradient(at: point) { function($0.tensors, Tensor(weights)) }
      let actual = program(point, weights)
      let context = "\(S.self) \(testCase.testDescription), draw \(number), seed \(testCase.seed)"
      expectIdentical([actual.value], [expected.value], context)
      for (operand, (a, b)) in zip(actual.gradient.scalars, expected.gradient.scalars).enumerated() {
        expectIdentical(a, b, "\(context), operand \(operand)")
      }
    }
  }
}
