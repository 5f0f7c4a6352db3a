// Views by other names than a subscript: axes that come, go, turn round or move together. All of them are slices.

extension Composite {
  static let axisViews: [Composite] = [
    Composite(
      "expandingShape",
      samples: [
        .of("scalar", [[]]) { $0[0].expandingShape(at: 0) },
        .of("of transposed", [[2, 3]]) { $0[0].transposed().expandingShape(at: 1, -1) },
      ]),
    Composite(
      "squeezed",
      samples: [
        .of("all", [[1, 3, 1]]) { $0[0].squeezed() }, .of("one", [[1, 2, 1]]) { $0[0].squeezed(along: -1) },
        .of("of transposed", [[2, 1, 3]]) { $0[0].transposed().squeezed(along: 1) },
      ]),
    Composite(
      "flipped",
      samples: [
        .of("all", [[2, 3]]) { $0[0].flipped() }, .of("one", [[2, 3]]) { $0[0].flipped(along: 1) },
        .of("twice", [[3]]) { $0[0].flipped(along: 0).flipped() }, .of("empty", [[0, 2]]) { $0[0].flipped() },
        .of("into a product", [[2, 3], [3, 2]]) { matmul($0[0].flipped(along: 1), $0[1].flipped()) },
      ]),
    Composite(
      "diagonal",
      samples: [
        .of("square", [[3, 3]]) { $0[0].diagonal() }, .of("below", [[2, 4, 3]]) { $0[0].diagonal(offset: -2) },
        .of("outside", [[2, 2]]) { $0[0].diagonal(offset: 2) },
        .of("of transposed", [[2, 3]]) { $0[0].transposed().diagonal() },
      ]),
    Composite(
      "diagonalMatrix",
      samples: [
        .of("vector", [[3]]) { $0[0].diagonalMatrix() }, .of("above", [[2, 2]]) { $0[0].diagonalMatrix(offset: 1) },
      ]),
    Composite("trace", samples: [.of("", [[3, 3]]) { $0[0].trace() }, .of("stack", [[2, 2, 3]]) { $0[0].trace() }]),
  ]
}

extension Tensor {
  /// The tensor with new axes of one element at the given places of the result, counted from 0, or from −1 at its end.
  ///
  /// Traps if a place is out of range or named twice, or if the result has more than ``Shape/maximumRank`` axes.
  ///
  /// - Complexity: O(1); a view, whatever the tensor's layout.
  @inlinable public func expandingShape(at axes: Int...) -> Self { Self(recordExpandingShape(handle, axes)) }

  /// The same for a list of places.
  @inlinable public func expandingShape(at axes: [Int]) -> Self { Self(recordExpandingShape(handle, axes)) }

  /// The tensor without its axes of one element.
  ///
  /// - Complexity: O(1); a view.
  @inlinable public func squeezed() -> Self { Self(recordSqueezed(handle, nil)) }

  /// The tensor without some axes, counted from 0, or from −1 at the end.
  ///
  /// Traps unless each of them has one element, or if one is out of range or repeated.
  ///
  /// - Complexity: O(1); a view.
  @inlinable public func squeezed(along axes: Int...) -> Self { Self(recordSqueezed(handle, axes)) }

  /// The same for a list of axes.
  @inlinable public func squeezed(along axes: [Int]) -> Self { Self(recordSqueezed(handle, axes)) }

  /// The elements in reverse order along all axes.
  ///
  /// - Complexity: O(1); a view. Products of matrices copy it.
  @inlinable public func flipped() -> Self { Self(recordFlipped(handle, nil)) }

  /// The elements in reverse order along some axes, counted from 0, or from −1 at the end.
  ///
  /// Traps if an axis is out of range or repeated.
  ///
  /// - Complexity: O(1); a view. Products of matrices copy it.
  @inlinable public func flipped(along axes: Int...) -> Self { Self(recordFlipped(handle, axes)) }

  /// The same for a list of axes.
  @inlinable public func flipped(along axes: [Int]) -> Self { Self(recordFlipped(handle, axes)) }

  /// The diagonal of a matrix, or of each matrix of a stack: the elements whose column is their row plus `offset`.
  ///
  /// The result has the shape of the tensor without its last two axes, and one axis for the diagonal, which has no
  /// elements if the matrix has none there. Traps unless there are two axes.
  ///
  /// - Complexity: O(1); a view.
  @inlinable public func diagonal(offset: Int = 0) -> Self { Self(recordDiagonal(handle, offset, "diagonal(offset:)")) }

  /// The square matrix with the elements along the last axis on a diagonal, and zeros elsewhere.
  ///
  /// For a vector of n elements its size is n + |`offset`|; other axes make a stack of matrices. Traps for a scalar.
  ///
  /// - Complexity: O(elements of the result), which the tape keeps; the adjoint is a view.
  @inlinable public func diagonalMatrix(offset: Int = 0) -> Self { Self(recordDiagonalMatrix(handle, offset)) }

  /// The sum of the diagonal of a matrix, or of each matrix of a stack. Traps unless there are two axes.
  ///
  /// - Complexity: O(diagonal elements); the tape keeps one number per matrix.
  @inlinable public func trace() -> Self { Self(recordTrace(handle)) }
}

@usableFromInline @inline(never)
func recordExpandingShape(_ x: Handle, _ axes: [Int]) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  return core.handle(core.expanded(x, at: core.newAxes(axes, of: x, for: "expandingShape(at:)")))
}

@usableFromInline @inline(never)
func recordSqueezed(_ x: Handle, _ axes: [Int]?) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let shape = core.shape(x)
  let bits = axes.map { core.axisBits($0, of: x, for: "squeezed(along:)") }
  var map = AxisMap()
  var kept: [Int] = []
  for axis in shape.indices {
    if let bits, bits >> UInt32(axis) & 1 == 1, shape[axis] != 1 { misuse(.squeeze(axis, shape)) }
    guard bits.map({ $0 >> UInt32(axis) & 1 == 1 }) ?? (shape[axis] == 1) else {
      map.axes.append(AxisMap.Axis(target: kept.count))
      kept.append(shape[axis])
      continue
    }
    map.axes.append(AxisMap.Axis(target: nil))
  }
  return core.handle(core.sliced(x, map, to: Shape(kept)))
}

@usableFromInline @inline(never)
func recordFlipped(_ x: Handle, _ axes: [Int]?) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let bits = core.axisBits(axes, of: x, for: "flipped(along:)")
  let shape = core.shape(x)
  let map = AxisMap(
    axes: shape.enumerated().map { axis, size in
      bits >> UInt32(axis) & 1 == 1 && size > 1
        ? AxisMap.Axis(start: size - 1, step: -1, target: axis) : AxisMap.Axis(target: axis)
    })
  return core.handle(core.sliced(x, map, to: shape))
}

@usableFromInline @inline(never)
func recordDiagonal(_ x: Handle, _ offset: Int, _ function: String) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  core.checkMatrix(x, for: function)
  return core.handle(core.diagonal(x, offset: offset))
}

@usableFromInline @inline(never)
func recordTrace(_ x: Handle) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  core.checkMatrix(x, for: "trace()")
  let diagonal = core.diagonal(x, offset: 0)
  return core.handle(core.sum(diagonal, 1 << UInt32(core.layout(diagonal).rank - 1), keepingAxes: false))
}

@usableFromInline @inline(never)
func recordDiagonalMatrix(_ x: Handle, _ offset: Int) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  if core.layout(x).rank == 0 { misuse(.needsAxis("diagonalMatrix(offset:)", core.shape(x))) }
  return core.handle(core.diagonalMatrix(x, offset: offset))
}

extension UnsafeMutablePointer<TapeCore> {
  /// Traps unless a record has two axes.
  func checkMatrix(_ x: NodeID, for operation: String) {
    if layout(x).rank < 2 { misuse(.needsMatrix(operation, shape(x))) }
  }

  /// Places of new axes in a result, in order and counted from 0. Traps if one is out of range or named twice.
  func newAxes(_ axes: [Int], of x: NodeID, for operation: String) -> [Int] {
    let shape = shape(x)
    let rank = shape.count + axes.count
    let places = axes.map { axis in
      guard axis >= -rank, axis < rank else { misuse(.newAxis(operation, axis, rank, shape)) }
      return axis < 0 ? axis + rank : axis
    }
    guard Set(places).count == axes.count else { misuse(.repeatedAxis(operation, axes, shape)) }
    return places.sorted()
  }

  /// A view with new axes of one element at some places of the result, which are in order.
  func expanded(_ x: NodeID, at places: [Int]) -> NodeID {
    var sizes = Array(shape(x))
    for place in places { sizes.insert(1, at: place) }
    let old = sizes.indices.filter { !places.contains($0) }
    return sliced(x, AxisMap(axes: old.map { AxisMap.Axis(target: $0) }), to: Shape(sizes))
  }

  /// Where a diagonal of the last two of some axes is.
  private func diagonalMap(rank: Int, offset: Int, count: Int) -> AxisMap {
    var map = AxisMap(axes: (0..<rank - 2).map { AxisMap.Axis(target: $0) })
    for start in count == 0 ? [0, 0] : offset < 0 ? [-offset, 0] : [0, offset] {
      map.axes.append(AxisMap.Axis(start: start, target: rank - 2))
    }
    return map
  }

  func diagonal(_ x: NodeID, offset: Int) -> NodeID {
    let shape = shape(x)
    let rank = shape.count
    let (rows, columns) = (shape[rank - 2], shape[rank - 1])
    let count = Swift.max(0, offset < 0 ? Swift.min(rows + offset, columns) : Swift.min(rows, columns - offset))
    var part = Shape(rank: rank - 1)
    for axis in 0..<rank - 2 { part.setSize(shape[axis], at: axis) }
    part.setSize(count, at: rank - 2)
    return sliced(x, diagonalMap(rank: rank, offset: offset, count: count), to: part)
  }

  func diagonalMatrix(_ x: NodeID, offset: Int) -> NodeID {
    let shape = shape(x)
    let count = shape[shape.count - 1]
    let size = count + Int(Swift.min(offset.magnitude, UInt(Int32.max)))
    let target = Shape(shape.dropLast() + [size, size])
    return placed(x, diagonalMap(rank: target.count, offset: offset, count: count), in: target)
  }
}
