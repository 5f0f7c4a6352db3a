import CKernels

// Functions between the layers of networks. See also ``relu(_:)`` and ``tanh(_:)``.

private let (rootHalf, overRootTwoPi) = (0.707106781186547524401, 0.398942280401432677940)
/// √(2/π) 2, and the weight of the cube: the constants of `gelu`'s approximation.
private let (twiceRootTwoOverPi, cubeWeight) = (1.59576912160573071176, 0.044715)

extension Operation {
  static let activations: [Operation] = [
    /// σ(x) = 1/(1 + e⁻ˣ): y (1 − y)
    .unary(.sigmoid) { x, y, c in c.scaled(by: y * (1 - y)) },

    /// ln(1 + eˣ): σ(x)
    .unary(.softplus) { x, y, c in c.scaled(by: sigmoid(x)) },

    /// x σ(x): σ(x) (1 + x (1 − σ(x))), by strong products as x may be infinite
    .unary(.silu) { x, y, c in
      let s = sigmoid(x)
      return c.scaled(by: s.scaled(by: (1 - s).scaled(by: x) + 1))
    },

    /// x Φ(x), Φ the normal distribution: Φ(x) + x φ(x)
    .unary(.gelu) { x, y, c in
      let density = overRootTwoPi * exp(-0.5 * (x * x))
      return c.scaled(by: 0.5 * erfc(-rootHalf * x) + density.scaled(by: x))
    },

    /// x σ(v) with v = 2√(2/π) (x + 0.044715 x³): σ(v) (1 + x v′ (1 − σ(v)))
    .unary(.tanhGelu) { x, y, c in
      let square = x * x
      let s = sigmoid(x * (twiceRootTwoOverPi * cubeWeight * square + twiceRootTwoOverPi))
      let slope = 3 * twiceRootTwoOverPi * cubeWeight * square + twiceRootTwoOverPi
      return c.scaled(by: s.scaled(by: (1 - s).scaled(by: x * slope) + 1))
    },

    /// x above 0, else α (eˣ − 1): 1 or α eˣ, and 0 or eˣ − 1
    .binary(
      .elu, over: [-2 ... -0.3, 0.5...2],
      { x, alpha, y, c in x.isGreater(than: 0).select(c, c.scaled(by: alpha * exp(x))) },
      { x, alpha, y, c in x.isGreater(than: 0).select(0, c.scaled(by: expMinusOne(x))) }),

    /// x above 0, else x times a slope
    .binary(
      .leakyRelu, over: [-2 ... -0.3, 0.1...1],
      { x, slope, y, c in x.isGreater(than: 0).select(c, c.scaled(by: slope)) },
      { x, slope, y, c in x.isGreater(than: 0).select(0, c.scaled(by: x)) }),

    /// x/(1 + |x|): 1/(1 + |x|)²
    .unary(.softsign, over: 0.3...2) { x, y, c in c.divided(by: square(abs(x) + 1)) },

    /// x/6 + ½, held within 0...1: 1/6 inside −3...3; a NaN passes
    .unary(.hardSigmoid, over: -1.5...1.5) { x, y, c in
      (x.isAtMost(-3) + x.isAtLeast(3)).select(0, 1.0 / 6 * c)
    },
  ]
}

/// The logistic function 1/(1 + e⁻ˣ) of each element, without overflow at either end.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func sigmoid<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.sigmoid, x.handle)) }

/// ln(1 + eˣ) of each element, a smooth ``relu(_:)``, without overflow at either end.
///
/// The left tail keeps its relative precision.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func softplus<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.softplus, x.handle)) }

/// x/(1 + e⁻ˣ) of each element, also called swish; 0 at −∞.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func silu<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.silu, x.handle)) }

/// How ``gelu(_:approximation:)`` is computed.
@frozen public enum GeluApproximation: Sendable {
  /// By the normal distribution itself.
  case none
  /// By x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))), as some trained models expect.
  case tanh
}

/// Each element times the probability that a standard normal variable is less, x Φ(x); 0 at −∞.
///
/// Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016. The left tail keeps its relative precision.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func gelu<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.gelu, x.handle)) }

/// The function ``gelu(_:)``, or an approximation of it.
@inlinable public func gelu<S>(_ x: Tensor<S>, approximation: GeluApproximation) -> Tensor<S> {
  switch approximation {
  case .none: Tensor(recordUnary(.gelu, x.handle))
  case .tanh: Tensor(recordUnary(.tanhGelu, x.handle))
  }
}

/// Each element above 0, and `alpha` (eˣ − 1) of the others. The derivative at 0 is `alpha`.
///
/// Clevert, Unterthiner and Hochreiter, "Exponential Linear Units", 2016.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func elu<S>(_ x: Tensor<S>, alpha: S = 1) -> Tensor<S> {
  Tensor(recordBinary(.elu, x.handle, scalar: Double(alpha)))
}

/// Each element above 0, and `slope` times the others. The derivative at 0 is `slope`.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func leakyRelu<S>(_ x: Tensor<S>, slope: S = 0.01) -> Tensor<S> {
  Tensor(recordBinary(.leakyRelu, x.handle, scalar: Double(slope)))
}

/// x/(1 + |x|) of each element; ±1 at ±∞.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func softsign<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.softsign, x.handle)) }

/// x/6 + ½ of each element, held within 0...1. The derivative at ±3 is 0; NaN stays NaN.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func hardSigmoid<S>(_ x: Tensor<S>) -> Tensor<S> { Tensor(recordUnary(.hardSigmoid, x.handle)) }
