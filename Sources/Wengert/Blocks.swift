import CKernels

// Passes that carry a block of cotangents or tangents at once, as one tensor with a leading axis: a Jacobian takes as
// many of them as it has rows or columns, and one sweep over the tape for a block costs much less than one for each.
//
// Elementwise rules need nothing for it, as operands broadcast against the leading axis. A rule that counts its axes by
// way of the functions below says so with `isBlockable`; any other is run for each slice of the block.

extension OperationInPass {
  /// A shape of this operation's operands, with the block's axis.
  func blocked(_ shape: Shape) -> Shape { block.map { shape.prefixed($0) } ?? shape }
  /// Axes as bits, with the block's axis before them.
  func blocked(_ axes: UInt32) -> UInt32 { block == nil ? axes : axes << 1 }
  /// A permutation of axes that leaves the block's where it is.
  func blocked(_ permutation: [Int]) -> [Int] { block == nil ? permutation : [0] + permutation.map { $0 + 1 } }
  /// A part of an operand that has the whole block.
  func blocked(_ map: AxisMap) -> AxisMap {
    guard block != nil else { return map }
    let axes = map.axes.map { AxisMap.Axis(start: $0.start, step: $0.step, target: $0.target.map { $0 + 1 }) }
    return AxisMap(axes: [AxisMap.Axis(target: 0)] + axes)
  }
  /// One axis.
  func blocked(axis: Int) -> Int { block == nil ? axis : axis + 1 }

  /// A value with the block's axis made part of another one: of each of the `groups` of that axis there are as many as
  /// the block has slices, one after the other.
  func folded(_ x: NodeID, into axis: Int = 0, groups: Int = 1) -> NodeID {
    guard let block else { return x }
    let shape = Array(core.shape(x).dropFirst())
    var sizes = [block] + shape
    sizes.replaceSubrange(axis + 1...axis + 1, with: [groups, shape[axis] / groups])
    let order = Array(1..<axis + 2) + [0] + Array(axis + 2..<sizes.count)
    var result = shape
    result[axis] *= block
    let x = axis == 0 && groups == 1 ? x : core.permuted(core.reshaped(x, to: Shape(sizes)), order)
    return core.reshaped(x, to: Shape(result))
  }

  /// The inverse of folding.
  func unfolded(_ x: NodeID, from axis: Int = 0, groups: Int = 1) -> NodeID {
    guard let block else { return x }
    var shape = Array(core.shape(x))
    shape[axis] /= block
    guard axis > 0 || groups > 1 else { return core.reshaped(x, to: Shape([block] + shape)) }
    var sizes = shape
    sizes.replaceSubrange(axis...axis, with: [groups, block, shape[axis] / groups])
    let order = [axis + 1] + Array(0..<axis + 1) + Array(axis + 2..<sizes.count)
    return core.reshaped(core.permuted(core.reshaped(x, to: Shape(sizes)), order), to: Shape([block] + shape))
  }

  /// A value of the tape once for each slice of a block, folded into its first axis.
  func repeatedForBlock(_ x: NodeID) -> NodeID {
    block.map { folded(core.broadcast(x, to: core.shape(x).prefixed($0))) } ?? x
  }

  /// A value with the block's axis, of at least the given rank besides: axes of one element come after the block's.
  func padded(_ x: NodeID, toRank rank: Int) -> NodeID {
    guard let block else { return x }
    let own = core.shape(x)
    guard own.count - 1 < rank else { return x }
    return core.reshaped(
      x, to: Shape([block] + [Int](repeating: 1, count: rank - own.count + 1) + own.dropFirst()))
  }
}

extension Shape {
  /// This shape with one more leading axis.
  func prefixed(_ size: Int) -> Shape {
    var shape = Shape(rank: count + 1)
    shape.setSize(size, at: 0)
    for axis in 0..<count { shape.setSize(self[axis], at: axis + 1) }
    return shape
  }
}

extension Pullback {
  /// Runs a rule; one that cannot take a block, for each slice of it.
  func run(_ structural: Operation.Structural) {
    guard let block, !structural.isBlockable else { return structural.rule(self) }
    let shape = core.shape(id)
    var slices = [[NodeID]](repeating: [], count: operandCount)
    for position in 0..<block {
      let slice = core.reshaped(core.sliced(cotangent, [position..<position + 1]), to: shape)
      var adjoints = [NodeID](repeating: -1, count: operandCount)
      adjoints.withUnsafeMutableBufferPointer {
        structural.rule(
          Pullback(core: core, id: id, cotangent: slice, range: range, sink: .captured($0.baseAddress!)))
      }
      for (index, adjoint) in adjoints.enumerated() { slices[index].append(adjoint) }
    }
    for (index, adjoints) in slices.enumerated() where adjoints.contains(where: { $0 >= 0 }) {
      let own = self.shape(index).prefixed(1)
      let parts = adjoints.map { core.reshaped($0 < 0 ? core.zeros(like: operand(index)) : $0, to: own) }
      accumulate(index, core.concatenated(parts, along: 0))
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// The sum over the axes along which a tensor of the given layout was repeated, for each slice of a block.
  func sum(blocksOf x: NodeID, to target: UnsafePointer<wg_layout>) -> NodeID {
    let shape = target.shape
    let own = self.shape(x)
    let block = own[0]
    let single = pointee.layouts.layout(of: Shape(own.dropFirst()))
    if single.hasSameSizes(as: target) { return x }
    let axes = target.broadcastAxes(in: single) << 1
    return reshaped(sum(x, axes, keepingAxes: false), to: shape.prefixed(block))
  }

  /// Rows of a unit matrix, each in the given shape: the block of seeds number `range` of a Jacobian.
  fileprivate func unitBlock(_ range: Range<Int>, _ shape: Shape, _ type: ScalarType) -> NodeID {
    let id = leaf(shape.prefixed(range.count), type, .constant)
    let memory = self[record: id].pointee.value
    let count = shape.elementCount
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: range.count * count * type.byteCount)
    for (row, position) in range.enumerated() {
      if type == .double {
        memory.f64[row * count + position] = 1
      } else {
        memory.f32[row * count + position] = 1
      }
    }
    return id
  }
}

extension Differentiation {
  /// The most elements that a block of the largest value of a function has.
  private static var blockElements: Int { 1 << 18 }

  /// The output's value and its Jacobian, of the output's and the input's axes, as records of the enclosing scope.
  ///
  /// Forward mode if the input has fewer elements than the output, else reverse mode.
  @usableFromInline
  func jacobian(_ output: Handle, _ input: Handle) -> (value: Handle, jacobian: Handle) {
    let (y, x) = (core.resolve(output), core.resolve(input))
    let (rows, columns) = (core.shape(y), core.shape(x))
    guard rows.count + columns.count <= Shape.maximumRank else { misuse(.jacobianRank(rows, columns)) }
    core.pointee.isRecording = isNested
    let isForward = columns.elementCount < rows.elementCount
    let seedShape = isForward ? columns : rows
    var blocks: [NodeID] = []
    // Outside a recording a block's rows are written where they belong, and what it took is dropped.
    let other = (isForward ? rows : columns).elementCount
    let type = core[record: y].pointee.scalarType
    let total = core.pointee.layouts.number(of: .matrix(seedShape.elementCount, other))
    let memory = isNested ? nil : core.allocate(total, type)
    setTarget(x, true)
    forEachBlock(of: seedShape.elementCount, over: BackwardRange(start: start, output: y)) { range, positions in
      let mark = core.mark()
      let seeds = core.unitBlock(positions, seedShape, type)
      let block =
        isForward
        ? core.pushForward(range, seeds: [(x, seeds)], to: [y], block: positions.count)[0]
        : core.pullBlock(range, seeds, positions.count, x)
      let count = positions.count * other
      let bytes = positions.lowerBound * other * type.byteCount
      guard let memory else {
        blocks.append(
          core.reshaped(
            block ?? core.contiguous(core.broadcast(core.constant(0, type), to: .vector(count))),
            to: .matrix(positions.count, other)))
        return
      }
      if let block {
        core.copyValue(block, to: memory + bytes)
      } else {
        (memory + bytes).initializeMemory(as: UInt8.self, repeating: 0, count: count * type.byteCount)
      }
      core.reset(to: mark)
    }
    setTarget(x, false)
    var matrix =
      memory.map { core.append(.constant, type, layout: total, value: $0) }
      ?? (blocks.count == 1 ? blocks[0] : core.concatenated(blocks, along: 0))
    if isForward { matrix = core.permuted(matrix, [1, 0]) }
    let jacobian = core.reshaped(matrix, to: Shape(Array(rows) + Array(columns)))
    let results = finish(moving: [y, jacobian])
    return (results[0], results[1])
  }

  /// Calls `body` with the range of the pass, and with the seeds of one block after the other.
  private func forEachBlock(
    of count: Int, over range: BackwardRange, _ body: (BackwardRange, Range<Int>) -> Void
  ) {
    guard count > 0 else { return }
    var largest = 1
    var rank = 0
    if range.output >= range.start {
      for id in range.start...range.output {
        largest = Swift.max(largest, core.layout(id).elementCount)
        rank = Swift.max(rank, core.layout(id).rank)
      }
    }
    // A value of the most axes has no room for another.
    let size = rank == Shape.maximumRank ? 1 : Swift.min(count, Swift.max(1, Self.blockElements / largest))
    for first in stride(from: 0, to: count, by: size) { body(range, first..<Swift.min(first + size, count)) }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// The adjoint of `x` for a block of cotangents of the range's output; nil if none arrives.
  fileprivate func pullBlock(_ range: BackwardRange, _ cotangents: NodeID, _ block: Int, _ x: NodeID) -> NodeID? {
    guard range.output >= range.start, x <= range.output else { return nil }
    var adjoint: NodeID = -1
    _ = withGradientBuffer {
      markActive(range, leavesAreTargets: false)
      guard slot(range.output, range).pointee.isActive else { return }
      adjoint = recordBackward(range, cotangents: [(range.output, cotangents)], block: block)[Int(x - range.start)]
    }
    return adjoint < 0 ? nil : adjoint
  }
}
