import CKernels
import CLinearAlgebra

// Functions of matrices: the exponential, powers, and Kronecker's product.

extension Operation {
  static let matrixFunctions: [Operation] = [
    /// exp A: the upper right block of exp [[Aᵀ, Ȳ], [0, Aᵀ]], which is the derivative at Aᵀ along Ȳ.
    Operation(
      opcode: .matrixExponential,
      forward: .init { e in
        let (x, n) = (e.input(0).value, e.core.rowCount(e.id))
        for matrix in 0..<(n > 0 ? e.core.matrixCount(e.id) : 0) {
          let offset = matrix * n * n
          if e.type == .double {
            wg_matrix_exponential_f64(n, Int32(e.attribute(0)), x.f64 + offset, e.value.f64 + offset)
          } else {
            wg_matrix_exponential_f32(n, Int32(e.attribute(0)), x.f32 + offset, e.value.f32 + offset)
          }
        }
      },
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in
            let core = p.core
            let n = core.rowCount(p.output)
            let axis = core.layout(p.cotangent).rank - 1
            func repeated(_ x: NodeID) -> NodeID { core.broadcast(x, to: p.blocked(core.shape(x))) }
            let transposed = repeated(core.matrixTransposed(p.operand(0)))
            let above = core.concatenated([transposed, p.cotangent], along: axis)
            let below = core.concatenated([repeated(core.zeros(like: p.output)), transposed], along: axis)
            let blocks = core.matrixExponential(core.stackedRows([above, below]), levels: p.attribute(0) + 1)
            p.accumulate(0, core.block(blocks, rows: 0..<n, columns: n..<2 * n))
          }, isBlockable: true)),
      samples: [[3, 3], [1, 1], [0, 0], [2, 2, 2]].map { (shape: Shape) in
        Sample("\(shape)", [shape], [-1...1]) { AnyTensor(Core.current.matrixExponential($0[0].id)) }
      } + [
        Sample("of a large transposed matrix", [[2, 2]], [3...6]) {
          let core = Core.current
          let half = core.elementwise(.subtract, $0[0].id, core.matrixTransposed($0[0].id))
          return AnyTensor(core.matrixExponential(core.sum(half, core.matrixTransposed(core.halved($0[0].id)))))
        }
      ])
  ]
}

extension Composite {
  static let matrixFunctions: [Composite] = [
    Composite(
      "kron",
      samples: [
        .of("(2, 3) (3, 2)", [[2, 3], [3, 2]]) { kron($0[0], $0[1]) },
        .of("vectors", [[2], [3]]) { kron($0[0], $0[1]) },
        .of("vector and matrix", [[2], [2, 2]]) { kron($0[0], $0[1]) },
        .of("scalars", [[], []]) { kron($0[0], $0[1]) },
        .of("empty", [[0, 2], [2, 2]]) { kron($0[0], $0[1]) },
      ]),
    Composite(
      "matrixPower",
      samples: [
        .of("cube", [[2, 2]]) { power($0[0], 3) },
        .of("of a stack", [[2, 2, 2]]) { power($0[0], 6) },
        .of("to 0", [[2, 2]]) { power($0[0], 0) + $0[0] },
        .of("empty", [[0, 0]]) { power($0[0], 2) },
        .of("inverse square", [[2, 2]], [0.5...1]) { x in power(x[0] + x[0].transposed() * x[0], -2) },
      ]),
  ]

  /// Of samples that are never singular, but for tests that put zeros there: the result does not matter then.
  private static func power(_ x: Tensor<Double>, _ exponent: Int) -> Tensor<Double> {
    (try? matrixPower(x, exponent)) ?? x.detached()
  }
}

/// The exponential of square matrices (…, n, n): the sum of Aᵏ / k!. Traps if they are not square.
///
/// Padé approximants with scaling and squaring (Higham 2005). For `Float` the computation is one of `Double`.
///
/// - Complexity: O(n³) per matrix, with a factor that grows with the logarithm of the norm; the tape keeps the result.
///   The adjoint is the exponential of a matrix of 2n × 2n.
@inlinable public func matrixExponential<S>(_ a: Tensor<S>) -> Tensor<S> {
  Tensor(recordMatrixExponential(a.handle))
}

/// A power of square matrices (…, n, n) to an integer: of products for positive exponents, the identity for 0, and a
/// power of the inverse for negative ones. Traps if they are not square.
///
/// - Throws: ``LinearAlgebraError`` with the pivot if the exponent is negative and a matrix is singular.
/// - Complexity: O(n³ log |exponent|) per matrix; the tape keeps each product.
@inlinable public func matrixPower<S>(_ a: Tensor<S>, _ exponent: Int) throws(LinearAlgebraError) -> Tensor<S> {
  Tensor(try recordMatrixPower(a.handle, exponent))
}

/// Kronecker's product: blocks of `b`, one for each element of `a`, scaled by it.
///
/// As in NumPy: sizes multiply axis by axis, and the operand with fewer axes gets leading axes of size 1. Traps if the
/// operands' axes together are more than a shape can have.
///
/// - Complexity: O(elements of the result); the tape keeps the result.
@inlinable public func kron<S>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> {
  let (left, right) = (a.shape, b.shape)
  let rank = max(left.count, right.count)
  let leftSizes = [Int](repeating: 1, count: rank - left.count) + Array(left)
  let rightSizes = [Int](repeating: 1, count: rank - right.count) + Array(right)
  let outer = a.reshaped(to: Shape(leftSizes.flatMap { [$0, 1] }))
  let inner = b.reshaped(to: Shape(rightSizes.flatMap { [1, $0] }))
  return (outer * inner).reshaped(to: Shape(zip(leftSizes, rightSizes).map { $0 * $1 }))
}

@usableFromInline @inline(never)
func recordMatrixExponential(_ a: Handle) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireSquare(a, "matrixExponential(_:)")
  return core.handle(core.matrixExponential(a))
}

@usableFromInline @inline(never)
func recordMatrixPower(_ a: Handle, _ exponent: Int) throws(LinearAlgebraError) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  core.requireSquare(a, "matrixPower(_:_:)")
  return core.handle(try core.matrixPower(a, exponent))
}

extension UnsafeMutablePointer<TapeCore> {
  /// The exponential of matrices that are made of 2^levels × 2^levels blocks [[X, Y], [0, X]], nested.
  func matrixExponential(_ a: NodeID, levels: Int = 0) -> NodeID {
    let a = contiguous(a)
    let (type, layout) = (self[record: a].pointee.scalarType, self[record: a].pointee.layout)
    return record(
      .matrixExponential, type, layout: layout, operands: (a, -1), attributes: attributes(CollectionOfOne(levels)))
  }

  func matrixPower(_ a: NodeID, _ exponent: Int) throws(LinearAlgebraError) -> NodeID {
    if exponent == 0 {
      let n = rowCount(a)
      let identity = identity(n, self[record: a].pointee.scalarType)
      return contiguous(broadcast(identity, to: shape(a)))
    }
    var square = exponent < 0 ? try inverse(a, for: .matrixPower) : a
    var rest = exponent.magnitude
    var result: NodeID?
    while true {
      if rest & 1 == 1 { result = result.map { matmul($0, square) } ?? square }
      rest >>= 1
      if rest == 0 { break }
      square = matmul(square, square)
    }
    return result ?? a
  }
}
