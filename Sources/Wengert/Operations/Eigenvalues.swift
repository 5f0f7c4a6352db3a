import CKernels
import CLinearAlgebra

// Eigenvalues and eigenvectors of symmetric matrices.

extension Operation {
  static let eigenvalues: [Operation] = [
    /// [w; Vᵀ], a row above rows, with A = V diag(w) Vᵀ: V (diag(w̄) + K) Vᵀ, where K = (M − Mᵀ) / 2 over the
    /// differences wⱼ − wᵢ, and M = Vᵀ V̄.
    ///
    /// K is a strong quotient: without a cotangent of the eigenvectors it is 0, whether or not eigenvalues repeat.
    Operation(
      opcode: .eigh,
      forward: .init { (e) throws(LinearAlgebraError) in try e.decomposeSymmetric() },
      derivative: .structural(
        .init(reads: .output, rule: { p in p.pullEigh() }, tangent: { p in p.pushEigh() }, isBlockable: true)),
      samples: [[3, 3], [1, 1], [0, 0], [2, 2, 2]].map { (shape: Shape) in
        .attempting("\(shape)", [shape], [Sample.small], result: Sample.eighShape(shape)) {
          (core, x) throws(LinearAlgebraError) in
          try core.eigh(core.dominated(x[0]), for: .eigh)
        }
      })
  ]
}

extension Sample {
  fileprivate static func eighShape(_ shape: Shape) -> Shape {
    Shape(Array(shape.dropLast(2)) + [shape[shape.count - 1] + 1, shape[shape.count - 1]])
  }
}

/// The eigenvalues of symmetric matrices (…, n, n), ascending, and their eigenvectors, the columns of V in
/// A = V diag(w) Vᵀ. Traps if they are not square.
///
/// What counts is the symmetric part (A + Aᵀ) / 2, so the adjoint is symmetric. An eigenvector's sign is LAPACK's
/// choice.
///
/// Eigenvalues have a derivative even where they repeat; eigenvectors do not. A gradient that needs theirs there throws
/// ``LinearAlgebraError`` out of `gradient(at:of:)`, which happens if the cotangent of the eigenvectors is not 0. In
/// forward mode it is enough that the eigenvectors were asked for: where they are not needed, use
/// ``eigenvalues(ofSymmetric:)``.
///
/// - Returns: Eigenvalues (…, n) and eigenvectors (…, n, n).
/// - Throws: ``LinearAlgebraError`` if an element is not finite, or if the iteration does not converge.
/// - Complexity: O(n³) per matrix; the tape keeps both results. The eigenvectors take the place of the one copy of `a`,
///   and are a transposed view of it.
@inlinable public func eigh<S>(
  _ a: Tensor<S>
) throws(LinearAlgebraError) -> (values: Tensor<S>, vectors: Tensor<S>) {
  let parts = try recordEigh(a.handle)
  return (Tensor(parts.values), Tensor(parts.vectors))
}

/// The eigenvalues of symmetric matrices (…, n, n), ascending. Traps if they are not square.
///
/// What counts is the symmetric part (A + Aᵀ) / 2, so the adjoint is symmetric. Where eigenvalues repeat, the gradient is
/// that of one way to tell them apart: exact for functions that treat them alike, as sums do. Second derivatives
/// there throw.
///
/// - Returns: A tensor (…, n).
/// - Throws: ``LinearAlgebraError`` if an element is not finite, or if the iteration does not converge.
/// - Complexity: O(n³) per matrix; the tape keeps eigenvalues and eigenvectors.
@inlinable public func eigenvalues<S>(ofSymmetric a: Tensor<S>) throws(LinearAlgebraError) -> Tensor<S> {
  Tensor(try recordEigenvalues(a.handle))
}

@usableFromInline @inline(never)
func recordEigh(_ a: Handle) throws(LinearAlgebraError) -> (values: Handle, vectors: Handle) {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireSquare(a, "eigh(_:)")
  let packed = try core.eigh(a, for: .eigh)
  let n = core.columnCount(packed)
  let values = core.withoutRowAxis(core.rows(packed, 0..<1))
  return (core.handle(values), core.handle(core.matrixTransposed(core.rows(packed, 1..<n + 1))))
}

@usableFromInline @inline(never)
func recordEigenvalues(_ a: Handle) throws(LinearAlgebraError) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireSquare(a, "eigenvalues(ofSymmetric:)")
  let packed = try core.eigh(a, for: .eigenvalues)
  return core.handle(core.withoutRowAxis(core.rows(packed, 0..<1)))
}

extension Pullback {
  fileprivate func pullEigh() {
    let n = core.columnCount(output)
    guard let cotangent = differentiable(cotangent, Decomposition(rawValue: attribute(0))!, numbersAt: 0) else {
      return
    }
    let vt = core.rows(output, 1..<n + 1)
    let v = core.matrixTransposed(vt)
    let inner = core.matmul(vt, core.matrixTransposed(core.rows(cotangent, 1..<n + 1)), cotangent: .right)
    let antisymmetric = core.halved(core.difference(inner, core.matrixTransposed(inner)))
    let k = core.elementwise(.divideCotangent, antisymmetric, core.gaps(core.rows(output, 0..<1)))
    let middle = core.sum(core.diagonalMatrix(ofRow: core.rows(cotangent, 0..<1)), k)
    accumulate(0, core.matmul(core.matmul(v, middle, cotangent: .right), vt, cotangent: .left))
  }
}

extension Pushforward {
  /// With P = Vᵀ Ȧ V: the diagonal of P, and V (P over the differences).
  fileprivate func pushEigh() -> NodeID? {
    guard var tangent = tangent(0) else { return nil }
    let n = core.columnCount(output)
    if usesRows(where: { $0 > 0 }) {
      let decomposition = Decomposition(rawValue: attribute(0))!
      guard let checked = differentiable(tangent, decomposition, numbersAt: 0, isTangent: true) else {
        return zero
      }
      tangent = checked
    }
    let vt = core.rows(output, 1..<n + 1)
    let v = core.matrixTransposed(vt)
    let direction = core.symmetricPart(tangent)
    let inner = core.matmul(core.matmul(vt, direction, cotangent: .right), v, cotangent: .left)
    let quotient = core.elementwise(
      .divideCotangent, core.withoutDiagonal(inner), core.gaps(core.rows(output, 0..<1)))
    let vectors = core.matmul(v, quotient, cotangent: .right)
    return core.stackedRows([core.diagonalRow(inner), core.matrixTransposed(vectors)])
  }

  /// Whether rows of the packed result were taken by themselves, from a row on that fits.
  func usesRows(where fits: (Int) -> Bool) -> Bool {
    let value = core[record: id].pointee.value
    let rowBytes = core.columnCount(id) * type.byteCount
    guard id < range.output, rowBytes > 0 else { return false }
    return (id + 1...range.output).contains { later in
      let record = core[record: later]
      return record.pointee.opcode == .slice && record.pointee.operands.0 == id
        && fits((record.pointee.value - value) / rowBytes)
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// [w; Vᵀ] with A = V diag(w) Vᵀ.
  func eigh(_ a: NodeID, for decomposition: Decomposition) throws(LinearAlgebraError) -> NodeID {
    let n = rowCount(a)
    return try recordThrowing(
      .eigh, self[record: a].pointee.scalarType, layout: pointee.layouts.number(of: stackShape(a, n + 1, n)),
      operands: (a, -1), attributes: attributes(CollectionOfOne(decomposition.rawValue)))
  }

  /// wⱼ − wᵢ by row and column, and 1 on the diagonal, where nothing is divided.
  func gaps(_ row: NodeID) -> NodeID {
    sum(difference(row, matrixTransposed(row)), identity(columnCount(row), self[record: row].pointee.scalarType))
  }
}

extension Evaluation {
  fileprivate func decomposeSymmetric() throws(LinearAlgebraError) {
    let function = Decomposition(rawValue: attribute(0))!.function
    try requireFinite(for: function)
    let (a, n) = (operand(0), core.rowCount(operand(0)))
    let mark = core.pointee.values.mark
    defer { core.pointee.values.reset(to: mark) }
    let elements = core.pointee.values.allocate(layout(0).elementCount * type.byteCount)
    core.copyValue(a, to: elements)
    for matrix in 0..<(n > 0 ? core.matrixCount(a) : 0) {
      let target = value + matrix * (n + 1) * n * type.byteCount
      let vectors = target + n * type.byteCount
      vectors.copyMemory(from: elements + matrix * n * n * type.byteCount, byteCount: n * n * type.byteCount)
      let info = type == .double ? wg_eigh_f64(n, vectors.f64, target.f64) : wg_eigh_f32(n, vectors.f32, target.f32)
      if info != 0 { throw error(function, .noConvergence(matrix: matrix)) }
    }
  }
}
