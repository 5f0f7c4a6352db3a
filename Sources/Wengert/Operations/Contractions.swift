import CKernels
import CLinearAlgebra

// Products of matrices.

extension Operation {
  static let contractions: [Operation] = [
    /// A B over the last two axes: Ȳ Bᵀ and Aᵀ Ȳ, summed over repeated leading axes.
    Operation(
      opcode: .matmul,
      derivative: .structural(
        .init(
          rule: { p in
            p.accumulateProduct(0, Factor(p.cotangent), Factor(p.operand(1), isTransposed: true), cotangent: .left)
            p.accumulateProduct(1, Factor(p.operand(0), isTransposed: true), Factor(p.cotangent), cotangent: .right)
          },
          tangent: { p in
            p.sum { index, tangent in
              let tangent = p.padded(tangent, toRank: p.core.shape(p.output).count)
              return index == 0
                ? p.core.matmul(tangent, p.operand(1), cotangent: .left)
                : p.core.matmul(p.operand(0), tangent, cotangent: .right)
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
      derivative: .structural(
        .init(
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
    let value = allocate(layout, type)
    multiply(
      Factor(a), Factor(b), into: value, pointee.layouts[layout], accumulate: false, cotangent: cotangent)
    return append(.matmul, type, layout: layout, value: value, operands: (a, b))
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
    let number = pointee.layouts.number(of: productShape(Factor(x), Factor(weight)))
    let shape = pointee.layouts[number]
    let value = allocate(number, type)
    if layout(bias).isContiguous {
      multiply(Factor(x), Factor(weight), into: value, shape, addingTo: self[record: bias].pointee.value)
    } else {
      withView(self[record: bias].pointee, over: shape) { bias in
        if type == .double {
          wg_copy_f64(bias.data.assumingMemoryBound(to: Double.self), bias.layout, value.f64, shape, false)
        } else {
          wg_copy_f32(bias.data.assumingMemoryBound(to: Float.self), bias.layout, value.f32, shape, false)
        }
      }
      multiply(Factor(x), Factor(weight), into: value, shape, accumulate: true)
    }
    return append(
      .affine, type, layout: number, value: value, attributes: attributes(3, Int(x), Int(weight), Int(bias)),
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

  private func productShape(_ a: Factor, _ b: Factor) -> Shape {
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

  /// memory = A B or memory += A B, where memory is contiguous and of the product's shape, or of one that broadcasts
  /// to it; or memory = row + A B, with a row that is added to each row of the product. If one operand is a cotangent,
  /// its zeros are strong.
  func multiply(
    _ a: Factor, _ b: Factor, into memory: UnsafeMutableRawPointer, _ target: UnsafePointer<wg_layout>,
    accumulate: Bool = false, addingTo row: UnsafeMutableRawPointer? = nil, cotangent: CotangentSide? = nil
  ) {
    let type = self[record: a.id].pointee.scalarType
    let (left, right) = (layout(a.id), layout(b.id))
    let mark = pointee.values.mark
    let (x, y) = (matrices(a), matrices(b))
    let rows = Int(target.sizes[target.rank - 2])
    let columns = Int(target.sizes[target.rank - 1])
    let inner = x.columns
    if left.rank == 2 && right.rank == 2 && target.rank == 2 {
      gemm(type, rows, columns, inner, x, 0, y, 0, memory, accumulate, row, cotangent)
    } else {
      let batchRank = Swift.max(left.rank, right.rank) - 2
      var accumulate = accumulate
      // Leading axes that the target lacks: its products are added up, from zero.
      let product = productShape(a, b)
      if !accumulate && product.elementCount != target.elementCount {
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: target.elementCount * type.byteCount)
        accumulate = true
      }
      var index = [Int](repeating: 0, count: batchRank)
      for _ in 0..<product.prefix(batchRank).reduce(1, *) {
        gemm(
          type, rows, columns, inner, x, batchOffset(index, left, isDense: x.isCopy), y,
          batchOffset(index, right, isDense: y.isCopy),
          memory + batchOffset(index, target, isDense: true) * type.byteCount, accumulate, row, cotangent)
        for axis in (0..<batchRank).reversed() {
          index[axis] += 1
          if index[axis] < product[axis] { break }
          index[axis] = 0
        }
      }
    }
    pointee.values.reset(to: mark)
  }

  /// Elements from the first matrix of a stack to the one at `index`; an axis of one element is repeated.
  func batchOffset(_ index: [Int], _ layout: UnsafePointer<wg_layout>, isDense: Bool) -> Int {
    let missing = index.count - (layout.rank - 2)
    var dense = Int(layout.sizes[layout.rank - 1] * layout.sizes[layout.rank - 2])
    var offset = 0
    for axis in (0..<layout.rank - 2).reversed() {
      if layout.sizes[axis] != 1 { offset += index[axis + missing] * (isDense ? dense : Int(layout.strides[axis])) }
      dense *= Int(layout.sizes[axis])
    }
    return offset
  }

  /// Matrices as GEMM takes them: one of the last two strides is 1.
  struct Matrices {
    var base: UnsafeMutableRawPointer
    var isTransposed: Bool
    var leadingDimension: Int
    var rows: Int
    var columns: Int
    /// Whether the stack was copied, to lie without gaps.
    var isCopy = false

    /// Where one matrix of the stack lies.
    func strided(_ offset: Int, _ type: ScalarType) -> wg_matrix {
      wg_matrix(
        data: base + offset * type.byteCount, row_stride: isTransposed ? 1 : leadingDimension,
        column_stride: isTransposed ? leadingDimension : 1)
    }

    func isFinite(_ offset: Int, _ type: ScalarType) -> Bool {
      let (outer, inner) = isTransposed ? (columns, rows) : (rows, columns)
      return UnsafeMutablePointer.isFinite(base + offset * type.byteCount, outer, inner, leadingDimension, type)
    }
  }

  func matrices(_ factor: Factor) -> Matrices {
    let id = factor.id
    let layout = layout(id)
    let rank = layout.rank
    let (row, column) = factor.isTransposed ? (rank - 1, rank - 2) : (rank - 2, rank - 1)
    let (rows, columns) = (Int(layout.sizes[row]), Int(layout.sizes[column]))
    let (rowStride, columnStride) = (Int(layout.strides[row]), Int(layout.strides[column]))
    let base = self[record: id].pointee.value
    if (columnStride == 1 || columns <= 1) && (rowStride >= columns || rows <= 1) {
      return Matrices(
        base: base, isTransposed: false, leadingDimension: rows <= 1 ? Swift.max(columns, 1) : rowStride,
        rows: rows, columns: columns)
    }
    if (rowStride == 1 || rows <= 1) && (columnStride >= rows || columns <= 1) {
      return Matrices(
        base: base, isTransposed: true, leadingDimension: columns <= 1 ? Swift.max(rows, 1) : columnStride,
        rows: rows, columns: columns)
    }
    // Strides that no GEMM takes: a copy, dropped after the product.
    let type = self[record: id].pointee.scalarType
    var dense = wg_layout(layout.shape)
    let copy = pointee.values.allocate(layout.elementCount * type.byteCount)
    if type == .double {
      wg_copy_f64(base.f64, layout, copy.f64, &dense, false)
    } else {
      wg_copy_f32(base.f32, layout, copy.f32, &dense, false)
    }
    return Matrices(
      base: copy, isTransposed: factor.isTransposed,
      leadingDimension: Swift.max(factor.isTransposed ? rows : columns, 1), rows: rows, columns: columns, isCopy: true)
  }

  private func gemm(
    _ type: ScalarType, _ m: Int, _ n: Int, _ k: Int, _ a: Matrices, _ aOffset: Int, _ b: Matrices, _ bOffset: Int,
    _ c: UnsafeMutableRawPointer, _ accumulate: Bool, _ row: UnsafeMutableRawPointer?, _ cotangent: CotangentSide?
  ) {
    guard m > 0 && n > 0 else { return }
    guard let cotangent else {
      return multiply(
        type, m, n, k, a, aOffset, b, bOffset, c, adding: row ?? (accumulate ? c : nil), row == nil ? n : 0)
    }
    func factorIsFinite() -> Bool { cotangent == .left ? b.isFinite(bOffset, type) : a.isFinite(aOffset, type) }
    // What is not finite in a factor is not in the product either, so the smaller of the two is looked through.
    let looksAtProduct = !accumulate && m * n < (cotangent == .left ? n : m) * k
    if looksAtProduct || factorIsFinite() {
      multiply(type, m, n, k, a, aOffset, b, bOffset, c, adding: accumulate ? c : nil, n)
      guard looksAtProduct, !Self.isFinite(c, m, n, n, type), !factorIsFinite() else { return }
    }
    let (x, y) = (a.strided(aOffset, type), b.strided(bOffset, type))
    if type == .double {
      wg_strong_multiply_f64(x, y, cotangent == .left, m, n, k, accumulate, c.f64)
    } else {
      wg_strong_multiply_f32(x, y, cotangent == .left, m, n, k, accumulate, c.f32)
    }
  }

  private func multiply(
    _ type: ScalarType, _ m: Int, _ n: Int, _ k: Int, _ a: Matrices, _ aOffset: Int, _ b: Matrices, _ bOffset: Int,
    _ c: UnsafeMutableRawPointer, adding d: UnsafeMutableRawPointer?, _ stride: Int
  ) {
    let isDone: Bool
    if type == .double {
      let (x, y) = (a.base.f64 + aOffset, b.base.f64 + bOffset)
      isDone = wg_multiply_onto_f64(
        a.isTransposed, b.isTransposed, m, n, k, x, a.leadingDimension, y, b.leadingDimension, d?.f64, stride, c.f64, n)
    } else {
      let (x, y) = (a.base.f32 + aOffset, b.base.f32 + bOffset)
      isDone = wg_multiply_onto_f32(
        a.isTransposed, b.isTransposed, m, n, k, x, a.leadingDimension, y, b.leadingDimension, d?.f32, stride, c.f32, n)
    }
    if !isDone { misuse(.matrixTooLarge(m, n, k)) }
  }

  private static func isFinite(
    _ base: UnsafeMutableRawPointer, _ rows: Int, _ columns: Int, _ stride: Int, _ type: ScalarType
  ) -> Bool {
    type == .double
      ? wg_all_finite_f64(base.f64, rows, columns, stride) : wg_all_finite_f32(base.f32, rows, columns, stride)
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
enum CotangentSide { case left, right }

/// The axes of a stack of matrices with the last two exchanged, without an array.
private struct MatrixTransposition: RandomAccessCollection {
  let rank: Int
  var startIndex: Int { 0 }
  var endIndex: Int { rank }
  subscript(axis: Int) -> Int { axis == rank - 1 ? rank - 2 : axis == rank - 2 ? rank - 1 : axis }
}
