import Wengert

/// Which of the package's operations the cases are about.
package struct Coverage: Sendable {
  /// The names of cases.
  private var names: Set<String> = []
  /// The operations that stood on a tape while cases ran.
  private var operations: Set<String> = []

  package init() {}

  package mutating func add(_ testCase: Case, operations: Set<String>) {
    names.insert(testCase.name)
    self.operations.formUnion(operations)
  }

  /// Operations that no case recorded, and composite functions that no case is named after; with the reason, if there
  /// is a good one.
  package var missing: [(name: String, reason: String?)] {
    let unrecorded = Operation.all.map(\.name).filter { !operations.contains($0) }
    let uncalled = Composite.all.map(\.name).filter { !names.contains(Self.caseNames[$0] ?? $0) }
    return (unrecorded + uncalled).map { ($0, Self.reasons[$0]) }
  }

  /// Composite functions of which there are several lists of samples, and what their cases are called.
  private static let caseNames = [
    "variance with Bessel's correction": "variance",
    "norm of order 1, ∞, −∞ and 0": "norm",
    "smoothed cross-entropy": "crossEntropy",
    "cross-entropy with probabilities": "crossEntropy",
    "reduced binaryCrossEntropy": "binaryCrossEntropy",
    "convolution with bias": "convolution",
    "transposedConvolution with bias": "transposedConvolution",
  ]

  /// Why an operation has no case.
  private static let reasons = [
    "checkpointStart": "marks where a checkpointed part starts",
    "checkpointEnd": "marks where a checkpointed part ends",
    "checkpoint": "is the value of another record, computed again in the backward pass",
    "severed": "stands for a result of a scope that is closed, whose use is an error",
    "alias": "is a name for a tensor, recorded by a differentiation at it",
    "maximumPoolTangent": "is what forward mode, and third derivatives, take of a window",
    "custom": "is a user's function, with the user's derivative",
  ]
}
