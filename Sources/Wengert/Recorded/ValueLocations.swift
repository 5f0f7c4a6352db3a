import CKernels

/// Where the values of a recorded tape lie: in memory of their own, in an operand's, or in that of an input.
///
/// A view, an alias and the like share the memory of another record, their root.
struct ValueLocations {
  enum Kind {
    /// An array that is supplied anew for each replay, by its number.
    case input(Int)
    /// A value that stays what it is.
    case constant
    /// Computed, in memory of its own.
    case computed
    /// In the memory of its root.
    case shared
  }

  private(set) var kinds: [Kind] = []
  private(set) var roots: [NodeID] = []
  /// Bytes from the root's first element to this record's.
  private(set) var offsets: [Int] = []
  private(set) var byteCounts: [Int] = []

  init(_ core: Core, inputs: [RecordedProgram.Input]) {
    let count = core.pointee.records.count
    var inputNumbers: [NodeID: Int] = [:]
    for (number, input) in inputs.enumerated() { inputNumbers[input.record] = number }
    for id in 0..<NodeID(count) {
      let record = core[record: id].pointee
      let root = core.sharedMemory(of: id)
      if let number = inputNumbers[id] {
        kinds.append(.input(number))
      } else if root == nil {
        kinds.append(record.opcode.isLeaf ? .constant : .computed)
      } else {
        kinds.append(.shared)
      }
      if let root {
        roots.append(roots[Int(root)])
        offsets.append(record.value - core[record: roots[Int(root)]].pointee.value)
        byteCounts.append(0)
      } else {
        roots.append(id)
        offsets.append(0)
        byteCounts.append(core.byteCount(of: Evaluation(core: core, id: id)))
      }
    }
  }

  subscript(id: NodeID) -> (kind: Kind, root: NodeID, offset: Int) {
    (kinds[Int(id)], roots[Int(id)], offsets[Int(id)])
  }

  /// Whether a record's value is computed by a step of its own.
  func isComputed(_ id: NodeID) -> Bool {
    if case .computed = kinds[Int(id)] { true } else { false }
  }
}

extension Opcode {
  /// Whether a record has a value but no operation.
  var isLeaf: Bool { self == .leaf || self == .constant || self == .severed }
}

extension UnsafeMutablePointer<TapeCore> {
  /// The operand whose memory a record shares; nil if it has memory of its own.
  func sharedMemory(of id: NodeID) -> NodeID? {
    let opcode = self[record: id].pointee.opcode
    if opcode.isElementwise || opcode.isLeaf || pointee.operations.forward[Int(opcode.rawValue)] != nil { return nil }
    // A custom operation's value is that of a record behind its operands; any other is a view of its only operand.
    let shared = opcode == .custom ? NodeID(attribute(self[record: id], operandCount(id) + 2)) : operand(id, 0)
    return shared < 0 ? nil : shared  // The marks of a checkpointed part have no operand.
  }

  /// The records that have to be there for a record's value to be computed.
  func forEachDependency(of id: NodeID, _ body: (NodeID) -> Void) {
    for index in 0..<operandCount(id) { body(operand(id, index)) }
    if let shared = sharedMemory(of: id) { body(shared) }
  }
}
