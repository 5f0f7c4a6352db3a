import CKernels

/// The sizes of an array's axes, outermost first; `[]` is the shape of a scalar.
///
/// A shape has at most ``maximumRank`` axes and lives inline: it costs no allocation.
public struct Shape: Hashable, Sendable, BitwiseCopyable {
  /// The most axes that an array can have.
  public static let maximumRank = Int(WG_MAXIMUM_RANK)

  // Two vectors of 16 bytes: a longer one, kept in an async function, crashes with Swift 6.3.1.
  private var outer: SIMD4<Int32>
  private var inner: SIMD4<Int32>
  private var rank: Int8

  /// The shape with the given sizes.
  ///
  /// Traps if a size is negative, if there are more than ``maximumRank`` of them, or if the number of elements
  /// overflows.
  public init(_ sizes: some Collection<Int>) {
    guard sizes.count <= Shape.maximumRank else { misuse(.tooManyAxes(Array(sizes))) }
    self.init(rank: sizes.count)
    var count = 1
    var overflows = false
    for (axis, size) in sizes.enumerated() {
      guard let exact = Int32(exactly: size), size >= 0 else { misuse(.sizeOutOfRange(Array(sizes))) }
      setSize(Int(exact), at: axis)
      let product = count.multipliedReportingOverflow(by: size)
      overflows = overflows || product.overflow
      count = product.partialValue
    }
    // Eight bytes an element have to be addressable too; an empty array is never too large.
    guard self.contains(0) || !overflows && count <= Int.max / 8 else { misuse(.tooManyElements(Array(sizes))) }
  }

  /// A shape of zeros, for `setSize`.
  init(rank: Int) {
    outer = SIMD4(repeating: 0)
    inner = SIMD4(repeating: 0)
    self.rank = Int8(rank)
  }

  /// The shape of a vector, made without the array that a literal would be.
  @usableFromInline
  static func vector(_ count: Int) -> Shape {
    guard count <= Int(Int32.max) else { misuse(.sizeOutOfRange([count])) }
    var shape = Shape(rank: 1)
    shape.setSize(count, at: 0)
    return shape
  }

  /// The shape of a matrix, likewise.
  static func matrix(_ rows: Int, _ columns: Int) -> Shape {
    var shape = Shape(rank: 2)
    shape.setSize(rows, at: 0)
    shape.setSize(columns, at: 1)
    return shape
  }

  /// The number of elements of an array of this shape: the product of its sizes.
  public var elementCount: Int { reduce(1, &*) }

  /// Words at a time: lane by lane would take as long as a small operation.
  public static func == (a: Shape, b: Shape) -> Bool {
    let (x, y) = (a.words, b.words)
    return (x.0 ^ y.0) | (x.1 ^ y.1) | (x.2 ^ y.2) | (x.3 ^ y.3) == 0 && a.rank == b.rank
  }

  /// A cheap hash.
  var fingerprint: Int {
    let words = words
    let mixed = words.0 &* 0x9E37_79B9_7F4A_7C15 ^ words.1 &* 0xBF58_476D_1CE4_E5B9 ^ words.2 ^ words.3 &* 31
    return Int(truncatingIfNeeded: mixed >> 52) ^ Int(rank)
  }

  /// Replaces the size of one axis without the checks of `init`.
  mutating func setSize(_ size: Int, at axis: Int) {
    let size = Int32(truncatingIfNeeded: size)
    if axis < 4 { outer[axis] = size } else { inner[axis - 4] = size }
  }

  private var words: (UInt64, UInt64, UInt64, UInt64) {
    let x = unsafeBitCast(outer, to: SIMD2<UInt64>.self)
    let y = unsafeBitCast(inner, to: SIMD2<UInt64>.self)
    return (x[0], x[1], y[0], y[1])
  }
}

extension Shape: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { Int(rank) }
  public subscript(axis: Int) -> Int {
    guard axis >= 0, axis < Int(rank) else { misuse(.axisOfShape(axis, self)) }
    return Int(axis < 4 ? outer[axis] : inner[axis - 4])
  }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
  public init(arrayLiteral sizes: Int...) { self.init(sizes) }

  /// Sizes in parentheses, as in `(64, 2)`; a scalar's shape is `()`.
  public var description: String { "(" + map(String.init).joined(separator: ", ") + (rank == 1 ? ",)" : ")") }
}
