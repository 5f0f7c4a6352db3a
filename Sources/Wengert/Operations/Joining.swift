import CKernels

// Tensors put together, and taken apart.

extension Operation {
  static let joining: [Operation] = [
    Operation(
      opcode: .concatenate,
      forward: .init { e in e.concatenate() },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            let axis = p.attribute(p.operandCount + 1)
            var start = 0
            for index in 0..<p.operandCount {
              let size = p.shape(index)[axis]
              let ranges = p.blocked(p.shape(index)).enumerated().map { position, whole in
                position == p.blocked(axis: axis) ? start..<start + size : 0..<whole
              }
              p.accumulate(index, p.core.sliced(p.cotangent, ranges))
              start += size
            }
          }, isBlockable: true)),
      samples: [
        Sample("vectors", [[2], [3]]) { AnyTensor(Core.current.concatenated($0.map(\.id), along: 0)) },
        Sample("columns", [[2, 3], [2, 0], [2, 1]]) { AnyTensor(Core.current.concatenated($0.map(\.id), along: 1)) },
        Sample("twice the same", [[2, 2]]) {
          AnyTensor(Core.current.concatenated([$0[0].id, $0[0].id], along: 0))
        },
      ])
  ]
}

extension Composite {
  static let joining: [Composite] = [
    Composite(
      "stacked",
      samples: [
        .of("vectors", [[3], [3]]) { stacked($0) },
        .of("after the last axis", [[2, 3], [2, 3]]) { stacked($0, along: -1) },
        .of("scalars", [[], []]) { stacked($0) },
      ]),
    Composite(
      "split",
      samples: [
        .of("into equal parts", [[4, 2]]) { x in x[0].split(into: 2)[1] * x[0].split(into: 2)[0] },
        .of("into sizes", [[2, 4]]) { $0[0].split(sizes: [1, 0, 3], along: -1)[2] },
        .of("into chunks", [[5]]) { $0[0].chunked(into: 2)[1] },
      ]),
    Composite(
      "broadcastTogether",
      samples: [.of("row and column", [[3], [2, 1]]) { x in broadcastTogether(x).reduce(x[0], *) }]),
  ]
}

/// The tensors one after the other along an axis, counted from 0, or from −1 at the end.
///
/// Traps unless all other sizes agree, or if there are no tensors.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func concatenated<S>(_ tensors: [Tensor<S>], along axis: Int = 0) -> Tensor<S> {
  Tensor(recordConcatenation(tensors.map(\.handle), axis))
}

/// The tensors one after the other along a new axis. Counted from 0, or from −1 at the end, `axis` is its place in the
/// result.
///
/// Traps unless all shapes are equal, or if there are no tensors.
///
/// - Complexity: O(elements); the tape keeps the result.
@inlinable public func stacked<S>(_ tensors: [Tensor<S>], along axis: Int = 0) -> Tensor<S> {
  Tensor(recordStack(tensors.map(\.handle), axis))
}

/// The tensors, each repeated as needed so that all have one shape: the one that arithmetic on them would give.
///
/// Two vectors make a grid in this way: `broadcastTogether([x[.all, .newAxis], y])` are the coordinates of its points.
///
/// Traps unless sizes, aligned at the last axis, are equal or 1.
///
/// - Complexity: O(1) for each; views.
@inlinable public func broadcastTogether<S>(_ tensors: [Tensor<S>]) -> [Tensor<S>] {
  recordBroadcastTogether(tensors.map(\.handle)).map { Tensor($0) }
}

extension Tensor {
  /// Parts of one size along an axis, counted from 0, or from −1 at the end.
  ///
  /// Traps unless the axis's size is a multiple of `count`. For parts of unequal size see `split(sizes:along:)` and
  /// `chunked(into:along:)`.
  ///
  /// - Complexity: O(1) for each part; views.
  @inlinable public func split(into count: Int, along axis: Int = 0) -> [Self] {
    recordSplit(handle, axis, .equal(count)).map { Self($0) }
  }

  /// Parts of the given sizes along an axis, counted from 0, or from −1 at the end.
  ///
  /// Traps unless the sizes add up to the axis's.
  ///
  /// - Complexity: O(1) for each part; views.
  @inlinable public func split(sizes: [Int], along axis: Int = 0) -> [Self] {
    recordSplit(handle, axis, .sizes(sizes)).map { Self($0) }
  }

  /// At most `count` parts along an axis, counted from 0, or from −1 at the end: as large as they have to be for that,
  /// and the last one as small as is left.
  ///
  /// As in PyTorch, five elements in four chunks are three parts: of two, two, and one. Traps unless `count` is
  /// positive.
  ///
  /// - Complexity: O(1) for each part; views.
  @inlinable public func chunked(into count: Int, along axis: Int = 0) -> [Self] {
    recordSplit(handle, axis, .chunks(count)).map { Self($0) }
  }
}

/// How an axis is divided.
@usableFromInline
enum Division {
  case equal(Int), sizes([Int]), chunks(Int)
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

@usableFromInline @inline(never)
func recordStack(_ tensors: [Handle], _ axis: Int) -> Handle {
  let core = Core.recording
  let ids = tensors.map(core.resolve)
  let shapes = ids.map(core.shape)
  guard let shape = shapes.first, shapes.allSatisfy({ $0 == shape }) else { misuse(.stack(shapes)) }
  let along = core.newAxes([axis], of: ids[0], for: "stacked(_:along:)")
  return core.handle(core.concatenated(ids.map { core.expanded($0, at: along) }, along: along[0]))
}

@usableFromInline @inline(never)
func recordBroadcastTogether(_ tensors: [Handle]) -> [Handle] {
  let core = Core.recording
  let ids = tensors.map(core.resolve)
  let shape = core.broadcastShape(ids, for: "broadcastTogether(_:)")
  return ids.map { core.handle(core.broadcast($0, to: shape)) }
}

@usableFromInline @inline(never)
func recordSplit(_ x: Handle, _ axis: Int, _ division: Division) -> [Handle] {
  let core = Core.recording
  let x = core.resolve(x)
  let shape = core.shape(x)
  let sizes: [Int]
  let along: Int
  switch division {
  case .equal(let count):
    along = core.axis(axis, of: x, for: "split(into:along:)")
    guard count > 0, shape[along] % count == 0 else { misuse(.splitCount(count, axis: along, shape)) }
    sizes = Array(repeating: shape[along] / count, count: count)
  case .sizes(let list):
    along = core.axis(axis, of: x, for: "split(sizes:along:)")
    guard list.allSatisfy({ (0...shape[along]).contains($0) }), list.reduce(0, +) == shape[along] else {
      misuse(.splitSizes(list, axis: along, shape))
    }
    sizes = list
  case .chunks(let count):
    along = core.axis(axis, of: x, for: "chunked(into:along:)")
    guard count > 0 else { misuse(.chunkCount(count)) }
    let size = Swift.max(1, (shape[along] + count - 1) / count)
    sizes = stride(from: 0, to: Swift.max(shape[along], 1), by: size).map { Swift.min(size, shape[along] - $0) }
  }
  var start = 0
  return sizes.map { size in
    defer { start += size }
    return core.handle(core.sliced(x, (0..<along).map { 0..<shape[$0] } + [start..<start + size]))
  }
}

extension Evaluation {
  /// Copies one operand after the other to its place along the axis.
  fileprivate func concatenate() {
    let axis = attribute(operandCount + 1)
    let stride = Int(layout.strides[axis]) * type.byteCount
    var start = 0
    for index in 0..<operandCount {
      var part = layout.pointee
      let size = layout(index).sizes[axis]
      part.withMutableAxes { sizes, _ in sizes[axis] = size }
      part.finish()
      core.copy(operand(index), into: value + start * stride, &part, accumulate: false)
      start += Int(size)
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  func concatenated(_ tensors: [NodeID], along axis: Int) -> NodeID {
    let type = self[record: tensors[0]].pointee.scalarType
    var shape = shape(tensors[0])
    shape.setSize(tensors.reduce(0) { $0 + Int(self.layout($1).sizes[axis]) }, at: axis)
    checkElementCount(shape)
    return record(
      .concatenate, type, layout: pointee.layouts.number(of: shape),
      attributes: attributes([tensors.count] + tensors.map(Int.init) + [axis]), flags: .hasManyOperands)
  }

  /// The shape that the shapes of any number of tensors broadcast to; traps if they do not.
  func broadcastShape(_ ids: [NodeID], for operation: String) -> Shape {
    let shapes = ids.map(shape)
    var result = Shape(rank: shapes.map(\.count).max() ?? 0)
    for axis in 0..<result.count {
      let sizes = shapes.compactMap { shape in
        let own = axis - (result.count - shape.count)
        return own < 0 || shape[own] == 1 ? nil : shape[own]
      }
      guard Set(sizes).count <= 1 else { misuse(.broadcast(operation, shapes)) }
      result.setSize(sizes.first ?? 1, at: axis)
    }
    checkElementCount(result)
    return result
  }
}
