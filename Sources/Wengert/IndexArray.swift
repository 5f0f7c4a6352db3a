/// A multidimensional array of integers, row-major: positions, ranks and labels. No derivative passes through one.
///
/// What `argmax` and sorting give, and what `gathered` and its kind take. As a collection it is the list of its
/// elements in row-major order, so it can be used as labels directly.
public struct IndexArray: Sendable {
  /// The sizes of the axes.
  public let shape: Shape
  @usableFromInline let elements: [Int]
  /// Which input of a function that is being recorded this is, if it is one: what the function reads of it is noted.
  @usableFromInline let input: Int?

  /// An array of the given shape that holds `indices` in row-major order. Traps unless their number fits the shape.
  public init(shape: Shape, indices: some Collection<Int>) {
    guard indices.count == shape.elementCount else { misuse(.indexCount(shape, indices.count)) }
    self.shape = shape
    elements = Array(indices)
    input = nil
  }

  /// The same elements, as an input of a function that is being recorded.
  init(_ array: IndexArray, input: Int) {
    shape = array.shape
    elements = array.elements
    self.input = input
  }

  /// Whether the given elements are the ones of this array: not equal ones, but these.
  func hasElements(at buffer: UnsafeBufferPointer<Int>) -> Bool {
    elements.withUnsafeBufferPointer { $0.baseAddress == buffer.baseAddress && $0.count == buffer.count }
  }

  /// Whether the elements are equal to the given ones.
  func equals(_ buffer: UnsafeBufferPointer<Int>) -> Bool {
    elements.withUnsafeBufferPointer { $0.elementsEqual(buffer) }
  }

  /// Called wherever an element is read.
  @inlinable @inline(__always)
  func noteRead() {
    if let input { noteIndexRead(input) }
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
    noteRead()
    return IndexArray(shape: shape, indices: elements)
  }

  /// The only element. Traps unless there is exactly one.
  public var item: Int {
    guard count == 1 else { misuse(.itemOfMany(shape)) }
    noteRead()
    return elements[0]
  }

  /// The element at the given position, one index per axis. Traps if an index is out of range.
  public subscript(at indices: Int...) -> Int {
    guard indices.count == shape.count, zip(indices, shape).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      misuse(.elementIndex(indices, shape))
    }
    noteRead()
    return elements[zip(indices, shape).reduce(0) { $0 * $1.1 + $1.0 }]
  }
}

extension IndexArray: RandomAccessCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { elements.count }
  @inlinable public subscript(position: Int) -> Int {
    noteRead()
    return elements[position]
  }
  @inlinable public func withContiguousStorageIfAvailable<R>(
    _ body: (UnsafeBufferPointer<Int>) throws -> R
  ) rethrows -> R? {
    guard let input else { return try elements.withContiguousStorageIfAvailable(body) }
    return try readingIndices(input) { try elements.withContiguousStorageIfAvailable(body) }
  }
}

@usableFromInline
func readingIndices<R>(_ input: Int, _ body: () throws -> R) rethrows -> R {
  try Core.current.readingIndices(input, body)
}

@usableFromInline
func noteIndexRead(_ input: Int) { Core.current.readingIndices(input) {} }

extension IndexArray: Hashable {
  /// Whether shapes and elements agree.
  public static func == (a: IndexArray, b: IndexArray) -> Bool {
    a.noteRead()
    b.noteRead()
    return a.shape == b.shape && a.elements == b.elements
  }

  public func hash(into hasher: inout Hasher) {
    noteRead()
    hasher.combine(shape)
    hasher.combine(elements)
  }
}

extension IndexArray: ExpressibleByArrayLiteral, CustomStringConvertible {
  public init(arrayLiteral indices: Int...) { self.init(indices) }

  /// Nested brackets, as in `[[1, 2], [3, 4]]`.
  public var description: String {
    noteRead()
    return elements.withUnsafeBufferPointer { $0.formatted(shape: shape) }
  }
}
