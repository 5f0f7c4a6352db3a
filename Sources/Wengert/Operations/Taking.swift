import CKernels

// Rows looked up by their numbers.

extension Operation {
  static let taking: [Operation] = [
    /// The parts at some positions along an axis: the cotangents, added up at those positions
    Operation(
      opcode: .take,
      forward: .init { e in
        let rows = e.core.rows(e.layout(0), e.attributes)
        if e.type == .double {
          wg_take_f64(e.input(0).value.f64, rows, e.value.f64)
        } else {
          wg_take_f32(e.input(0).value.f32, rows, e.value.f32)
        }
      },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            p.accumulate(
              0, p.core.placedTaken(p.cotangent, in: p.blocked(p.shape(0)), p.indices))
          },
          fused: { p in
            let target = p.core.layout(p.operand(0))
            let (memory, accumulate) = p.destination(0)
            if !accumulate { p.core.fill(memory, 0, target.elementCount, p.type) }
            p.core.addTaken(p.adjoint, p.type, to: memory, target, p.core[record: p.id].pointee.attributes)
          }, isBlockable: true)),
      samples: [
        .take("rows", [4, 3], [2, 0, 2], along: 0),
        .take("elements", [2, 4], IndexArray([[3, 3], [0, 1]]), along: 1),
        .take("of the middle axis", [2, 3, 2], [1], along: 1), .take("none", [3, 2], [], along: 0),
        .take("of nothing", [2, 0], [1, 1], along: 0),
        .take("one", [3, 2], IndexArray(shape: [], indices: [1]), along: 0),
        Sample("of transposed", [[2, 3]]) { operands in
          let core = Core.current
          return AnyTensor(core.taking(core.permuted(operands[0].id, [1, 0]), [2, 0, 2], along: 0))
        },
      ]),

    /// Zeros, and parts added at some positions along an axis: the adjoint of taking
    Operation(
      opcode: .placeTaken,
      forward: .init { e in
        e.clear()
        e.core.addTaken(e.input(0).value, e.type, to: e.value, e.layout, e.attributes)
      },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            p.accumulate(
              0, p.core.taking(p.cotangent, p.blocked(p.shape(0)), p.indices))
          }, isBlockable: true)),
      samples: [
        Sample("rows", [[3, 2]]) { operands in
          let core = Core.current
          return AnyTensor(core.placedTaken(operands[0].id, in: [4, 2], core.stored([2, 0, 2], along: 0)))
        },
        Sample("elements", [[2, 2]]) { operands in
          let core = Core.current
          return AnyTensor(core.placedTaken(operands[0].id, in: [2, 3], core.stored([2, 2], along: 1)))
        },
      ]),
  ]
}

extension Pullback {
  /// The axis, the number and the indices of a record that takes or places, as `stored(_:along:)` left them.
  fileprivate var indices: Int32 {
    guard block != nil else { return core[record: id].pointee.attributes }
    return core.stored(IndexArray((0..<attribute(1)).map { attribute(2 + $0) }), along: attribute(0) + 1)
  }
}

extension Sample {
  fileprivate static func take(_ name: String, _ shape: Shape, _ indices: IndexArray, along axis: Int) -> Sample {
    Sample(name, [shape]) { AnyTensor(Core.current.taking($0[0].id, indices, along: axis)) }
  }
}

extension Tensor {
  /// The rows at some positions along the first axis: an embedding, if this is its table.
  ///
  /// The result's shape is that of `indices` followed by that of one row. A row that is looked up several times gets
  /// the sum of its cotangents. Traps unless each index is in `0..<shape[0]`.
  ///
  /// - Complexity: O(elements of the result), which the tape keeps, and O(elements of this tensor) for the adjoint.
  @inlinable public func rows(at indices: IndexArray) -> Self {
    Self(recordTaking(handle, indices, 0, "rows(at:)"))
  }

  /// The parts at some positions along an axis, counted from 0, or from −1 at the end.
  ///
  /// The axis's size in the shape is replaced by the shape of `indices`. A part that is taken several times gets the sum
  /// of its cotangents. Traps unless each index is in `0..<shape[axis]`.
  ///
  /// - Complexity: O(elements of the result), which the tape keeps, and O(elements of this tensor) for the adjoint.
  @inlinable public func taking(_ indices: IndexArray, along axis: Int) -> Self {
    Self(recordTaking(handle, indices, axis, "taking(_:along:)"))
  }
}

@usableFromInline @inline(never)
func recordTaking(_ x: Handle, _ indices: IndexArray, _ axis: Int, _ function: String) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let along = core.axis(axis, of: x, for: function)
  core.checkIndices(indices, below: core.shape(x)[along], for: function)
  return core.handle(core.taking(x, indices, along: along))
}

extension UnsafeMutablePointer<TapeCore> {
  /// The shape with an axis replaced by others.
  private func shape(_ shape: Shape, replacing axis: Int, by sizes: Shape) -> Shape {
    Shape(shape[..<axis] + Array(sizes) + shape[(axis + 1)...])
  }

  func taking(_ x: NodeID, _ indices: IndexArray, along axis: Int) -> NodeID {
    taking(x, shape(shape(x), replacing: axis, by: indices.shape), stored(indices, along: axis))
  }

  /// Stores an axis, a number of indices and the indices among the attributes.
  func stored(_ indices: IndexArray, along axis: Int) -> Int32 {
    let start = beginAttributes()
    pointee.attributes.append(Int32(axis))
    pointee.attributes.append(Int32(truncatingIfNeeded: indices.count))
    for index in indices { pointee.attributes.append(Int32(truncatingIfNeeded: index)) }
    return start
  }

  /// The array is seen as `outer` arrays of n rows each.
  fileprivate func rows(_ layout: UnsafePointer<wg_layout>, _ attributes: Int32) -> wg_taking {
    let stored = pointee.attributes.base + Int(attributes)
    let axis = Int(stored[0])
    let shape = layout.shape
    return wg_taking(
      outer: shape[..<axis].reduce(1, *), n: shape[axis], run: shape[(axis + 1)...].reduce(1, *), indices: stored + 2,
      count: Int(stored[1]))
  }

  func taking(_ x: NodeID, _ shape: Shape, _ attributes: Int32) -> NodeID {
    let x = contiguous(x)
    return record(
      .take, self[record: x].pointee.scalarType, layout: pointee.layouts.number(of: shape), operands: (x, -1),
      attributes: attributes)
  }

  /// Zeros of the given shape, to which the rows of a record are added where they would be taken from.
  func placedTaken(_ x: NodeID, in shape: Shape, _ attributes: Int32) -> NodeID {
    let x = contiguous(x)
    return record(
      .placeTaken, self[record: x].pointee.scalarType, layout: pointee.layouts.number(of: shape), operands: (x, -1),
      attributes: attributes)
  }

  func addTaken(
    _ x: UnsafeMutableRawPointer, _ type: ScalarType, to memory: UnsafeMutableRawPointer,
    _ layout: UnsafePointer<wg_layout>, _ attributes: Int32
  ) {
    let rows = rows(layout, attributes)
    if type == .double {
      wg_add_taken_f64(x.f64, rows, memory.f64)
    } else {
      wg_add_taken_f32(x.f32, rows, memory.f32)
    }
  }
}
