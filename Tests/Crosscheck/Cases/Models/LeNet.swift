import Wengert
import WengertNN

/// A convolutional network after LeCun et al., "Gradient-based learning applied to document recognition", 1998: two
/// convolutions, a pooling after each, and three affine layers.
package struct LeNet<Scalar: TensorScalar>: Model {
  package var convolution1: Convolution<Scalar>
  package var convolution2: Convolution<Scalar>
  package var classifier: MLP<Scalar>

  package init(channels: [Int], sizes: [Int]) {
    convolution1 = Convolution(from: 1, to: channels[0], window: 5, padding: 2)
    convolution2 = Convolution(from: channels[0], to: channels[1], window: 5, padding: 0)
    classifier = MLP(zip(sizes, sizes.dropFirst()).map { Linear(inputs: $0, outputs: $1) }, activation: .relu)
  }

  package mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("convolution1", &convolution1)
    visitor.visit("convolution2", &convolution2)
    visitor.visit("classifier", &classifier)
  }

  /// The logits (examples, classes) of images (examples, 1, 28, 28).
  package func callAsFunction(_ images: Tensor<Scalar>) -> Tensor<Scalar> {
    let x = averagePool(tanh(convolution1(images)), window: 2)
    let y = maxPool(relu(convolution2(x)), window: 2)
    return classifier(y.reshaped(to: [y.shape[0], y.shape.elementCount / y.shape[0]]))
  }
}

/// A convolution with a bias.
package struct Convolution<Scalar: TensorScalar>: Layer {
  package var filters: Parameter<Scalar>
  package var bias: Parameter<Scalar>
  package let padding: Int

  package init(from inputs: Int, to outputs: Int, window: Int, padding: Int) {
    filters = .zeros([outputs, inputs, window, window])
    bias = .zeros([outputs])
    self.padding = padding
  }

  package mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("filters", &filters)
    visitor.visit("bias", &bias)
  }

  package func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    convolution(x, filters.tensor, bias: bias.tensor, padding: .symmetric(.all(padding)))
  }
}
