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
    let start = range.start
    let kinds = pointee.operations.kinds
    for id in start...range.output {
      let record = self[record: id]
      let (a, b) = record.pointee.operands
      var isActive = false
      if record.pointee.flags.isEmpty {
        isActive = a >= start && slots[Int(a &- start)].isActive || b >= start && slots[Int(b &- start)].isActive
      } else if record.pointee.flags.contains(.isTarget) {
        slots[Int(id &- start)] = .active
        continue
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
  func runBackward(_ range: BackwardRange) {
    let wasRecording = pointee.isRecording
    pointee.isRecording = false
    defer { pointee.isRecording = wasRecording }
    var id = range.output
    while id >= range.start {
      if let adjoint = slot(id, range).pointee.adjoint {
        let record = self[record: id]
        if record.pointee.opcode.isElementwise {
          if record.pointee.layout == LayoutTable.scalar && record.pointee.flags.isEmpty {
            if record.pointee.scalarType == .double {
              pullScalar(record, adjoint.load(as: Double.self), range) { wg_run_scalar_program_f64($0, $1) }
            } else {
              pullScalar(record, adjoint.load(as: Float.self), range) { wg_run_scalar_program_f32($0, $1) }
            }
          } else {
            DirectPullback(core: self, id: id, adjoint: adjoint, range: range).pullElementwise()
          }
        } else {
          pullStructural(id, adjoint, range)
        }
      }
      id -= 1
    }
  }

  /// The pullback of one scalar operation of one or two operands.
  @inline(__always)
  private func pullScalar<S: TensorScalar>(
    _ record: UnsafeMutablePointer<Record>, _ cotangent: S, _ range: BackwardRange,
    _ run: (UnsafePointer<wg_program>, UnsafePointer<S>) -> S
  ) {
    let (a, b) = record.pointee.operands
    let x = self[record: a].pointee.value.load(as: S.self)
    let y = b >= 0 ? self[record: b].pointee.value.load(as: S.self) : 0
    var inputs = (x, y, S.zero, record.pointee.value.load(as: S.self), cotangent)
    withUnsafePointer(to: &inputs) {
      let inputs = UnsafeRawPointer($0).assumingMemoryBound(to: S.self)
      if isActive(a, range), let program = pointee.operations.program(record.pointee.opcode, 0) {
        addScalar(run(program, inputs), to: a, range)
      }
      if isActive(b, range), let program = pointee.operations.program(record.pointee.opcode, 1) {
        addScalar(run(program, inputs), to: b, range)
      }
    }
  }

  @inline(__always)
  private func addScalar<S: TensorScalar>(_ value: S, to id: NodeID, _ range: BackwardRange) {
    let slot = slot(id, range)
    if let adjoint = slot.pointee.adjoint {
      adjoint.storeBytes(of: adjoint.load(as: S.self) + value, as: S.self)
    } else {
      let adjoint = slot.pointee.reserved ?? pointee.adjoints.allocateScalar()
      adjoint.storeBytes(of: value, as: S.self)
      slot.pointee = Slot(adjoint)
    }
  }

  private func pullStructural(_ id: NodeID, _ adjoint: UnsafeMutableRawPointer, _ range: BackwardRange) {
    let opcode = self[record: id].pointee.opcode
    if opcode == .severed && !self[record: id].pointee.flags.contains(.isTarget) { misuse(.severedPath) }
    guard let structural = pointee.operations.structural[Int(opcode.rawValue)] else { return }
    let direct = DirectPullback(core: self, id: id, adjoint: adjoint, range: range)
    if let fused = structural.fused {
      fused(direct)
    } else {
      // What the rule computes on its way is dropped: only adjoints stay.
      let mark = mark()
      structural.rule(Pullback(direct))
      reset(to: mark)
    }
  }

  /// The backward sweep with recording: adjoints are tensors, and the pass becomes part of the tape.
  ///
  /// Starts from the cotangents of some records of the range, and returns the adjoint of each, -1 where nothing
  /// arrived. With a `block`, cotangents and adjoints have a leading axis of that size.
  func recordBackward(
    _ range: BackwardRange, cotangents: [(record: NodeID, cotangent: NodeID)], block: Int? = nil
  ) -> [NodeID] {
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
            pullback.run(structural)
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
