import CKernels
import Testing
import Wengert

/// One operation, or composite function, on one of its samples: what the generic tests run over.
struct OperationCase: Sendable, CustomTestStringConvertible {
  let name: String
  let sample: Sample
  /// Acts on each element by itself.
  var isElementwise = false

  static let all =
    Operation.all.flatMap { operation in
      operation.samples.map {
        OperationCase(name: operation.name, sample: $0, isElementwise: operation.isElementwise)
      }
    }
    + Composite.all.flatMap { composite in
      composite.samples.map { OperationCase(name: composite.name, sample: $0) }
    }

  var testDescription: String { sample.name.isEmpty ? name : "\(name) \(sample.name)" }
  var seed: UInt64 { SeededGenerator.seed(for: testDescription) }
  var generator: SeededGenerator { SeededGenerator(seed: seed) }

  /// Inputs from the sample's domains.
  func inputs(_ generator: inout SeededGenerator) -> [ShapedArray<Double>] {
    zip(sample.shapes, sample.domains).map { generator.array($0, in: $1) }
  }

  func apply<S>(_ inputs: [Tensor<S>]) -> Tensor<S> { sample.apply(inputs.map { AnyTensor($0) }).typed() }

  /// The result's shape; it depends on the inputs' shapes alone.
  var outputShape: Shape {
    Tape.scope { apply(sample.shapes.map { Tensor<Double>(repeating: 1, shape: $0) }).shape }
  }

  /// ⟨v, f(x)⟩
  func weighted<S>(_ inputs: [Tensor<S>], _ v: Tensor<S>) -> Tensor<S> { (v * apply(inputs)).sum() }
}

extension Operation {
  /// Acts on each element by itself, so that any sample can be applied to operands of any shapes.
  var isElementwise: Bool { opcode.rawValue < UInt16(WG_ELEMENTWISE_COUNT) }

  static let elementwise = Operation.all.filter(\.isElementwise)

  /// An elementwise operation on operands of any shapes.
  func apply<S>(_ operands: [Tensor<S>]) -> Tensor<S> {
    samples[0].apply(operands.map { AnyTensor($0) }).typed()
  }
}

extension Operation: CustomTestStringConvertible {
  package var testDescription: String { name }
}

extension ShapedArray {
  /// The same numbers, rounded to another type.
  func converted<T: TensorScalar>(to _: T.Type = T.self) -> ShapedArray<T> {
    ShapedArray<T>(shape: shape, scalars: scalars.map { T($0) })
  }
}
