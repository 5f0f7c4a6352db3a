import CKernels

// The elements in another shape or order. Transposing and broadcasting, and reshaping what is contiguous, are views:
// they cost a record and share their operand's memory.

extension Operation {
  static let views: [Operation] = [
    Operation(
      opcode: .reshape,
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in p.accumulate(0, p.core.reshaped(p.cotangent, to: p.blocked(p.shape(0)))) }, isBlockable: true)),
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
        .init(
          reads: .nothing,
          rule: { p in
            let rank = p.shape(0).count
            var inverse = [Int](repeating: 0, count: rank)
            for axis in 0..<rank { inverse[p.attribute(axis)] = axis }
            p.accumulate(0, p.core.permuted(p.cotangent, p.blocked(inverse)))
          }, isBlockable: true)),
      samples: [
        Sample("matrix", [[2, 3]]) { AnyTensor(Core.current.permuted($0[0].id, [1, 0])) },
        Sample("cycle", [[2, 3, 4]]) { AnyTensor(Core.current.permuted($0[0].id, [2, 0, 1])) },
        Sample("empty", [[2, 0]]) { AnyTensor(Core.current.permuted($0[0].id, [1, 0])) },
      ]),

    Operation(
      opcode: .broadcast,
      derivative: .structural(
        .init(reads: .nothing, rule: { p in p.accumulate(0, p.cotangent) }, isBlockable: true)),
      samples: [
        Sample("scalar", [[]]) { AnyTensor(Core.current.broadcast($0[0].id, to: [2, 3])) },
        Sample("row", [[3]]) { AnyTensor(Core.current.broadcast($0[0].id, to: [2, 3])) },
        Sample("column", [[2, 1]]) { AnyTensor(Core.current.broadcast($0[0].id, to: [4, 2, 3])) },
        Sample("to nothing", [[1, 3]]) { AnyTensor(Core.current.broadcast($0[0].id, to: [0, 3])) },
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

  /// The tensor with two axes exchanged: `transposed(-2, -1)` is the transpose of each matrix of a stack.
  ///
  /// Traps unless both axes exist, counted from 0, or from −1 at the end.
  ///
  /// - Complexity: O(1); a view. Products of matrices take the transposition into their call.
  @inlinable public func transposed(_ a: Int, _ b: Int) -> Self { Self(recordTransposition(handle, a, b)) }

  /// The tensor with its axes in another order: axis `i` of the result is axis `axes[i]` of this tensor.
  ///
  /// Traps unless every axis is named once, counted from 0, or from −1 at the end.
  ///
  /// - Complexity: O(1); a view.
  @inlinable public func permuted(_ axes: Int...) -> Self { Self(recordPermute(handle, axes)) }

  /// The same for a list of axes.
  @inlinable public func permuted(_ axes: [Int]) -> Self { Self(recordPermute(handle, axes)) }

  /// The tensor repeated along new leading axes and along axes of one element, to fill `shape`.
  ///
  /// Traps unless each size, aligned at the last axis, equals the target's or is 1.
  ///
  /// - Complexity: O(1); a view.
  @inlinable public func broadcast(to shape: Shape) -> Self { Self(recordBroadcast(handle, shape)) }
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
func recordTransposition(_ x: Handle, _ a: Int, _ b: Int) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  var axes = Array(0..<core.layout(x).rank)
  axes.swapAt(core.axis(a, of: x, for: "transposed(_:_:)"), core.axis(b, of: x, for: "transposed(_:_:)"))
  return core.handle(core.permuted(x, axes))
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

extension UnsafeMutablePointer<TapeCore> {
  /// The record itself if its elements lie in row-major order without gaps, else a copy.
  func contiguous(_ x: NodeID) -> NodeID {
    if layout(x).isContiguous { return x }
    let type = self[record: x].pointee.scalarType
    let layout = denseLayout(x)
    let value = allocate(layout, type)
    var dense = pointee.layouts[layout].pointee
    copy(x, into: value, &dense, accumulate: false)
    return append(.identity, type, layout: layout, value: value, operands: (x, -1))
  }

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
    let target = pointee.layouts.layout(of: shape)
    if layout(x).hasSameSizes(as: target) { return x }
    return view(.broadcast, x, layout(x).broadcast(to: target))
  }

  /// A record that shares another's memory.
  func view(
    _ opcode: Opcode, _ x: NodeID, _ layout: wg_layout, offset: Int = 0, attributes: Int32 = -1
  ) -> NodeID {
    var layout = layout
    layout.finish()
    let record = self[record: x].pointee
    // The strides of an array without elements, or of an axis with one, mean nothing: a contiguous shape has one layout.
    let number =
      layout.contiguous ? pointee.layouts.number(of: layout.shape) : pointee.layouts.number(of: layout)
    return append(
      opcode, record.scalarType, layout: number, value: record.value + offset * record.scalarType.byteCount,
      operands: (x, -1), attributes: attributes)
  }

  /// Writes a record's elements to, or adds them to those at, the places of a layout of the same shape.
  func copy(_ x: NodeID, into memory: UnsafeMutableRawPointer, _ to: inout wg_layout, accumulate: Bool) {
    let record = self[record: x].pointee
    if record.scalarType == .double {
      wg_copy_f64(record.value.f64, layout(x), memory.f64, &to, accumulate)
    } else {
      wg_copy_f32(record.value.f32, layout(x), memory.f32, &to, accumulate)
    }
  }
}
