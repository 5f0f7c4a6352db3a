import CKernels

/// From which step to which each value and adjoint is needed.
struct Lifetimes {
  struct Interval {
    var first: Int
    var last: Int
    mutating func extend(to step: Int) { last = Swift.max(last, step) }
  }

  /// Of each version of a value.
  private(set) var values: [Interval]
  /// Whether a version is used in part, or in another way than element by element.
  private(set) var isUsedWhole: [Bool]
  private(set) var adjoints: [Interval]
  /// Whether an adjoint is used by something else than a chain.
  private(set) var isAdjointUsedWhole: [Bool]

  init(_ compiler: ProgramCompiler, _ schedule: Schedule) {
    let core = compiler.core
    let locations = compiler.locations
    let end = schedule.groups.count
    let backward = compiler.backward
    var values = [Interval](repeating: Interval(first: 0, last: 0), count: schedule.evaluations.count)
    var isUsedWhole = [Bool](repeating: false, count: values.count)
    var adjoints = [Interval](repeating: Interval(first: .max, last: -1), count: backward?.adjoints.count ?? 0)
    var isAdjointUsedWhole = (backward?.adjoints ?? []).map { if case .gradient = $0.place { true } else { false } }
    let guarded = Dictionary(grouping: compiler.guards.map(\.record)) { locations[$0].root }
    let versions = schedule.forEachStep(compiler.isNeeded.count) { step, group, versions in
      let count = group.chainCount
      func use(_ id: NodeID, isWhole: Bool = false) {
        let root = Int(locations[id].root)
        let version = versions[root]
        guard version >= 0 else { return }
        values[version].extend(to: step)
        if isWhole || locations[id].offset != 0 || core.layout(NodeID(root)).elementCount != count {
          isUsedWhole[version] = true
        }
      }
      for member in group.members {
        guard group.isBackward else {
          let id = schedule.evaluations[member]
          values[member] = Interval(first: step, last: step)
          for index in 0..<core.operandCount(id) { use(core.operand(id, index)) }
          for record in guarded[id] ?? [] { use(record, isWhole: true) }
          continue
        }
        let pull = backward!.pulls[member]
        compiler.forEachValueRead(by: pull) { use($0) }
        for adjoint in [pull.cotangent, pull.number] + pull.operands.map(\.adjoint) {
          guard let adjoint else { continue }
          adjoints[adjoint].first = Swift.min(adjoints[adjoint].first, step)
          adjoints[adjoint].extend(to: step)
          if count == nil { isAdjointUsedWhole[adjoint] = true }
        }
      }
    }
    let last = versions[Int(locations[compiler.output].root)]
    if last >= 0 {
      values[last].extend(to: end)
      isUsedWhole[last] = true
    }
    // The output's adjoint is there before the first pull.
    if let seed = backward?.adjointOfRecord[Int(compiler.output)] {
      adjoints[seed].first = schedule.groups.firstIndex(where: \.isBackward) ?? end
      adjoints[seed].extend(to: adjoints[seed].first)
      isAdjointUsedWhole[seed] = true
    }
    // An adjoint that nothing reads is still written.
    for number in adjoints.indices where adjoints[number].first == .max {
      adjoints[number] = Interval(first: end, last: end)
    }
    (self.values, self.isUsedWhole) = (values, isUsedWhole)
    (self.adjoints, self.isAdjointUsedWhole) = (adjoints, isAdjointUsedWhole)
  }

  /// Whether a version needs no memory: one chain makes it and uses it up.
  func isLocalValue(_ version: Int, _ schedule: Schedule) -> Bool {
    guard values[version].first == values[version].last, !isUsedWhole[version] else { return false }
    return schedule.groups[values[version].first].chainCount != nil
  }

  func isLocalAdjoint(_ number: Int, _ schedule: Schedule) -> Bool {
    let interval = adjoints[number]
    guard interval.first == interval.last, !isAdjointUsedWhole[number] else { return false }
    return schedule.groups[interval.first].chainCount != nil
  }

  /// What memory is planned for.
  func items(
    _ compiler: ProgramCompiler, _ schedule: Schedule
  ) -> [(item: MemoryPlanner.Item, owner: MemoryPlan.Owner)] {
    var result: [(item: MemoryPlanner.Item, owner: MemoryPlan.Owner)] = []
    var itemOfVersion = [Int?](repeating: nil, count: values.count)
    let predecessors = predecessors(compiler, schedule)
    for (version, id) in schedule.evaluations.enumerated() where !isLocalValue(version, schedule) {
      itemOfVersion[version] = result.count
      let item = MemoryPlanner.Item(
        byteCount: compiler.locations.byteCounts[Int(id)], first: values[version].first, last: values[version].last,
        predecessor: predecessors[version].flatMap { itemOfVersion[$0] })
      result.append((item, .value(id, version: version)))
    }
    for (number, adjoint) in (compiler.backward?.adjoints ?? []).enumerated() {
      guard case .planned = adjoint.place, !isLocalAdjoint(number, schedule) else { continue }
      let item = MemoryPlanner.Item(
        byteCount: adjoint.byteCount, first: adjoints[number].first, last: adjoints[number].last)
      result.append((item, .adjoint(number, of: adjoint.owner)))
    }
    return result
  }

  /// For each version, one whose place it can take over: an operand of the elementwise operation that makes it, of as many
  /// bytes, which nobody reads afterwards.
  private func predecessors(_ compiler: ProgramCompiler, _ schedule: Schedule) -> [Int?] {
    let core = compiler.core
    var result = [Int?](repeating: nil, count: values.count)
    schedule.forEachStep(compiler.isNeeded.count) { step, group, versions in
      guard !group.isBackward, group.chainCount != nil else { return }
      var lastReader: [Int: Int] = [:]
      for member in group.members {
        let id = schedule.evaluations[member]
        for index in 0..<core.operandCount(id) {
          let version = versions[Int(compiler.locations[core.operand(id, index)].root)]
          if version >= 0, values[version].first < step { lastReader[version] = member }
        }
      }
      for (version, member) in lastReader.sorted(by: { $0.key < $1.key })
      where values[version].last == step && result[member] == nil && !isLocalValue(member, schedule) {
        let bytes = compiler.locations.byteCounts
        guard bytes[Int(schedule.evaluations[version])] == bytes[Int(schedule.evaluations[member])] else { continue }
        result[member] = version
      }
    }
    return result
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
      guard let structural = core.pointee.operations.structural[Int(opcode.rawValue)]?.pointee else { return }
      // See `isNeeded`.
      if opcode == .custom { for id in 0..<pull.id { body(id) } }
      if structural.reads.contains(.operands) {
        for operand in pull.operands { body(operand.id) }
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
