import Testing
import Wengert

/// Values, gradients and second derivatives of every operation that PyTorch has, too.
@Suite struct OperationFixtureTests {
  struct Content: Decodable {
    let torch: String
    let cases: [Case]
  }

  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let inputs: [FixtureArray]
    let cotangent: FixtureArray
    let value: FixtureArray
    let gradients: [FixtureArray]
    let weights: [FixtureArray]
    let second: [FixtureArray]

    var testDescription: String { "\(name) \(inputs.map { "\(Shape($0.shape))" }.joined(separator: " "))" }
  }

  private static let content = Fixture.load("operations", as: Content.self)

  @Test(arguments: content.cases)
  func equalsPyTorch(_ testCase: Case) throws {
    testCase.check(try #require(Self.function(testCase.name), "no function for \(testCase.name)"))
  }

  private typealias Function = ([Tensor<Double>]) -> Tensor<Double>

  private static func function(_ name: String) -> Function? {
    let words = name.split(separator: " ")
    let axes = words.dropFirst().compactMap { Int($0) }
    let isWhole = words.last == "all"
    switch words[0] {
    case "exp": return { exp($0[0]) }
    case "log": return { log($0[0]) }
    case "sqrt": return { sqrt($0[0]) }
    case "tanh": return { tanh($0[0]) }
    case "sigmoid": return { sigmoid($0[0]) }
    case "relu": return { relu($0[0]) }
    case "abs": return { abs($0[0]) }
    case "negate": return { -$0[0] }
    case "add": return { $0[0] + $0[1] }
    case "subtract": return { $0[0] - $0[1] }
    case "multiply": return { $0[0] * $0[1] }
    case "divide": return { $0[0] / $0[1] }
    case "maximum": return { maximum($0[0], $0[1]) }
    case "minimum": return { minimum($0[0], $0[1]) }
    case "pow": return { pow($0[0], $0[1]) }
    case "where": return { Tensor.where($0[0] .> $0[1], $0[0] * $0[1], $0[1]) }
    case "sum": return isWhole ? { $0[0].sum() } : { $0[0].sum(along: axes, keepingAxes: false) }
    case "mean": return isWhole ? { $0[0].mean() } : { $0[0].mean(along: axes, keepingAxes: false) }
    case "max": return isWhole ? { $0[0].max() } : { $0[0].max(along: axes, keepingAxes: false) }
    case "logSumExp": return { logSumExp($0[0], along: axes[0]) }
    case "softmax": return { softmax($0[0], along: axes[0]) }
    case "logSoftmax": return { logSoftmax($0[0], along: axes[0]) }
    case "matmul": return { matmul($0[0], $0[1]) }
    case "crossEntropy": return { crossEntropy($0[0], labels: [2, 0, 3, 1, 1]) }
    case "negativeLogLikelihood": return { negativeLogLikelihood($0[0], labels: [2, 0, 3, 1, 1]) }
    case "reshape": return { $0[0].reshaped(to: [4, 3]) * $0[0].reshaped(to: [4, 3]) }
    case "transpose": return { $0[0].permuted(2, 0, 1) * 2 }
    case "broadcast": return { $0[0].broadcast(to: [4, 2, 3]) * 2 }
    case "slice": return { $0[0].sliced(1..<3, 0..<2) * 2 }
    case "concatenate": return { concatenated($0, along: 1) * 2 }
    default: return nil
    }
  }
}

extension OperationFixtureTests.Case {
  /// Expects a function to have the value, gradients and second derivatives of this case.
  func check(_ function: ([Tensor<Double>]) -> Tensor<Double>) {
    let inputs = inputs.map(\.array)
    Tape.scope {
      let v = Tensor(cotangent.array)
      let tensors = inputs.map { Tensor($0) }
      let y = function(tensors)
      expectEqual(y.value, NaiveArray(value.array), relativeTo: 2e-15, name)
      let gradients = gradient(at: tensors) { (v * function($0)).sum() }
      for (operand, expected) in self.gradients.enumerated() {
        expectEqual(
          gradients[operand].value, NaiveArray(expected.array), relativeTo: 1e-13,
          "gradient of \(name), operand \(operand)")
      }
      let second = gradient(at: tensors) { x in
        let first = gradient(at: x) { (v * function($0)).sum() }
        let parts = zip(first, weights).map { ($0 * Tensor($1.array)).sum() }
        return parts.dropFirst().reduce(parts[0], +)
      }
      for (operand, expected) in self.second.enumerated() {
        expectEqual(
          second[operand].value, NaiveArray(expected.array), relativeTo: 1e-13,
          "second derivative of \(name), operand \(operand)")
      }
    }
  }
}
