import BenchSupport
import Wengert

// The table of operations that are compared with peers, who know each by its name: see torch_operations.py and
// jax_operations.py. From an entry follow its cases of all sizes.

struct PeerOperation<S: BenchScalar> {
  let name: String
  /// Shapes of the operands for a number of elements.
  let shapes: (_ size: Int) -> [[Int]]
  let domains: [ClosedRange<Double>]
  let function: ([Tensor<S>]) -> Tensor<S>
  var sizes = [16, 1000, 100_000, 10_000_000]
  /// Differences that are the peer's: PyTorch's trigamma function has ten digits in double precision, and the slope of
  /// its `hardsigmoid` is a sixth in single precision, in which its norm of ten million elements is off by 2.4e-4
  /// (compared with a sum in double precision; ours by 3e-8).
  private func lenience(_ size: Int) -> [String: Double] {
    switch name {
    case "digamma": ["torch": 1e-9]
    case "hardSigmoid": ["torch": 1e-7]
    case "norm" where size > 1_000_000: ["torch": 3e-4]
    default: [:]
    }
  }

  static var all: [PeerOperation] { functions + arithmetic + reductions + rows + products }

  func title(_ size: Int) -> String { "\(name), \(Format.grouped(size))" }

  /// The sum of the operation's result, and its gradients.
  func peerCase(_ size: Int) -> PeerCase {
    let operands = zip(shapes(size), domains).enumerated().map {
      Operand<S>(shape: $1.0, domain: $1.1, seed: $0).atRest
    }
    let function = function
    var parameters = PeerParameters()
    parameters.name = name
    return PeerCase(
      title: title(size), work: "operations at \(Format.grouped(size))", size: size, metric: "forward + backward",
      program: "operation", scalar: S.choice, parameters: parameters, inputs: operands.map { PeerArray($0) },
      ours: [
        operands.count == 1
          ? PeerCase.Series.function(of: operands) { x in
            let (value, gradient) = valueWithGradient(at: x[0]) { x in total(function([x])) }
            return [value, gradient]
          }
          : PeerCase.Series.function(of: operands) { x in
            let (value, gradients) = valueWithGradient(at: x) { x in total(function(x)) }
            return [value] + gradients
          }
      ],
      tolerance: S.tolerance, lenience: lenience(size), valueScale: Double(size),
      targets: target(size).map { [$0] } ?? [],
      isSmall: size < 10_000)
  }

  private func target(_ size: Int) -> Target? {
    switch size {
    case 1000, 1024: Target("operations at 1,000", against: "torch", atLeast: 5)
    case 100_000...: Target("operations at \(Format.grouped(size))", against: "torch", atLeast: 1.1)
    default: nil
    }
  }
}

/// The sum of all elements, unless that is what there is.
private func total<S>(_ y: Tensor<S>) -> Tensor<S> { y.shape.isEmpty ? y : y.sum() }

extension PeerOperation {
  private static func unary(
    _ name: String, over domain: ClosedRange<Double> = -2...2, _ function: @escaping (Tensor<S>) -> Tensor<S>
  ) -> PeerOperation {
    PeerOperation(name: name, shapes: { [[$0]] }, domains: [domain]) { function($0[0]) }
  }

  private static func binary(
    _ name: String, over domains: [ClosedRange<Double>] = [-2...2, -2...2],
    shapes: @escaping (Int) -> [[Int]] = { [[$0], [$0]] },
    _ function: @escaping (Tensor<S>, Tensor<S>) -> Tensor<S>
  ) -> PeerOperation {
    PeerOperation(name: name, shapes: shapes, domains: domains) { function($0[0], $0[1]) }
  }

  /// A matrix whose rows have at most a hundred elements.
  private static func matrix(_ size: Int) -> [Int] { [Swift.max(1, size / 100), Swift.min(100, size)] }

  private static func ofRows(
    _ name: String, over domain: ClosedRange<Double> = -2...2, _ function: @escaping (Tensor<S>) -> Tensor<S>
  ) -> PeerOperation {
    PeerOperation(name: name, shapes: { [matrix($0)] }, domains: [domain]) { function($0[0]) }
  }

  /// No operand is equal to it, where derivatives are a matter of convention: they are multiples of a larger number.
  private static var bound: S { 1 + S(0x1p-23) }

  /// Operands whose quotients stay away from whole numbers: of ten million in −30...30, JAX takes two that lie below one by
  /// 2⁻²⁴ of themselves for it, and the slope is 18 instead of 17.
  private static var quotients: [ClosedRange<Double>] { [4.6...7.9, 4...4.4] }

  private static var functions: [PeerOperation] {
    [
      unary("−x") { -$0 }, unary("abs", abs), unary("reciprocal", over: 0.5...2, reciprocal),
      unary("square", square), unary("sqrt", over: 0.2...3, sqrt), unary("rsqrt", over: 0.2...3, rsqrt),
      unary("exp", exp), unary("expMinusOne", expMinusOne), unary("log", over: 0.2...3, log),
      unary("log(onePlus:)", over: -0.5...2, log(onePlus:)), unary("log2", over: 0.2...3, log2),
      unary("log10", over: 0.2...3, log10), unary("sin", over: -6...6, sin), unary("cos", over: -6...6, cos),
      unary("tan", over: -1...1, tan), unary("asin", over: -0.9...0.9, asin), unary("acos", over: -0.9...0.9, acos),
      unary("atan", atan), unary("sinh", sinh), unary("cosh", cosh), unary("tanh", tanh), unary("asinh", asinh),
      unary("acosh", over: 1.1...3, acosh), unary("atanh", over: -0.9...0.9, atanh), unary("erf", erf),
      unary("erfc", erfc), unary("logGamma", over: 0.5...4, logGamma), unary("digamma", over: 0.5...4, digamma),
      unary("sigmoid", sigmoid), unary("softplus", softplus), unary("silu", silu), unary("relu", relu),
      unary("softsign", softsign), unary("hardSigmoid", over: -4...4, hardSigmoid), unary("gelu") { gelu($0) },
      unary("gelu, tanh") { gelu($0, approximation: .tanh) }, unary("elu") { elu($0) },
      unary("leakyRelu") { leakyRelu($0) }, unary("clamped") { $0.clamped(to: -bound...bound) },
      unary("x + 1") { $0 + 1 }, unary("x × 2") { $0 * 2 }, unary("pow(x, 2)") { pow($0, 2) },
      unary("pow(x, 0.3)", over: 0.2...3) { pow($0, 0.3) },
    ]
  }

  private static var arithmetic: [PeerOperation] {
    let positive: ClosedRange<Double> = 0.5...2
    return [
      binary("a + b", +), binary("a − b", -), binary("a × b", *), binary("a / b", over: [-2...2, positive], /),
      binary("maximum", maximum), binary("minimum", minimum), binary("pow", over: [positive, -2...2], pow),
      binary("atan2", over: [positive, positive], atan2), binary("hypot", over: [positive, positive], hypot),
      binary("xlogy", over: [positive, positive], xlogy), binary("remainder", over: quotients, remainder),
      binary("where") { a, b in .where(a .> 0, a, b) },
      binary("rows + row", shapes: { [matrix($0), [matrix($0)[1]]] }, +),
      binary("rows × column", shapes: { [matrix($0), [matrix($0)[0], 1]] }, *),
      binary("x × scalar", over: [0.5...2, 0.5...2], shapes: { [[$0], []] }, *),
    ]
  }

  private static var reductions: [PeerOperation] {
    [
      unary("sum") { $0.sum() }, unary("mean") { $0.mean() }, unary("max") { $0.max() }, unary("min") { $0.min() },
      unary("logSumExp") { logSumExp($0) }, unary("variance") { $0.variance() },
      unary("standardDeviation") { $0.standardDeviation() }, unary("norm") { $0.norm() },
      ofRows("sum of rows") { $0.sum(along: 1) }, ofRows("sum of columns") { $0.sum(along: 0) },
      ofRows("mean of rows") { $0.mean(along: 1) }, ofRows("max of rows") { $0.max(along: 1) },
      ofRows("max of columns") { $0.max(along: 0) }, ofRows("prod of rows", over: 0.8...1.2) { $0.prod(along: 1) },
      ofRows("logSumExp of rows") { logSumExp($0, along: 1) }, ofRows("variance of rows") { $0.variance(along: 1) },
      ofRows("cumulativeSum", over: 0.5...2) { $0.cumulativeSum(along: 0) },
    ]
  }

  private static var rows: [PeerOperation] {
    [
      // The rows of a softmax add up to 1: only the sum of their squares has a gradient.
      ofRows("softmax") { square(softmax($0)) }, ofRows("logSoftmax") { logSoftmax($0) },
      ofRows("softmax of columns") { square(softmax($0, along: 0)) },
      ofRows("crossEntropy") { crossEntropy($0, labels: Labels.rows($0.shape[0], classes: $0.shape[1])) },
      PeerOperation(
        name: "layerNorm", shapes: { [matrix($0), [matrix($0)[1]], [matrix($0)[1]]] },
        domains: [-2...2, 0.5...1.5, -1...1]
      ) { square(layerNorm($0[0], scale: $0[1], bias: $0[2])) },
    ]
  }

  /// Sizes are elements of one matrix.
  private static var products: [PeerOperation] {
    func side(_ size: Int) -> Int { Int(Double(size).squareRoot().rounded()) }
    let domains: [ClosedRange<Double>] = [-1...1, -1...1]
    return [
      PeerOperation(
        name: "matmul", shapes: { [[side($0), side($0)], [side($0), side($0)]] }, domains: domains,
        function: { matmul($0[0], $0[1]) }, sizes: [16, 1024, 16_384, 102_400, 1_048_576]),
      PeerOperation(
        name: "matmul by vector", shapes: { [[side($0), side($0)], [side($0)]] }, domains: domains,
        function: { matmul($0[0], $0[1]) }, sizes: [16, 1024, 102_400, 10_240_000]),
      PeerOperation(
        name: "matmul, stack", shapes: { [[$0 / 256, 16, 16], [$0 / 256, 16, 16]] }, domains: domains,
        function: { matmul($0[0], $0[1]) }, sizes: [1024, 102_400]),
    ]
  }
}

/// Labels of rows, made once: making them is not what is timed.
private enum Labels {
  static func rows(_ count: Int, classes: Int) -> ArraySlice<Int> { (classes == 16 ? narrow : wide)[..<count] }

  private static let narrow = pattern(1, classes: 16)
  private static let wide = pattern(100_000, classes: 100)

  private static func pattern(_ count: Int, classes: Int) -> [Int] { (0..<count).map { $0 * 7 % classes } }
}
