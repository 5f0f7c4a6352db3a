/// What is noted while a program is being recorded, beside the records.
struct Trace {
  /// A record whose elements the host read, and what they were: a program may have been recorded otherwise for others.
  struct Guard {
    let record: NodeID
    let value: ArrayStorage
  }

  /// The tape of the thread that the program is being recorded on: tensors captured from there become constants.
  let parent: Core?
  var guards: [Guard] = []
  /// The records of functions that asked for no recording.
  var unrecorded: [Range<NodeID>] = []
  /// A list of indices that replays supply.
  struct IndexInput {
    /// What it held while the function was recorded.
    let recorded: IndexArray
    /// Whether the function, or an operation that is not able to take others, has looked at its elements.
    var isRead = false
    /// Where records keep them, as their operation does.
    var uses: [Use] = []

    init(_ recorded: IndexArray) { self.recorded = recorded }
  }

  /// Labels among a record's attributes.
  struct Use {
    /// Where they start.
    let attributes: Int
    let check: LabelCheck
  }

  var indexInputs: [IndexInput] = []
  /// Constants made of captured tensors.
  var captured: [Handle: NodeID] = [:]

  init(parent: Core? = nil) { self.parent = parent }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Called wherever elements are read by code that is not on the tape, so that a program that is being recorded holds
  /// only for these elements.
  @inline(__always)
  func noteHostRead(_ id: NodeID) {
    if pointee.trace != nil { addGuard(id) }
  }

  /// Runs what asks for no recording while a program is being recorded. It is recorded, but no differentiation around it
  /// goes through its records.
  func unrecorded<R, E>(_ body: () throws(E) -> R) throws(E) -> R {
    let flag = pointee.unrecordedFlag
    let number = pointee.trace!.unrecorded.count
    let start = NodeID(pointee.records.count)
    pointee.trace!.unrecorded.append(start..<NodeID.max)
    pointee.unrecordedFlag = .isUnrecorded
    defer {
      pointee.unrecordedFlag = flag
      pointee.trace!.unrecorded[number] = start..<NodeID(pointee.records.count)
    }
    return try body()
  }

  /// Whether a record that is marked so counts as unrecorded for a differentiation that started at a position: not if that
  /// started in the same function. Once the recording has ended the only one left is around all.
  func isUnrecorded(_ id: NodeID, from start: NodeID) -> Bool {
    pointee.trace?.unrecorded.contains { $0.contains(id) && $0.lowerBound > start } ?? true
  }

  /// The record of a tensor that is not on this tape: a constant, if a function being recorded has captured it from the
  /// tape around it; else its scope has ended or it belongs to another thread.
  @inline(never)
  func resolveCaptured(_ handle: Handle) -> NodeID {
    guard let parent = pointee.trace?.parent, parent.isLive(handle) else { misuse(.staleTensor) }
    if let known = pointee.trace?.captured[handle] { return known }
    let type = parent[record: handle.index].pointee.scalarType
    let id = leaf(parent.shape(handle.index), type, .constant)
    parent.copyValue(handle.index, to: self[record: id].pointee.value)
    pointee.trace!.captured[handle] = id
    return id
  }

  /// Notes that labels are kept among the attributes from `start` on. Whoever stored them has read them by way of
  /// `elements`; only if these are an input's own is nothing else to be guarded.
  func noteStored(_ elements: UnsafeBufferPointer<Int>, at start: Int32, _ check: LabelCheck) {
    guard pointee.trace != nil else { return }
    for number in pointee.trace!.indexInputs.indices
    where pointee.trace!.indexInputs[number].recorded.hasElements(at: elements) {
      pointee.trace!.indexInputs[number].uses.append(.init(attributes: Int(start), check: check))
    }
  }

  /// Called where a record's indices decide what else is recorded.
  func noteAttributesRead(_ start: Int32) {
    guard pointee.trace != nil else { return }
    for number in pointee.trace!.indexInputs.indices
    where pointee.trace!.indexInputs[number].uses.contains(where: { $0.attributes == Int(start) }) {
      pointee.trace!.indexInputs[number].isRead = true
    }
  }

  /// Runs code that reads the elements of an index input. Unless the code keeps them where replays will find them, the
  /// program holds only for these elements.
  func readingIndices<R>(_ input: Int, _ body: () throws -> R) rethrows -> R {
    let uses = pointee.trace?.indexInputs[input].uses.count
    defer {
      if let uses, pointee.trace?.indexInputs[input].uses.count == uses {
        pointee.trace!.indexInputs[input].isRead = true
      }
    }
    return try body()
  }

  @inline(never)
  private func addGuard(_ id: NodeID) {
    let storage = ArrayStorage(byteCount: byteCount(id))
    copyValue(id, to: storage.base)
    pointee.trace!.guards.append(.init(record: id, value: storage))
  }
}
