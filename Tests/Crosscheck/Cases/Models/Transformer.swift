import Wengert
import WengertNN

/// A language model of one transformer block: token and position embeddings, causal attention, a perceptron with GELU,
/// layer normalisation before each, and logits of the token that comes next.
package struct Transformer<Scalar: TensorScalar>: Model {
  package var tokens: Parameter<Scalar>
  package var places: Parameter<Scalar>
  package var block: TransformerBlock<Scalar>
  package var norm: LayerNorm<Scalar>
  package var head: Linear<Scalar>

  package init(tokens: Int, places: Int, width: Int, heads: Int) {
    self.tokens = .zeros([tokens, width])
    self.places = .zeros([places, width])
    block = TransformerBlock(width: width, heads: heads)
    norm = LayerNorm(width)
    head = Linear(inputs: width, outputs: tokens)
  }

  package mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("tokens", &tokens)
    visitor.visit("places", &places)
    visitor.visit("block", &block)
    visitor.visit("norm", &norm)
    visitor.visit("head", &head)
  }

  /// One row of logits for each token of a batch of texts.
  package func callAsFunction(_ text: IndexArray) -> Tensor<Scalar> {
    let x = tokens.tensor.rows(at: text) + places.tensor
    return head(norm(block(x))).reshaped(to: [text.count, tokens.shape[0]])
  }
}

/// Attention and a perceptron, each added to what goes in.
package struct TransformerBlock<Scalar: TensorScalar>: Layer {
  package var norm1: LayerNorm<Scalar>
  package var attention: Attention<Scalar>
  package var norm2: LayerNorm<Scalar>
  package var expand: Linear<Scalar>
  package var contract: Linear<Scalar>

  package init(width: Int, heads: Int) {
    norm1 = LayerNorm(width)
    attention = Attention(width: width, heads: heads)
    norm2 = LayerNorm(width)
    expand = Linear(inputs: width, outputs: 4 * width)
    contract = Linear(inputs: 4 * width, outputs: width)
  }

  package mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("norm1", &norm1)
    visitor.visit("attention", &attention)
    visitor.visit("norm2", &norm2)
    visitor.visit("expand", &expand)
    visitor.visit("contract", &contract)
  }

  package func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let y = x + attention(norm1(x))
    return y + contract(gelu(expand(norm2(y))))
  }
}

/// Causal attention with several heads.
package struct Attention<Scalar: TensorScalar>: Layer {
  /// To queries, keys and values, side by side.
  package var input: Linear<Scalar>
  package var output: Linear<Scalar>
  package let heads: Int

  package init(width: Int, heads: Int) {
    input = Linear(inputs: width, outputs: 3 * width)
    output = Linear(inputs: width, outputs: width)
    self.heads = heads
  }

  package mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("input", &input)
    visitor.visit("output", &output)
  }

  package func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let (batch, length, width) = (x.shape[0], x.shape[1], x.shape[2])
    let parts = input(x).split(into: 3, along: -1).map {
      $0.reshaped(to: [batch, length, heads, width / heads]).permuted(0, 2, 1, 3)
    }
    let y = scaledDotProductAttention(query: parts[0], key: parts[1], value: parts[2], isCausal: true)
    return output(y.permuted(0, 2, 1, 3).reshaped(to: [batch, length, width]))
  }
}

/// Layer normalisation with a scale and a bias.
package struct LayerNorm<Scalar: TensorScalar>: Layer {
  package var scale: Parameter<Scalar>
  package var bias: Parameter<Scalar>

  package init(_ width: Int) {
    scale = .zeros([width])
    bias = .zeros([width])
  }

  package mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("scale", &scale)
    visitor.visit("bias", &bias)
  }

  package func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    layerNorm(x, scale: scale.tensor, bias: bias.tensor)
  }
}
