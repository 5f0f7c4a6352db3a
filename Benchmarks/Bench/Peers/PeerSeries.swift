import BenchSupport
import Wengert
import WengertNN

// The ways in which we do the work of a case. One that is added here is measured for every case that is made with these.

extension PeerCase.Series {
  /// A program's value and gradient at a model, as `recorded(at:of:)` gives them.
  typealias Program<M: Model> = (M) -> (value: M.Scalar, gradient: M)

  /// Value and gradient of a model's loss. `recording` makes a program of the loss, in the way of users: what changes
  /// from step to step is its input.
  static func gradients<M: Model>(
    at model: M, of loss: @escaping (M) -> Tensor<M.Scalar>, recording: @escaping () -> Program<M>
  ) -> [PeerCase.Series] where M.Scalar: BenchScalar {
    func series(_ name: String, _ make: @escaping () -> Program<M>) -> PeerCase.Series {
      let program = Lazily(make)
      return PeerCase.Series(name: name) {
        let (value, gradient) = program.value(model)
        return [PeerArray(ShapedArray(value))] + gradient.namedParameters.map { PeerArray($0.value) }
      } run: { count in
        let program = program.value
        for _ in 0..<count { _ = program(model) }
      }
    }
    return [series("eager") { { valueWithGradient(at: $0, of: loss) } }, series("replayed", recording)]
  }

  /// A step of gradient descent: the loss, and the parameters after it.
  static func training<M: Model>(
    _ model: M, rate: M.Scalar, loss: @escaping (M) -> Tensor<M.Scalar>, recording: @escaping () -> Program<M>
  ) -> [PeerCase.Series] where M.Scalar: BenchScalar {
    func series(_ name: String, _ make: @escaping () -> Program<M>) -> PeerCase.Series {
      let program = Lazily(make)
      var trained = model
      var optimizer = SGD<M.Scalar>(learningRate: rate)
      return PeerCase.Series(name: name) {
        var model = model
        var optimizer = SGD<M.Scalar>(learningRate: rate)
        let (value, gradient) = program.value(model)
        optimizer.update(&model, along: gradient)
        return [PeerArray(ShapedArray(value))] + model.namedParameters.map { PeerArray($0.value) }
      } run: { count in
        let program = program.value
        for _ in 0..<count { optimizer.update(&trained, along: program(trained).gradient) }
      }
    }
    return [series("eager") { { valueWithGradient(at: $0, of: loss) } }, series("replayed", recording)]
  }

  /// The tensors that a function of tensors returns.
  static func function<S: BenchScalar>(
    of inputs: [ShapedArray<S>], _ function: @escaping ([Tensor<S>]) -> [Tensor<S>]
  ) -> PeerCase.Series {
    PeerCase.Series(name: "eager") {
      Tape.scope { function(inputs.map { Tensor($0) }).map { PeerArray($0) } }
    } run: { count in
      for _ in 0..<count { Tape.scope { _ = function(inputs.map { Tensor($0) }) } }
    }
  }

  /// What a program returns.
  static func replayed<Result>(
    _ make: @escaping () -> () -> Result, read: @escaping (Result) -> [PeerArray]
  ) -> PeerCase.Series {
    let program = Lazily(make)
    return PeerCase.Series(name: "replayed") {
      read(program.value())
    } run: { count in
      let program = program.value
      for _ in 0..<count { _ = program() }
    }
  }
}

/// A value that is made when it is first asked for.
private final class Lazily<Value> {
  private let make: () -> Value
  private(set) lazy var value = make()

  init(_ make: @escaping () -> Value) { self.make = make }
}
