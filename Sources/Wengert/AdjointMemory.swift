import CKernels

// Memory of adjoints: once a record's cotangent has been pulled back nobody reads it, and an array of the same size may
// take its place. The memory of a pass is then that of the adjoints under way, and what is written next is in the cache.

/// Memory that held an adjoint.
struct FreeAdjoint: BitwiseCopyable {
  var base: UnsafeMutableRawPointer
  var byteCount: Int
}

extension UnsafeMutablePointer<TapeCore> {
  /// Adjoints of fewer bytes are left where they are: they cost little memory, and looking for them takes time.
  private static var smallestRecycled: Int { 4096 }

  /// Memory for an adjoint of the pass under way.
  func allocateAdjoint(_ byteCount: Int) -> UnsafeMutableRawPointer {
    if byteCount >= Self.smallestRecycled {
      let free = pointee.freeAdjoints
      // The last to be freed is the one that may still be in the cache.
      for index in stride(from: free.count - 1, through: 0, by: -1) where free.base[index].byteCount == byteCount {
        let base = free.base[index].base
        free.base[index] = free.base[free.count - 1]
        pointee.freeAdjoints.removeAll(from: free.count - 1)
        return base
      }
    }
    return pointee.adjoints.allocate(byteCount)
  }

  /// Frees the memory of an adjoint that has been pulled back, unless an operand has taken it over, or somebody will look
  /// at it.
  @inline(__always)
  func recycle(_ adjoint: UnsafeMutableRawPointer, of id: NodeID, _ range: BackwardRange) {
    let layout = layout(id)
    let byteCount = layout.elementCount &* self[record: id].pointee.scalarType.byteCount
    guard byteCount >= Self.smallestRecycled, !pointee.keepsAdjoints else { return }
    free(adjoint, byteCount, of: id, range)
  }

  @inline(never)
  private func free(_ adjoint: UnsafeMutableRawPointer, _ byteCount: Int, of id: NodeID, _ range: BackwardRange) {
    let record = self[record: id].pointee
    guard adjoint != pointee.borrowedAdjoint, !record.flags.contains(.isTarget), !record.opcode.isLeaf else { return }
    for index in 0..<operandCount(id) {
      let operand = operand(id, index)
      if operand >= range.start, slot(operand, range).pointee.adjoint == adjoint { return }
    }
    pointee.freeAdjoints.append(FreeAdjoint(base: adjoint, byteCount: byteCount))
  }
}
