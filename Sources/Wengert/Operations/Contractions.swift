import CKernels

// Products of matrices.

extension Operation {
  static let contractions: [Operation] = [
    /// A B over the last two axes: Ȳ Bᵀ and Aᵀ Ȳ, summed over repeated leading axes. An operand that is a cotangent, of
    /// an inner pass, keeps its strong zeros.
    Operation(
      opcode: .matmul,
      forward: .init { e in
        e.core.multiply(
          Factor(e.operand(0)), Factor(e.operand(1)), into: e.value, e.layout,
          cotangent: CotangentSide(rawValue: e.attribute(0)))
      },
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in
            let (left, right) = p.cotangentSides
            p.accumulateProduct(0, Factor(p.cotangent), Factor(p.operand(1), isTransposed: true), cotangent: left)
            p.accumulateProduct(1, Factor(p.operand(0), isTransposed: true), Factor(p.cotangent), cotangent: right)
          },
          tangent: { p in
            let (left, right) = p.cotangentSides
            return p.sum { index, tangent in
              let tangent = p.padded(tangent, toRank: p.core.shape(p.output).count)
              return index == 0
                ? p.core.matmul(tangent, p.operand(1), cotangent: left)
                : p.core.matmul(p.operand(0), tangent, cotangent: right)
            }
          }, isBlockable: true)),
      samples: [
        .matmul([2, 3], [3, 4]), .matmul([1, 1], [1, 1]), .matmul([2, 0], [0, 3]), .matmul([0, 2], [2, 3]),
        .matmul([3], [3]), .matmul([3], [3, 2]), .matmul([2, 3], [3]), .matmul([9, 17], [17, 10]),
        .matmul([2, 3, 4], [4, 2]), .matmul([3, 4], [2, 4, 2]), .matmul([2, 1, 2, 3], [3, 3, 2]),
        .matmul([2, 2, 3], [3]), .matmul([3], [2, 3, 2]),
        Sample("transposed operands", [[3, 2], [4, 3]]) { operands in
          let core = Core.current
          return AnyTensor(core.matmul(core.matrixTransposed(operands[0].id), core.matrixTransposed(operands[1].id)))
        },
        Sample("strided operands", [[4, 3, 2], [3, 2, 4]]) { operands in
          let core = Core.current
          return AnyTensor(
            core.matmul(core.permuted(operands[0].id, [2, 0, 1]), core.permuted(operands[1].id, [1, 0, 2])))
        },
      ]),

    /// x W + b over the last axis: the adjoints of the product, and for b the cotangent summed over rows.
    Operation(
      opcode: .affine,
      forward: .init { e in e.multiplyAndAdd() },
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in
            p.accumulateProduct(0, Factor(p.cotangent), Factor(p.operand(1), isTransposed: true), cotangent: .left)
            p.accumulateProduct(1, Factor(p.operand(0), isTransposed: true), Factor(p.cotangent), cotangent: .right)
            p.accumulate(2, p.cotangent)
          },
          tangent: { p in
            p.sum { index, tangent in
              let tangent = p.padded(tangent, toRank: p.core.shape(p.output).count)
              return switch index {
              case 0: p.core.matmul(tangent, p.operand(1), cotangent: .left)
              case 1: p.core.matmul(p.operand(0), tangent, cotangent: .right)
              default: p.core.broadcast(tangent, to: p.blocked(p.core.shape(p.output)))
              }
            }
          }, isBlockable: true)),
      samples: [
        .affine([4, 3], [3, 2], [2]), .affine([3], [3, 2], [2]), .affine([2, 2, 3], [3, 4], [4]),
        .affine([0, 3], [3, 2], [2]), .affine([2, 0], [0, 3], [3]), .affine([2, 3], [3, 0], [0]),
      ]),
  ]
}

extension Sample {
  fileprivate static func affine(_ x: Shape, _ weight: Shape, _ bias: Shape) -> Sample {
    Sample("\(x) \(weight) \(bias)", [x, weight, bias]) {
      AnyTensor(Core.current.affineOfAnyRank($0[0].id, $0[1].id, $0[2].id))
    }
  }

  fileprivate static func matmul(_ a: Shape, _ b: Shape) -> Sample {
    Sample("\(a) \(b)", [a, b]) { AnyTensor(Core.current.matmulOfAnyRank($0[0].id, $0[1].id)) }
  }
}

/// The product of two matrices, or of stacks of them, or with vectors.
///
/// As in NumPy: a vector on the left is a row, one on the right a column, and the axis it lacks is absent from the
/// result; axes before the last two broadcast. Traps unless the inner sizes agree. Transposed operands go into the
/// call; nothing is copied for them.
///
/// - Complexity: O(m n k) per matrix; the tape keeps the result. The adjoints are two products of the same size.
@inlinable public func matmul<S>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> {
  Tensor(recordMatmul(a.handle, b.handle))
}

/// Rows times a matrix, plus a vector: `matmul(x, weight) + bias` in one pass over the result.
///
/// - Parameters:
///   - x: Rows of shape (…, inputs), or one row.
///   - weight: A matrix (inputs, outputs).
///   - bias: A vector (outputs).
/// - Returns: Rows of shape (…, outputs). Traps unless the sizes agree.
/// - Complexity: O(rows × inputs × outputs); the tape keeps the result.
@inlinable public func affine<S>(_ x: Tensor<S>, _ weight: Tensor<S>, _ bias: Tensor<S>) -> Tensor<S> {
  Tensor(recordAffine(x.handle, weight.handle, bias.handle))
}

@usableFromInline @inline(never)
func recordAffine(_ x: Handle, _ weight: Handle, _ bias: Handle) -> Handle {
  let core = Core.recording
  return core.handle(core.affineOfAnyRank(core.resolve(x), core.resolve(weight), core.resolve(bias)))
}

@usableFromInline @inline(never)
func recordMatmul(_ a: Handle, _ b: Handle) -> Handle {
  let core = Core.recording
  return core.handle(core.matmulOfAnyRank(core.resolve(a), core.resolve(b)))
}

extension UnsafeMutablePointer<TapeCore> {
  /// A matrix, or a stack of matrices, with its last two axes exchanged.
  func matrixTransposed(_ x: NodeID) -> NodeID {
    let rank = layout(x).rank
    return permuted(x, MatrixTransposition(rank: rank))
  }

  func matmulOfAnyRank(_ a: NodeID, _ b: NodeID) -> NodeID {
    let (left, right) = (layout(a), layout(b))
    let (p, q) = (left.rank, right.rank)
    guard p > 0, q > 0, left.sizes[p - 1] == right.sizes[Swift.max(q - 2, 0)] else {
      misuse(.matmul(left.shape, right.shape))
    }
    if p > 1 && q > 1 { return matmul(a, b) }
    let row = p == 1 ? reshaped(a, to: [1, Int(left.sizes[0])]) : a
    let column = q == 1 ? reshaped(b, to: [Int(right.sizes[0]), 1]) : b
    let product = matmul(row, column)
    var sizes = Array(shape(product))
    if q == 1 { sizes.remove(at: sizes.count - 1) }
    if p == 1 { sizes.remove(at: sizes.count - (q == 1 ? 1 : 2)) }
    return reshaped(product, to: Shape(sizes))
  }

  /// The product over the last two axes of operands that have at least two; in a pullback one is the cotangent.
  func matmul(_ a: NodeID, _ b: NodeID, cotangent: CotangentSide? = nil) -> NodeID {
    let type = self[record: a].pointee.scalarType
    let layout = pointee.layouts.number(of: productShape(Factor(a), Factor(b)))
    return record(
      .matmul, type, layout: layout, operands: (a, b),
      attributes: attributes(CollectionOfOne(cotangent?.rawValue ?? 0)))
  }

  func affineOfAnyRank(_ x: NodeID, _ weight: NodeID, _ bias: NodeID) -> NodeID {
    let (rows, matrix, vector) = (layout(x), layout(weight), layout(bias))
    guard rows.rank > 0, matrix.rank == 2, vector.rank == 1, rows.sizes[rows.rank - 1] == matrix.sizes[0],
      matrix.sizes[1] == vector.sizes[0]
    else { misuse(.affine(rows.shape, matrix.shape, vector.shape)) }
    if rows.rank > 1 { return affine(x, weight, bias) }
    let result = affine(reshaped(x, to: .matrix(1, Int(matrix.sizes[0]))), weight, bias)
    return reshaped(result, to: .vector(Int(matrix.sizes[1])))
  }

  private func affine(_ x: NodeID, _ weight: NodeID, _ bias: NodeID) -> NodeID {
    let type = self[record: x].pointee.scalarType
    let layout = pointee.layouts.number(of: productShape(Factor(x), Factor(weight)))
    return record(
      .affine, type, layout: layout, attributes: attributes(3, Int(x), Int(weight), Int(bias)),
      flags: .hasManyOperands)
  }

  /// A factor as a record.
  func record(_ factor: Factor) -> NodeID { factor.isTransposed ? matrixTransposed(factor.id) : factor.id }

  private func rows(_ factor: Factor) -> Int64 {
    let layout = layout(factor.id)
    return layout.sizes[layout.rank - (factor.isTransposed ? 1 : 2)]
  }

  private func columns(_ factor: Factor) -> Int64 {
    let layout = layout(factor.id)
    return layout.sizes[layout.rank - (factor.isTransposed ? 2 : 1)]
  }

  func productShape(_ a: Factor, _ b: Factor) -> Shape {
    let (left, right) = (layout(a.id), layout(b.id))
    var shape = Shape(rank: Swift.max(left.rank, right.rank))
    for axis in 0..<shape.count - 2 {
      let (i, j) = (axis - (shape.count - left.rank), axis - (shape.count - right.rank))
      let m = i < 0 ? 1 : left.sizes[i]
      let n = j < 0 ? 1 : right.sizes[j]
      guard m == n || m == 1 || n == 1 else { misuse(.matmulBatch(left.shape, right.shape)) }
      shape.setSize(Int(m == 1 ? n : m), at: axis)
    }
    shape.setSize(Int(rows(a)), at: shape.count - 2)
    shape.setSize(Int(columns(b)), at: shape.count - 1)
    checkElementCount(shape)
    return shape
  }

  /// Whether `multiply` can add the product straight to an array of the target's shape: the two differ at most in
  /// leading axes, along which the products are then added up.
  func canMultiplyInPlace(_ a: Factor, _ b: Factor, _ target: UnsafePointer<wg_layout>) -> Bool {
    target.rank >= 2 && target.sizes[target.rank - 2] == rows(a) && target.sizes[target.rank - 1] == columns(b)
  }
}

extension Evaluation {
  /// x W + b
  fileprivate func multiplyAndAdd() {
    let (x, weight) = (Factor(operand(0)), Factor(operand(1)))
    if layout(2).isContiguous {
      core.multiply(x, weight, into: value, layout, addingTo: input(2).value)
    } else {
      core.copyValue(operand(2), broadcastTo: layout, to: value)
      core.multiply(x, weight, into: value, layout, accumulate: true)
    }
  }
}

/// A factor of a product of matrices: a record, or its transpose over the last two axes, which costs no record.
struct Factor {
  let id: NodeID
  let isTransposed: Bool

  init(_ id: NodeID, isTransposed: Bool = false) {
    self.id = id
    self.isTransposed = isTransposed
  }
}

/// Which operand of a product is a cotangent, whose zeros are strong.
///
/// By their raw values they are attributes, where 0 says that neither operand is.
enum CotangentSide: Int {
  case left = 1, right, both

  /// Of the product of the transposes in reverse order.
  var exchanged: CotangentSide { self == .both ? .both : self == .left ? .right : .left }
}

extension OperationInPass {
  /// Which factors are cotangents where this product's own cotangent, or a tangent, takes the place of the left operand,
  /// and of the right one.
  fileprivate var cotangentSides: (left: CotangentSide, right: CotangentSide) {
    switch CotangentSide(rawValue: attribute(0)) {
    case nil: (.left, .right)
    case .left: (.left, .both)
    case .right: (.both, .right)
    case .both: (.both, .both)
    }
  }
}

/// The axes of a stack of matrices with the last two exchanged, without an array.
private struct MatrixTransposition: RandomAccessCollection {
  let rank: Int
  var startIndex: Int { 0 }
  var endIndex: Int { rank }
  subscript(axis: Int) -> Int { axis == rank - 1 ? rank - 2 : axis == rank - 2 ? rank - 1 : axis }
}
