import CKernels

// NumPy's arithmetic on whole arrays: `a * b` makes a new array, `a += b` changes one.
//
// The functions that hand memory to C are never inlined: a caller keeps an argument alive during a call, so that no
// reference has to be counted for it.

extension NDArray {
  /// A new array, `operation` applied to each element of `a`.
  @inlinable
  static func map(_ operation: Opcode, _ a: NDArray) -> NDArray { map(operation, a, a) }

  /// A new array, `operation` applied to each pair of elements; shapes broadcast as in NumPy.
  @inlinable
  static func map(_ operation: Opcode, _ a: NDArray, _ b: NDArray) -> NDArray {
    let x = a.extents
    let y = b.extents
    let result: NDArray
    if x.sizes == y.sizes {
      result = NDArray(uninitialized: x.sizes, rank: Int(max(x.rank, y.rank)))
    } else {
      let sizes = x.sizes.replacing(with: y.sizes, where: x.sizes .== 1)
      precondition(all((y.sizes .== sizes) .| (y.sizes .== 1)), "shapes do not broadcast")
      result = NDArray(uninitialized: sizes, rank: Int(max(x.rank, y.rank)))
    }
    result.apply(operation, a, b)
    return result
  }

  /// Writes `operation(a, b)` into this array, which may be `a` or `b`.
  @inlinable @inline(never)
  func apply(_ operation: Opcode, _ a: NDArray, _ b: NDArray) {
    let x = a.extents
    let y = b.extents
    let own = extents
    if own.count == 1 {
      base.pointee = Scalar.scalar(operation, a.base.pointee, b.base.pointee)
    } else {
      var shape = own.layout(over: own.sizes)
      if x.sizes == own.sizes && y.sizes == own.sizes {
        Self.call(operation, x, &shape, y, &shape, &shape, base)
      } else {
        var first = x.layout(over: own.sizes)
        var second = y.layout(over: own.sizes)
        Self.call(operation, x, &first, y, &second, &shape, base)
      }
    }
  }

  @inlinable @inline(__always)
  static func call(
    _ operation: Opcode, _ a: Extents, _ x: UnsafePointer<wg_layout>, _ b: Extents, _ y: UnsafePointer<wg_layout>,
    _ shape: UnsafePointer<wg_layout>, _ result: UnsafeMutablePointer<Scalar>
  ) {
    let first = wg_view(data: UnsafeRawPointer(a.base), layout: x)
    var views = (first, wg_view(data: UnsafeRawPointer(b.base), layout: y), first)
    withUnsafePointer(to: &views) {
      Scalar.apply(operation, UnsafeRawPointer($0).assumingMemoryBound(to: wg_view.self), shape, result)
    }
  }

  /// Adds `other`, repeated along axes where it has one element, to this array.
  @inlinable
  func add(_ other: NDArray) { apply(.add, self, other) }

  // MARK: Sums

  /// The seed's `_unbroadcast`: the sum of this array over the axes that broadcasting introduced or stretched.
  @inlinable
  func unbroadcast(to target: NDArray) -> NDArray {
    let goal = target.extents
    if extents.sizes == goal.sizes { return self }
    return summed(to: goal.sizes, rank: Int(goal.rank), divisor: 1)
  }

  /// The sum over all axes in which `sizes` has one element, divided by `divisor`.
  @inlinable @inline(never)
  func summed(to sizes: SIMD4<Int32>, rank: Int, divisor: Scalar) -> NDArray {
    let result = NDArray(uninitialized: sizes, rank: rank)
    var layout = extents.layout(over: extents.sizes)
    Scalar.sum(base, &layout, Self.reducedAxes(extents.sizes, sizes), divisor, result.base)
    return result
  }

  /// The largest element along all axes in which `sizes` has one element.
  @inlinable @inline(never)
  func maximum(to sizes: SIMD4<Int32>, rank: Int) -> NDArray {
    let result = NDArray(uninitialized: sizes, rank: rank)
    var layout = extents.layout(over: extents.sizes)
    Scalar.maximum(base, &layout, Self.reducedAxes(extents.sizes, sizes), result.base)
    return result
  }

  @inlinable
  static func reducedAxes(_ from: SIMD4<Int32>, _ to: SIMD4<Int32>) -> UInt32 {
    var axes: UInt32 = 0
    for axis in 0..<4 where to[axis] == 1 && from[axis] != 1 { axes |= 1 << UInt32(axis) }
    return axes
  }

  // MARK: Products

  /// The matrix product of `a` or its transpose and `b` or its transpose.
  @inlinable @inline(never)
  static func product(_ a: NDArray, transposed transposeA: Bool, _ b: NDArray, transposed transposeB: Bool) -> NDArray {
    let x = a.extents.sizes
    let y = b.extents.sizes
    let (m, k) = transposeA ? (x[3], x[2]) : (x[2], x[3])
    let (inner, n) = transposeB ? (y[3], y[2]) : (y[2], y[3])
    precondition(k == inner, "shapes do not fit a matrix product")
    let result = NDArray(uninitialized: SIMD4(1, 1, m, n), rank: 2)
    let done = Scalar.multiply(
      transposeA, transposeB, Int(m), Int(n), Int(k), a.base, Int(x[3]), b.base, Int(y[3]), nil, result.base)
    precondition(done, "sizes beyond those of BLAS")
    return result
  }

  @inlinable
  func withRows(_ body: (_ rows: Int, _ columns: Int) -> Void) {
    let columns = Int(extents.sizes[3])
    body(columns == 0 ? 0 : count / columns, columns)
    withExtendedLifetime(memory) {}
  }
}
