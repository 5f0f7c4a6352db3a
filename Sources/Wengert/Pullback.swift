import CKernels

/// One operation in a backward pass that adds to adjoints in place.
struct DirectPullback: OperationInPass {
  var block: Int? { nil }
  let core: Core
  let id: NodeID
  /// The cotangent of the output: contiguous, or one number if `isUniform`.
  let adjoint: UnsafeMutableRawPointer
  let range: BackwardRange
  /// Whether the cotangent is the same in every element, and kept as one number: only elementwise operations meet it.
  var isUniform = false

  /// Whether a gradient with respect to this operand is wanted.
  func needs(_ index: Int) -> Bool { core.isActive(operand(index), range) }

  /// An operand's adjoint, and whether it already holds something to add to.
  func destination(_ index: Int) -> (memory: UnsafeMutableRawPointer, accumulate: Bool) {
    let operand = operand(index)
    let slot = core.slot(operand, range)
    if let memory = slot.pointee.adjoint { return (memory, true) }
    if let number = slot.pointee.uniform { return (core.writeOut(number, operand, range), true) }
    let memory =
      slot.pointee.reserved
      ?? core.pointee.adjoints.allocate(core.layout(operand).elementCount &* type.byteCount)
    slot.pointee = Slot(memory)
    return (memory, false)
  }

  /// Lets an operand whose adjoint is nothing but the cotangent take over its memory, if nobody will look there for
  /// the output's adjoint again. Returns whether it did.
  ///
  /// What is added to the operand's adjoint later is then added to the output's memory, which is done with. At most
  /// one operand may take it.
  func handOverAdjoint(to index: Int) -> Bool {
    let slot = core.slot(operand(index), range)
    guard !core.pointee.keepsAdjoints, adjoint != core.pointee.borrowedAdjoint,
      !isUniform, slot.pointee.isEmpty
    else { return false }
    slot.pointee = Slot(adjoint)
    return true
  }

  /// Adds to an operand's adjoint a value of the output's shape or one that the operand was broadcast to.
  func accumulate(_ index: Int, _ value: UnsafeMutableRawPointer, _ layout: UnsafePointer<wg_layout>) {
    let target = core.layout(operand(index))
    if value == adjoint, layout.isContiguous, target.hasSameSizes(as: layout), handOverAdjoint(to: index) { return }
    let (memory, accumulate) = destination(index)
    if target.hasSameSizes(as: layout) {
      var dense = target.pointee
      if !dense.contiguous { dense = wg_layout(target.shape) }
      if type == .double {
        wg_copy_f64(value.f64, layout, memory.f64, &dense, accumulate)
      } else {
        wg_copy_f32(value.f32, layout, memory.f32, &dense, accumulate)
      }
    } else {
      let axes = target.broadcastAxes(in: layout)
      if type == .double {
        wg_sum_f64(value.f64, layout, axes, 1, accumulate, memory.f64)
      } else {
        wg_sum_f32(value.f32, layout, axes, 1, accumulate, memory.f32)
      }
    }
  }

  /// Adds one number to every element of an operand's adjoint.
  ///
  /// As long as nothing else is added, and it is not asked for by itself, the adjoint stays one number: the cotangent
  /// of a sum, with which most backward passes begin, never has to be written to memory.
  func accumulateUniform(_ index: Int, _ number: UnsafeMutableRawPointer) {
    let operand = operand(index)
    let slot = core.slot(operand, range)
    if slot.pointee.isEmpty && !core.isLeafOrTarget(operand) && core.layout(operand).elementCount > 1 {
      slot.pointee = .uniform(number)
      return
    }
    var dense = wg_layout(core.shape(operand))
    var repeated = dense.repeatingOneElement
    let (memory, accumulate) = destination(index)
    if type == .double {
      wg_copy_f64(number.f64, &repeated, memory.f64, &dense, accumulate)
    } else {
      wg_copy_f32(number.f32, &repeated, memory.f32, &dense, accumulate)
    }
  }

  /// Adds the cotangent, if it is one number, divided by `divisor`, to every element of the only operand's adjoint.
  /// Returns whether it is one.
  func spreadCotangent(dividedBy divisor: Double = 1) -> Bool {
    guard core.layout(id).elementCount == 1 else { return false }
    if divisor == 1 {
      accumulateUniform(0, adjoint)
    } else {
      let share = core.pointee.adjoints.allocateScalar()
      if type == .double {
        share.f64.pointee = wg_scalar_f64(.divideCotangent, adjoint.f64.pointee, divisor, 0)
      } else {
        share.f32.pointee = wg_scalar_f32(.divideCotangent, adjoint.f32.pointee, Float(divisor), 0)
      }
      accumulateUniform(0, share)
    }
    return true
  }

  /// Runs a rule without recording. What it computes on its way is dropped: only adjoints stay.
  func run(_ rule: (Pullback) -> Void) {
    let mark = core.mark()
    rule(Pullback(self))
    core.reset(to: mark)
  }

  /// Runs the programs of an elementwise operation over its arrays: those of all operands in one pass, except where an
  /// operand was broadcast.
  func pullElementwise() {
    let record = core[record: id].pointee
    let shape = core.pointee.layouts[record.layout]
    let count = core.operandCount(id)
    var isHandedOver = false
    var targets = InlineArray<3, wg_target>(repeating: wg_target())
    var targetCount = 0
    for index in 0..<count where needs(index) {
      guard let program = core.pointee.operations.program(record.opcode, index) else { continue }
      let isCotangent = program.pointee.instruction_count == 0
      let target = core.layout(operand(index))
      if isUniform && isCotangent {
        accumulateUniform(index, cotangent(times: shape.elementCount / Swift.max(target.elementCount, 1)))
      } else if target.hasSameSizes(as: shape) {
        // An adjoint that is the cotangent itself is where that is, and the last operand's may be computed there:
        // nobody reads the cotangent again.
        let isInPlace = !isHandedOver && (isCotangent || index == count - 1) && handOverAdjoint(to: index)
        isHandedOver = isHandedOver || isInPlace
        if isInPlace && isCotangent { continue }
        let (memory, accumulate) = isInPlace ? (adjoint, false) : destination(index)
        targets[targetCount] = wg_target(program: program, y: memory, accumulate: accumulate)
        targetCount += 1
      } else if isCotangent {
        // The cotangent itself: summed straight into the smaller adjoint.
        accumulate(index, adjoint, shape)
      } else {
        let mark = core.pointee.values.mark
        let temporary = core.allocate(record.layout, type)
        targets[2] = wg_target(program: program, y: temporary, accumulate: false)
        run(targets, 2..<3, shape)
        accumulate(index, temporary, shape)
        core.pointee.values.reset(to: mark)
      }
    }
    if targetCount > 0 { run(targets, 0..<targetCount, shape) }
  }

  /// The sum of a uniform cotangent over as many elements as were made of one.
  private func cotangent(times count: Int) -> UnsafeMutableRawPointer {
    if count == 1 { return adjoint }
    let sum = core.pointee.adjoints.allocateScalar()
    if type == .double {
      sum.f64.pointee = adjoint.f64.pointee * Double(count)
    } else {
      sum.f32.pointee = adjoint.f32.pointee * Float(count)
    }
    return sum
  }

  private func run(_ targets: InlineArray<3, wg_target>, _ part: Range<Int>, _ shape: UnsafePointer<wg_layout>) {
    let a = core[record: operand(0)].pointee
    let hasTwo = core.operandCount(id) > 1
    let b = hasTwo ? core[record: operand(1)].pointee : a
    let c = core.operandCount(id) > 2 ? core[record: operand(2)].pointee : a
    let output = wg_view(data: core[record: id].pointee.value, layout: shape)
    var repeated = isUniform ? shape.pointee.repeatingOneElement : wg_layout()
    withUnsafePointer(to: &repeated) { repeated in
      let cotangent = wg_view(data: adjoint, layout: isUniform ? repeated : shape)
      core.withView(c, over: shape) { c in
        core.withViews(a, b, over: shape) { a, b in
          withUnsafePointer(to: (a, b, c, output, cotangent)) {
            let inputs = UnsafeRawPointer($0).assumingMemoryBound(to: wg_view.self)
            withUnsafePointer(to: targets) {
              let targets = UnsafeRawPointer($0).assumingMemoryBound(to: wg_target.self) + part.lowerBound
              if type == .double {
                wg_run_programs_f64(targets, Int32(part.count), inputs, shape)
              } else {
                wg_run_programs_f32(targets, Int32(part.count), inputs, shape)
              }
            }
          }
        }
      }
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Gives a uniform adjoint memory for all its elements, and returns that.
  func writeOut(_ number: UnsafeMutableRawPointer, _ id: NodeID, _ range: BackwardRange) -> UnsafeMutableRawPointer {
    let type = self[record: id].pointee.scalarType
    let count = layout(id).elementCount
    let memory = pointee.adjoints.allocate(count &* type.byteCount)
    if type == .double {
      wg_fill_f64(number.f64.pointee, memory.f64, count)
    } else {
      wg_fill_f32(number.f32.pointee, memory.f32, count)
    }
    slot(id, range).pointee = Slot(memory)
    return memory
  }

  /// Whether the adjoint of a record is what a pass is for.
  fileprivate func isLeafOrTarget(_ id: NodeID) -> Bool {
    let record = self[record: id]
    return record.pointee.flags.contains(.isTarget)
      || pointee.operations.kinds[Int(record.pointee.opcode.rawValue)] == .leaf
  }
}

extension wg_layout {
  /// A layout of the same sizes in which every element is the first.
  var repeatingOneElement: wg_layout {
    var result = self
    result.withMutableAxes { sizes, strides in
      for axis in 0..<Int(rank) { strides[axis] = 0 }
    }
    result.finish()
    return result
  }
}

extension UnsafeMutableRawPointer {
  var f64: UnsafeMutablePointer<Double> { assumingMemoryBound(to: Double.self) }
  var f32: UnsafeMutablePointer<Float> { assumingMemoryBound(to: Float.self) }
}

extension UnsafePointer<wg_layout> {
  /// The axes of `larger` along which this layout was repeated to become it, as bits.
  func broadcastAxes(in larger: UnsafePointer<wg_layout>) -> UInt32 {
    let missing = larger.rank - rank
    var axes: UInt32 = 0
    for axis in 0..<larger.rank {
      if axis < missing || sizes[axis - missing] != larger.sizes[axis] { axes |= 1 << UInt32(axis) }
    }
    return axes
  }
}

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
