extension Tape: CustomStringConvertible {
  /// The Wengert list, one line per record: position, operation and operands, shape, head of the value, source line.
  ///
  /// A long tape is shown by its first and last records; ``listing(_:)`` shows any part.
  public var description: String {
    let edge = 20
    guard count > 2 * edge else { return listing(0..<count) }
    return [listing(0..<edge), "… \(count - 2 * edge) more", listing(count - edge..<count)].joined(separator: "\n")
  }

  /// Some records of the Wengert list, one line each. Traps if the range goes beyond the tape.
  public func listing(_ range: Range<Int>) -> String {
    guard range.lowerBound >= 0, range.upperBound <= count else { misuse(.listing(range, count)) }
    let ids = range.map { NodeID($0) }
    let locations = SourceLocation.of(Set(ids.map { core[record: $0].pointee.source }))
    let rows = ids.map { id in
      [
        "%\(id) = \(operation(id))", "\(core[record: id].pointee.scalarType)\(core.shape(id))", valueHead(id),
        locations[core[record: id].pointee.source]?.description ?? "",
      ]
    }
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) } + [row[3]]
      var text = line.joined(separator: "  ")
      while text.last == " " { text.removeLast() }
      return text
    }.joined(separator: "\n")
  }

  /// The names of the operations that some records stand for.
  package func operations(_ range: Range<Int>) -> Set<String> {
    Set(range.map { String(cString: core[record: NodeID($0)].pointee.opcode.cName) })
  }

  private func operation(_ id: NodeID) -> String {
    let operands = (0..<core.operandCount(id)).map { "%\(core.operand(id, $0))" }
    let name = String(cString: core[record: id].pointee.opcode.cName)
    return operands.isEmpty ? name : name + " " + operands.joined(separator: ", ")
  }

  private func valueHead(_ id: NodeID) -> String {
    if core.isDropped(id) { return "dropped" }
    let record = core[record: id].pointee
    let layout = core.layout(id)
    let most = 3
    var index = [Int](repeating: 0, count: layout.rank)
    var parts: [String] = []
    for _ in 0..<Swift.min(layout.elementCount, most) {
      let offset = zip(index.indices, index).reduce(0) { $0 + Int(layout.strides[$1.0]) * $1.1 }
      parts.append(record.scalarType == .double ? "\(record.value.f64[offset])" : "\(record.value.f32[offset])")
      for axis in index.indices.reversed() {
        index[axis] += 1
        if index[axis] < Int(layout.sizes[axis]) { break }
        index[axis] = 0
      }
    }
    if layout.elementCount > most { parts.append("…") }
    return layout.rank == 0 ? parts.joined() : "[" + parts.joined(separator: ", ") + "]"
  }
}
