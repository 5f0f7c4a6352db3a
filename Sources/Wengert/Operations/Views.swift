import CKernels

// Operations that rearrange elements. Transposing, broadcasting and slicing, and reshaping what is contiguous, are
// views: they cost a record and share their operand's memory.

extension Operation {
  static let views: [Operation] = [
    Operation(
      opcode: .reshape,
      derivative: .structural(.init { p in p.accumulate(0, p.core.reshaped(p.cotangent, to: p.shape(0))) }),
      samples: [
        Sample("(2, 3) to (3, 2)", [[2, 3]]) { AnyTensor(Core.current.reshaped($0[0].id, to: [3, 2])) },
        Sample("transposed to a vector", [[2, 3]]) {
          AnyTensor(Core.current.reshaped(Core.current.permuted($0[0].id, [1, 0]), to: [6]))
        },
        Sample("() to (1, 1)", [[]]) { AnyTensor(Core.current.reshaped($0[0].id, to: [1, 1])) },
        Sample("empty", [[0, 3]]) { AnyTensor(Core.current.reshaped($0[0].id, to: [2, 0])) },
      ]),

    Operation(
      opcode: .permute,
      derivative: .structural(
        .init { p in
          let rank = p.shape(0).count
          var inverse = [Int](repeating: 0, count: rank)
          for axis in 0..<rank { inverse[p.attribute(axis)] = axis }
          p.accumulate(0, p.core.permuted(p.cotangent, inverse))
        }),
      samples: [
        Sample("matrix", [[2, 3]]) { AnyTensor(Core.current.permuted($0[0].id, [1, 0])) },
        Sample("cycle", [[2, 3, 4]]) { AnyTensor(Core.current.permuted($0[0].id, [2, 0, 1])) },
        Sample("empty", [[2, 0]]) { AnyTensor(Core.current.permuted($0[0].id, [1, 0])) },
      ]),

    Operation(
      opcode: .broadcast,
      derivative: .structural(.init { p in p.accumulate(0, p.cotangent) }),
      samples: [
        Sample("scalar", [[]]) { AnyTensor(Core.current.broadcast($0[0].id, to: [2, 3])) },
        Sample("row", [[3]]) { AnyTensor(Core.current.broadcast($0[0].id, to: [2, 3])) },
        Sample("column", [[2, 1]]) { AnyTensor(Core.current.broadcast($0[0].id, to: [4, 2, 3])) },
        Sample("to nothing", [[1, 3]]) { AnyTensor(Core.current.broadcast($0[0].id, to: [0, 3])) },
      ]),

    Operation(
      opcode: .slice,
      derivative: .structural(
        .init { p in p.accumulate(0, p.cotangent, placedAt: (0..<p.shape(0).count).map(p.attribute)) }),
      samples: [
        Sample("vector", [[5]]) { AnyTensor(Core.current.sliced($0[0].id, [1..<4])) },
        Sample("block", [[3, 4]]) { AnyTensor(Core.current.sliced($0[0].id, [1..<3, 0..<2])) },
        Sample("nothing", [[3, 4]]) { AnyTensor(Core.current.sliced($0[0].id, [1..<1])) },
        Sample("of transposed", [[3, 4]]) {
          AnyTensor(Core.current.sliced(Core.current.permuted($0[0].id, [1, 0]), [1..<3, 1..<2]))
        },
      ]),

    /// Zeros with a block in them: the adjoint of a slice.
    Operation(
      opcode: .place,
      derivative: .structural(
        .init { p in
          let shape = p.shape(0)
          p.accumulate(
            0, p.core.sliced(p.cotangent, shape.indices.map { p.attribute($0)..<p.attribute($0) + shape[$0] }))
        }),
      samples: [
        Sample("block", [[2, 2]]) { AnyTensor(Core.current.placed($0[0].id, in: [3, 4], at: [1, 2])) }
      ]),

    Operation(
      opcode: .concatenate,
      derivative: .structural(
        .init { p in
          let axis = p.attribute(p.operandCount + 1)
          var start = 0
          for index in 0..<p.operandCount {
            let size = p.shape(index)[axis]
            let ranges = p.shape(index).enumerated().map { $0 == axis ? start..<start + size : 0..<$1 }
            p.accumulate(index, p.core.sliced(p.cotangent, ranges))
            start += size
          }
        }),
      samples: [
        Sample("vectors", [[2], [3]]) { AnyTensor(Core.current.concatenated($0.map(\.id), along: 0)) },
        Sample("columns", [[2, 3], [2, 0], [2, 1]]) { AnyTensor(Core.current.concatenated($0.map(\.id), along: 1)) },
        Sample("twice the same", [[2, 2]]) {
          AnyTensor(Core.current.concatenated([$0[0].id, $0[0].id], along: 0))
        },
      ]),
  ]
}

extension Tensor {
  /// The same elements, in row-major order, in another shape. Traps unless the numbers of elements agree.
  ///
  /// - Complexity: O(1) if the tensor is contiguous (the value is shared), else one copy.
  @inlinable public func reshaped(to shape: Shape) -> Self { Self(recordReshape(handle, shape)) }

  /// The tensor with its axes in reverse order: a matrix's transpose.
  ///
  /// - Complexity: O(1); a view. Products of matrices take the transposition into their call.
  @inlinable public func transposed() -> Self { Self(recordPermute(handle, nil)) }

  /// The tensor with its axes in another order: axis `i` of the result is axis `axes[i]` of this tensor.
  ///
  /// Traps unless every axis is named once, counted from 0, or from −1 at the end.
  ///
  /// - Complexity: O(1); a view.
  @inlinable public func transposed(_ axes: Int...) -> Self { Self(recordPermute(handle, axes)) }

  /// The same for a list of axes.
  @inlinable public func transposed(_ axes: [Int]) -> Self { Self(recordPermute(handle, axes)) }

  /// The tensor repeated along new leading axes and along axes of one element, to fill `shape`.
  ///
  /// Traps unless each size, aligned at the last axis, equals the target's or is 1.
  ///
  /// - Complexity: O(1); a view.
  @inlinable public func broadcast(to shape: Shape) -> Self { Self(recordBroadcast(handle, shape)) }

  /// The block within some ranges, one per axis from the first on; axes without a range stay whole.
  ///
  /// Traps unless each range lies within its axis.
  ///
  /// - Complexity: O(1); a view. Its adjoint adds to a block of the operand's.
  @inlinable public func sliced(_ ranges: Range<Int>...) -> Self { Self(recordSlice(handle, ranges)) }

  /// The same for a list of ranges.
  @inlinable public func sliced(_ ranges: [Range<Int>]) -> Self { Self(recordSlice(handle, ranges)) }
}

/// The tensors one after the other along an axis, counted from 0, or from −1 at the end.
///
/// Traps unless all other sizes agree, or if there are no tensors.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func concatenated<S>(_ tensors: [Tensor<S>], along axis: Int = 0) -> Tensor<S> {
  Tensor(recordConcatenation(tensors.map(\.handle), axis))
}

@usableFromInline @inline(never)
func recordReshape(_ x: Handle, _ shape: Shape) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  guard core.layout(x).elementCount == shape.elementCount else { misuse(.reshape(core.shape(x), shape)) }
  return core.handle(core.reshaped(x, to: shape))
}

@usableFromInline @inline(never)
func recordPermute(_ x: Handle, _ axes: [Int]?) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let rank = core.layout(x).rank
  guard let axes else { return core.handle(core.permuted(x, (0..<rank).reversed())) }
  let positive = axes.map { $0 < 0 ? $0 + rank : $0 }
  guard positive.sorted() == Array(0..<rank) else { misuse(.permutation(axes, core.shape(x))) }
  return core.handle(core.permuted(x, positive))
}

@usableFromInline @inline(never)
func recordBroadcast(_ x: Handle, _ shape: Shape) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let own = core.shape(x)
  guard own.count <= shape.count, zip(own.reversed(), shape.reversed()).allSatisfy({ $0 == $1 || $0 == 1 }) else {
    misuse(.broadcastTarget(own, shape))
  }
  return core.handle(core.broadcast(x, to: shape))
}

@usableFromInline @inline(never)
func recordSlice(_ x: Handle, _ ranges: [Range<Int>]) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let shape = core.shape(x)
  guard ranges.count <= shape.count, zip(ranges, shape).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 }) else {
    misuse(.slice(ranges, shape))
  }
  return core.handle(core.sliced(x, ranges))
}

@usableFromInline @inline(never)
func recordConcatenation(_ tensors: [Handle], _ axis: Int) -> Handle {
  let core = Core.recording
  let ids = tensors.map(core.resolve)
  guard let first = ids.first else { misuse(.concatenation([], along: axis)) }
  let along = core.axis(axis, of: first, for: "concatenated(_:along:)")
  let shapes = ids.map(core.shape)
  for shape in shapes {
    guard shape.count == shapes[0].count, shape.indices.allSatisfy({ $0 == along || shape[$0] == shapes[0][$0] }) else {
      misuse(.concatenation(shapes, along: along))
    }
  }
  return core.handle(core.concatenated(ids, along: along))
}

extension UnsafeMutablePointer<TapeCore> {
  /// The record itself if its elements lie in row-major order without gaps, else a copy.
  func contiguous(_ x: NodeID) -> NodeID { layout(x).isContiguous ? x : elementwise(.identity, x) }

  func reshaped(_ x: NodeID, to shape: Shape) -> NodeID {
    let x = contiguous(x)
    let record = self[record: x].pointee
    return append(
      .reshape, record.scalarType, layout: pointee.layouts.number(of: shape), value: record.value, operands: (x, -1))
  }

  func permuted(_ x: NodeID, _ axes: some Collection<Int>) -> NodeID {
    let from = layout(x)
    var layout = from.pointee
    layout.withMutableAxes { sizes, strides in
      for (target, axis) in axes.enumerated() {
        sizes[target] = from.sizes[axis]
        strides[target] = from.strides[axis]
      }
    }
    return view(.permute, x, layout, attributes: attributes(axes))
  }

  func broadcast(_ x: NodeID, to shape: Shape) -> NodeID {
    let target = pointee.layouts[pointee.layouts.number(of: shape)]
    if layout(x).hasSameSizes(as: target) { return x }
    return view(.broadcast, x, layout(x).broadcast(to: target))
  }

  func sliced(_ x: NodeID, _ ranges: [Range<Int>]) -> NodeID {
    var layout = layout(x).pointee
    var offset = 0
    let rank = Int(layout.rank)
    layout.withMutableAxes { sizes, strides in
      for (axis, range) in ranges.enumerated() {
        sizes[axis] = Int64(range.count)
        offset += range.lowerBound * Int(strides[axis])
      }
    }
    let starts = (0..<rank).map { $0 < ranges.count ? ranges[$0].lowerBound : 0 }
    return view(.slice, x, layout, offset: offset, attributes: attributes(starts))
  }

  private func view(
    _ opcode: Opcode, _ x: NodeID, _ layout: wg_layout, offset: Int = 0, attributes: Int32 = -1
  ) -> NodeID {
    var layout = layout
    layout.finish()
    let record = self[record: x].pointee
    // The strides of an array without elements mean nothing; the usual ones keep its layout contiguous.
    let number =
      layout.count == 0
      ? pointee.layouts.number(of: layout.shape) : pointee.layouts.number(of: layout)
    return append(
      opcode, record.scalarType, layout: number, value: record.value + offset * record.scalarType.byteCount,
      operands: (x, -1), attributes: attributes)
  }

  /// Zeros of the given shape, with a value in the block that starts at `starts`.
  func placed(_ x: NodeID, in shape: Shape, at starts: [Int]) -> NodeID {
    let type = self[record: x].pointee.scalarType
    let layout = pointee.layouts.number(of: shape)
    let value = allocate(layout, type)
    value.initializeMemory(as: UInt8.self, repeating: 0, count: shape.elementCount * type.byteCount)
    copy(x, into: value, of: shape, at: starts, accumulate: false)
    return append(
      .place, type, layout: layout, value: value, operands: (x, -1), attributes: self.attributes(starts))
  }

  func concatenated(_ tensors: [NodeID], along axis: Int) -> NodeID {
    let type = self[record: tensors[0]].pointee.scalarType
    var shape = shape(tensors[0])
    shape.setSize(tensors.reduce(0) { $0 + Int(self.layout($1).sizes[axis]) }, at: axis)
    checkElementCount(shape)
    let layout = pointee.layouts.number(of: shape)
    let value = allocate(layout, type)
    var starts = [Int](repeating: 0, count: shape.count)
    for tensor in tensors {
      copy(tensor, into: value, of: shape, at: starts, accumulate: false)
      starts[axis] += Int(self.layout(tensor).sizes[axis])
    }
    return append(
      .concatenate, type, layout: layout, value: value,
      attributes: attributes([tensors.count] + tensors.map(Int.init) + [axis]), flags: .hasManyOperands)
  }

  /// Writes a record's elements into, or adds them to, a block of a contiguous array.
  func copy(
    _ x: NodeID, into memory: UnsafeMutableRawPointer, of shape: Shape, at starts: [Int], accumulate: Bool
  ) {
    var block = wg_layout(shape)
    let from = layout(x)
    var offset = 0
    block.withMutableAxes { sizes, strides in
      for axis in 0..<shape.count {
        sizes[axis] = from.sizes[axis]
        offset += starts[axis] * Int(strides[axis])
      }
    }
    block.finish()
    let record = self[record: x].pointee
    if record.scalarType == .double {
      wg_copy_f64(record.value.f64, from, memory.f64 + offset, &block, accumulate)
    } else {
      wg_copy_f32(record.value.f32, from, memory.f32 + offset, &block, accumulate)
    }
  }
}
