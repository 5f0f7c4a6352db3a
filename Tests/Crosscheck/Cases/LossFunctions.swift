import Wengert

extension CaseFunctions {
  mutating func addLosses() {
    add("negativeLogLikelihood") { x, p in
      negativeLogLikelihood(
        x[0], labels: p.integers("labels")!, ignoring: p.integer("ignoring"), reduction: p.reduction)
    }
    add("crossEntropy") { x, p in
      if x.count > 1 { return crossEntropy(x[0], probabilities: x[1], reduction: p.reduction) }
      return crossEntropy(
        x[0], labels: p.integers("labels")!, ignoring: p.integer("ignoring"),
        labelSmoothing: p.scalar("labelSmoothing") ?? 0, reduction: p.reduction)
    }
    add("meanSquaredError") { x, p in meanSquaredError(x[0], targets: x[1], reduction: p.reduction) }
    add("huberLoss") { x, p in huberLoss(x[0], targets: x[1], delta: p.scalar("delta") ?? 1, reduction: p.reduction) }
    add("hingeLoss") { x, p in hingeLoss(x[0], targets: x[1], reduction: p.reduction) }
    add("binaryCrossEntropy") { x, p in binaryCrossEntropy(x[0], targets: x[1], reduction: p.reduction) }
    add("klDivergence") { x, p in klDivergence(x[0], logProbabilities: x[1], reduction: p.reduction) }
    addNormalizations()
    add("scaledDotProductAttention") { x, p in
      let part = p.text("part")
      return scaledDotProductAttention(
        query: x[0], key: x[1], value: x[2], mask: part == "mask" ? x[3] : nil, bias: part == "bias" ? x[3] : nil,
        isCausal: p.flag("isCausal"), scale: p.scalar("scale"))
    }
  }

  private mutating func addNormalizations() {
    add("layerNorm") { x, p in
      layerNorm(
        x[0], overLast: p.integer("axisCount")!, scale: x.count > 1 ? x[1] : nil, bias: x.count > 2 ? x[2] : nil,
        epsilon: p.scalar("epsilon") ?? 1e-5)
    }
    add("rmsNorm") { x, p in
      rmsNorm(
        x[0], overLast: p.integer("axisCount")!, scale: x.count > 1 ? x[1] : nil, epsilon: p.scalar("epsilon") ?? 1e-5)
    }
    add("batchNorm") { x, p in
      let part = p.text("part")
      if part == "given statistics" {
        return batchNorm(x[0], mean: x[3], variance: x[4], scale: x[1], bias: x[2])
      }
      let (output, mean, variance) = batchNorm(
        x[0], scale: x.count > 1 ? x[1] : nil, bias: x.count > 2 ? x[2] : nil, epsilon: p.scalar("epsilon") ?? 1e-5)
      return part == "mean" ? mean : part == "variance" ? variance : output
    }
  }
}

extension Parameters {
  var reduction: LossReduction {
    switch text("reduction") {
    case "sum": .sum
    case "none": LossReduction.none
    default: .mean
    }
  }
}
