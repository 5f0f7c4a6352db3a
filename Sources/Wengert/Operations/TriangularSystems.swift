import CKernels
import CLinearAlgebra

// Triangular systems of linear equations.

extension Operation {
  static let triangularSystems: [Operation] = [
    /// X = op(A)⁻¹ B for a triangle A: B̄ = op(A)⁻ᵀ X̄ and Ā = −B̄ Xᵀ, or −X B̄ᵀ if transposed, within the triangle
    Operation(
      opcode: .triangularSolve,
      forward: .init { (e) throws(LinearAlgebraError) in try e.solveTriangular() },
      derivative: .structural(
        .init(
          rule: { p in
            let kind = Triangle(rawValue: p.attribute(0))
            let adjoint = p.core.triangularSolve(
              p.operand(0), p.cotangent, kind.symmetricDifference(.transposed), cotangent: true)
            p.accumulate(1, adjoint)
            guard p.needs(0) else { return }
            let negative = p.core.elementwise(.negate, adjoint)
            let full =
              kind.contains(.transposed)
              ? p.core.matmul(p.output, p.core.matrixTransposed(negative), cotangent: .right)
              : p.core.matmul(negative, p.core.matrixTransposed(p.output), cotangent: .left)
            let isStrict = kind.contains(.unitDiagonal)
            p.accumulate(
              0,
              kind.contains(.upper)
                ? p.core.upper(full, strictly: isStrict) : p.core.lower(full, strictly: isStrict))
          }, isBlockable: true)),
      samples: [
        .triangularSolve([3, 3], [3, 2], []), .triangularSolve([3, 3], [3, 2], .upper),
        .triangularSolve([3, 3], [3, 1], .transposed), .triangularSolve([3, 3], [3, 2], [.upper, .transposed]),
        .triangularSolve([3, 3], [3, 2], .unitDiagonal),
        .triangularSolve([3, 3], [3, 2], [.upper, .transposed, .unitDiagonal]),
        .triangularSolve([1, 1], [1, 2], []), .triangularSolve([0, 0], [0, 2], []),
        .triangularSolve([2, 2], [2, 0], []), .triangularSolve([2, 2, 2], [2, 1], .upper),
        .triangularSolve([2, 2], [3, 2, 1], .transposed),
        .attempting("transposed operands", [[3, 3], [2, 3]], [Sample.small], result: [3, 2]) {
          (core, x) throws(LinearAlgebraError) in
          core.triangularSolve(core.matrixTransposed(core.dominated(x[0])), core.matrixTransposed(x[1]), .upper)
        },
      ])
  ]
}

extension Sample {
  fileprivate static func triangularSolve(_ a: Shape, _ b: Shape, _ kind: Triangle) -> Sample {
    Sample("\(a) \(b) \(kind.rawValue)", [a, b], [small]) {
      let core = Core.current
      return AnyTensor(core.triangularSolve(core.dominated($0[0].id), $0[1].id, kind))
    }
  }
}

/// What of a triangular matrix is meant.
struct Triangle: OptionSet {
  var rawValue: Int
  static let upper = Triangle(rawValue: 1)
  static let transposed = Triangle(rawValue: 2)
  static let unitDiagonal = Triangle(rawValue: 4)
}

/// The solution X of A X = B, or Aᵀ X = B, for a triangular matrix A.
///
/// - Parameters:
///   - a: Square matrices (…, n, n). The other triangle is not read, and gets an adjoint of 0. Traps if they are not
///     square, or if sizes do not agree.
///   - b: A vector (n,), or matrices (…, n, k) of right-hand sides; leading axes broadcast.
///   - upper: Whether the upper triangle of `a` is meant, not the lower one.
///   - transposed: Whether the equation is Aᵀ X = B.
///   - unitDiagonal: Whether the diagonal is taken to be 1; it is then not read.
/// - Throws: ``LinearAlgebraError`` with the position of a 0 on the diagonal.
/// - Complexity: O(n² k) per matrix; the tape keeps the result. Nothing but `b` is copied if `a` is contiguous or
///   transposed.
@inlinable public func triangularSolve<S>(
  _ a: Tensor<S>, _ b: Tensor<S>, upper: Bool = false, transposed: Bool = false, unitDiagonal: Bool = false
) throws(LinearAlgebraError) -> Tensor<S> {
  Tensor(try recordTriangularSolve(a.handle, b.handle, upper, transposed, unitDiagonal))
}

@usableFromInline @inline(never)
func recordTriangularSolve(
  _ a: Handle, _ b: Handle, _ upper: Bool, _ transposed: Bool, _ unitDiagonal: Bool
) throws(LinearAlgebraError) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  let name = "triangularSolve(_:_:upper:transposed:unitDiagonal:)"
  core.requireSquare(a, name)
  var kind: Triangle = []
  if upper { kind.insert(.upper) }
  if transposed { kind.insert(.transposed) }
  if unitDiagonal { kind.insert(.unitDiagonal) }
  return try core.withRightHandSide(a, core.resolve(b), name) { b throws(LinearAlgebraError) in
    try core.triangularSolve(a, b, kind, cotangent: false, isChecked: true)
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// op(A)⁻¹ B for a triangle A; if B is a cotangent, its columns of zeros are strong.
  func triangularSolve(_ a: NodeID, _ b: NodeID, _ kind: Triangle, cotangent: Bool = false) -> NodeID {
    // Nothing is required of the diagonal.
    try! triangularSolve(a, b, kind, cotangent: cotangent, isChecked: false)
  }

  /// `isChecked`: fails if there is a 0 on the diagonal.
  fileprivate func triangularSolve(
    _ a: NodeID, _ b: NodeID, _ kind: Triangle, cotangent: Bool, isChecked: Bool
  ) throws(LinearAlgebraError) -> NodeID {
    try recordThrowing(
      .triangularSolve, self[record: a].pointee.scalarType, layout: solutionLayout(a, b), operands: (a, b),
      attributes: attributes([kind.rawValue, cotangent ? 1 : 0, isChecked ? 1 : 0]))
  }
}

extension Evaluation {
  fileprivate func solveTriangular() throws(LinearAlgebraError) {
    let (a, b) = (operand(0), operand(1))
    let (kind, isCotangent) = (Triangle(rawValue: attribute(0)), attribute(1) == 1)
    if attribute(2) == 1 && !kind.contains(.unitDiagonal) { try requireNonzeroDiagonal() }
    core.copyValue(b, broadcastTo: layout, to: value)
    let (n, k) = (core.rowCount(b), core.columnCount(b))
    guard n > 0 && k > 0 else { return }
    let mark = core.pointee.values.mark
    let matrices = core.matrices(Factor(a))
    let (isTransposed, lda) = matrices.orientation!
    // What lies transposed in memory is the other triangle of the transpose.
    let triangle = wg_triangle(
      upper: kind.contains(.upper) != isTransposed,
      transposed: kind.contains(.transposed) != isTransposed, unit_diagonal: kind.contains(.unitDiagonal))
    core.forEachMatrix(layout.shape) { index, matrix in
      let offset = matrices.offset(index)
      if type == .double {
        wg_triangular_solve_f64(
          triangle, n, k, matrices.base.f64 + offset, lda, isCotangent, value.f64 + matrix * n * k)
      } else {
        wg_triangular_solve_f32(
          triangle, n, k, matrices.base.f32 + offset, lda, isCotangent, value.f32 + matrix * n * k)
      }
    }
    core.pointee.values.reset(to: mark)
  }

  private func requireNonzeroDiagonal() throws(LinearAlgebraError) {
    for (matrix, diagonal) in core.diagonals(operand(0)).enumerated() {
      guard let row = diagonal.firstIndex(of: 0) else { continue }
      throw error(
        "triangularSolve(_:_:upper:transposed:unitDiagonal:)", .singular(pivot: row, matrix: matrix))
    }
  }
}
