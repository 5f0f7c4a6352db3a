import CKernels

/// What NumPy's `ndarray` is to the seed: a contiguous row-major array with reference semantics.
///
/// One allocation holds the shape and the elements, so an array costs no more here than the design that is being
/// reproduced requires. Up to four axes, which is more than the benchmarks use.
@frozen public struct NDArray<Scalar: GraphScalar> {
  @usableFromInline typealias Memory = ManagedBuffer<Extents, Scalar>
  @usableFromInline let memory: Memory

  /// An array whose elements are not yet written.
  @inlinable
  init(uninitialized sizes: SIMD4<Int32>, rank: Int) {
    let count = sizes.product
    // Large arrays are aligned for the widest vectors, as the tape's are; malloc itself promises 16 bytes.
    let slack = count > 32 ? 64 / MemoryLayout<Scalar>.stride : 0
    memory = Memory.create(minimumCapacity: count + slack) { buffer in
      buffer.withUnsafeMutablePointerToElements { first in
        let address = UInt(bitPattern: first)
        let aligned = slack == 0 ? address : (address + 63) & ~63
        return Extents(
          sizes: sizes, rank: Int32(truncatingIfNeeded: rank), count: count,
          base: UnsafeMutableRawPointer(bitPattern: aligned)!)
      }
    }
  }

  /// An array with `value` everywhere.
  @inlinable
  init(repeating value: Scalar, like extents: Extents) {
    self.init(uninitialized: extents.sizes, rank: Int(extents.rank))
    fill(value)
  }

  /// An array of the given shape that holds `scalars` in row-major order.
  public init(shape: [Int], scalars: [Scalar]) {
    var sizes = SIMD4<Int32>(repeating: 1)
    for (axis, size) in shape.enumerated() { sizes[4 - shape.count + axis] = Int32(size) }
    self.init(uninitialized: sizes, rank: shape.count)
    precondition(scalars.count == count, "an array of shape \(shape) has \(count) elements, not \(scalars.count)")
    base.initialize(from: scalars, count: count)
  }

  @inlinable var extents: Extents {
    @inline(__always) get { memory.header }
  }
  @inlinable var base: UnsafeMutablePointer<Scalar> {
    @inline(__always) get { extents.base.assumingMemoryBound(to: Scalar.self) }
  }

  /// The number of elements.
  @inlinable public var count: Int {
    @inline(__always) get { extents.count }
  }

  /// The sizes of the axes, outermost first.
  public var shape: [Int] { (4 - Int(extents.rank)..<4).map { Int(extents.sizes[$0]) } }

  /// The elements in row-major order.
  public var scalars: [Scalar] {
    withExtendedLifetime(memory) { Array(UnsafeBufferPointer(start: base, count: count)) }
  }

  /// The only element.
  @inlinable public var item: Scalar { withExtendedLifetime(memory) { base.pointee } }

  /// Calls `body` with the elements.
  @inlinable
  public func withUnsafeMutableBufferPointer<R>(_ body: (UnsafeMutableBufferPointer<Scalar>) -> R) -> R {
    withExtendedLifetime(memory) { body(UnsafeMutableBufferPointer(start: base, count: count)) }
  }

  /// Sets all elements.
  @inlinable
  public func fill(_ value: Scalar) {
    withExtendedLifetime(memory) {
      if count == 1 { base.pointee = value } else { Scalar.fill(value, base, count) }
    }
  }
}

/// The shape of an array and where its elements are.
@frozen @usableFromInline struct Extents {
  /// Aligned at the last axis, as broadcasting aligns them; ones in front.
  @usableFromInline let sizes: SIMD4<Int32>
  @usableFromInline let rank: Int32
  @usableFromInline let count: Int
  @usableFromInline let base: UnsafeMutableRawPointer

  @inlinable @inline(__always)
  init(sizes: SIMD4<Int32>, rank: Int32, count: Int, base: UnsafeMutableRawPointer) {
    self.sizes = sizes
    self.rank = rank
    self.count = count
    self.base = base
  }

  /// The array as the kernels see it, stretched to `shape` where an axis has one element.
  @inlinable
  func layout(over shape: SIMD4<Int32>) -> wg_layout {
    var layout = wg_layout()
    layout.rank = 4
    layout.contiguous = all(shape .== sizes)
    var stride: Int64 = 1
    var total: Int64 = 1
    for axis in (0..<4).reversed() {
      withUnsafeMutableBytes(of: &layout.sizes) {
        $0.storeBytes(of: Int64(shape[axis]), toByteOffset: 8 * axis, as: Int64.self)
      }
      withUnsafeMutableBytes(of: &layout.strides) {
        $0.storeBytes(of: sizes[axis] == 1 && shape[axis] != 1 ? 0 : stride, toByteOffset: 8 * axis, as: Int64.self)
      }
      stride *= Int64(sizes[axis])
      total *= Int64(shape[axis])
    }
    layout.count = total
    return layout
  }
}

extension SIMD4<Int32> {
  @inlinable var product: Int {
    @inline(__always) get { Int(self[0]) * Int(self[1]) * Int(self[2]) * Int(self[3]) }
  }
}
