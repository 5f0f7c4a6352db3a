import Wengert

/// An affine map of rows: `matmul(x, weight) + bias`.
public struct Linear<Scalar: TensorScalar>: Layer, Sendable {
  /// The matrix of shape (inputs, outputs).
  public var weight: Parameter<Scalar>
  /// The vector of shape (outputs).
  public var bias: Parameter<Scalar>

  /// A layer with the given parameters, whose memory it shares.
  ///
  /// Traps unless `weight` is a matrix (inputs, outputs) and `bias` a vector (outputs).
  public init(weight: ShapedArray<Scalar>, bias: ShapedArray<Scalar>) {
    guard weight.shape.count == 2, bias.shape.count == 1, weight.shape[1] == bias.shape[0] else {
      misuse(.linearShapes(weight.shape, bias.shape))
    }
    self.weight = Parameter(weight)
    self.bias = Parameter(bias)
  }

  /// A layer with random parameters, uniform in ±1/√inputs, as PyTorch's `nn.Linear` starts.
  ///
  /// `Float` and `Double` layers made from equal generators agree up to rounding. Traps unless both sizes are at
  /// least 1. Time and memory: O(inputs × outputs).
  public init(inputs: Int, outputs: Int, using generator: inout some RandomNumberGenerator) {
    self.init(randomInputs: inputs, outputs: outputs, using: &generator)
  }

  private init(randomInputs inputs: Int, outputs: Int, using generator: inout some RandomNumberGenerator) {
    guard inputs > 0, outputs > 0 else { misuse(.layerSizes([inputs, outputs])) }
    let bound = (1 / Double(inputs)).squareRoot()
    weight = Parameter(ShapedArray(uniformIn: -bound...bound, shape: [inputs, outputs], using: &generator))
    bias = Parameter(ShapedArray(uniformIn: -bound...bound, shape: [outputs], using: &generator))
  }

  /// The number of elements of an input row.
  public var inputs: Int { weight.shape[0] }
  /// The number of elements of an output row.
  public var outputs: Int { weight.shape[1] }

  /// Visits `weight`, then `bias`.
  @inlinable public mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) {
    visitor.visit("weight", &weight)
    visitor.visit("bias", &bias)
  }

  /// The output row, or rows, for an input of shape (…, inputs). Traps unless its last axis is as long as `inputs`.
  ///
  /// - Complexity: O(rows × inputs × outputs).
  @inlinable public func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    affine(x, weight.tensor, bias.tensor)
  }
}

extension Linear where Scalar == Double {
  /// A layer of `Double`s with random parameters: the one that is meant where nothing says which scalars are.
  public init(inputs: Int, outputs: Int, using generator: inout some RandomNumberGenerator) {
    self.init(randomInputs: inputs, outputs: outputs, using: &generator)
  }
}
