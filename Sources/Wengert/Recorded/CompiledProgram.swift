import CKernels

/// The steps of a recorded program, in memory of their own, and the addresses in them that vary from replay to replay.
struct CompiledProgram {
  /// An address to be changed when an array is somewhere else: in a step, or in a record.
  enum Site {
    case pointer(UnsafeMutablePointer<UnsafeMutableRawPointer?>)
    case record(NodeID)
  }

  var steps = PlainStack<RecordedProgram.Step>(capacity: 16)
  var scalars = PlainStack<wg_scalar_step>(capacity: 1)
  var pullbacks = PlainStack<wg_scalar_pullback>(capacity: 1)
  var placements = PlainStack<(record: Int32, slot: Slot)>(capacity: 1)
  var moves = PlainStack<(record: Int32, memory: UnsafeMutableRawPointer)>(capacity: 1)
  var chains = PlainStack<wg_chain>(capacity: 1)
  var chainTypes = PlainStack<ScalarType>(capacity: 1)
  /// What each slot is at the start of a pass.
  var slots = PlainStack<Slot>(capacity: 1)
  /// Where the address of the output's adjoint is kept; nil if the output does not depend on a target.
  var seedMemory: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
  var seedCount = 0
  var inputSites: [[Site]] = []
  var gradientSites: [[UnsafeMutablePointer<UnsafeMutableRawPointer?>]] = []
  /// Per target, the record whose slot says where its gradient is written.
  var gradientRecords: [Int] = []
  var gradientByteCounts: [Int] = []
  /// Targets that no cotangent reaches: their gradients are zeros.
  var unreachedTargets: [Int] = []
  /// Planned memory, constants, and the tables of chains.
  var memory: [ArrayStorage] = []

  func deallocate() {
    steps.deallocate()
    scalars.deallocate()
    pullbacks.deallocate()
    placements.deallocate()
    moves.deallocate()
    chains.deallocate()
    chainTypes.deallocate()
    slots.deallocate()
  }

  // MARK: Moving

  func move(input: Int, by distance: Int, _ core: Core) {
    for site in inputSites[input] {
      switch site {
      case .pointer(let place): place.pointee = place.pointee.map { $0 + distance }
      case .record(let id): core[record: id].pointee.value += distance
      }
    }
  }

  func move(gradient: Int, to base: UnsafeMutableRawPointer) {
    for place in gradientSites[gradient] { place.pointee = base }
    let record = gradientRecords[gradient]
    if record < slots.count { slots.base[record] = .reserved(base) }
    for index in 0..<placements.count where placements.base[index].record == record {
      placements.base[index].slot = Slot(base)
    }
  }

  // MARK: Running

  func runChain(_ index: Int) {
    if chainTypes.base[index] == .double {
      wg_run_chain_f64(chains.base + index)
    } else {
      wg_run_chain_f32(chains.base + index)
    }
  }

  func runScalars(_ part: RecordedProgram.Part, _ type: ScalarType) {
    if type == .double {
      wg_run_scalars_f64(scalars.base + part.start, part.count)
    } else {
      wg_run_scalars_f32(scalars.base + part.start, part.count)
    }
  }

  func pullScalars(_ part: RecordedProgram.Part, _ type: ScalarType) {
    if type == .double {
      wg_pull_scalars_f64(pullbacks.base + part.start, part.count)
    } else {
      wg_pull_scalars_f32(pullbacks.base + part.start, part.count)
    }
  }

  func seed(_ core: Core, _ output: NodeID) {
    core.pointee.slots.resize(to: slots.count)
    core.pointee.slots.base.update(from: slots.base, count: slots.count)
    guard let memory = seedMemory?.pointee else { return }
    if core[record: output].pointee.scalarType == .double {
      memory.f64.initialize(repeating: 1, count: seedCount)
    } else {
      memory.f32.initialize(repeating: 1, count: seedCount)
    }
  }

  func place(_ part: RecordedProgram.Part, _ core: Core) {
    for index in part.start..<part.start + part.count {
      core.pointee.slots.base[Int(placements.base[index].record)] = placements.base[index].slot
    }
  }

  func move(_ part: RecordedProgram.Part, _ core: Core) {
    for index in part.start..<part.start + part.count {
      core[record: moves.base[index].record].pointee.value = moves.base[index].memory
    }
  }
}
