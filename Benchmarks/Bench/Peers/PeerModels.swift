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
      make(
        "Hessian-vector product", 64, .double, double: { hessianVector(Double.self) },
        float: { hessianVector(Float.self) }),
      make("Jacobian", 64, .double, double: { jacobian(Double.self) }, float: { jacobian(Float.self) }),
    ]
  }

  // MARK: Scalars

  /// Where the chain is differentiated.
  struct ChainPoint<Scalar: BenchScalar>: Model {
    var start = Parameter<Scalar>(1)
    // The value stays near 1, and adjoints stay far from the subnormal numbers that make arithmetic slow.
    var factor = Parameter<Scalar>(0.999999)
    var summand = Parameter<Scalar>(1e-6)

    mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
      visitor.visit("start", &start)
      visitor.visit("factor", &factor)
      visitor.visit("summand", &summand)
    }

    @inline(__always)
    func end(_ count: Int) -> Tensor<Scalar> {
      var y = start.tensor
      let (factor, summand) = (factor.tensor, summand.tensor)
      for _ in 0..<count / 2 {
        y = y * factor
        y = y + summand
      }
      return y
    }
  }

  static func chain<S: BenchScalar>(_: S.Type) -> PeerCase {
    let count = 1000
    let point = ChainPoint<S>()
    var parameters = PeerParameters()
    parameters.count = count
    return PeerCase(
      title: "scalar chain, 1,000 operations", work: "scalar chain 1,000", size: count, metric: "forward + backward",
      program: "chain", scalar: S.choice, parameters: parameters,
      inputs: point.namedParameters.map { PeerArray($0.value) },
      ours: Series.gradients(at: point, of: { $0.end(count) }) {
        let program = recorded(at: point) { $0.end(count) }
        return { program($0) }
      }, tolerance: S.tolerance, targets: [Target("scalar chain 1,000", against: "torch", atLeast: 300)],
      isSmall: true)
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

    func loss() -> Tensor<Scalar> { square(block(input.tensor)).mean() }
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
      ours: Series.gradients(at: model, of: { $0.loss() }) {
        let program = recorded(at: model) { $0.loss() }
        return { program($0) }
      },
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
      ours: Series.training(model, rate: S(0.05), loss: { crossEntropy($0(Tensor(images)), labels: labels) }) {
        let program = recorded(at: model, images, labels) { model, x, labels in
          crossEntropy(model(x), labels: labels)
        }
        return { program($0, images, labels) }
      },
      tolerance: S.tolerance, targets: [Target("LeNet-5 step", against: "torch", atLeast: 1.3)])
  }

  // MARK: Derivatives of derivatives, and of vectors

  static func hessianVector<S: BenchScalar>(_: S.Type) -> PeerCase {
    let classifier = Classifier<S>(moons: 64)
    let direction = classifier.model.randomized(seed: 5)
    let directions = direction.namedParameters.map { PeerArray($0.value) }
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
        Series.replayed {
          // The gradient of the slope along the direction.
          let program = recorded(at: classifier.model, direction, classifier.data) { model, direction, x in
            let slopes = gradient(at: model) { crossEntropy($0(x), labels: classifier.labels) }
            var slope = Tensor(S(0))
            for (a, b) in zip(slopes.tensors, direction.tensors) { slope = slope + (a * b).sum() }
            return slope
          }
          return { program(classifier.model, direction, classifier.data).gradient }
        } read: { product in
          product.namedParameters.map { PeerArray($0.value) }
        },
      ], tolerance: S.tolerance, targets: [Target("Hessian-vector product", against: "jax", atLeast: 2)])
  }

  private static func jacobian<S: BenchScalar>(_: S.Type) -> PeerCase {
    var generator = SeededGenerator(seed: 7)
    let model = MLP<S>([64, 128, 64], activation: .tanh, using: &generator)
    let x = ShapedArray<S>(uniformIn: -1...1, shape: [64], using: &generator)
    return PeerCase(
      title: "Jacobian 64 × 64 of MLP 64→128→64", work: "Jacobian 64 × 64", size: 64, metric: "Jacobian",
      program: "jacobian", scalar: S.choice, inputs: model.namedParameters.map { PeerArray($0.value) } + [PeerArray(x)],
      ours: [
        Series.function(of: [x]) { x in [Wengert.jacobian(at: x[0]) { model($0) }] },
        Series.replayed {
          let program = recorded(x, model) { x, model in Wengert.jacobian(at: x) { model($0) } }
          return { program(x, model) }
        } read: {
          [PeerArray($0)]
        },
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
