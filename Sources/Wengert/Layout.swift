import CKernels

// Where an array's elements are: the sizes and strides that kernels go by.

extension UnsafePointer<wg_layout> {
  /// Sizes of the axes; the first `rank` count.
  var sizes: UnsafePointer<Int64> { UnsafeRawPointer(self).assumingMemoryBound(to: Int64.self) }
  /// Strides of the axes in elements; the first `rank` count.
  var strides: UnsafePointer<Int64> { sizes + Int(WG_MAXIMUM_RANK) }
  var rank: Int { Int(pointee.rank) }
  var elementCount: Int { Int(pointee.count) }
  var isContiguous: Bool { pointee.contiguous }

  var shape: Shape {
    var shape = Shape(rank: rank)
    for axis in 0..<rank { shape.setSize(Int(sizes[axis]), at: axis) }
    return shape
  }

  func hasSameSizes(as other: Self) -> Bool {
    guard rank == other.rank else { return false }
    for axis in 0..<rank where sizes[axis] != other.sizes[axis] { return false }
    return true
  }

  /// The axes of `larger` along which this layout was repeated to become it, as bits.
  func broadcastAxes(in larger: UnsafePointer<wg_layout>) -> UInt32 {
    let missing = larger.rank - rank
    var axes: UInt32 = 0
    for axis in 0..<larger.rank {
      if axis < missing || sizes[axis - missing] != larger.sizes[axis] { axes |= 1 << UInt32(axis) }
    }
    return axes
  }
}

extension wg_layout {
  /// Row-major without gaps.
  init(_ shape: Shape) {
    self.init()
    rank = Int32(shape.count)
    withMutableAxes { sizes, strides in
      for axis in 0..<shape.count { sizes[axis] = Int64(shape[axis]) }
      Self.fillRowMajor(sizes, strides, shape.count)
    }
    finish()
  }

  var shape: Shape { withUnsafePointer(to: self) { $0.shape } }

  /// A layout of the same sizes in which every element is the first.
  var repeatingOneElement: wg_layout {
    var result = self
    result.withMutableAxes { sizes, strides in
      for axis in 0..<Int(rank) { strides[axis] = 0 }
    }
    result.finish()
    return result
  }

  static func fillRowMajor(
    _ sizes: UnsafeMutablePointer<Int64>, _ strides: UnsafeMutablePointer<Int64>, _ rank: Int
  ) {
    var stride: Int64 = 1
    for axis in (0..<rank).reversed() {
      strides[axis] = stride
      stride &*= sizes[axis]
    }
  }

  mutating func withMutableAxes<R>(
    _ body: (UnsafeMutablePointer<Int64>, UnsafeMutablePointer<Int64>) -> R
  ) -> R {
    withUnsafeMutablePointer(to: &self) {
      let sizes = UnsafeMutableRawPointer($0).assumingMemoryBound(to: Int64.self)
      return body(sizes, sizes + Int(WG_MAXIMUM_RANK))
    }
  }

  /// Derives count and contiguity from sizes and strides.
  mutating func finish() {
    let rank = Int(rank)
    (count, contiguous) = withMutableAxes { sizes, strides in
      var count: Int64 = 1
      var contiguous = true
      for axis in (0..<rank).reversed() {
        // The stride of an axis of one element is never used.
        if sizes[axis] != 1 && strides[axis] != count { contiguous = false }
        count &*= sizes[axis]
      }
      return (count, contiguous || count == 0)
    }
  }
}
