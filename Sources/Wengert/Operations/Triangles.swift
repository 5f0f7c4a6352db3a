// The two triangles of a matrix.

extension Operation {
  static let triangles: [Operation] = [
    /// The elements on one side of a diagonal: so are the cotangents
    Operation(
      opcode: .triangle,
      forward: .init { e in e.copyTriangle(isUpper: e.attribute(0) == 1, diagonal: e.attribute(1)) },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            p.accumulate(0, p.core.triangle(p.cotangent, isUpper: p.attribute(0) == 1, diagonal: p.attribute(1)))
          }, isBlockable: true)),
      samples: [
        .triangle("upper", [3, 3], isUpper: true, 0), .triangle("strictly lower", [2, 3, 4], isUpper: false, -1),
        .triangle("upper and more", [4, 2], isUpper: true, -2), .triangle("nothing", [2, 2], isUpper: true, 5),
        .triangle("all", [2, 2], isUpper: false, 1), .triangle("empty", [0, 2], isUpper: true, 0),
        Sample("of transposed", [[2, 3]]) {
          AnyTensor(Core.current.triangle(Core.current.permuted($0[0].id, [1, 0]), isUpper: false, diagonal: 0))
        },
      ])
  ]
}

extension Sample {
  fileprivate static func triangle(_ name: String, _ shape: Shape, isUpper: Bool, _ diagonal: Int) -> Sample {
    Sample(name, [shape]) { AnyTensor(Core.current.triangle($0[0].id, isUpper: isUpper, diagonal: diagonal)) }
  }
}

extension Tensor {
  /// A matrix, or a stack of them, with zeros below a diagonal: the elements whose column is at least their row plus
  /// `diagonal` are kept.
  ///
  /// What is not kept gets a cotangent of exactly 0, and may be infinite or NaN. Traps unless there are two axes.
  ///
  /// - Complexity: O(elements); the tape keeps the result, a copy.
  @inlinable public func upperTriangle(diagonal: Int = 0) -> Self {
    Self(recordTriangle(handle, isUpper: true, diagonal))
  }

  /// A matrix, or a stack of them, with zeros above a diagonal: the elements whose column is at most their row plus
  /// `diagonal` are kept.
  ///
  /// What is not kept gets a cotangent of exactly 0, and may be infinite or NaN. Traps unless there are two axes.
  ///
  /// - Complexity: O(elements); the tape keeps the result, a copy.
  @inlinable public func lowerTriangle(diagonal: Int = 0) -> Self {
    Self(recordTriangle(handle, isUpper: false, diagonal))
  }
}

@usableFromInline @inline(never)
func recordTriangle(_ x: Handle, isUpper: Bool, _ diagonal: Int) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  core.checkMatrix(x, for: isUpper ? "upperTriangle(diagonal:)" : "lowerTriangle(diagonal:)")
  return core.handle(core.triangle(x, isUpper: isUpper, diagonal: diagonal))
}

extension UnsafeMutablePointer<TapeCore> {
  func triangle(_ x: NodeID, isUpper: Bool, diagonal: Int) -> NodeID {
    let x = contiguous(x)
    let layout = layout(x)
    // Beyond the corners nothing changes.
    let corners = -Int(layout.sizes[layout.rank - 2]) - 1...Int(layout.sizes[layout.rank - 1]) + 1
    let kept = Swift.min(Swift.max(diagonal, corners.lowerBound), corners.upperBound)
    return record(
      .triangle, self[record: x].pointee.scalarType, layout: self[record: x].pointee.layout, operands: (x, -1),
      attributes: attributes([isUpper ? 1 : 0, kept]))
  }
}

extension Evaluation {
  fileprivate func copyTriangle(isUpper: Bool, diagonal: Int) {
    let (x, size) = (input(0).value, type.byteCount)
    let (rows, columns) = (Int(layout.sizes[layout.rank - 2]), Int(layout.sizes[layout.rank - 1]))
    for row in 0..<(columns == 0 ? 0 : layout.elementCount / columns) {
      let edge = row % rows + diagonal + (isUpper ? 0 : 1)
      let middle = Swift.min(Swift.max(edge, 0), columns)
      let kept = isUpper ? middle..<columns : 0..<middle
      let zeros = isUpper ? 0..<middle : middle..<columns
      let start = row * columns
      (value + (start + kept.lowerBound) * size).copyMemory(
        from: x + (start + kept.lowerBound) * size, byteCount: kept.count * size)
      (value + (start + zeros.lowerBound) * size).initializeMemory(
        as: UInt8.self, repeating: 0, count: zeros.count * size)
    }
  }
}
