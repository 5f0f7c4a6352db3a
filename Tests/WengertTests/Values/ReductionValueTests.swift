import Testing
import Wengert

/// Products, minima, variances, norms, medians and counts over every subset of axes of arrays in every layout, against
/// loops over lists.
@Suite struct ReductionValueTests {
  private static let shapes: [Shape] = [
    [], [1], [5], [33], [3, 4], [1, 7], [7, 1], [2, 3, 4], [3, 1, 5], [2, 1, 3, 2, 2], [3, 0, 2],
    [20, 37], [1, 600], [600, 3], [1100], [40, 8],
  ]

  @Test(arguments: shapes, Layout.allCases)
  func everySubsetOfAxes(_ shape: Shape, _ layout: Layout) {
    var generator = SeededGenerator(for: "fold \(shape)")
    let array = generator.array(shape, in: 0.5...1.5)
    let signs = generator.array(shape)
    let x = ShapedArray(shape: shape, scalars: zip(array.scalars, signs.scalars).map { $1 < 0 ? -$0 : $0 })
    let naive = layout.elements(x)
    for bits in 1..<1 << shape.count {
      let axes = (0..<shape.count).filter { bits >> $0 & 1 == 1 }
      // The elements that go into each output, found once for all functions.
      var terms: [[Double]] = []
      _ = naive.reduced(Set(axes), keepingAxes: false) {
        terms.append($0)
        return 0
      }
      for keeps in [false, true] {
        let context = "\(layout.rawValue) \(shape) along \(axes)\(keeps ? " kept" : "")"
        let sizes = shape.indices.compactMap { axes.contains($0) ? (keeps ? 1 : nil) : shape[$0] }
        func check(
          _ name: String, _ reduce: (Tensor<Double>) -> Tensor<Double>, _ fold: ([Double]) -> Double
        ) {
          let result = evaluate { reduce(layout.tensor(x)) }
          #expect(Array(result.shape) == sizes, "\(name) of \(context)")
          for (a, b) in zip(result.scalars, terms.map(fold))
          where !(isIdentical(a, b) || abs(a - b) < 1e-13 * max(1, abs(b))) {
            Issue.record("\(name) of \(context): \(a) instead of \(b)")
            return
          }
        }
        check("prod", { $0.prod(along: axes, keepingAxes: keeps) }) { $0.reduce(1, *) }
        for correction in [0, 1] {
          check("variance", { $0.variance(along: axes, correction: correction, keepingAxes: keeps) }) {
            Self.variance($0, correction)
          }
          check("standardDeviation", { $0.standardDeviation(along: axes, correction: correction, keepingAxes: keeps) })
          {
            Self.variance($0, correction).squareRoot()
          }
        }
        check("norm", { $0.norm(along: axes, keepingAxes: keeps) }) { Double(Self.norm($0, 2)) }
        check("1-norm", { $0.norm(1, along: axes, keepingAxes: keeps) }) { Double(Self.norm($0, 1)) }
        check("3-norm", { $0.norm(3, along: axes, keepingAxes: keeps) }) { Double(Self.norm($0, 3)) }
        check("0.7-norm", { $0.norm(0.7, along: axes, keepingAxes: keeps) }) { Double(Self.norm($0, 0.7)) }
        check("countNonzero", { ($0 .> 0).countNonzero(along: axes, keepingAxes: keeps) }) { terms in
          Double(terms.count { $0 > 0 })
        }
        check("any", { ($0 .> 1.2).any(along: axes, keepingAxes: keeps) }) { $0.contains { $0 > 1.2 } ? 1 : 0 }
        check("all", { ($0 .< 1.2).all(along: axes, keepingAxes: keeps) }) { $0.allSatisfy { $0 < 1.2 } ? 1 : 0 }
        guard axes.allSatisfy({ shape[$0] > 0 }) else { continue }
        check("min", { $0.min(along: axes, keepingAxes: keeps) }) { $0.min()! }
        check("-2-norm", { $0.norm(-2, along: axes, keepingAxes: keeps) }) { Double(Self.norm($0, -2)) }
        check("∞-norm", { $0.norm(.infinity, along: axes, keepingAxes: keeps) }) { $0.map(abs).max()! }
        check("−∞-norm", { $0.norm(-.infinity, along: axes, keepingAxes: keeps) }) { $0.map(abs).min()! }
        check("median", { $0.median(along: axes, keepingAxes: keeps) }) { Self.quantile($0, 0.5) }
        check("quantile", { $0.quantile(0.3, along: axes, keepingAxes: keeps) }) { Self.quantile($0, 0.3) }
      }
    }
  }

  private static func variance(_ terms: [Double], _ correction: Int) -> Double {
    let mean = terms.reduce(0) { $0 + Wide($1) } / Wide(terms.count)
    let squares = terms.reduce(0) { $0 + (Wide($1) - mean) * (Wide($1) - mean) }
    return terms.isEmpty ? .nan : Double(squares / Wide(max(0, terms.count - correction)))
  }

  private static func norm(_ terms: [Double], _ order: Wide) -> Wide {
    Reference.pow(terms.reduce(0) { $0 + Reference.pow(Wide(abs($1)), order) }, 1 / order)
  }

  private static func quantile(_ terms: [Double], _ fraction: Double) -> Double {
    let sorted = terms.sorted()
    let position = fraction * Double(sorted.count - 1)
    let low = Int(position)
    return sorted[low] + (sorted[min(low + 1, sorted.count - 1)] - sorted[low]) * (position - Double(low))
  }

  /// Positions of extrema, with many ties, along every axis and over all.
  @Test(arguments: shapes.filter { !$0.contains(0) }, Layout.allCases)
  func positions(_ shape: Shape, _ layout: Layout) {
    var generator = SeededGenerator(for: "positions \(shape)")
    let array = ShapedArray(shape: shape, scalars: generator.array(shape).scalars.map { ($0 * 4).rounded() })
    let naive = layout.elements(array)
    func first(_ terms: [Double], _ extremum: Double?) -> Int { terms.firstIndex(of: extremum!)! }
    let whole = Tape.scope { (layout.tensor(array).argmax(), layout.tensor(array).argmin()) }
    #expect(whole.0 == first(naive.scalars, naive.scalars.max()))
    #expect(whole.1 == first(naive.scalars, naive.scalars.min()))
    for axis in shape.indices {
      for keeps in [false, true] {
        let (largest, smallest) = Tape.scope {
          let x = layout.tensor(array)
          return (x.argmax(along: axis, keepingAxes: keeps), x.argmin(along: axis - shape.count, keepingAxes: keeps))
        }
        let expected = naive.reduced([axis], keepingAxes: keeps) { Double(first($0, $0.max())) }
        let opposite = naive.reduced([axis], keepingAxes: keeps) { Double(first($0, $0.min())) }
        #expect(Array(largest.shape) == expected.shape)
        #expect(largest.map(Double.init) == expected.scalars, "argmax of \(layout.rawValue) \(shape) along \(axis)")
        #expect(smallest.map(Double.init) == opposite.scalars, "argmin of \(layout.rawValue) \(shape) along \(axis)")
      }
    }
  }

  /// All, by axis lists and by none, and by axes counted from the end.
  @Test func wholeArrays() {
    var generator = SeededGenerator(for: "whole folds")
    let array = generator.array([3, 5, 7], in: 0.5...1.5)
    Tape.scope {
      let x = Tensor(array)
      #expect(x.prod().value == x.prod(along: 0, 1, 2).value)
      #expect(x.min().value == x.min(along: 1, 0, -1).value)
      #expect(x.variance().value == x.variance(along: 0, 1, 2).value)
      #expect(x.variance(correction: 0).value == x.variance(along: [0, 1, 2], correction: 0).value)
      #expect(x.standardDeviation().value == x.standardDeviation(along: -1, -2, -3).value)
      #expect(x.norm().value == x.norm(2, along: 0, 1, 2).value)
      #expect(x.norm(.infinity).value == x.max().value)
      #expect(x.median().value == x.median(along: 2, 0, 1).value)
      #expect(x.quantile(0.9).value == x.quantile(0.9, along: 0, 1, 2).value)
      #expect(x.countNonzero().item == 105)
      #expect(x.any().item == 1 && x.all().item == 1)
      for result in [x.prod(), x.min(), x.variance(), x.norm(3), x.median(), x.any(), x.all()] {
        #expect(result.shape == [])
      }
      // Along no axes every element is by itself.
      let none: [Int] = []
      #expect(x.prod(along: none).value == array)
      #expect(x.min(along: none).value == array)
      #expect(x.median(along: none).value == array)
      #expect(gradient(at: x) { $0.prod(along: none).sum() }.value.scalars.allSatisfy { $0 == 1 })
    }
  }

  /// Sums of many terms, in runs of every length, keep their digits: in `Float`, one after the other, they would not.
  @Test(arguments: [[1 << 20], [1 << 19, 2], [2, 1 << 19], [1 << 10, 1 << 10], [1 << 18, 2, 2]] as [Shape])
  func longSums(_ shape: Shape) {
    var generator = SeededGenerator(for: "long sums")
    let array = ShapedArray<Float>(
      shape: shape, scalars: (0..<shape.elementCount).map { _ in Float(generator.uniform(in: 0...1)) })
    let exact = array.scalars.reduce(0) { $0 + Double($1) }
    for sliced in [false, true] {
      let (sum, mean) = Tape.scope {
        var x = Tensor(array)
        if sliced {
          // A gap after each row, so that rows cannot be joined to one run.
          let edge = Tensor(repeating: Float(9), shape: Shape(shape.dropLast() + [1]))
          x = concatenated([x, edge], along: -1).sliced(shape.map { 0..<$0 })
        }
        return (x.sum().item, x.mean().item)
      }
      #expect(abs(Double(sum) - exact) < 2e-7 * exact, "\(shape)\(sliced ? " in rows" : "")")
      #expect(abs(Double(mean) - exact / Double(array.count)) < 2e-7)
    }
    let columns = Tape.scope { Tensor(array).sum(along: 0).sum().item }
    #expect(abs(Double(columns) - exact) < 1e-6 * exact)
  }

  /// An extremum's adjoint in one pass, where several are equal, for every set of axes.
  @Test(arguments: shapes.filter { !$0.contains(0) }, Layout.allCases)
  func extremaShareEvenly(_ shape: Shape, _ layout: Layout) {
    var generator = SeededGenerator(for: "shares \(shape)")
    let array = ShapedArray(shape: shape, scalars: generator.array(shape).scalars.map { ($0 * 3).rounded() })
    let naive = NaiveArray(array)
    guard layout != .broadcast else { return }
    for bits in 1..<1 << shape.count {
      let axes = (0..<shape.count).filter { bits >> $0 & 1 == 1 }
      let v = generator.array(Shape(shape.indices.map { axes.contains($0) ? 1 : shape[$0] }))
      let (largest, twice) = Tape.scope {
        let x = Tensor(array)
        func f(_ x: Tensor<Double>) -> Tensor<Double> {
          let y = layout == .transposed ? x.transposed().transposed() : x
          return (y.max(along: axes, keepingAxes: true) * Tensor(v)).sum()
        }
        return (gradient(at: x, of: f).value, gradient(at: x) { $0.sum() + f($0) }.value)
      }
      let maxima = naive.reduced(Set(axes), keepingAxes: true) { $0.max()! }
      let counts = naive.reduced(Set(axes), keepingAxes: true) { terms in Double(terms.count { $0 == terms.max()! }) }
      let weights = NaiveArray(v)
      let expected = NaiveArray(Array(shape)) { index in
        naive[index] == maxima.broadcastElement(index)
          ? weights.broadcastElement(index) / counts.broadcastElement(index) : 0
      }
      expectEqual(largest, expected, "adjoint of max of \(shape) along \(axes)")
      expectEqual(
        twice, NaiveArray(expected.shape, expected.scalars.map { $0 + 1 }), "added adjoint of max of \(shape)")
    }
  }
}
