import Testing
import Wengert

/// exp, log, tanh, sigmoid, √ and pow within 3 units in the last place, over all magnitudes, subnormals included.
@Suite struct ElementaryFunctionTests {
  @Test func exponential() {
    check("exp", exp, exp, Reference.exp, range: -110...90, wideRange: -750...712)
  }
  @Test func logarithm() {
    check("log", log, log, Reference.log, range: 0.5...2, wideRange: 0.5...2)
  }
  @Test func hyperbolicTangent() {
    check("tanh", tanh, tanh, Reference.tanh, range: -11...11, wideRange: -22...22)
  }
  @Test func logisticFunction() {
    check("sigmoid", sigmoid, sigmoid, Reference.sigmoid, range: -105...20, wideRange: -750...40)
  }
  /// Correctly rounded, as IEEE 754 requires.
  @Test func squareRoot() {
    check("sqrt", sqrt, sqrt, Reference.sqrt, range: 0...10, wideRange: 0...10, tolerance: 0.51)
  }

  @Test func power() {
    var generator = SeededGenerator(for: "pow")
    var (bases, exponents): ([Double], [Double]) = ([], [])
    for _ in 0..<100_000 {
      bases.append(abs(Double.anyMagnitude(&generator)))
      exponents.append(generator.uniform(in: -3...3))
      bases.append(generator.uniform(in: 0.01...100))
      exponents.append(generator.uniform(in: -160...160))
      bases.append(generator.uniform(in: -50...50))
      exponents.append(generator.uniform(in: -40...40).rounded())
    }
    let values = Tape.scope { pow(Tensor(bases), Tensor(exponents)).scalars }
    expectClose("pow", zip(bases, exponents).map { "\($0)" }, values) {
      Reference.pow(Wide(bases[$0]), Wide(exponents[$0]))
    }
    let (a, b) = (bases.map { Float($0) }, exponents.map { Float($0) })
    let narrow = Tape.scope { pow(Tensor(a), Tensor(b)).scalars }
    expectClose("Float pow", zip(a, b).map { "\($0)" }, narrow) { Reference.pow(Wide(a[$0]), Wide(b[$0])) }
  }

  /// Long literals, so that not everything rests on one mathematical library.
  @Test func literals() {
    let values: [(Tensor<Double>, Double)] = [
      (exp(Tensor(1.0)), 2.718281828459045235360287471352662498),
      (exp(Tensor(-1.0)), 0.367879441171442321595523770161460867),
      (exp(Tensor(0.5)), 1.648721270700128146848650787814163572),
      (log(Tensor(2.0)), 0.693147180559945309417232121458176568),
      (log(Tensor(10.0)), 2.302585092994045684017991454684364208),
      (tanh(Tensor(0.5)), 0.462117157260009758502318483643672549),
      (tanh(Tensor(1.0)), 0.761594155955764888119458282604793590),
      (sigmoid(Tensor(1.0)), 0.731058578630004879251159944208183631),
      (sigmoid(Tensor(-2.0)), 0.119202922022117560183245402402312450),
      (sqrt(Tensor(2.0)), 1.414213562373095048801688724209698079),
      (pow(Tensor(2.0), 0.5), 1.414213562373095048801688724209698079),
    ]
    for (index, (actual, expected)) in values.enumerated() {
      #expect(ulps(actual.item, expected) <= 2, "literal \(index): \(actual) instead of \(expected)")
    }
  }

  private func check(
    _ name: String, _ narrow: (Tensor<Float>) -> Tensor<Float>, _ wide: (Tensor<Double>) -> Tensor<Double>,
    _ reference: (Wide) -> Wide, range: ClosedRange<Double>, wideRange: ClosedRange<Double>, tolerance: Double = 3
  ) {
    var generator = SeededGenerator(for: name)
    // Every 4099th of all floats, and the range where the function does something.
    let floats =
      stride(from: UInt32(0), to: .max - 4099, by: 4099).map(Float.init(bitPattern:))
      + (0..<200_000).map { _ in Float(generator.uniform(in: range)) }
    let narrowValues = Tape.scope { narrow(Tensor(floats)).scalars }
    expectClose("Float \(name)", floats, narrowValues, tolerance) { reference(Wide(floats[$0])) }
    let doubles =
      (0..<200_000).map { _ in Double.anyMagnitude(&generator) }
      + (0..<400_000).map { _ in generator.uniform(in: wideRange) }
    let wideValues = Tape.scope { wide(Tensor(doubles)).scalars }
    expectClose(name, doubles, wideValues, tolerance) { reference(Wide(doubles[$0])) }
  }

  /// Reports the largest error only.
  private func expectClose<S: BinaryFloatingPoint>(
    _ name: String, _ inputs: [some Any], _ values: [S], _ tolerance: Double = 3, reference: (Int) -> Wide
  ) {
    var (worst, largest) = (0, 0.0)
    for index in values.indices {
      let error = ulps(values[index], reference(index))
      if error > largest { (worst, largest) = (index, error) }
    }
    #expect(
      largest <= tolerance,
      "\(name)(\(inputs[worst])) is \(values[worst]) instead of \(S(reference(worst))): \(largest) ulp")
  }
}

extension Double {
  /// Any bit pattern: every exponent is as likely as the others.
  static func anyMagnitude(_ generator: inout SeededGenerator) -> Double { Double(bitPattern: generator.next()) }
}
