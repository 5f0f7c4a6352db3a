import CKernels
import CLinearAlgebra

// Cholesky and QR factorisations, and least squares.

extension Operation {
  static let factorizations: [Operation] = [
    /// L with A = L Lᵀ: the symmetric part of L⁻ᵀ Φ(Lᵀ L̄) L⁻¹, where Φ takes the lower triangle and half the diagonal.
    Operation(
      opcode: .cholesky,
      forward: .init { (e) throws(LinearAlgebraError) in try e.factorizeCholesky() },
      derivative: .structural(
        .init(
          reads: .output,
          rule: { p in
            let core = p.core
            let product = core.matmul(core.matrixTransposed(p.output), p.cotangent, cotangent: .right)
            let half = core.halved(core.sum(core.lower(product), core.lower(product, strictly: true)))
            // From the left, and by way of transposes from the right.
            let left = core.triangularSolve(p.output, half, .transposed, cotangent: true)
            let both = core.triangularSolve(p.output, core.matrixTransposed(left), .transposed, cotangent: true)
            p.accumulate(0, core.symmetricPart(both))
          }, isBlockable: true)),
      samples: [.cholesky([3, 3]), .cholesky([1, 1]), .cholesky([0, 0]), .cholesky([2, 2, 2]), .cholesky([3, 2])]),

    /// [Q; Rᵀ] with A = Q R, rows below rows. With M = R R̄ᵀ − Q̄ᵀ Q, of which S takes the lower triangle to either side:
    /// (Q̄ + Q S) R⁻ᵀ. A wide A = [X Y] has R = [U V] with V = Qᵀ Y: the same for X and U, where Q̄ gains Y V̄ᵀ, and
    /// Q V̄ for Y.
    Operation(
      opcode: .qr,
      forward: .init { (e) throws(LinearAlgebraError) in try e.factorizeQR() },
      derivative: .structural(.init(rule: { p in p.pullQR() }, tangent: { p in p.pushQR() }, isBlockable: true)),
      samples: [[3, 3], [4, 2], [2, 4], [1, 1], [3, 1], [1, 3], [0, 2], [2, 0], [2, 3, 2]].map { (shape: Shape) in
        Sample("\(shape)", [shape], [Sample.small]) { AnyTensor(Core.current.qr(Core.current.dominated($0[0].id))) }
      }),
  ]
}

extension Sample {
  fileprivate static func cholesky(_ shape: Shape) -> Sample {
    let result = Shape(Array(shape.dropLast()) + [shape[shape.count - 2]])
    return .attempting("\(shape)", [shape], [-1...1], result: result) { (core, x) throws(LinearAlgebraError) in
      try core.cholesky(core.positiveDefinite(x[0]))
    }
  }
}

/// The lower triangular L with L Lᵀ = A, for symmetric positive definite matrices (…, n, n). Traps if they are not
/// square.
///
/// What counts is the symmetric part (A + Aᵀ) / 2, so the adjoint is symmetric: it is the derivative along symmetric
/// changes.
///
/// - Throws: ``LinearAlgebraError`` with the first pivot that is not positive.
/// - Complexity: O(n³) per matrix; the tape keeps the result, which is computed in place of a copy of `a`.
@inlinable public func cholesky<S>(_ a: Tensor<S>) throws(LinearAlgebraError) -> Tensor<S> {
  Tensor(try recordCholesky(a.handle))
}

/// Matrices Q with orthonormal columns and upper triangular R such that Q R = A, in reduced form.
///
/// For A of shape (…, m, n) and k the smaller of m and n, Q has shape (…, m, k) and R (…, k, n). Signs are LAPACK's: the
/// diagonal of R may be negative. Traps if `a` has less than two axes.
///
/// There is a derivative where the first k columns of A are independent. Elsewhere a gradient that needs it throws
/// ``LinearAlgebraError`` out of `gradient(at:of:)`.
///
/// - Complexity: O(m n k) per matrix; the tape keeps Q and R. `a` is copied once; a tall Q is computed in its place.
@inlinable public func qr<S>(_ a: Tensor<S>) -> (q: Tensor<S>, r: Tensor<S>) {
  let parts = recordQR(a.handle)
  return (Tensor(parts.q), Tensor(parts.r))
}

/// The x for which ‖A x − b‖ is least; of a wide matrix, for which there are many, the one of least norm.
///
/// - Parameters:
///   - a: Matrices (…, m, n) of full rank.
///   - b: A vector (m,), or matrices (…, m, k) of right-hand sides; leading axes broadcast. Traps if sizes do not agree.
/// - Returns: A vector (n,), or matrices (…, n, k).
/// - Throws: ``LinearAlgebraError`` if the columns of a tall matrix, or the rows of a wide one, depend on each other up
///   to rounding; ``pseudoInverse(_:relativeTolerance:)`` takes such matrices.
/// - Complexity: O(m n min(m, n)) per matrix, by a QR factorisation, which the tape keeps.
@inlinable public func leastSquares<S>(_ a: Tensor<S>, _ b: Tensor<S>) throws(LinearAlgebraError) -> Tensor<S> {
  Tensor(try recordLeastSquares(a.handle, b.handle))
}

@usableFromInline @inline(never)
func recordCholesky(_ a: Handle) throws(LinearAlgebraError) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireSquare(a, "cholesky(_:)")
  return core.handle(try core.cholesky(a))
}

@usableFromInline @inline(never)
func recordQR(_ a: Handle) -> (q: Handle, r: Handle) {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireMatrix(a, "qr(_:)")
  let (q, r) = core.unpackedQR(core.qr(a), of: a)
  return (core.handle(q), core.handle(r))
}

@usableFromInline @inline(never)
func recordLeastSquares(_ a: Handle, _ b: Handle) throws(LinearAlgebraError) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireMatrix(a, "leastSquares(_:_:)")
  return try core.withRightHandSide(a, core.resolve(b), "leastSquares(_:_:)") { b throws(LinearAlgebraError) in
    try core.leastSquares(a, b)
  }
}

extension Pullback {
  fileprivate func pullQR() {
    guard needs(0) else { return }
    let a = operand(0)
    let (m, n) = (core.rowCount(a), core.columnCount(a))
    let k = Swift.min(m, n)
    let (q, r) = core.unpackedQR(output, of: a)
    guard let cotangent = differentiable(cotangent, .qr, numbersAt: m) else { return }
    var (qCotangent, rCotangent) = core.unpackedQR(cotangent, of: a)
    let u = core.block(r, rows: 0..<k, columns: 0..<k)
    if n > m {
      let y = core.block(a, rows: 0..<m, columns: m..<n)
      let v = core.block(rCotangent, rows: 0..<k, columns: m..<n)
      qCotangent = core.sum(qCotangent, core.matmul(y, core.matrixTransposed(v), cotangent: .right))
      rCotangent = core.block(rCotangent, rows: 0..<k, columns: 0..<k)
    }
    let inner = core.difference(
      core.matmul(u, core.matrixTransposed(rCotangent), cotangent: .right),
      core.matmul(core.matrixTransposed(qCotangent), q, cotangent: .left))
    let symmetric = core.sum(core.lower(inner), core.matrixTransposed(core.lower(inner, strictly: true)))
    let numerator = core.sum(qCotangent, core.matmul(q, symmetric, cotangent: .right))
    let solution = core.triangularSolve(u, core.matrixTransposed(numerator), .upper, cotangent: true)
    var adjoint = core.matrixTransposed(solution)
    if n > m {
      let (_, r) = core.unpackedQR(cotangent, of: a)
      let y = core.matmul(q, core.block(r, rows: 0..<k, columns: m..<n), cotangent: .right)
      adjoint = core.concatenated([adjoint, y], along: core.layout(adjoint).rank - 1)
    }
    accumulate(0, adjoint)
  }
}

extension Pushforward {
  /// With M = Qᵀ Ȧ R⁻¹, and Ω antisymmetric with the lower triangle of M: Ṙ = (M − Ω) R and
  /// Q̇ = Ȧ R⁻¹ − Q (M − Ω). Of a wide A = [X Y] that is for X, and V̇ = Q̇ᵀ Y + Qᵀ Ẏ.
  fileprivate func pushQR() -> NodeID? {
    guard var tangent = tangent(0) else { return nil }
    let a = operand(0)
    let (m, n) = (core.rowCount(a), core.columnCount(a))
    let k = Swift.min(m, n)
    let (q, r) = core.unpackedQR(output, of: a)
    if usesRows(where: { _ in true }) {
      guard let checked = differentiable(tangent, .qr, numbersAt: m, isTangent: true) else {
        return zero
      }
      tangent = checked
    }
    let u = core.block(r, rows: 0..<k, columns: 0..<k)
    let leading = core.block(tangent, rows: 0..<m, columns: 0..<k)
    let image = core.matrixTransposed(
      core.triangularSolve(u, core.matrixTransposed(leading), [.upper, .transposed], cotangent: true))
    let inner = core.matmul(core.matrixTransposed(q), image, cotangent: .right)
    let upper = core.sum(core.upper(inner), core.matrixTransposed(core.lower(inner, strictly: true)))
    let qTangent = core.difference(image, core.matmul(q, upper, cotangent: .right))
    let uTangent = core.matrixTransposed(core.matmul(upper, u, cotangent: .left))
    guard n > m else { return core.stackedRows([qTangent, uTangent]) }
    let y = core.block(a, rows: 0..<m, columns: m..<n)
    let yTangent = core.block(tangent, rows: 0..<m, columns: m..<n)
    let vTangent = core.sum(
      core.matmul(core.matrixTransposed(y), qTangent, cotangent: .right),
      core.matmul(core.matrixTransposed(yTangent), q, cotangent: .left))
    return core.stackedRows([qTangent, uTangent, vTangent])
  }
}

extension UnsafeMutablePointer<TapeCore> {
  func cholesky(_ a: NodeID) throws(LinearAlgebraError) -> NodeID {
    try recordThrowing(.cholesky, self[record: a].pointee.scalarType, layout: denseLayout(a), operands: (a, -1))
  }

  /// [Q; Rᵀ] with A = Q R.
  func qr(_ a: NodeID) -> NodeID {
    // Nothing is required of the matrices.
    try! qr(a, requiresFullRank: false)
  }

  /// `requiresFullRank`: as least squares do.
  private func qr(_ a: NodeID, requiresFullRank: Bool) throws(LinearAlgebraError) -> NodeID {
    let a = contiguous(a)
    let (m, n) = (rowCount(a), columnCount(a))
    let layout = pointee.layouts.number(of: stackShape(a, m + n, Swift.min(m, n)))
    return try recordThrowing(
      .qr, self[record: a].pointee.scalarType, layout: layout, operands: (a, -1),
      attributes: attributes(CollectionOfOne(requiresFullRank ? 1 : 0)))
  }

  /// Q and R as views.
  func unpackedQR(_ packed: NodeID, of a: NodeID) -> (q: NodeID, r: NodeID) {
    let (m, n) = (rowCount(a), columnCount(a))
    return (rows(packed, 0..<m), matrixTransposed(rows(packed, m..<m + n)))
  }

  /// The first diagonal element of an R, in the result of QR of matrices with that many rows, that is 0 up to rounding.
  func rankDeficiency(_ packed: NodeID, rows: Int) -> LinearAlgebraError.Reason? {
    let (type, memory) = (self[record: packed].pointee.scalarType, self[record: packed].pointee.value)
    let ulp = type == .double ? Double.ulpOfOne : Double(Float.ulpOfOne)
    let (m, n, k) = (rows, rowCount(packed) - rows, columnCount(packed))
    for matrix in 0..<matrixCount(packed) {
      let start = (matrix * (m + n) + m) * k
      let diagonal = (0..<k).map { number(memory, type, start + $0 * (k + 1)) }
      let most = diagonal.map(\.magnitude).max() ?? 0
      guard let pivot = diagonal.firstIndex(where: { $0.magnitude <= Double(rows) * ulp * most }) else { continue }
      let ratio = most == 0 ? 0 : diagonal[pivot].magnitude / most
      return .rankDeficient(pivot: pivot, ratio: ratio, matrix: matrix)
    }
    return nil
  }

  func leastSquares(_ a: NodeID, _ b: NodeID) throws(LinearAlgebraError) -> NodeID {
    let isTall = rowCount(a) >= columnCount(a)
    let tall = isTall ? a : matrixTransposed(a)
    let (q, r) = unpackedQR(try qr(tall, requiresFullRank: true), of: tall)
    return isTall
      ? triangularSolve(r, matmul(matrixTransposed(q), b), .upper)
      : matmul(q, triangularSolve(r, b, [.upper, .transposed]))
  }
}

extension Evaluation {
  fileprivate func factorizeCholesky() throws(LinearAlgebraError) {
    let n = core.rowCount(id)
    core.copyValue(operand(0), to: value)
    for matrix in 0..<(n > 0 ? core.matrixCount(id) : 0) {
      let info =
        type == .double
        ? wg_cholesky_f64(n, value.f64 + matrix * n * n) : wg_cholesky_f32(n, value.f32 + matrix * n * n)
      guard info > 0 else { continue }
      // The library leaves its pivot unsaid; the matrix is read anew to name it.
      core.copyValue(operand(0), to: value)
      let row = Int(info) - 1
      let pivot =
        type == .double
        ? wg_cholesky_pivot_f64(n, value.f64 + matrix * n * n, row)
        : Double(wg_cholesky_pivot_f32(n, value.f32 + matrix * n * n, row))
      throw error("cholesky(_:)", .notPositiveDefinite(pivot: row, value: pivot, matrix: matrix))
    }
  }

  fileprivate func factorizeQR() throws(LinearAlgebraError) {
    let (a, x) = (operand(0), input(0).value)
    let (m, n) = (core.rowCount(a), core.columnCount(a))
    let k = Swift.min(m, n)
    for matrix in 0..<(k > 0 ? core.matrixCount(a) : 0) {
      let start = matrix * (m + n) * k
      if type == .double {
        let q = value.f64 + start
        _ = wg_qr_f64(m, n, x.f64 + matrix * m * n, q, q + m * k)
      } else {
        let q = value.f32 + start
        _ = wg_qr_f32(m, n, x.f32 + matrix * m * n, q, q + m * k)
      }
    }
    if attribute(0) == 1, let reason = core.rankDeficiency(id, rows: m) { throw error("leastSquares(_:_:)", reason) }
  }
}
