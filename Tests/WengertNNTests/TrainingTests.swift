import Testing
import Wengert
import WengertNN

@Suite struct TrainingTests {
  /// The classifier of two moons: 2 → 32 → 32 → 2 with tanh, SGD 0.05, batches of 64, 200 epochs.
  static func train(seed: UInt64) -> (model: MLP<Double>, test: LabeledData<Double>) {
    var generator = SeededGenerator(seed: seed)
    let (training, test) = TwoMoons(count: 1000, noise: 0.2, seed: seed).data.split(trainingFraction: 0.8)
    var model = MLP([2, 32, 32, 2], activation: .tanh, using: &generator)
    var optimizer = SGD(learningRate: 0.05)
    var batches = training.batches(of: 64, shuffledUsing: &generator)
    for _ in 0..<200 {
      for batch in batches {
        let (_, gradient) = valueWithGradient(at: model) { crossEntropy($0(batch.inputs), labels: batch.labels) }
        optimizer.update(&model, along: gradient)
      }
      batches.shuffle(using: &generator)
    }
    return (model, test)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func twoMoonsAreLearned(seed: UInt64) {
    let (model, test) = Self.train(seed: seed)
    let accuracy = model.accuracy(on: test)
    print(accuracy)
    #expect(accuracy >= 0.96)
  }
}
