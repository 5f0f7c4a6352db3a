import CKernels
import CLinearAlgebra
import Synchronization

/// The memory behind one thread's tape.
///
/// Reached through a raw pointer in thread-local storage: a class reference would be counted, and its properties
/// checked for exclusive access, at every operation. One thread owns it, so neither is needed.
struct TapeCore {
  var records = PlainStack<Record>(capacity: 256)
  var values = Arena()
  var adjoints = Arena()
  /// Memory of adjoints that the pass under way is done with.
  var freeAdjoints = PlainStack<FreeAdjoint>(capacity: 8)
  var layouts = LayoutTable()
  var attributes = PlainStack<Int32>(capacity: 256)
  /// Memory of others that leaves refer to, kept alive until their scope ends.
  var retained = PlainStack<Unmanaged<ArrayStorage>>(capacity: 64)
  /// Per record of the range that a backward pass runs over, what the pass knows of it. Slots and adjoints are a
  /// `GradientBuffer`'s, lent to the tape for the time of the pass.
  var slots = PlainStack<Slot>(capacity: 1)
  /// Whether the adjoints of all records are to be there after the pass, not only those of its targets.
  var keepsAdjoints = false
  /// The cotangent that the pass started from, if it is the user's own memory.
  var borrowedAdjoint: UnsafeMutableRawPointer?
  var gradientBuffers = RecyclingPool<GradientBuffer>()
  var gradientPool = RecyclingPool<ArrayStorage>()
  /// Where in the pool the memory is that the gradients of the model being differentiated are written to.
  var gradientPositions = PlainStack<Int>(capacity: 16)
  /// Pools of other modules' objects: by their class.
  var pools: [ObjectIdentifier: ThreadPool] = [:]
  /// The pool asked for last.
  var recentPool: (type: ObjectIdentifier, pool: ThreadPool)?
  /// Whether a checkpoint has been recorded since the tape was last empty.
  var hasCheckpoints = false
  let einsumPlans = EinsumPlans()
  var constants = ConstantCache()
  let operations = OperationTable.shared
  /// Why the derivative that is being computed does not exist, if a rule has found out that it does not.
  var failure: (any Error)?
  /// The pullbacks of custom operations; their records hold positions in this list.
  var customPullbacks: [CustomPullback] = []

  var generation: UInt32
  /// Whether new records keep their operands.
  var isRecording = true
  /// What marks the records of a function that asks for no recording while a program is being recorded: the program has to
  /// know how every value is computed all the same.
  var unrecordedFlag: Record.Flags = []
  /// What a program that is being recorded has to know beside the records; nil on the tape of a thread.
  var trace: Trace?
  /// How many differentiations are under way around the code that runs now.
  var depth: Int32 = 0
  /// The source of records made now.
  var source: UInt = 0

  init() { generation = Self.makeGeneration() }

  /// Unique in the process until four thousand million scopes have been opened.
  static func makeGeneration() -> UInt32 {
    let generation = generations.wrappingAdd(1, ordering: .relaxed).newValue
    return generation == 0 ? makeGeneration() : generation
  }

  private static let generations = Atomic<UInt32>(0)

  func deallocate() {
    records.deallocate()
    values.deallocate()
    adjoints.deallocate()
    freeAdjoints.deallocate()
    layouts.deallocate()
    attributes.deallocate()
    for index in 0..<retained.count { retained.base[index].release() }
    retained.deallocate()
    slots.deallocate()
    gradientPositions.deallocate()
  }
}

/// The tape of the calling thread; what the package's code works on.
typealias Core = UnsafeMutablePointer<TapeCore>

extension UnsafeMutablePointer<TapeCore> {
  /// The calling thread's tape, made at first use and freed with the thread.
  @inline(__always)
  static var current: Core {
    if let slot = wg_thread_slot() { return slot.assumingMemoryBound(to: TapeCore.self) }
    return makeCurrent()
  }

  @inline(never)
  private static func makeCurrent() -> Core {
    let core = Core.allocate(capacity: 1)
    core.initialize(to: TapeCore())
    wg_set_thread_slot(core)
    wg_on_thread_exit(
      { memory in
        let core = memory!.assumingMemoryBound(to: TapeCore.self)
        wg_set_thread_slot(nil)
        core.destroy()
      }, core)
    return core
  }

  /// Gives up a tape that no thread uses.
  func destroy() {
    pointee.deallocate()
    deinitialize(count: 1)
    deallocate()
  }

  /// The tape, prepared to record an operation for the function this is inlined into: its caller's line is kept.
  @inline(__always)
  static var recording: Core {
    let core = current
    #if DEBUG
      // Nothing is inlined: this property, the recording function and the public one are frames of their own.
      core.pointee.source = UInt(wg_outer_return_address(3))
    #else
      core.pointee.source = UInt(wg_return_address())
    #endif
    return core
  }

  @inline(__always)
  subscript(record id: NodeID) -> UnsafeMutablePointer<Record> { pointee.records.base + Int(id) }

  @inline(__always)
  func layout(_ id: NodeID) -> UnsafePointer<wg_layout> { pointee.layouts[self[record: id].pointee.layout] }

  func shape(_ id: NodeID) -> Shape { pointee.layouts.shape(self[record: id].pointee.layout) }

  // MARK: Handles

  /// The record of a tensor; traps if its scope has ended or it belongs to another thread.
  @inline(__always)
  func resolve(_ handle: Handle) -> NodeID {
    isLive(handle) ? handle.index : resolveCaptured(handle)
  }

  @inline(__always)
  func isLive(_ handle: Handle) -> Bool {
    UInt32(bitPattern: handle.index) < UInt32(truncatingIfNeeded: pointee.records.count)
      && self[record: handle.index].pointee.generation == handle.generation
  }

  @inline(__always)
  func handle(_ id: NodeID) -> Handle {
    Handle(index: id, generation: self[record: id].pointee.generation)
  }

  // MARK: Records

  /// Appends a record. While nothing is recorded it becomes a constant: it has a value but no past.
  @inline(__always)
  func append(
    _ opcode: Opcode, _ type: ScalarType, layout: Int32, value: UnsafeMutableRawPointer,
    operands: (NodeID, NodeID) = (-1, -1), attributes: Int32 = -1, flags: Record.Flags = []
  ) -> NodeID {
    var record = Record(
      value: value, source: pointee.source, layout: layout, generation: pointee.generation, opcode: opcode,
      scalarType: type)
    if pointee.isRecording {
      record.operands = operands
      record.attributes = attributes
      record.flags = pointee.unrecordedFlag.union(flags)
    } else {
      record.opcode = .constant
    }
    guard pointee.records.count < Int(Int32.max) else { misuse(.tapeFull) }
    pointee.records.append(record)
    return NodeID(truncatingIfNeeded: pointee.records.count - 1)
  }

  /// Memory for the value of a new record.
  func allocate(_ layout: Int32, _ type: ScalarType) -> UnsafeMutableRawPointer {
    pointee.values.allocate(pointee.layouts[layout].elementCount &* type.byteCount)
  }

  /// Starts a list of attributes and returns where; `.append` to `pointee.attributes` follows.
  func beginAttributes() -> Int32 { Int32(truncatingIfNeeded: pointee.attributes.count) }

  func attributes(_ list: some Sequence<Int>) -> Int32 {
    let start = beginAttributes()
    for item in list { pointee.attributes.append(Int32(truncatingIfNeeded: item)) }
    return start
  }

  func attributes(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Int32 {
    let start = beginAttributes()
    let list = SIMD4(a, b, c, d)
    for index in list.indices { pointee.attributes.append(Int32(truncatingIfNeeded: list[index])) }
    return start
  }

  func attribute(_ record: UnsafeMutablePointer<Record>, _ index: Int) -> Int {
    Int(pointee.attributes.base[Int(record.pointee.attributes) + index])
  }

  // MARK: Operands

  func operandCount(_ id: NodeID) -> Int {
    let record = self[record: id]
    if record.pointee.flags.contains(.hasManyOperands) { return attribute(record, 0) }
    return record.pointee.operands.0 < 0 ? 0 : record.pointee.operands.1 < 0 ? 1 : 2
  }

  func operand(_ id: NodeID, _ index: Int) -> NodeID {
    let record = self[record: id]
    if record.pointee.flags.contains(.hasManyOperands) { return NodeID(attribute(record, 1 + index)) }
    return index == 0 ? record.pointee.operands.0 : record.pointee.operands.1
  }

  // MARK: Leaves

  /// A leaf that refers to memory at rest instead of copying it; the tape keeps the memory alive.
  @inline(__always)
  func leaf<S>(_ array: ShapedArray<S>, _ opcode: Opcode = .leaf, retaining: Bool = true) -> NodeID {
    if retaining { pointee.retained.append(Unmanaged.passRetained(array.storage)) }
    return append(
      opcode, S.scalarType, layout: pointee.layouts.number(of: array.shape),
      value: UnsafeMutableRawPointer(array.base))
  }

  /// A leaf of the given shape, to be filled.
  func leaf(_ shape: Shape, _ type: ScalarType, _ opcode: Opcode = .leaf) -> NodeID {
    let layout = pointee.layouts.number(of: shape)
    return append(opcode, type, layout: layout, value: allocate(layout, type))
  }

  /// A record with the same value but no past, or one through which nothing is differentiated.
  func detached(_ id: NodeID) -> NodeID {
    let record = self[record: id].pointee
    if pointee.trace != nil && pointee.isRecording {
      let alias = alias(id)
      self[record: alias].pointee.flags.insert(.isDetached)
      return alias
    }
    return append(.constant, record.scalarType, layout: record.layout, value: record.value)
  }

  /// A scalar constant; equal ones share a record.
  @inline(__always)
  func constant(_ value: Double, _ type: ScalarType) -> NodeID {
    let slot = ConstantCache.slot(of: value, type)
    let candidate = pointee.constants[slot]
    if candidate >= 0 {
      let record = self[record: candidate]
      if record.pointee.scalarType == type, isScalar(record.pointee.value, type, equalTo: value) {
        return candidate
      }
    }
    return makeConstant(value, type, slot)
  }

  @inline(__always)
  private func isScalar(_ memory: UnsafeMutableRawPointer, _ type: ScalarType, equalTo value: Double) -> Bool {
    type == .double
      ? memory.load(as: Double.self).bitPattern == value.bitPattern
      : memory.load(as: Float.self).bitPattern == Float(value).bitPattern
  }

  @inline(never)
  private func makeConstant(_ value: Double, _ type: ScalarType, _ slot: Int) -> NodeID {
    let memory = pointee.values.allocateScalar()
    if type == .double {
      memory.storeBytes(of: value, as: Double.self)
    } else {
      memory.storeBytes(of: Float(value), as: Float.self)
    }
    let id = append(.constant, type, layout: LayoutTable.scalar, value: memory)
    pointee.constants[slot] = id
    return id
  }
}

/// The scalar constants met last, so that `2 * x` in a loop records one constant.
///
/// What was dropped from the tape has to be forgotten: another record in its place may hold the same number, but change
/// it, or be what something is differentiated with respect to.
struct ConstantCache {
  private var candidates = SIMD16<Int32>(repeating: -1)
  /// No candidate lies behind this position: most of what is dropped has no constants.
  private var last: Int32 = -1

  @inline(__always)
  static func slot(of value: Double, _ type: ScalarType) -> Int {
    Int(truncatingIfNeeded: ((value.bitPattern &* 0x9E37_79B9_7F4A_7C15) >> 59)) >> 1 ^ Int(type.rawValue)
  }

  /// Forgets constants from a position of the tape on.
  @inline(__always)
  mutating func forget(from start: Int) {
    if last >= start { forgetCandidates(from: start) }
  }

  @inline(never)
  private mutating func forgetCandidates(from start: Int) {
    last = -1
    for slot in candidates.indices {
      if candidates[slot] >= start { candidates[slot] = -1 }
      last = max(last, candidates[slot])
    }
  }

  @inline(__always)
  subscript(slot: Int) -> NodeID {
    get { candidates[slot] }
    set {
      candidates[slot] = newValue
      last = max(last, newValue)
    }
  }
}
