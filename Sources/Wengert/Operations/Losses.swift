import CKernels

// Losses that compare predictions with targets of the same shape.

/// What a loss function makes of the losses of single elements or rows.
@frozen public enum LossReduction: Sendable {
  /// Their mean, a scalar; NaN if there are none.
  case mean
  /// Their sum, a scalar.
  case sum
  /// Nothing: the result has one element for each.
  case none
}

extension Operation {
  static let losses: [Operation] = [
    /// log(1 + eˣ) − x t: σ(x) − t, written so that nothing cancels for t = 0 and t = 1; and −x
    .binary(
      .binaryCrossEntropy, over: [-3...3, 0...1],
      { x, t, y, c in c.scaled(by: (1 - t) * sigmoid(x) - t * sigmoid(-x)) }, { x, t, y, c in -(c.scaled(by: x)) }),

    /// r²/2 for |r| ≤ δ, else δ (|r| − δ/2): r clamped to −δ...δ, and what |r| has beyond δ
    .binary(
      .huber, over: [-1...1, 1.2...2],
      { r, d, y, c in c.scaled(by: maximum(minimum(r, d), -d)) }, { r, d, y, c in c.scaled(by: relu(abs(r) - d)) }),
  ]
}

extension Composite {
  static let losses: [Composite] = [
    Composite(
      "smoothed cross-entropy",
      samples: [
        .of("(3, 4)", [[3, 4]]) { crossEntropy($0[0], labels: [2, 0, 3], labelSmoothing: 0.1) },
        .of("an ignored label", [[4, 3]]) {
          crossEntropy($0[0], labels: [2, -100, 0, -100], ignoring: -100, labelSmoothing: 0.25)
        },
        .of("summed", [[3, 2]]) { crossEntropy($0[0], labels: [1, 0, 1], reduction: .sum) },
        .of("row by row, transposed", [[3, 2]]) {
          crossEntropy($0[0].transposed(), labels: [2, 7], ignoring: 7, labelSmoothing: 0.5, reduction: .none)
        },
      ]),
    Composite(
      "cross-entropy with probabilities",
      samples: [
        .of("(3, 4)", [[3, 4], [3, 4]], [-2...2, 0...1]) { crossEntropy($0[0], probabilities: $0[1]) },
        .of("one row", [[3], [3]], [-2...2, 0...1]) { crossEntropy($0[0], probabilities: $0[1]) },
        .of("(2, 2, 3), row by row", [[2, 2, 3], [2, 2, 3]], [-2...2, 0...1]) {
          crossEntropy($0[0], probabilities: $0[1], reduction: .none)
        },
        .of("transposed, summed", [[3, 2], [2, 3]], [-2...2, 0...1]) {
          crossEntropy($0[0].transposed(), probabilities: $0[1], reduction: .sum)
        },
      ]),
    Composite(
      "klDivergence",
      samples: [
        .of("(2, 3)", [[2, 3], [2, 3]], [0.1...1, -2...2]) { klDivergence($0[0], logProbabilities: $0[1]) },
        .of("one row", [[3], [3]], [0.1...1, -2...2]) { klDivergence($0[0], logProbabilities: $0[1]) },
        .of("row by row", [[2, 3], [3, 2]], [0.1...1, -2...2]) {
          klDivergence($0[0], logProbabilities: $0[1].transposed(), reduction: .none)
        },
      ]),
    Composite("meanSquaredError", samples: .pairs { meanSquaredError($0, targets: $1, reduction: $2) }),
    Composite(
      "huberLoss",
      // Residuals on both sides of the threshold, and not close to it.
      samples: .pairs(over: [-0.4...0.4, -0.4...0.4]) { huberLoss($0, targets: $1, delta: 1.5, reduction: $2) }
        + .pairs("far, ", over: [1...2, -2 ... -1]) { huberLoss($0, targets: $1, delta: 0.75, reduction: $2) }),
    Composite(
      "hingeLoss",
      samples: .pairs(over: [-0.9...0.9, -1...1]) { hingeLoss($0, targets: $1, reduction: $2) }
        + .pairs("right, ", over: [1.1...2, 1...2]) { hingeLoss($0, targets: $1, reduction: $2) }),
    Composite(
      "reduced binaryCrossEntropy",
      samples: .pairs(over: [-2...2, 0...1]) { binaryCrossEntropy($0, targets: $1, reduction: $2) }),
  ]
}

extension [Sample] {
  /// A loss of predictions and targets of one shape.
  fileprivate static func pairs(
    _ name: String = "", over domains: [ClosedRange<Double>] = [],
    _ loss: @escaping @Sendable (Tensor<Double>, Tensor<Double>, LossReduction) -> Tensor<Double>
  ) -> [Sample] {
    [
      .of(name + "scalars", [[], []], domains) { loss($0[0], $0[1], .mean) },
      .of(name + "(2, 3)", [[2, 3], [2, 3]], domains) { loss($0[0], $0[1], .mean) },
      .of(name + "transposed, summed", [[2, 3], [3, 2]], domains) { loss($0[0], $0[1].transposed(), .sum) },
      .of(name + "(5,), each", [[5], [5]], domains) { loss($0[0], $0[1], .none) },
      .of(name + "nothing", [[0, 2], [0, 2]], domains) { loss($0[0], $0[1], .sum) },
    ]
  }
}

/// (x − t)² for each prediction and target, averaged.
///
/// - Parameters:
///   - predictions: Of any shape.
///   - targets: Of the same shape; traps if it is another.
///   - reduction: What is made of the squares. The mean of none is NaN.
/// - Complexity: O(elements); the tape keeps differences and squares.
public func meanSquaredError<S>(
  _ predictions: Tensor<S>, targets: Tensor<S>, reduction: LossReduction = .mean
) -> Tensor<S> {
  checkTargets(predictions, targets, for: "meanSquaredError(_:targets:reduction:)")
  return reduction.of(square(predictions - targets))
}

/// Huber's loss of each prediction and target, averaged: r²/2 for a residual |r| ≤ δ, and δ (|r| − δ/2) beyond.
///
/// The derivative is the residual, clamped to −δ...δ (Huber, Robust Estimation of a Location Parameter, 1964); the
/// second derivative at |r| = δ is between the two sides'.
///
/// - Parameters:
///   - predictions: Of any shape.
///   - targets: Of the same shape; traps if it is another.
///   - delta: Where the loss becomes linear. Traps unless it is positive.
///   - reduction: What is made of the losses. The mean of none is NaN.
/// - Complexity: O(elements); the tape keeps residuals and losses.
public func huberLoss<S>(
  _ predictions: Tensor<S>, targets: Tensor<S>, delta: S = 1, reduction: LossReduction = .mean
) -> Tensor<S> {
  checkTargets(predictions, targets, for: "huberLoss(_:targets:delta:reduction:)")
  guard delta > 0 else { misuse(.huberDelta(Double(delta))) }
  let residual = predictions - targets
  return reduction.of(Tensor(recordBinary(.huber, residual.handle, scalar: Double(delta))))
}

/// The hinge loss max(0, 1 − t x) of each score x, whose target t is 1 or −1, averaged.
///
/// The derivative at t x = 1 is 0.
///
/// - Parameters:
///   - scores: Of any shape.
///   - targets: Of the same shape; traps if it is another.
///   - reduction: What is made of the losses. The mean of none is NaN.
/// - Complexity: O(elements); the tape keeps three arrays of that size.
public func hingeLoss<S>(
  _ scores: Tensor<S>, targets: Tensor<S>, reduction: LossReduction = .mean
) -> Tensor<S> {
  checkTargets(scores, targets, for: "hingeLoss(_:targets:reduction:)")
  return reduction.of(relu(1 - targets * scores))
}

/// The cross-entropy log(1 + eˣ) − x t of each logit x, whose target t lies in 0...1, averaged.
///
/// −log σ(x) for t = 1 and −log(1 − σ(x)) for t = 0, without overflow and without cancellation: logits of ±10⁴ are
/// exact to rounding, and at ±∞ the loss is 0 or +∞. The derivative is σ(x) − t.
///
/// - Parameters:
///   - logits: Of any shape.
///   - targets: Of the same shape; traps if it is another. They have a derivative, too.
///   - reduction: What is made of the losses. The mean of none is NaN.
/// - Complexity: O(elements); the tape keeps one number for each.
public func binaryCrossEntropy<S>(
  _ logits: Tensor<S>, targets: Tensor<S>, reduction: LossReduction = .mean
) -> Tensor<S> {
  checkTargets(logits, targets, for: "binaryCrossEntropy(_:targets:reduction:)")
  return reduction.of(Tensor(recordBinary(.binaryCrossEntropy, logits.handle, targets.handle)))
}

/// The Kullback–Leibler divergence D(p‖q) = Σ p (log p − log q) along the last axis, averaged over the rest.
///
/// The first argument is what the second is measured against, as in the notation; q is given by its logarithms, as
/// `logSoftmax` gives them. Where p is 0 the term is exactly 0, even if log q is −∞, and log p counts as 0 in the
/// derivative with respect to p. It is the cross-entropy of p and q minus the entropy of p.
///
/// - Parameters:
///   - probabilities: p, of shape (…, classes).
///   - logProbabilities: log q, of the same shape. Traps if it is another, or a scalar's.
///   - reduction: What is made of the rows' divergences; the mean is PyTorch's `batchmean`.
/// - Returns: A scalar, or one divergence per row. +∞ where p > 0 and q = 0; the mean over no rows is NaN.
/// - Complexity: O(elements); the tape keeps four arrays of that size.
public func klDivergence<S>(
  _ probabilities: Tensor<S>, logProbabilities: Tensor<S>, reduction: LossReduction = .mean
) -> Tensor<S> {
  checkRows(probabilities, logProbabilities, for: "klDivergence(_:logProbabilities:)")
  let logP = Tensor.where(probabilities .!= 0, log(probabilities), 0)
  let terms = Tensor<S>(recordBinary(.scaleCotangent, probabilities.handle, (logP - logProbabilities).handle))
  return reduction.of(terms.sum(along: -1))
}

extension LossReduction {
  func of<S>(_ losses: Tensor<S>) -> Tensor<S> {
    switch self {
    case .mean: losses.mean()
    case .sum: losses.sum()
    case .none: losses
    }
  }
}

/// Traps unless predictions and targets have one shape: broadcasting (n,) against (n, 1) would compare every pair.
private func checkTargets<S>(_ x: Tensor<S>, _ targets: Tensor<S>, for function: StaticString) {
  guard x.shape == targets.shape else { misuse(.targetShape("\(function)", x.shape, targets.shape)) }
}

private func checkRows<S>(_ x: Tensor<S>, _ targets: Tensor<S>, for function: StaticString) {
  let core = Core.current
  core.checkRows(core.resolve(x.handle), core.resolve(targets.handle), for: function)
}

extension UnsafeMutablePointer<TapeCore> {
  /// Traps unless both have one shape, with at least one axis.
  func checkRows(_ x: NodeID, _ targets: NodeID, for function: StaticString) {
    guard layout(x).hasSameSizes(as: layout(targets)), layout(x).rank > 0 else {
      misuse(.targetRows("\(function)", shape(x), shape(targets)))
    }
  }

  func reduced(_ losses: NodeID, _ reduction: LossReduction) -> NodeID {
    let axes: UInt32 = (1 << UInt32(layout(losses).rank)) - 1
    switch reduction {
    case .mean: return mean(losses, axes, keepingAxes: false)
    case .sum: return sum(losses, axes, keepingAxes: false)
    case .none: return losses
    }
  }
}
