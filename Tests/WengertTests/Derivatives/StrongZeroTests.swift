import Testing
import Wengert

/// Where a cotangent is exactly 0, so is what it contributes, whatever the local derivative.
@Suite struct StrongZeroTests {
  private static let specials: [Double] = [
    0, -0.0, .infinity, -.infinity, .nan, 1, -1, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
  ]

  /// The pullback of a custom operation is the user's, who may have other plans.
  @Test(arguments: OperationCase.all.filter { $0.name != "custom" })
  func zeroCotangentGivesZero(_ testCase: OperationCase) {
    let operands = testCase.sample.shapes.count
    for choice in Self.choices(operands) {
      let inputs = zip(testCase.sample.shapes, choice).map { ShapedArray(repeating: $1, shape: $0) }
      let v = ShapedArray(repeating: 0.0, shape: testCase.outputShape)
      let narrow = testCase.pulledBack(v.converted(to: Float.self), at: inputs.map { $0.converted() })
      // One message per sample is enough.
      guard expectZero(testCase.pulledBack(v, at: inputs), testCase, "direct", choice),
        expectZero(insideDifferentiation { testCase.pulledBack(v, at: inputs) }, testCase, "recorded", choice),
        expectZero(narrow.map { $0.converted() }, testCase, "Float", choice)
      else { return }
    }
  }

  /// Singular elements with cotangent 0 beside regular ones with cotangent 1.
  @Test(arguments: OperationCase.all.filter { $0.isElementwise && Set($0.sample.shapes) == [[5]] })
  func zerosBesideOnes(_ testCase: OperationCase) {
    var generator = testCase.generator
    let regular = testCase.inputs(&generator)
    let v = ShapedArray(shape: [5], scalars: [1, 0, 1, 0, 1])
    let expected = testCase.pulledBack(v, at: regular)
    for choice in Self.choices(regular.count) {
      var inputs = regular
      for operand in inputs.indices {
        inputs[operand].setScalar(choice[operand], at: 1)
        inputs[operand].setScalar(choice[operand], at: 3)
      }
      for (actual, expected) in zip(testCase.pulledBack(v, at: inputs), expected) {
        #expect(actual == expected, "\(testCase.testDescription) at \(choice), seed \(testCase.seed)")
      }
    }
  }

  /// The second derivative obeys the rule too: both cotangents are 0 at a singular point.
  @Test(arguments: OperationCase.all.filter(\.isElementwise))
  func secondOrder(_ testCase: OperationCase) {
    for choice in Self.choices(testCase.sample.shapes.count) {
      let inputs = zip(testCase.sample.shapes, choice).map { ShapedArray(repeating: $1, shape: $0) }
      let zeros = ShapedArray(repeating: 0.0, shape: testCase.outputShape)
      let second = Tape.scope {
        gradient(at: inputs.map { Tensor($0) }) { x in
          let first = valueWithPullback(at: x, of: testCase.apply).pullback(Tensor(zeros))
          // A weight of 0 for every first derivative.
          let sums = zip(first, inputs).map { ($0 * Tensor(repeating: 0, shape: $1.shape)).sum() }
          return sums.dropFirst().reduce(sums[0], +)
        }.map(\.value)
      }
      guard expectZero(second, testCase, "second order", choice) else { return }
    }
  }

  @Test func selectionHidesSingularities() {
    let x = ShapedArray([0.0, 4.0])
    func f(_ x: Tensor<Double>) -> Tensor<Double> { Tensor.where(x .> 0, sqrt(x), 0).sum() }
    #expect(Tape.scope { gradient(at: Tensor(x), of: f).scalars } == [0, 0.25])
    let second = Tape.scope { gradient(at: Tensor(x)) { gradient(at: $0, of: f).sum() }.scalars }
    #expect(second == [0, -1.0 / 32])
    func g(_ x: Tensor<Double>) -> Tensor<Double> { Tensor.where(x .> 0, log(x) + 1 / x, x * x).sum() }
    #expect(Tape.scope { gradient(at: Tensor(x), of: g).scalars } == [0, 0.25 - 1.0 / 16])
  }

  /// What is not taken may be NaN, and so may all that it is made of: at second order a number that is not finite meets
  /// the first order's zeros, which are strong too.
  @Test(arguments: [0.0, -1])
  func selectionHidesSingularitiesAtSecondOrder(_ hidden: Double) {
    let regular = ShapedArray([1.5, 0.5, 2])
    let x = ShapedArray([1.5, 0.5, hidden, 2])
    func f(_ x: Tensor<Double>) -> Tensor<Double> {
      let root = sqrt(x)
      let chain = sin(log(x) / root) * pow(x, x) + atan2(root, x * x) / (root - 2)
      return Tensor.where(x .> 0, chain * chain, 0).sum()
    }
    func second(_ x: Tensor<Double>) -> Tensor<Double> { gradient(at: x) { square(gradient(at: $0, of: f)).sum() } }
    func third(_ x: Tensor<Double>) -> Tensor<Double> { gradient(at: x) { square(second($0)).sum() } }
    Tape.scope {
      let (expected, actual) = (second(Tensor(regular)).scalars, second(Tensor(x)).scalars)
      #expect(actual == [expected[0], expected[1], 0, expected[2]])
      let (higher, highest) = (third(Tensor(regular)).scalars, third(Tensor(x)).scalars)
      #expect(highest == [higher[0], higher[1], 0, higher[2]])
    }
  }

  /// The same through a product of matrices, rows of which are not taken.
  @Test func selectionHidesRowsOfProductsAtSecondOrder() {
    let weight = Tensor([[0.5, -1.0], [0.25, 2.0]])
    func f(_ x: Tensor<Double>, _ w: Tensor<Double>) -> Tensor<Double> {
      let y = affine(matmul(log(x), w), w, w[0])
      return square(Tensor.where(x .> 0, y, 0)).sum()
    }
    func second(_ x: Tensor<Double>, _ w: Tensor<Double>) -> (Tensor<Double>, Tensor<Double>) {
      gradient(at: x, w) { x, w in
        let (xbar, wbar) = gradient(at: x, w, of: f)
        return square(xbar).sum() + square(wbar).sum()
      }
    }
    let regular = second(Tensor([[1.5, 0.5]]), weight)
    let hidden = second(Tensor([[1.5, 0.5], [0.0, -1.0]]), weight)
    expectEqual(hidden.0.scalars, regular.0.scalars + [0, 0], relativeTo: 1e-14, "x")
    expectEqual(hidden.1.scalars, regular.1.scalars, relativeTo: 1e-14, "weight")
  }

  /// Where a factor is 0, but both are finite, a product has its derivatives of every order.
  @Test func zerosOfProductsStayDifferentiable() {
    Tape.scope {
      let hessian = hessian(at: Tensor([0.0, 0.0])) { x in gradient(at: x) { ($0[0] * $0[0] * $0[1]).sum() }.sum() }
      #expect(hessian.scalars == [2, 2, 2, 0])
      let third = jacobian(at: Tensor([0.0, 0.0])) { x in Wengert.hessian(at: x) { $0[0] * $0[0] * $0[1] } }
      #expect(third.scalars == [0, 2, 2, 0, 2, 0, 0, 0])
    }
  }

  private static func choices(_ operands: Int) -> [[Double]] {
    guard operands > 0 else { return [[]] }
    guard operands < 3 else { return specials.map { [Double](repeating: $0, count: operands) } }
    return choices(operands - 1).flatMap { rest in specials.map { rest + [$0] } }
  }

  private func expectZero(
    _ gradients: [ShapedArray<Double>], _ testCase: OperationCase, _ pass: String, _ choice: [Double]
  ) -> Bool {
    guard let operand = gradients.firstIndex(where: { !$0.scalars.allSatisfy { $0 == 0 } }) else { return true }
    Issue.record(
      "\(pass) \(testCase.testDescription), operand \(operand), inputs \(choice): \(gradients[operand])")
    return false
  }
}

extension OperationCase {
  /// The pullback of a cotangent.
  func pulledBack<S>(_ v: ShapedArray<S>, at inputs: [ShapedArray<S>]) -> [ShapedArray<S>] {
    Tape.scope {
      valueWithPullback(at: inputs.map { Tensor($0) }, of: apply).pullback(Tensor(v)).map(\.value)
    }
  }
}
