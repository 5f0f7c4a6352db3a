import CKernels

/// One recorded operation that a pass has come to.
protocol OperationInPass {
  var core: Core { get }
  /// The record of the operation, which is also its output.
  var id: NodeID { get }
  /// The size of the leading axis, if the pass carries a block of cotangents or tangents.
  var block: Int? { get }
}

extension OperationInPass {
  var output: NodeID { id }
  var type: ScalarType { core[record: id].pointee.scalarType }
  var operandCount: Int { core.operandCount(id) }
  func operand(_ index: Int) -> NodeID { core.operand(id, index) }
  func attribute(_ index: Int) -> Int { core.attribute(core[record: id], index) }
  func shape(_ index: Int) -> Shape { core.shape(operand(index)) }
}

/// One operation in a backward pass, as rules see it: the records it had, the cotangent of its output, and a place
/// to add to. Whether the pass is recorded, a rule cannot tell.
struct Pullback: OperationInPass {
  enum Sink {
    case direct(DirectPullback)
    /// Adjoints of the range, by record.
    case recorded(UnsafeMutablePointer<NodeID>)
    /// Adjoints of this operation alone, by operand.
    case captured(UnsafeMutablePointer<NodeID>)
  }

  let core: Core
  let id: NodeID
  /// The cotangent of the output.
  let cotangent: NodeID
  let range: BackwardRange
  let sink: Sink
  let block: Int?

  init(core: Core, id: NodeID, cotangent: NodeID, range: BackwardRange, sink: Sink, block: Int? = nil) {
    self.core = core
    self.id = id
    self.cotangent = cotangent
    self.range = range
    self.sink = sink
    self.block = block
  }

  init(_ direct: DirectPullback) {
    let core = direct.core
    let cotangent = core.append(
      .constant, direct.type, layout: core.denseLayout(direct.id), value: direct.adjoint)
    self.init(core: core, id: direct.id, cotangent: cotangent, range: direct.range, sink: .direct(direct))
  }

  /// Whether a gradient with respect to this operand is wanted.
  func needs(_ index: Int) -> Bool { core.isActive(operand(index), range) }

  /// Adds a value to an operand's adjoint, summing over the axes along which the operand was broadcast.
  func accumulate(_ index: Int, _ value: @autoclosure () -> NodeID) {
    guard needs(index) else { return }
    let value = value()
    switch sink {
    case .direct(let direct):
      direct.accumulate(index, core[record: value].pointee.value, core.layout(value))
    case .recorded(let adjoints):
      add(unbroadcast(value, index), to: adjoints + Int(operand(index) - range.start))
    case .captured(let adjoints):
      add(unbroadcast(value, index), to: adjoints + index)
    }
  }

  /// Adds a product of matrices, one of them a cotangent, to an operand's adjoint: in place, if nothing is recorded.
  func accumulateProduct(_ index: Int, _ a: Factor, _ b: Factor, cotangent: CotangentSide) {
    guard needs(index) else { return }
    guard case .direct(let direct) = sink, core.canMultiplyInPlace(a, b, core.layout(operand(index))) else {
      return accumulate(index, core.matmul(core.record(a), core.record(b), cotangent: cotangent))
    }
    let (memory, accumulate) = direct.destination(index)
    core.multiply(a, b, into: memory, core.layout(operand(index)), accumulate: accumulate, cotangent: cotangent)
  }

  /// Adds a value to a part of an operand's adjoint; the rest of the operand had no influence.
  func accumulate(_ index: Int, _ value: NodeID, placedAt map: AxisMap) {
    guard needs(index) else { return }
    guard case .direct(let direct) = sink else {
      return accumulate(index, core.placed(value, blocked(map), in: blocked(shape(index))))
    }
    let target = core.layout(operand(index))
    let (memory, accumulate) = direct.destination(index)
    if !accumulate { core.fill(memory, 0, target.elementCount, direct.type) }
    core.copy(value, into: memory, of: core.pointee.layouts.layout(of: target.shape), map, accumulate: true)
  }

  private func unbroadcast(_ value: NodeID, _ index: Int) -> NodeID {
    let target = core.layout(operand(index))
    return block == nil ? core.sum(value, to: target) : core.sum(blocksOf: value, to: target)
  }

  private func add(_ value: NodeID, to place: UnsafeMutablePointer<NodeID>) {
    place.pointee = place.pointee < 0 ? value : core.elementwise(.add, place.pointee, value)
  }

  /// Records the instructions of an elementwise pullback as operations of the tape.
  func replayElementwise() {
    let record = core[record: id].pointee
    for index in 0..<operandCount where needs(index) {
      guard let program = core.pointee.operations.program(record.opcode, index) else { continue }
      let inputs = (0..<wg_register_output).map { $0 < operandCount ? operand($0) : -1 }
      accumulate(index, core.replay(program, inputs + [output, cotangent], record.scalarType))
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// The number of the contiguous layout of a record's shape.
  func denseLayout(_ id: NodeID) -> Int32 {
    let layout = layout(id)
    return layout.isContiguous ? self[record: id].pointee.layout : pointee.layouts.number(of: layout.shape)
  }

  /// Runs a program on tensors, so that each instruction becomes a record.
  func replay(_ program: UnsafePointer<wg_program>, _ inputs: [NodeID], _ type: ScalarType) -> NodeID {
    var registers = [NodeID](repeating: -1, count: WG_REGISTER_COUNT)
    registers.replaceSubrange(0..<inputs.count, with: inputs)
    withUnsafeBytes(of: program.pointee.constants) { constants in
      for index in 0..<Int(program.pointee.constant_count) {
        let value = constants.load(fromByteOffset: index * 8, as: Double.self)
        registers[wg_register_first_constant + index] = constant(value, type)
      }
    }
    withUnsafeBytes(of: program.pointee.instructions) { bytes in
      let instructions = bytes.assumingMemoryBound(to: wg_instruction.self)
      for instruction in instructions.prefix(Int(program.pointee.instruction_count)) {
        let operands = [instruction.a, instruction.b, instruction.c].prefix(instruction.operation.arity)
        registers[Int(instruction.target)] = elementwise(instruction.operation, operands.map { registers[Int($0)] })
      }
    }
    return registers[Int(program.pointee.result)]
  }
}
