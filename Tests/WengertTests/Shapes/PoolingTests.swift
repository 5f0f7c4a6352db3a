import Testing
import Wengert

/// Poolings: what PyTorch does not say, or says otherwise. Other values are compared with PyTorch's as fixtures.
@Suite struct PoolingTests {
  @Test func tiesShareTheCotangent() {
    let x = Tensor(shape: [1, 1, 2, 4], scalars: [1, 1, 0, 2, 0, 1, 2, 2.0])
    let (y, pullback) = valueWithPullback(at: x) { maxPool($0, window: 2) }
    #expect(y.scalars == [1, 2])
    let third = 1.0 / 3
    #expect(pullback(Tensor(shape: [1, 1, 1, 2], scalars: [3, 1])).scalars == [1, 1, 0, third, 0, 1, third, third])
    // Windows that overlap add up.
    let line = gradient(at: Tensor(shape: [1, 1, 4], scalars: [5, 5, 0, 5.0])) {
      maxPool($0, window: 2, stride: 1).sum()
    }
    #expect(line.scalars == [0.5, 1.5, 0, 1])
  }

  @Test func specialValues() {
    let (nan, inf) = (Double.nan, Double.infinity)
    let x = Tensor(shape: [1, 1, 8], scalars: [nan, 1, -inf, -inf, inf, 3, nan, nan])
    let (y, pullback) = valueWithPullback(at: x) { maxPool($0, window: 2) }
    expectIdentical(y.scalars, [nan, -inf, inf, nan], "maxima")
    // A NaN takes the cotangent, two share it.
    #expect(pullback(Tensor(shape: [1, 1, 4], scalars: [2, 2, 2, 2])).scalars == [2, 0, 1, 1, 2, 0, 1, 1])
    // Padding is never the largest, be the elements as small as they may.
    let padded = maxPool(Tensor(shape: [1, 1, 2], scalars: [-5, -inf]), window: 3, stride: 1, padding: 1)
    #expect(padded.scalars == [-5, -5])
    // What is not finite stays in its window.
    let mean = averagePool(Tensor(shape: [1, 1, 4], scalars: [inf, 1, 2, 4]), window: 2)
    #expect(mean.scalars == [inf, 3])
  }

  /// Rows longer than the blocks that kernels work in, and every remainder of their vectors.
  @Test(arguments: [1, 2, 3])
  func longRows(_ stride: Int) {
    for count in Array(1...40) + [511, 512, 513, 1025, 1500] {
      var generator = SeededGenerator(for: "pool \(count) \(stride)")
      // Few values, so that there are ties.
      let x = (0..<count).map { _ in Double(generator.next() % 4) }
      let windows = (count + 2 - 3) / stride + 1
      let v = (0..<windows).map { _ in generator.uniform(in: -1...1) }
      var (maxima, means) = ([Double](), [Double]())
      var (spread, shares) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
      for window in 0..<windows {
        let positions = (0..<3).map { window * stride - 1 + $0 }.filter { $0 >= 0 && $0 < count }
        let best = positions.map { x[$0] }.max()!
        let attained = positions.filter { x[$0] == best }
        maxima.append(best)
        means.append(positions.reduce(0) { $0 + x[$1] } / 3)
        for position in attained { spread[position] += v[window] / Double(attained.count) }
        for position in positions { shares[position] += v[window] / 3 }
      }
      Tape.scope {
        let input = Tensor(shape: [1, 1, count], scalars: x)
        let cotangent = Tensor(shape: [1, 1, windows], scalars: v)
        let largest = valueWithPullback(at: input) { maxPool($0, window: 3, stride: .all(stride), padding: 1) }
        let mean = valueWithPullback(at: input) { averagePool($0, window: 3, stride: .all(stride), padding: 1) }
        #expect(largest.value.scalars == maxima)
        expectEqual(mean.value.scalars, means, relativeTo: 1e-15, "means of \(count)")
        expectEqual(largest.pullback(cotangent).scalars, spread, relativeTo: 1e-15, "adjoint of maxima of \(count)")
        expectEqual(mean.pullback(cotangent).scalars, shares, relativeTo: 1e-15, "adjoint of means of \(count)")
      }
    }
  }

  /// The second derivative of a square: 2 at the elements that are attained.
  @Test func secondDerivatives() {
    let x = Tensor(shape: [1, 1, 4], scalars: [1, 3, 2, 0.0])
    let second = gradient(at: x) { x in
      gradient(at: x) { x in
        let y = maxPool(x, window: 2)
        return (y * y).sum()
      }.sum()
    }
    #expect(second.scalars == [0, 2, 2, 0])
  }
}
