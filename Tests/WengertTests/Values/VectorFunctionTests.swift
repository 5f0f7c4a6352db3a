import Foundation
import Testing
import Wengert

/// The functions that have vector kernels against those of the C library in a wider type, over random arguments.
@Suite struct VectorFunctionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Tensor<Double>) -> Tensor<Double>
    let narrow: @Sendable (Tensor<Float>) -> Tensor<Float>
    let reference: @Sendable (Wide) -> Wide
    let range: ClosedRange<Double>
    let tolerance: Double

    init(
      _ name: String, _ function: @escaping @Sendable (Tensor<Double>) -> Tensor<Double>,
      _ narrow: @escaping @Sendable (Tensor<Float>) -> Tensor<Float>, _ reference: @escaping @Sendable (Wide) -> Wide,
      over range: ClosedRange<Double>, within tolerance: Double
    ) {
      (testDescription, self.function, self.narrow, self.reference) = (name, function, narrow, reference)
      (self.range, self.tolerance) = (range, tolerance)
    }
  }

  @Test(arguments: [
    Case("expMinusOne", { expMinusOne($0) }, { expMinusOne($0) }, { expm1($0) }, over: -40...710, within: 2.5),
    Case("expMinusOne near 0", { expMinusOne($0) }, { expMinusOne($0) }, { expm1($0) }, over: -2...2, within: 2.5),
    Case("logOnePlus", { log(onePlus: $0) }, { log(onePlus: $0) }, { log1p($0) }, over: -1...3, within: 2.5),
    Case("log2", { log2($0) }, { log2($0) }, { log2($0) }, over: 0.3...3, within: 1.5),
    Case("log10", { log10($0) }, { log10($0) }, { log10($0) }, over: 0.3...3, within: 1.5),
    Case("sin", { sin($0) }, { sin($0) }, { sin($0) }, over: -10...10, within: 1.5),
    Case("sin of large angles", { sin($0) }, { sin($0) }, { sin($0) }, over: -110_000...110_000, within: 1.5),
    Case("cos", { cos($0) }, { cos($0) }, { cos($0) }, over: -10...10, within: 1.5),
    Case("cos of large angles", { cos($0) }, { cos($0) }, { cos($0) }, over: -110_000...110_000, within: 1.5),
    Case("tan", { tan($0) }, { tan($0) }, { tan($0) }, over: -10...10, within: 3),
    Case("asin", { asin($0) }, { asin($0) }, { asin($0) }, over: -1...1, within: 1.5),
    Case("acos", { acos($0) }, { acos($0) }, { acos($0) }, over: -1...1, within: 1.5),
    Case("atan", { atan($0) }, { atan($0) }, { atan($0) }, over: -4...4, within: 2.5),
    Case("sinh", { sinh($0) }, { sinh($0) }, { sinh($0) }, over: -3...3, within: 3),
    Case("cosh", { cosh($0) }, { cosh($0) }, { cosh($0) }, over: -3...3, within: 2.5),
    Case("erf", { erf($0) }, { erf($0) }, { erf($0) }, over: -6...6, within: 2.5),
    Case("erfc", { erfc($0) }, { erfc($0) }, { erfc($0) }, over: -4...27, within: 3),
    Case("asinh", { asinh($0) }, { asinh($0) }, { asinh($0) }, over: -4...4, within: 2.5),
    Case("acosh", { acosh($0) }, { acosh($0) }, { acosh($0) }, over: 1...5, within: 2.8),
    Case("acosh near 1", { acosh($0) }, { acosh($0) }, { acosh($0) }, over: 1...1.1, within: 2.8),
    Case("atanh", { atanh($0) }, { atanh($0) }, { atanh($0) }, over: -1...1, within: 2.5),
    Case("logGamma", { logGamma($0) }, { logGamma($0) }, { lgamma($0).0 }, over: -1...12, within: 3),
    Case("trigamma", { polygamma(1, $0) }, { polygamma(1, $0) }, { gammaSlope($0, 1) }, over: 0...12, within: 3),
    Case(
      "trigamma left of 0", { polygamma(1, $0) }, { polygamma(1, $0) }, { gammaSlope($0, 1) }, over: -9...0, within: 5),
    Case("gelu", { gelu($0) }, { gelu($0) }, { normalShare($0) }, over: -13...6, within: 4),
    Case(
      "softplus", { softplus($0) }, { softplus($0) }, { max($0, 0) + log1p(exp(-abs($0))) }, over: -700...40, within: 3),
    Case(
      "silu", { silu($0) }, { silu($0) }, { $0 == -.infinity ? 0 : $0 / (1 + exp(-$0)) }, over: -700...40, within: 3),
  ])
  func isWithinAFewUnits(_ testCase: Case) {
    var generator = SeededGenerator(for: testCase.testDescription)
    // A tenth of the arguments are of any magnitude.
    let wide = (0..<40_000).map { index in
      index % 10 == 0 ? Double.anyMagnitude(&generator) : generator.uniform(in: testCase.range)
    }
    check(testCase, wide, Tape.scope { testCase.function(Tensor(wide)).scalars }, testCase.tolerance)
    let narrow = wide.map { Float($0) }
    // Most are computed in double.
    let isNative = Self.native.contains { testCase.testDescription.hasPrefix($0) }
    check(
      testCase, narrow, Tape.scope { testCase.narrow(Tensor(narrow)).scalars }, isNative ? testCase.tolerance : 0.51)
  }

  /// The functions whose kernels for floats compute in float.
  static let native = ["silu", "softplus", "logOnePlus", "sin", "cos", "tan", "erf", "gelu"]

  /// Digamma, or its derivative, by steps up to 40 and its asymptotic series, and left of 0 by reflection.
  static func gammaSlope(_ x: Wide, _ order: Int) -> Wide {
    if x.isNaN || x == -.infinity { return .nan }
    if x <= 0 {
      if x == x.rounded() {
        return order == 1 ? .infinity : (x == 0 ? (x.sign == .minus ? .infinity : -.infinity) : .nan)
      }
      let angle = Wide.pi * (x - x.rounded())
      let other = gammaSlope(1 - x, order)
      return order == 0 ? other - .pi / tan(angle) : .pi / sin(angle) * (.pi / sin(angle)) - other
    }
    var (x, sum) = (x, Wide(0))
    while x < 40 {
      sum += order == 0 ? -1 / x : 1 / (x * x)
      x += 1
    }
    let z = 1 / (x * x)
    let bernoulli: [Wide] = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6]
    if order == 0 {
      let series = bernoulli.enumerated().reversed().reduce(Wide(0)) { ($0 + $1.1 / Wide(2 * $1.0 + 2)) * z }
      return sum + (log(x) - 0.5 / x - series)
    }
    let series = bernoulli.reversed().reduce(Wide(0)) { ($0 + $1) * z }
    return sum + (1 / x + z / 2 + series / x)
  }

  /// x Phi(x)
  static func normalShare(_ x: Wide) -> Wide { x == -.infinity ? 0 : x * erfc(-x * Wide(0.5).squareRoot()) / 2 }

  /// Of positive arguments, its zero at 1.46 included; at negative ones digits cancel near many zeros.
  @Test func digammaOfPositiveArguments() {
    let testCase = Case("digamma", { digamma($0) }, { digamma($0) }, Self.digammaFromZero, over: 0...12, within: 3.5)
    var generator = SeededGenerator(for: "digamma")
    let wide = (0..<40_000).map { index in
      switch index % 4 {
      case 0: abs(Double.anyMagnitude(&generator))
      case 1: generator.uniform(in: 1.46...1.4633)
      default: generator.uniform(in: testCase.range)
      }
    }
    check(testCase, wide, Tape.scope { digamma(Tensor(wide)).scalars }, testCase.tolerance)
    let narrow = wide.map { Float($0) }
    check(testCase, narrow, Tape.scope { digamma(Tensor(narrow)).scalars }, 0.51)
  }

  /// With z digamma's zero, the sum of (x - z)/((x + k)(z + k)) over k >= 0, which cancels nowhere; for x far from z,
  /// by steps and the asymptotic series.
  static func digammaFromZero(_ x: Wide) -> Wide {
    // The zero in 1...2 by mpmath, as a sum.
    let (z, rest) = (Wide(0x1.762d86356be3fp+0), Wide(0x1.b86a722197829p-54))
    let distance = (x - z) - rest
    guard abs(distance) < 0.5 else { return gammaSlope(x, 0) }
    let sum = (0..<40).reversed().reduce(Wide(0)) { $0 + 1 / ((x + Wide($1)) * (z + Wide($1))) }
    // What is left is digamma(x + 40) - digamma(z + 40).
    let (far, near) = (x + 40, z + 40)
    func small(_ y: Wide) -> Wide { 1 / (12 * y * y) - 1 / (120 * y * y * y * y) + 1 / (252 * y * y * y * y * y * y) }
    return distance * sum + log1p(distance / near) + distance / (2 * far * near) - (small(far) - small(near))
  }

  /// Functions of two operands, of ordinary arguments and of any magnitude.
  @Test func ofTwoOperands() {
    var generator = SeededGenerator(for: "two operands")
    var (a, b): ([Double], [Double]) = ([], [])
    for index in 0..<60_000 {
      a.append(index % 3 == 0 ? .anyMagnitude(&generator) : generator.uniform(in: -9...9))
      b.append(
        index % 6 == 0 ? .anyMagnitude(&generator) : generator.uniform(in: -2...2) * (index % 3 == 0 ? a[index] : 1))
    }
    let (angles, lengths, remainders) = Tape.scope {
      let (x, y) = (Tensor(a), Tensor(b))
      return (atan2(x, y).scalars, hypot(x, y).scalars, remainder(x, y).scalars)
    }
    for index in a.indices {
      let (x, y) = (Wide(a[index]), Wide(b[index]))
      #expect(ulps(angles[index], atan2(x, y)) <= 2.5, "atan2(\(x), \(y)) is \(angles[index])")
      #expect(ulps(lengths[index], hypot(x, y)) <= 1.5, "hypot(\(x), \(y)) is \(lengths[index])")
      // The C library's is exact.
      let rest = fmod(a[index], b[index])
      let expected =
        rest == 0 ? Double(signOf: b[index], magnitudeOf: 0) : ((rest < 0) == (b[index] < 0) ? rest : rest + b[index])
      #expect(
        remainders[index].bitPattern == expected.bitPattern || (remainders[index].isNaN && expected.isNaN),
        "remainder(\(x), \(y)) is \(remainders[index])")
    }
  }

  private func check<S: BinaryFloatingPoint>(_ testCase: Case, _ x: [S], _ values: [S], _ tolerance: Double) {
    var (worst, largest) = (0, 0.0)
    for index in x.indices {
      let error = ulps(values[index], testCase.reference(Wide(x[index])))
      if !(error <= largest) { (worst, largest) = (index, error) }
    }
    #expect(
      largest <= tolerance,
      "\(S.self) \(testCase.testDescription)(\(x[worst])) is \(values[worst]): \(largest) ulp")
  }
}
