import CKernels

/// From which step to which each value and adjoint is needed.
struct Lifetimes {
  struct Interval {
    var first: Int
    var last: Int
    mutating func extend(to step: Int) { last = Swift.max(last, step) }
  }

  /// By record, for those that have memory of their own.
  private(set) var values: [Interval?]
  /// Whether a value is used in part, or in another way than element by element.
  private(set) var isUsedWhole: [Bool]
  private(set) var adjoints: [Interval]
  /// Whether an adjoint is used by something else than a chain.
  private(set) var isAdjointUsedWhole: [Bool]

  init(_ compiler: ProgramCompiler, _ schedule: Schedule) {
    let core = compiler.core
    let locations = compiler.locations
    let end = schedule.groups.count
    var values = [Interval?](repeating: nil, count: compiler.isNeeded.count)
    var isUsedWhole = [Bool](repeating: false, count: compiler.isNeeded.count)
    for id in values.indices where schedule.groupOfRecord[id] >= 0 {
      values[id] = Interval(first: schedule.groupOfRecord[id], last: schedule.groupOfRecord[id])
    }
    func use(_ id: NodeID, at step: Int, inChainOf count: Int? = nil) {
      let root = Int(locations[id].root)
      values[root]?.extend(to: step)
      if count == nil || locations[id].offset != 0 || core.layout(NodeID(root)).elementCount != count {
        isUsedWhole[root] = true
      }
    }
    for id in values.indices where schedule.groupOfRecord[id] >= 0 {
      let step = schedule.groupOfRecord[id]
      let count = schedule.groups[step].chainCount
      for index in 0..<core.operandCount(NodeID(id)) {
        use(core.operand(NodeID(id), index), at: step, inChainOf: count)
      }
    }
    for guarded in compiler.guards { use(guarded.record, at: Swift.max(0, schedule.groupOfRecord[Int(locations[guarded.record].root)])) }
    use(compiler.output, at: end)

    let backward = compiler.backward
    adjoints = [Interval](repeating: Interval(first: .max, last: -1), count: backward?.adjoints.count ?? 0)
    isAdjointUsedWhole = (backward?.adjoints ?? []).map { if case .gradient = $0.place { true } else { false } }
    for (number, pull) in (backward?.pulls ?? []).enumerated() {
      let step = schedule.groupOfPull[number]
      let count = schedule.groups[step].chainCount
      compiler.forEachValueRead(by: pull) { use($0, at: step, inChainOf: count) }
      for adjoint in [pull.cotangent, pull.number] + pull.operands.map(\.adjoint) {
        guard let adjoint else { continue }
        adjoints[adjoint].first = Swift.min(adjoints[adjoint].first, step)
        adjoints[adjoint].extend(to: step)
        if count == nil { isAdjointUsedWhole[adjoint] = true }
      }
    }
    // The output's adjoint is there before the first pull.
    if let seed = backward?.adjointOfRecord[Int(compiler.output)] {
      adjoints[seed].first = schedule.groupOfPull.first ?? end
      adjoints[seed].extend(to: adjoints[seed].first)
      isAdjointUsedWhole[seed] = true
    }
    // An adjoint that nothing reads, as that of a record which only a later pull could look at, is still written.
    for number in adjoints.indices where adjoints[number].first == .max { adjoints[number] = Interval(first: end, last: end) }
    (self.values, self.isUsedWhole) = (values, isUsedWhole)
  }

  /// Whether a value needs no memory: one chain makes it and uses it up.
  func isLocalValue(_ id: Int, _ schedule: Schedule) -> Bool {
    guard let interval = values[id], interval.first == interval.last, !isUsedWhole[id] else { return false }
    return schedule.groups[interval.first].chainCount != nil
  }

  func isLocalAdjoint(_ number: Int, _ schedule: Schedule) -> Bool {
    let interval = adjoints[number]
    guard interval.first == interval.last, !isAdjointUsedWhole[number] else { return false }
    return schedule.groups[interval.first].chainCount != nil
  }
}

extension Schedule.Group {
  /// The number of elements, if this is a chain.
  var chainCount: Int? {
    if case .chain(let count, _) = kind { count } else { nil }
  }
}

extension ProgramCompiler {
  /// Calls `body` with the records whose elements a pullback reads.
  func forEachValueRead(by pull: ObservedBackward.Pull, _ body: (NodeID) -> Void) {
    if pull.isHandover { return }
    let opcode = core[record: pull.id].pointee.opcode
    guard opcode.isElementwise else {
      guard let structural = core.pointee.operations.structural[Int(opcode.rawValue)] else { return }
      if structural.reads.contains(.operands) {
        for operand in pull.operands {
          body(operand.id)
          // Rules of factored systems look behind their operand.
          for index in 0..<core.operandCount(operand.id) { body(core.operand(operand.id, index)) }
        }
      }
      if structural.reads.contains(.output) { body(pull.id) }
      return
    }
    for (index, operand) in pull.operands.enumerated() where operand.isWanted {
      guard let program = core.pointee.operations.program(opcode, index) else { continue }
      for position in pull.operands.indices where program.pointee.reads >> UInt8(position) & 1 == 1 {
        body(pull.operands[position].id)
      }
      if program.pointee.reads >> UInt8(wg_register_output) & 1 == 1 { body(pull.id) }
    }
  }
}
