import BenchSupport
import Wengert
import WengertNN

/// Work that we and our peers do.
struct PeerCase {
  let title: String
  /// What the targets of the case are about.
  let work: String
  let size: Int
  let metric: String
  /// The program of that name in Benchmarks/Peers.
  let program: String
  let scalar: ScalarChoice
  var parameters = PeerParameters()
  let inputs: [PeerArray]
  /// The ways in which we do it, to be shown beside each other.
  let ours: [Series]
  /// The same work without the library: what it comes to on this machine.
  var floors: [Series] = []
  /// Largest difference of equal results, relative to their largest element.
  let tolerance: Double
  /// What the first result, a sum of many terms that may cancel, is compared relative to.
  var valueScale = 0.0
  var targets: [Target] = []
  /// Seconds to wait before each sample: OpenBLAS keeps its threads spinning for a while after a product.
  var settling = 0.03

  /// One way of doing the work.
  struct Series {
    let name: String
    /// Value and gradients, or whatever the program's results are, from the inputs at the start.
    var results: () -> [PeerArray] = { [] }
    /// Does the work so many times.
    let run: (_ count: Int) -> Void

    func contender(_ clock: Clock) -> Contender {
      Contender(name: name) { count in
        let start = clock.now
        run(count)
        return clock.now - start
      }
    }
  }
}

/// A case that is made when its turn comes: some have inputs of hundreds of megabytes.
struct PeerCaseMaker {
  let title: String
  let size: Int
  let make: () -> PeerCase
}

extension PeerArray {
  init<S: BenchScalar>(_ array: ShapedArray<S>) {
    self.init(shape: Array(array.shape), values: array.scalars.map { Double($0) })
  }

  init<S: BenchScalar>(_ tensor: Tensor<S>) { self.init(tensor.value) }
}

extension ShapedArray where Scalar: BenchScalar {
  init(_ operand: Operand<Scalar>) { self = operand.atRest }
}

// MARK: - Ways of doing the work

// A way that is added here is measured for every case that is made with these.

extension PeerCase.Series {
  /// Value and gradient of a model's loss.
  static func gradients<M: Model>(at model: M, of loss: @escaping (M) -> Tensor<M.Scalar>) -> [PeerCase.Series]
  where M.Scalar: BenchScalar {
    [
      PeerCase.Series(name: "eager") {
        let (value, gradient) = valueWithGradient(at: model, of: loss)
        return [PeerArray(ShapedArray(value))] + gradient.namedParameters.map { PeerArray($0.value) }
      } run: { count in
        for _ in 0..<count { _ = valueWithGradient(at: model, of: loss) }
      },
      replayed({ recorded(at: model, of: loss) }, at: model),
    ]
  }

  /// A program for value and gradient.
  static func replayed<M: Model>(
    _ record: @escaping () -> RecordedGradient<M, NoInput, Never>, at model: M
  ) -> PeerCase.Series where M.Scalar: BenchScalar {
    // When it is first run: a program holds memory.
    lazy var program = record()
    return PeerCase.Series(name: "replayed") {
      let (value, gradient) = program(model)
      return [PeerArray(ShapedArray(value))] + gradient.namedParameters.map { PeerArray($0.value) }
    } run: { count in
      for _ in 0..<count { _ = program(model) }
    }
  }

  /// A step of gradient descent: the loss, and the parameters after it.
  static func training<M: Model>(
    _ model: M, rate: M.Scalar, loss: @escaping (M) -> Tensor<M.Scalar>
  ) -> [PeerCase.Series] where M.Scalar: BenchScalar {
    var trained = model
    var replayed = model
    let program = recorded(at: model, of: loss)
    var optimizer = SGD<M.Scalar>(learningRate: rate)
    return [
      PeerCase.Series(name: "eager") {
        var model = model
        let (value, gradient) = valueWithGradient(at: model, of: loss)
        var optimizer = SGD<M.Scalar>(learningRate: rate)
        optimizer.update(&model, along: gradient)
        return [PeerArray(ShapedArray(value))] + model.namedParameters.map { PeerArray($0.value) }
      } run: { count in
        for _ in 0..<count {
          let (_, gradient) = valueWithGradient(at: trained, of: loss)
          optimizer.update(&trained, along: gradient)
        }
      },
      PeerCase.Series(name: "replayed") {
        var model = model
        let (value, gradient) = program(model)
        var optimizer = SGD<M.Scalar>(learningRate: rate)
        optimizer.update(&model, along: gradient)
        return [PeerArray(ShapedArray(value))] + model.namedParameters.map { PeerArray($0.value) }
      } run: { count in
        for _ in 0..<count {
          let (_, gradient) = program(replayed)
          optimizer.update(&replayed, along: gradient)
        }
      },
    ]
  }

  /// The tensors that a function of tensors returns.
  static func function<S: BenchScalar>(
    of inputs: [ShapedArray<S>], _ function: @escaping ([Tensor<S>]) -> [Tensor<S>]
  ) -> [PeerCase.Series] {
    [
      PeerCase.Series(name: "eager") {
        Tape.scope { function(inputs.map { Tensor($0) }).map { PeerArray($0) } }
      } run: { count in
        for _ in 0..<count { Tape.scope { _ = function(inputs.map { Tensor($0) }) } }
      }
    ]
  }
}
