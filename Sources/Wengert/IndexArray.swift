/// A multidimensional array of integers, row-major: positions, ranks and labels. No derivative passes through one.
///
/// What `argmax` and sorting give, and what `gathered` and its kind take. As a collection it is the list of its
/// elements in row-major order, so it can be used as labels directly.
public struct IndexArray: Hashable, Sendable {
  /// The sizes of the axes.
  public let shape: Shape
  @usableFromInline let elements: [Int]

  /// An array of the given shape that holds `indices` in row-major order. Traps unless their number fits the shape.
  public init(shape: Shape, indices: some Collection<Int>) {
    guard indices.count == shape.elementCount else { misuse(.indexCount(shape, indices.count)) }
    self.shape = shape
    elements = Array(indices)
  }

  /// A vector of the given indices.
  public init(_ indices: some Collection<Int>) { self.init(shape: [indices.count], indices: indices) }

  /// A matrix of the given rows. Traps unless all rows have one length.
  public init(_ rows: [[Int]]) {
    let columns = rows.first?.count ?? 0
    for row in rows where row.count != columns { misuse(.raggedRows(columns, row.count)) }
    self.init(shape: [rows.count, columns], indices: Array(rows.joined()))
  }

  /// The same elements in another shape. Traps unless the numbers of elements agree.
  public func reshaped(to shape: Shape) -> IndexArray {
    guard shape.elementCount == count else { misuse(.reshape(self.shape, shape)) }
    return IndexArray(shape: shape, indices: elements)
  }

  /// The only element. Traps unless there is exactly one.
  public var item: Int {
    guard count == 1 else { misuse(.itemOfMany(shape)) }
    return elements[0]
  }

  /// The element at the given position, one index per axis. Traps if an index is out of range.
  public subscript(at indices: Int...) -> Int {
    guard indices.count == shape.count, zip(indices, shape).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      misuse(.elementIndex(indices, shape))
    }
    return elements[zip(indices, shape).reduce(0) { $0 * $1.1 + $1.0 }]
  }
}

extension IndexArray: RandomAccessCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { elements.count }
  @inlinable public subscript(position: Int) -> Int { elements[position] }
  @inlinable public func withContiguousStorageIfAvailable<R>(
    _ body: (UnsafeBufferPointer<Int>) throws -> R
  ) rethrows -> R? { try elements.withContiguousStorageIfAvailable(body) }
}

extension IndexArray: ExpressibleByArrayLiteral, CustomStringConvertible {
  public init(arrayLiteral indices: Int...) { self.init(indices) }

  /// Nested brackets, as in `[[1, 2], [3, 4]]`.
  public var description: String { elements.withUnsafeBufferPointer { $0.formatted(shape: shape) } }
}
