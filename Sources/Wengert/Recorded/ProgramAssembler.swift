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
  /// Where the versions of values lie.
  private var versionMemory: [UnsafeMutableRawPointer] = []
  /// How many versions of its value a record has, and which is there at the step that is being written.
  private var versionCounts: [Int] = []
  private var versions: [Int] = []
  /// The records that share a record's memory.
  private var views: [[NodeID]] = []
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
    let planned = lifetimes.items(compiler, schedule)
    var items = planned.map(\.item)
    let owners = planned.map(\.owner)
    let byteCount = MemoryPlanner.plan(&items, stepCount: schedule.groups.count)
    let block = ArrayStorage(byteCount: byteCount)
    code.memory.append(block)
    copyConstants()
    adjointMemory = [UnsafeMutableRawPointer?](repeating: nil, count: backward?.adjoints.count ?? 0)
    versionMemory = schedule.evaluations.map { _ in block.base }
    for (item, owner) in zip(items, owners) {
      switch owner {
      case .value(_, let version): versionMemory[version] = block.base + item.offset
      case .adjoint(let number, _): adjointMemory[number] = block.base + item.offset
      }
    }
    findViews()
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
  private mutating func findViews() {
    let locations = compiler.locations
    views = compiler.isNeeded.map { _ in [] }
    for id in compiler.isNeeded.indices where compiler.isNeeded[id] {
      let root = locations.roots[id]
      if root != NodeID(id) {
        views[Int(root)].append(NodeID(id))
        core[record: NodeID(id)].pointee.value = core[record: root].pointee.value + locations.offsets[id]
      }
      if case .input(let number) = locations.kinds[Int(root)] { code.inputSites[number].append(.record(NodeID(id))) }
    }
    versionCounts = compiler.isNeeded.map { _ in 0 }
    for id in schedule.evaluations { versionCounts[Int(id)] += 1 }
  }

  /// Lets a record and its views have the memory of a version. Steps that look at records need to be told, if there is
  /// more than one.
  private mutating func takeMemory(of version: Int) {
    let id = schedule.evaluations[version]
    versions[Int(id)] = version
    for record in CollectionOfOne(id) + views[Int(id)] {
      let memory = versionMemory[version] + compiler.locations.offsets[Int(record)]
      core[record: record].pointee.value = memory
      if versionCounts[Int(id)] > 1 { code.moves.append((Int32(record), memory)) }
    }
  }

  // MARK: Slots

  private mutating func findLookedUp() {
    isLookedUp = compiler.isNeeded.map { _ in false }
    guard let backward else { return }
    for group in schedule.groups where group.isBackward {
      guard case .single = group.kind else { continue }
      let pull = backward.pulls[group.members[0]]
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
    code.scalars.reserveCapacity(count(isBackward: false))
    code.pullbacks.reserveCapacity(count(isBackward: true))
    code.chains.reserveCapacity(groups.reduce(0) { $0 + ($1.chainCount == nil ? 0 : 1) })

    for (index, guarded) in compiler.guards.enumerated() where !isComputed(guarded.record) {
      code.steps.append(.check(index))
    }
    versions = compiler.isNeeded.map { _ in -1 }
    var hasSeeded = false
    var isChecked = compiler.guards.map { _ in false }
    for group in groups {
      if group.isBackward && !hasSeeded {
        code.steps.append(.seed)
        hasSeeded = true
      }
      if !group.isBackward { writeMoves(group) }
      write(group)
      if group.isBackward {
        writePlacements(group)
        continue
      }
      let ids = Set(group.members.map { schedule.evaluations[$0] })
      for (index, guarded) in compiler.guards.enumerated()
      where !isChecked[index] && ids.contains(compiler.locations[guarded.record].root) {
        isChecked[index] = true
        code.steps.append(.check(index))
      }
    }
    if backward?.adjointOfRecord[Int(compiler.output)] != nil && !hasSeeded { code.steps.append(.seed) }
  }

  private mutating func writeMoves(_ group: Schedule.Group) {
    let start = code.moves.count
    for version in group.members { takeMemory(of: version) }
    let count = code.moves.count - start
    if count > 0 { code.steps.append(.move(.init(start: start, count: count))) }
  }

  private func isComputed(_ id: NodeID) -> Bool {
    compiler.locations.isComputed(compiler.locations[id].root)
  }

  private mutating func write(_ group: Schedule.Group) {
    switch group.kind {
    case .single:
      let member = group.members[0]
      code.steps.append(group.isBackward ? .pull(backward!.pulls[member].id) : .evaluate(schedule.evaluations[member]))
    case .scalars(let type):
      let start = group.isBackward ? code.pullbacks.count : code.scalars.count
      for member in group.members {
        if group.isBackward {
          writePullback(backward!.pulls[member])
        } else {
          writeScalar(schedule.evaluations[member])
        }
      }
      let end = group.isBackward ? code.pullbacks.count : code.scalars.count
      let part = RecordedProgram.Part(start: start, count: end - start)
      code.steps.append(group.isBackward ? .pullScalars(part, type) : .scalars(part, type))
    case .chain(let count, let type):
      var chain = ChainAssembler(compiler, count: count, type: type) { [lifetimes, schedule, versions] key in
        switch key {
        case .value(let id): versions[Int(id)] >= 0 && lifetimes.isLocalValue(versions[Int(id)], schedule)
        case .adjoint(let number): lifetimes.isLocalAdjoint(number, schedule)
        default: true
        }
      }
      for member in group.members {
        if group.isBackward {
          chain.append(backward!.pulls[member])
        } else {
          chain.append(schedule.evaluations[member])
        }
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
