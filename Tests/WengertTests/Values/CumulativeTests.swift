import Foundation
import Testing
import Wengert

/// Cumulative sums, products and log-sum-exps along every axis of arrays in every layout, against loops.
@Suite struct CumulativeTests {
  private static let shapes: [Shape] = [
    [1], [5], [3, 4], [4, 3], [2, 3, 4], [1, 6, 1], [2, 3, 2, 3], [3, 0, 2], [0, 3], [700], [700, 2], [2, 700],
    [3, 600],
    [600, 3], [2, 3, 520],
  ]

  @Test(arguments: shapes, Layout.allCases)
  func everyAxis(_ shape: Shape, _ layout: Layout) {
    var generator = SeededGenerator(for: "scan \(shape)")
    let array = generator.array(shape, in: -1.2...1.2)
    let naive = layout.elements(array)
    for axis in shape.indices {
      for (reversed, exclusive) in [(false, false), (true, false), (false, true), (true, true)] {
        let context = "\(layout.rawValue) \(shape) along \(axis)\(reversed ? " reversed" : "")"
        func check(
          _ name: String, _ result: ShapedArray<Double>, start: Double,
          _ step: (Wide, Wide) -> Wide, _ finish: (Wide) -> Double = { Double($0) }
        ) {
          let expected = Self.scan(naive, axis, reversed, exclusive, start: start, step, finish)
          expectEqual(result, expected, relativeTo: 1e-14, "\(name) of \(context)\(exclusive ? " exclusive" : "")")
        }
        check(
          "cumulativeSum",
          evaluate { layout.tensor(array).cumulativeSum(along: axis, exclusive: exclusive, reversed: reversed) },
          start: 0, +)
        check(
          "cumulativeProduct",
          evaluate {
            layout.tensor(array).cumulativeProduct(
              along: axis - shape.count, exclusive: exclusive, reversed: reversed)
          }, start: 1, *)
        guard !exclusive else { continue }
        check(
          "cumulativeLogSumExp",
          evaluate { cumulativeLogSumExp(5 * layout.tensor(array), along: axis, reversed: reversed) },
          start: 0, { $0 + Reference.exp(5 * $1) }, { Double(Reference.log($0)) })
      }
    }
  }

  /// One element after another in a wider type.
  private static func scan(
    _ x: NaiveArray, _ axis: Int, _ reversed: Bool, _ exclusive: Bool, start: Double, _ step: (Wide, Wide) -> Wide,
    _ finish: (Wide) -> Double
  ) -> NaiveArray {
    var result = x
    let (n, stride) = (x.shape[axis], x.shape[(axis + 1)...].reduce(1, *))
    for first in x.scalars.indices where first / stride % n == 0 {
      var state = Wide(start)
      for own in reversed ? Array((0..<n).reversed()) : Array(0..<n) {
        let position = first + own * stride
        let next = step(state, Wide(x.scalars[position]))
        result.scalars[position] = finish(exclusive ? state : next)
        state = next
      }
    }
    return result
  }

  /// Sums of a million terms in `Float`, which would lose four digits one after the other.
  @Test(arguments: [[1 << 20], [1 << 18, 4]] as [Shape])
  func longSums(_ shape: Shape) {
    var generator = SeededGenerator(for: "long cumulative sums")
    let array = ShapedArray<Float>(
      shape: shape, scalars: (0..<shape.elementCount).map { _ in Float(generator.uniform(in: 0...1)) })
    let sums = Tape.scope { Tensor(array).cumulativeSum(along: 0).scalars }
    let width = shape.dropFirst().reduce(1, *)
    var totals = [Double](repeating: 0, count: width)
    var worst = 0.0
    for (position, x) in array.scalars.enumerated() {
      totals[position % width] += Double(x)
      worst = max(worst, abs(Double(sums[position]) - totals[position % width]))
    }
    #expect(worst < 1e-6 * totals[0])
  }

  @Test func productsOfZeros() {
    let x = [2.0, 0, 3]
    #expect(slopes(x) { $0.cumulativeProduct(along: 0) } == [1, 8, 0])
    #expect(slopes(x, order: 2) { $0.cumulativeProduct(along: 0) } == [4, 6, 2])
    #expect(slopes(x, order: 3) { $0.cumulativeProduct(along: 0) } == [2, 2, 2])
    // From the other end: z, yz, xyz.
    #expect(slopes(x) { $0.cumulativeProduct(along: 0, reversed: true) } == [0, 9, 1])
    #expect(slopes([0.0, 0, 3]) { $0.cumulativeProduct(along: 0) } == [1, 0, 0])
    #expect(slopes([0.0, 0, 3], order: 2) { $0.cumulativeProduct(along: 0) } == [4, 4, 0])
    // 1, x, xy
    #expect(slopes(x) { $0.cumulativeProduct(along: 0, exclusive: true) } == [1, 2, 0])
    #expect(slopes(x, order: 2) { $0.cumulativeProduct(along: 0, exclusive: true) } == [1, 1, 0])
  }

  @Test func logSumExpOfExtremes() {
    let infinity = Double.infinity
    func values(_ x: [Double]) -> [Double] { evaluate { cumulativeLogSumExp(Tensor(x), along: 0) }.scalars }
    expectIdentical(values([-infinity, -infinity]), [-infinity, -infinity], "all −∞")
    expectIdentical(values([-infinity, 0, -infinity, 0]), [-infinity, 0, 0, log(2)], "some −∞")
    expectIdentical(values([0, infinity, 1]), [0, infinity, infinity], "∞")
    expectIdentical(values([0, .nan, 1]), [0, .nan, .nan], "NaN")
    expectIdentical(values([infinity, infinity, -infinity]), [infinity, infinity, infinity], "∞ twice")
    expectEqual(values([1e4, 1e4, -1e4]), [1e4, 1e4 + log(2), 1e4 + log(2)], relativeTo: 1e-16, "large")
    expectEqual(values([-1e4, 0, 1e4]), [-1e4, 0, 1e4], relativeTo: 1e-16, "rising")
    func last(_ x: Tensor<Double>) -> Tensor<Double> { cumulativeLogSumExp(x, along: 0) }
    #expect(slopes([-infinity, -infinity], last) == [0, 0])
    #expect(slopes([-infinity, 0], last) == [0, 1])
    #expect(slopes([0, -infinity], last) == [2, 0])
    #expect(slopes([1e4, -1e4, 0], last) == [3, 0, 0])
    #expect(slopes([-1e4, 1e4], last) == [1, 1])
    #expect(slopes([-infinity, 0], order: 2, last) == [0, 0])
  }

  /// Where exponents are large their log-sum-exp is rounded, which is no error of the weights: they are those of the
  /// exponents' differences.
  @Test(arguments: [1e4, -3e5, 7e7])
  func logSumExpAdjointOfLargeExponents(_ shift: Double) {
    var generator = SeededGenerator(for: "log-sum-exp of large exponents \(shift)")
    // Differences are exact.
    let x = generator.array([40], in: -3...3).scalars.map { shift + $0 }
    func function(_ x: Tensor<Double>) -> Tensor<Double> { cumulativeLogSumExp(x, along: 0) }
    for order in 1...2 {
      let expected = slopes(x.map { $0 - shift }, order: order, function)
      expectEqual(slopes(x, order: order, function), expected, relativeTo: 1e-14, "order \(order)")
    }
  }

  /// Softmax of every prefix, summed: the adjoint in closed form.
  @Test func logSumExpAdjoint() {
    var generator = SeededGenerator(for: "log-sum-exp adjoint")
    let x = generator.array([60], in: -30...30).scalars
    let expected = x.indices.map { j in
      (j..<x.count).reduce(0.0) { sum, i in
        let total = x[...i].reduce(Wide(0)) { $0 + Reference.exp(Wide($1)) }
        return sum + Double(Reference.exp(Wide(x[j])) / total)
      }
    }
    expectEqual(slopes(x) { cumulativeLogSumExp($0, along: 0) }, expected, relativeTo: 1e-14, "adjoint")
  }
}
