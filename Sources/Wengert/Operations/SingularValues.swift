import CKernels
import CLinearAlgebra

// The singular value decomposition, and the pseudoinverse.

extension Operation {
  static let singularValues: [Operation] = [
    /// [U; s; V], a row between rows, with A = U S Vᵀ. With D = sⱼ² − sᵢ², J = (Uᵀ Ū − Ūᵀ U) / D and
    /// K = (Vᵀ V̄ − V̄ᵀ V) / D: U (diag(s̄) + J S + S K) Vᵀ, and (Ū − U Uᵀ Ū) S⁻¹ Vᵀ for a tall A, and
    /// U S⁻¹ (V̄ − V Vᵀ V̄)ᵀ for a wide one.
    ///
    /// Quotients are strong: without cotangents of the vectors they are 0, whether or not singular values repeat.
    Operation(
      opcode: .svd,
      forward: .init { (e) throws(LinearAlgebraError) in try e.decomposeSingular() },
      derivative: .structural(
        .init(reads: .output, rule: { p in p.pullSVD() }, tangent: { p in p.pushSVD() }, isBlockable: true)),
      samples: [[3, 3], [4, 2], [2, 3], [1, 1], [1, 3], [0, 2], [2, 0], [2, 2, 3]].map { (shape: Shape) in
        let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
        let result = Shape(Array(shape.dropLast(2)) + [m + n + 1, min(m, n)])
        return .attempting("\(shape)", [shape], [Sample.small], result: result) {
          (core, x) throws(LinearAlgebraError) in
          try core.svd(core.dominated(x[0]), for: .svd)
        }
      }),

    /// P = A⁺: −Pᵀ P̄ Pᵀ + (1 − A P) P̄ᵀ P Pᵀ + Pᵀ P P̄ᵀ (1 − P A), as long as the rank stays.
    ///
    /// G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
    /// variables separate", SIAM J. Numer. Anal. 10 (1973) 413–432.
    Operation(
      opcode: .pseudoInverse,
      forward: .init { (e) throws(LinearAlgebraError) in try e.invertPseudo() },
      derivative: .structural(.init(rule: { p in p.pullPseudoInverse() }, isBlockable: true)),
      samples: [[3, 3], [4, 2], [2, 3], [1, 1], [0, 2], [2, 3, 2]].map { (shape: Shape) in
        let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
        return .attempting("\(shape)", [shape], [Sample.small], result: Shape(Array(shape.dropLast(2)) + [n, m])) {
          (core, x) throws(LinearAlgebraError) in
          try core.pseudoInverse(core.dominated(x[0]), nil)
        }
      }),
  ]
}

/// The singular value decomposition A = U diag(s) Vᵀ in reduced form, singular values descending.
///
/// For A of shape (…, m, n) and k the smaller of m and n, U has shape (…, m, k), s (…, k) and Vᵀ (…, k, n). The signs of
/// pairs of singular vectors are LAPACK's choice. Traps if `a` has less than two axes.
///
/// Singular values have a derivative even where they repeat; singular vectors do not, nor do they where a singular value
/// of a matrix that is not square is 0. A gradient that needs theirs there throws ``LinearAlgebraError`` out of
/// `gradient(at:of:)`, which happens if a cotangent of U or Vᵀ is not 0. In forward mode it is enough that they were asked
/// for: where they are not needed, use ``singularValues(of:)``.
///
/// - Throws: ``LinearAlgebraError`` if an element is not finite, or if the iteration does not converge.
/// - Complexity: O(m n k) per matrix; the tape keeps all three. `a` is copied once, and V once to be transposed.
@inlinable public func svd<S>(
  _ a: Tensor<S>
) throws(LinearAlgebraError) -> (u: Tensor<S>, s: Tensor<S>, vt: Tensor<S>) {
  let parts = try recordSVD(a.handle)
  return (Tensor(parts.u), Tensor(parts.s), Tensor(parts.vt))
}

/// The singular values of matrices (…, m, n), descending: a tensor (…, min(m, n)). Traps if `a` has less than two axes.
///
/// Where singular values repeat, or are 0, the gradient is that of one choice of singular vectors: exact for functions
/// that treat equal singular values alike, as sums do. Second derivatives there throw.
///
/// - Throws: ``LinearAlgebraError`` if an element is not finite, or if the iteration does not converge.
/// - Complexity: O(m n min(m, n)) per matrix; the tape keeps singular values and vectors.
@inlinable public func singularValues<S>(of a: Tensor<S>) throws(LinearAlgebraError) -> Tensor<S> {
  Tensor(try recordSingularValues(a.handle))
}

/// The Moore–Penrose pseudoinverses of matrices (…, m, n), of shape (…, n, m).
///
/// Singular values up to `relativeTolerance` times the largest count as 0; by default this is the larger of m and n
/// times the scalar type's `ulpOfOne`. The derivative is the one along changes that keep the rank. Traps if `a` has less
/// than two axes or the tolerance is negative.
///
/// - Throws: ``LinearAlgebraError`` if an element is not finite, or if the iteration does not converge.
/// - Complexity: O(m n min(m, n)) per matrix; the tape keeps the result.
@inlinable public func pseudoInverse<S>(
  _ a: Tensor<S>, relativeTolerance: S? = nil
) throws(LinearAlgebraError) -> Tensor<S> {
  Tensor(try recordPseudoInverse(a.handle, relativeTolerance.map { Double($0) }))
}

@usableFromInline @inline(never)
func recordSVD(_ a: Handle) throws(LinearAlgebraError) -> (u: Handle, s: Handle, vt: Handle) {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireMatrix(a, "svd(_:)")
  let (u, s, v) = core.unpackedSVD(try core.svd(a, for: .svd), of: a)
  return (core.handle(u), core.handle(core.withoutRowAxis(s)), core.handle(core.matrixTransposed(v)))
}

@usableFromInline @inline(never)
func recordSingularValues(_ a: Handle) throws(LinearAlgebraError) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireMatrix(a, "singularValues(of:)")
  let packed = try core.svd(a, for: .singularValues)
  let m = core.rowCount(a)
  return core.handle(core.withoutRowAxis(core.rows(packed, m..<m + 1)))
}

@usableFromInline @inline(never)
func recordPseudoInverse(_ a: Handle, _ tolerance: Double?) throws(LinearAlgebraError) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireMatrix(a, "pseudoInverse(_:relativeTolerance:)")
  if let tolerance, !(tolerance >= 0) {
    misuse(.relativeTolerance("pseudoInverse(_:relativeTolerance:)", tolerance))
  }
  return core.handle(try core.pseudoInverse(a, tolerance))
}

extension Pullback {
  fileprivate func pullSVD() {
    let a = operand(0)
    let (m, n, k) = (core.rowCount(a), core.columnCount(a), core.columnCount(output))
    guard let cotangent = differentiable(cotangent, Decomposition(rawValue: attribute(0))!, numbersAt: m) else {
      return
    }
    let (u, s, v) = core.unpackedSVD(output, of: a)
    let (uCotangent, sCotangent, vCotangent) = core.unpackedSVD(cotangent, of: a)
    let uInner = core.matmul(core.matrixTransposed(u), uCotangent, cotangent: .right)
    let vInner = core.matmul(core.matrixTransposed(v), vCotangent, cotangent: .right)
    func quotient(_ inner: NodeID) -> NodeID {
      core.dividedBySquareGaps(core.difference(inner, core.matrixTransposed(inner)), s)
    }
    let left = core.scaled(quotient(uInner), by: s)
    let right = core.scaled(quotient(vInner), by: core.matrixTransposed(s))
    let middle = core.sum(core.diagonalMatrix(ofRow: sCotangent), core.sum(left, right))
    // U … Vᵀ, where one of the factors takes what lies outside the other's span with it.
    var leftFactor = core.matmul(u, middle, cotangent: .right)
    if m > k {
      let outside = core.difference(uCotangent, core.matmul(u, uInner, cotangent: .right))
      leftFactor = core.sum(leftFactor, core.elementwise(.divideCotangent, outside, s))
    }
    var adjoint = core.matmul(leftFactor, core.matrixTransposed(v), cotangent: .left)
    if n > k {
      let outside = core.difference(vCotangent, core.matmul(v, vInner, cotangent: .right))
      let quotient = core.elementwise(.divideCotangent, outside, s)
      adjoint = core.sum(adjoint, core.matmul(u, core.matrixTransposed(quotient), cotangent: .right))
    }
    accumulate(0, adjoint)
  }

  fileprivate func pullPseudoInverse() {
    guard needs(0) else { return }
    let (a, p, pt) = (operand(0), output, core.matrixTransposed(output))
    let ct = core.matrixTransposed(cotangent)
    func left(_ x: NodeID, _ y: NodeID) -> NodeID { core.matmul(x, y, cotangent: .left) }
    func right(_ x: NodeID, _ y: NodeID) -> NodeID { core.matmul(x, y, cotangent: .right) }
    let first = left(right(pt, cotangent), pt)
    let second = left(left(core.difference(ct, right(a, right(p, ct))), p), pt)
    let third = right(pt, right(p, core.difference(ct, left(left(ct, p), a))))
    accumulate(0, core.difference(core.sum(second, third), first))
  }
}

extension Pushforward {
  /// With P = Uᵀ Ȧ V: the diagonal of P; U (P S + S Pᵀ)/D + (Ȧ V − U P) S⁻¹; and V (S P + Pᵀ S)/D + (Ȧᵀ U − V Pᵀ) S⁻¹.
  fileprivate func pushSVD() -> NodeID? {
    guard var tangent = tangent(0) else { return nil }
    let a = operand(0)
    let (m, n, k) = (core.rowCount(a), core.columnCount(a), core.columnCount(output))
    let (u, s, v) = core.unpackedSVD(output, of: a)
    if usesRows(where: { $0 != m }) {
      let decomposition = Decomposition(rawValue: attribute(0))!
      guard let checked = differentiable(tangent, decomposition, numbersAt: m, isTangent: true) else {
        return zero
      }
      tangent = checked
    }
    let column = core.matrixTransposed(s)
    let image = core.matmul(tangent, v, cotangent: .left)
    let inner = core.matmul(core.matrixTransposed(u), image, cotangent: .right)
    let transposed = core.matrixTransposed(inner)
    func turned(_ basis: NodeID, _ x: NodeID, _ y: NodeID) -> NodeID {
      let numerator = core.withoutDiagonal(core.sum(core.scaled(x, by: s), core.scaled(y, by: column)))
      return core.matmul(basis, core.dividedBySquareGaps(numerator, s), cotangent: .right)
    }
    var uTangent = turned(u, inner, transposed)
    if m > k {
      let outside = core.difference(image, core.matmul(u, inner, cotangent: .right))
      uTangent = core.sum(uTangent, core.elementwise(.divideCotangent, outside, s))
    }
    var vTangent = turned(v, transposed, inner)
    if n > k {
      let image = core.matmul(core.matrixTransposed(tangent), u, cotangent: .left)
      let outside = core.difference(image, core.matmul(v, transposed, cotangent: .right))
      vTangent = core.sum(vTangent, core.elementwise(.divideCotangent, outside, s))
    }
    return core.stackedRows([uTangent, core.diagonalRow(inner), vTangent])
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// [U; s; V] with A = U diag(s) Vᵀ.
  func svd(_ a: NodeID, for decomposition: Decomposition) throws(LinearAlgebraError) -> NodeID {
    let a = contiguous(a)
    let (m, n) = (rowCount(a), columnCount(a))
    let layout = pointee.layouts.number(of: stackShape(a, m + 1 + n, Swift.min(m, n)))
    return try recordThrowing(
      .svd, self[record: a].pointee.scalarType, layout: layout, operands: (a, -1),
      attributes: attributes(CollectionOfOne(decomposition.rawValue)))
  }

  /// U, s as a row, and V as views.
  func unpackedSVD(_ packed: NodeID, of a: NodeID) -> (u: NodeID, s: NodeID, v: NodeID) {
    let (m, n) = (rowCount(a), columnCount(a))
    return (rows(packed, 0..<m), rows(packed, m..<m + 1), rows(packed, m + 1..<m + 1 + n))
  }

  func pseudoInverse(_ a: NodeID, _ tolerance: Double?) throws(LinearAlgebraError) -> NodeID {
    let a = contiguous(a)
    let type = self[record: a].pointee.scalarType
    let (m, n) = (rowCount(a), columnCount(a))
    let ulp = type == .double ? Double.ulpOfOne : Double(Float.ulpOfOne)
    let tolerance = tolerance ?? Double(Swift.max(m, n)) * ulp
    return try recordThrowing(
      .pseudoInverse, type, layout: pointee.layouts.number(of: stackShape(a, n, m)), operands: (a, -1),
      attributes: attributes(tolerance.halves))
  }

  /// A cotangent over sⱼ² − sᵢ², and over what is not 0 on the diagonal, where it has to be 0.
  fileprivate func dividedBySquareGaps(_ cotangent: NodeID, _ s: NodeID) -> NodeID {
    // One factor after the other: the squares could overflow.
    let sums = sum(sum(s, matrixTransposed(s)), identity(columnCount(s), self[record: s].pointee.scalarType))
    return elementwise(.divideCotangent, elementwise(.divideCotangent, cotangent, gaps(s)), sums)
  }
}

extension Evaluation {
  fileprivate func decomposeSingular() throws(LinearAlgebraError) {
    let function = Decomposition(rawValue: attribute(0))!.function
    try requireFinite(for: function)
    let (a, x) = (operand(0), input(0).value)
    let (m, n) = (core.rowCount(a), core.columnCount(a))
    let k = Swift.min(m, n)
    for matrix in 0..<(k > 0 ? core.matrixCount(a) : 0) {
      let info: Int32
      if type == .double {
        let u = value.f64 + matrix * (m + 1 + n) * k
        info = wg_svd_f64(m, n, x.f64 + matrix * m * n, u, u + m * k, u + (m + 1) * k)
      } else {
        let u = value.f32 + matrix * (m + 1 + n) * k
        info = wg_svd_f32(m, n, x.f32 + matrix * m * n, u, u + m * k, u + (m + 1) * k)
      }
      if info != 0 { throw error(function, .noConvergence(matrix: matrix)) }
    }
  }

  fileprivate func invertPseudo() throws(LinearAlgebraError) {
    let function = "pseudoInverse(_:relativeTolerance:)"
    try requireFinite(for: function)
    let (a, x) = (operand(0), input(0).value)
    let (m, n) = (core.rowCount(a), core.columnCount(a))
    let tolerance = Double(attribute(0), attribute(1))
    for matrix in 0..<(m * n > 0 ? core.matrixCount(a) : 0) {
      let offset = matrix * m * n
      let info =
        type == .double
        ? wg_pseudo_inverse_f64(m, n, tolerance, x.f64 + offset, value.f64 + offset)
        : wg_pseudo_inverse_f32(m, n, Float(tolerance), x.f32 + offset, value.f32 + offset)
      if info != 0 { throw error(function, .noConvergence(matrix: matrix)) }
    }
  }
}
