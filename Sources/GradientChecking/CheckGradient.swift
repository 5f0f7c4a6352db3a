import Wengert

/// Checks the derivatives of a function of a tensor against finite differences.
///
/// For random directions t of the input and random cotangents v of the output, the number ⟨v, J t⟩ is computed in three
/// ways: by reverse mode, as ⟨vᵀJ, t⟩; by forward mode; and by differences of the function's values alone. Then the
/// same is done with the gradient of ⟨v, f⟩ in place of f, and so on, up to the given order. One direction meets all
/// elements at once, so that a check costs a few evaluations however large the input is; a wrong derivative of any
/// element shows with probability 1.
///
/// ```swift
/// try checkGradient(of: { x in (tanh(x) * x).sum() }, at: Tensor([0.3, -1.2]))
/// ```
///
/// The function has to be smooth near `x`, and it must give the same value each time it is called: seed what is random
/// in it inside.
///
/// - Parameters:
///   - function: The function to check; its result may have any shape.
///   - x: Where to check.
///   - options: Orders, directions, steps and tolerances. The defaults suit functions of moderate size and curvature.
/// - Returns: What was compared.
/// - Throws: A ``GradientMismatch`` that says which numbers disagree and which operation is to blame; or what the
///   function throws.
/// - Complexity: For each order and direction, six evaluations, a gradient and a forward sweep.
@discardableResult
public func checkGradient<S>(
  of function: (Tensor<S>) throws -> Tensor<S>, at x: Tensor<S>, options: GradientCheckOptions<S> = .init()
) throws -> GradientCheckReport {
  try withoutActuallyEscaping(function) { function in
    try GradientCheck(options: options).run({ try function($0[0]) }, at: [x.value])
  }
}

/// Checks the derivatives of a function of several tensors of one type. See ``checkGradient(of:at:options:)``.
@discardableResult
public func checkGradient<S>(
  of function: ([Tensor<S>]) throws -> Tensor<S>, at x: [Tensor<S>], options: GradientCheckOptions<S> = .init()
) throws -> GradientCheckReport {
  try withoutActuallyEscaping(function) { function in
    try GradientCheck(options: options).run(function, at: x.map(\.value))
  }
}

/// Checks the derivatives of a function of a model with respect to all of its parameters. See
/// ``checkGradient(of:at:options:)``.
@discardableResult
public func checkGradient<M: Model>(
  of function: (M) throws -> Tensor<M.Scalar>, at model: M, options: GradientCheckOptions<M.Scalar> = .init()
) throws -> GradientCheckReport {
  try withoutActuallyEscaping(function) { function in
    try GradientCheck(options: options).run(
      { try function(model.binding($0)) }, at: model.namedParameters.map(\.value))
  }
}

/// How ``checkGradient(of:at:options:)`` checks.
public struct GradientCheckOptions<Scalar: TensorScalar>: Sendable {
  /// The highest order of derivative that is checked; 2 checks gradients and their gradients.
  public var order = 2
  /// The number of random directions for each order.
  public var directions = 2
  /// The step h of the differences: values are taken at x ± h t, x ± 2 h t and x ± 3 h t, with |tᵢ| ≤ 1.
  public var step: Double
  /// The largest difference that is allowed, relative to Σ |vᵢ (J t)ᵢ|; the rounding of the differences is allowed for
  /// besides.
  public var tolerance: Double
  /// What the directions are drawn from.
  public var seed: UInt64 = 0

  /// The usual options: steps and tolerances for the scalar type.
  public init() {
    step = Scalar.scalarType == .double ? 0x1p-9 : 0x1p-4
    tolerance = Scalar.scalarType == .double ? 1e-8 : 1e-2
  }
}

/// What a successful check has compared.
public struct GradientCheckReport: Sendable, CustomStringConvertible {
  /// The number of comparisons: two for each order and direction.
  public internal(set) var comparisons = 0
  /// The largest difference seen, relative to Σ |vᵢ (J t)ᵢ|.
  public internal(set) var largestDifference = 0.0

  public var description: String {
    "\(comparisons) comparisons, largest relative difference \(largestDifference)"
  }
}
