import Wengert

/// Examples with a class each: a data set for a classifier.
public struct LabeledData<Scalar: TensorScalar>: Sendable {
  /// The examples, along the first axis.
  public internal(set) var inputs: ShapedArray<Scalar>
  /// The class of each example, from 0.
  public internal(set) var labels: [Int]

  /// Examples and their classes. Traps unless there is one label per row of `inputs`.
  public init(inputs: ShapedArray<Scalar>, labels: [Int]) {
    guard inputs.shape.first == labels.count else { misuse(.exampleCount(inputs.shape, labels.count)) }
    self.inputs = inputs
    self.labels = labels
  }

  /// The number of examples.
  public var count: Int { labels.count }

  /// The first examples for training and the rest for testing, in their order; inputs share memory.
  ///
  /// Shuffle first data that is sorted. Traps unless the fraction lies in 0...1.
  public func split(trainingFraction: Double) -> (training: LabeledData, test: LabeledData) {
    guard trainingFraction >= 0, trainingFraction <= 1 else { misuse(.fraction(trainingFraction)) }
    let middle = Int((Double(count) * trainingFraction).rounded())
    return (
      LabeledData(inputs: inputs[rows: 0..<middle], labels: Array(labels[..<middle])),
      LabeledData(inputs: inputs[rows: middle..<count], labels: Array(labels[middle...]))
    )
  }

  /// Puts the examples into random order, in place; every order is equally likely.
  ///
  /// - Complexity: O(elements); copies the inputs first if another value shares their memory.
  public mutating func shuffle(using generator: inout some RandomNumberGenerator) {
    guard count > 1 else { return }
    let width = inputs.count / count
    inputs.withUnsafeMutableBufferPointer { inputs in
      for row in (1..<labels.count).reversed() {
        let other = generator.index(below: row + 1)
        guard other != row else { continue }
        labels.swapAt(row, other)
        for column in 0..<width { inputs.swapAt(row * width + column, other * width + column) }
      }
    }
  }
}
