import BenchSupport
import Wengert
import WengertNN

// Perceptrons that classify, small and large.

extension PeerCase {
  /// An MLP that classifies a batch, with its inputs as peers want them.
  struct Classifier<S: BenchScalar> {
    let model: MLP<S>
    let data: ShapedArray<S>
    let labels: [Int]
    let activation: String

    init(_ sizes: [Int], batch: Int, activation: String, seed: UInt64 = 1) {
      var generator = SeededGenerator(seed: seed)
      self.activation = activation
      model = MLP<S>(sizes, activation: activation == "tanh" ? .tanh : .relu, using: &generator)
      data = ShapedArray(uniformIn: -1...1, shape: [batch, sizes[0]], using: &generator)
      labels = (0..<batch).map { $0 * 7 % sizes[sizes.count - 1] }
    }

    /// Two moons of points, as in `bench training`.
    init(moons count: Int) {
      var generator = SeededGenerator(seed: 2)
      let moons = TwoMoons<S>(count: count, noise: 0.2, seed: 1).data
      activation = "tanh"
      model = MLP<S>([2, 32, 32, 2], activation: .tanh, using: &generator)
      data = moons.inputs
      labels = Array(moons.labels)
    }

    func loss(_ model: MLP<S>) -> Tensor<S> { crossEntropy(model(data), labels: labels) }

    func program() -> Series.Program<MLP<S>> {
      let program = recorded(at: model, data, labels) { model, x, labels in crossEntropy(model(x), labels: labels) }
      return { program($0, data, labels) }
    }

    var inputs: [PeerArray] { model.namedParameters.map { PeerArray($0.value) } + [PeerArray(data)] }

    func parameters(rate: Double? = nil) -> PeerParameters {
      var parameters = PeerParameters()
      parameters.labels = labels
      parameters.activation = activation
      parameters.rate = rate
      return parameters
    }
  }

  static func twoMoons<S: BenchScalar>(_: S.Type) -> PeerCase {
    let classifier = Classifier<S>(moons: 64)
    let work = "two-moons step, batch 64"
    return PeerCase(
      title: "two moons, MLP 2→32→32→2", work: work, size: 64, metric: "step", program: "mlp", scalar: S.choice,
      parameters: classifier.parameters(rate: 0.05), inputs: classifier.inputs,
      ours: Series.training(classifier.model, rate: S(0.05), loss: classifier.loss, recording: classifier.program),
      tolerance: S.tolerance,
      targets: [
        Target(work, against: "torch", atLeast: 15), Target(work, against: "jax", atLeast: 3),
        Target(work, against: "numpy", atLeast: 6),
      ])
  }

  static func mlp784<S: BenchScalar>(_: S.Type) -> PeerCase {
    let classifier = Classifier<S>([784, 256, 128, 10], batch: 128, activation: "relu")
    let work = "MLP 784→256→128→10, batch 128"
    return PeerCase(
      title: work, work: work, size: 128, metric: "forward + backward", program: "mlp", scalar: S.choice,
      parameters: classifier.parameters(), inputs: classifier.inputs,
      ours: Series.gradients(at: classifier.model, of: classifier.loss, recording: classifier.program),
      tolerance: S.tolerance,
      targets: [Target(work, against: "torch", atLeast: 1.3), Target(work, against: "jax", atLeast: 1.3)])
  }

  /// The perceptron whose time and memory are those of its matrices.
  static func large<S: BenchScalar>(_: S.Type) -> Classifier<S> {
    Classifier<S>([1024, 2048, 2048, 1000], batch: 512, activation: "relu")
  }

  static func mlp1024<S: BenchScalar>(_: S.Type) -> PeerCase {
    let classifier = large(S.self)
    let work = "MLP 1024→2048→2048→1000, batch 512"
    return PeerCase(
      title: work, work: work, size: 512, metric: "forward + backward", program: "mlp", scalar: S.choice,
      parameters: classifier.parameters(), inputs: classifier.inputs,
      ours: Series.gradients(at: classifier.model, of: classifier.loss, recording: classifier.program),
      floors: [Series.products([1024, 2048, 2048, 1000], rows: 512, of: S.self)], tolerance: S.tolerance,
      targets: [Target(work, against: "BLAS", atLeast: 0.95)])
  }
}

extension PeerCase.Series {
  /// The matrix products of an MLP's forward and backward pass, by calls of BLAS.
  static func products<S: BenchScalar>(_ sizes: [Int], rows: Int, of _: S.Type) -> PeerCase.Series {
    func matrix(_ rows: Int, _ columns: Int) -> FloorMatrix<S> { FloorMatrix(rows * columns) }
    let layers = zip(sizes, sizes.dropFirst()).map { inputs, outputs in
      (
        inputs: inputs, outputs: outputs, x: matrix(rows, inputs), weight: matrix(inputs, outputs),
        y: matrix(rows, outputs), gradient: matrix(inputs, outputs), xbar: matrix(rows, inputs)
      )
    }
    return PeerCase.Series(name: "BLAS", rest: .ofOpenBLAS) { count in
      for _ in 0..<count {
        for layer in layers {
          S.blas(
            false, false, rows, layer.outputs, layer.inputs, layer.x.base, layer.weight.base, layer.y.base)
        }
        for (index, layer) in layers.enumerated().reversed() {
          S.blas(
            true, false, layer.inputs, layer.outputs, rows, layer.x.base, layer.y.base, layer.gradient.base)
          if index > 0 {
            S.blas(
              false, true, rows, layer.inputs, layer.outputs, layer.y.base, layer.weight.base, layer.xbar.base)
          }
        }
      }
    }
  }
}

/// Memory for a matrix of small numbers.
final class FloorMatrix<S: BenchScalar> {
  let base: UnsafeMutablePointer<S>

  init(_ count: Int) {
    base = FloorBuffers<S>.allocate(count)
    for index in 0..<count { base[index] = S(Double(index % 7) * 0.01) }
  }

  deinit { base.deallocate() }
}
