import CKernels
import CLinearAlgebra

// Systems of linear equations.

extension Operation {
  static let linearSystems: [Operation] = [
    /// A square matrix in factored form, A = L U Pᵀ. It stands for A: its adjoint and its tangent are those of A, so
    /// that what is computed with the factors has derivatives in terms of A alone, of any order, and all of them use
    /// the factors again.
    Operation(
      opcode: .factored,
      forward: .init(
        // The pivots follow the factors.
        byteCount: { e in
          let pivots = e.core.matrixCount(e.id) * e.core.rowCount(e.id)
          return e.layout.elementCount * e.type.byteCount + pivots * MemoryLayout<Int32>.stride
        },
        { (e) throws(LinearAlgebraError) in try e.factorize() }),
      derivative: .structural(.init(reads: .nothing, rule: { p in p.accumulate(0, p.cotangent) }, isBlockable: true)),
      samples: [
        .attempting("solving twice", [[3, 3], [3, 1]], [Sample.small], result: [3, 1]) {
          (core, x) throws(LinearAlgebraError) in
          let factored = core.factored(core.dominated(x[0]))
          return core.factoredSolve(factored, core.factoredSolve(factored, x[1], transposed: false), transposed: true)
        }
      ]),

    /// X = A⁻¹ B, or A⁻ᵀ B: B̄ = A⁻ᵀ X̄ and Ā = −B̄ Xᵀ, or B̄ = A⁻¹ X̄ and Ā = −X B̄ᵀ
    Operation(
      opcode: .factoredSolve,
      forward: .init { e in e.solveFactored(transposed: e.attribute(0) == 1, cotangent: e.attribute(1) == 1) },
      derivative: .structural(
        .init(
          rule: { p in
            let isTransposed = p.attribute(0) == 1
            let adjoint = p.core.factoredSolve(p.operand(0), p.cotangent, transposed: !isTransposed, cotangent: true)
            p.accumulate(1, adjoint)
            guard p.needs(0) else { return }
            let negative = p.core.elementwise(.negate, adjoint)
            if isTransposed {
              p.accumulateProduct(0, Factor(p.output), Factor(negative, isTransposed: true), cotangent: .right)
            } else {
              p.accumulateProduct(0, Factor(negative), Factor(p.output, isTransposed: true), cotangent: .left)
            }
          }, isBlockable: true)),
      samples: [
        .solve([3, 3], [3, 2]), .solve([1, 1], [1, 1]), .solve([2, 2], [2, 0]), .solve([0, 0], [0, 2]),
        .solve([2, 2, 2], [2, 2, 1]), .solve([2, 2], [3, 2, 1]), .solve([2, 1, 2, 2], [2, 2, 2]),
        .solve([3, 3], [3, 2], transposed: true), .solve([2, 2, 2], [2, 1], transposed: true),
        .attempting("transposed operands", [[3, 3], [2, 3]], [Sample.small], result: [3, 2]) {
          (core, x) throws(LinearAlgebraError) in
          try core.solve(core.matrixTransposed(core.dominated(x[0])), core.matrixTransposed(x[1]))
        },
        .attempting("inverse", [[2, 3, 3]], [Sample.small], result: [2, 3, 3]) { (core, x) throws(LinearAlgebraError) in
          try core.inverse(core.dominated(x[0]))
        },
      ]),
  ]
}

extension Sample {
  fileprivate static func solve(_ a: Shape, _ b: Shape, transposed: Bool = false) -> Sample {
    let batch = a.count >= b.count ? a.dropLast(2) : b.dropLast(2)
    return .attempting(
      "\(a) \(b)\(transposed ? " transposed" : "")", [a, b], [small],
      result: Shape(Array(batch) + Array(b.suffix(2)))
    ) { (core, x) throws(LinearAlgebraError) in
      core.factoredSolve(core.factored(core.dominated(x[0])), x[1], transposed: transposed)
    }
  }
}

/// The solution X of A X = B.
///
/// As in NumPy 2, `b` is a vector (n,) if it has one axis, and else a matrix (…, n, k) of right-hand sides; leading
/// axes of `a` and `b` broadcast.
///
/// - Parameters:
///   - a: Square matrices (…, n, n). Traps if they are not, or if sizes do not agree.
///   - b: Right-hand sides.
/// - Throws: ``LinearAlgebraError`` with the pivot if a matrix is singular: if elimination with exchanges meets a pivot
///   of exactly 0. A matrix that is singular up to rounding gives a large, inaccurate solution.
/// - Complexity: O(n³ + n² k) per matrix; the tape keeps the LU factors and the result, and derivatives of any order
///   reuse the factors. `a` and `b` are copied once, to be overwritten by the factors and the result.
@inlinable public func solve<S>(_ a: Tensor<S>, _ b: Tensor<S>) throws(LinearAlgebraError) -> Tensor<S> {
  Tensor(try recordSolve(a.handle, b.handle))
}

/// The inverse of square matrices (…, n, n). Traps if they are not square.
///
/// To apply an inverse to something, ``solve(_:_:)`` is faster and more accurate.
///
/// - Throws: ``LinearAlgebraError`` with the pivot if a matrix is singular; see ``solve(_:_:)``.
/// - Complexity: O(n³) per matrix; the tape keeps the LU factors and the result.
@inlinable public func inverse<S>(_ a: Tensor<S>) throws(LinearAlgebraError) -> Tensor<S> {
  Tensor(try recordInverse(a.handle))
}

@usableFromInline @inline(never)
func recordSolve(_ a: Handle, _ b: Handle) throws(LinearAlgebraError) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireSquare(a, "solve(_:_:)")
  return try core.withRightHandSide(a, core.resolve(b), "solve(_:_:)") { b throws(LinearAlgebraError) in
    try core.solve(a, b)
  }
}

@usableFromInline @inline(never)
func recordInverse(_ a: Handle) throws(LinearAlgebraError) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireSquare(a, "inverse(_:)")
  return core.handle(try core.inverse(a))
}

/// The functions for which a factorisation requires regular matrices; 0 among a record's attributes requires nothing.
enum RegularityRequirement: Int {
  case solve = 1, inverse, matrixPower

  var function: String {
    switch self {
    case .solve: "solve(_:_:)"
    case .inverse: "inverse(_:)"
    case .matrixPower: "matrixPower(_:_:)"
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  func solve(_ a: NodeID, _ b: NodeID) throws(LinearAlgebraError) -> NodeID {
    factoredSolve(try factored(a, for: .solve), b, transposed: false)
  }

  func inverse(_ a: NodeID, for requirement: RegularityRequirement = .inverse) throws(LinearAlgebraError) -> NodeID {
    let factored = try factored(a, for: requirement)
    return factoredSolve(factored, identity(rowCount(a), self[record: a].pointee.scalarType), transposed: false)
  }

  // MARK: Records

  /// The LU factors of square matrices, singular or not.
  func factored(_ a: NodeID) -> NodeID {
    // Nothing is required of them.
    try! factored(a, for: nil)
  }

  private func factored(_ a: NodeID, for requirement: RegularityRequirement?) throws(LinearAlgebraError) -> NodeID {
    try recordThrowing(
      .factored, self[record: a].pointee.scalarType, layout: denseLayout(a), operands: (a, -1),
      attributes: attributes(CollectionOfOne(requirement?.rawValue ?? 0)))
  }

  /// Where the pivots of a factored stack lie: behind the factors.
  fileprivate func pivots(_ factored: NodeID) -> UnsafeMutablePointer<Int32> {
    let record = self[record: factored].pointee
    let bytes = layout(factored).elementCount * record.scalarType.byteCount
    return (record.value + bytes).assumingMemoryBound(to: Int32.self)
  }

  /// Calls a kernel for each matrix of a factored stack.
  func forEachFactored(
    _ factored: NodeID, _ body: (_ n: Int, _ factors: Int, _ pivots: UnsafePointer<Int32>, _ matrix: Int) -> Void
  ) {
    let n = rowCount(factored)
    let pivots = pivots(factored)
    for matrix in 0..<matrixCount(factored) { body(n, matrix * n * n, pivots + matrix * n, matrix) }
  }

  /// A⁻¹ B or A⁻ᵀ B; if B is a cotangent, its columns of zeros are strong.
  func factoredSolve(_ factored: NodeID, _ b: NodeID, transposed: Bool, cotangent: Bool = false) -> NodeID {
    record(
      .factoredSolve, self[record: factored].pointee.scalarType, layout: solutionLayout(factored, b),
      operands: (factored, b), attributes: attributes([transposed ? 1 : 0, cotangent ? 1 : 0]))
  }
}

extension Evaluation {
  fileprivate func factorize() throws(LinearAlgebraError) {
    core.copyValue(operand(0), to: value)
    let (n, pivots) = (core.rowCount(id), core.pivots(id))
    guard n > 0 else { return }
    var firstZero: LinearAlgebraError.Reason?
    for matrix in 0..<core.matrixCount(id) {
      let info =
        type == .double
        ? wg_lu_f64(n, value.f64 + matrix * n * n, pivots + matrix * n)
        : wg_lu_f32(n, value.f32 + matrix * n * n, pivots + matrix * n)
      if info > 0 && firstZero == nil { firstZero = .singular(pivot: Int(info) - 1, matrix: matrix) }
    }
    if let firstZero, let requirement = RegularityRequirement(rawValue: attribute(0)) {
      throw error(requirement.function, firstZero)
    }
  }

  fileprivate func solveFactored(transposed: Bool, cotangent: Bool) {
    let (factored, b) = (operand(0), operand(1))
    core.copyValue(b, broadcastTo: layout, to: value)
    let (n, k) = (core.rowCount(b), core.columnCount(b))
    guard n > 0 && k > 0 else { return }
    let (factors, pivots) = (input(0).value, core.pivots(factored))
    let stack = Matrices(factors, layout(0), isTransposed: false)
    core.forEachMatrix(layout.shape) { index, matrix in
      let offset = stack.offset(index)
      let pivots = pivots + offset / n
      if type == .double {
        wg_lu_solve_f64(n, k, factors.f64 + offset, pivots, transposed, cotangent, value.f64 + matrix * n * k)
      } else {
        wg_lu_solve_f32(n, k, factors.f32 + offset, pivots, transposed, cotangent, value.f32 + matrix * n * k)
      }
    }
  }
}
