import CKernels
import CLinearAlgebra

// Determinants and their logarithms, of matrices in factored form.

extension Operation {
  static let determinants: [Operation] = [
    /// det A: ȳ det(A) A⁻ᵀ. Matrices that are singular, or close to it, never come here.
    Operation(
      opcode: .determinant,
      forward: .init { e in
        let factors = e.input(0).value
        e.core.forEachFactored(e.operand(0)) { n, offset, pivots, matrix in
          if e.type == .double {
            e.value.f64[matrix] = wg_lu_determinant_f64(n, factors.f64 + offset, pivots)
          } else {
            e.value.f32[matrix] = wg_lu_determinant_f32(n, factors.f32 + offset, pivots)
          }
        }
      },
      derivative: .structural(
        .init(
          rule: { p in
            p.accumulate(0, p.core.scaledInverseTranspose(p.operand(0), p.core.scaled(p.cotangent, by: p.output)))
          }, isBlockable: true)),
      samples: [
        .determinant([3, 3]), .determinant([1, 1]), .determinant([0, 0]), .determinant([2, 2, 2]),
        .determinant([0, 2, 2]),
        Sample("transposed", [[3, 3]], [Sample.small]) {
          let core = Core.current
          return AnyTensor(core.determinant(core.matrixTransposed(core.dominated($0[0].id))))
        },
        // Of ones: rank 1.
        Sample("singular", [[2, 2]], [1...1]) { AnyTensor(Core.current.determinant($0[0].id)) },
        Sample("twice singular", [[3, 3]], [1...1]) { AnyTensor(Core.current.determinant($0[0].id)) },
        Sample("of zeros and others", [[2, 3, 3]], [Sample.small]) { operands in
          let core = Core.current
          let type = core[record: operands[0].id].pointee.scalarType
          let selection = core.reshaped(core.constantMatrix(2, 1, type) { row, _ in Double(row) }, to: [2, 1, 1])
          return AnyTensor(core.determinant(core.elementwise(.multiply, core.dominated(operands[0].id), selection)))
        },
      ]),

    /// 1 for matrices whose pivots show that they are singular, or within the square root of the rounding unit of it, or
    /// whose product underflows, which those of cofactors need not; else 0
    Operation(
      opcode: .isNearlySingular,
      forward: .init { e in
        let factors = e.input(0).value
        let threshold = (e.type == .double ? Double.ulpOfOne : Double(Float.ulpOfOne)).squareRoot()
        e.core.forEachFactored(e.operand(0)) { n, offset, _, matrix in
          let isUnderflow = e.core.pivotsUnderflow(factors, e.type, offset, n)
          if e.type == .double {
            let isSmall = n > 0 && wg_lu_pivot_ratio_f64(n, factors.f64 + offset) < threshold
            e.value.f64[matrix] = isUnderflow || isSmall ? 1 : 0
          } else {
            let ratio = n > 0 ? Double(wg_lu_pivot_ratio_f32(n, factors.f32 + offset)) : 1
            e.value.f32[matrix] = isUnderflow || ratio < threshold ? 1 : 0
          }
        }
      },
      derivative: nil,
      samples: [
        Sample("regular and singular", [[2, 2, 2]], [1...2]) {
          let core = Core.current
          let type = core[record: $0[0].id].pointee.scalarType
          let selection = core.reshaped(core.constantMatrix(2, 1, type) { row, _ in Double(row) }, to: [2, 1, 1])
          let matrices = core.elementwise(.multiply, core.dominated($0[0].id), selection)
          return AnyTensor(core.nearlySingular(core.factored(matrices)))
        }
      ]),

    /// (sign det A, log |det A|): ȳ₁ A⁻ᵀ
    Operation(
      opcode: .logDeterminant,
      forward: .init { e in
        let factors = e.input(0).value
        e.core.forEachFactored(e.operand(0)) { n, offset, pivots, matrix in
          if e.type == .double {
            let target = e.value.f64 + 2 * matrix
            wg_lu_log_determinant_f64(n, factors.f64 + offset, pivots, target, target + 1)
          } else {
            let target = e.value.f32 + 2 * matrix
            wg_lu_log_determinant_f32(n, factors.f32 + offset, pivots, target, target + 1)
          }
        }
      },
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in
            let shape = p.core.shape(p.cotangent)
            let logarithm = p.core.sliced(p.cotangent, shape.dropLast().map { 0..<$0 } + [1..<2])
            p.accumulate(
              0, p.core.scaledInverseTranspose(p.operand(0), p.core.reshaped(logarithm, to: Shape(shape.dropLast()))))
          }, isBlockable: true)),
      samples: [[3, 3], [1, 1], [0, 0], [2, 2, 2]].map { (shape: Shape) in
        Sample("\(shape)", [shape], [Sample.small]) {
          let core = Core.current
          return AnyTensor(core.logDeterminant(core.dominated($0[0].id)))
        }
      }),
  ]
}

extension Sample {
  fileprivate static func determinant(_ shape: Shape) -> Sample {
    Sample("\(shape)", [shape], [Sample.small]) {
      AnyTensor(Core.current.determinant(Core.current.dominated($0[0].id)))
    }
  }
}

/// The determinants of square matrices (…, n, n); that of a matrix without elements is 1. Traps if they are not square.
///
/// The adjoint is the matrix of cofactors, for a singular matrix too. Where pivots show that a matrix is singular, or
/// within the square root of the rounding unit of it, or where their product underflows, derivatives are taken in a form
/// without division: with A = U S Vᵀ, they are those of det U det V det(Uᵀ A V), U and V held, in which the large
/// singular values are eliminated and the determinant of the small rest is expanded. They are exact to any order.
///
/// - Returns: A tensor of the leading axes.
/// - Complexity: O(n³) per matrix; the tape keeps the LU factors and one number. Next to a singular matrix a singular
///   value decomposition per matrix besides.
@inlinable public func determinant<S>(_ a: Tensor<S>) -> Tensor<S> { Tensor(recordDeterminant(a.handle)) }

/// The determinants of square matrices (…, n, n), as signs and logarithms of absolute values, which neither overflow
/// nor underflow. Traps if they are not square.
///
/// A singular matrix has the sign 0 and the logarithm −∞, whose adjoint is not finite unless its cotangent is 0. The
/// sign is constant. For a positive definite matrix, ``cholesky(_:)`` is faster.
///
/// - Returns: Two tensors of the leading axes.
/// - Complexity: O(n³) per matrix; the tape keeps the LU factors and two numbers.
@inlinable public func logDeterminant<S>(_ a: Tensor<S>) -> (sign: Tensor<S>, logAbsoluteValue: Tensor<S>) {
  let parts = recordLogDeterminant(a.handle)
  return (Tensor(parts.sign), Tensor(parts.logarithm))
}

@usableFromInline @inline(never)
func recordDeterminant(_ a: Handle) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireSquare(a, "determinant(_:)")
  return core.handle(core.determinant(a))
}

@usableFromInline @inline(never)
func recordLogDeterminant(_ a: Handle) -> (sign: Handle, logarithm: Handle) {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireSquare(a, "logDeterminant(_:)")
  let packed = core.logDeterminant(a)
  let leading = Shape(core.shape(packed).dropLast())
  func part(_ range: Range<Int>) -> NodeID {
    core.reshaped(core.sliced(packed, leading.map { 0..<$0 } + [range]), to: leading)
  }
  return (core.handle(core.detached(part(0..<1))), core.handle(part(1..<2)))
}

extension UnsafeMutablePointer<TapeCore> {
  func determinant(_ a: NodeID) -> NodeID {
    let factored = factored(a)
    let result = determinant(factored: factored)
    guard pointee.isRecording else { return result }
    let isSingular = readNumbers(nearlySingular(factored)).map { $0 != 0 }
    guard isSingular.contains(true) else { return result }
    // Rare: matrix by matrix.
    let n = rowCount(a)
    let stack = reshaped(a, to: [isSingular.count, n, n])
    let parts = isSingular.indices.map { matrix in
      let single = reshaped(sliced(stack, [matrix..<matrix + 1]), to: .matrix(n, n))
      let part = isSingular[matrix] ? determinantOfSingular(single) : determinant(factored: self.factored(single))
      return reshaped(part, to: .vector(1))
    }
    return reshaped(concatenated(parts, along: 0), to: Shape(shape(a).dropLast(2)))
  }

  func logDeterminant(_ a: NodeID) -> NodeID {
    let layout = pointee.layouts.number(of: stackShape(a, 2))
    return record(
      .logDeterminant, self[record: a].pointee.scalarType, layout: layout, operands: (factored(a), -1))
  }

  private func determinant(factored: NodeID) -> NodeID { perMatrix(.determinant, factored) }

  fileprivate func nearlySingular(_ factored: NodeID) -> NodeID { perMatrix(.isNearlySingular, factored) }

  /// An operation of factored matrices that gives a number for each.
  private func perMatrix(_ opcode: Opcode, _ factored: NodeID) -> NodeID {
    record(
      opcode, self[record: factored].pointee.scalarType, layout: pointee.layouts.number(of: stackShape(factored)),
      operands: (factored, -1))
  }

  /// c A⁻ᵀ for a number c per matrix, a cotangent.
  fileprivate func scaledInverseTranspose(_ factored: NodeID, _ c: NodeID) -> NodeID {
    let identity = identity(rowCount(factored), self[record: factored].pointee.scalarType)
    let scalars = reshaped(c, to: Shape(Array(shape(c)) + [1, 1]))
    return factoredSolve(factored, scaled(scalars, by: identity), transposed: true, cotangent: true)
  }

  // MARK: Singular matrices

  /// Whether the product of the pivots underflows, but perhaps not all products that leave one out.
  fileprivate func pivotsUnderflow(
    _ factors: UnsafeMutableRawPointer, _ type: ScalarType, _ offset: Int, _ n: Int
  ) -> Bool {
    var (sum, least) = (0, 0)
    for row in 0..<n {
      let pivot = number(factors, type, offset + row * (n + 1))
      guard pivot != 0, pivot.isFinite else { return false }
      sum += Int(pivot.exponent)
      least = Swift.min(least, Int(pivot.exponent))
    }
    // A product of n factors is less than 2ⁿ times that of their powers of two.
    let (normal, subnormal) = type == .double ? (-1022, -1074) : (-126, -149)
    return sum < normal && sum - least + n >= subnormal
  }

  /// The determinant of one matrix that is singular or nearly so: the value of the LU factors, with the derivatives of
  /// det U det V det(Uᵀ A V), where U and V are those of A's singular value decomposition, but constants.
  private func determinantOfSingular(_ a: NodeID) -> NodeID {
    let type = self[record: a].pointee.scalarType
    let n = rowCount(a)
    let value = determinant(factored: factored(detached(a)))
    guard let (packed, sign) = constantSingularVectors(a) else { return determinant(factored: factored(a)) }
    let (u, s, v) = (rows(packed, 0..<n), readNumbers(rows(packed, n..<n + 1)), rows(packed, n + 1..<2 * n + 1))
    let ulp = type == .double ? Double.ulpOfOne : Double(Float.ulpOfOne)
    // Where the determinant underflows, that of the large singular values must not be less than 1: its product with the
    // rest would underflow before it is divided by one of them.
    let underflows =
      s[n - 1] > Double(n) * ulp * s[0]
      && readNumbers(value)[0].magnitude
        < (type == .double ? .leastNormalMagnitude : Double(Float.leastNormalMagnitude))
    let rank = s.prefix { $0 > ulp.squareRoot() * s[0] && ($0 >= 1 || !underflows) }.count
    let b = matmul(matmul(matrixTransposed(u), a), v)
    // The large singular values are eliminated; what is left is small, and 0 where it is only rounding.
    var rest = block(b, rows: rank..<n, columns: rank..<n)
    var result = constant(sign, type)
    if rank > 0 {
      let regular = factored(block(b, rows: 0..<rank, columns: 0..<rank))
      let solution = factoredSolve(regular, block(b, rows: 0..<rank, columns: rank..<n), transposed: false)
      rest = difference(rest, matmul(block(b, rows: rank..<n, columns: 0..<rank), solution))
      result = elementwise(.multiply, result, determinant(factored: regular))
    }
    let exact = constantMatrix(n - rank, n - rank, type) { row, column in
      row == column && s[rank + row] > Double(n) * ulp * s[0] ? s[rank + row] : 0
    }
    rest = sum(rest, difference(exact, detached(rest)))
    result = elementwise(.multiply, result, expandedDeterminant(rest))
    guard readNumbers(result)[0].isFinite else { return determinant(factored: factored(a)) }
    return sum(value, difference(result, detached(result)))
  }

  /// The singular value decomposition as a constant, and det U det V; nil if it does not converge.
  private func constantSingularVectors(_ a: NodeID) -> (packed: NodeID, sign: Double)? {
    let n = rowCount(a)
    do throws(LinearAlgebraError) {
      let packed = detached(try svd(detached(a), for: .determinant))
      let u = readNumbers(determinant(factored: factored(rows(packed, 0..<n))))[0]
      let v = readNumbers(determinant(factored: factored(rows(packed, n + 1..<2 * n + 1))))[0]
      return (packed, (u * v).rounded())
    } catch { return nil }
  }

  /// A determinant by sums and products alone, in n products of matrices, so that zeros do no harm.
  ///
  /// R. S. Bird, "A simple division-free algorithm for computing determinants", Inf. Process. Lett. 111 (2011)
  /// 1072–1074: F ← μ(F) A, where μ keeps the elements above the diagonal and puts on it minus the sums of the diagonal
  /// elements that follow.
  private func expandedDeterminant(_ a: NodeID) -> NodeID {
    let type = self[record: a].pointee.scalarType
    let n = rowCount(a)
    guard n > 0 else { return constant(1, type) }
    let following = constantMatrix(n, n, type) { $1 > $0 ? -1 : 0 }
    var f = a
    for _ in 1..<n {
      let diagonal = matmul(following, matrixTransposed(diagonalRow(f)))
      f = matmul(sum(upper(f, strictly: true), diagonalMatrix(ofRow: matrixTransposed(diagonal))), a)
    }
    let corner = reshaped(block(f, rows: 0..<1, columns: 0..<1), to: [])
    return n % 2 == 0 ? elementwise(.negate, corner) : corner
  }
}
