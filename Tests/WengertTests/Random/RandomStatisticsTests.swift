import Testing
import Wengert

/// Whether the numbers look random. Seeds are fixed, so that the outcome is, too: bounds are such that one in some
/// ten thousand seeds would fail.
@Suite struct RandomStatisticsTests {
  private func uniform(_ stream: inout RandomStream, _ count: Int) -> [Double] {
    Tape.scope {
      let x: Tensor<Double> = stream.uniform(shape: [count], in: 0...1)
      return x.scalars
    }
  }

  private func normal(_ stream: inout RandomStream, _ count: Int) -> [Double] {
    Tape.scope {
      let x: Tensor<Double> = stream.normal(shape: [count], mean: 0, standardDeviation: 1)
      return x.scalars
    }
  }

  /// χ² of counts against expected ones, in standard deviations from its mean.
  private func deviation(_ counts: [Int], _ expected: [Double]) -> Double {
    let square = zip(counts, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) / $1.1 }
    let freedom = Double(counts.count - 1)
    return (square - freedom) / (2 * freedom).squareRoot()
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func uniformNumbersAreUniform(_ seed: UInt64) {
    var stream = RandomStream(seed: seed)
    let x = uniform(&stream, 200_000)
    #expect(x.allSatisfy { $0 >= 0 && $0 < 1 })
    // Cells of one number, and of pairs of neighbours.
    var cells = [Int](repeating: 0, count: 256)
    for x in x { cells[Int(x * 256)] += 1 }
    #expect(abs(deviation(cells, [Double](repeating: 200_000 / 256, count: 256))) < 4)
    var pairs = [Int](repeating: 0, count: 1024)
    for index in stride(from: 0, to: x.count, by: 2) { pairs[Int(x[index] * 32) * 32 + Int(x[index + 1] * 32)] += 1 }
    #expect(abs(deviation(pairs, [Double](repeating: 100_000 / 1024, count: 1024))) < 4)
    let mean = x.reduce(0, +) / 2e5
    let variance = x.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / 2e5
    #expect(abs(mean - 0.5) < 4 * (1 / 12.0 / 2e5).squareRoot())
    #expect(abs(variance - 1 / 12.0) < 4 * (1 / 180.0 / 2e5).squareRoot())
  }

  @Test func everyBitIsFair() {
    var stream = RandomStream(seed: 4)
    var counts = [Int](repeating: 0, count: 64)
    for _ in 0..<20_000 {
      let word = stream.next()
      for bit in 0..<64 { counts[bit] += Int(word >> UInt64(bit) & 1) }
    }
    #expect(counts.allSatisfy { abs(Double($0) - 10_000) < 4.5 * 5_000.0.squareRoot() })
  }

  @Test(arguments: [5, 6] as [UInt64])
  func normalNumbersAreNormal(_ seed: UInt64) {
    var stream = RandomStream(seed: seed)
    let x = normal(&stream, 400_000)
    func moment(_ power: Int) -> Double {
      x.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } } / Double(x.count)
    }
    // The variance of xᵏ is (2k − 1)!! − ((k − 1)!!)² for even k.
    let root = Double(x.count).squareRoot()
    #expect(abs(moment(1)) < 4 / root)
    #expect(abs(moment(2) - 1) < 4 * 2.0.squareRoot() / root)
    #expect(abs(moment(3)) < 4 * 15.0.squareRoot() / root)
    #expect(abs(moment(4) - 3) < 4 * 96.0.squareRoot() / root)
    // Cells between −3 and 3 with the probabilities of the error function.
    let edges = stride(from: -3.0, through: 3, by: 0.25).map { $0 }
    let below = edges.map { Double(Reference.erfc(Wide(-$0 / 2.0.squareRoot()))) / 2 }
    let probabilities = zip(below + [1], [0] + below).map { $0 - $1 }
    var cells = [Int](repeating: 0, count: probabilities.count)
    for x in x { cells[edges.firstIndex { x < $0 } ?? edges.count] += 1 }
    #expect(abs(deviation(cells, probabilities.map { $0 * Double(x.count) })) < 4)
  }

  /// Correlations between streams of one seed, of neighbouring seeds, of a parent and its children.
  @Test func streamsAreUnrelated() {
    var root = RandomStream(seed: 7)
    var children = (0..<3).map { _ in root.split() }
    var grandchild = children[0].split()
    var streams = [
      RandomStream(seed: 7), RandomStream(seed: 8), RandomStream(seed: 7, stream: 1), RandomStream(seed: 7, stream: 2),
    ]
    let count = 50_000
    var samples = streams.indices.map { normal(&streams[$0], count) }
    samples += children.indices.map { normal(&children[$0], count) }
    samples += [normal(&root, count), normal(&grandchild, count)]
    for i in samples.indices {
      for j in 0..<i {
        let correlation = zip(samples[i], samples[j]).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
        // The parent goes on in its own numbers: the same ones, two blocks for each split further on.
        if i == 7 && j == 0 { continue }
        #expect(abs(correlation) < 4.5 / Double(count).squareRoot(), "streams \(j) and \(i)")
      }
      let lagged = zip(samples[i].dropFirst(), samples[i]).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
      #expect(abs(lagged) < 4.5 / Double(count).squareRoot())
    }
  }

  @Test func bernoulliHasItsProbability() {
    Tape.scope {
      var stream = RandomStream(seed: 9)
      for p in [0, 0.01, 0.3, 0.5, 0.9, 1] {
        let x: Tensor<Double> = stream.bernoulli(shape: [100, 1000], probability: p)
        #expect(x.scalars.allSatisfy { $0 == 0 || $0 == 1 })
        let successes = x.sum().item
        #expect(abs(successes - 1e5 * p) <= 4 * (1e5 * p * (1 - p)).squareRoot())
      }
    }
  }

  @Test func permutationsAreAllEquallyLikely() {
    var stream = RandomStream(seed: 10)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 { counts[Array(stream.permutation(4)), default: 0] += 1 }
    #expect(counts.count == 24)
    #expect(abs(deviation(Array(counts.values), [Double](repeating: 1000, count: 24))) < 4)
    let many = stream.permutation(1000)
    #expect(many.shape == [1000] && many.sorted() == Array(0..<1000) && Array(many) != Array(0..<1000))
    #expect(stream.permutation(0).isEmpty && Array(stream.permutation(1)) == [0])
  }
}
