import CKernels
import Testing
import Wengert

/// The generator: published vectors, and that a number depends on its position alone.
@Suite struct RandomStreamTests {
  private let seed: UInt64 = 0x1234_5678_9ABC_DEF0

  /// Counter, key and result of Philox4x32-10, from Random123's known-answer tests.
  @Test(arguments: [
    ([0, 0, 0, 0], [0, 0], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
    (
      [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], [0xFFFF_FFFF, 0xFFFF_FFFF],
      [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
    ),
    (
      [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0],
      [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
    ),
  ])
  func knownAnswers(_ counter: [UInt64], _ key: [UInt64], _ expected: [UInt64]) {
    func word(_ parts: ArraySlice<UInt64>) -> UInt64 { parts.last! << 32 | parts.first! }
    var words: [UInt64] = [0, 0]
    wg_random_blocks(word(key[0..<2]), word(counter[2..<4]), word(counter[0..<2]), 1, &words)
    #expect(words == [word(expected[0..<2]), word(expected[2..<4])])
  }

  /// Numbers of one seed for good, from an implementation of the algorithm in Python with 120 bits.
  @Test func numbersOfASeed() {
    var stream = RandomStream(seed: seed)
    let words: [UInt64] = [
      0x7838_4BC0_092C_9B44, 0x2B3B_E4DD_C9FB_80BE, 0x609C_F517_389D_999A, 0x99B1_6EDC_0570_BB00,
    ]
    #expect((0..<4).map { _ in stream.next() } == words)
    var seventh = RandomStream(seed: seed, stream: 7)
    #expect((0..<2).map { _ in seventh.next() } == [0x2B74_FE69_E2AE_DAF7, 0xADE5_D4DB_9B17_5B0C])
    var parent = RandomStream(seed: seed)
    var child = parent.split()
    #expect(child.next() == 0x3AEC_CB5D_4112_956C && parent.next() == 0x609C_F517_389D_999A)
    let uniform: [Double] = values(RandomStream(seed: seed)) { $0.uniform(shape: [5], in: 0...1) }
    #expect(
      uniform == [
        0.4696090072476856, 0.16888266005297048, 0.37739497963831636, 0.6003636634026773, 0.19267996016882305,
      ])
    let normal: [Double] = values(RandomStream(seed: seed)) { $0.normal(shape: [5], mean: 0, standardDeviation: 1) }
    let expected = [
      0.5494563193541873, 0.9830459793986365, -0.7862617357277067, -0.5740020887238454, -0.33340687249857726,
    ]
    expectEqual(normal, expected, relativeTo: 4e-16, "normal")
  }

  private func values<S>(_ stream: RandomStream, _ draw: (inout RandomStream) -> Tensor<S>) -> [S] {
    var stream = stream
    return Tape.scope { draw(&stream).scalars }
  }

  @Test func positionDecides() {
    let many: [Double] = values(RandomStream(seed: 3)) { $0.uniform(shape: [1500], in: 0...1) }
    var generator = RandomStream(seed: 3)
    #expect(many == (0..<1500).map { _ in Double(generator.next() >> 11) * 0x1p-53 })
    for count in [1, 2, 15, 31, 511, 512, 513, 1025] {
      let few: [Double] = values(RandomStream(seed: 3)) { $0.uniform(shape: [count], in: 0...1) }
      #expect(few == Array(many.prefix(count)))
    }
    let normals: [Double] = values(RandomStream(seed: 3)) { $0.normal(shape: [3, 500], mean: 1, standardDeviation: 2) }
    for count in [1, 3, 16, 513] {
      let few: [Double] = values(RandomStream(seed: 3)) { $0.normal(shape: [count], mean: 1, standardDeviation: 2) }
      #expect(few == Array(normals.prefix(count)))
    }
    // A later part, computed by itself.
    var part = [Double](repeating: 0, count: 101)
    wg_random_normal_f64(3, 0, 300, 1, 2, &part, 101)
    #expect(part == Array(normals[600..<701]))
  }

  @Test func floatsAreRoundedDoubles() {
    let wide: [Double] = values(RandomStream(seed: 4)) { $0.normal(shape: [700], mean: -1, standardDeviation: 3) }
    let narrow: [Float] = values(RandomStream(seed: 4)) { $0.normal(shape: [700], mean: -1, standardDeviation: 3) }
    #expect(narrow == wide.map { Float($0) })
    let u: [Double] = values(RandomStream(seed: 4)) { $0.uniform(shape: [700], in: -2...5) }
    let v: [Float] = values(RandomStream(seed: 4)) { $0.uniform(shape: [700], in: -2...5) }
    #expect(v == u.map { Float($0) })
  }

  /// Box and Muller's formula with the C library's functions.
  @Test func normalNumbersAreBoxAndMullers() {
    var words = RandomStream(seed: 11)
    let normals: [Double] = values(RandomStream(seed: 11)) {
      $0.normal(shape: [20_000], mean: 0, standardDeviation: 1)
    }
    for pair in 0..<10_000 {
      let (u, v) = (Wide(words.next() >> 11) * 0x1p-53, Wide(words.next() >> 11) * 0x1p-53)
      let radius = Reference.sqrt(-2 * Reference.log(1 - u))
      let expected = [radius * Reference.cos(2 * .pi * v), radius * Reference.sin(2 * .pi * v)].map(Double.init)
      expectEqual(Array(normals[2 * pair..<2 * pair + 2]), expected, relativeTo: 1e-15, "pair \(pair)")
    }
  }

  /// What is drawn after a tensor shares no block with it.
  @Test func drawsDoNotOverlap() {
    Tape.scope {
      var stream = RandomStream(seed: 5)
      let first: Tensor<Double> = stream.normal(shape: [3], mean: 0, standardDeviation: 1)
      let next = stream.next()
      var again = RandomStream(seed: 5)
      for _ in 0..<4 { _ = again.next() }
      #expect(again.next() == next && first.shape == [3])
      // And a tensor after a single number starts at a new block.
      let second: Tensor<Double> = stream.uniform(shape: [2], in: 0...1)
      _ = again.next()
      #expect(second.scalars == (0..<2).map { _ in Double(again.next() >> 11) * 0x1p-53 })
      let before = stream
      let empty: Tensor<Double> = stream.uniform(shape: [0], in: 0...1)
      #expect(
        empty.shape == [0]
          && stream.next()
            == {
              var copy = before; return copy.next()
            }()
      )
    }
  }

  @Test func threadsGetTheSame() async {
    let whole: [Double] = values(RandomStream(seed: 6)) { $0.normal(shape: [64, 50], mean: 0, standardDeviation: 1) }
    let rows = await withTaskGroup(of: (Int, [Double]).self) { group in
      for row in 0..<64 {
        group.addTask {
          var part = [Double](repeating: 0, count: 50)
          wg_random_normal_f64(6, 0, UInt64(row * 25), 0, 1, &part, 50)
          return (row, part)
        }
      }
      return await group.reduce(into: [[Double]](repeating: [], count: 64)) { $0[$1.0] = $1.1 }
    }
    #expect(Array(rows.joined()) == whole)
    let streams = await withTaskGroup(of: (Int, UInt64).self) { group in
      for index in 0..<32 {
        group.addTask {
          var stream = RandomStream(seed: 6, stream: UInt64(index))
          return (index, stream.next())
        }
      }
      return await group.reduce(into: [UInt64](repeating: 0, count: 32)) { $0[$1.0] = $1.1 }
    }
    #expect(Set(streams).count == 32)
  }

  @Test func resultsAreConstants() {
    Tape.scope {
      var stream = RandomStream(seed: 7)
      let noise: Tensor<Double> = stream.normal(shape: [3], mean: 0, standardDeviation: 1)
      let g = gradient(at: vector(1, 2, 3)) { ($0 * noise).sum() }
      #expect(g.scalars == noise.scalars)
    }
  }

  // MARK: Dropout

  @Test func dropoutKeepsTheMean() {
    Tape.scope {
      var stream = RandomStream(seed: 8)
      let x = Tensor(repeating: 3.0, shape: [100, 100])
      let (y, g) = valueWithGradient(at: x) { x in
        var stream = stream
        return dropout(x, probability: 0.25, using: &stream).sum()
      }
      let dropped = dropout(x, probability: 0.25, using: &stream).scalars
      #expect(Set(dropped) == [0, 4])
      #expect(y.item == dropped.reduce(0, +))
      #expect(g.scalars == dropped.map { $0 / 3 })
      // 10,000 draws: the mean within five standard deviations.
      #expect(abs(Double(dropped.count { $0 == 0 }) - 2500) < 5 * (1e4 * 0.25 * 0.75).squareRoot())
    }
  }

  @Test func dropoutOfNothingAndOfAll() {
    Tape.scope {
      var stream = RandomStream(seed: 9)
      let before = stream
      let x = vector(1, 2, 3)
      #expect(dropout(x, probability: 0, using: &stream).scalars == [1, 2, 3] && stream == before)
      #expect(dropout(x, probability: 1, using: &stream).scalars == [0, 0, 0])
      let narrow = dropout(Tensor([Float](repeating: 1, count: 64)), probability: 0.5, using: &stream)
      #expect(Set(narrow.scalars) == [0, 2])
    }
  }
}
