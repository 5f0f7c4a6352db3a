import Testing
import Wengert

/// Every operation's gradient against differences, on every sample.
@Suite struct FirstOrderTests {
  @Test(arguments: OperationCase.all)
  func agreesWithDifferences(_ testCase: OperationCase) {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    let v = generator.array(testCase.outputShape)
    let gradients = testCase.gradients(at: inputs, v)
    let differences = FiniteDifferences.gradient(
      of: { inputs in Tape.scope { testCase.apply(inputs.map { Tensor($0) }).value } }, at: inputs,
      cotangent: v.scalars)
    for (operand, (gradient, difference)) in zip(gradients, differences).enumerated() {
      expectEqual(
        gradient.scalars, difference, relativeTo: 1e-9,
        "\(testCase.testDescription), operand \(operand), step \(FiniteDifferences.step), seed \(testCase.seed)")
    }
  }

  @Test(arguments: OperationCase.all)
  func floatAgreesWithDouble(_ testCase: OperationCase) {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    let v = generator.array(testCase.outputShape)
    let wide = testCase.gradients(at: inputs, v)
    let narrow = testCase.gradients(at: inputs.map { $0.converted(to: Float.self) }, v.converted())
    for (operand, (narrow, wide)) in zip(narrow, wide).enumerated() {
      #expect(narrow.shape == wide.shape)
      expectEqual(
        narrow.scalars.map(Double.init), wide.scalars, relativeTo: 16 * Double(Float.ulpOfOne),
        "Float \(testCase.testDescription), operand \(operand), seed \(testCase.seed)")
    }
  }

  @Test(arguments: OperationCase.all)
  func adjointHasThePrimalsShape(_ testCase: OperationCase) {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    let v = generator.array(testCase.outputShape)
    for (gradient, shape) in zip(testCase.gradients(at: inputs, v), testCase.sample.shapes) {
      #expect(gradient.shape == shape)
    }
    Tape.scope {
      let tensors = inputs.map { Tensor($0) }
      let gradients = testCase.weighted(tensors, Tensor(v)).backward()
      for tensor in tensors {
        #expect(gradients[tensor].shape == tensor.shape)
        #expect(gradients[tensor].scalars.count == tensor.shape.elementCount)
      }
    }
  }

  /// Leaves of `backward()` and inputs of `gradient(at:of:)` are two ways to the same pass.
  @Test(arguments: OperationCase.all)
  func backwardEqualsGradient(_ testCase: OperationCase) {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    let v = generator.array(testCase.outputShape)
    let expected = testCase.gradients(at: inputs, v)
    Tape.scope {
      let tensors = inputs.map { Tensor($0) }
      let gradients = testCase.weighted(tensors, Tensor(v)).backward()
      for (tensor, expected) in zip(tensors, expected) {
        expectIdentical(gradients[tensor].scalars, expected.scalars, "\(testCase.testDescription) \(testCase.seed)")
      }
    }
  }

  /// An operation that is added later must bring samples, or these tests would pass it over.
  @Test func everyOperationHasSamples() {
    let leaves: Set = ["leaf", "constant", "severed", "checkpointStart", "checkpointEnd"]
    for operation in Operation.all where !leaves.contains(operation.name) {
      #expect(!operation.samples.isEmpty, "\(operation.name) has no samples")
    }
    for composite in Composite.all { #expect(!composite.samples.isEmpty, "\(composite.name) has no samples") }
    let names = Operation.all.map(\.name) + Composite.all.map(\.name)
    #expect(Set(names).count == names.count)
  }
}

extension OperationCase {
  /// The gradients of ⟨v, f(x)⟩ by a direct pass.
  func gradients<S>(at inputs: [ShapedArray<S>], _ v: ShapedArray<S>) -> [ShapedArray<S>] {
    Tape.scope {
      gradient(at: inputs.map { Tensor($0) }) { weighted($0, Tensor(v)) }.map(\.value)
    }
  }
}
