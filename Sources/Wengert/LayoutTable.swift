import CKernels

/// The layouts a tape has seen, each stored once, so that a record needs four bytes for its shape and two equal
/// shapes are compared by number.
struct LayoutTable {
  /// The layout of a scalar.
  static let scalar: Int32 = 0

  private var arena = Arena()
  private var layouts = PlainStack<UnsafePointer<wg_layout>>(capacity: 64)
  /// Each layout's sizes as a `Shape`, which takes longer to put together than to keep.
  private var shapes = PlainStack<Shape>(capacity: 64)
  private var buckets: UnsafeMutablePointer<Int32>
  private var bucketCount = 128
  private static let recentCount = 64
  private var recent: UnsafeMutablePointer<(shape: Shape, number: Int32)>

  init() {
    buckets = .allocate(capacity: bucketCount)
    buckets.initialize(repeating: -1, count: bucketCount)
    recent = .allocate(capacity: Self.recentCount)
    recent.initialize(repeating: (Shape(), Self.scalar), count: Self.recentCount)
    _ = number(of: wg_layout(Shape()))
  }

  func deallocate() {
    arena.deallocate()
    layouts.deallocate()
    shapes.deallocate()
    buckets.deallocate()
    recent.deallocate()
  }

  var count: Int { layouts.count }
  var byteCapacity: Int { arena.capacity + layouts.byteCapacity + bucketCount * 4 }

  @inline(__always)
  subscript(number: Int32) -> UnsafePointer<wg_layout> { layouts.base[Int(number)] }

  @inline(__always)
  func shape(_ number: Int32) -> Shape { shapes.base[Int(number)] }

  /// The number of a layout; known ones are found by hashing.
  mutating func number(of layout: wg_layout) -> Int32 {
    withUnsafePointer(to: layout) { layout in
      var bucket = Self.hash(layout) & (bucketCount - 1)
      while true {
        let candidate = buckets[bucket]
        if candidate < 0 { break }
        if Self.areEqual(self[candidate], layout) { return candidate }
        bucket = (bucket + 1) & (bucketCount - 1)
      }
      let memory = arena.allocate(MemoryLayout<wg_layout>.stride).assumingMemoryBound(to: wg_layout.self)
      memory.initialize(to: layout.pointee)
      layouts.append(UnsafePointer(memory))
      shapes.append(UnsafePointer(memory).shape)
      let number = Int32(layouts.count - 1)
      buckets[bucket] = number
      if layouts.count * 2 > bucketCount { rehash() }
      return number
    }
  }

  /// The number of the contiguous layout of a shape. Those asked for last are found without hashing a layout.
  mutating func number(of shape: Shape) -> Int32 {
    if shape.isEmpty { return Self.scalar }
    let slot = shape.fingerprint & (Self.recentCount - 1)
    if recent[slot].shape == shape { return recent[slot].number }
    let number = number(of: wg_layout(shape))
    recent[slot] = (shape, number)
    return number
  }

  /// The contiguous layout of a shape. In one expression, `layouts[layouts.number(of: shape)]` could look where the table
  /// was before it grew.
  mutating func layout(of shape: Shape) -> UnsafePointer<wg_layout> {
    let number = number(of: shape)
    return self[number]
  }

  private static func areEqual(_ a: UnsafePointer<wg_layout>, _ b: UnsafePointer<wg_layout>) -> Bool {
    guard a.hasSameSizes(as: b) else { return false }
    for axis in 0..<a.rank where a.strides[axis] != b.strides[axis] { return false }
    return true
  }

  private static func hash(_ layout: UnsafePointer<wg_layout>) -> Int {
    var hash = UInt64(layout.rank) &+ 0x9E37_79B9_7F4A_7C15
    for axis in 0..<layout.rank {
      hash = (hash ^ UInt64(bitPattern: layout.sizes[axis])) &* 0xBF58_476D_1CE4_E5B9
      hash = (hash ^ (hash >> 29) ^ UInt64(bitPattern: layout.strides[axis])) &* 0x94D0_49BB_1331_11EB
    }
    return Int(truncatingIfNeeded: hash >> 20)
  }

  private mutating func rehash() {
    buckets.deallocate()
    bucketCount *= 4
    buckets = .allocate(capacity: bucketCount)
    buckets.initialize(repeating: -1, count: bucketCount)
    for number in 0..<Int32(layouts.count) {
      var bucket = Self.hash(self[number]) & (bucketCount - 1)
      while buckets[bucket] >= 0 { bucket = (bucket + 1) & (bucketCount - 1) }
      buckets[bucket] = number
    }
  }
}
