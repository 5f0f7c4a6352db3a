import CKernels

// Checkpoints: parts of a computation whose values are dropped and computed again by the backward pass.
//
// On the tape a checkpointed part is a mark, the part's records without values, a mark at its end, and its results, which
// have values. A pass that goes backwards passes the results' cotangents to the records that computed them, finds the mark,
// computes the part's values again, goes through the part, and drops them. The records are what is computed from: no
// closure is kept or called again.

/// The result of `body`, whose intermediate values are not kept: the backward pass computes them again.
///
/// Trades time for memory. A network of n layers that keeps every k-th layer's result, the layers between being
/// checkpointed, needs memory for n/k + k layers in place of n, and one more evaluation. Checkpoints nest, for less memory
/// still.
///
/// ```swift
/// for block in blocks { x = checkpointed { block(x) } }
/// ```
///
/// Numbers, gradients and derivatives of any order are what they are without, bit by bit: operations are evaluated again,
/// but `body` is not called again. Leaves and constants made inside are kept, as dropout's masks are. Tensors of the
/// body other than its result must not be used after it.
///
/// Inside a function that is being `recorded` this only calls `body`: there the memory of the whole program is planned,
/// see `memoryBudget`.
///
/// - Complexity: The body's time, and once more in each backward pass; the tape keeps the result, and while a pass goes
///   through the body all its values.
@inlinable
public func checkpointed<S, E>(_ body: () throws(E) -> Tensor<S>) throws(E) -> Tensor<S> {
  try checkpointed { () throws(E) in [try body()] }[0]
}

/// The results of `body`, whose intermediate values are not kept. See `checkpointed(_:)`.
@inlinable
public func checkpointed<S, E>(_ body: () throws(E) -> [Tensor<S>]) throws(E) -> [Tensor<S>] {
  guard let checkpoint = Checkpoint() else { return try body() }
  let results: [Tensor<S>]
  do { results = try body() } catch {
    checkpoint.cancel()
    throw error
  }
  return checkpoint.finish(results.map(\.handle)).map { Tensor(handle: $0) }
}

extension Operation {
  static let checkpoints: [Operation] = [
    /// Where a checkpointed part starts; its attribute says where it ends.
    Operation(opcode: .checkpointStart, derivative: nil, samples: []),

    /// Where it ends: the backward pass comes here after the results, and goes through the part.
    Operation(
      opcode: .checkpointEnd, derivative: .structural(.init(rule: { _ in }, fused: { p in p.pullCheckpoint() })),
      samples: []),

    /// A result: the same value as that of the record in the part which computed it.
    Operation(
      opcode: .checkpoint,
      forward: .init { e in e.core.copyValue(e.operand(0), to: e.value) },
      derivative: .structural(
        .init(
          rule: { p in p.accumulate(0, p.cotangent) },
          fused: { p in
            p.run { $0.accumulate(0, $0.cotangent) }
            p.core.slot(p.operand(1), p.range).pointee = Slot(p.adjoint)
          }, isBlockable: true)),
      samples: [
        .of("tanh(x²) x", [[3]]) { x in checkpointed { tanh(x[0] * x[0]) * x[0] } },
        .of("nested", [[2, 2], [2]]) { x in
          checkpointed { checkpointed { exp(x[0] * x[1]).transposed() } * x[1] + x[0] }
        },
        .of("matmul", [[2, 3], [3, 2]]) { x in
          checkpointed { checkpointed { matmul(x[0], x[1]) } * checkpointed { tanh(matmul(x[0], x[1])) } }
        },
      ]),
  ]
}

/// A checkpointed part while it is being recorded.
@usableFromInline
struct Checkpoint {
  private let core: Core
  private let start: NodeID
  private let values: Arena.Mark
  private let generation: UInt32

  /// Nil if nothing is recorded, or everything.
  @usableFromInline
  @inline(never)
  init?() {
    core = .recording
    guard core.pointee.isRecording, core.pointee.trace == nil else { return nil }
    generation = core.pointee.generation
    start = core.mark(.checkpointStart)
    values = core.pointee.values.mark
    // Tensors of the part become stale at its end.
    core.pointee.generation = TapeCore.makeGeneration()
    core.pointee.hasCheckpoints = true
  }

  /// Ends the part without dropping anything: its start is no mark any more.
  @usableFromInline
  func cancel() {
    core.pointee.generation = generation
    core[record: start].pointee.opcode = .constant
  }

  /// Ends the part: drops its values, and returns its results.
  @usableFromInline
  @inline(never)
  func finish(_ results: [Handle]) -> [Handle] {
    let results = results.map(core.resolve)
    core.pointee.generation = generation
    let end = core.mark(.checkpointEnd)
    core.pointee.attributes.base[Int(core[record: start].pointee.attributes)] = end
    core.pointee.attributes.base[Int(core[record: end].pointee.attributes)] = start
    let inner = start + 1..<end
    noteViews(inner)
    let kept = leaves(inner)
    // Out of the memory that is given back, and into it again.
    let copies = (kept + results.filter { $0 > start }).map { id in
      let storage = ArrayStorage(byteCount: core.byteCount(id))
      core.copyValue(id, to: storage.base)
      return storage
    }
    core.pointee.values.reset(to: values)
    for (id, copy) in zip(kept, copies) {
      let layout = core.denseLayout(id)
      core[record: id].pointee.layout = layout
      core[record: id].pointee.value = core.pointee.values.allocate(copy.byteCount)
      core[record: id].pointee.value.copyMemory(from: copy.base, byteCount: copy.byteCount)
    }
    let stale = TapeCore.makeGeneration()
    for id in inner { core[record: id].pointee.generation = stale }
    var next = kept.count
    return results.map { id in
      guard id > start else { return core.handle(id) }
      let copy = copies[next]
      next += 1
      let memory = core.pointee.values.allocate(copy.byteCount)
      memory.copyMemory(from: copy.base, byteCount: copy.byteCount)
      return core.handle(
        core.append(
          .checkpoint, core[record: id].pointee.scalarType, layout: core.denseLayout(id), value: memory,
          operands: (id, end)))
    }
  }

  /// Keeps, among the end's attributes, how far each view is from the memory that it looks at.
  private func noteViews(_ inner: Range<NodeID>) {
    for id in inner {
      guard let shared = core.sharedMemory(of: id) else { continue }
      let distance = core[record: id].pointee.value - core[record: shared].pointee.value
      core.pointee.attributes.append(Int32(truncatingIfNeeded: distance))
      core.pointee.attributes.append(Int32(truncatingIfNeeded: distance >> 32))
    }
  }

  /// The part's records that have values but are not computed, in the memory that is given back.
  private func leaves(_ inner: Range<NodeID>) -> [NodeID] {
    inner.filter { id in
      let record = core[record: id].pointee
      return record.opcode.isLeaf && core.pointee.values.contains(record.value, since: values)
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// A record that only marks a place.
  fileprivate func mark(_ opcode: Opcode) -> NodeID {
    append(
      opcode, .double, layout: LayoutTable.scalar, value: pointee.values.allocateScalar(),
      attributes: attributes([0, 0]))
  }

  /// The other mark of a checkpointed part.
  private func otherMark(_ mark: NodeID) -> NodeID { NodeID(attribute(self[record: mark], 0)) }

  /// Whether the values of a part are there and will stay.
  private func isRevived(_ end: NodeID) -> Bool { attribute(self[record: end], 1) != 0 }

  /// Computes the values of all checkpointed parts of a range, for passes other than a direct backward pass. If the pass
  /// is recorded they stay: what it records refers to them.
  func reviveCheckpoints(_ range: BackwardRange) {
    guard pointee.hasCheckpoints, range.output >= range.start else { return }
    var id = range.start
    while id <= range.output {
      let isStart = self[record: id].pointee.opcode == .checkpointStart
      if isStart {
        let end = otherMark(id)
        if end <= range.output && !isRevived(end) {
          evaluatePart(id, nestedStay: true)
          if pointee.isRecording { markRevived(id) }
          id = end
        }
      }
      id += 1
    }
  }

  /// Marks a part and those in it as computed.
  private func markRevived(_ start: NodeID) {
    for id in start...otherMark(start) where self[record: id].pointee.opcode == .checkpointEnd {
      pointee.attributes.base[Int(self[record: id].pointee.attributes) + 1] = 1
    }
  }

  /// Computes the values of a part, in new memory. Those of parts within it are dropped again, unless they are to stay.
  fileprivate func evaluatePart(_ start: NodeID, nestedStay: Bool = false) {
    let end = otherMark(start)
    var distance = Int(self[record: end].pointee.attributes) + 2
    var id = start + 1
    while id < end {
      if self[record: id].pointee.opcode == .checkpointStart {
        let innerEnd = otherMark(id)
        distance += 2 * viewCount(id..<innerEnd + 1)
        if !isRevived(innerEnd) {
          let results = resultRecords(of: innerEnd)
          for result in results { self[record: result].pointee.value = allocate(self[record: result].pointee) }
          let mark = pointee.values.mark
          evaluatePart(id, nestedStay: nestedStay)
          for result in results { copyValue(operand(result, 0), to: self[record: result].pointee.value) }
          if !nestedStay { pointee.values.reset(to: mark) }
          id = results.last.map { $0 + 1 } ?? innerEnd + 1
          continue
        }
        id = innerEnd + 1
        continue
      }
      if let shared = sharedMemory(of: id) {
        let attributes = pointee.attributes.base
        let bytes = Int(UInt32(bitPattern: attributes[distance])) | Int(attributes[distance + 1]) << 32
        self[record: id].pointee.value = self[record: shared].pointee.value + bytes
        distance += 2
      } else if !self[record: id].pointee.opcode.isLeaf && self[record: id].pointee.opcode != .checkpointEnd {
        self[record: id].pointee.value = pointee.values.allocate(byteCount(of: Evaluation(core: self, id: id)))
        // What has been computed once can be computed again.
        try! evaluate(id)
      }
      id += 1
    }
  }

  /// Whether a record's value has been given back.
  func isDropped(_ id: NodeID) -> Bool {
    guard pointee.hasCheckpoints, !self[record: id].pointee.opcode.isLeaf else { return false }
    return (0..<id).contains { start in
      guard self[record: start].pointee.opcode == .checkpointStart else { return false }
      let end = otherMark(start)
      return id < end && !isRevived(end)
    }
  }

  private func allocate(_ record: Record) -> UnsafeMutableRawPointer { allocate(record.layout, record.scalarType) }

  private func viewCount(_ ids: Range<NodeID>) -> Int { ids.reduce(0) { sharedMemory(of: $1) == nil ? $0 : $0 + 1 } }

  /// The results of a part lie behind its end.
  private func resultRecords(of end: NodeID) -> [NodeID] {
    var results: [NodeID] = []
    var id = end + 1
    while id < NodeID(pointee.records.count), self[record: id].pointee.opcode == .checkpoint, operand(id, 1) == end {
      results.append(id)
      id += 1
    }
    return results
  }

  /// Goes backward through a part whose results' cotangents have been passed on.
  fileprivate func pullPart(_ end: NodeID, _ range: BackwardRange) {
    let start = otherMark(end)
    guard !isRevived(end) else { return }
    // Adjoints of what lies outside come first, so that the memory of those inside can be given back.
    for id in start + 1..<end {
      for index in 0..<operandCount(id) {
        let operand = operand(id, index)
        guard operand < start, isActive(operand, range) else { continue }
        let slot = slot(operand, range)
        if slot.pointee.isEmpty {
          slot.pointee = .reserved(pointee.adjoints.allocate(byteCount(operand)))
        } else if let number = slot.pointee.uniform {
          _ = writeOut(number, operand, range)
        }
      }
    }
    let (values, adjoints) = (pointee.values.mark, pointee.adjoints.mark)
    evaluatePart(start)
    runBackward(range, from: end - 1, downTo: start + 1)
    for id in start + 1..<end { slot(id, range).pointee = .inactive }
    pointee.values.reset(to: values)
    if !pointee.keepsAdjoints {
      pointee.adjoints.reset(to: adjoints)
      pointee.freeAdjoints.removeAll(from: 0)
    }
  }
}

extension DirectPullback {
  fileprivate func pullCheckpoint() { core.pullPart(id, range) }
}
