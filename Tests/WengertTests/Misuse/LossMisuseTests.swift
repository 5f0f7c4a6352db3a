import Testing
import Wengert

/// Every message about losses, normalisations, attention and random tensors, word for word, with the line of the mistake.
@Suite struct LossMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = LossMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    let x = Tensor([[1.0, 2], [3, 4]])
    var random = RandomStream(seed: 1)
    if list.makes(
      """
      crossEntropy(_:labels:) requires labels in 0..<2; given label 2 in row 1. \
      Check the data, or widen the last layer.
      """, at: #line + 2
    ) {
      _ = crossEntropy(x, labels: [-1, 2], ignoring: -1)
    }
    if list.makes(
      """
      negativeLogLikelihood(_:labels:) requires labels in 0..<2; given label -1 in row 0. \
      Check the data, or widen the last layer.
      """, at: #line + 2
    ) {
      _ = negativeLogLikelihood(x, labels: IndexArray([-1, 2]), ignoring: 2, reduction: .none)
    }
    if list.makes(
      """
      crossEntropy(_:labels:) requires a labelSmoothing in 0...1; given 1.5. \
      Pass 0 for none, 0.1 for a tenth spread over all classes.
      """, at: #line + 2
    ) {
      _ = crossEntropy(x, labels: [0, 1], labelSmoothing: 1.5)
    }
    if list.makes(
      """
      crossEntropy(_:probabilities:) requires two tensors of one shape whose last axis lists the classes; \
      given shapes (2, 2) and (2,). Reshape one of them.
      """, at: #line + 2
    ) {
      _ = crossEntropy(x, probabilities: vector(1, 2))
    }
    if list.makes(
      """
      klDivergence(_:logProbabilities:) requires two tensors of one shape whose last axis lists the classes; \
      given shapes () and (). Reshape one of them.
      """, at: #line + 2
    ) {
      _ = klDivergence(Tensor(1.0), logProbabilities: Tensor(0.0))
    }
    if list.makes(
      """
      meanSquaredError(_:targets:reduction:) requires targets of the predictions' shape; \
      given shapes (2, 1) and (2,). Reshape one of them: broadcasting would compare each with many.
      """, at: #line + 2
    ) {
      _ = meanSquaredError(Tensor([[1.0], [2]]), targets: vector(1, 2))
    }
    if list.makes(
      """
      hingeLoss(_:targets:reduction:) requires targets of the predictions' shape; given shapes (2,) and (). \
      Reshape one of them: broadcasting would compare each with many.
      """, at: #line + 2
    ) {
      _ = hingeLoss(vector(1, 2), targets: Tensor(1.0))
    }
    if list.makes(
      """
      binaryCrossEntropy(_:targets:reduction:) requires targets of the predictions' shape; given shapes (2,) and (3,). \
      Reshape one of them: broadcasting would compare each with many.
      """, at: #line + 2
    ) {
      _ = binaryCrossEntropy(vector(1, 2), targets: vector(0, 1, 1))
    }
    if list.makes(
      """
      huberLoss(_:targets:delta:reduction:) requires a positive delta; given 0.0. \
      Pass the residual from which the loss is to be linear.
      """, at: #line + 2
    ) {
      _ = huberLoss(x, targets: x, delta: 0)
    }
    if list.makes(
      """
      layerNorm requires a number of last axes in 1...2; given 3 of shape (2, 2). \
      Count the axes that are normalized together, from the end.
      """, at: #line + 2
    ) {
      _ = layerNorm(x, overLast: 3)
    }
    if list.makes(
      "rmsNorm requires a scale of shape (2,); given shape (2, 2). Pass one number for each that is normalized.",
      at: #line + 2
    ) {
      _ = rmsNorm(x, scale: x)
    }
    if list.makes(
      "batchNorm requires a bias of shape (2,); given shape (3,). Pass one number for each that is normalized.",
      at: #line + 2
    ) {
      _ = batchNorm(x, bias: vector(1, 2, 3))
    }
    if list.makes(
      "batchNorm requires an input of shape (examples, channels, …); given shape (2,). Reshape it to have two axes or more.",
      at: #line + 2
    ) {
      _ = batchNorm(vector(1, 2), mean: vector(1), variance: vector(1))
    }
    if list.makes(
      """
      scaledDotProductAttention requires a query (…, n, d), a key (…, m, d) and a value (…, m, e); \
      given (2, 2), (2, 2) and (2,). Reshape or transpose them.
      """, at: #line + 2
    ) {
      _ = scaledDotProductAttention(query: x, key: x, value: vector(1, 2))
    }
    if list.makes(
      "dropout(_:probability:using:) requires a probability in 0...1; given -0.5. Pass 0.1 for one in ten.",
      at: #line + 2
    ) {
      _ = dropout(x, probability: -0.5, using: &random)
    }
    if list.makes(
      "bernoulli(shape:probability:) requires a probability in 0...1; given nan. Pass 0.1 for one in ten.",
      at: #line + 2
    ) {
      _ = random.bernoulli(shape: [2], probability: Double.nan)
    }
    if list.makes(
      "permutation(_:) requires a count that is not negative; given -1. Check how it was computed.", at: #line + 2
    ) {
      _ = random.permutation(-1)
    }
    if list.makes(
      "uniform(shape:in:) requires an interval of finite width; given 0.0...inf. Check the bounds.", at: #line + 2
    ) {
      _ = random.uniform(shape: [2], in: 0...Double.infinity)
    }
    if list.makes(
      """
      normal(shape:mean:standardDeviation:) requires a standard deviation that is not negative; given -1.0. \
      Check how it was computed.
      """, at: #line + 2
    ) {
      _ = random.normal(shape: [2], mean: 0.0, standardDeviation: -1)
    }
    return list.outputs
  }
}
