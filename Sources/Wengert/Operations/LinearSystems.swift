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
      derivative: .structural(.init { p in p.accumulate(0, p.cotangent) }),
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
      derivative: .structural(
        .init { p in
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
        }),
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

extension UnsafeMutablePointer<TapeCore> {
  func solve(_ a: NodeID, _ b: NodeID) throws(LinearAlgebraError) -> NodeID {
    factoredSolve(try regularFactored(a, "solve(_:_:)"), b, transposed: false)
  }

  func inverse(_ a: NodeID, for function: String = "inverse(_:)") throws(LinearAlgebraError) -> NodeID {
    let factored = try regularFactored(a, function)
    return factoredSolve(factored, identity(rowCount(a), self[record: a].pointee.scalarType), transposed: false)
  }

  private func regularFactored(_ a: NodeID, _ function: String) throws(LinearAlgebraError) -> NodeID {
    var firstZero: LinearAlgebraError.Reason?
    let factored = factored(a) { pivot, matrix in
      if firstZero == nil { firstZero = .singular(pivot: pivot, matrix: matrix) }
    }
    if let firstZero { throw linearAlgebraError(function, firstZero) }
    return factored
  }

  // MARK: Records

  /// Where the pivots of a factored stack lie: behind the factors.
  private func pivots(_ factored: NodeID) -> UnsafeMutablePointer<Int32> {
    let record = self[record: factored].pointee
    let bytes = layout(factored).elementCount * record.scalarType.byteCount
    return (record.value + bytes).assumingMemoryBound(to: Int32.self)
  }

  /// The LU factors of square matrices; `report` hears of the first pivot of each that is 0.
  func factored(_ a: NodeID, report: (_ pivot: Int, _ matrix: Int) -> Void = { _, _ in }) -> NodeID {
    let type = self[record: a].pointee.scalarType
    let (n, count) = (rowCount(a), matrixCount(a))
    let bytes = n * n * count * type.byteCount
    let value = pointee.values.allocate(bytes + n * count * MemoryLayout<Int32>.stride)
    copyValue(a, to: value)
    let pivots = (value + bytes).assumingMemoryBound(to: Int32.self)
    if n > 0 {
      for matrix in 0..<count {
        let info =
          type == .double
          ? wg_lu_f64(n, value.f64 + matrix * n * n, pivots + matrix * n)
          : wg_lu_f32(n, value.f32 + matrix * n * n, pivots + matrix * n)
        if info > 0 { report(Int(info) - 1, matrix) }
      }
    }
    return append(.factored, type, layout: denseLayout(a), value: value, operands: (a, -1))
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
    let type = self[record: factored].pointee.scalarType
    let (value, number) = rightHandSide(factored, b)
    let shape = pointee.layouts.shape(number)
    let (n, k) = (rowCount(b), columnCount(b))
    let factors = self[record: factored].pointee.value
    let pivots = pivots(factored)
    let stack = Matrices(factors, layout(factored), isTransposed: false)
    if n > 0 && k > 0 {
      forEachMatrix(shape) { index, matrix in
        let offset = stack.offset(index)
        let pivots = pivots + offset / n
        if type == .double {
          wg_lu_solve_f64(n, k, factors.f64 + offset, pivots, transposed, cotangent, value.f64 + matrix * n * k)
        } else {
          wg_lu_solve_f32(n, k, factors.f32 + offset, pivots, transposed, cotangent, value.f32 + matrix * n * k)
        }
      }
    }
    return append(
      .factoredSolve, type, layout: number, value: value, operands: (factored, b),
      attributes: attributes(CollectionOfOne(transposed ? 1 : 0)))
  }
}
