import Wengert

/// The language model of the benchmark: layers of long short-term memory all of whose matrices are diagonal.
struct DiagonalLSTM<S: TensorScalar> {
  /// (2 layers, units): for each layer the output and the memory to begin with.
  let state: Tensor<S>
  /// (steps, units)
  let sequence: Tensor<S>

  /// The mean loss of each step's prediction of the next.
  ///
  /// - Parameters:
  ///   - main: (2 layers, 4 units): weights and biases of the forget, input and output gates and of the change.
  ///   - extra: (3, units): what the input, and the output, are scaled by, and the output's bias.
  func callAsFunction(_ main: Tensor<S>, _ extra: Tensor<S>) -> Tensor<S> {
    var hidden = (0..<state.shape[0] / 2).map { state[2 * $0] }
    var memory = (0..<state.shape[0] / 2).map { state[2 * $0 + 1] }
    var total = Tensor<S>(0)
    let steps = sequence.shape[0] - 1
    for step in 0..<steps {
      var x = sequence[step] * extra[0]
      for layer in hidden.indices {
        let input = concatenated([x, hidden[layer], x, hidden[layer]])
        let gates = (input * main[2 * layer] + main[2 * layer + 1]).split(into: 4)
        memory[layer] = memory[layer] * sigmoid(gates[0]) + sigmoid(gates[1]) * tanh(gates[3])
        hidden[layer] = sigmoid(gates[2]) * tanh(memory[layer])
        x = hidden[layer]
      }
      let prediction = x * extra[1] + extra[2]
      // The benchmark adds 2 to the sum.
      let normalized = prediction - log(exp(prediction).sum() + 2)
      total = total + (sequence[step + 1] * normalized).sum()
    }
    return -total / S(steps * sequence.shape[1])
  }
}
