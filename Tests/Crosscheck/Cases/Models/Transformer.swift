import Wengert
import WengertNN

/// A language model of one transformer block: token and position embeddings, causal attention, a perceptron with GELU,
/// layer normalisation before each, and logits of the token that comes next.
struct Transformer<Scalar: TensorScalar>: Model {
  var tokens: Parameter<Scalar>
  var places: Parameter<Scalar>
  var block: TransformerBlock<Scalar>
  var norm: LayerNorm<Scalar>
  var head: Linear<Scalar>

  init(tokens: Int, places: Int, width: Int, heads: Int) {
    self.tokens = .zeros([tokens, width])
    self.places = .zeros([places, width])
    block = TransformerBlock(width: width, heads: heads)
    norm = LayerNorm(width)
    head = Linear(inputs: width, outputs: tokens)
  }

  mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("tokens", &tokens)
    visitor.visit("places", &places)
    visitor.visit("block", &block)
    visitor.visit("norm", &norm)
    visitor.visit("head", &head)
  }

  /// One row of logits for each token of a batch of texts.
  func callAsFunction(_ text: IndexArray) -> Tensor<Scalar> {
    let x = tokens.tensor.rows(at: text) + places.tensor
    return head(norm(block(x))).reshaped(to: [text.count, tokens.shape[0]])
  }
}

/// Attention and a perceptron, each added to what goes in.
struct TransformerBlock<Scalar: TensorScalar>: Layer {
  var norm1: LayerNorm<Scalar>
  var attention: Attention<Scalar>
  var norm2: LayerNorm<Scalar>
  var expand: Linear<Scalar>
  var contract: Linear<Scalar>

  init(width: Int, heads: Int) {
    norm1 = LayerNorm(width)
    attention = Attention(width: width, heads: heads)
    norm2 = LayerNorm(width)
    expand = Linear(inputs: width, outputs: 4 * width)
    contract = Linear(inputs: 4 * width, outputs: width)
  }

  mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("norm1", &norm1)
    visitor.visit("attention", &attention)
    visitor.visit("norm2", &norm2)
    visitor.visit("expand", &expand)
    visitor.visit("contract", &contract)
  }

  func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let y = x + attention(norm1(x))
    return y + contract(gelu(expand(norm2(y))))
  }
}

/// Causal attention with several heads.
struct Attention<Scalar: TensorScalar>: Layer {
  /// To queries, keys and values, side by side.
  var input: Linear<Scalar>
  var output: Linear<Scalar>
  let heads: Int

  init(width: Int, heads: Int) {
    input = Linear(inputs: width, outputs: 3 * width)
    output = Linear(inputs: width, outputs: width)
    self.heads = heads
  }

  mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("input", &input)
    visitor.visit("output", &output)
  }

  func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let (batch, length, width) = (x.shape[0], x.shape[1], x.shape[2])
    let parts = input(x).split(into: 3, along: -1).map {
      $0.reshaped(to: [batch, length, heads, width / heads]).permuted(0, 2, 1, 3)
    }
    let y = scaledDotProductAttention(query: parts[0], key: parts[1], value: parts[2], isCausal: true)
    return output(y.permuted(0, 2, 1, 3).reshaped(to: [batch, length, width]))
  }
}

/// Layer normalisation with a scale and a bias.
struct LayerNorm<Scalar: TensorScalar>: Layer {
  var scale: Parameter<Scalar>
  var bias: Parameter<Scalar>

  init(_ width: Int) {
    scale = .zeros([width])
    bias = .zeros([width])
  }

  mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("scale", &scale)
    visitor.visit("bias", &bias)
  }

  func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    layerNorm(x, scale: scale.tensor, bias: bias.tensor)
  }
}
