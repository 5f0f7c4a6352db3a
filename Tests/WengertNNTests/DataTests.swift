import AllocationCounter
import Foundation
import Testing
import Wengert
import WengertNN

@Suite struct DataTests {
  /// Rows and labels as sortable strings, to compare data as sets.
  func examples(_ inputs: ShapedArray<Double>, _ labels: some Sequence<Int>) -> [String] {
    let scalars = inputs.scalars
    return labels.enumerated().map { row, label in "\(scalars[2 * row]) \(scalars[2 * row + 1]) \(label)" }
  }

  @Test(arguments: [0, 1, 2, 7, 1000])
  func moonsWithoutNoiseLieOnTheirCircles(count: Int) {
    let data = TwoMoons(count: count, noise: 0, seed: 1).data
    #expect(data.inputs.shape == [count, 2])
    #expect(data.labels.count { $0 == 0 } == count / 2)
    var angles: [[Double]] = [[], []]
    for row in 0..<count {
      let (x, y) = (data.inputs[row, 0], data.inputs[row, 1])
      let (cosine, sine) = data.labels[row] == 0 ? (x, y) : (1 - x, 0.5 - y)
      #expect(abs(cosine * cosine + sine * sine - 1) < 1e-15)
      #expect(sine > -1e-15)
      angles[data.labels[row]].append(atan2(sine, cosine))
    }
    for angles in angles where angles.count > 1 {
      for (index, angle) in angles.sorted().enumerated() {
        #expect(abs(angle - .pi * Double(index) / Double(angles.count - 1)) < 4e-15)
      }
    }
  }

  @Test func noiseHasItsStandardDeviation() {
    let clean = TwoMoons(count: 1000, noise: 0, seed: 1).data
    let noisy = TwoMoons(count: 20_000, noise: 0.2, seed: 5).data
    func mean(_ data: LabeledData<Double>, _ column: Int) -> Double {
      (0..<data.count).reduce(0) { $0 + data.inputs[$1, column] } / Double(data.count)
    }
    func variance(_ data: LabeledData<Double>, _ column: Int) -> Double {
      let center = mean(data, column)
      return (0..<data.count).reduce(0) { $0 + pow(data.inputs[$1, column] - center, 2) } / Double(data.count)
    }
    for column in 0..<2 {
      #expect(abs(mean(noisy, column) - mean(clean, column)) < 0.02)
      #expect(abs(variance(noisy, column) - variance(clean, column) - 0.04) < 0.015)
    }
    #expect(zip(noisy.labels, noisy.labels.dropFirst()).count { $0 != $1 } > 9_000)
  }

  @Test func seedsDetermineData() {
    let data = TwoMoons(count: 1000, noise: 0.2, seed: 1).data
    #expect(data.inputs == TwoMoons(count: 1000, noise: 0.2, seed: 1).data.inputs)
    #expect(data.inputs != TwoMoons(count: 1000, noise: 0.2, seed: 2).data.inputs)
    let float = TwoMoons<Float>(count: 1000, noise: 0.2, seed: 1).data
    #expect(float.inputs.scalars == data.inputs.scalars.map(Float.init))
    #expect(float.labels == data.labels)
    // Pinned: the same on every platform and in every version.
    #expect(data.inputs[rows: 0..<2].scalars == Self.pinned)
    #expect(data.labels.prefix(8) == Self.pinnedLabels)
  }

  static let pinned = [0.6323453416611493, 0.20965700109389512, 1.9138788240115825, -0.18026169611043485]
  static let pinnedLabels: ArraySlice = [0, 1, 0, 0, 0, 0, 1, 1]

  @Test func splitKeepsOrderAndSharesMemory() {
    let data = TwoMoons(count: 10, noise: 0.2, seed: 1).data
    let (training, test) = data.split(trainingFraction: 0.75)
    #expect(training.count == 8 && test.count == 2)
    #expect(training.inputs.scalars + test.inputs.scalars == data.inputs.scalars)
    #expect(training.labels + test.labels == data.labels)
    #expect(data.split(trainingFraction: 0).training.count == 0)
    #expect(data.split(trainingFraction: 1).test.count == 0)
  }

  @Test func batchesCoverEachExampleOnce() {
    var generator = SeededGenerator(seed: 9)
    let data = TwoMoons(count: 150, noise: 0.2, seed: 1).data
    let all = examples(data.inputs, data.labels)
    var batches = data.batches(of: 64, shuffledUsing: &generator)
    var orders = Set<[String]>([all])
    for _ in 0..<3 {
      #expect(batches.count == 3)
      #expect(batches.map(\.labels.count) == [64, 64, 22])
      #expect(batches.map(\.inputs.shape) == [[64, 2], [64, 2], [22, 2]])
      let order = batches.flatMap { examples($0.inputs, $0.labels) }
      #expect(order.sorted() == all.sorted())
      orders.insert(order)
      batches.shuffle(using: &generator)
    }
    #expect(orders.count == 4)
    #expect(examples(data.inputs, data.labels) == all)
    #expect(data.batches(of: 200, shuffledUsing: &generator).map(\.labels.count) == [150])
    #expect(data.split(trainingFraction: 0).training.batches(of: 8, shuffledUsing: &generator).count == 0)
  }

  @Test func batchesOfAnOldOrderStay() {
    var generator = SeededGenerator(seed: 9)
    var batches = TwoMoons(count: 20, noise: 0.2, seed: 1).data.batches(of: 20, shuffledUsing: &generator)
    let old = batches.first { _ in true }!
    let before = examples(old.inputs, old.labels)
    batches.shuffle(using: &generator)
    #expect(examples(old.inputs, old.labels) == before)
  }

  @Test func shufflesAreUniform() {
    var generator = SeededGenerator(seed: 11)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 {
      var data = LabeledData(inputs: ShapedArray<Double>(repeating: 0, shape: [4, 0]), labels: [0, 1, 2, 3])
      data.shuffle(using: &generator)
      counts[data.labels, default: 0] += 1
    }
    #expect(counts.count == 24)
    // 1000 ± 31 expected for each order.
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 150 })
  }

  @Test(.enabled(if: wc_allocation_count() >= 0))
  func anEpochOfBatchesAllocatesNothing() {
    var generator = SeededGenerator(seed: 9)
    var batches = TwoMoons(count: 1000, noise: 0.2, seed: 1).data.batches(of: 64, shuffledUsing: &generator)
    var rows = 0
    var count: Int64 = 0
    // The first epoch lets the runtime look up what it needs to know about types.
    for _ in 0..<2 {
      let start = wc_allocation_count()
      for batch in batches { rows += batch.inputs.shape[0] + batch.labels.count }
      batches.shuffle(using: &generator)
      count = wc_allocation_count() - start
    }
    #expect(rows == 4000)
    #expect(count == 0)
  }

  // Called by name: a line within the macro's closure is one of a generated file.
  static func labelTwice() { _ = LabeledData(inputs: ShapedArray([[1.0, 2.0]]), labels: [0, 1]) }

  @Test func labelsMustFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      DataTests.labelTwice()
    }
    expectMessage(
      result,
      """
      Fatal error: labeled data has one label per row of its inputs; given inputs (1, 2) and 2 labels. Check that \
      inputs and labels belong together.
      """)
  }
}
