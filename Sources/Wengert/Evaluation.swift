import CKernels

/// A record whose value is to be computed: its operands have theirs, and its own memory is there.
struct Evaluation: OperationInPass {
  let core: Core
  let id: NodeID
  var block: Int? { nil }

  /// Where the output's elements go, without gaps.
  var value: UnsafeMutableRawPointer { core[record: id].pointee.value }
  /// The output's layout, which is contiguous.
  var layout: UnsafePointer<wg_layout> { core.layout(id) }

  /// An operand's record.
  func input(_ index: Int) -> Record { core[record: operand(index)].pointee }
  /// An operand's layout.
  func layout(_ index: Int) -> UnsafePointer<wg_layout> { core.layout(operand(index)) }
  /// Where the attributes start in the tape's list.
  var attributes: Int32 { core[record: id].pointee.attributes }

  /// Sets all elements of the output to 0, for kernels that add to it.
  func clear() { core.fill(value, 0, layout.elementCount, type) }

  /// The error of a function for the operands' values, with the line that the operation was asked for on.
  func error(_ function: String, _ reason: LinearAlgebraError.Reason) -> LinearAlgebraError {
    LinearAlgebraError(reason: reason, function: function, source: core[record: id].pointee.source)
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Appends a record of an operation that is more than elementwise, and computes its value.
  ///
  /// While nothing is recorded it becomes a constant as soon as its value is there.
  func record(
    _ opcode: Opcode, _ type: ScalarType, layout: Int32, operands: (NodeID, NodeID) = (-1, -1),
    attributes: Int32 = -1, flags: Record.Flags = []
  ) -> NodeID {
    // Operations of this kind do not fail.
    try! recordThrowing(
      opcode, type, layout: layout, operands: operands, attributes: attributes, flags: flags)
  }

  /// The same for an operation that may fail on its operands' values.
  func recordThrowing(
    _ opcode: Opcode, _ type: ScalarType, layout: Int32, operands: (NodeID, NodeID) = (-1, -1),
    attributes: Int32 = -1, flags: Record.Flags = []
  ) throws(LinearAlgebraError) -> NodeID {
    guard pointee.records.count < Int(Int32.max) else { misuse(.tapeFull) }
    let id = NodeID(truncatingIfNeeded: pointee.records.count)
    var record = Record(
      value: UnsafeMutableRawPointer(self), source: pointee.source, layout: layout, generation: pointee.generation,
      opcode: opcode, scalarType: type)
    record.operands = operands
    record.attributes = attributes
    record.flags = pointee.unrecordedFlag.union(flags)
    pointee.records.append(record)
    let evaluation = Evaluation(core: self, id: id)
    self[record: id].pointee.value = pointee.values.allocate(byteCount(of: evaluation))
    do { try pointee.operations.forward[Int(opcode.rawValue)].unsafelyUnwrapped.pointee.evaluate(evaluation) } catch {
      dropRecords(from: Int(id))
      throw error
    }
    if !pointee.isRecording { forgetPast(id) }
    return id
  }

  private func forgetPast(_ id: NodeID) {
    let record = self[record: id]
    record.pointee.opcode = .constant
    record.pointee.operands = (-1, -1)
    record.pointee.attributes = -1
    record.pointee.flags = []
  }

  /// The bytes that a record's value takes.
  func byteCount(of evaluation: Evaluation) -> Int {
    let record = self[record: evaluation.id]
    return pointee.operations.forward[Int(record.pointee.opcode.rawValue)]?.pointee.byteCount?(evaluation)
      ?? pointee.layouts[record.pointee.layout].elementCount &* record.pointee.scalarType.byteCount
  }

  /// Computes a record's value anew, where it lies.
  func evaluate(_ id: NodeID) throws(LinearAlgebraError) {
    let record = self[record: id].pointee
    if record.opcode.isElementwise {
      evaluateElementwise(id)
    } else {
      try pointee.operations.forward[Int(record.opcode.rawValue)]?.pointee.evaluate(Evaluation(core: self, id: id))
    }
  }
}
