import AllocationCounter
import BenchSupport
import ClosureGraph
import Wengert
import WengertNN

/// The seed's experiment: two moons, a perceptron 2→32→32→2 with tanh, gradient descent on batches of 64.
///
/// Three trainings run in turns, epoch by epoch, from the same weights and over the same batches: on the tape, as a
/// user of the library would write it, on the closure graph, and by hand.
struct Training<Scalar: BenchScalar> {
  static var batchSize: Int { 64 }
  static var learningRate: Double { 0.05 }

  private(set) var model: WengertNN.MLP<Scalar>
  private var optimizer = WengertNN.SGD<Scalar>(learningRate: Scalar(Self.learningRate))
  /// The same model, trained by a program.
  private var replayedModel: WengertNN.MLP<Scalar>
  private var replayedOptimizer = WengertNN.SGD<Scalar>(learningRate: Scalar(Self.learningRate))
  private let program: RecordedGradient<WengertNN.MLP<Scalar>, Batch<Scalar>, Never>
  private let graphModel: ClosureGraph.MLP<Scalar>
  private let graphOptimizer = ClosureGraph.SGD<Scalar>(learningRate: Scalar(Self.learningRate))
  private let floor: TrainingFloor<Scalar>

  let test: LabeledData<Scalar>
  private var batches: Batches<Scalar>
  private var generator = SeededGenerator(seed: 2)

  init() {
    let (training, test) = TwoMoons<Scalar>(count: 1000, noise: 0.2, seed: 1).data.split(trainingFraction: 0.8)
    self.test = test
    batches = training.batches(of: Self.batchSize, shuffledUsing: &generator)
    model = WengertNN.MLP<Scalar>([2, 32, 32, 2], activation: .tanh, using: &generator)
    replayedModel = model
    var iterator = batches.makeIterator()
    program = recorded(at: model, iterator.next()!) { model, batch in
      crossEntropy(model(batch.inputs), labels: batch.labels)
    }
    let parameters = model.namedParameters.map { Operand($0.value) }
    graphModel = ClosureGraph.MLP(
      stride(from: 0, to: parameters.count, by: 2).map {
        ClosureGraph.Linear(weight: parameters[$0].copy, bias: parameters[$0 + 1].copy)
      })
    floor = TrainingFloor(parameters, learningRate: Scalar(Self.learningRate), batchSize: Self.batchSize)
  }

  var stepsPerEpoch: Int { batches.count }

  // MARK: Epochs

  /// What an epoch of one training took and what it computed.
  struct Epoch {
    var nanosecondsPerStep = 0.0
    /// Until loss and gradients are there; the rest is the update of the parameters.
    var gradientNanoseconds = 0.0
    var allocationsPerStep = 0.0
    /// Of the last step.
    var loss = 0.0
  }

  mutating func shuffle() { batches.shuffle(using: &generator) }

  mutating func tapeEpoch() -> Epoch {
    epoch { training, batch in
      let (loss, gradient) = valueWithGradient(at: training.model) { model in
        crossEntropy(model(batch.inputs), labels: batch.labels)
      }
      let ready = nanoseconds()
      training.optimizer.update(&training.model, along: gradient)
      return (loss, ready)
    }
  }

  mutating func replayedEpoch() -> Epoch {
    epoch { training, batch in
      let (loss, gradient) = training.program(training.replayedModel, batch)
      let ready = nanoseconds()
      training.replayedOptimizer.update(&training.replayedModel, along: gradient)
      return (loss, ready)
    }
  }

  /// Whether the program has trained its model to the very parameters that the tape has.
  var isReplayIdentical: Bool { model.namedParameters.map(\.value) == replayedModel.namedParameters.map(\.value) }

  mutating func graphEpoch() -> Epoch {
    // NumPy would index its arrays with the shuffled order; what that takes is not what is compared.
    let arrays = batches.map { batch in
      (
        NDArray(shape: Array(batch.inputs.shape), scalars: batch.inputs.scalars), Array(batch.labels)
      )
    }
    var index = 0
    return epoch { training, batch in
      let (inputs, labels) = arrays[index]
      index += 1
      training.graphModel.zeroGrad()
      let loss = crossEntropy(training.graphModel(Node(inputs, requiresGrad: false)), labels: labels)
      loss.backward()
      let ready = nanoseconds()
      training.graphOptimizer.update(training.graphModel)
      return (loss.data.item, ready)
    }
  }

  mutating func floorEpoch() -> Epoch {
    epoch { training, batch in
      batch.inputs.withUnsafeBufferPointer { inputs in
        batch.labels.withUnsafeBufferPointer { labels in training.floor.step(inputs, labels: labels) }
      }
    }
  }

  @inline(__always)
  private mutating func epoch(
    _ step: (inout Training, Batch<Scalar>) -> (loss: Scalar, ready: Double)
  ) -> Epoch {
    var result = Epoch()
    var loss: Scalar = 0
    let batches = batches
    let allocations = wc_allocation_count()
    let start = nanoseconds()
    var end = start
    var gradients = 0.0
    for batch in batches {
      let ready: Double
      (loss, ready) = step(&self, batch)
      gradients += ready - end
      end = nanoseconds()
    }
    result.nanosecondsPerStep = (end - start) / Double(stepsPerEpoch)
    result.gradientNanoseconds = gradients / Double(stepsPerEpoch)
    result.allocationsPerStep = Double(wc_allocation_count() - allocations) / Double(stepsPerEpoch)
    result.loss = Double(loss)
    return result
  }

  // MARK: Comparing

  /// Per parameter, by how much tape and closure graph differ, and tape and the step by hand.
  func gradientDifferences() -> [TrainingResult.Difference] {
    var iterator = batches.makeIterator()
    let batch = iterator.next()!
    let gradient = valueWithGradient(at: model) { crossEntropy($0(batch.inputs), labels: batch.labels) }.gradient
    graphModel.zeroGrad()
    let inputs = NDArray(shape: Array(batch.inputs.shape), scalars: batch.inputs.scalars)
    crossEntropy(graphModel(Node(inputs, requiresGrad: false)), labels: Array(batch.labels)).backward()
    let byHand = TrainingFloor(
      model.namedParameters.map { Operand($0.value) }, learningRate: 0, batchSize: Self.batchSize)
    _ = batch.inputs.withUnsafeBufferPointer { inputs in
      batch.labels.withUnsafeBufferPointer { labels in byHand.step(inputs, labels: labels) }
    }
    return zip(gradient.namedParameters, zip(graphModel.namedParameters, byHand.gradients)).map { tape, others in
      func largest(_ other: [Scalar]) -> Double {
        zip(tape.value.scalars, other).reduce(0) { max($0, Double(abs($1.0 - $1.1))) }
      }
      precondition(tape.name == others.0.name, "the models name their parameters alike")
      return .init(
        parameter: tape.name, closure: largest(others.0.node.grad.scalars), byHand: largest(others.1))
    }
  }

  /// Accuracy and loss on the test set.
  func tapeTest() -> TrainingResult.Test {
    let loss = Tape.scope { crossEntropy(model(test.inputs), labels: test.labels).item }
    return .init(accuracy: model.accuracy(on: test), loss: Double(loss))
  }

  func graphTest() -> TrainingResult.Test {
    let inputs = NDArray(shape: Array(test.inputs.shape), scalars: test.inputs.scalars)
    let logits = graphModel(Node(inputs, requiresGrad: false))
    let scalars = logits.data.scalars
    let right = test.labels.indices.filter { (scalars[2 * $0 + 1] > scalars[2 * $0] ? 1 : 0) == test.labels[$0] }.count
    return .init(
      accuracy: Double(right) / Double(test.labels.count),
      loss: Double(crossEntropy(logits, labels: test.labels).data.item))
  }
}

extension Operand {
  /// A parameter, as the designs take it.
  init(_ value: ShapedArray<Scalar>) {
    shape = Array(value.shape)
    scalars = value.scalars
    atRest = value
    array = NDArray(shape: shape, scalars: scalars)
  }

  /// An array of its own: the closure graph changes its parameters in place.
  var copy: NDArray<Scalar> { NDArray(shape: shape, scalars: scalars) }
}
