import CKernels

/// One operation in a backward pass that adds to adjoints in place.
struct DirectPullback: OperationInPass {
  var block: Int? { nil }
  let core: Core
  let id: NodeID
  /// The cotangent of the output: contiguous, or one number if `isUniform`.
  let adjoint: UnsafeMutableRawPointer
  let range: BackwardRange
  /// Whether the cotangent is the same in every element, and kept as one number: met by elementwise operations, and by
  /// those that say `takesUniform`.
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
      ?? core.allocateAdjoint(core.layout(operand).elementCount &* type.byteCount)
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
  /// As long as nothing else is added the adjoint stays one number: the cotangent of a sum, with which most backward
  /// passes begin, never has to be written to memory. Not so in a program, whose gradients are arrays.
  func accumulateUniform(_ index: Int, _ number: UnsafeMutableRawPointer) {
    let operand = operand(index)
    let slot = core.slot(operand, range)
    let mayStay = core.pointee.trace == nil || !core.isLeafOrTarget(operand)
    if slot.pointee.isEmpty && mayStay && core.layout(operand).elementCount > 1 {
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
    guard isUniform || core.layout(id).elementCount == 1 else { return false }
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
    let memory = allocateAdjoint(count &* type.byteCount)
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
