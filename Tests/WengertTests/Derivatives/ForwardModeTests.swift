import Testing
import Wengert

/// Derivatives along directions. ⟨v, J t⟩ has two sides, one for each mode.
@Suite struct ForwardModeTests {
  @Test(arguments: OperationCase.all)
  func agreesWithReverseMode(_ testCase: OperationCase) {
    check(testCase, Double.self, relativeTo: 1e-13)
    check(testCase, Float.self, relativeTo: 1e-5)
  }

  private func check<S: TensorScalar>(_ testCase: OperationCase, _: S.Type, relativeTo tolerance: Double) {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator).map { $0.converted(to: S.self) }
    let v = generator.array(testCase.outputShape).converted(to: S.self)
    let direction = inputs.map { generator.array($0.shape).converted(to: S.self) }
    let reverse = product(testCase.gradients(at: inputs, v), direction)
    let (value, tangent) = Tape.scope {
      let (y, t) = valueWithJVP(
        at: inputs.map { Tensor($0) }, along: direction.map { Tensor($0) }, of: { testCase.apply($0) })
      return (y.value, t.value)
    }
    let description = "\(S.self) \(testCase.testDescription), seed \(testCase.seed)"
    expectIdentical(value.scalars, Tape.scope { testCase.apply(inputs.map { Tensor($0) }).scalars }, description)
    #expect(tangent.shape == value.shape)
    expectEqual([product([v], [tangent])], [reverse], relativeTo: tolerance, description)
    let recorded = Tape.scope {
      insideDifferentiation {
        jvp(at: inputs.map { Tensor($0) }, along: direction.map { Tensor($0) }) { testCase.apply($0) }.value
      }
    }
    expectEqual(recorded.scalars, tangent.scalars, relativeTo: 8 * Double(S.ulpOfOne), "recorded \(description)")
  }

  private func product<S>(_ a: [ShapedArray<S>], _ b: [ShapedArray<S>]) -> Double {
    zip(a, b).reduce(0) { sum, pair in
      zip(pair.0.scalars, pair.1.scalars).reduce(sum) { $0 + Double($1.0) * Double($1.1) }
    }
  }

  /// Forward over reverse and reverse over forward equal reverse over reverse.
  @Test(arguments: OperationCase.all)
  func secondOrderAgreesWithReverseMode(_ testCase: OperationCase) {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    let v = generator.array(testCase.outputShape)
    let direction = inputs.map { generator.array($0.shape) }
    let description = "second order of \(testCase.testDescription), seed \(testCase.seed)"
    Tape.scope {
      let (x, t) = (inputs.map { Tensor($0) }, direction.map { Tensor($0) })
      let reverse = gradient(at: x) { x in
        let slopes = gradient(at: x) { testCase.weighted($0, Tensor(v)) }
        return zip(slopes, t).reduce(Tensor(0.0)) { $0 + ($1.0 * $1.1).sum() }
      }
      let reverseOverForward = gradient(at: x) { x in
        (Tensor(v) * jvp(at: x, along: t) { testCase.apply($0) }).sum()
      }
      for operand in x.indices {
        let forward = jvp(at: x, along: t) { x in gradient(at: x) { testCase.weighted($0, Tensor(v)) }[operand] }
        expectEqual(
          forward.scalars, reverse[operand].scalars, relativeTo: 1e-12, "forward over reverse, \(description)")
        expectEqual(
          reverseOverForward[operand].scalars, reverse[operand].scalars, relativeTo: 1e-12,
          "reverse over forward, \(description)")
      }
    }
  }

  @Test func nestedLevelsAreToldApart() {
    let one = Tensor(1.0)
    // D(x ↦ x · D(y ↦ x + y)(1))(1) = 1
    #expect(jvp(at: one, along: one) { x in x * jvp(at: one, along: one) { y in x + y } }.item == 1)
    #expect(gradient(at: one) { x in x * jvp(at: one, along: one) { y in x + y } }.item == 1)
    #expect(jvp(at: one, along: one) { x in x * gradient(at: one) { y in x + y } }.item == 1)
    // The same tensor at both levels: D(x ↦ x · D(y ↦ x y)(x))(3) = D(x²)(3) = 6
    let three = Tensor(3.0)
    #expect(jvp(at: three, along: one) { x in x * jvp(at: x, along: one) { y in x * y } }.item == 6)
  }

  @Test(arguments: 1...6)
  func everyOrder(_ order: Int) {
    func derivative(_ order: Int, _ x: Tensor<Double>) -> Tensor<Double> {
      order == 0 ? x * x * x * x * x : jvp(at: x, along: Tensor(1.0)) { derivative(order - 1, $0) }
    }
    // 5!/(5−k)! x⁵⁻ᵏ at 2
    let expected = [80.0, 160, 240, 240, 120, 0][order - 1]
    #expect(Tape.scope { derivative(order, Tensor(2.0)).item } == expected)
  }

  @Test func directionsCanBeDifferentiated() {
    let x = vector(1, 2, 3)
    let slope = gradient(at: vector(4, 5, 6)) { t in jvp(at: x, along: t) { ($0 * $0).sum() } }
    #expect(slope.scalars == [2, 4, 6])
  }

  @Test func twoTensorsAndUnreachedOutputs() {
    let (x, y) = (vector(1, 2), vector(3, 5))
    let (value, tangent) = valueWithJVP(at: x, y, along: (vector(1, 0), vector(0, 1))) { $0 * $1 }
    #expect(value.scalars == [3, 10])
    #expect(tangent.scalars == [3, 2])
    #expect(jvp(at: x, along: vector(1, 1)) { _ in y }.scalars == [0, 0])
    #expect(jvp(at: x, along: vector(1, 1)) { $0.detached() * $0 }.scalars == [1, 2])
  }

  @Test func zerosOfTangentsAreStrong() {
    let slopes = jvp(at: vector(0, 4), along: vector(0, 1)) { sqrt($0) }
    #expect(slopes.scalars == [0, 0.25])
  }

  /// A constant that was recorded before, at any place of the tape, is not taken for a cotangent of the same value.
  @Test(arguments: 0..<64)
  func earlierConstantsMakeNoDifference(_ place: Int) {
    Tape.scope {
      var x = Tensor(1.0)
      for _ in 0..<place { x = -x }
      _ = x * 0
    }
    #expect(jvp(at: vector(3, 1, 2), along: vector(5, 7, 11)) { $0.min() }.item == 7)
  }

  @Test func leavesNothingOnTheTape() {
    Tape.scope {
      let x = vector(1, 2, 3)
      let t = vector(1, 1, 1)
      let before = Tape.current.count
      _ = valueWithJVP(at: x, along: t) { exp($0).sum() }
      #expect(Tape.current.count == before + 2)
    }
  }

  @Test func hessianTimesVector() {
    let x = vector(0.3, -1.2, 2)
    let v = vector(1, -2, 0.5)
    let product = hessianVectorProduct(at: x, along: v) { x in (x * x * x).sum() * x.sum() }
    // f = s c with s = Σx, c = Σx³: H = 3x² 1ᵀ + 1 (3x²)ᵀ + 6 s diag x
    let (xs, vs) = (x.scalars, v.scalars)
    let s = xs.reduce(0, +)
    let (sumV, slope) = (vs.reduce(0, +), zip(xs, vs).reduce(0) { $0 + 3 * $1.0 * $1.0 * $1.1 })
    let expected = zip(xs, vs).map { x, v in 3 * x * x * sumV + slope + 6 * s * x * v }
    expectEqual(product.scalars, expected, relativeTo: 1e-14, "H v")
  }

  @Test func hessianTimesModel() {
    struct Affine: Model {
      var a: Parameter<Double>
      var b: Parameter<Double>
      mutating func visitParameters(_ visitor: inout some ParameterVisitor<Double>) {
        visitor.visit("a", &a)
        visitor.visit("b", &b)
      }
    }
    let model = Affine(a: Parameter(2), b: Parameter(3))
    let direction = Affine(a: Parameter(1), b: Parameter(10))
    // f = a³ b: H = [[6ab, 3a²], [3a², 0]]
    let product = hessianVectorProduct(at: model, along: direction) { model in
      let (a, b) = (model.a.tensor, model.b.tensor)
      return a * a * a * b
    }
    #expect(product.a.value.item == 36 + 120)
    #expect(product.b.value.item == 12)
  }
}
