import Wengert
import WengertNN

/// The models among the cases, by name.
package struct CaseModels<S: TensorScalar> {
  /// The loss of a model, and its gradients by a direct pass and by one that is recorded.
  package struct Result {
    package let names: [String]
    package let value: S
    package let gradients: [ShapedArray<S>]
    package let recorded: [ShapedArray<S>]
  }

  /// From the parameters' arrays, and the data that follow them.
  package typealias Function = (_ inputs: [ShapedArray<S>], _ p: Parameters) -> Result

  private var models: [String: Function] = [:]

  package init() {
    add("MLP") { p in
      let sizes = p.integers("sizes")!
      let layers = zip(sizes, sizes.dropFirst()).map { Linear<S>(inputs: $0, outputs: $1) }
      return MLP(layers, activation: .tanh)
    } loss: { model, data, p in
      crossEntropy(model(data[0]), labels: p.integers("labels")!)
    }
    add("LSTM") { p in
      LSTM<S>(inputs: p.integer("inputs")!, units: p.integer("units")!, outputs: p.integer("outputs")!)
    } loss: { model, data, _ in
      meanSquaredError(model(data[0]), targets: Tensor(data[1]))
    }
    add("transformer") { p in
      Transformer<S>(
        tokens: p.integer("tokens")!, places: p.integer("places")!, width: p.integer("width")!,
        heads: p.integer("heads")!)
    } loss: { model, _, p in
      let (text, batch) = (p.integers("text")!, p.integer("batch")!)
      let inputs = IndexArray(shape: [batch, text.count / batch], indices: text)
      return crossEntropy(model(inputs), labels: p.integers("labels")!)
    }
    add("LeNet") { p in
      LeNet<S>(channels: p.integers("channels")!, sizes: p.integers("sizes")!)
    } loss: { model, data, p in
      crossEntropy(model(Tensor(data[0])), labels: p.integers("labels")!)
    }
  }

  package subscript(name: String) -> Function? { models[name] }

  package var names: Set<String> { Set(models.keys) }

  private mutating func add<M: Model<S>>(
    _ name: String, _ make: @escaping (Parameters) -> M,
    loss: @escaping (M, [ShapedArray<S>], Parameters) -> Tensor<S>
  ) {
    models[name] = { inputs, p in
      var model = make(p)
      var loader = ParameterLoader(inputs)
      model.visitParameters(&loader)
      let data = Array(loader.arrays)
      let (value, gradient) = valueWithGradient(at: model) { loss($0, data, p) }
      let gradients = gradient.namedParameters
      // Inside another differentiation.
      var recorded: [ShapedArray<S>] = []
      Tape.scope {
        _ = Wengert.gradient(at: Tensor<S>(1)) { x in
          recorded = Wengert.gradient(at: model) { loss($0, data, p) }.namedParameters.map(\.value)
          return x
        }
      }
      return Result(
        names: gradients.map(\.name), value: value, gradients: gradients.map(\.value), recorded: recorded)
    }
  }
}

/// Gives a model the parameters of a list, from its first on.
package struct ParameterLoader<Scalar: TensorScalar>: ParameterVisitor {
  package static var changesParameters: Bool { true }
  package var arrays: ArraySlice<ShapedArray<Scalar>>

  package init(_ arrays: [ShapedArray<Scalar>]) { self.arrays = arrays[...] }

  package mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    let array = arrays.removeFirst()
    precondition(array.shape == parameter.shape, "\(name) is \(parameter.shape), not \(array.shape)")
    parameter.value = array
  }
}

extension Parameter {
  /// A parameter of zeros, to be read from a file.
  static func zeros(_ shape: Shape) -> Parameter { Parameter(ShapedArray(repeating: 0, shape: shape)) }
}

extension Linear {
  /// A layer of zeros, to be read from a file.
  init(inputs: Int, outputs: Int) {
    self.init(
      weight: ShapedArray(repeating: 0, shape: [inputs, outputs]), bias: ShapedArray(repeating: 0, shape: [outputs]))
  }
}
