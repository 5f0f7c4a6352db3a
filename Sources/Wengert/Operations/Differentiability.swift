import CKernels

// Where decompositions of matrices have derivatives.

extension Operation {
  static let differentiability: [Operation] = [
    /// The second operand, a cotangent or a tangent, if the first, the packed result of a decomposition, has a derivative
    /// that takes it; else it fails. That depends on the values, so a recorded program has to ask anew.
    Operation(
      opcode: .differentiable,
      forward: .init { (e) throws(LinearAlgebraError) in
        e.core.copyValue(e.operand(1), to: e.value)
        try e.requireDerivative()
      },
      derivative: .structural(.init(reads: .nothing, rule: { p in p.accumulate(1, p.cotangent) }, isBlockable: true)),
      samples: [
        .attempting("cotangent", [[2, 2], [3, 2]], [Sample.small], result: [3, 2]) {
          (core, x) throws(LinearAlgebraError) in
          try core.differentiable(try core.eigh(core.dominated(x[0]), for: .eigh), x[1], .eigh, numbersAt: 0)
        },
        .attempting("tangent", [[3, 2], [3, 2]], [Sample.small], result: [3, 2]) {
          (core, x) throws(LinearAlgebraError) in
          let packed = try core.svd(core.dominated(x[0]), for: .svd)
          return try core.differentiable(packed, x[1], .svd, numbersAt: 3, isTangent: true)
        },
      ])
  ]
}

/// The public functions that record a decomposition; messages name them.
enum Decomposition: Int {
  case eigh, eigenvalues, svd, singularValues, determinant, qr

  var function: String {
    switch self {
    case .eigh: "eigh(_:)"
    case .eigenvalues: "eigenvalues(ofSymmetric:)"
    case .svd: "svd(_:)"
    case .singularValues: "singularValues(of:)"
    case .determinant: "determinant(_:)"
    case .qr: "qr(_:)"
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// The cotangent of a packed result or the tangent of its operand; fails if there is no derivative: of a cotangent only
  /// if it is not 0 but for the row `numbersAt`.
  ///
  /// That row of the packed result has the eigenvalues or singular values; for QR there are R's rows from there on.
  fileprivate func differentiable(
    _ packed: NodeID, _ cotangent: NodeID, _ decomposition: Decomposition, numbersAt row: Int, isTangent: Bool = false
  ) throws(LinearAlgebraError) -> NodeID {
    try recordThrowing(
      .differentiable, self[record: cotangent].pointee.scalarType, layout: denseLayout(cotangent),
      operands: (packed, cotangent), attributes: attributes(decomposition.rawValue, row, isTangent ? 1 : 0, 0))
  }
}

extension OperationInPass {
  /// The cotangent or tangent of a decomposition, as long as there is a derivative; nil if not, which is then known.
  func differentiable(
    _ cotangent: NodeID, _ decomposition: Decomposition, numbersAt row: Int, isTangent: Bool = false
  ) -> NodeID? {
    // The error is to name the line of the decomposition.
    let source = core.pointee.source
    defer { core.pointee.source = source }
    core.pointee.source = core[record: id].pointee.source
    do throws(LinearAlgebraError) {
      return try core.differentiable(id, cotangent, decomposition, numbersAt: row, isTangent: isTangent)
    } catch {
      core.fail(error)
      return nil
    }
  }
}

extension Evaluation {
  fileprivate func requireDerivative() throws(LinearAlgebraError) {
    let (decomposition, row) = (Decomposition(rawValue: attribute(0))!, attribute(1))
    let reason =
      switch decomposition {
      case .qr: core.rankDeficiency(operand(0), rows: row)
      case .eigh, .eigenvalues: repeatedEigenvalue(at: row)
      default: undefinedSingularVectors(at: row)
      }
    guard let reason else { return }
    let isRead = attribute(2) == 1 || hasNonzeros(exceptAt: decomposition == .qr ? nil : row)
    if isRead { throw error(decomposition.function, reason) }
  }

  /// Whether elements in other rows than one are not 0.
  private func hasNonzeros(exceptAt row: Int?) -> Bool {
    let columns = core.columnCount(id)
    let rows = core.rowCount(id)
    return (0..<layout.elementCount).contains { position in
      position / columns % rows != row && core.number(value, type, position) != 0
    }
  }

  private var roundingUnit: Double { type == .double ? Double.ulpOfOne : Double(Float.ulpOfOne) }

  /// A row of each matrix of the packed result.
  private func numbers(at row: Int) -> [[Double]] {
    let (packed, k) = (operand(0), core.columnCount(operand(0)))
    return (0..<(k == 0 ? 0 : core.matrixCount(packed))).map { matrix in
      let start = (matrix * core.rowCount(packed) + row) * k
      return (start..<start + k).map { core.number(input(0).value, type, $0) }
    }
  }

  /// The first two eigenvalues that are equal up to rounding.
  private func repeatedEigenvalue(at row: Int) -> LinearAlgebraError.Reason? {
    for (matrix, values) in numbers(at: row).enumerated() {
      let tolerance = Double(values.count) * roundingUnit * values.reduce(0) { Swift.max($0, $1.magnitude) }
      for second in values.indices.dropFirst() where values[second] - values[second - 1] <= tolerance {
        return .repeatedEigenvalue(first: second - 1, second: second, value: values[second], matrix: matrix)
      }
    }
    return nil
  }

  /// Why the singular vectors have no derivative, if they do not.
  private func undefinedSingularVectors(at row: Int) -> LinearAlgebraError.Reason? {
    // [U; s; V]
    let (m, n) = (row, core.rowCount(operand(0)) - 1 - row)
    for (matrix, values) in numbers(at: row).enumerated() {
      let tolerance = Double(Swift.max(m, n)) * roundingUnit * values[0]
      for second in values.indices.dropFirst() where values[second - 1] - values[second] <= tolerance {
        return .repeatedSingularValue(first: second - 1, second: second, value: values[second], matrix: matrix)
      }
      if m != n, let index = values.firstIndex(where: { $0 <= tolerance }) {
        return .zeroSingularValue(index: index, value: values[index], matrix: matrix)
      }
    }
    return nil
  }
}
