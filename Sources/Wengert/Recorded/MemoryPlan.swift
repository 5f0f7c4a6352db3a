import CKernels

/// How the memory of a recorded program is laid out, known before the program runs.
///
/// Values and adjoints that are never needed at the same time share memory; values that a single pass over a chain of
/// elementwise operations makes and uses up have none.
public struct MemoryPlan: Sendable {
  /// A value or an adjoint in the program's memory.
  public struct Entry: Sendable {
    /// The operation whose value it is, or whose value's adjoint.
    public var operation: String { String(cString: opcode.cName) }
    let opcode: Opcode
    public let shape: Shape
    /// Whether it is an adjoint, rather than a value.
    public let isAdjoint: Bool
    /// Bytes from the start of the program's memory.
    public let offset: Int
    public let byteCount: Int
    /// The steps of the program from the one that writes it to the last that reads it.
    public let steps: ClosedRange<Int>
  }

  enum Owner {
    case value(NodeID, version: Int)
    case adjoint(Int, of: NodeID)
  }

  /// Values and adjoints with memory of their own, in the order of their records; adjoints come last.
  public let entries: [Entry]
  /// The size of the program's memory in bytes: the most that entries need at one time, and gaps for alignment.
  public let byteCount: Int
  /// Bytes of values that are the same in every replay.
  public let constantByteCount: Int
  /// Bytes taken beside, for sums of gradients that are one number until they are added to an array.
  public let scratchByteCount: Int
  /// What the entries would take if none shared memory with another.
  public var separateByteCount: Int { entries.reduce(0) { $0 + $1.byteCount } }

  init(
    _ core: Core, items: [MemoryPlanner.Item], owners: [Owner], byteCount: Int, constantByteCount: Int,
    unplannedByteCount: Int
  ) {
    self.byteCount = byteCount
    self.constantByteCount = constantByteCount
    scratchByteCount = unplannedByteCount
    entries = zip(items, owners).map { item, owner in
      let (id, isAdjoint) =
        switch owner {
        case .value(let id, _): (id, false)
        case .adjoint(_, let id): (id, true)
        }
      return Entry(
        opcode: core[record: id].pointee.opcode, shape: core.shape(id), isAdjoint: isAdjoint,
        offset: item.offset, byteCount: item.byteCount, steps: item.first...item.last)
    }
  }
}

extension MemoryPlan: CustomStringConvertible {
  /// One line per entry; of a long plan, the first and the last ones.
  public var description: String {
    let edge = 20
    func lines(_ part: some Sequence<Entry>) -> [String] {
      part.map { entry in
        "\(entry.offset)..<\(entry.offset + entry.byteCount)  steps \(entry.steps)  "
          + "\(entry.operation)\(entry.isAdjoint ? "'s adjoint" : "") \(entry.shape)"
      }
    }
    let shown =
      entries.count <= 2 * edge
      ? lines(entries)
      : lines(entries.prefix(edge)) + ["… \(entries.count - 2 * edge) more"] + lines(entries.suffix(edge))
    return (["\(byteCount) bytes, shared by \(separateByteCount)"] + shown).joined(separator: "\n")
  }
}
