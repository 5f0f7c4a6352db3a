import GradientChecking
import Testing
import Wengert

@Suite struct CheckGradientTests {
  @Test func rightDerivativesPass() throws {
    let report = try checkGradient(of: { x in (tanh(x) * exp(x)).sum() }, at: Tensor([0.3, -1.2, 2]))
    #expect(report.comparisons == 8)
    #expect(report.largestDifference < 1e-8)
    try checkGradient(of: { x in softmax(x[0]) * x[1] }, at: [Tensor([1.0, 2, 3]), Tensor([0.5, -1, 2])])
    try checkGradient(of: { x in tanh(x) * x }, at: Tensor([0.3, -1.2, 2] as [Float]))
  }

  @Test func constantsAndEmptyArraysPass() throws {
    try checkGradient(of: { x in Tensor([3.0, 4]) + x * 0 }, at: Tensor([1.0, 2]))
    try checkGradient(of: { x in exp(x) }, at: Tensor(shape: [0, 3], scalars: [Double]()))
  }

  /// A wrong factor, a wrong sign, a missing term, a wrong element: each is found, and named.
  @Test(arguments: ["factor", "sign", "element", "cotangent"])
  func wrongDerivativesFail(_ mistake: String) throws {
    func cube(_ x: Tensor<Double>) -> Tensor<Double> {
      withDerivative(at: x, of: { $0 * $0 * $0 }) { cotangent, x, _ in
        let right: Tensor<Double> = cotangent * (x * x * 3)
        switch mistake {
        case "factor": return right * 1.001
        case "sign": return -right
        case "element": return right * Tensor([1.0, 1, 1.01])
        default: return cotangent.sum() * (x * x * 3)
        }
      }
    }
    let x = Tensor([0.5, -1, 2])
    let error = #expect(throws: GradientMismatch.self) { try checkGradient(of: { exp(cube($0 * 2)) }, at: x) }
    #expect(error?.order == 1)
    #expect(error?.culprit?.operation == "custom")
    // Optimized code may have no line at the call.
    let location = error?.culprit?.location ?? "GradientCheckingTests/CheckGradientTests.swift:"
    #expect(location.hasPrefix("GradientCheckingTests/CheckGradientTests.swift:"))
    if mistake == "element" {
      #expect(error?.culprit?.element == 2)
      #expect(error?.element?.position == 2)
    }
    let text = "\(try #require(error))"
    for number in [error!.derivative, error!.difference, error!.step, error!.culprit!.derivative] {
      #expect(text.contains("\(number)"))
    }
    #expect(text.contains("the first wrong operation is custom"))
  }

  /// Right to first order, wrong to second: a derivative that hides part of itself from differentiation.
  @Test func secondOrderIsChecked() throws {
    func square(_ x: Tensor<Double>) -> Tensor<Double> {
      withDerivative(at: x, of: { $0 * $0 }, pullback: { cotangent, x, _ in cotangent * (x.detached() * 2) })
    }
    let error = #expect(throws: GradientMismatch.self) { try checkGradient(of: square, at: Tensor([1.0, 2])) }
    #expect(error?.order == 2)
    var options = GradientCheckOptions<Double>()
    options.order = 1
    try checkGradient(of: square, at: Tensor([1.0, 2]), options: options)
  }

  @Test func valuesThatAreNotNumbersFail() {
    func hidden(_ x: Tensor<Double>) -> Tensor<Double> {
      withDerivative(at: x, of: { $0 * 2 }, pullback: { cotangent, x, _ in cotangent * log(x) })
    }
    #expect(throws: GradientMismatch.self) { try checkGradient(of: hidden, at: Tensor([-1.0, -2])) }
  }

  @Test func errorsOfTheFunctionPass() {
    struct Failure: Error {}
    #expect(throws: Failure.self) { try checkGradient(of: { _ in throw Failure() }, at: Tensor([1.0])) }
  }

  @Test func modelsAreChecked() throws {
    struct Quadratic: Model {
      var a: Parameter<Double>
      var b: Parameter<Double>
      mutating func visitParameters(_ visitor: inout some ParameterVisitor<Double>) {
        visitor.visit("a", &a)
        visitor.visit("b", &b)
      }
    }
    let model = Quadratic(a: Parameter(ShapedArray([1.0, 2])), b: Parameter(0.5))
    try checkGradient(of: { model in (model.a.tensor * model.a.tensor * model.b.tensor).sum() }, at: model)
    let error = #expect(throws: GradientMismatch.self) {
      try checkGradient(
        of: { model in
          withDerivative(
            at: model.a.tensor, of: { $0.sum() }, pullback: { cotangent, a, _ in cotangent * (a * 0 + 2) })
            * model.b.tensor
        }, at: model)
    }
    #expect(error?.element?.input == 0)
  }
}
