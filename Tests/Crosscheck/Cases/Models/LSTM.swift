import Wengert
import WengertNN

/// A layer of long short-term memory that reads a sequence, and an affine map of what it remembers at the end.
struct LSTM<Scalar: TensorScalar>: Model {
  /// From inputs to the four gates.
  var input: Linear<Scalar>
  /// From the units' last outputs to the four gates.
  var recurrent: Parameter<Scalar>
  var output: Linear<Scalar>
  let units: Int

  init(inputs: Int, units: Int, outputs: Int) {
    input = Linear(inputs: inputs, outputs: 4 * units)
    recurrent = .zeros([units, 4 * units])
    output = Linear(inputs: units, outputs: outputs)
    self.units = units
  }

  mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("input", &input)
    visitor.visit("recurrent", &recurrent)
    visitor.visit("output", &output)
  }

  /// The output (examples, outputs) for sequences (steps, examples, inputs).
  func callAsFunction(_ sequence: ShapedArray<Scalar>) -> Tensor<Scalar> {
    let x = Tensor(sequence)
    var memory = Tensor<Scalar>(repeating: 0, shape: [sequence.shape[1], units])
    var hidden = memory
    for step in 0..<sequence.shape[0] {
      let gates = (input(x[step]) + matmul(hidden, recurrent.tensor)).split(into: 4, along: 1)
      memory = sigmoid(gates[1]) * memory + sigmoid(gates[0]) * tanh(gates[2])
      hidden = sigmoid(gates[3]) * tanh(memory)
    }
    return output(hidden)
  }
}
