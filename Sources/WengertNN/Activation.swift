import Wengert

/// A function applied to each element between two layers.
public struct Activation<Scalar: TensorScalar>: Sendable {
  @usableFromInline
  enum Kind: Sendable {
    case identity, relu, sigmoid, tanh
    case other(@Sendable (Tensor<Scalar>) -> Tensor<Scalar>)
  }

  @usableFromInline let kind: Kind

  @usableFromInline
  init(_ kind: Kind) { self.kind = kind }

  /// A function of one's own, which must be recorded: made of operations on tensors.
  public init(_ function: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>) { kind = .other(function) }

  /// x itself.
  @inlinable public static var identity: Self { Self(.identity) }
  /// max(x, 0), with derivative 0 at 0.
  @inlinable public static var relu: Self { Self(.relu) }
  /// 1 / (1 + e⁻ˣ), in 0...1.
  @inlinable public static var sigmoid: Self { Self(.sigmoid) }
  /// The hyperbolic tangent, in -1...1.
  @inlinable public static var tanh: Self { Self(.tanh) }

  /// The activation of a tensor.
  @inlinable public func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    switch kind {
    case .identity: x
    case .relu: Wengert.relu(x)
    case .sigmoid: Wengert.sigmoid(x)
    case .tanh: Wengert.tanh(x)
    case .other(let function): function(x)
    }
  }
}
