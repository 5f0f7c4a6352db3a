import Testing
import Wengert

/// The seed's cross-check: an MLP 2 → 32 → 32 → 2 with tanh gives PyTorch's loss and gradients.
@Suite struct PerceptronTests {
  private struct Content: Decodable {
    let torch: String
    let inputs: FixtureArray
    let labels: [Int]
    let weights: [FixtureArray]
    let biases: [FixtureArray]
    let logits: FixtureArray
    let loss: Double
    let weightGradients: [FixtureArray]
    let biasGradients: [FixtureArray]
  }

  private func logits<S>(_ x: Tensor<S>, _ parameters: [Tensor<S>]) -> Tensor<S> {
    var y = x
    for layer in 0..<3 {
      y = matmul(y, parameters[layer]) + parameters[3 + layer]
      if layer < 2 { y = tanh(y) }
    }
    return y
  }

  @Test func gradientsEqualPyTorchs() {
    let content = Fixture.load("mlp", as: Content.self)
    #expect(content.torch.hasPrefix("2.13"))
    let parameters = (content.weights + content.biases).map(\.array)
    let expected = (content.weightGradients + content.biasGradients).map(\.array)
    let (outputs, loss, gradients) = Tape.scope {
      let x = Tensor(content.inputs.array)
      let parameters = parameters.map { Tensor($0) }
      let (loss, gradients) = valueWithGradient(at: parameters) { crossEntropy(logits(x, $0), labels: content.labels) }
      return (logits(x, parameters).value, loss.item, gradients.map(\.value))
    }
    expectEqual(outputs.scalars, content.logits.scalars, relativeTo: 2e-15, "logits")
    expectEqual([loss], [content.loss], relativeTo: 5e-16, "loss")
    for (index, (gradient, expected)) in zip(gradients, expected).enumerated() {
      #expect(gradient.shape == expected.shape)
      let difference = zip(gradient.scalars, expected.scalars).map { abs($0 - $1) }.max()!
      #expect(difference <= 5e-16, "parameter \(index): \(difference)")
    }
  }

  @Test func recordedPassGivesTheSame() {
    let content = Fixture.load("mlp", as: Content.self)
    let parameters = (content.weights + content.biases).map(\.array)
    let expected = (content.weightGradients + content.biasGradients).map(\.array)
    let gradients = insideDifferentiation {
      gradient(at: parameters.map { Tensor($0) }) {
        crossEntropy(logits(Tensor(content.inputs.array), $0), labels: content.labels)
      }.map(\.value)
    }
    for (index, (gradient, expected)) in zip(gradients, expected).enumerated() {
      let difference = zip(gradient.scalars, expected.scalars).map { abs($0 - $1) }.max()!
      #expect(difference <= 5e-16, "parameter \(index): \(difference)")
    }
  }

  @Test func floatIsClose() {
    let content = Fixture.load("mlp", as: Content.self)
    let parameters = (content.weights + content.biases).map { $0.array.converted(to: Float.self) }
    let expected = (content.weightGradients + content.biasGradients).map(\.array)
    let gradients = Tape.scope {
      gradient(at: parameters.map { Tensor($0) }) {
        crossEntropy(logits(Tensor(content.inputs.array.converted()), $0), labels: content.labels)
      }.map(\.value)
    }
    for (index, (gradient, expected)) in zip(gradients, expected).enumerated() {
      expectEqual(
        gradient.scalars.map(Double.init), expected.scalars, relativeTo: 4e-7, "parameter \(index) in Float")
    }
  }
}
