import Testing
import Wengert

/// Sums, means, maxima and log-sum-exp over every subset of axes of arrays in every layout.
@Suite struct ReductionTests {
  private static let shapes: [Shape] = [
    [], [1], [5], [33], [3, 4], [1, 7], [7, 1], [2, 3, 4], [3, 1, 5], [2, 1, 3, 4], [2, 3, 2, 3, 2], [3, 0, 2],
    [70, 37],
    [2, 600], [600, 3], [1100],
  ]

  @Test(arguments: shapes, Layout.allCases)
  func everySubsetOfAxes(_ shape: Shape, _ layout: Layout) {
    var generator = SeededGenerator(for: "reduce \(shape)")
    let array = generator.array(shape)
    let naive = layout.elements(array)
    for bits in 1..<1 << shape.count {
      let axes = (0..<shape.count).filter { bits >> $0 & 1 == 1 }
      for keeps in [false, true] {
        let context = "\(layout.rawValue) \(shape) along \(axes)\(keeps ? " kept" : "")"
        func check(
          _ name: String, _ reduce: (Tensor<Double>, [Int]) -> Tensor<Double>, _ fold: ([Double]) -> Double
        ) {
          let result = evaluate { reduce(layout.tensor(array), axes) }
          let expected = naive.reduced(Set(axes), keepingAxes: keeps, fold)
          #expect(Array(result.shape) == expected.shape, "\(name) of \(context)")
          for (a, b) in zip(result.scalars, expected.scalars) where !(isIdentical(a, b) || abs(a - b) < 1e-13) {
            Issue.record("\(name) of \(context): \(a) instead of \(b)")
            return
          }
        }
        check("sum", { $0.sum(along: $1, keepingAxes: keeps) }) { $0.reduce(0, +) }
        check("mean", { $0.mean(along: $1, keepingAxes: keeps) }) { $0.reduce(0, +) / Double($0.count) }
        check("logSumExp", { logSumExp($0, along: $1, keepingAxes: keeps) }) { terms in
          Double(Reference.log(terms.reduce(0) { $0 + Reference.exp(Wide($1)) }))
        }
        if axes.allSatisfy({ shape[$0] > 0 }) {
          check("max", { $0.max(along: $1, keepingAxes: keeps) }) { $0.max()! }
        }
      }
    }
  }

  /// Lines of every length up to several vectors: what stands out is found at each place, and nothing counts twice.
  @Test(arguments: [ScalarType.double, .float])
  func everyPlaceOfALine(_ type: ScalarType) {
    if type == .double { checkLines(Double.self, 1e-14) } else { checkLines(Float.self, 1e-5) }
  }

  private func checkLines<S: TensorScalar>(_: S.Type, _ tolerance: Double) {
    for n in 1...150 {
      var generator = SeededGenerator(for: "lines of \(n)")
      let lines = generator.array([3, n], in: 0.9...1.1)
      func isClose(_ y: Tensor<S>, _ name: String, _ expected: ([Double]) -> Double) {
        for (row, value) in y.scalars.enumerated() {
          let e = expected(Array(lines.scalars[row * n..<row * n + n]))
          guard abs(Double(value) - e) > tolerance * max(abs(e), 1) * 4 else { continue }
          Issue.record("\(name) of a line of \(n) in \(S.self): \(value) instead of \(e)")
        }
      }
      Tape.scope {
        let x = Tensor(lines.converted(to: S.self))
        isClose(x.sum(along: 1), "sum") { $0.reduce(0, +) }
        isClose(x.prod(along: 1), "prod") { $0.reduce(1, *) }
        isClose(x.max(along: 1), "max") { $0.max()! }
        isClose(x.min(along: 1), "min") { $0.min()! }
        isClose(x.norm(.infinity, along: 1), "norm") { $0.max()! }
        isClose(x.variance(along: 1, correction: 0), "variance") { line in
          let mean = line.reduce(0, +) / Double(n)
          return line.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
        }
        isClose(softmax(x, along: 1).sum(along: 1), "the sum of softmax") { _ in 1 }
        isClose(rmsNorm(x, epsilon: 0).norm(along: 1), "the norm of rmsNorm") { _ in Double(n).squareRoot() }
      }
      for place in 0..<n {
        var marked = [S](repeating: 1, count: n)
        marked[place] = 3
        Tape.scope {
          let x = Tensor(marked)
          #expect(x.sum().item == S(n + 2) && x.max().item == 3 && x.prod().item == 3 && (-x).min().item == -3)
          #expect(n == 1 || x.min().item == 1 && (-x).max().item == -1)
          marked[place] = .nan
          let y = Tensor(marked)
          #expect([y.sum(), y.max(), y.min(), y.prod(), y.norm(.infinity)].allSatisfy { $0.item.isNaN })
          marked[place] = -.infinity
          let z = Tensor(marked)
          #expect(z.sum().item == -.infinity && z.min().item == -.infinity && z.prod().item == -.infinity)
          #expect(n == 1 || z.max().item == 1)
        }
      }
    }
  }

  @Test(arguments: shapes, Layout.allCases)
  func adjoints(_ shape: Shape, _ layout: Layout) {
    var generator = SeededGenerator(for: "reduce \(shape)")
    let array = generator.array(shape)
    for bits in 1..<1 << shape.count {
      let axes = (0..<shape.count).filter { bits >> $0 & 1 == 1 }
      let kept = Shape(shape.indices.map { axes.contains($0) ? 1 : shape[$0] })
      let v = generator.array(kept)
      let count = axes.reduce(1) { $0 * shape[$1] }
      let broadcast = NaiveArray(Array(shape)) { NaiveArray(v).broadcastElement($0) }
      let (sum, mean) = Tape.scope {
        let x = layout.tensor(array)
        return (
          gradient(at: x) { ($0.sum(along: axes, keepingAxes: true) * Tensor(v)).sum() }.value,
          gradient(at: x) { ($0.mean(along: axes, keepingAxes: true) * Tensor(v)).sum() }.value
        )
      }
      let context = "\(layout.rawValue) \(shape) along \(axes)"
      expectEqual(sum, broadcast, "adjoint of the sum of \(context)")
      let share = NaiveArray(broadcast.shape, broadcast.scalars.map { $0 / Double(count) })
      expectEqual(mean, share, relativeTo: 1e-15, "adjoint of the mean of \(context)")
    }
  }

  @Test func negativeAxes() {
    Tape.scope {
      let x = Tensor(shape: [2, 3, 4], scalars: (0..<24).map(Double.init))
      #expect(x.sum(along: -1).value == x.sum(along: 2).value)
      #expect(x.mean(along: -3, -1, keepingAxes: true).value == x.mean(along: 0, 2, keepingAxes: true).value)
      #expect(x.max(along: -2).value == x.max(along: 1).value)
      #expect(logSumExp(x, along: -2).value == logSumExp(x, along: 1).value)
      #expect(softmax(x, along: -1).value == softmax(x).value)
    }
  }

  /// All, by axis lists and by none.
  @Test func wholeArrays() {
    var generator = SeededGenerator(for: "whole arrays")
    let array = generator.array([3, 5, 7])
    Tape.scope {
      let x = Tensor(array)
      #expect(x.sum().value == x.sum(along: 0, 1, 2).value)
      #expect(x.sum().shape == [])
      #expect(x.mean().value == x.mean(along: 2, 1, 0).value)
      #expect(x.max().value == x.max(along: 1, 0, 2).value)
      #expect(logSumExp(x).value == logSumExp(x, along: 0, 1, 2).value)
    }
  }

  @Test(
    arguments: [[5], [3, 4], [2, 3, 4], [1, 6, 1], [2, 3, 2, 3, 2], [3, 0, 2], [4, 700], [700, 4], [1, 3, 513]]
      as [Shape])
  func softmaxFamilyAlongEveryAxis(_ shape: Shape) {
    var generator = SeededGenerator(for: "softmax \(shape)")
    let array = generator.array(shape, in: -5...5)
    let naive = NaiveArray(array)
    for layout in Layout.allCases where layout != .broadcast {
      for axis in shape.indices where shape[axis] > 0 {
        let total = naive.reduced([axis], keepingAxes: true) { terms in
          terms.reduce(0) { $0 + Double(Reference.exp(Wide($1))) }
        }
        let context = "\(layout.rawValue) \(shape) along \(axis)"
        expectEqual(
          evaluate { softmax(layout.tensor(array), along: axis) },
          naive.map(total) { Double(Reference.exp(Wide($0))) / $1 }, relativeTo: 4e-15, "softmax of \(context)")
        expectEqual(
          evaluate { logSoftmax(layout.tensor(array), along: axis - shape.count) },
          naive.map(total) { $0 - Double(Reference.log(Wide($1))) }, relativeTo: 4e-15, "logSoftmax of \(context)")
      }
    }
  }
}
