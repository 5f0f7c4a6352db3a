import AllocationCounter
import Testing
import Wengert
import WengertNN

/// Two moons with a program for the step.
@Suite struct RecordedTrainingTests {
  /// Trains from one seed, with a program or without, and tells how often each epoch asked for memory.
  private func train(isRecorded: Bool, epochs: Int = 4) -> (model: MLP<Double>, allocations: [Int64], recordings: Int) {
    var generator = SeededGenerator(seed: 7)
    let training = TwoMoons<Double>(count: 500, noise: 0.2, seed: 3).data
    var model = MLP<Double>([2, 16, 16, 2], activation: .tanh, using: &generator)
    var batches = training.batches(of: 64, shuffledUsing: &generator)
    var optimizer = SGD<Double>(learningRate: 0.05, momentum: 0.5)
    var first = batches.makeIterator()
    let step = recorded(at: model, first.next()!) { model, batch in
      crossEntropy(model(batch.inputs), labels: batch.labels)
    }
    var allocations: [Int64] = []
    allocations.reserveCapacity(epochs)
    for _ in 0..<epochs {
      let before = wc_allocation_count()
      for batch in batches {
        if isRecorded {
          optimizer.update(&model, along: step(model, batch).gradient)
        } else {
          let gradient = gradient(at: model) { crossEntropy($0(batch.inputs), labels: batch.labels) }
          optimizer.update(&model, along: gradient)
        }
      }
      allocations.append(wc_allocation_count() - before)
      batches.shuffle(using: &generator)
    }
    return (model, allocations, step.recordingCount)
  }

  /// The last batch of an epoch is smaller: two programs, and every bit is the same.
  @Test func stepsAreThoseOfTheTape() {
    let program = train(isRecorded: true)
    let tape = train(isRecorded: false)
    #expect(program.model.namedParameters.map(\.value) == tape.model.namedParameters.map(\.value))
    #expect(program.recordings == 2)
  }

  @Test(.enabled(if: wc_allocation_count() >= 0))
  func stepsAllocateNothing() {
    #expect(train(isRecorded: true, epochs: 5).allocations.dropFirst(2) == [0, 0, 0])
  }
}
