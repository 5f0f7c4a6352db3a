import Wengert

extension CaseFunctions {
  mutating func addElementwise() {
    unary("exp", exp)
    unary("expMinusOne", expMinusOne)
    unary("log", log)
    unary("log(onePlus:)", log(onePlus:))
    unary("log2", log2)
    unary("log10", log10)
    unary("sqrt", sqrt)
    unary("rsqrt", rsqrt)
    unary("reciprocal", reciprocal)
    unary("square", square)
    unary("abs", abs)
    unary("negate") { -$0 }
    unary("sin", sin)
    unary("cos", cos)
    unary("tan", tan)
    unary("asin", asin)
    unary("acos", acos)
    unary("atan", atan)
    unary("sinh", sinh)
    unary("cosh", cosh)
    unary("tanh", tanh)
    unary("asinh", asinh)
    unary("acosh", acosh)
    unary("atanh", atanh)
    unary("erf", erf)
    unary("erfc", erfc)
    unary("logGamma", logGamma)
    unary("digamma", digamma)
    unary("sigmoid", sigmoid)
    unary("softplus", softplus)
    unary("silu", silu)
    unary("relu", relu)
    unary("softsign", softsign)
    unary("hardSigmoid", hardSigmoid)
    unary("sign", sign)
    unary("floor", floor)
    unary("ceil", ceil)
    unary("rounded") { $0.rounded() }
    add("polygamma") { x, p in polygamma(p.integer("order")!, x[0]) }
    add("gelu") { x, p in p.text("approximation") == "tanh" ? gelu(x[0], approximation: .tanh) : gelu(x[0]) }
    add("elu") { x, p in p.scalar("alpha").map { elu(x[0], alpha: $0) } ?? elu(x[0]) }
    add("leakyRelu") { x, p in p.scalar("slope").map { leakyRelu(x[0], slope: $0) } ?? leakyRelu(x[0]) }
    add("clamped") { x, p in
      let bounds = p.numbers("bounds")!
      return x[0].clamped(to: S(bounds[0])...S(bounds[1]))
    }
    addBinary()
    addComparisons()
  }

  private mutating func addBinary() {
    binary("+", +, +, +)
    binary("-", -, -, -)
    binary("*", *, *, *)
    binary("/", /, /, /)
    binary("maximum", maximum, maximum, maximum)
    binary("minimum", minimum, minimum, minimum)
    binary("pow", pow, pow, pow)
    binary("atan2", atan2, atan2, atan2)
    binary("hypot", hypot, hypot, hypot)
    binary("xlogy", xlogy, xlogy, xlogy)
    binary("remainder", remainder, remainder, remainder)
    add("where") { x, p in
      if let right: S = p.scalar("right") { return .where(x[0] .> right, x[0], right) }
      if let left: S = p.scalar("left") { return .where(x[0] .> left, left, x[0]) }
      return .where(x[0] .> x[1], x[0] * x[1], x[1])
    }
  }

  /// A function of two tensors, or of a tensor and a number on either side.
  private mutating func binary(
    _ name: String, _ tensors: @escaping (Tensor<S>, Tensor<S>) -> Tensor<S>,
    _ right: @escaping (Tensor<S>, S) -> Tensor<S>, _ left: @escaping (S, Tensor<S>) -> Tensor<S>
  ) {
    add(name) { x, p in
      if let number: S = p.scalar("right") { return right(x[0], number) }
      if let number: S = p.scalar("left") { return left(number, x[0]) }
      return tensors(x[0], x[1])
    }
  }

  private mutating func addComparisons() {
    comparison(".<", .<, .<)
    comparison(".<=", .<=, .<=)
    comparison(".>", .>, .>)
    comparison(".>=", .>=, .>=)
    comparison(".==", .==, .==)
    comparison(".!=", .!=, .!=)
  }

  private mutating func comparison(
    _ name: String, _ tensors: @escaping (Tensor<S>, Tensor<S>) -> Tensor<S>,
    _ right: @escaping (Tensor<S>, S) -> Tensor<S>
  ) {
    add(name) { x, p in
      if let number: S = p.scalar("right") { return right(x[0], number) }
      return tensors(x[0], x[1])
    }
  }
}
