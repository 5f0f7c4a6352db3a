import CKernels

/// Writes one chain: the operations of a group and the slots in which they find their operands.
struct ChainAssembler {
  /// What a slot stands for.
  enum Key: Hashable {
    case value(NodeID)
    case adjoint(Int)
    case constant(UInt64)
    case temporary(Int)
  }

  private let compiler: ProgramCompiler
  private let isLocal: (Key) -> Bool
  private let count: Int
  private let type: ScalarType
  private var slots: [Key] = []
  private var numbers: [Key: UInt8] = [:]
  private var steps: [wg_chain_step] = []
  private var core: Core { compiler.core }

  /// `isLocal`: whether what a slot stands for needs no memory outside the chain.
  init(_ compiler: ProgramCompiler, count: Int, type: ScalarType, isLocal: @escaping (Key) -> Bool) {
    self.compiler = compiler
    self.isLocal = isLocal
    self.count = count
    self.type = type
  }

  private mutating func slot(_ key: Key) -> UInt8 {
    if let known = numbers[key] { return known }
    slots.append(key)
    numbers[key] = UInt8(slots.count - 1)
    return UInt8(slots.count - 1)
  }

  /// Values are told apart by where they lie: a view of all elements is the same as what it views.
  private mutating func slot(of id: NodeID) -> UInt8 {
    let (_, root, offset) = compiler.locations[id]
    let isWhole = offset == 0 && core.layout(root).elementCount == core.layout(id).elementCount
    return slot(.value(isWhole ? root : id))
  }

  // MARK: Operations

  /// Appends the computation of a value.
  mutating func append(_ id: NodeID) {
    let operands = (0..<core.operandCount(id)).map { core.operand(id, $0) }
    let places = operands.map { slot(of: $0) }
    append(core[record: id].pointee.opcode, places, to: slot(of: id))
  }

  private mutating func append(_ opcode: Opcode, _ operands: [UInt8], to y: UInt8, accumulates: Bool = false) {
    var step = wg_chain_step()
    step.operation = opcode
    step.a = operands[0]
    step.b = operands.count > 1 ? operands[1] : operands[0]
    step.c = operands.count > 2 ? operands[2] : operands[0]
    step.y = y
    step.accumulates = accumulates
    steps.append(step)
  }

  /// Appends what a pullback adds to its operands' adjoints.
  mutating func append(_ pull: ObservedBackward.Pull) {
    guard let cotangent = pull.cotangent, !pull.isHandover else { return }
    let opcode = core[record: pull.id].pointee.opcode
    for (index, operand) in pull.operands.enumerated() where operand.isWanted {
      guard let program = core.pointee.operations.program(opcode, index), let adjoint = operand.adjoint else {
        continue
      }
      if operand.isFirst && operand.isCotangent && adjoint == cotangent { continue }
      // What the program does not read needs no slot of its own.
      var inputs = [UInt8](repeating: slot(.adjoint(cotangent)), count: wg_register_first_constant)
      for (position, other) in pull.operands.enumerated() where program.pointee.reads >> UInt8(position) & 1 == 1 {
        inputs[position] = slot(of: other.id)
      }
      if program.pointee.reads >> UInt8(wg_register_output) & 1 == 1 { inputs[wg_register_output] = slot(of: pull.id) }
      append(program, inputs, to: slot(.adjoint(adjoint)), accumulates: !operand.isFirst)
    }
  }

  private mutating func append(
    _ program: UnsafePointer<wg_program>, _ inputs: [UInt8], to y: UInt8, accumulates: Bool
  ) {
    if hasFusedPullback(program) {
      var step = wg_chain_step()
      step.operation = program.pointee.operation
      step.operand = program.pointee.operand
      step.is_pullback = true
      (step.a, step.b, step.c) = (inputs[0], inputs[1], inputs[wg_register_output])
      step.cotangent = inputs[wg_register_cotangent]
      step.y = y
      step.accumulates = accumulates
      steps.append(step)
      return
    }
    let instructions = withUnsafeBytes(of: program.pointee.instructions) {
      Array($0.assumingMemoryBound(to: wg_instruction.self).prefix(Int(program.pointee.instruction_count)))
    }
    var registers = inputs + [UInt8](repeating: 0, count: WG_REGISTER_COUNT - inputs.count)
    withUnsafeBytes(of: program.pointee.constants) {
      let constants = $0.assumingMemoryBound(to: Double.self)
      for index in 0..<Int(program.pointee.constant_count) {
        registers[wg_register_first_constant + index] = slot(.constant(constants[index].bitPattern))
      }
    }
    for (index, instruction) in instructions.enumerated() {
      let operands = [instruction.a, instruction.b, instruction.c].prefix(instruction.operation.arity)
        .map { registers[Int($0)] }
      if index == instructions.count - 1 && instruction.target == program.pointee.result {
        append(instruction.operation, operands, to: y, accumulates: accumulates)
        return
      }
      let target = slot(.temporary(Int(instruction.target)))
      append(instruction.operation, operands, to: target)
      registers[Int(instruction.target)] = target
    }
    append(.identity, [registers[Int(program.pointee.result)]], to: y, accumulates: accumulates)
  }

  private func hasFusedPullback(_ program: UnsafePointer<wg_program>) -> Bool {
    wg_has_fused_pullback(program.pointee.operation, Int32(program.pointee.operand))
  }

  // MARK: Writing

  /// Writes the chain, and returns its number and the slots to which addresses of values and adjoints are yet to be
  /// written; nil if nothing is to be done.
  func finish(_ code: inout CompiledProgram) -> (number: Int, open: [(key: Key, place: UnsafeMutableRawPointer)])? {
    guard !steps.isEmpty else { return nil }
    let slotBytes = slots.count * MemoryLayout<wg_chain_slot>.stride
    let stepBytes = steps.count * MemoryLayout<wg_chain_step>.stride
    let constantBytes = slots.count * MemoryLayout<Double>.stride
    let storage = ArrayStorage(byteCount: slotBytes + constantBytes + stepBytes)
    code.memory.append(storage)
    let table = storage.base.bindMemory(to: wg_chain_slot.self, capacity: slots.count)
    var open: [(key: Key, place: UnsafeMutableRawPointer)] = []
    for (index, key) in slots.enumerated() {
      (table + index).initialize(to: wg_chain_slot())
      switch key {
      case .value(let id): table[index].repeats = core.layout(id).elementCount == 1
      case .constant(let bits):
        let constant = storage.base + slotBytes + index * MemoryLayout<Double>.stride
        if type == .double {
          constant.storeBytes(of: Double(bitPattern: bits), as: Double.self)
        } else {
          constant.storeBytes(of: Float(Double(bitPattern: bits)), as: Float.self)
        }
        table[index] = wg_chain_slot(data: constant, repeats: true)
        continue
      case .adjoint: break
      case .temporary: continue
      }
      if !isLocal(key) {
        open.append((key, UnsafeMutableRawPointer(table + index) + MemoryLayout<wg_chain_slot>.offset(of: \.data)!))
      }
    }
    let list = (storage.base + slotBytes + constantBytes).bindMemory(to: wg_chain_step.self, capacity: steps.count)
    list.initialize(from: steps, count: steps.count)
    code.chains.append(
      wg_chain(
        slots: table, steps: list, count: count, slot_count: Int32(slots.count), step_count: Int32(steps.count)))
    code.chainTypes.append(type)
    return (code.chains.count - 1, open)
  }
}
