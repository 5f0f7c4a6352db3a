import CKernels

// Forward mode: one sweep over the records of a function, in order, that carries tangents along.
//
// Nothing is written twice for it. An elementwise operation's derivative is diagonal, so the program that takes the
// output's cotangent to an operand's adjoint also takes the operand's tangent to its share of the output's. Any other
// rule is a linear map of the cotangent written in operations of the tape, and differentiating that map with respect
// to the cotangent transposes it. Operations for which that would be wasteful bring a rule of their own.

/// One operation in a forward sweep, as rules see it.
struct Pushforward: OperationInPass {
  let core: Core
  let id: NodeID
  let range: BackwardRange
  let block: Int?
  /// Tangents of the range's records, by record; -1 where there is none.
  fileprivate let tangents: UnsafeMutablePointer<NodeID>

  /// The tangent of an operand, of its shape; nil if the operand does not depend on the inputs.
  func tangent(_ index: Int) -> NodeID? {
    let operand = operand(index)
    guard operand >= range.start, tangents[Int(operand - range.start)] >= 0 else { return nil }
    return tangents[Int(operand - range.start)]
  }

  /// A tangent of the output that is 0.
  var zero: NodeID { core.contiguous(core.broadcast(core.constant(0, type), to: blocked(core.shape(id)))) }

  /// The sum of the operands' shares of the output's tangent; nil if none has any.
  func sum(_ share: (_ index: Int, _ tangent: NodeID) -> NodeID?) -> NodeID? {
    var total: NodeID?
    for index in 0..<operandCount {
      guard let tangent = tangent(index), let share = share(index, tangent) else { continue }
      total = total.map { core.elementwise(.add, $0, share) } ?? share
    }
    return total
  }

  /// The tangent of the output.
  fileprivate func push() -> NodeID? {
    let record = core[record: id].pointee
    if record.opcode.isElementwise { return pushElementwise(record) }
    guard let structural = core.pointee.operations.structural[Int(record.opcode.rawValue)]?.pointee else { return nil }
    guard (0..<operandCount).contains(where: { tangent($0) != nil }) else { return nil }
    guard let tangent = structural.tangent else { return transposed(structural) }
    return block == nil || structural.isBlockable ? tangent(self) : stacked(tangent)
  }

  private func pushElementwise(_ record: Record) -> NodeID? {
    let shape = core.shape(id)
    let inputs = (0..<wg_register_output).map { $0 < operandCount ? operand($0) : -1 }
    let total = sum { index, tangent in
      guard let program = core.pointee.operations.program(record.opcode, index) else { return nil }
      let tangent = padded(tangent, toRank: shape.count)
      return core.replay(program, inputs + [id, tangent], record.scalarType)
    }
    return total.map { core.broadcast($0, to: blocked(shape)) }
  }

  /// The tangents of a block by a rule that takes one at a time.
  private func stacked(_ rule: (Pushforward) -> NodeID?) -> NodeID? {
    guard let block else { return rule(self) }
    let shape = core.shape(id)
    let parts = (0..<block).map { position in
      var slices = [NodeID](repeating: -1, count: Int(range.output - range.start) + 1)
      for index in 0..<operandCount {
        guard let tangent = tangent(index) else { continue }
        slices[Int(operand(index) - range.start)] = core.reshaped(
          core.sliced(tangent, [position..<position + 1]), to: self.shape(index))
      }
      return slices.withUnsafeMutableBufferPointer { slices in
        rule(Pushforward(core: core, id: id, range: range, block: nil, tangents: slices.baseAddress!))
          ?? core.zeros(like: id)
      }
    }
    return core.concatenated(parts.map { core.reshaped($0, to: shape.prefixed(1)) }, along: 0)
  }

  /// The tangent by transposition: with g the rule, J t = ∇ ⟨g(c), t⟩ with respect to the cotangent c, at any c.
  private func transposed(_ structural: Operation.Structural) -> NodeID {
    let wasRecording = core.pointee.isRecording
    let type = core[record: id].pointee.scalarType
    // Outside a recording only the result stays, so its memory comes first.
    let layout = core.pointee.layouts.number(of: blocked(core.shape(id)))
    let result = wasRecording ? nil : core.allocate(layout, type)
    let mark = core.mark()
    core.pointee.isRecording = true
    let cotangent = core.leaf(core.shape(id), type, .constant)
    core[record: cotangent].pointee.flags.insert(.isTarget)
    core[record: cotangent].pointee.value.initializeMemory(
      as: UInt8.self, repeating: 0, count: core.layout(id).elementCount * type.byteCount)
    var adjoints = [NodeID](repeating: -1, count: operandCount)
    adjoints.withUnsafeMutableBufferPointer { adjoints in
      structural.rule(
        Pullback(core: core, id: id, cotangent: cotangent, range: range, sink: .captured(adjoints.baseAddress!)))
    }
    let linear = BackwardRange(start: cotangent, output: NodeID(core.pointee.records.count - 1))
    core.pointee.isRecording = wasRecording
    var seeds: [(record: NodeID, cotangent: NodeID)] = []
    for (index, adjoint) in adjoints.enumerated() where adjoint >= linear.start {
      if let tangent = tangent(index) { seeds.append((adjoint, tangent)) }
    }
    var tangent: NodeID = -1
    _ = core.withGradientBuffer {
      core.markActive(linear, leavesAreTargets: false)
      tangent = core.recordBackward(linear, cotangents: seeds, block: block)[0]
    }
    core[record: cotangent].pointee.flags.remove(.isTarget)
    if tangent < 0 { tangent = zero }
    guard let result else { return tangent }
    core.copyValue(tangent, to: result)
    core.reset(to: mark)
    return core.append(.constant, type, layout: layout, value: result)
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// The tangents of some records of a range, given those of its marked targets; nil where nothing arrives.
  ///
  /// With a `block`, tangents have a leading axis of that size.
  func pushForward(
    _ range: BackwardRange, seeds: [(record: NodeID, tangent: NodeID)], to outputs: [NodeID], block: Int? = nil
  ) -> [NodeID?] {
    guard range.output >= range.start else { return outputs.map { _ in nil } }
    reviveCheckpoints(range)
    var tangents = [NodeID](repeating: -1, count: Int(range.output - range.start) + 1)
    let source = pointee.source
    defer { pointee.source = source }
    _ = withGradientBuffer {
      markActive(range, leavesAreTargets: false)
      tangents.withUnsafeMutableBufferPointer { tangents in
        for seed in seeds where seed.record <= range.output { tangents[Int(seed.record - range.start)] = seed.tangent }
        for id in range.start...range.output where slot(id, range).pointee.isActive {
          let place = Int(id - range.start)
          guard tangents[place] < 0 else { continue }
          pointee.source = self[record: id].pointee.source
          let operation = Pushforward(
            core: self, id: id, range: range, block: block, tangents: tangents.baseAddress!)
          if let tangent = operation.push() { tangents[place] = tangent }
        }
      }
    }
    return outputs.map { output in
      guard output >= range.start, tangents[Int(output - range.start)] >= 0 else { return nil }
      return tangents[Int(output - range.start)]
    }
  }
}
