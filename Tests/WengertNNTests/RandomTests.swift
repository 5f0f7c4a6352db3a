import Testing
import Wengert
import WengertNN

@Suite struct RandomTests {
  @Test func generatorIsSplitMix64() {
    // The sequence published with the algorithm for this seed.
    var generator = SeededGenerator(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in generator.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  @Test func copiesGoOnByThemselves() {
    var generator = SeededGenerator(seed: 5)
    var copy = generator
    #expect(generator.next() == copy.next())
    _ = generator.next()
    #expect(generator.next() != copy.next())
  }

  @Test func uniformNumbersFillTheirInterval() {
    var generator = SeededGenerator(seed: 2)
    let numbers = (0..<100_000).map { _ in generator.uniform(in: -1.0...3.0) }
    let mean = numbers.reduce(0, +) / 1e5
    #expect(numbers.allSatisfy { $0 >= -1 && $0 <= 3 })
    #expect(abs(mean - 1) < 0.015)
    for quarter in 0..<4 {
      let lower = Double(quarter) - 1
      let count = numbers.count { $0 >= lower && $0 < lower + 1 }
      #expect(abs(count - 25_000) < 600)
    }
  }

  @Test func normalNumbersHaveTheirMoments() {
    var generator = SeededGenerator(seed: 3)
    let numbers = (0..<200_000).map { _ in generator.standardNormal() }
    func moment(_ power: Int) -> Double {
      numbers.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } } / 2e5
    }
    #expect(abs(moment(1)) < 0.01)
    #expect(abs(moment(2) - 1) < 0.015)
    #expect(abs(moment(3)) < 0.04)
    #expect(abs(moment(4) - 3) < 0.12)
    #expect(abs(numbers.count { abs($0) < 1 } - 136_538) < 900)
  }

  @Test func arraysAreDrawnInOrder() {
    var generator = SeededGenerator(seed: 4)
    var same = generator
    let array = ShapedArray<Float>(uniformIn: 0...1, shape: [2, 3], using: &generator)
    #expect(array.scalars == (0..<6).map { _ in Float(same.uniform()) })
    let normal = ShapedArray<Double>(normalWithMean: 2, standardDeviation: 3, shape: [4], using: &generator)
    #expect(normal.scalars == (0..<4).map { _ in 2 + 3 * same.standardNormal() })
  }
}
