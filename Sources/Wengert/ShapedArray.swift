/// A multidimensional array of numbers, row-major, outside any tape.
///
/// The plain value of the library: data sets, parameters at rest, gradients and results. Copies share memory until
/// one of them changes. A slice of leading rows shares the memory of its array.
public struct ShapedArray<Scalar: TensorScalar>: Sendable {
  /// The sizes of the axes.
  public let shape: Shape
  @usableFromInline var storage: ArrayStorage
  /// Elements before the first one.
  @usableFromInline let offset: Int

  init(shape: Shape, storage: ArrayStorage, offset: Int = 0) {
    self.shape = shape
    self.storage = storage
    self.offset = offset
  }

  /// An array of no elements, which costs no memory.
  @usableFromInline static var empty: ShapedArray { ShapedArray(shape: .vector(0), storage: .empty) }

  /// An array whose memory is not yet written.
  init(uninitialized shape: Shape) {
    self.init(
      shape: shape, storage: ArrayStorage(byteCount: shape.elementCount * MemoryLayout<Scalar>.stride))
  }

  /// An array of the given shape that holds `scalars` in row-major order.
  ///
  /// Traps unless there are as many scalars as the shape has elements. Time and memory: one copy.
  public init(shape: Shape, scalars: some Collection<Scalar>) {
    guard scalars.count == shape.elementCount else { misuse(.scalarCount(shape, scalars.count)) }
    self.init(uninitialized: shape)
    _ = UnsafeMutableBufferPointer(start: base, count: count).initialize(from: scalars)
  }

  /// An array of the given shape with `value` everywhere.
  public init(repeating value: Scalar, shape: Shape) {
    self.init(uninitialized: shape)
    base.initialize(repeating: value, count: count)
  }

  /// A scalar: an array of shape `()`.
  public init(_ value: Scalar) { self.init(repeating: value, shape: []) }

  /// A vector of the given elements.
  public init(_ scalars: [Scalar]) { self.init(shape: [scalars.count], scalars: scalars) }

  /// A matrix of the given rows. Traps unless all rows have one length.
  public init(_ rows: [[Scalar]]) {
    let columns = rows.first?.count ?? 0
    for row in rows where row.count != columns { misuse(.raggedRows(columns, row.count)) }
    self.init(shape: [rows.count, columns], scalars: Array(rows.joined()))
  }

  /// The number of elements.
  @inlinable public var count: Int { shape.elementCount }

  @inlinable var base: UnsafeMutablePointer<Scalar> { storage.base.assumingMemoryBound(to: Scalar.self) + offset }

  /// The elements in row-major order.
  public var scalars: [Scalar] { withUnsafeBufferPointer(Array.init) }

  /// The only element. Traps unless there is exactly one.
  public var item: Scalar {
    guard count == 1 else { misuse(.itemOfMany(shape)) }
    return base.pointee
  }

  /// The element at the given position, one index per axis. Traps if an index is out of range.
  public subscript(indices: Int...) -> Scalar {
    get { base[position(indices)] }
    set {
      let position = position(indices)
      makeUnique()
      base[position] = newValue
    }
  }

  private func position(_ indices: [Int]) -> Int {
    guard indices.count == shape.count, zip(indices, shape).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      misuse(.elementIndex(indices, shape))
    }
    return zip(indices, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }

  /// The rows in a range along the first axis, sharing this array's memory. Traps if the range is out of bounds.
  public subscript(rows rows: Range<Int>) -> ShapedArray {
    guard let size = shape.first, rows.lowerBound >= 0, rows.upperBound <= size else {
      misuse(.rowRange(rows, shape))
    }
    var part = shape
    part.setSize(rows.count, at: 0)
    let rowCount = size == 0 ? 0 : count / size
    return ShapedArray(shape: part, storage: storage, offset: offset + rows.lowerBound * rowCount)
  }

  /// The same elements in another shape, sharing memory. Traps unless the numbers of elements agree.
  public func reshaped(to shape: Shape) -> ShapedArray {
    guard shape.elementCount == count else { misuse(.reshape(self.shape, shape)) }
    return ShapedArray(shape: shape, storage: storage, offset: offset)
  }

  /// Calls `body` with the elements in row-major order; the pointer is valid during the call only.
  @inlinable
  public func withUnsafeBufferPointer<R>(_ body: (UnsafeBufferPointer<Scalar>) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeBufferPointer(start: base, count: count))
  }

  /// Calls `body` with the elements for changing; copies them first if another array shares the memory.
  @inlinable
  public mutating func withUnsafeMutableBufferPointer<R>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws -> R
  ) rethrows -> R {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeMutableBufferPointer(start: base, count: count))
  }

  @usableFromInline
  mutating func makeUnique() {
    guard !isKnownUniquelyReferenced(&storage) else { return }
    let copy = ShapedArray(uninitialized: shape)
    copy.base.initialize(from: base, count: count)
    self = copy
  }
}

extension ShapedArray: Equatable {
  /// Whether shapes agree and all elements are equal (so an array with a NaN differs from itself).
  public static func == (a: ShapedArray, b: ShapedArray) -> Bool {
    a.shape == b.shape
      && a.withUnsafeBufferPointer { x in b.withUnsafeBufferPointer { y in x.elementsEqual(y) } }
  }
}

extension ShapedArray: CustomStringConvertible {
  /// Nested brackets, as in `[[1.0, 2.0], [3.0, 4.0]]`; long axes are shown by their first and last elements.
  public var description: String { withUnsafeBufferPointer { $0.formatted(shape: shape) } }
}

extension UnsafeBufferPointer where Element: LosslessStringConvertible {
  func formatted(shape: Shape, axis: Int = 0, offset: Int = 0) -> String {
    guard axis < shape.count else { return String(self[offset]) }
    let stride = shape[(axis + 1)...].reduce(1, *)
    let edge = 6
    let size = shape[axis]
    let shown = size <= 2 * edge ? Array(0..<size) : Array(0..<edge) + Array((size - edge)..<size)
    var parts = shown.map { formatted(shape: shape, axis: axis + 1, offset: offset + $0 * stride) }
    if size > 2 * edge { parts.insert("…", at: edge) }
    return "["
      + parts.joined(separator: axis + 1 < shape.count ? ",\n" + String(repeating: " ", count: axis + 1) : ", ")
      + "]"
  }
}
