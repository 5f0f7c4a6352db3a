import Testing
import Wengert

/// Values of elementary and special functions against numbers of 107 bits, computed elsewhere: at tiny and huge
/// arguments, near zeros and poles, and at the seams between the formulas that kernels use.
@Suite struct ElementwiseValueTests {
  struct Content: Decodable {
    let functions: [Function]
  }

  /// Each row holds the arguments and the value as a sum of two numbers, in hexadecimal.
  struct Function: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let double: [[String]]
    let float: [[String]]

    var testDescription: String { name }
  }

  private static let functions = Fixture.load("elementwise", as: Content.self).functions

  /// The largest error allowed in `Double`, in units in the last place. The vector kernels were measured over millions
  /// of arguments; what is not named here stays within 2.5.
  private static let tolerances: [String: Double] = [
    "gelu": 4, "asinh": 3, "acosh": 3, "atanh": 3, "logGamma": 5, "digamma": 6, "polygamma 1": 6, "polygamma 2": 6,
    "polygamma 3": 8, "polygamma 8": 20, "polygamma 40": 80,
    // 2√(2/π) (x + 0.044715 x³) is rounded before it is an exponent.
    "tanhGelu": 40,
  ]

  @Test(arguments: functions)
  func isNearTheExactValue(_ function: Function) throws {
    let (largest, worst) = try largestError(function.name, function.double, as: Double.self)
    #expect(largest <= Self.tolerances[function.name] ?? 2.5, "\(function.name): \(largest) ulp at \(worst)")
    let (narrow, narrowWorst) = try largestError(function.name, function.float, as: Float.self)
    // Most others are computed in double, and rounded once.
    let isNarrow = [
      "silu", "pow", "xlogy", "softplus", "logOnePlus", "sin", "cos", "tan", "erf", "erfc", "gelu",
    ].contains(function.name)
    #expect(narrow <= (isNarrow ? 2.5 : 0.5001), "Float \(function.name): \(narrow) ulp at \(narrowWorst)")
  }

  private func largestError<S: TensorScalar>(_ name: String, _ rows: [[String]], as _: S.Type) throws -> (
    Double, [Double]
  ) {
    let numbers = try rows.map { try $0.map { try #require(Double($0)) } }
    let arity = numbers[0].count - 2
    let arguments = (0..<arity).map { operand in numbers.map { S($0[operand]) } }
    let values = try Tape.scope { try Self.apply(name, arguments.map { Tensor($0) }).scalars }
    var (largest, worst) = (0.0, 0)
    for (row, value) in values.enumerated() {
      let (high, low) = (numbers[row][arity], numbers[row][arity + 1])
      let size = max(high.magnitude, Self.cancelled(name, numbers[row][0]))
      let exact = S(high)
      guard exact.isFinite && value.isFinite else {
        if value != exact { (largest, worst) = (.infinity, row) }
        continue
      }
      let error = ((Double(value) - high) - low).magnitude / Double(S(size).ulp)
      if !(error <= largest) { (largest, worst) = (error, row) }
    }
    return (largest, numbers[worst])
  }

  /// Left of 0 the gamma function's relatives have zeros near which terms cancel: there errors are relative to the term
  /// of the nearest pole, n!/(distance)ⁿ⁺¹.
  private static func cancelled(_ name: String, _ x: Double) -> Double {
    guard x < 0 else { return 0 }
    if name == "logGamma" { return 1 }
    let order = name == "digamma" ? 0 : Int(name.split(separator: " ").last ?? "") ?? -1
    guard order >= 0 else { return 0 }
    let distance = (x - x.rounded()).magnitude
    return (0..<order).reduce(1 / distance) { $0 * Double($1 + 1) / distance }
  }

  private static func apply<S>(_ name: String, _ x: [Tensor<S>]) throws -> Tensor<S> {
    if name.hasPrefix("polygamma") {
      return polygamma(try #require(Int(name.split(separator: " ")[1])), x[0])
    }
    let unary: [String: (Tensor<S>) -> Tensor<S>] = [
      "expMinusOne": expMinusOne, "logOnePlus": log(onePlus:), "log2": log2, "log10": log10, "sin": sin, "cos": cos,
      "tan": tan, "asin": asin, "acos": acos, "atan": atan, "sinh": sinh, "cosh": cosh, "asinh": asinh, "acosh": acosh,
      "atanh": atanh, "erf": erf, "erfc": erfc, "logGamma": logGamma, "digamma": digamma, "softplus": softplus,
      "silu": silu, "gelu": gelu, "tanhGelu": { gelu($0, approximation: .tanh) },
    ]
    if let function = unary[name] { return function(x[0]) }
    let binary: [String: (Tensor<S>, Tensor<S>) -> Tensor<S>] = [
      "atan2": atan2, "hypot": hypot, "xlogy": xlogy, "remainder": remainder, "pow": pow,
    ]
    let function = try #require(binary[name], "no function for \(name)")
    return function(x[0], x[1])
  }
}
