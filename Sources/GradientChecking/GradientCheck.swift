import Wengert

/// One check under way.
struct GradientCheck<Scalar: TensorScalar> {
  typealias Function = ([Tensor<Scalar>]) throws -> Tensor<Scalar>

  let options: GradientCheckOptions<Scalar>

  func run(_ function: @escaping Function, at x: [ShapedArray<Scalar>]) throws -> GradientCheckReport {
    var generator = RandomStream(seed: options.seed)
    var report = GradientCheckReport()
    var function = function
    var x = x
    for order in 1...max(options.order, 1) {
      let shape = try Tape.scope { try function(x.map { Tensor($0) }).shape }
      for _ in 0..<options.directions {
        let direction = x.map { generator.direction($0.shape) as ShapedArray<Scalar> }
        try compare(order, function, x, direction, generator.direction(shape), &report)
      }
      // Next, the gradient of ⟨v, f(x)⟩ as a function of x and v.
      x.append(generator.direction(shape))
      function = Self.gradient(of: function)
    }
    return report
  }

  /// (x, v) ↦ ∇ₓ⟨v, f(x)⟩, all gradients in one vector.
  private static func gradient(of function: @escaping Function) -> Function {
    { inputs in
      let v = inputs[inputs.count - 1]
      let slopes = try Wengert.gradient(at: Array(inputs.dropLast())) { x in (v * (try function(x))).sum() }
      return concatenated(slopes.map { $0.reshaped(to: [$0.shape.elementCount]) })
    }
  }

  private func compare(
    _ order: Int, _ function: Function, _ x: [ShapedArray<Scalar>], _ t: [ShapedArray<Scalar>],
    _ v: ShapedArray<Scalar>, _ report: inout GradientCheckReport
  ) throws {
    let differences = Differences(step: options.step)
    let (difference, rounding) = try differences.derivative(of: function, at: x, along: t)
    let weighted = zip(v.scalars, difference).map { Double($0) * $1 }
    let scale = weighted.reduce(0) { $0 + $1.magnitude }
    let weightedRounding = zip(v.scalars, rounding).reduce(0) { $0 + Double($1.0).magnitude * $1.1 }
    // A function that is constant along the direction has nothing but rounding.
    let allowed = options.tolerance * scale + weightedRounding + Double.leastNormalMagnitude
    let expected = weighted.reduce(0, +)

    let (reverse, slopes) = try Tape.scope {
      let slopes = try Wengert.gradient(at: x.map { Tensor($0) }) { x in (Tensor(v) * (try function(x))).sum() }
      return (zip(slopes, t).reduce(0) { $0 + Self.product($1.0.scalars, $1.1.scalars) }, slopes.map(\.scalars))
    }
    let forward = try Tape.scope {
      let tangent = try jvp(at: x.map { Tensor($0) }, along: t.map { Tensor($0) }) { x in try function(x) }
      return Self.product(v.scalars, tangent.scalars)
    }
    for (mode, derivative) in [(GradientMismatch.Mode.forward, forward), (.reverse, reverse)] {
      report.comparisons += 1
      let deviation = (derivative - expected).magnitude
      // Neither is a number: the function's value is not.
      if derivative.isNaN && expected.isNaN || deviation <= allowed {
        if scale > 0 { report.largestDifference = max(report.largestDifference, deviation / scale) }
        continue
      }
      throw GradientMismatch(
        order: order, mode: mode, derivative: derivative, difference: expected, allowed: allowed, step: options.step,
        seed: options.seed, culprit: try differences.culprit(function, x, t, tolerance: options.tolerance),
        element: try differences.worstElement(function, x, v, slopes))
    }
  }

  private static func product(_ a: [Scalar], _ b: [Scalar]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}

extension Model {
  /// This model with its parameters bound to tensors.
  func binding(_ tensors: [Tensor<Scalar>]) -> Self {
    var copy = self
    var visitor = TensorBinder(tensors: tensors)
    copy.visitParameters(&visitor)
    return copy
  }
}

private struct TensorBinder<Scalar: TensorScalar>: ParameterVisitor {
  static var changesParameters: Bool { true }
  let tensors: [Tensor<Scalar>]
  var index = 0

  mutating func visit(_ name: StaticString, _ parameter: inout Parameter<Scalar>) {
    parameter.bind(to: tensors[index])
    index += 1
  }
}

extension RandomStream {
  /// Numbers in −1...1.
  mutating func direction<Scalar: TensorScalar>(_ shape: Shape) -> ShapedArray<Scalar> {
    Tape.scope { () -> ShapedArray<Scalar> in uniform(shape: shape, in: -1...1).value }
  }
}
