import AllocationCounter
import Testing
import Wengert
import WengertNN

@Suite struct TrainingTests {
  /// Trains a classifier of two moons: 2 → 32 → 32 → 2 with tanh, SGD 0.05, batches of 64.
  ///
  /// `observe` is told the number of allocations of each epoch's steps.
  static func train(
    seed: UInt64, epochs: Int, momentum: Double = 0, observe: (Int64) -> Void = { _ in }
  ) -> (model: MLP<Double>, test: LabeledData<Double>) {
    var generator = SeededGenerator(seed: seed)
    let (training, test) = TwoMoons(count: 1000, noise: 0.2, seed: seed).data.split(trainingFraction: 0.8)
    var model = MLP([2, 32, 32, 2], activation: .tanh, using: &generator)
    var optimizer = SGD(learningRate: 0.05, momentum: momentum)
    var batches = training.batches(of: 64, shuffledUsing: &generator)
    for _ in 0..<epochs {
      let start = wc_allocation_count()
      for batch in batches {
        let (_, gradient) = valueWithGradient(at: model) { crossEntropy($0(batch.inputs), labels: batch.labels) }
        optimizer.update(&model, along: gradient)
      }
      batches.shuffle(using: &generator)
      observe(wc_allocation_count() - start)
    }
    return (model, test)
  }

  /// The best possible classifier is right about 97 times in 100 here: noise of 0.2 mixes the moons. A test set of
  /// 200 points would say that with an error of 1.2 %, so a larger one is drawn from the same distribution.
  static let largeTestSet = TwoMoons(count: 20_000, noise: 0.2, seed: 999).data

  @Test(arguments: [1, 2, 3] as [UInt64])
  func twoMoonsAreLearned(seed: UInt64) {
    let count = Tape.current.count
    let (model, test) = Self.train(seed: seed, epochs: 200)
    #expect(model.accuracy(on: Self.largeTestSet) >= 0.96)
    #expect(model.accuracy(on: test) >= 0.94)
    #expect(Tape.current.count == count)
  }

  @Test func trainingIsDeterministic() {
    let (a, b) = (Self.train(seed: 4, epochs: 5).model, Self.train(seed: 4, epochs: 5).model)
    #expect(a.namedParameters.map(\.value) == b.namedParameters.map(\.value))
  }

  @Test(.enabled(if: wc_allocation_count() >= 0), arguments: [0, 0.9])
  func stepsAllocateNothing(momentum: Double) {
    var counts: [Int64] = []
    counts.reserveCapacity(10)
    _ = Self.train(seed: 1, epochs: 4, momentum: momentum) { counts.append($0) }
    // The first epoch builds up what the later ones use again.
    #expect(counts.dropFirst() == [0, 0, 0])
  }

  @Test func memoryIsFlat() {
    var capacities: [Int] = []
    _ = Self.train(seed: 1, epochs: 6) { _ in capacities.append(Tape.current.capacity) }
    #expect(Set(capacities).count == 1)
  }

  @Test func predictionsAreConsistent() {
    let (model, test) = Self.train(seed: 1, epochs: 20)
    let classes = model.classes(of: test.inputs)
    let probabilities = model.probabilities(of: test.inputs)
    #expect(probabilities.shape == [200, 2])
    for row in 0..<200 {
      #expect(abs(probabilities[row, 0] + probabilities[row, 1] - 1) < 1e-14)
      #expect(classes[row] == (probabilities[row, 1] > probabilities[row, 0] ? 1 : 0))
    }
    let right = zip(classes, test.labels).count { $0 == $1 }
    #expect(model.accuracy(on: test) == Double(right) / 200)
  }
}
