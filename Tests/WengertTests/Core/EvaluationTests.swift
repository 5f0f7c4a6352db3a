import Testing
import Wengert

/// A value on the tape is a function of its operands' values and its attributes: a recorded program computes it from
/// nothing else.
@Suite struct EvaluationTests {
  /// Functions that look at elements to decide what to record. A recorded program of theirs holds for these elements.
  static let hostReaders = ["sorted", "topK", "median", "quantile", "determinant of zeros and others"]

  /// Function, gradient and tangent: every value is overwritten, and comes back bit by bit.
  @Test(arguments: OperationCase.all)
  func everyValueIsComputedAgain(_ testCase: OperationCase) {
    checkRestored(testCase, Double.self)
    checkRestored(testCase, Float.self)
  }

  private func checkRestored<S: TensorScalar>(_ testCase: OperationCase, _: S.Type) {
    var data = Data<S>(testCase)
    let inputs = data.inputs()
    Tape.scope {
      insideDifferentiation {
        let start = Tape.current.count
        _ = data.record(inputs.map { Tensor($0) })
        let mismatches = Reevaluation.mismatches(from: start)
        #expect(mismatches.isEmpty, "\(S.self) \(testCase.testDescription), seed \(testCase.seed): \(mismatches)")
      }
    }
  }

  /// The same for other inputs: all values computed again are those of a fresh recording.
  @Test(arguments: OperationCase.all)
  func nothingIsFrozen(_ testCase: OperationCase) throws {
    try checkChanged(testCase, Double.self)
    try checkChanged(testCase, Float.self)
  }

  private func checkChanged<S: TensorScalar>(_ testCase: OperationCase, _: S.Type) throws {
    var data = Data<S>(testCase)
    let (first, second) = (data.inputs(), data.inputs())
    var error: (any Error)?
    let replayed = Tape.scope { () -> [(operation: String, bytes: [UInt8])]? in
      insideDifferentiation {
        let start = Tape.current.count
        // Copies, as they are overwritten.
        let x = first.map { Tensor(shape: $0.shape, scalars: $0.scalars) }
        let holds = data.record(x)
        for (tensor, array) in zip(x, second) { Reevaluation.overwrite(tensor, with: array) }
        do { try Reevaluation.run(from: start) } catch let failure { error = failure }
        guard holds() else {
          let isReader = Self.hostReaders.contains { testCase.testDescription.hasPrefix($0) }
          #expect(isReader, "\(testCase.testDescription) holds only for the elements it was recorded with")
          return nil
        }
        return Reevaluation.values(from: start)
      }
    }
    if let error { throw error }
    guard let replayed else { return }
    let fresh = Tape.scope {
      insideDifferentiation {
        let start = Tape.current.count
        _ = data.record(second.map { Tensor(shape: $0.shape, scalars: $0.scalars) })
        return Reevaluation.values(from: start)
      }
    }
    let description = "\(S.self) \(testCase.testDescription), seed \(testCase.seed)"
    #expect(replayed.map(\.operation) == fresh.map(\.operation), "\(description)")
    for (position, (a, b)) in zip(replayed, fresh).enumerated() where a.bytes != b.bytes {
      Issue.record("\(description): record \(position), \(a.operation), has another value than in a fresh recording")
      return
    }
  }
}

/// Inputs, cotangents and directions for one case.
private struct Data<S: TensorScalar> {
  let testCase: OperationCase
  private var generator: SeededGenerator
  private let cotangent: ShapedArray<S>
  private let directions: [ShapedArray<S>]

  init(_ testCase: OperationCase) {
    self.testCase = testCase
    var generator = testCase.generator
    cotangent = generator.array(testCase.outputShape).converted()
    directions = testCase.sample.shapes.map { generator.array($0).converted() }
    self.generator = generator
  }

  mutating func inputs() -> [ShapedArray<S>] { testCase.inputs(&generator).map { $0.converted() } }

  /// Records value, gradient and tangent. The answer says whether they hold for the inputs as they are when it is asked.
  func record(_ x: [Tensor<S>]) -> () -> Bool {
    Reevaluation.recording {
      _ = gradient(at: x) { testCase.weighted($0, Tensor(cotangent)) }
      _ = jvp(at: x, along: directions.map { Tensor($0) }) { testCase.apply($0) }
    }
  }
}
