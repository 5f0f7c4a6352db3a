import CKernels

/// Makes a program of a recorded tape: which records are needed, in which steps they are computed and pulled back, how
/// long each value and adjoint has to be kept, and where it lies.
struct ProgramCompiler {
  let core: Core
  let inputs: [RecordedProgram.Input]
  let output: NodeID
  let targets: [NodeID]?
  let guards: [Trace.Guard]
  let locations: ValueLocations
  /// Records whose values the results depend on.
  let isNeeded: [Bool]
  let backward: ObservedBackward?

  init(
    _ core: Core, inputs: [RecordedProgram.Input], output: NodeID, targets: [NodeID]?, guards: [Trace.Guard]
  ) {
    self.core = core
    self.inputs = inputs
    self.output = output
    self.targets = targets
    self.guards = guards
    locations = ValueLocations(core, inputs: inputs)
    var isNeeded = [Bool](repeating: false, count: core.pointee.records.count)
    isNeeded[Int(output)] = true
    for guarded in guards { isNeeded[Int(guarded.record)] = true }
    if targets != nil {
      // A user's own pullback may look at whatever was there when it was written.
      for id in isNeeded.indices.reversed() where core[record: NodeID(id)].pointee.opcode == .custom {
        for earlier in 0..<id { isNeeded[earlier] = true }
        break
      }
    }
    for id in (0..<isNeeded.count).reversed() where isNeeded[id] {
      core.forEachDependency(of: NodeID(id)) { isNeeded[Int($0)] = true }
    }
    self.isNeeded = isNeeded
    backward = targets.map { ObservedBackward(core, output: output, targets: $0) }
  }

  func compile(memoryBudget: Int?) -> (CompiledProgram, MemoryPlan) {
    let order = memoryBudget.map { WorkOrder(self, within: $0) } ?? WorkOrder(self)
    let schedule = Schedule(self, order)
    let lifetimes = Lifetimes(self, schedule)
    var assembler = ProgramAssembler(self, schedule, lifetimes)
    return assembler.assemble()
  }
}

/// The order of a program's work: what is computed and pulled back, grouped into steps.
struct Schedule {
  /// One step.
  struct Group {
    enum Kind {
      /// One operation by itself.
      case single
      /// Elementwise operations on arrays of one size.
      case chain(count: Int, type: ScalarType)
      /// Elementwise operations on numbers.
      case scalars(ScalarType)
      /// Pullbacks that only hand over memory.
      case nothing
    }
    var kind: Kind
    /// The versions that are evaluated, or the numbers of the pulls.
    var members: [Int]
    var isBackward: Bool

    /// Whether something of the given kind can be done in the same step.
    func takes(_ kind: Kind) -> Bool {
      switch (self.kind, kind) {
      case (.chain(let count, let type), .chain(let other, let otherType)):
        count == other && type == otherType && members.count < Schedule.longestChain
      case (.scalars(let type), .scalars(let other)): type == other
      // Memory that changes hands does not interrupt what computes.
      case (.chain, .nothing), (.scalars, .nothing), (.nothing, .nothing): true
      default: false
      }
    }
  }

  private(set) var groups: [Group] = []
  /// The records that are evaluated, in order. One that is evaluated more than once has several versions of its value,
  /// each in memory of its own; readers find the last that has been made.
  let evaluations: [NodeID]
  /// Operations of a chain; more would need more blocks than the first-level cache has room for.
  private static let longestChain = 12

  init(_ compiler: ProgramCompiler, _ order: WorkOrder) {
    var evaluations: [NodeID] = []
    let guarded = Set(compiler.guards.map { compiler.locations[$0.record].root })
    self.evaluations = order.actions.compactMap { if case .evaluate(let id) = $0 { id } else { nil } }
    for action in order.actions {
      switch action {
      case .evaluate(let id):
        append(evaluations.count, compiler.forwardKind(id), isBackward: false)
        evaluations.append(id)
        // A guard is looked at as soon as its value is there: nothing that follows may rely on it otherwise.
        if guarded.contains(id) { isClosed = true }
      case .pull(let number):
        append(number, compiler.backwardKind(number), isBackward: true)
      }
    }
  }

  /// Calls `body` with the steps in order, and with the version of each value that is there once the step has run; returns
  /// those that are there at the end.
  @discardableResult
  func forEachStep(_ recordCount: Int, _ body: (_ step: Int, _ group: Group, _ versions: [Int]) -> Void) -> [Int] {
    var versions = [Int](repeating: -1, count: recordCount)
    for (step, group) in groups.enumerated() {
      if !group.isBackward { for version in group.members { versions[Int(evaluations[version])] = version } }
      body(step, group, versions)
    }
    return versions
  }

  /// Whether the last group takes no more members.
  private var isClosed = true

  private mutating func append(_ member: Int, _ kind: Group.Kind, isBackward: Bool) {
    if !isClosed, let last = groups.last, last.isBackward == isBackward, last.takes(kind) {
      groups[groups.count - 1].members.append(member)
      return
    }
    groups.append(Group(kind: kind, members: [member], isBackward: isBackward))
    isClosed = false
  }
}

extension ProgramCompiler {
  /// What step computes a record.
  fileprivate func forwardKind(_ id: NodeID) -> Schedule.Group.Kind {
    let record = core[record: id].pointee
    guard record.opcode.isElementwise else { return .single }
    if record.layout == LayoutTable.scalar { return .scalars(record.scalarType) }
    let count = core.layout(id).elementCount
    guard count > 1, (0..<core.operandCount(id)).allSatisfy({ isChainable(core.operand(id, $0), count) }) else {
      return .single
    }
    return .chain(count: count, type: record.scalarType)
  }

  /// Whether a chain over `count` elements can read a value: one element after the other, or one number.
  func isChainable(_ id: NodeID, _ count: Int) -> Bool {
    let layout = core.layout(id)
    return layout.elementCount == 1 || layout.isContiguous && layout.elementCount == count
  }

  /// What step pulls a cotangent back.
  fileprivate func backwardKind(_ number: Int) -> Schedule.Group.Kind {
    let pull = backward!.pulls[number]
    guard let cotangent = pull.cotangent, isFixed(cotangent) else { return .single }
    guard pull.operands.allSatisfy({ !$0.isWanted || !$0.isUniform && ($0.adjoint.map(isFixed) ?? true) }) else {
      return .single
    }
    if pull.isHandover { return .nothing }
    let record = core[record: pull.id].pointee
    guard record.opcode.isElementwise else { return .single }
    if record.layout == LayoutTable.scalar { return pull.operands.count <= 2 ? .scalars(record.scalarType) : .single }
    let count = core.layout(pull.id).elementCount
    let shape = core.layout(pull.id)
    for (index, operand) in pull.operands.enumerated() {
      guard isChainable(operand.id, count) else { return .single }
      let passes = core.pointee.operations.program(record.opcode, index) != nil
      if operand.isWanted && passes && !core.layout(operand.id).hasSameSizes(as: shape) { return .single }
    }
    return .chain(count: count, type: record.scalarType)
  }

  /// Whether it is known before a replay where an adjoint lies.
  private func isFixed(_ adjoint: Int) -> Bool {
    if case .unplanned = backward!.adjoints[adjoint].place { false } else { true }
  }
}
