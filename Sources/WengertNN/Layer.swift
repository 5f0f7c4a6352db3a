import Wengert

/// A model that is a function of a tensor.
///
/// ```swift
/// struct Residual: Layer {
///   var inner: Linear<Double>
///   mutating func visitParameters(_ visitor: inout some ParameterVisitor<Double>) { visitor.visit("inner", &inner) }
///   func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> { x + inner(x) }
/// }
/// ```
public protocol Layer<Scalar>: Model {
  /// The layer's output for an input, recorded on the current tape.
  func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar>
}

extension Layer {
  /// The layer's output for an array, which the tape refers to without copying it.
  @inlinable public func callAsFunction(_ x: ShapedArray<Scalar>) -> Tensor<Scalar> { self(Tensor(x)) }
}
