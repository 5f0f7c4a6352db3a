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
    // All but one are computed in double.
    let tolerance = testCase.testDescription == "silu" ? 3 : 0.51
    check(testCase, narrow, Tape.scope { testCase.narrow(Tensor(narrow)).scalars }, tolerance)
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
