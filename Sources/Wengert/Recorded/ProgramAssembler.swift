import CKernels

/// Writes the steps of a program, once it is known where everything lies.
struct ProgramAssembler {
  let compiler: ProgramCompiler
  let schedule: Schedule
  let lifetimes: Lifetimes
  var code = CompiledProgram()
  private var core: Core { compiler.core }
  private var backward: ObservedBackward? { compiler.backward }

  /// Where planned adjoints lie; nil for those of a chain, of gradients, and unplanned ones.
  var adjointMemory: [UnsafeMutableRawPointer?] = []
  /// Records that a pullback by itself looks up or adds to: their slots have to be right.
  var isLookedUp: [Bool] = []

  init(_ compiler: ProgramCompiler, _ schedule: Schedule, _ lifetimes: Lifetimes) {
    self.compiler = compiler
    self.schedule = schedule
    self.lifetimes = lifetimes
  }

  mutating func assemble() -> (CompiledProgram, MemoryPlan) {
    code.inputSites = compiler.inputs.map { _ in [] }
    code.gradientSites = (compiler.targets ?? []).map { _ in [] }
    code.gradientRecords = (compiler.targets ?? []).map(Int.init)
    code.gradientByteCounts = (compiler.targets ?? []).map { compiler.locations.byteCounts[Int($0)] }
    let plan = placeMemory()
    findLookedUp()
    writeSlots()
    writeSteps()
    core.releaseRecording()
    return (code, plan)
  }

  // MARK: Memory

  private mutating func placeMemory() -> MemoryPlan {
    let locations = compiler.locations
    var items: [MemoryPlanner.Item] = []
    var owners: [MemoryPlan.Owner] = []
    for id in compiler.isNeeded.indices {
      guard let interval = lifetimes.values[id], !lifetimes.isLocalValue(id, schedule) else { continue }
      items.append(.init(byteCount: locations.byteCounts[id], first: interval.first, last: interval.last))
      owners.append(.value(NodeID(id)))
    }
    for (number, adjoint) in (backward?.adjoints ?? []).enumerated() {
      guard case .planned = adjoint.place, !lifetimes.isLocalAdjoint(number, schedule) else { continue }
      let interval = lifetimes.adjoints[number]
      items.append(.init(byteCount: adjoint.byteCount, first: interval.first, last: interval.last))
      owners.append(.adjoint(number, of: adjoint.owner))
    }
    let byteCount = MemoryPlanner.plan(&items, stepCount: schedule.groups.count)
    let block = ArrayStorage(byteCount: byteCount)
    code.memory.append(block)
    copyConstants()
    adjointMemory = [UnsafeMutableRawPointer?](repeating: nil, count: backward?.adjoints.count ?? 0)
    for (item, owner) in zip(items, owners) {
      switch owner {
      case .value(let id): core[record: id].pointee.value = block.base + item.offset
      case .adjoint(let number, _): adjointMemory[number] = block.base + item.offset
      }
    }
    moveViews()
    return MemoryPlan(
      core, items: items, owners: owners, byteCount: byteCount, constantByteCount: code.memory[1].byteCount,
      unplannedByteCount: Swift.max(0, backward?.unplannedByteCount ?? 0))
  }

  /// Gives constants memory that stays.
  private mutating func copyConstants() {
    let locations = compiler.locations
    let alignment = ArrayStorage.alignment
    func rounded(_ count: Int) -> Int { (count + alignment - 1) & ~(alignment - 1) }
    let constants = compiler.isNeeded.indices.filter { id in
      if case .constant = locations.kinds[id] { compiler.isNeeded[id] } else { false }
    }
    let storage = ArrayStorage(byteCount: constants.reduce(0) { $0 + rounded(locations.byteCounts[$1]) })
    var end = storage.base
    for id in constants {
      let record = core[record: NodeID(id)]
      end.copyMemory(from: record.pointee.value, byteCount: locations.byteCounts[id])
      record.pointee.value = end
      end += rounded(locations.byteCounts[id])
    }
    code.memory.append(storage)
  }

  /// Records that share memory follow their roots; those of inputs will with every replay.
  private mutating func moveViews() {
    let locations = compiler.locations
    for id in compiler.isNeeded.indices where compiler.isNeeded[id] {
      let (kind, root, offset) = locations[NodeID(id)]
      if case .shared = kind { core[record: NodeID(id)].pointee.value = core[record: root].pointee.value + offset }
      if case .input(let number) = locations.kinds[Int(root)] { code.inputSites[number].append(.record(NodeID(id))) }
    }
  }

  // MARK: Slots

  private mutating func findLookedUp() {
    isLookedUp = compiler.isNeeded.map { _ in false }
    guard let backward else { return }
    for (number, pull) in backward.pulls.enumerated() {
      guard case .single = schedule.groups[schedule.groupOfPull[number]].kind else { continue }
      isLookedUp[Int(pull.id)] = true
      for operand in pull.operands { isLookedUp[Int(operand.id)] = true }
    }
  }

  /// The slots at the start of a pass: as recording found them, but with memory where it took some.
  private mutating func writeSlots() {
    guard let backward else { return }
    let seed = backward.adjointOfRecord[Int(compiler.output)]
    code.unreachedTargets = compiler.targets!.indices.filter { index in
      let target = Int(compiler.targets![index])
      return target >= backward.adjointOfRecord.count || backward.adjointOfRecord[target] == nil
    }
    if let seed {
      code.seedCount = core.layout(compiler.output).elementCount
      let cell = ArrayStorage(byteCount: 8)
      code.memory.append(cell)
      code.seedMemory = cell.base.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
      setAdjoint(seed, cell.base)
    }
    guard isLookedUp.contains(true) else { return }
    for (id, isActive) in backward.isActive.enumerated() {
      var slot: Slot = isActive ? .active : .inactive
      if let adjoint = backward.adjointOfRecord[id], let memory = adjointMemory[adjoint],
        backward.adjoints[adjoint].owner == NodeID(id)
      {
        slot = adjoint == seed && id == Int(compiler.output) ? Slot(memory) : .reserved(memory)
      }
      code.slots.append(slot)
    }
  }

  // MARK: Steps

  private mutating func writeSteps() {
    let groups = schedule.groups
    func count(isBackward: Bool) -> Int {
      groups.reduce(0) { sum, group in
        if case .scalars = group.kind, group.isBackward == isBackward { sum + group.members.count } else { sum }
      }
    }
    // As long as they will be: addresses in them are noted.
    code.scalars = PlainStack(capacity: Swift.max(1, count(isBackward: false)))
    code.pullbacks = PlainStack(capacity: Swift.max(1, count(isBackward: true)))
    let chainCount = groups.reduce(0) { $0 + ($1.chainCount == nil ? 0 : 1) }
    code.chains = PlainStack(capacity: Swift.max(1, chainCount))

    for (index, guarded) in compiler.guards.enumerated() where !isComputed(guarded.record) {
      code.steps.append(.check(index))
    }
    var hasSeeded = false
    for (number, group) in groups.enumerated() {
      if group.isBackward && !hasSeeded {
        code.steps.append(.seed)
        hasSeeded = true
      }
      write(group)
      if group.isBackward {
        writePlacements(group)
      } else {
        for (index, guarded) in compiler.guards.enumerated()
        where schedule.groupOfRecord[Int(compiler.locations[guarded.record].root)] == number {
          code.steps.append(.check(index))
        }
      }
    }
    if backward?.adjointOfRecord[Int(compiler.output)] != nil && !hasSeeded { code.steps.append(.seed) }
  }

  private func isComputed(_ id: NodeID) -> Bool {
    compiler.locations.isComputed(compiler.locations[id].root)
  }

  private mutating func write(_ group: Schedule.Group) {
    switch group.kind {
    case .single:
      let member = group.members[0]
      code.steps.append(group.isBackward ? .pull(backward!.pulls[member].id) : .evaluate(NodeID(member)))
    case .scalars(let type):
      let start = group.isBackward ? code.pullbacks.count : code.scalars.count
      for member in group.members {
        if group.isBackward { writePullback(backward!.pulls[member]) } else { writeScalar(NodeID(member)) }
      }
      let end = group.isBackward ? code.pullbacks.count : code.scalars.count
      let part = RecordedProgram.Part(start: start, count: end - start)
      code.steps.append(group.isBackward ? .pullScalars(part, type) : .scalars(part, type))
    case .chain(let count, let type):
      var chain = ChainAssembler(compiler, count: count, type: type) { [lifetimes, schedule] key in
        switch key {
        case .value(let id): lifetimes.isLocalValue(Int(id), schedule)
        case .adjoint(let number): lifetimes.isLocalAdjoint(number, schedule)
        default: true
        }
      }
      for member in group.members {
        if group.isBackward { chain.append(backward!.pulls[member]) } else { chain.append(NodeID(member)) }
      }
      guard let (number, open) = chain.finish(&code) else { return }
      for (key, place) in open {
        if case .value(let id) = key { setValue(id, place) }
        if case .adjoint(let number) = key { setAdjoint(number, place) }
      }
      code.steps.append(.chain(number))
    case .nothing: break
    }
  }

  /// Tells the slots of records that a pullback by itself will look up where their adjoints are by now.
  private mutating func writePlacements(_ group: Schedule.Group) {
    if case .single = group.kind { return }
    let start = code.placements.count
    for member in group.members {
      for operand in backward!.pulls[member].operands {
        guard operand.isWanted, let adjoint = operand.adjoint, isLookedUp[Int(operand.id)] else { continue }
        // A gradient's memory is filled in with every replay.
        let slot = adjointMemory[adjoint].map { Slot($0) } ?? .active
        code.placements.append((Int32(operand.id), slot))
      }
    }
    let count = code.placements.count - start
    if count > 0 { code.steps.append(.place(.init(start: start, count: count))) }
  }

  // MARK: Numbers

  private mutating func writeScalar(_ id: NodeID) {
    let record = core[record: id].pointee
    let index = code.scalars.count
    let operands = (0..<core.operandCount(id)).map { core.operand(id, $0) }
    let values = operands.map { UnsafeRawPointer(core[record: $0].pointee.value) }
    code.scalars.append(
      wg_scalar_step(
        a: values[0], b: values.count > 1 ? values[1] : values[0], c: values.count > 2 ? values[2] : values[0],
        y: record.value, operation: record.opcode))
    let step = UnsafeMutableRawPointer(code.scalars.base + index)
    for position in 0..<3 {
      let operand = operands[position < operands.count ? position : 0]
      note(operand, step + MemoryLayout<wg_scalar_step>.offset(of: [\.a, \.b, \.c][position])!)
    }
  }

  private mutating func writePullback(_ pull: ObservedBackward.Pull) {
    guard let cotangent = pull.cotangent else { return }
    if pull.isHandover { return }
    let opcode = core[record: pull.id].pointee.opcode
    var step = wg_scalar_pullback()
    step.y = UnsafeRawPointer(core[record: pull.id].pointee.value)
    step.form = core.pointee.operations.forms[Int(opcode.rawValue)].scalarForm
    step.adds_to_a = !pull.operands[0].isFirst
    step.adds_to_b = pull.operands.count > 1 && !pull.operands[1].isFirst
    step.programs.0 = UnsafeRawPointer(core.pointee.operations.program(opcode, 0))
    step.programs.1 = UnsafeRawPointer(core.pointee.operations.program(opcode, 1))
    let index = code.pullbacks.count
    code.pullbacks.append(step)
    let place = UnsafeMutableRawPointer(code.pullbacks.base + index)
    func field(_ path: PartialKeyPath<wg_scalar_pullback>) -> UnsafeMutableRawPointer {
      place + MemoryLayout<wg_scalar_pullback>.offset(of: path)!
    }
    setAdjoint(cotangent, field(\.cotangent))
    let operands = pull.operands
    setValue(operands[0].id, field(\.a))
    setValue(operands[operands.count > 1 ? 1 : 0].id, field(\.b))
    for (position, operand) in operands.enumerated() {
      guard operand.isWanted, let adjoint = operand.adjoint,
        core.pointee.operations.program(opcode, position) != nil,
        !(operand.isFirst && operand.isCotangent && adjoint == cotangent)
      else { continue }
      setAdjoint(adjoint, field(position == 0 ? \.abar : \.bbar))
    }
  }

  // MARK: Addresses

  /// Writes a value's address to a place in a step, to be changed with an input's.
  mutating func setValue(_ id: NodeID, _ place: UnsafeMutableRawPointer) {
    place.storeBytes(of: core[record: id].pointee.value, as: UnsafeMutableRawPointer?.self)
    note(id, place)
  }

  private mutating func note(_ id: NodeID, _ place: UnsafeMutableRawPointer) {
    guard case .input(let number) = compiler.locations.kinds[Int(compiler.locations[id].root)] else { return }
    code.inputSites[number].append(.pointer(place.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)))
  }

  /// Writes an adjoint's address to a place in a step, to be changed with a gradient's.
  mutating func setAdjoint(_ number: Int, _ place: UnsafeMutableRawPointer) {
    place.storeBytes(of: adjointMemory[number], as: UnsafeMutableRawPointer?.self)
    if case .gradient(let index) = backward!.adjoints[number].place {
      code.gradientSites[index].append(place.assumingMemoryBound(to: UnsafeMutableRawPointer?.self))
    }
  }
}

extension OperationTable.Form {
  fileprivate var scalarForm: wg_form {
    switch self {
    case .sum: .sum
    case .difference: .difference
    case .product: .product
    case .other: .other
    }
  }
}
