import Testing
import Wengert

/// Convolutions, poolings and einsum with the parameters that are easy to get wrong, against PyTorch.
@Suite struct ContractionFixtureTests {
  struct Content: Decodable {
    let cases: [Case]
  }

  /// Written by `Tests/Fixtures/make_contraction_fixtures.py`.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let function: String
    let inputs: [FixtureArray]
    let value: FixtureArray
    let cotangent: FixtureArray
    let gradients: [FixtureArray]
    var window: [Int]?
    var stride: [Int]?
    var dilation: [Int]?
    var groups: Int?
    var low: [Int]?
    var high: [Int]?
    var outputPadding: [Int]?
    var ceilMode: Bool?
    var countsPadding: Bool?
    var equation: String?

    var testDescription: String {
      ([equation ?? function] + inputs.map { "\(Shape($0.shape))" }).joined(separator: " ")
    }

    private var padding: WindowPadding { .sides(low: .each(low!), high: .each(high!)) }

    func apply<S>(_ x: [Tensor<S>]) -> Tensor<S> {
      let bias = x.count > 2 ? x[2] : nil
      switch function {
      case "convolution":
        return convolution(
          x[0], x[1], bias: bias, stride: .each(stride!), padding: padding, dilation: .each(dilation!), groups: groups!)
      case "transposedConvolution":
        return transposedConvolution(
          x[0], x[1], bias: bias, stride: .each(stride!), padding: padding, outputPadding: .each(outputPadding!),
          dilation: .each(dilation!), groups: groups!)
      case "same": return convolution(x[0], x[1], padding: .same, dilation: .each(dilation!))
      case "maxPool":
        return maxPool(
          x[0], window: .each(window!), stride: .each(stride!), padding: padding, dilation: .each(dilation!),
          ceilMode: ceilMode!)
      case "averagePool":
        return averagePool(
          x[0], window: .each(window!), stride: .each(stride!), padding: padding, ceilMode: ceilMode!,
          countsPadding: countsPadding!)
      default: return einsum(equation!, x)
      }
    }
  }

  private static let content = Fixture.load("contractions", as: Content.self)

  @Test(arguments: content.cases)
  func equalsPyTorch(_ testCase: Case) {
    let inputs = testCase.inputs.map(\.array)
    Tape.scope {
      let (y, pullback) = valueWithPullback(at: inputs.map { Tensor($0) }, of: testCase.apply)
      expectEqual(y.value, NaiveArray(testCase.value.array), relativeTo: 2e-15, testCase.testDescription)
      for (operand, gradient) in pullback(Tensor(testCase.cotangent.array)).enumerated() {
        expectEqual(
          gradient.value, NaiveArray(testCase.gradients[operand].array), relativeTo: 1e-13,
          "gradient of \(testCase.testDescription), operand \(operand)")
      }
    }
    Tape.scope {
      let (y, pullback) = valueWithPullback(
        at: inputs.map { Tensor($0.converted(to: Float.self)) }, of: testCase.apply)
      expectEqual(
        y.value.converted(), NaiveArray(testCase.value.array), relativeTo: 1e-6, "Float \(testCase.testDescription)")
      let v = Tensor(testCase.cotangent.array.converted(to: Float.self))
      for (operand, gradient) in pullback(v).enumerated() {
        expectEqual(
          gradient.value.converted(), NaiveArray(testCase.gradients[operand].array), relativeTo: 1e-5,
          "Float gradient of \(testCase.testDescription), operand \(operand)")
      }
    }
  }
}
