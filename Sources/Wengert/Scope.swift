import CKernels

/// A point on a tape that a scope goes back to.
@usableFromInline
struct TapeMark {
  fileprivate var records: Int
  fileprivate var values: Arena.Mark
  fileprivate var attributes: Int
  fileprivate var retained: Int
  fileprivate var customPullbacks: Int
  fileprivate var generation: UInt32
}

extension UnsafeMutablePointer<TapeCore> {
  func mark() -> TapeMark {
    TapeMark(
      records: pointee.records.count, values: pointee.values.mark, attributes: pointee.attributes.count,
      retained: pointee.retained.count, customPullbacks: pointee.customPullbacks.count, generation: pointee.generation)
  }

  /// Drops what was recorded since the mark. Memory of others stays retained, for results that still lie in it.
  func reset(to mark: TapeMark) {
    dropRecords(from: mark.records)
    pointee.values.reset(to: mark.values)
    pointee.attributes.removeAll(from: mark.attributes)
    if pointee.customPullbacks.count > mark.customPullbacks {
      pointee.customPullbacks.removeLast(pointee.customPullbacks.count - mark.customPullbacks)
    }
  }

  /// Drops the records from a position on.
  func dropRecords(from start: Int) {
    pointee.records.removeAll(from: start)
    pointee.constants.forget(from: start)
  }

  func openScope() -> TapeMark {
    let mark = mark()
    pointee.generation = TapeCore.makeGeneration()
    return mark
  }

  /// Ends a scope: its records are dropped, its tensors become stale, its memory is there for the next.
  func closeScope(_ mark: TapeMark) {
    reset(to: mark)
    releaseRetained(from: mark.retained)
    pointee.generation = mark.generation
    if mark.records == 0 {
      trimLayouts()
      pointee.hasCheckpoints = false
    }
  }

  private func releaseRetained(from start: Int) {
    for index in start..<pointee.retained.count { pointee.retained.base[index].release() }
    pointee.retained.removeAll(from: start)
  }

  /// Gives back what only the recording of a program needed: values, adjoints and the inputs' arrays.
  func releaseRecording() {
    releaseRetained(from: 0)
    pointee.values.deallocate()
    pointee.values = Arena()
    pointee.gradientBuffers = RecyclingPool()
    // Those that nothing needs have no memory any more.
    pointee.constants = ConstantCache()
  }

  /// Shapes that vary with the data would fill the table without end; an empty tape can start over.
  private func trimLayouts() {
    guard pointee.layouts.count > 4096 else { return }
    pointee.layouts.deallocate()
    pointee.layouts = LayoutTable()
  }

  /// Ends a scope but moves some values out of it, as records of the enclosing one.
  ///
  /// Only the first value may lie in the memory that the scope gives back; others are adjoints, or zeros. `isSevered`:
  /// the values have a past that is dropped here, so that a backward pass through them would be wrong.
  func closeScope(_ mark: TapeMark, moving values: [MovedValue], isSevered: Bool) -> [NodeID] {
    reset(to: mark)
    pointee.generation = mark.generation
    let ids = values.map { value in
      let opcode: Opcode = isSevered ? .severed : .constant
      guard !value.isUniform else { return repeatedLeaf(value, opcode) }
      let id = leaf(value.shape, value.type, opcode)
      // To where the scope began, which may be where the value lies; `memmove` semantics.
      value.write(to: self[record: id].pointee.value)
      return id
    }
    releaseRetained(from: mark.retained)
    return ids
  }

  /// A leaf all of whose elements are one in memory.
  private func repeatedLeaf(_ value: MovedValue, _ opcode: Opcode) -> NodeID {
    let number = pointee.values.allocate(value.type.byteCount)
    number.copyMemory(from: value.memory!, byteCount: value.type.byteCount)
    let layout = pointee.layouts.number(of: wg_layout(value.shape).repeatingOneElement)
    return append(opcode, value.type, layout: layout, value: number)
  }

  /// A record's value, to be moved out of its scope.
  func movable(_ id: NodeID) -> MovedValue {
    let id = contiguous(id)
    let record = self[record: id].pointee
    return MovedValue(memory: record.value, shape: shape(id), type: record.scalarType)
  }
}

/// A value that leaves a scope.
struct MovedValue {
  /// Its elements, contiguous; nil stands for zeros.
  let memory: UnsafeMutableRawPointer?
  let shape: Shape
  let type: ScalarType
  /// Whether all elements are the one that `memory` has.
  var isUniform = false

  func write(to target: UnsafeMutableRawPointer) {
    let byteCount = shape.elementCount * type.byteCount
    if let memory {
      target.copyMemory(from: memory, byteCount: byteCount)
    } else {
      target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }
  }
}
