import GradientChecking
import Testing
import Wengert

/// A check that cannot fail proves nothing: for every operation, the right derivative passes and one that is wrong by a
/// thousandth does not.
@Suite struct PlantedErrorTests {
  @Test(arguments: OperationCase.all)
  func rightPassesAndWrongFails(_ testCase: OperationCase) throws {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    var options = GradientCheckOptions<Double>()
    options.order = 1
    // The step that the samples' distance from kinks was chosen for, as in the other suites.
    options.step = FiniteDifferences.step
    options.directions = 1
    try Tape.scope {
      let x = inputs.map { Tensor($0) }
      let slopes = testCase.gradients(at: inputs, generator.array(testCase.outputShape))
      // Operations without a derivative, and samples without elements, have none to be wrong.
      guard slopes.contains(where: { $0.scalars.contains { $0.magnitude > 1e-6 } }) else { return }
      try checkGradient(of: { testCase.apply($0) }, at: x, options: options)
      let error = #expect(throws: GradientMismatch.self) {
        try checkGradient(of: { Self.wrong(testCase, $0) }, at: x, options: options)
      }
      #expect(error?.culprit?.operation == "custom")
    }
  }

  private static func wrong(_ testCase: OperationCase, _ x: [Tensor<Double>]) -> Tensor<Double> {
    withDerivative(at: x, of: { testCase.apply($0) }) { cotangent, x, _ in
      pullback(at: x) { testCase.apply($0) }(cotangent).map { $0 * 1.001 }
    }
  }
}
