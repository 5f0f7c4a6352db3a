import CKernels

// The backward pass: replay the tape in reverse and add up adjoints.
//
// Two sweeps. The first goes forward and marks what depends on the targets, so that nothing is computed for inputs
// that nobody asked for. The second goes backward over the marked records that a cotangent has reached. Neither
// recurses: a chain of a million records needs no stack.

/// The part of the tape that a backward pass runs over, and where each record's adjoint is found.
struct BackwardRange {
  /// The first and last records of the range.
  let start: NodeID
  let output: NodeID
}

extension UnsafeMutablePointer<TapeCore> {
  /// The slot of a record in the pass under way.
  @inline(__always)
  func slot(_ id: NodeID, _ range: BackwardRange) -> UnsafeMutablePointer<Slot> {
    pointee.slots.base + Int(id &- range.start)
  }

  @inline(__always)
  func isActive(_ id: NodeID, _ range: BackwardRange) -> Bool {
    id >= range.start && slot(id, range).pointee.isActive
  }

  /// The forward sweep: marks the records that depend on a target, by way of operations with derivatives.
  ///
  /// Targets are the records with the flag, and also all leaves if `leavesAreTargets`.
  func markActive(_ range: BackwardRange, leavesAreTargets: Bool) {
    pointee.slots.resize(to: Int(range.output - range.start) + 1)
    let slots = pointee.slots.base
    let records = pointee.records.base
    let start = range.start
    let kinds = pointee.operations.kinds
    for id in start...range.output {
      let record = records + Int(id)
      var isActive = false
      if record.pointee.flags.isEmpty {
        let (a, b) = record.pointee.operands
        isActive = a >= start && slots[Int(a &- start)].isActive || b >= start && slots[Int(b &- start)].isActive
      } else if record.pointee.flags.contains(.isTarget) {
        slots[Int(id &- start)] = .active
        continue
      } else if record.pointee.flags.contains(.isDetached)
        || record.pointee.flags.contains(.isUnrecorded) && isUnrecorded(id, from: start)
      {
        isActive = false
      } else {
        for index in 0..<operandCount(id) where self.isActive(operand(id, index), range) { isActive = true }
      }
      switch kinds[Int(record.pointee.opcode.rawValue)] {
      case .differentiable: break
      case .leaf: isActive = leavesAreTargets
      case .constant: isActive = false
      }
      slots[Int(id &- start)] = isActive ? .active : .inactive
    }
  }

  /// The backward sweep without recording: adjoints are added up in place.
  ///
  /// The output's slot must hold its cotangent.
  func runBackward(_ range: BackwardRange) { runBackward(range, from: range.output, downTo: range.start) }

  /// The part of a backward sweep from one record down to another.
  func runBackward(_ range: BackwardRange, from last: NodeID, downTo first: NodeID) {
    let wasRecording = pointee.isRecording
    pointee.isRecording = false
    defer { pointee.isRecording = wasRecording }
    var id = last
    while id >= first {
      let slot = slot(id, range).pointee
      let record = self[record: id]
      if slot.adjoint != nil, record.pointee.isScalarOperation(of: .double) {
        id = pullScalars(from: id, downTo: first, range, Double.self) { wg_run_scalar_program_f64($0, $1) }
      } else if slot.adjoint != nil, record.pointee.isScalarOperation(of: .float) {
        id = pullScalars(from: id, downTo: first, range, Float.self) { wg_run_scalar_program_f32($0, $1) }
      } else {
        pullRecord(id, range)
        if let adjoint = slot.adjoint { recycle(adjoint, of: id, range) }
        id -= 1
      }
    }
  }

  /// The pullback of one record, if a cotangent has reached it.
  @inline(__always)
  func pullRecord(_ id: NodeID, _ range: BackwardRange) {
    let slot = slot(id, range).pointee
    let isElementwise = self[record: id].pointee.opcode.isElementwise
    if let adjoint = slot.adjoint {
      if isElementwise {
        DirectPullback(core: self, id: id, adjoint: adjoint, range: range).pullElementwise()
      } else {
        pullStructural(id, adjoint, range)
      }
    } else if let number = slot.uniform {
      if isElementwise {
        DirectPullback(core: self, id: id, adjoint: number, range: range, isUniform: true).pullElementwise()
      } else {
        pullStructural(id, number, range, isUniform: true)
      }
    }
  }

  /// The pullbacks of scalar operations of one number type, down to the first record that is something else.
  ///
  /// Returns that record. A loop of its own, as nothing it does moves the tape's memory: addresses stay in registers.
  @inline(__always)
  private func pullScalars<S: TensorScalar>(
    from last: NodeID, downTo first: NodeID, _ range: BackwardRange, _: S.Type,
    _ run: (UnsafePointer<wg_program>, UnsafePointer<S>) -> S
  ) -> NodeID {
    let records = pointee.records.base
    let slots = pointee.slots.base
    let forms = pointee.operations.forms
    let start = range.start

    func value(_ id: NodeID) -> S { records[Int(id)].value.load(as: S.self) }
    func add(_ value: @autoclosure () -> S, to id: NodeID) {
      guard id >= start else { return }
      let slot = slots + Int(id &- start)
      if let adjoint = slot.pointee.adjoint {
        adjoint.storeBytes(of: adjoint.load(as: S.self) + value(), as: S.self)
      } else if slot.pointee.isActive {
        let adjoint = slot.pointee.reserved ?? pointee.adjoints.allocateScalar()
        adjoint.storeBytes(of: value(), as: S.self)
        slot.pointee = Slot(adjoint)
      }
    }

    var id = last
    while id >= first {
      guard let adjoint = slots[Int(id &- start)].adjoint else {
        if slots[Int(id &- start)].uniform != nil { break }
        id &-= 1
        continue
      }
      let record = records + Int(id)
      guard record.pointee.isScalarOperation(of: S.scalarType) else { break }
      let cotangent = adjoint.load(as: S.self)
      let (a, b) = record.pointee.operands
      switch forms[Int(record.pointee.opcode.rawValue)] {
      case .sum:
        add(cotangent, to: a)
        add(cotangent, to: b)
      case .difference:
        add(cotangent, to: a)
        add(-cotangent, to: b)
      case .product:
        add(cotangent.scaledStrongly(by: value(b)), to: a)
        add(cotangent.scaledStrongly(by: value(a)), to: b)
      case .other:
        var inputs = (value(a), b >= 0 ? value(b) : 0, S.zero, value(id), cotangent)
        withUnsafePointer(to: &inputs) {
          let inputs = UnsafeRawPointer($0).assumingMemoryBound(to: S.self)
          if let program = pointee.operations.program(record.pointee.opcode, 0) { add(run(program, inputs), to: a) }
          if let program = pointee.operations.program(record.pointee.opcode, 1) { add(run(program, inputs), to: b) }
        }
      }
      id &-= 1
    }
    return id
  }

  private func pullStructural(
    _ id: NodeID, _ adjoint: UnsafeMutableRawPointer, _ range: BackwardRange, isUniform: Bool = false
  ) {
    let opcode = self[record: id].pointee.opcode
    if opcode == .severed && !self[record: id].pointee.flags.contains(.isTarget) { misuse(.severedPath) }
    guard let structural = pointee.operations.structural[Int(opcode.rawValue)] else { return }
    var (adjoint, isUniform) = (adjoint, isUniform)
    if isUniform && !structural.pointee.takesUniform {
      // An input's alias has nobody to pass it on to.
      guard (0..<operandCount(id)).contains(where: { isActive(operand(id, $0), range) }) else { return }
      (adjoint, isUniform) = (writeOut(adjoint, id, range), false)
    }
    let direct = DirectPullback(core: self, id: id, adjoint: adjoint, range: range, isUniform: isUniform)
    if let fused = structural.pointee.fused {
      fused(direct)
    } else {
      direct.run(structural.pointee.rule)
    }
  }

  /// The backward sweep with recording: adjoints are tensors, and the pass becomes part of the tape.
  ///
  /// Starts from the cotangents of some records of the range, and returns the adjoint of each, -1 where nothing
  /// arrived. With a `block`, cotangents and adjoints have a leading axis of that size.
  func recordBackward(
    _ range: BackwardRange, cotangents: [(record: NodeID, cotangent: NodeID)], block: Int? = nil
  ) -> [NodeID] {
    reviveCheckpoints(range)
    var adjoints = [NodeID](repeating: -1, count: Int(range.output - range.start) + 1)
    let source = pointee.source
    defer { pointee.source = source }
    adjoints.withUnsafeMutableBufferPointer { adjoints in
      for (record, cotangent) in cotangents {
        let place = Int(record - range.start)
        adjoints[place] = adjoints[place] < 0 ? cotangent : elementwise(.add, adjoints[place], cotangent)
      }
      var id = range.output
      while id >= range.start {
        let adjoint = adjoints[Int(id - range.start)]
        let record = self[record: id].pointee
        if adjoint >= 0, slot(id, range).pointee.isActive {
          pointee.source = record.source
          let pullback = Pullback(
            core: self, id: id, cotangent: adjoint, range: range, sink: .recorded(adjoints.baseAddress!),
            block: block)
          if record.opcode.isElementwise {
            pullback.replayElementwise()
          } else if record.opcode == .severed && !record.flags.contains(.isTarget) {
            misuse(.severedPath)
          } else if let structural = pointee.operations.structural[Int(record.opcode.rawValue)] {
            pullback.run(structural.pointee)
          }
        }
        id -= 1
      }
    }
    return adjoints
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Says that a derivative does not exist at the values at hand, for reasons that lie in the data. The rule that
  /// finds out returns without adding anything; the differentiation under way then throws the error.
  func fail(_ error: any Error) {
    if pointee.failure == nil { pointee.failure = error }
  }

  func takeFailure() -> (any Error)? {
    defer { pointee.failure = nil }
    return pointee.failure
  }

  /// For functions that throw nothing themselves.
  func trapOnFailure() {
    if let failure = takeFailure() { misuse(.noDerivative("\(failure)")) }
  }
}

extension Record {
  /// Whether this is an elementwise operation of one or two numbers.
  @inline(__always)
  fileprivate func isScalarOperation(of type: ScalarType) -> Bool {
    opcode.isElementwise && layout == LayoutTable.scalar && scalarType == type && flags.isEmpty
  }
}

extension TensorScalar {
  /// This cotangent times a local derivative: 0 if the cotangent is 0.
  @inline(__always)
  fileprivate func scaledStrongly(by derivative: Self) -> Self { self == 0 ? 0 : self * derivative }
}
