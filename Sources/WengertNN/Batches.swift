import Wengert

/// A few examples of a data set, sharing its memory.
public struct Batch<Scalar: TensorScalar>: Sendable {
  /// The examples, along the first axis.
  public let inputs: ShapedArray<Scalar>
  /// The class of each example.
  public let labels: ArraySlice<Int>
}

/// The batches of one epoch: each example once, in random order.
///
/// ```swift
/// var batches = training.batches(of: 64, shuffledUsing: &generator)
/// for epoch in 1...200 {
///   for batch in batches { … }
///   batches.shuffle(using: &generator)  // the next epoch's order, in the same memory
/// }
/// ```
public struct Batches<Scalar: TensorScalar>: Sequence, Sendable {
  private var data: LabeledData<Scalar>
  /// The number of examples of each batch but the last, which holds what is left.
  public let size: Int

  fileprivate init(_ data: LabeledData<Scalar>, size: Int) {
    self.data = data
    self.size = size
  }

  /// The number of batches.
  public var count: Int { (data.count + size - 1) / size }

  /// Puts the examples into a new random order.
  ///
  /// - Complexity: O(elements), in place; it copies them first if a batch of the old order is still in use.
  public mutating func shuffle(using generator: inout some RandomNumberGenerator) {
    data.shuffle(using: &generator)
  }

  /// The batches, first to last. A batch costs no memory: it refers to the epoch's.
  public func makeIterator() -> Iterator { Iterator(data: data, size: size) }

  /// The rest of the batches of an epoch.
  public struct Iterator: IteratorProtocol, Sendable {
    fileprivate let data: LabeledData<Scalar>
    fileprivate let size: Int
    private var position = 0

    fileprivate init(data: LabeledData<Scalar>, size: Int) {
      self.data = data
      self.size = size
    }

    /// The next batch, nil at the end of the epoch.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public mutating func next() -> Batch<Scalar>? {
      guard position < data.count else { return nil }
      let rows = position..<Swift.min(position + size, data.count)
      position = rows.upperBound
      return Batch(inputs: data.inputs[rows: rows], labels: data.labels[rows])
    }
  }
}

extension LabeledData {
  /// This data in random order and in batches, for one epoch or, shuffled anew, for many.
  ///
  /// Traps unless `size` is at least 1. Time and memory: one copy of the data.
  public func batches(of size: Int, shuffledUsing generator: inout some RandomNumberGenerator) -> Batches<Scalar> {
    guard size > 0 else { misuse(.batchSize(size)) }
    var batches = Batches(self, size: size)
    batches.shuffle(using: &generator)
    return batches
  }
}
