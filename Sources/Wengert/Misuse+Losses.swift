// What the messages of losses, normalisations, attention and random tensors say.

extension Misuse {
  static func targetShape(_ function: String, _ shape: Shape, _ targets: Shape) -> Misuse {
    Misuse(
      "\(function) requires targets of the predictions' shape", given: "shapes \(shape) and \(targets)",
      "Reshape one of them: broadcasting would compare each with many.")
  }
  static func targetRows(_ function: String, _ shape: Shape, _ targets: Shape) -> Misuse {
    Misuse(
      "\(function) requires two tensors of one shape whose last axis lists the classes",
      given: "shapes \(shape) and \(targets)", "Reshape one of them.")
  }
  static func labelSmoothing(_ smoothing: Double) -> Misuse {
    Misuse(
      "crossEntropy(_:labels:) requires a labelSmoothing in 0...1", given: "\(smoothing)",
      "Pass 0 for none, 0.1 for a tenth spread over all classes.")
  }
  static func huberDelta(_ delta: Double) -> Misuse {
    Misuse(
      "huberLoss(_:targets:delta:reduction:) requires a positive delta", given: "\(delta)",
      "Pass the residual from which the loss is to be linear.")
  }
  static func normalizedAxes(_ function: String, _ count: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires a number of last axes in 1...\(Swift.max(shape.count, 1))",
      given: "\(count) of shape \(shape)", "Count the axes that are normalized together, from the end.")
  }
  static func normalizationParameter(_ function: String, _ name: String, _ given: Shape, _ required: Shape) -> Misuse {
    Misuse(
      "\(function) requires a \(name) of shape \(required)", given: "shape \(given)",
      "Pass one number for each that is normalized.")
  }
  static func batchNormInput(_ shape: Shape) -> Misuse {
    Misuse(
      "batchNorm requires an input of shape (examples, channels, …)", given: "shape \(shape)",
      "Reshape it to have two axes or more.")
  }
  static func attentionShapes(_ query: Shape, _ key: Shape, _ value: Shape) -> Misuse {
    Misuse(
      "scaledDotProductAttention requires a query (…, n, d), a key (…, m, d) and a value (…, m, e)",
      given: "\(Misuse.list([query, key, value]))", "Reshape or transpose them.")
  }
  static func probability(_ function: String, _ probability: Double) -> Misuse {
    Misuse("\(function) requires a probability in 0...1", given: "\(probability)", "Pass 0.1 for one in ten.")
  }
  static func permutationCount(_ count: Int) -> Misuse {
    Misuse("permutation(_:) requires a count that is not negative", given: "\(count)", "Check how it was computed.")
  }
  static func uniformRange(_ lower: Double, _ upper: Double) -> Misuse {
    Misuse(
      "uniform(shape:in:) requires an interval of finite width", given: "\(lower)...\(upper)",
      "Check the bounds.")
  }
  static func standardDeviation(_ deviation: Double) -> Misuse {
    Misuse(
      "normal(shape:mean:standardDeviation:) requires a standard deviation that is not negative",
      given: "\(deviation)", "Check how it was computed.")
  }
}
