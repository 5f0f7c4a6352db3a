import CKernels

// Elements taken along an axis from places that a list of indices gives, and its transpose: what sorting, selecting
// and looking up have in common.

extension Operation {
  static let gathering: [Operation] = [
    /// x[…, index[…, j, …], …]: the cotangents, added up at the places they came from
    Operation(
      opcode: .gatherAlong,
      forward: .init { e in
        let list = e.core.pointee.attributes.base + Int(e.attributes)
        if e.type == .double {
          wg_gather_f64(e.input(0).value.f64, e.layout(0), list + 1, e.layout, list.pointee, e.value.f64)
        } else {
          wg_gather_f32(e.input(0).value.f32, e.layout(0), list + 1, e.layout, list.pointee, e.value.f32)
        }
      },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            let indices = p.indices(of: p.core.shape(p.output))
            p.accumulate(0, p.core.scatterAdded(p.cotangent, at: indices, into: p.blocked(p.shape(0))))
          },
          fused: { p in
            let target = p.core.layout(p.operand(0))
            let (memory, accumulate) = p.destination(0)
            if !accumulate {
              memory.initializeMemory(as: UInt8.self, repeating: 0, count: target.elementCount * p.type.byteCount)
            }
            p.core.scatterAdd(
              p.adjoint, p.core.layout(p.id), p.type, at: p.core[record: p.id].pointee.attributes, into: memory,
              target.shape)
          }, isBlockable: true)),
      samples: [
        Sample("vector", [[4]]) { AnyTensor(Core.current.gathered($0[0].id, [2, 0, 2], along: 0, indexShape: [3])) },
        Sample("rows", [[3, 4]]) {
          AnyTensor(Core.current.gathered($0[0].id, [2, 0, 2, 1, 3, 3], along: 1, indexShape: [3, 2]))
        },
        Sample("columns of a transposed matrix", [[3, 4]]) {
          let core = Core.current
          let x = core.permuted($0[0].id, [1, 0])
          return AnyTensor(core.gathered(x, [1, 0, 3, 2, 2, 2], along: 0, indexShape: [2, 3]))
        },
        Sample("part of the other axes", [[2, 3, 2]]) {
          AnyTensor(Core.current.gathered($0[0].id, [2, 1, 1, 1], along: 1, indexShape: [2, 2, 1]))
        },
        Sample("nothing", [[2, 3]]) { AnyTensor(Core.current.gathered($0[0].id, [], along: 1, indexShape: [2, 0])) },
      ]),

    /// Zeros, with elements added at the places that the indices give: the cotangents there
    Operation(
      opcode: .scatterAlong,
      forward: .init { e in
        e.clear()
        e.core.scatterAdd(
          e.input(0).value, e.layout(0), e.type, at: e.attributes, into: e.value, e.core.shape(e.id))
      },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            let indices = p.indices(of: p.shape(0))
            p.accumulate(0, p.core.gathered(p.cotangent, at: indices, indexShape: p.blocked(p.shape(0))))
          }, isBlockable: true)),
      samples: [
        Sample("vector", [[3]]) { AnyTensor(Core.current.scatterAdded($0[0].id, [2, 0, 2], along: 0, into: [4])) },
        Sample("rows", [[3, 2]]) {
          AnyTensor(Core.current.scatterAdded($0[0].id, [2, 0, 2, 1, 3, 3], along: 1, into: [3, 4]))
        },
        Sample("a transposed matrix", [[2, 3]]) {
          let core = Core.current
          let x = core.permuted($0[0].id, [1, 0])
          return AnyTensor(core.scatterAdded(x, [1, 0, 3, 2, 2, 2], along: 0, into: [4, 2]))
        },
        Sample("nothing", [[2, 0]]) { AnyTensor(Core.current.scatterAdded($0[0].id, [], along: 1, into: [2, 3])) },
      ]),
  ]
}

extension Pullback {
  /// The axis and the indices, of the given shape, of a record that gathers or scatters; repeated for a block.
  fileprivate func indices(of shape: Shape) -> Int32 {
    guard let block else { return core[record: id].pointee.attributes }
    let indices = (0..<shape.elementCount).map { attribute(1 + $0) }
    return core.storedIndices(repeatElement(indices, count: block).lazy.joined(), along: attribute(0) + 1)
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Stores an axis and indices along it among the attributes, whether or not anything is recorded: the kernels read
  /// them there. The indices are not checked.
  func storedIndices(_ indices: some Sequence<Int>, along axis: Int) -> Int32 {
    let start = beginAttributes()
    pointee.attributes.append(Int32(truncatingIfNeeded: axis))
    for index in indices { pointee.attributes.append(Int32(truncatingIfNeeded: index)) }
    return start
  }

  /// The elements along an axis at some indices: the result has the indices' shape, and its element at a position is
  /// the one at the same position but for that axis, where the index counts.
  ///
  /// `indices` are what `storedIndices` returns, perhaps for another record; they lie in the axis. `indexShape` has
  /// as many axes as the operand, and along the other axes no more elements.
  func gathered(_ x: NodeID, at indices: Int32, indexShape: Shape) -> NodeID {
    record(
      .gatherAlong, self[record: x].pointee.scalarType, layout: pointee.layouts.number(of: indexShape),
      operands: (x, -1), attributes: indices)
  }

  /// The same for a list of indices in row-major order.
  func gathered(_ x: NodeID, _ indices: some Sequence<Int>, along axis: Int, indexShape: Shape) -> NodeID {
    gathered(x, at: storedIndices(indices, along: axis), indexShape: indexShape)
  }

  /// The transpose of gathering: zeros of the given shape, with each element added at the place that its index gives.
  func scatterAdded(_ x: NodeID, at indices: Int32, into shape: Shape) -> NodeID {
    let x = contiguous(x)
    return record(
      .scatterAlong, self[record: x].pointee.scalarType, layout: pointee.layouts.number(of: shape), operands: (x, -1),
      attributes: indices)
  }

  /// The same for a list of indices in row-major order.
  func scatterAdded(_ x: NodeID, _ indices: some Sequence<Int>, along axis: Int, into shape: Shape) -> NodeID {
    scatterAdded(x, at: storedIndices(indices, along: axis), into: shape)
  }

  /// Adds the elements of a contiguous array of the layout's shape to a contiguous one of the given shape.
  fileprivate func scatterAdd(
    _ x: UnsafeMutableRawPointer, _ from: UnsafePointer<wg_layout>, _ type: ScalarType, at indices: Int32,
    into memory: UnsafeMutableRawPointer, _ shape: Shape
  ) {
    let to = pointee.layouts.layout(of: shape)
    let list = pointee.attributes.base + Int(indices)
    if type == .double {
      wg_scatter_add_f64(x.f64, from, list + 1, list.pointee, memory.f64, to)
    } else {
      wg_scatter_add_f32(x.f32, from, list + 1, list.pointee, memory.f32, to)
    }
  }
}
