import Testing
import Wengert

/// Roots, logarithms, quotients and powers where their derivatives end.
@Suite struct PowerSemanticsTests {
  @Test func squareRootAtZero() {
    #expect(slopes([0.0, 4], sqrt) == [.infinity, 0.25])
    #expect(slopes([0.0, 4]) { -sqrt($0) } == [-.infinity, -0.25])
    #expect(slopes([0.0, 4]) { 0 * sqrt($0) } == [0, 0])
    #expect(slopes([0 as Float, 4], sqrt) == [.infinity, 0.25])
  }

  @Test func logarithmAtZero() {
    #expect(slopes([0.0, 2], log) == [.infinity, 0.5])
    #expect(slopes([0.0, 2]) { 0 * log($0) } == [0, 0])
    #expect(evaluate { log(vector(0.0, -0.0)) }.scalars == [-.infinity, -.infinity])
    #expect(evaluate { log(vector(-1.0)) }.item.isNaN)
  }

  @Test func reciprocalAtZero() {
    #expect(evaluate { 1 / vector(0.0, -0.0, 2) }.scalars == [.infinity, -.infinity, 0.5])
    #expect(slopes([0.0, 2]) { 1 / $0 } == [-.infinity, -0.25])
    #expect(slopes([-0.0]) { 1 / $0 } == [-.infinity])
    #expect(slopes([0.0, 2]) { 0 * (1 / $0) } == [0, 0])
  }

  /// (x, y, xʸ, ∂x, ∂y)
  @Test(
    arguments: [
      (0, 0, 1, 0, 0), (0, 2, 0, 0, 0), (0, 1, 0, 1, 0), (0, 0.5, 0, .infinity, 0),
      (0, -1, .infinity, -.infinity, -.infinity), (2, 0, 1, 0, 0.6931471805599453), (2, 3, 8, 12, 5.545177444479562),
      (1, 5, 1, 5, 0), (-1, 0, 1, 0, .nan), (-2, 2, 4, -4, .nan), (-2, 3, -8, 12, .nan),
      (4, 0.5, 2, 0.25, 2.772588722239781),
      (.infinity, 1, .infinity, 1, .infinity),
    ] as [(Double, Double, Double, Double, Double)])
  func powerTable(_ x: Double, _ y: Double, _ value: Double, _ dx: Double, _ dy: Double) {
    let label = "pow(\(x), \(y))"
    Tape.scope {
      expectIdentical(pow(Tensor(x), Tensor(y)).scalars, [value], label)
      expectIdentical(slopes(x, y, pow), [dx, dy], label)
      // A fixed exponent or base: the other derivative is not asked for.
      expectIdentical(slopes([x]) { pow($0, y) }, [dx], "\(label), fixed exponent")
      expectIdentical(slopes([y]) { pow(x, $0) }, [dy], "\(label), fixed base")
      let row = pow(Tensor(repeating: x, shape: [9]), Tensor(repeating: y, shape: [9]))
      expectIdentical(row.scalars, [Double](repeating: value, count: 9), "\(label), vector")
    }
  }

  /// The derivative to the exponent would be NaN: evaluating it, multiplied by 0 or not, would show.
  @Test func exponentsDerivativeIsNotEvaluatedUnasked() {
    let x = ShapedArray([-2.0, -3])
    let constant = Tape.scope { gradient(at: Tensor(x)) { pow($0, vector(2.0, 2)).sum() }.scalars }
    #expect(constant == [-4, -6])
    let second = Tape.scope {
      gradient(at: Tensor(x)) { x in gradient(at: x) { pow($0, 2).sum() }.sum() }.scalars
    }
    #expect(second == [2, 2])
    let third = slopes([-2.0, 0, 3], order: 3) { pow($0, 3) }
    #expect(third == [6, 6, 6])
  }

  @Test func higherPowersAtZero() {
    #expect(slopes([0.0], order: 2) { pow($0, 2) } == [2])
    #expect(slopes([0.0], order: 2) { pow($0, 3) } == [0])
    #expect(slopes([0.0], order: 3) { pow($0, 3) } == [6])
    #expect(slopes([0.0], order: 2) { pow($0, 2.5) } == [0])
    #expect(slopes([0.0], order: 2) { pow($0, 0.5) } == [-.infinity])
    #expect(slopes([0.0], order: 2, sqrt) == [-.infinity])
    #expect(slopes([0.0, 1], order: 2) { pow($0, 1) } == [0, 0])
    #expect(slopes([0.0, 1], order: 2) { pow($0, 0) } == [0, 0])
    #expect(slopes([0.0], order: 2) { $0 * $0 } == [2])
  }

  @Test func sigmoidAtTheEnds() {
    #expect(evaluate { sigmoid(vector(-1000.0, 1000, -.infinity, .infinity, 0)) }.scalars == [0, 1, 0, 1, 0.5])
    #expect(slopes([-1000.0, 1000, 0], sigmoid) == [0, 0, 0.25])
    #expect(evaluate { sigmoid(Tensor([-1000 as Float, 1000, 0])) }.scalars == [0, 1, 0.5])
    // The left tail keeps its relative precision.
    #expect(ulps(evaluate { sigmoid(Tensor(-700.0)) }.item, Reference.exp(-700)) <= 3)
  }

  @Test func hyperbolicTangentAndExponentialAtTheEnds() {
    #expect(evaluate { tanh(vector(-1000.0, 1000, -.infinity, .infinity)) }.scalars == [-1, 1, -1, 1])
    #expect(slopes([-1000.0, 1000, 0], tanh) == [0, 0, 1])
    #expect(evaluate { exp(vector(-1000.0, 1000, -.infinity, .infinity)) }.scalars == [0, .infinity, 0, .infinity])
    #expect(slopes([-1000.0, 0, -.infinity], exp) == [0, 1, 0])
  }
}
