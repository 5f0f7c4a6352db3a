import Testing
import Wengert

/// Losses where libraries disagree: zero probabilities, infinite logits, nothing to average, ignored labels.
@Suite struct LossSemanticsTests {
  private let infinity = Double.infinity

  // MARK: Ignored labels

  @Test func ignoredRowsDoNotCount() {
    let x: [[Double]] = [[1, 2, 0], [.nan, 0, 0], [0, 3, -1], [infinity, -infinity, 5]]
    let kept: [[Double]] = [x[0], x[2]]
    for smoothing in [0, 0.2] {
      for reduction in [LossReduction.mean, .sum] {
        let (loss, g) = Tape.scope {
          let (loss, g) = valueWithGradient(at: Tensor(x)) {
            crossEntropy($0, labels: [1, 9, 2, 9], ignoring: 9, labelSmoothing: smoothing, reduction: reduction)
          }
          return (loss.item, g.scalars)
        }
        let (expected, h) = Tape.scope {
          let (loss, g) = valueWithGradient(at: Tensor(kept)) {
            crossEntropy($0, labels: [1, 2], labelSmoothing: smoothing, reduction: reduction)
          }
          return (loss.item, g.scalars)
        }
        expectEqual([loss], [expected], relativeTo: 2e-16, "loss, smoothing \(smoothing)")
        expectEqual(Array(g[0..<3] + g[6..<9]), h, relativeTo: 2e-16, "gradient, smoothing \(smoothing)")
        // Whatever an ignored row holds, nothing comes back to it.
        #expect(Array(g[3..<6] + g[9..<12]) == [0, 0, 0, 0, 0, 0])
      }
    }
  }

  /// A label that is a class may be ignored, too; losses one by one keep a 0 in its row.
  @Test func ignoredLabelMayBeAColumn() {
    let x: [[Double]] = [[0, 0], [3, 1], [0, 0]]
    let losses = evaluate { crossEntropy(Tensor(x), labels: [1, 0, 1], ignoring: 0, reduction: .none) }
    #expect(losses.scalars == [0.6931471805599453, 0, 0.6931471805599453])
    #expect(evaluate { crossEntropy(Tensor(x), labels: [1, 0, 1], ignoring: 0) }.item == 0.6931471805599453)
    let likelihoods = evaluate {
      negativeLogLikelihood(Tensor(x), labels: [1, 0, 1], ignoring: 0, reduction: .none)
    }
    #expect(likelihoods.scalars == [0, 0, 0])
    #expect(evaluate { negativeLogLikelihood(Tensor(x), labels: [1, 0, 0], ignoring: 1) }.item == -1.5)
  }

  @Test func nothingButIgnoredLabels() {
    let x: [[Double]] = [[1, 2], [3, 4]]
    for smoothing in [0, 0.1] {
      func loss(_ x: Tensor<Double>) -> Tensor<Double> {
        crossEntropy(x, labels: [5, 5], ignoring: 5, labelSmoothing: smoothing)
      }
      let (value, g) = Tape.scope {
        let (value, g) = valueWithGradient(at: Tensor(x), of: loss)
        return (value.item, g.scalars)
      }
      #expect(value.isNaN)
      #expect(g == [0, 0, 0, 0])
      #expect(insideDifferentiation { gradient(at: Tensor(x), of: loss).scalars } == [0, 0, 0, 0])
    }
    #expect(evaluate { crossEntropy(Tensor(x), labels: [5, 5], ignoring: 5, reduction: .sum) }.item == 0)
    #expect(evaluate { negativeLogLikelihood(Tensor(x), labels: [5, 5], ignoring: 5) }.item.isNaN)
  }

  /// More classes than a block of the kernel holds, so that rows begin and end within blocks.
  @Test(arguments: [2, 3, 7, 100, 513, 1200])
  func fusedPassEqualsRecordedPass(_ classes: Int) {
    var generator = SeededGenerator(for: "fusedPassEqualsRecordedPass")
    let rows = 700 / classes + 3
    let x = generator.array([rows, classes], in: -3...3)
    let labels = (0..<rows).map { $0 % 3 == 1 ? -1 : $0 * 37 % classes }
    func loss(_ x: Tensor<Double>) -> Tensor<Double> { crossEntropy(x, labels: labels, ignoring: -1) }
    let (direct, value) = Tape.scope {
      let (value, g) = valueWithGradient(at: Tensor(x), of: loss)
      return (g.scalars, value.item)
    }
    let recorded = insideDifferentiation { gradient(at: Tensor(x), of: loss).scalars }
    expectEqual(direct, recorded, relativeTo: 1e-15, minimumScale: 1e-3, "\(classes) classes")
    // The definition, in the plainest way.
    let kept = labels.indices.filter { labels[$0] >= 0 }
    let expected = kept.reduce(0.0) { sum, row in
      let logits = x[rows: row..<row + 1].scalars
      return sum + Double(Reference.log(logits.reduce(0) { $0 + Reference.exp(Wide($1)) })) - logits[labels[row]]
    }
    expectEqual([value], [expected / Double(kept.count)], relativeTo: 2e-15, "\(classes) classes")
  }

  // MARK: Label smoothing

  @Test func smoothedLabelsAreProbabilities() {
    var generator = SeededGenerator(for: "smoothedLabelsAreProbabilities")
    let x = generator.array([3, 4], in: -3...3)
    let targets = Tensor([[0.05, 0.05, 0.85, 0.05], [0.85, 0.05, 0.05, 0.05], [0.05, 0.85, 0.05, 0.05]]).value
    let a = evaluate { crossEntropy(Tensor(x), labels: [2, 0, 1], labelSmoothing: 0.2, reduction: .none) }
    let b = evaluate { crossEntropy(Tensor(x), probabilities: Tensor(targets), reduction: .none) }
    expectEqual(a.scalars, b.scalars, relativeTo: 1e-15, "smoothing")
  }

  @Test func smoothingAtMinusInfinity() {
    let x: [[Double]] = [[0, -infinity, 0]]
    #expect(evaluate { crossEntropy(Tensor(x), labels: [0], labelSmoothing: 0.1) }.item == infinity)
    let g = Tape.scope { gradient(at: Tensor(x)) { crossEntropy($0, labels: [0], labelSmoothing: 0.1) }.scalars }
    #expect(g.allSatisfy { $0.isFinite })
    // All of the target spread out: the label itself has no weight.
    #expect(evaluate { crossEntropy(Tensor([[1e4, -1e4]]), labels: [1], labelSmoothing: 1) }.item == 1e4)
  }

  // MARK: Probabilities

  @Test func zeroProbabilityAtMinusInfinity() {
    let x: [[Double]] = [[-infinity, 0, 0], [0, 1e4, -1e4]]
    let p: [[Double]] = [[0, 0.5, 0.5], [0, 1, 0]]
    let (losses, g) = Tape.scope {
      let losses = crossEntropy(Tensor(x), probabilities: Tensor(p), reduction: .none)
      return (losses.scalars, gradient(at: Tensor(x)) { crossEntropy($0, probabilities: Tensor(p)) }.scalars)
    }
    #expect(losses == [0.6931471805599453, 0])
    #expect(g == [0, 0, 0, 0, 0, 0])
    let hot: [[Double]] = [[1, 0, 0]]
    #expect(
      evaluate { crossEntropy(Tensor([[-infinity, 0, 0]]), probabilities: Tensor(hot)) }.item == infinity)
  }

  @Test func divergence() {
    // Σ p log(p/q) by mpmath.
    let p = [0.2, 0.3, 0.5]
    let q = [0.4, 0.4, 0.2]
    let d = evaluate { klDivergence(Tensor(p), logProbabilities: log(Tensor(q))) }
    expectEqual([d.item], [0.23321130808955413], relativeTo: 1e-15, "divergence")
    // Nothing where p is 0, whatever q is; +∞ where p is not and q is.
    let zero = evaluate { klDivergence(vector(0, 1), logProbabilities: vector(-infinity, 0)) }
    #expect(zero.item == 0)
    #expect(evaluate { klDivergence(vector(0.5, 0.5), logProbabilities: vector(-infinity, 0)) }.item == infinity)
    let g = Tape.scope {
      let (a, b) = gradient(at: vector(0, 1), vector(-2, -3)) { klDivergence($0, logProbabilities: $1) }
      return (a.scalars, b.scalars)
    }
    #expect(g.0 == [2, 4])
    #expect(g.1 == [0, -1])
    #expect(evaluate { klDivergence(Tensor(p), logProbabilities: log(Tensor(p))) }.item == 0)
  }

  // MARK: Elementwise losses

  /// log(1 + eˣ) − x t to 40 digits by mpmath, rounded.
  @Test(arguments: [
    (30.0, 1.0, 9.357622968839736e-14), (30, 0, 30.000000000000092), (-30, 0, 9.357622968839736e-14),
    (1e4, 1, 0), (1e4, 0, 1e4), (-1e4, 1, 1e4), (-1e4, 0, 0), (1e4, 0.5, 5e3), (0, 0.25, 0.6931471805599453),
    (0.5, 0.75, 0.5990769841801067), (-700, 0, 9.859676543759770e-305), (.infinity, 1, 0), (.infinity, 0, .infinity),
    (-.infinity, 0, 0), (-.infinity, 1, .infinity), (.infinity, 0.5, .infinity),
  ])
  func binaryCrossEntropyIsExact(_ x: Double, _ t: Double, _ expected: Double) {
    let loss = evaluate { binaryCrossEntropy(Tensor(x), targets: Tensor(t)) }.item
    #expect(loss == expected || abs(loss - expected) <= 4 * expected.ulp, "\(x), \(t): \(loss)")
    let narrow = evaluate { binaryCrossEntropy(Tensor(Float(x)), targets: Tensor(Float(t))) }.item
    #expect(narrow == Float(expected) || abs(narrow - Float(expected)) <= 4 * Float(expected).ulp, "\(x): \(narrow)")
  }

  @Test func binaryCrossEntropyGradients() {
    func slope(_ x: Double, _ t: Double) -> Double {
      slopes([x]) { binaryCrossEntropy($0, targets: vector(t)) }[0]
    }
    // σ(x) − t without cancellation: −σ(−x) for t = 1.
    expectEqual([slope(30, 1)], [-9.357622968839299e-14], relativeTo: 1e-15, minimumScale: 1e-13, "at 30")
    expectEqual([slope(-30, 0)], [9.357622968839299e-14], relativeTo: 1e-15, minimumScale: 1e-13, "at −30")
    #expect(slope(1e4, 1) == 0 && slope(1e4, 0) == 1 && slope(-1e4, 1) == -1 && slope(-1e4, 0) == 0)
    #expect(slope(.infinity, 1) == 0 && slope(-.infinity, 1) == -1)
    // The second derivative σ (1 − σ), also where a kink would be.
    #expect(slopes([0], order: 2) { binaryCrossEntropy($0, targets: vector(0.3), reduction: .sum) } == [0.25])
  }

  @Test func huber() {
    let r = [-3, -1, -0.5, 0, 0.25, 1, 4]
    let zero = [Double](repeating: 0, count: 7)
    let losses = evaluate { huberLoss(Tensor(r), targets: Tensor(zero), reduction: .none) }
    #expect(losses.scalars == [2.5, 0.5, 0.125, 0, 0.03125, 0.5, 3.5])
    #expect(slopes(r) { huberLoss($0, targets: Tensor(zero), reduction: .sum) } == [-1, -1, -0.5, 0, 0.25, 1, 1])
    let curvature = slopes(r, order: 2) { huberLoss($0, targets: Tensor(zero), reduction: .sum) }
    #expect(curvature == [0, 0.5, 1, 1, 1, 0.5, 0])
    #expect(evaluate { huberLoss(vector(infinity), targets: vector(0)) }.item == infinity)
    #expect(slopes([infinity]) { huberLoss($0, targets: vector(0), delta: 2) } == [2])
    #expect(evaluate { huberLoss(vector(.nan), targets: vector(0)) }.item.isNaN)
  }

  @Test func hinge() {
    let scores = [2, 1, 0.5, -1]
    let targets = Tensor([1.0, 1, 1, -1]).value
    let losses = evaluate { hingeLoss(Tensor(scores), targets: Tensor(targets), reduction: .none) }
    #expect(losses.scalars == [0, 0, 0.5, 0])
    #expect(
      evaluate { hingeLoss(Tensor(scores), targets: -Tensor(targets), reduction: .none) }.scalars == [3, 2, 1.5, 2])
    #expect(slopes(scores) { hingeLoss($0, targets: Tensor(targets), reduction: .sum) } == [0, 0, -1, 0])
  }

  // MARK: Nothing

  @Test func losesOfNothing() {
    func pair(_ loss: (Tensor<Double>, Tensor<Double>, LossReduction) -> Tensor<Double>) {
      let empty = ShapedArray<Double>(repeating: 0, shape: [0, 3])
      for (reduction, isRight) in [
        (LossReduction.mean, { (x: ShapedArray<Double>) in x.item.isNaN }), (.sum, { $0.item == 0 }),
        (.none, { $0.count == 0 }),
      ] {
        #expect(isRight(evaluate { loss(Tensor(empty), Tensor(empty), reduction) }))
        let g = Tape.scope { gradient(at: Tensor(empty)) { loss($0, Tensor(empty), reduction).sum() }.value }
        #expect(g.shape == [0, 3])
      }
    }
    pair { meanSquaredError($0, targets: $1, reduction: $2) }
    pair { huberLoss($0, targets: $1, reduction: $2) }
    pair { hingeLoss($0, targets: $1, reduction: $2) }
    pair { binaryCrossEntropy($0, targets: $1, reduction: $2) }
    pair { crossEntropy($0, probabilities: $1, reduction: $2) }
    pair { klDivergence($0, logProbabilities: $1, reduction: $2) }
    pair { x, _, reduction in crossEntropy(x, labels: [], labelSmoothing: 0.1, reduction: reduction) }
    pair { x, _, reduction in crossEntropy(x, labels: IndexArray([]), ignoring: 0, reduction: reduction) }
    pair { x, _, reduction in negativeLogLikelihood(x, labels: [], reduction: reduction) }
  }
}
