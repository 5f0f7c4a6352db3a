import BenchSupport
import CrosscheckCases
import Wengert
import WengertNN

// The models and functions that are compared with peers. Names, sizes and targets are those that the project has set
// itself.

extension PeerCase {
  /// All cases but the operations; `scalar` replaces each case's own number type.
  static func models(_ scalar: ScalarChoice?) -> [PeerCaseMaker] {
    func make(
      _ title: String, _ size: Int, _ own: ScalarChoice, double: @escaping () -> PeerCase,
      float: @escaping () -> PeerCase
    ) -> PeerCaseMaker {
      PeerCaseMaker(title: title, size: size, make: scalar ?? own == .double ? double : float)
    }
    return [
      make("scalar chain", 1000, .double, double: { chain(Double.self) }, float: { chain(Float.self) }),
      make("two moons", 64, .double, double: { twoMoons(Double.self) }, float: { twoMoons(Float.self) }),
      make("MLP 784", 128, .float, double: { mlp784(Double.self) }, float: { mlp784(Float.self) }),
      make("MLP 1024", 512, .float, double: { mlp1024(Double.self) }, float: { mlp1024(Float.self) }),
      make("transformer", 4, .float, double: { transformer(Double.self) }, float: { transformer(Float.self) }),
      make("LeNet-5", 64, .float, double: { leNet(Double.self) }, float: { leNet(Float.self) }),
      make("HVP", 64, .double, double: { hessianVector(Double.self) }, float: { hessianVector(Float.self) }),
      make("Jacobian", 64, .double, double: { jacobian(Double.self) }, float: { jacobian(Float.self) }),
    ]
  }

  // MARK: Scalars

  private static func chain<S: BenchScalar>(_: S.Type) -> PeerCase {
    let count = 1000
    let inputs = [S(1), S(0.999999), S(1e-6)].map { ShapedArray($0) }
    var parameters = PeerParameters()
    parameters.count = count
    return PeerCase(
      title: "scalar chain, 1,000 operations", work: "scalar chain 1,000", size: count, metric: "forward + backward",
      program: "chain", scalar: S.choice, parameters: parameters, inputs: inputs.map { PeerArray($0) },
      ours: Series.function(of: inputs) { x in
        let (value, gradient) = valueWithGradient(at: x[0], x[1], x[2]) { y, factor, summand in
          var y = y
          for _ in 0..<count / 2 {
            y = y * factor
            y = y + summand
          }
          return y
        }
        return [value, gradient.0, gradient.1, gradient.2]
      } + [
        Series.replayed(
          {
            recorded(at: Numbers(inputs)) { numbers in
              var y = numbers.list[0].tensor
              let (factor, summand) = (numbers.list[1].tensor, numbers.list[2].tensor)
              for _ in 0..<count / 2 {
                y = y * factor
                y = y + summand
              }
              return y
            }
          }, at: Numbers(inputs))
      ], tolerance: S.tolerance, targets: [Target("scalar chain 1,000", against: "torch", atLeast: 300)],
      settling: 0.002)
  }

  /// Numbers to be differentiated with respect to.
  private struct Numbers<Scalar: BenchScalar>: Model {
    var list: [Parameter<Scalar>]

    init(_ arrays: [ShapedArray<Scalar>]) { list = arrays.map { Parameter($0) } }

    mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
      for index in list.indices { visitor.visit("number", &list[index]) }
    }
  }

  // MARK: Perceptrons

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

    var inputs: [PeerArray] { model.namedParameters.map { PeerArray($0.value) } + [PeerArray(data)] }

    func parameters(rate: Double? = nil) -> PeerParameters {
      var parameters = PeerParameters()
      parameters.labels = labels
      parameters.activation = activation
      parameters.rate = rate
      return parameters
    }
  }

  private static func twoMoons<S: BenchScalar>(_: S.Type) -> PeerCase {
    let classifier = Classifier<S>(moons: 64)
    let work = "two-moons step, batch 64"
    return PeerCase(
      title: "two moons, MLP 2→32→32→2", work: work, size: 64, metric: "step", program: "mlp", scalar: S.choice,
      parameters: classifier.parameters(rate: 0.05), inputs: classifier.inputs,
      ours: Series.training(classifier.model, rate: S(0.05), loss: classifier.loss), tolerance: S.tolerance,
      targets: [
        Target(work, against: "torch", atLeast: 15), Target(work, against: "jax", atLeast: 3),
        Target(work, against: "numpy", atLeast: 6),
      ])
  }

  private static func mlp784<S: BenchScalar>(_: S.Type) -> PeerCase {
    let classifier = Classifier<S>([784, 256, 128, 10], batch: 128, activation: "relu")
    let work = "MLP 784→256→128→10, batch 128"
    return PeerCase(
      title: work, work: work, size: 128, metric: "forward + backward", program: "mlp", scalar: S.choice,
      parameters: classifier.parameters(), inputs: classifier.inputs,
      ours: Series.gradients(at: classifier.model, of: classifier.loss), tolerance: S.tolerance,
      targets: [Target(work, against: "torch", atLeast: 1.3), Target(work, against: "jax", atLeast: 1.3)])
  }

  /// The perceptron whose time and memory are those of its matrices.
  static func large<S: BenchScalar>(_: S.Type) -> Classifier<S> {
    Classifier<S>([1024, 2048, 2048, 1000], batch: 512, activation: "relu")
  }

  private static func mlp1024<S: BenchScalar>(_: S.Type) -> PeerCase {
    let classifier = large(S.self)
    let work = "MLP 1024→2048→2048→1000, batch 512"
    return PeerCase(
      title: work, work: work, size: 512, metric: "forward + backward", program: "mlp", scalar: S.choice,
      parameters: classifier.parameters(), inputs: classifier.inputs,
      ours: Series.gradients(at: classifier.model, of: classifier.loss),
      floors: [Series.products([1024, 2048, 2048, 1000], rows: 512, of: S.self)], tolerance: S.tolerance,
      targets: [Target(work, against: "BLAS", atLeast: 0.95)])
  }

  // MARK: Larger models

  /// A block in the middle of a network: its input has a gradient too.
  private struct Middle<Scalar: BenchScalar>: Model {
    var input: Parameter<Scalar>
    var block: TransformerBlock<Scalar>

    mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
      visitor.visit("input", &input)
      visitor.visit("block", &block)
    }
  }

  private static func transformer<S: BenchScalar>(_: S.Type) -> PeerCase {
    let model = Middle<S>(
      input: Parameter(ShapedArray(repeating: 1, shape: [4, 64, 128])), block: TransformerBlock(width: 128, heads: 4)
    ).randomized()
    var parameters = PeerParameters()
    parameters.heads = 4
    return PeerCase(
      title: "transformer block, B 4, T 64, C 128", work: "transformer block", size: 4, metric: "forward + backward",
      program: "transformer", scalar: S.choice, parameters: parameters,
      inputs: model.namedParameters.map { PeerArray($0.value) },
      ours: Series.gradients(at: model) { model in square(model.block(model.input.tensor)).mean() },
      tolerance: S.tolerance, targets: [Target("transformer block", against: "torch", atLeast: 1.3)])
  }

  private static func leNet<S: BenchScalar>(_: S.Type) -> PeerCase {
    let model = LeNet<S>(channels: [6, 16], sizes: [400, 120, 84, 10]).randomized()
    var generator = SeededGenerator(seed: 3)
    let images = ShapedArray<S>(uniformIn: 0...1, shape: [64, 1, 28, 28], using: &generator)
    let labels = (0..<64).map { $0 * 7 % 10 }
    var parameters = PeerParameters()
    parameters.labels = labels
    parameters.rate = 0.05
    return PeerCase(
      title: "LeNet-5, batch 64", work: "LeNet-5 step", size: 64, metric: "step", program: "lenet", scalar: S.choice,
      parameters: parameters, inputs: model.namedParameters.map { PeerArray($0.value) } + [PeerArray(images)],
      ours: Series.training(model, rate: S(0.05)) { crossEntropy($0(images), labels: labels) },
      tolerance: S.tolerance, targets: [Target("LeNet-5 step", against: "torch", atLeast: 1.3)])
  }

  // MARK: Derivatives of derivatives, and of vectors

  private static func hessianVector<S: BenchScalar>(_: S.Type) -> PeerCase {
    let classifier = Classifier<S>(moons: 64)
    let direction = classifier.model.randomized(seed: 5)
    let directions = direction.namedParameters.map { PeerArray($0.value) }
    // The gradient of the slope along the direction.
    let product = recorded(at: classifier.model, direction) { model, direction in
      let slopes = gradient(at: model, of: classifier.loss)
      var slope = Tensor(S(0))
      for (a, b) in zip(slopes.tensors, direction.tensors) { slope = slope + (a * b).sum() }
      return slope
    }
    return PeerCase(
      title: "Hessian-vector product of two moons", work: "Hessian-vector product", size: 64, metric: "product",
      program: "hessian-vector", scalar: S.choice, parameters: classifier.parameters(),
      inputs: classifier.inputs.dropLast() + directions + [PeerArray(classifier.data)],
      ours: [
        Series(name: "eager") {
          hessianVectorProduct(at: classifier.model, along: direction, of: classifier.loss).namedParameters
            .map { PeerArray($0.value) }
        } run: { count in
          for _ in 0..<count {
            _ = hessianVectorProduct(at: classifier.model, along: direction, of: classifier.loss)
          }
        },
        Series(name: "replayed") {
          product(classifier.model, direction).gradient.namedParameters.map { PeerArray($0.value) }
        } run: { count in
          for _ in 0..<count { _ = product(classifier.model, direction) }
        },
      ], tolerance: S.tolerance, targets: [Target("Hessian-vector product", against: "jax", atLeast: 2)])
  }

  private static func jacobian<S: BenchScalar>(_: S.Type) -> PeerCase {
    var generator = SeededGenerator(seed: 7)
    let model = MLP<S>([64, 128, 64], activation: .tanh, using: &generator)
    let x = ShapedArray<S>(uniformIn: -1...1, shape: [64], using: &generator)
    let program = recorded(x) { x in Wengert.jacobian(at: x) { model($0) } }
    return PeerCase(
      title: "Jacobian 64 × 64 of MLP 64→128→64", work: "Jacobian 64 × 64", size: 64, metric: "Jacobian",
      program: "jacobian", scalar: S.choice, inputs: model.namedParameters.map { PeerArray($0.value) } + [PeerArray(x)],
      ours: Series.function(of: [x]) { x in [Wengert.jacobian(at: x[0]) { model($0) }] } + [
        Series(name: "replayed") {
          [PeerArray(program(x))]
        } run: { count in
          for _ in 0..<count { _ = program(x) }
        }
      ], tolerance: S.tolerance,
      targets: [Target("Jacobian 64 × 64", against: "jax", atLeast: 1)])
  }
}

extension MLP where Scalar: BenchScalar {
  /// The parameters, layer by layer.
  fileprivate var tensors: [Tensor<Scalar>] { layers.flatMap { [$0.weight.tensor, $0.bias.tensor] } }
}

extension Model where Scalar: BenchScalar {
  /// The model with parameters as at the start of a training, in order: scales near 1, weights and biases within
  /// ±1/√inputs, and anything else within ±1.
  func randomized(seed: UInt64 = 4) -> Self {
    var generator = SeededGenerator(seed: seed)
    let arrays = namedParameters.map { name, value in
      let shape = value.shape
      let inputs =
        switch shape.count {
        case 2: shape[0]
        case 4: shape[1] * shape[2] * shape[3]
        default: 1
        }
      let bound = 1 / Double(inputs).squareRoot()
      let range = name.hasSuffix("scale") ? 0.5...1.5 : -bound...bound
      return ShapedArray<Scalar>(uniformIn: range, shape: shape, using: &generator)
    }
    var model = self
    var loader = ParameterLoader(arrays)
    model.visitParameters(&loader)
    return model
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
    return PeerCase.Series(name: "BLAS") { count in
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
