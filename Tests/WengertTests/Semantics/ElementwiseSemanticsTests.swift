import Testing
import Wengert

/// Elementary and special functions at zeros of both signs, poles, bounds and infinities.
@Suite struct ElementwiseSemanticsTests {
  private static let ends: [Double] = [0, -0.0, inf, -inf, nan, tiny, -tiny]
  private static let (inf, nan, tiny) = (Double.infinity, Double.nan, 0x1p-1074)

  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Tensor<Double>) -> Tensor<Double>
    let narrow: @Sendable (Tensor<Float>) -> Tensor<Float>
    let values: [Double]

    init(
      _ name: String, _ function: @escaping @Sendable (Tensor<Double>) -> Tensor<Double>,
      _ narrow: @escaping @Sendable (Tensor<Float>) -> Tensor<Float>, _ values: [Double]
    ) {
      (testDescription, self.function, self.narrow, self.values) = (name, function, narrow, values)
    }
  }

  private static let halfPi = 1.57079632679489661923
  private static let log2of2 = 0.693147180559945309417

  /// At 0, −0, ∞, −∞, NaN and the smallest numbers, by annex F of the C standard and by limits.
  @Test(arguments: [
    Row("square", { square($0) }, { square($0) }, [0, 0, inf, inf, nan, 0, 0]),
    Row("reciprocal", { reciprocal($0) }, { reciprocal($0) }, [inf, -inf, 0, -0.0, nan, inf, -inf]),
    Row("expMinusOne", { expMinusOne($0) }, { expMinusOne($0) }, [0, -0.0, inf, -1, nan, tiny, -tiny]),
    Row("logOnePlus", { log(onePlus: $0) }, { log(onePlus: $0) }, [0, -0.0, inf, nan, nan, tiny, -tiny]),
    Row("sin", { sin($0) }, { sin($0) }, [0, -0.0, nan, nan, nan, tiny, -tiny]),
    Row("cos", { cos($0) }, { cos($0) }, [1, 1, nan, nan, nan, 1, 1]),
    Row("tan", { tan($0) }, { tan($0) }, [0, -0.0, nan, nan, nan, tiny, -tiny]),
    Row("asin", { asin($0) }, { asin($0) }, [0, -0.0, nan, nan, nan, tiny, -tiny]),
    Row("acos", { acos($0) }, { acos($0) }, [halfPi, halfPi, nan, nan, nan, halfPi, halfPi]),
    Row("atan", { atan($0) }, { atan($0) }, [0, -0.0, halfPi, -halfPi, nan, tiny, -tiny]),
    Row("sinh", { sinh($0) }, { sinh($0) }, [0, -0.0, inf, -inf, nan, tiny, -tiny]),
    Row("cosh", { cosh($0) }, { cosh($0) }, [1, 1, inf, inf, nan, 1, 1]),
    Row("asinh", { asinh($0) }, { asinh($0) }, [0, -0.0, inf, -inf, nan, tiny, -tiny]),
    Row("acosh", { acosh($0) }, { acosh($0) }, [nan, nan, inf, nan, nan, nan, nan]),
    Row("atanh", { atanh($0) }, { atanh($0) }, [0, -0.0, nan, nan, nan, tiny, -tiny]),
    Row("erf", { erf($0) }, { erf($0) }, [0, -0.0, 1, -1, nan, tiny, -tiny]),
    Row("erfc", { erfc($0) }, { erfc($0) }, [1, 1, 0, 2, nan, 1, 1]),
    Row("softplus", { softplus($0) }, { softplus($0) }, [log2of2, log2of2, inf, 0, nan, log2of2, log2of2]),
    Row("silu", { silu($0) }, { silu($0) }, [0, -0.0, inf, -0.0, nan, 0, -0.0]),
    Row("gelu", { gelu($0) }, { gelu($0) }, [0, -0.0, inf, -0.0, nan, 0, -0.0]),
    Row(
      "tanhGelu", { gelu($0, approximation: .tanh) }, { gelu($0, approximation: .tanh) },
      [0, -0.0, inf, -0.0, nan, 0, -0.0]),
    Row("elu", { elu($0) }, { elu($0) }, [0, -0.0, inf, -1, nan, tiny, -tiny]),
    Row("leakyRelu", { leakyRelu($0, slope: 1) }, { leakyRelu($0, slope: 1) }, [0, -0.0, inf, -inf, nan, tiny, -tiny]),
    Row("softsign", { softsign($0) }, { softsign($0) }, [0, -0.0, 1, -1, nan, tiny, -tiny]),
    Row("hardSigmoid", { hardSigmoid($0) }, { hardSigmoid($0) }, [0.5, 0.5, 1, 0, nan, 0.5, 0.5]),
    Row("sign", { sign($0) }, { sign($0) }, [0, 0, 1, -1, nan, 1, -1]),
    Row("floor", { floor($0) }, { floor($0) }, [0, -0.0, inf, -inf, nan, 0, -1]),
    Row("ceil", { ceil($0) }, { ceil($0) }, [0, -0.0, inf, -inf, nan, 1, -0.0]),
    Row("rounded", { $0.rounded() }, { $0.rounded() }, [0, -0.0, inf, -inf, nan, 0, -0.0]),
    Row("clamped", { $0.clamped(to: -1...2) }, { $0.clamped(to: -1...2) }, [0, -0.0, 2, -1, nan, tiny, -tiny]),
    Row("digamma", { digamma($0) }, { digamma($0) }, [-inf, inf, inf, nan, nan, -inf, inf]),
    Row(
      "logGamma", { logGamma($0) }, { logGamma($0) }, [inf, inf, inf, inf, nan, 744.4400719213812, 744.4400719213812]),
    Row("trigamma", { polygamma(1, $0) }, { polygamma(1, $0) }, [inf, inf, 0, nan, nan, inf, inf]),
    Row("tetragamma", { polygamma(2, $0) }, { polygamma(2, $0) }, [-inf, inf, -0.0, nan, nan, -inf, inf]),
  ])
  func valuesAtTheEnds(_ row: Row) {
    Tape.scope {
      expectIdentical(row.function(Tensor(Self.ends)).scalars, row.values, row.testDescription)
      for (x, value) in zip(Self.ends, row.values) {
        expectIdentical([row.function(Tensor(x)).item], [value], "\(row.testDescription)(\(x)), scalar")
      }
      // The smallest float is another number, but the function does the same with it.
      let float = row.narrow(Tensor([0, -0.0, .infinity, -.infinity, .nan] as [Float]))
      expectIdentical(float.scalars, row.values.prefix(5).map { Float($0) }, "Float \(row.testDescription)")
    }
  }

  @Test func polesAndSingularitiesOfPowers() {
    let x = [0.0, 4]
    #expect(slopes(x) { rsqrt($0) } == [-.infinity, -0.0625])
    #expect(slopes(x) { 0 * rsqrt($0) } == [0, 0])
    #expect(slopes(x) { reciprocal($0) } == [-.infinity, -0.0625])
    #expect(slopes(x) { 0 * reciprocal($0) } == [0, 0])
    #expect(slopes(x, log2)[0] == .infinity)
    #expect(slopes(x, log10)[0] == .infinity)
    #expect(slopes([-1.0, 3]) { log(onePlus: $0) } == [.infinity, 0.25])
    #expect(slopes(x) { 0 * log2($0) + 0 * log10($0) } == [0, 0])
    #expect(slopes([-1.0, 1], asin) == [.infinity, .infinity])
    #expect(slopes([-1.0, 1], acos) == [-.infinity, -.infinity])
    #expect(slopes([1.0], acosh) == [.infinity])
    #expect(slopes([-1.0, 1], atanh) == [.infinity, .infinity])
    #expect(slopes([-1.0, 1]) { 0 * (asin($0) + atanh($0)) } == [0, 0])
    expectIdentical(
      evaluate { rsqrt(vector(0, -0.0, -1, .infinity, 4)) }.scalars, [.infinity, -.infinity, .nan, 0, 0.5], "rsqrt")
    #expect(evaluate { log2(vector(0.125, 1, 1024, Self.tiny)) }.scalars == [-3, 0, 10, -1074])
    #expect(evaluate { log10(vector(0.001, 1, 1000, 1e22)) }.scalars == [-3, 0, 3, 22])
  }

  @Test func originOfThePlane() {
    for (y, x) in [(0.0, 0.0), (-0.0, 0.0), (0.0, -0.0)] {
      #expect(slopes(y, x, atan2) == [0, 0])
      #expect(slopes(y, x, hypot) == [0, 0])
    }
    let pi = 3.14159265358979323846
    expectIdentical(
      evaluate { atan2(vector(0, -0.0, 0, -0.0, 1, .infinity, 1), vector(0, 0, -0.0, -0.0, 0, .infinity, -.infinity)) }
        .scalars, [0, -0.0, pi, -pi, pi / 2, pi / 4, pi], "atan2")
    #expect(slopes(.infinity, .infinity, atan2) == [0, 0])
    #expect(slopes(1, -.infinity, atan2) == [0, 0])
    // r² would overflow, or underflow.
    #expect(slopes(1e200, 1e200, atan2) == [5e-201, -5e-201])
    expectEqual(slopes(1e-200, 1e-200, atan2), [5e199, -5e199], relativeTo: 1e-15, "atan2 near the origin")
    #expect(slopes(3, -4, hypot) == [0.6, -0.8])
    #expect(slopes(3e-200, -4e-200, hypot) == [0.6, -0.8])
    expectIdentical(
      evaluate { hypot(vector(.infinity, .nan, .nan, 0), vector(.nan, -.infinity, 1, -0.0)) }.scalars,
      [.infinity, .infinity, .nan, 0], "hypot")
    let (a, b): ([Float], [Float]) = ([.infinity, .nan, .nan, 3e38], [.nan, 1, -.infinity, 0])
    expectIdentical(
      evaluate { hypot(Tensor(a), Tensor(b)) }.scalars, [.infinity, .nan, .infinity, 3e38], "Float hypot")
    // The second derivative at the origin follows the first, which is constant there by definition.
    let second = Tape.scope { gradient(at: Tensor(0.0)) { x in gradient(at: x) { hypot($0, Tensor(0.0)) } }.item }
    #expect(second == 0)
  }

  @Test func entropiesTerm() {
    // x, y, value, ∂x, ∂y
    let table: [(Double, Double, Double, Double, Double)] = [
      (0, 0, 0, 0, 0), (0, 2, 0, 0.6931471805599453, 0), (2, 1, 0, 0, 2), (2, 0, -.infinity, -.infinity, .infinity),
      (0, -1, 0, 0, 0), (0, .nan, .nan, .nan, .nan), (.nan, 1, .nan, 0, .nan), (0, .infinity, 0, .infinity, 0),
      (-0.0, 0, 0, 0, 0),
    ]
    for (x, y, value, dx, dy) in table {
      expectIdentical([evaluate { xlogy(Tensor(x), Tensor(y)) }.item], [value], "xlogy(\(x), \(y))")
      let slopes = slopes(x, y, xlogy)
      // Zeros of either sign.
      expectIdentical(slopes.map { $0 + 0 }, [dx, dy], "gradient of xlogy(\(x), \(y))")
    }
    // ∂²/∂x∂y = 1/y, also at x = 0.
    let mixed = Tape.scope {
      gradient(at: Tensor(4.0)) { y in gradient(at: Tensor(0.0)) { x in xlogy(x, y) } }.item
    }
    #expect(mixed == 0.25)
    #expect(evaluate { xlogy(2, vector(1, 0)) }.scalars == [0, -.infinity])
    #expect(evaluate { xlogy(vector(1, 0), 0) }.scalars == [-.infinity, 0])
    // Entropy of a sure event.
    #expect(slopes([0.0, 1]) { p in -xlogy(p, p).sum() } == [0, -1])
  }

  @Test func activationsAtTheEnds() {
    let x = [-1000.0, 1000, -.infinity, .infinity]
    #expect(evaluate { softplus(Tensor(x)) }.scalars == [0, 1000, 0, .infinity])
    #expect(slopes(x, softplus) == [0, 1, 0, 1])
    #expect(slopes(x, silu) == [0, 1, 0, 1])
    #expect(slopes(x) { gelu($0) } == [0, 1, 0, 1])
    #expect(slopes(x) { gelu($0, approximation: .tanh) } == [0, 1, 0, 1])
    let squared: Double = 1 / (1001.0 * 1001.0)
    #expect(slopes(x, softsign) == [squared, squared, 0, 0])
    #expect(slopes(x) { elu($0, alpha: 2) } == [0, 1, 0, 1])
    #expect(slopes(x, erf) == [0, 0, 0, 0])
    #expect(slopes(x, erfc) == [0, 0, 0, 0])
    let inverse: Double = 1 / 1_000_001.0
    #expect(slopes(x, atan) == [inverse, inverse, 0, 0])
    #expect(slopes([1e300, -1e300], asinh) == [1e-300, 1e-300])
    #expect(slopes([1e300], acosh) == [1e-300])
    #expect(slopes([-1000, 1000.0], order: 2, softplus) == [0, 0])
    #expect(slopes([-1000, 1000.0], order: 2, silu) == [0, 0])
    #expect(slopes([-1000, 1000.0], order: 2) { gelu($0) } == [0, 0])
    #expect(slopes([-1000, 1000.0], order: 2) { gelu($0, approximation: .tanh) } == [0, 0])
    // The same in Float, whose exponentials end at other numbers.
    let narrow: [Float] = [-1000, 1000, -.infinity, .infinity]
    #expect(slopes(narrow, softplus) == [0, 1, 0, 1])
    #expect(slopes(narrow, silu) == [0, 1, 0, 1])
    #expect(slopes(narrow) { gelu($0) } == [0, 1, 0, 1])
    #expect(slopes(narrow) { gelu($0, approximation: .tanh) } == [0, 1, 0, 1])
    // At 0: (1/2, 1/2), σ″ and so on.
    #expect(slopes([0.0], silu) == [0.5])
    #expect(slopes([0.0], order: 2, silu) == [0.5])
    #expect(slopes([0.0]) { gelu($0) } == [0.5])
    #expect(slopes([0.0], order: 2, softplus) == [0.25])
  }

  @Test func kinksAndBounds() {
    #expect(slopes([-2.0, -1, 0, 2, 3]) { $0.clamped(to: -1...2) } == [0, 0, 1, 0, 0])
    #expect(slopes([-2 as Float, -1, 0, 2, 3]) { $0.clamped(to: -1...2) } == [0, 0, 1, 0, 0])
    #expect(evaluate { vector(-2, -1, 0, 2, 3).clamped(to: -1...2) }.scalars == [-1, -1, 0, 2, 2])
    #expect(evaluate { vector(-2, 3).clamped(to: 1...1) }.scalars == [1, 1])
    #expect(slopes([-2.0, 0, 1], order: 2) { $0.clamped(to: -1...2) * $0 } == [0, 2, 2])
    let sixth: Double = 1 / 6.0
    #expect(slopes([-4.0, -3, 0, 3, 4], hardSigmoid) == [0, 0, sixth, 0, 0])
    #expect(evaluate { hardSigmoid(vector(-3, -1.5, 0, 3)) }.scalars == [0, 0.25, 0.5, 1])
    #expect(slopes([-1, 0, -0.0, 2]) { leakyRelu($0, slope: 0.25) } == [0.25, 0.25, 0.25, 1])
    #expect(evaluate { leakyRelu(vector(-2, 3), slope: 0.25) }.scalars == [-0.5, 3])
    #expect(evaluate { leakyRelu(vector(-2, 3)) }.scalars == [-0.02, 3])
    #expect(slopes([0.0, -0.0]) { elu($0, alpha: 3) } == [3, 3])
    #expect(slopes([0.0], order: 2, softsign) == [0])
    let bend: Double = 2 / 27.0
    #expect(slopes([2.0, -2], order: 2, softsign) == [-bend, bend])
  }

  @Test func roundingAndRemainders() {
    #expect(evaluate { vector(0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6).rounded() }.scalars == [0, 2, 2, 0, -2, 2, 3])
    #expect(evaluate { floor(vector(-1.5, 1.5, 2)) }.scalars == [-2, 1, 2])
    #expect(evaluate { ceil(vector(-1.5, 1.5, 2)) }.scalars == [-1, 2, 2])
    // As Python's %.
    let (a, b) = ([5.0, -5, 5, -5, 6, -6, 1, -1], [3.0, 3, -3, -3, 3, -3, .infinity, .infinity])
    expectIdentical(
      evaluate { remainder(Tensor(a), Tensor(b)) }.scalars, [2, 1, -1, -2, 0, -0.0, 1, .infinity], "remainder")
    expectIdentical(
      evaluate { remainder(vector(1, .infinity, .nan), vector(0, 2, 2)) }.scalars, [.nan, .nan, .nan], "remainder")
    #expect(evaluate { remainder(vector(5, -5), 3) }.scalars == [2, 1])
    #expect(evaluate { remainder(-5, vector(3, -3)) }.scalars == [1, -2])
    #expect(slopes(-5, 3, remainder) == [1, 2])
    #expect(slopes(7.5, 2, remainder) == [1, -3])
  }

  @Test(
    arguments: [{ sign($0) }, { floor($0) }, { ceil($0) }, { $0.rounded() }]
      as [@Sendable (Tensor<Double>) -> Tensor<Double>])
  func roundingIsNotDifferentiable(_ function: @Sendable (Tensor<Double>) -> Tensor<Double>) {
    Tape.scope {
      let x = vector(-1.5, 0, 2.25)
      let gradients = (function(x) * 5).sum().backward()
      #expect(!gradients.reaches(x))
      #expect(gradients[x].scalars == [0, 0, 0])
    }
  }

  @Test func derivativesOfTheGammaFunction() {
    // ψ(1) = −γ, ψ⁽¹⁾(1) = π²/6, ψ⁽²⁾(1) = −2 ζ(3), ψ⁽³⁾(1) = π⁴/15
    let expected = [
      -0.577215664901532860607, 1.644934066848226436472, -2.404113806319188570800, 6.493939402266829149096,
    ]
    for (order, value) in expected.enumerated() {
      let slope = slopes([1.0], order: order + 1, logGamma)[0]
      #expect((slope - value).magnitude <= 1e-15 * value.magnitude, "order \(order): \(slope)")
      #expect(evaluate { polygamma(order, Tensor(1.0)) }.item == slope)
    }
    #expect(evaluate { polygamma(0, vector(1, 3)) }.scalars == evaluate { digamma(vector(1, 3)) }.scalars)
    // Γ has simple poles: the slope is that of −ln |x|.
    #expect(slopes([0.0], logGamma) == [-.infinity])
    #expect(slopes([0.0]) { 0 * logGamma($0) } == [0])
    // 199! ζ(201, 100) is within what a Double holds, though 199! is not.
    let high: Double = evaluate { polygamma(200, Tensor(100.0)) }.item
    #expect((high / -9.1254246910962226557e-28 - 1).magnitude < 1e-12)
  }

  @Test func numbersOnEitherSide() {
    let x = vector(0.5, 2)
    Tape.scope {
      #expect(atan2(x, 1).scalars == atan2(x, vector(1, 1)).scalars)
      #expect(atan2(1, x).scalars == atan2(vector(1, 1), x).scalars)
      #expect(hypot(x, 1).scalars == hypot(1, x).scalars)
      #expect(xlogy(x, 3).scalars == xlogy(x, vector(3, 3)).scalars)
      #expect(elu(-x, alpha: 2).scalars == (2 * expMinusOne(-x)).scalars)
    }
  }
}
