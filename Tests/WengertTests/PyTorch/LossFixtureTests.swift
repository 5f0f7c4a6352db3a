import Testing
import Wengert

/// Values, gradients and second derivatives of losses, normalisations and attention.
@Suite struct LossFixtureTests {
  private static let content = Fixture.load("losses", as: OperationFixtureTests.Content.self)

  @Test(arguments: content.cases)
  func equalsPyTorch(_ testCase: OperationFixtureTests.Case) throws {
    #expect(Self.content.torch.hasPrefix("2.13"))
    testCase.check(try #require(Self.function(testCase.name), "no function for \(testCase.name)"))
  }

  private typealias Function = ([Tensor<Double>]) -> Tensor<Double>

  private static func function(_ name: String) -> Function? {
    guard let last = name.split(separator: " ").last else { return nil }
    let reductions: [Substring: LossReduction] = ["mean": .mean, "sum": .sum, "none": .none]
    guard let reduction = reductions[last] else { return normalization(name) }
    let labels = [2, 0, 3, 1, 1]
    let partly = [2, -100, 3, 0, -100]
    switch name.dropLast(last.count + 1) {
    case "crossEntropy": return { crossEntropy($0[0], labels: labels, reduction: reduction) }
    case "crossEntropy ignoring":
      return { crossEntropy($0[0], labels: partly, ignoring: -100, reduction: reduction) }
    case "crossEntropy smoothing":
      return { crossEntropy($0[0], labels: labels, labelSmoothing: 0.1, reduction: reduction) }
    case "crossEntropy smoothing ignoring":
      return { crossEntropy($0[0], labels: partly, ignoring: -100, labelSmoothing: 0.3, reduction: reduction) }
    case "crossEntropy smoothing entirely":
      return { crossEntropy($0[0], labels: partly, ignoring: -100, labelSmoothing: 1, reduction: reduction) }
    case "crossEntropy probabilities": return { crossEntropy($0[0], probabilities: $0[1], reduction: reduction) }
    case "negativeLogLikelihood ignoring":
      return { negativeLogLikelihood($0[0], labels: partly, ignoring: -100, reduction: reduction) }
    case "meanSquaredError": return { meanSquaredError($0[0], targets: $0[1], reduction: reduction) }
    case "huberLoss 0.75": return { huberLoss($0[0], targets: $0[1], delta: 0.75, reduction: reduction) }
    case "binaryCrossEntropy": return { binaryCrossEntropy($0[0], targets: $0[1], reduction: reduction) }
    case "klDivergence": return { klDivergence($0[0], logProbabilities: $0[1], reduction: reduction) }
    default: return nil
    }
  }

  private static func normalization(_ name: String) -> Function? {
    switch name {
    case "layerNorm": return { layerNorm($0[0], scale: $0[1], bias: $0[2]) }
    case "layerNorm plain": return { layerNorm($0[0]) }
    case "layerNorm over 2": return { layerNorm($0[0], overLast: 2, scale: $0[1], bias: $0[2], epsilon: 1e-3) }
    case "rmsNorm": return { rmsNorm($0[0], scale: $0[1]) }
    case "rmsNorm over 2": return { rmsNorm($0[0], overLast: 2, epsilon: 1e-3) }
    case "batchNorm": return { batchNorm($0[0], scale: $0[1], bias: $0[2]).output }
    case "batchNorm plain": return { batchNorm($0[0]).output }
    case "batchNorm given": return { batchNorm($0[0], mean: $0[1], variance: $0[2], scale: $0[3], bias: $0[4]) }
    case "attention": return { scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2]) }
    case "attention causal":
      return { scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], isCausal: true) }
    case "attention masked":
      return {
        let mask = Tensor([[1.0, 0, 1, 1], [0, 0, 1, 0], [1, 1, 1, 1]])
        return scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], mask: mask)
      }
    case "attention bias":
      return { scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], bias: $0[3], scale: 0.3) }
    default: return nil
    }
  }
}
