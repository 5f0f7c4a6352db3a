import Testing
import Wengert

/// A backward pass that is recorded gives the numbers of one that adds up adjoints in place: fused adjoints, kernels
/// that accumulate and products into existing memory are specialisations of the written rules.
@Suite struct RecordedPassTests {
  @Test(arguments: OperationCase.all)
  func equalsDirectPass(_ testCase: OperationCase) {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    let v = generator.array(testCase.outputShape)
    expectSame(testCase, testCase.gradients(at: inputs, v), testCase.recordedGradients(at: inputs, v))
    let (narrow, u) = (inputs.map { $0.converted(to: Float.self) }, v.converted(to: Float.self))
    expectSame(testCase, testCase.gradients(at: narrow, u), testCase.recordedGradients(at: narrow, u))
  }

  /// The second order of an expression that meets each adjoint twice, direct and recorded.
  @Test(arguments: OperationCase.all)
  func secondOrderEqualsDirectPass(_ testCase: OperationCase) {
    var generator = testCase.generator
    let first = Function(testCase).derivative(testCase.outputShape)
    let inputs = testCase.inputs(&generator) + [generator.array(testCase.outputShape)]
    let w = generator.array([first.outputCount(inputs)])
    let recorded = Tape.scope {
      insideDifferentiation {
        gradient(at: inputs.map { Tensor($0) }) { (Tensor(w) * first.value($0)).sum() }.map(\.value)
      }
    }
    expectSame(testCase, first.gradients(at: inputs, w), recorded)
  }

  private func expectSame<S: TensorScalar>(
    _ testCase: OperationCase, _ direct: [ShapedArray<S>], _ recorded: [ShapedArray<S>]
  ) {
    for (operand, (direct, recorded)) in zip(direct, recorded).enumerated() {
      #expect(direct.shape == recorded.shape)
      // A few units in the last place of the largest adjoint: sums may be taken in another order.
      expectEqual(
        recorded.scalars, direct.scalars, relativeTo: 4 * Double(S.ulpOfOne), minimumScale: 0x1p-20,
        "\(S.self) \(testCase.testDescription), operand \(operand), seed \(testCase.seed)")
    }
  }
}

/// Runs `body` within a differentiation, where every backward pass is recorded.
func insideDifferentiation<R>(_ body: () -> R) -> R {
  var result: R?
  Tape.scope {
    _ = gradient(at: Tensor(1.0)) { x in
      result = body()
      return x
    }
  }
  return result!
}

extension OperationCase {
  /// The gradients of ⟨v, f(x)⟩ by a recorded pass.
  func recordedGradients<S>(at inputs: [ShapedArray<S>], _ v: ShapedArray<S>) -> [ShapedArray<S>] {
    Tape.scope {
      insideDifferentiation {
        gradient(at: inputs.map { Tensor($0) }) { weighted($0, Tensor(v)) }.map(\.value)
      }
    }
  }
}
