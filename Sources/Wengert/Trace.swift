/// What is noted while a program is being recorded, beside the records.
struct Trace {
  /// A record whose elements the host read, and what they were: a program may have been recorded otherwise for others.
  struct Guard {
    let record: NodeID
    let value: ArrayStorage
  }

  var guards: [Guard] = []
}

extension UnsafeMutablePointer<TapeCore> {
  /// Called wherever elements are read by code that is not on the tape, so that a program that is being recorded holds
  /// only for these elements.
  @inline(__always)
  func noteHostRead(_ id: NodeID) {
    if pointee.trace != nil { addGuard(id) }
  }

  @inline(never)
  private func addGuard(_ id: NodeID) {
    let storage = ArrayStorage(byteCount: byteCount(id))
    copyValue(id, to: storage.base)
    pointee.trace!.guards.append(.init(record: id, value: storage))
  }
}
