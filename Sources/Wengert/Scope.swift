/// A point on a tape that a scope goes back to.
@usableFromInline
struct TapeMark {
  fileprivate var records: Int
  fileprivate var values: Arena.Mark
  fileprivate var attributes: Int
  fileprivate var retained: Int
  fileprivate var generation: UInt32
}

extension UnsafeMutablePointer<TapeCore> {
  func mark() -> TapeMark {
    TapeMark(
      records: pointee.records.count, values: pointee.values.mark, attributes: pointee.attributes.count,
      retained: pointee.retained.count, generation: pointee.generation)
  }

  /// Drops what was recorded since the mark. Memory of others stays retained, for results that still lie in it.
  func reset(to mark: TapeMark) {
    pointee.records.removeAll(from: mark.records)
    pointee.values.reset(to: mark.values)
    pointee.attributes.removeAll(from: mark.attributes)
  }

  func openScope() -> TapeMark {
    let mark = mark()
    pointee.generation = TapeCore.makeGeneration()
    return mark
  }

  /// Ends a scope: its records are dropped, its tensors become stale, its memory is there for the next.
  func closeScope(_ mark: TapeMark) {
    reset(to: mark)
    releaseRetained(mark)
    pointee.generation = mark.generation
    if mark.records == 0 { trimLayouts() }
  }

  private func releaseRetained(_ mark: TapeMark) {
    for index in mark.retained..<pointee.retained.count { pointee.retained.base[index].release() }
    pointee.retained.removeAll(from: mark.retained)
  }

  /// Shapes that vary with the data would fill the table without end; an empty tape can start over.
  private func trimLayouts() {
    guard pointee.layouts.count > 4096 else { return }
    pointee.layouts.deallocate()
    pointee.layouts = LayoutTable()
  }

  /// Ends a scope but moves some values out of it, as records of the enclosing one.
  ///
  /// Each value is given by its memory, contiguous, and its layout. `isSevered`: the values have a past that is
  /// dropped here, so that a backward pass through them would be wrong.
  func closeScope(_ mark: TapeMark, moving values: [MovedValue], isSevered: Bool) -> [NodeID] {
    // The memory moved from may be part of what is dropped, so all values are laid out before any is copied, and
    // they are copied by way of memory that neither overlaps.
    let staging = UnsafeMutableRawPointer.allocate(
      byteCount: values.reduce(1) { $0 + $1.byteCount }, alignment: ArrayStorage.alignment)
    defer { staging.deallocate() }
    var offset = 0
    for value in values {
      (staging + offset).copyMemory(from: value.memory, byteCount: value.byteCount)
      offset += value.byteCount
    }
    let shapes = values.map { pointee.layouts[$0.layout].shape }
    closeScope(mark)
    offset = 0
    return zip(values, shapes).map { value, shape in
      let id = leaf(shape, value.type, isSevered ? .severed : .constant)
      self[record: id].pointee.value.copyMemory(from: staging + offset, byteCount: value.byteCount)
      offset += value.byteCount
      return id
    }
  }

  /// A record's value, to be moved out of its scope.
  func movable(_ id: NodeID) -> MovedValue {
    let id = contiguous(id)
    let record = self[record: id].pointee
    return MovedValue(
      memory: record.value, layout: record.layout, type: record.scalarType,
      byteCount: layout(id).elementCount * record.scalarType.byteCount)
  }
}

/// A value that leaves a scope.
struct MovedValue {
  let memory: UnsafeMutableRawPointer
  let layout: Int32
  let type: ScalarType
  let byteCount: Int
}
