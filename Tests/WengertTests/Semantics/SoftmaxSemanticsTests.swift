import Testing
import Wengert

/// Log-sum-exp, softmax and cross-entropy at infinite, huge, missing and equal logits.
@Suite struct SoftmaxSemanticsTests {
  private let minusInfinity = -Double.infinity

  @Test func logSumExpOfInfinities() {
    #expect(evaluate { logSumExp(vector(minusInfinity, minusInfinity)) }.item == minusInfinity)
    #expect(slopes([minusInfinity, minusInfinity]) { logSumExp($0) } == [0, 0])
    #expect(evaluate { logSumExp(vector(minusInfinity, 2)) }.item == 2)
    #expect(slopes([minusInfinity, 2]) { logSumExp($0) } == [0, 1])
    #expect(evaluate { logSumExp(Tensor([Double]())) }.item == minusInfinity)
    #expect(slopes([Double]()) { logSumExp($0) } == [])
    #expect(evaluate { logSumExp(vector(.infinity, 2)) }.item == .infinity)
    #expect(evaluate { logSumExp(vector(.nan, 2)) }.item.isNaN)
  }

  @Test func secondDerivativesAtInfinities() {
    #expect(slopes([minusInfinity, minusInfinity], order: 2) { logSumExp($0) } == [0, 0])
    #expect(slopes([minusInfinity, 2], order: 2) { logSumExp($0) } == [0, 0])
    let weights = vector(1, 2, 3).value
    for order in 2...3 {
      let g = slopes([minusInfinity, 2, 1], order: order) { softmax($0) * Tensor(weights) }
      #expect(g.allSatisfy { $0.isFinite } && g[0] == 0, "order \(order): \(g)")
    }
  }

  @Test func logSumExpAlongAnEmptyAxis() {
    let empty = ShapedArray(shape: [2, 0, 3], scalars: [Double]())
    let along = evaluate { logSumExp(Tensor(empty), along: 1) }
    #expect(along.shape == [2, 3] && along.scalars.allSatisfy { $0 == minusInfinity })
    let kept = evaluate { logSumExp(Tensor(empty), along: 1, keepingAxes: true) }
    #expect(kept.shape == [2, 1, 3])
    #expect(evaluate { logSumExp(Tensor(empty), along: 0) }.shape == [0, 3])
    let g = Tape.scope { gradient(at: Tensor(empty)) { logSumExp($0, along: 1).sum() }.value }
    #expect(g.shape == [2, 0, 3])
  }

  @Test func allMinusInfinityInOneRowOfTwo() {
    let g = Tape.scope {
      gradient(at: Tensor([[minusInfinity, minusInfinity], [0, 0]])) { logSumExp($0, along: 1).sum() }.scalars
    }
    #expect(g == [0, 0, 0.5, 0.5])
  }

  @Test(arguments: [0, 1])
  func softmaxWithMinusInfinity(_ axis: Int) {
    let x = Tape.scope {
      Tensor([[minusInfinity, 0, 0], [1, minusInfinity, 1], [5, minusInfinity, minusInfinity]]).value
    }
    let along = axis == 1 ? x : evaluate { Tensor(x).transposed() }
    let functions: [(Tensor<Double>, Int) -> Tensor<Double>] = [
      { softmax($0, along: $1) }, { logSoftmax($0, along: $1) },
    ]
    for function in functions {
      let g = Tape.scope {
        gradient(at: Tensor(along)) { x in
          let y = function(x, axis)
          return Tensor.where(Tensor(along) .== minusInfinity, 0, y * y).sum()
        }.scalars
      }
      #expect(g.allSatisfy { $0.isFinite }, "\(g)")
      let second = Tape.scope {
        gradient(at: Tensor(along)) { x in
          gradient(at: x) { x in Tensor.where(Tensor(along) .== minusInfinity, 0, function(x, axis)).sum() }.sum()
        }.scalars
      }
      #expect(second.allSatisfy { $0.isFinite }, "\(second)")
    }
    let y = evaluate { softmax(Tensor(along), along: axis) }
    let rows = axis == 1 ? y.scalars : evaluate { Tensor(y).transposed() }.scalars
    #expect(rows == [0, 0.5, 0.5, 0.5, 0, 0.5, 1, 0, 0])
    let logs = evaluate { logSoftmax(Tensor(along), along: axis) }
    let logRows = axis == 1 ? logs.scalars : evaluate { Tensor(logs).transposed() }.scalars
    #expect(
      logRows[0] == minusInfinity && logRows[4] == minusInfinity && logRows[6] == 0 && logRows[7] == minusInfinity)
  }

  @Test func nothingButMinusInfinityIsNotANumber() {
    let x = [minusInfinity, minusInfinity]
    #expect(evaluate { softmax(Tensor(x)) }.scalars.allSatisfy { $0.isNaN })
    #expect(evaluate { logSoftmax(Tensor(x)) }.scalars.allSatisfy { $0.isNaN })
  }

  @Test func hugeLogits() {
    let x = [1e4, -1e4, 0]
    #expect(evaluate { softmax(Tensor(x)) }.scalars == [1, 0, 0])
    #expect(evaluate { logSoftmax(Tensor(x)) }.scalars == [0, -2e4, -1e4])
    #expect(evaluate { logSumExp(Tensor(x)) }.item == 1e4)
    #expect(slopes(x) { logSumExp($0) } == [1, 0, 0])
    #expect(slopes(x) { softmax($0) * vector(1.0, 2, 3) } == [0, 0, 0])
    let equal = evaluate { softmax(vector(1e4, 1e4)) }
    #expect(equal.scalars == [0.5, 0.5])
    #expect(evaluate { logSoftmax(vector(-1e4, -1e4)) }.scalars == [-0.6931471805599453, -0.6931471805599453])
    let narrow = evaluate { crossEntropy(Tensor([[1e4 as Float, -1e4]]), labels: [1]) }
    #expect(narrow.item == 2e4)
    for (label, loss) in [(0, 0.0), (1, 2e4)] {
      #expect(evaluate { crossEntropy(Tensor([[1e4, -1e4]]), labels: [label]) }.item == loss)
    }
    let g = Tape.scope { gradient(at: Tensor([[1e4, -1e4]])) { crossEntropy($0, labels: [1]) }.scalars }
    #expect(g == [1, -1])
  }

  @Test func crossEntropyAtMinusInfinity() {
    let x: [[Double]] = [[minusInfinity, 0], [0, 0]]
    #expect(evaluate { crossEntropy(Tensor(x), labels: [0, 1]) }.item == .infinity)
    let g = Tape.scope { gradient(at: Tensor(x)) { crossEntropy($0, labels: [1, 1]) }.scalars }
    #expect(g == [0, 0, 0.25, -0.25])
    let atTarget = Tape.scope { gradient(at: Tensor(x)) { crossEntropy($0, labels: [0, 1]) }.scalars }
    #expect(atTarget == [-0.5, 0.5, 0.25, -0.25])
  }

  @Test func crossEntropyIsItsDefinition() {
    var generator = SeededGenerator(for: "crossEntropyIsItsDefinition")
    let x = generator.array([7, 5], in: -4...4)
    let labels = [0, 4, 2, 2, 1, 3, 0]
    let (loss, g) = Tape.scope {
      let (loss, g) = valueWithGradient(at: Tensor(x)) { crossEntropy($0, labels: labels) }
      return (loss.item, g.value)
    }
    let (composed, h) = Tape.scope {
      let (loss, g) = valueWithGradient(at: Tensor(x)) { negativeLogLikelihood(logSoftmax($0), labels: labels) }
      return (loss.item, g.value)
    }
    #expect(loss == composed)
    #expect(g == h)
    // −x[label] + log Σ eˣ, in the plainest way.
    var expected = 0.0
    for (row, label) in labels.enumerated() {
      let logits = x[rows: row..<row + 1].scalars
      expected += (Double(Reference.log(logits.reduce(0) { $0 + Reference.exp(Wide($1)) })) - logits[label]) / 7
    }
    expectEqual([loss], [expected], relativeTo: 1e-15, "cross-entropy")
    // Labels of any integer collection, and no rows at all.
    #expect(evaluate { crossEntropy(Tensor(x), labels: labels.lazy.map { $0 }) }.item == loss)
    #expect(evaluate { crossEntropy(Tensor(x), labels: ArraySlice(labels)) }.item == loss)
    #expect(evaluate { crossEntropy(Tensor(repeating: 0.0, shape: [0, 5]), labels: []) }.item.isNaN)
  }

  /// A row's result and adjoint have the same bits alone, among others, and across memory: rows of a few elements are
  /// turned into columns, longer ones are not.
  @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100, 256, 257, 600])
  func rowsStandAlone(_ n: Int) {
    check(n, as: Double.self)
    check(n, as: Float.self)
  }

  private func check<S: TensorScalar>(_ n: Int, as _: S.Type) {
    var generator = SeededGenerator(for: "rowsStandAlone \(n)")
    let rows = 2 * 2048 / n % 300 + 3
    var x = generator.array([rows, n], in: -9...9)
    x.setScalar(.nan, at: n)
    x.setScalar(-.infinity, at: 2 * n)
    let (logits, v) = (x.converted(to: S.self), generator.array([rows, n]).converted(to: S.self))
    let functions: [(Tensor<S>, Int) -> Tensor<S>] = [
      { softmax($0, along: $1) }, { logSoftmax($0, along: $1) }, { logSumExp($0, along: [$1], keepingAxes: true) },
    ]
    for (index, function) in functions.enumerated() {
      func values(_ x: ShapedArray<S>, _ v: ShapedArray<S>) -> ([S], [S]) {
        Tape.scope {
          let g = gradient(at: Tensor(x)) { (function($0, 1) * Tensor(v)).sum() }
          return (function(Tensor(x), 1).scalars, g.scalars)
        }
      }
      let (y, g) = values(logits, v)
      for row in [0, 1, 2, rows / 2, rows - 1] {
        let (one, slope) = values(logits[rows: row..<row + 1], v[rows: row..<row + 1])
        expectIdentical(one, Array(y[row * one.count..<(row + 1) * one.count]), "function \(index), row \(row) of \(n)")
        expectIdentical(slope, Array(g[row * n..<(row + 1) * n]), "adjoint \(index), row \(row) of \(n)")
      }
      // By the definition, in a wider type.
      for row in 3..<rows {
        let terms = logits[rows: row..<row + 1].scalars.map { Reference.exp(Wide($0)) }
        let sum = terms.reduce(0, +)
        let expected: [Wide]
        switch index {
        case 0: expected = terms.map { $0 / sum }
        case 1: expected = terms.map { Reference.log($0 / sum) }
        default: expected = [Reference.log(sum)]
        }
        expectEqual(
          Array(y[row * expected.count..<(row + 1) * expected.count]).map(Double.init), expected.map(Double.init),
          relativeTo: 4 * Double(S.ulpOfOne), "function \(index), row \(row) of \(n)")
      }
      // Across memory, sums are taken in another order.
      let across = Tape.scope {
        let turned = (Tensor(logits).transposed() + 0).value
        return function(Tensor(turned), 0).transposed().scalars
      }
      let context = "function \(index) across, \(n)"
      if n > 2 {
        expectEqual(
          across.dropFirst(y.count / rows * 3).map { $0 }, Array(y.dropFirst(y.count / rows * 3)),
          relativeTo: 4 * Double(S.ulpOfOne), context)
      }
    }
  }
}
