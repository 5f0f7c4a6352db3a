import CKernels

/// What tests do to the values on the calling thread's tape, to show that each can be computed again.
package enum Reevaluation {
  /// Runs `body` as while a program is being recorded. The answer says, when it is asked, whether the elements that
  /// were read by code that is not on the tape are still the same.
  package static func recording(_ body: () -> Void) -> () -> Bool {
    let core = Core.current
    core.pointee.trace = Trace()
    body()
    let guards = core.pointee.trace!.guards
    core.pointee.trace = nil
    return {
      guards.allSatisfy { condition in
        let bytes = UnsafeRawBufferPointer(start: condition.value.base, count: condition.value.byteCount)
        return bytes.elementsEqual(elements(condition.record))
      }
    }
  }

  /// Overwrites the value of each record from a position on, computes it again, and names the operations that then have
  /// another value.
  package static func mismatches(from start: Int) -> Set<String> {
    let core = Core.current
    var result: Set<String> = []
    for id in NodeID(start)..<NodeID(core.pointee.records.count) where core.isComputed(id) {
      let record = core[record: id].pointee
      let size = core.byteCount(of: Evaluation(core: core, id: id))
      let elements = core.layout(id).elementCount * record.scalarType.byteCount
      let memory = UnsafeMutableRawBufferPointer(start: record.value, count: size)
      let before = Array(memory)
      memory.initializeMemory(as: UInt8.self, repeating: 0xFF)
      do { try core.evaluate(id) } catch {
        result.insert("\(String(cString: record.opcode.cName)): \(error)")
        continue
      }
      // What is kept behind the elements may have gaps, which nobody writes.
      let isSame = memory.indices.allSatisfy { memory[$0] == before[$0] || $0 >= elements && memory[$0] == 0xFF }
      if !isSame { result.insert(String(cString: record.opcode.cName)) }
      // So that what follows is judged by itself.
      memory.copyBytes(from: before)
    }
    return result
  }

  /// Computes the values of all records from a position on, in order.
  package static func run(from start: Int) throws {
    let core = Core.current
    for id in NodeID(start)..<NodeID(core.pointee.records.count) where core.isComputed(id) { try core.evaluate(id) }
  }

  /// Writes other elements to where a tensor's are.
  package static func overwrite<S>(_ tensor: Tensor<S>, with array: ShapedArray<S>) {
    let core = Core.current
    let id = core.resolve(tensor.handle)
    core[record: id].pointee.value.copyMemory(from: array.storage.base, byteCount: array.storage.byteCount)
  }

  /// Names and elements, by their bytes, of the records from a position on.
  package static func values(from start: Int) -> [(operation: String, bytes: [UInt8])] {
    let core = Core.current
    return (NodeID(start)..<NodeID(core.pointee.records.count)).map { id in
      (String(cString: core[record: id].pointee.opcode.cName), elements(id))
    }
  }

  private static func elements(_ id: NodeID) -> [UInt8] {
    let core = Core.current
    let byteCount = core.byteCount(id)
    // Swift's empty array is one for all threads, and its initializer writes to it.
    guard byteCount > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: byteCount) { bytes, count in
      count = byteCount
      core.copyValue(id, to: bytes.baseAddress!)
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Whether a record has a value of its own that comes from others: it is no leaf and no view.
  fileprivate func isComputed(_ id: NodeID) -> Bool {
    let opcode = self[record: id].pointee.opcode
    return opcode.isElementwise || pointee.operations.forward[Int(opcode.rawValue)] != nil
  }
}
