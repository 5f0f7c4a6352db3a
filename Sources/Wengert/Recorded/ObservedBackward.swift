import CKernels

/// What the backward pass of a recorded program does, found out by running it once.
///
/// Where an adjoint is kept, which operand takes over its cotangent's memory, and what is added rather than written does
/// not depend on the numbers; a replay can rely on it, and memory can be planned for it.
struct ObservedBackward {
  /// Memory that holds an adjoint, perhaps of several records, one after the other.
  struct Adjoint {
    enum Place {
      /// Planned memory.
      case planned
      /// A gradient's, by the number of the target.
      case gradient(Int)
      /// Wherever the pass finds room: a uniform adjoint that had to be written out.
      case unplanned
    }
    var place: Place
    var byteCount: Int
    /// The record whose adjoint it is first; others take it over.
    var owner: NodeID
  }

  /// The pullback of one record.
  struct Pull {
    let id: NodeID
    /// The adjoint that is pulled; nil if it is uniform.
    let cotangent: Int?
    /// The adjoint that the number lies in of which a uniform one is made.
    let number: Int?
    var operands: [Operand] = []

    /// Whether nothing is to be done: operands take over the cotangent's memory, or want nothing.
    var isHandover: Bool {
      cotangent != nil
        && operands.allSatisfy { !$0.isWanted || $0.isFirst && $0.adjoint == cotangent && $0.isCotangent }
    }
  }

  struct Operand {
    let id: NodeID
    var isWanted: Bool
    /// Whether nothing had been added to its adjoint before.
    var isFirst: Bool
    /// Whether its adjoint was uniform before or is now.
    var isUniform: Bool
    /// Its adjoint afterwards.
    var adjoint: Int?
    /// Whether its adjoint is nothing but the cotangent.
    var isCotangent = false
  }

  private(set) var pulls: [Pull] = []
  private(set) var adjoints: [Adjoint] = []
  /// The adjoint of each record of the range; nil where none arrived.
  private(set) var adjointOfRecord: [Int?] = []
  private(set) var isActive: [Bool] = []
  /// Bytes that the pass took beside what is planned.
  private(set) var unplannedByteCount = 0

  private var numbers: [UnsafeMutableRawPointer: Int] = [:]

  /// Runs the pass from `output`, with gradients of `targets` written to memory that is then given up.
  init(_ core: Core, output: NodeID, targets: [NodeID]) {
    let range = BackwardRange(start: 0, output: output)
    let gradients = targets.map { ArrayStorage(byteCount: core.byteCount($0)) }
    _ = core.withGradientBuffer {
      for target in targets { core[record: target].pointee.flags.insert(.isTarget) }
      core.markActive(range, leavesAreTargets: false)
      isActive = (0...output).map { core.slot($0, range).pointee.isActive }
      adjointOfRecord = isActive.map { _ in nil }
      for (number, target) in targets.enumerated() where target <= output {
        core.slot(target, range).pointee = .reserved(gradients[number].base)
        numbers[gradients[number].base] = adjoints.count
        if gradients[number].byteCount == 0 { adjointOfRecord[Int(target)] = adjoints.count }
        adjoints.append(
          Adjoint(place: .gradient(number), byteCount: gradients[number].byteCount, owner: target))
      }
      if isActive[Int(output)] { run(core, range) }
      unplannedByteCount =
        core.pointee.adjoints.used
        - adjoints.reduce(0) { if case .planned = $1.place { $0 + $1.byteCount } else { $0 } }
    }
  }

  private mutating func run(_ core: Core, _ range: BackwardRange) {
    let wasRecording = core.pointee.isRecording
    core.pointee.isRecording = false
    defer { core.pointee.isRecording = wasRecording }
    core.seed(range, cotangent: nil)
    note(range.output, core, range, isWrittenOut: false)
    for id in stride(from: range.output, through: 0, by: -1) {
      let slot = core.slot(id, range).pointee
      guard slot.adjoint != nil || slot.uniform != nil else { continue }
      if core.pointee.operations.kinds[Int(core[record: id].pointee.opcode.rawValue)] != .differentiable { continue }
      observe(id, core, range)
    }
  }

  private mutating func observe(_ id: NodeID, _ core: Core, _ range: BackwardRange) {
    let slot = core.slot(id, range).pointee
    var pull = Pull(
      id: id, cotangent: adjointOfRecord[Int(id)], number: slot.uniform.flatMap { numbers[$0] })
    let operands = (0..<core.operandCount(id)).map { core.operand(id, $0) }
    let before = operands.map { core.slot($0, range).pointee }
    // An uniform adjoint may be written out first.
    core.pullRecord(id, range)
    if pull.cotangent == nil, core.slot(id, range).pointee.uniform == nil {
      note(id, core, range, isWrittenOut: true)
    }
    for (index, operand) in operands.enumerated() {
      let after = core.slot(operand, range).pointee
      let wasUniform = before[index].uniform != nil
      note(operand, core, range, isWrittenOut: wasUniform)
      let adjoint = adjointOfRecord[Int(operand)]
      pull.operands.append(
        Operand(
          id: operand, isWanted: before[index].isActive,
          isFirst: before[index].adjoint == nil && !operands[..<index].contains(operand),
          isUniform: wasUniform || after.uniform != nil, adjoint: adjoint,
          isCotangent: core.passesCotangent(id, index)))
    }
    pulls.append(pull)
  }

  /// Notes where a record's adjoint is now.
  private mutating func note(_ id: NodeID, _ core: Core, _ range: BackwardRange, isWrittenOut: Bool) {
    guard let memory = core.slot(id, range).pointee.adjoint else { return }
    let byteCount = core.byteCount(id)
    // What is empty has no place of its own, so an address says nothing.
    let known = byteCount == 0 ? adjointOfRecord[Int(id)] : numbers[memory]
    let number = known ?? adjoints.count
    if known == nil {
      adjoints.append(
        Adjoint(place: isWrittenOut || byteCount == 0 ? .unplanned : .planned, byteCount: byteCount, owner: id))
      if byteCount > 0 { numbers[memory] = number }
    }
    adjointOfRecord[Int(id)] = number
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Whether the cotangent itself, unchanged, is what an operation adds to an operand's adjoint of the same shape.
  fileprivate func passesCotangent(_ id: NodeID, _ index: Int) -> Bool {
    let opcode = self[record: id].pointee.opcode
    if opcode.isElementwise { return pointee.operations.program(opcode, index)?.pointee.instruction_count == 0 }
    return opcode == .alias || opcode == .reshape
  }
}
