import CKernels
import CLinearAlgebra

// How products of stacks of matrices are computed: by as few calls of GEMM as their strides allow.

extension UnsafeMutablePointer<TapeCore> {
  /// memory = A B or memory += A B, where memory is contiguous and of the product's shape, or of one that broadcasts
  /// to it; or memory = row + A B, with a row that is added to each row of the product. If one operand is a cotangent,
  /// its zeros are strong.
  func multiply(
    _ a: Factor, _ b: Factor, into memory: UnsafeMutableRawPointer, _ target: UnsafePointer<wg_layout>,
    accumulate: Bool = false, addingTo row: UnsafeMutableRawPointer? = nil, cotangent: CotangentSide? = nil
  ) {
    let mark = pointee.values.mark
    let product = StackedProduct(
      type: self[record: a.id].pointee.scalarType, a: matrices(a), b: matrices(b), c: memory, accumulate: accumulate,
      row: row, cotangent: cotangent)
    if layout(a.id).rank == 2 && layout(b.id).rank == 2 && target.rank == 2 {
      product.run()
    } else {
      var stack = product
      stack.setAxes(productShape(a, b), target)
      stack.foldAxes()
      stack.runStack()
    }
    pointee.values.reset(to: mark)
  }

  /// A factor's matrices, copied if no GEMM takes their strides; the copy is dropped after the product.
  func matrices(_ factor: Factor) -> Matrices {
    let record = self[record: factor.id].pointee
    let matrices = Matrices(record.value, pointee.layouts[record.layout], isTransposed: factor.isTransposed)
    return matrices.orientation == nil ? copied(record, isTransposed: factor.isTransposed) : matrices
  }

  private func copied(_ record: Record, isTransposed: Bool) -> Matrices {
    // What is repeated along an axis is copied once.
    var layout = pointee.layouts[record.layout].pointee
    let batchRank = Int(layout.rank) - 2
    layout.withMutableAxes { sizes, strides in
      for axis in 0..<batchRank where strides[axis] == 0 { sizes[axis] = 1 }
    }
    layout.finish()
    let dense = pointee.layouts.layout(of: layout.shape)
    let copy = pointee.values.allocate(dense.elementCount * record.scalarType.byteCount)
    if record.scalarType == .double {
      wg_copy_f64(record.value.f64, &layout, copy.f64, dense, false)
    } else {
      wg_copy_f32(record.value.f32, &layout, copy.f32, dense, false)
    }
    return Matrices(copy, dense, isTransposed: isTransposed)
  }
}

/// A stack of matrices in memory.
struct Matrices {
  var base: UnsafeMutableRawPointer
  var rows: Int
  var columns: Int
  var rowStride: Int
  var columnStride: Int
  /// Its axes before the last two are the stack's.
  var layout: UnsafePointer<wg_layout>

  init(_ base: UnsafeMutableRawPointer, _ layout: UnsafePointer<wg_layout>, isTransposed: Bool) {
    let rank = layout.rank
    let (row, column) = isTransposed ? (rank - 1, rank - 2) : (rank - 2, rank - 1)
    self.base = base
    rows = Int(layout.sizes[row])
    columns = Int(layout.sizes[column])
    rowStride = Int(layout.strides[row])
    columnStride = Int(layout.strides[column])
    self.layout = layout
  }

  /// How GEMM takes a matrix, one of whose strides has to be 1; nil if it does not.
  var orientation: (isTransposed: Bool, leadingDimension: Int)? {
    if (columnStride == 1 || columns <= 1) && (rowStride >= columns || rows <= 1) {
      return (false, rows <= 1 ? Swift.max(columns, 1) : rowStride)
    }
    if (rowStride == 1 || rows <= 1) && (columnStride >= rows || columns <= 1) {
      return (true, columns <= 1 ? Swift.max(rows, 1) : columnStride)
    }
    return nil
  }

  /// The stride along an axis of a larger stack, counted from its last one; 0 where matrices are repeated.
  func stride(fromEnd position: Int) -> Int {
    let axis = layout.rank - 3 - position
    return axis < 0 || layout.sizes[axis] == 1 ? 0 : Int(layout.strides[axis])
  }

  /// Elements from the first matrix to the one at a position of a larger stack.
  func offset(_ index: [Int]) -> Int {
    index.reversed().enumerated().reduce(0) { $0 + $1.element * stride(fromEnd: $1.offset) }
  }

  func transposed() -> Matrices {
    var result = self
    (result.rows, result.columns) = (columns, rows)
    (result.rowStride, result.columnStride) = (columnStride, rowStride)
    return result
  }

  func isFinite(_ offset: Int, _ type: ScalarType) -> Bool {
    guard let (isTransposed, leadingDimension) = orientation else { return false }
    let (outer, inner) = isTransposed ? (columns, rows) : (rows, columns)
    return Self.isFinite(base + offset * type.byteCount, outer, inner, leadingDimension, type)
  }

  static func isFinite(
    _ base: UnsafeMutableRawPointer, _ rows: Int, _ columns: Int, _ stride: Int, _ type: ScalarType
  ) -> Bool {
    type == .double
      ? wg_all_finite_f64(base.f64, rows, columns, stride) : wg_all_finite_f32(base.f32, rows, columns, stride)
  }

  /// Any matrix of the stack, by its strides.
  func strided(_ offset: Int, _ type: ScalarType) -> wg_matrix {
    wg_matrix(data: base + offset * type.byteCount, row_stride: rowStride, column_stride: columnStride)
  }
}

/// Products of the matrices of two stacks; those of the target lie without gaps.
private struct StackedProduct {
  /// An axis along which matrices are stacked, and what a step along it is in elements.
  struct Axis {
    var size: Int
    var a: Int
    var b: Int
    var c: Int
  }

  /// Nanoseconds from which a product has enough pieces of its own.
  private static var costOfLarge: Double { 100_000 }

  let type: ScalarType
  var a: Matrices
  var b: Matrices
  let c: UnsafeMutableRawPointer
  var accumulate: Bool
  /// What is added to each row of the products.
  let row: UnsafeMutableRawPointer?
  var cotangent: CotangentSide?
  /// Without those of one element.
  var axes: [Axis] = []

  init(
    type: ScalarType, a: Matrices, b: Matrices, c: UnsafeMutableRawPointer, accumulate: Bool,
    row: UnsafeMutableRawPointer?, cotangent: CotangentSide?
  ) {
    self.type = type
    self.a = a
    self.b = b
    self.c = c
    self.accumulate = accumulate
    self.row = row
    self.cotangent = cotangent
  }

  /// Takes the axes from the product's shape. Along those that the target lacks, products are added up.
  mutating func setAxes(_ product: Shape, _ target: UnsafePointer<wg_layout>) {
    var dense = a.rows * b.columns
    for axis in (0..<product.count - 2).reversed() {
      let position = product.count - 3 - axis
      let own = target.rank - 3 - position
      let size = own < 0 ? 1 : Int(target.sizes[own])
      if product[axis] != 1 {
        axes.append(
          Axis(
            size: product[axis], a: a.stride(fromEnd: position), b: b.stride(fromEnd: position),
            c: size == 1 ? 0 : dense))
      }
      dense *= size
    }
    axes.reverse()
  }

  /// Makes rows, columns or terms of stacked matrices where they lie as those of one matrix would: one product of larger
  /// matrices is faster than many.
  mutating func foldAxes() {
    if b.columns == 1 && a.rows > 1 && row == nil {
      // A column is the transpose of a row, and rows fold.
      (a, b) = (b.transposed(), a.transposed())
      for index in axes.indices { (axes[index].a, axes[index].b) = (axes[index].b, axes[index].a) }
      cotangent = cotangent?.exchanged
    }
    while let index = axes.indices.last(where: { fold(axes[$0]) }) { axes.remove(at: index) }
  }

  private mutating func fold(_ axis: Axis) -> Bool {
    var (left, right) = (a, b)
    if axis.b == 0 && axis.c == a.rows * b.columns && left.stackRows(axis.size, axis.a) {
      // One right factor for all: the rows of all left ones.
    } else if axis.a == 0 && a.rows == 1 && axis.c == b.columns {
      // One row for all: the columns of all right factors.
      right = right.transposed()
      guard right.stackRows(axis.size, axis.b) else { return false }
      right = right.transposed()
    } else if axis.c == 0 {
      // A sum of products: one product of more terms.
      left = left.transposed()
      guard left.stackRows(axis.size, axis.a), right.stackRows(axis.size, axis.b) else { return false }
      left = left.transposed()
    } else {
      return false
    }
    guard left.orientation != nil, right.orientation != nil else { return false }
    (a, b) = (left, right)
    return true
  }

  /// All products of the stack.
  mutating func runStack() {
    let count = axes.reduce(1) { $0 * $1.size }
    // What is added up starts from zero.
    if !accumulate && (count == 0 || axes.contains { $0.c == 0 }) {
      let targets = axes.reduce(1) { $1.c == 0 ? $0 : $0 * $1.size }
      c.initializeMemory(as: UInt8.self, repeating: 0, count: targets * a.rows * b.columns * type.byteCount)
      accumulate = true
    }
    // Products that are added up are so one after the other, and large ones are cut themselves.
    let (m, n, k) = (a.rows, b.columns, a.columns)
    let cost = Double(m * n * k * type.byteCount) * wg_cost_of_product
    guard cost < Self.costOfLarge, wg_prefers_small_gemm_f64(false, false, m, n, k),
      !axes.contains(where: { $0.c == 0 })
    else {
      return run(0..<count)
    }
    withUnsafePointer(to: self) { product in
      wg_split(
        count, 1, cost,
        { $0!.assumingMemoryBound(to: StackedProduct.self).pointee.run($1..<$2) }, product)
    }
  }

  /// Some of the stack's products, counted in row-major order.
  private func run(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    withUnsafeTemporaryAllocation(of: Int.self, capacity: axes.count) { index in
      var offsets = (a: 0, b: 0, c: 0)
      var rest = range.lowerBound
      for position in axes.indices.reversed() {
        let axis = axes[position]
        index[position] = rest % axis.size
        rest /= axis.size
        let steps = index[position]
        offsets = (offsets.a + steps * axis.a, offsets.b + steps * axis.b, offsets.c + steps * axis.c)
      }
      for _ in range {
        run(offsets.a, offsets.b, offsets.c)
        for position in axes.indices.reversed() {
          let axis = axes[position]
          index[position] += 1
          offsets = (offsets.a + axis.a, offsets.b + axis.b, offsets.c + axis.c)
          if index[position] < axis.size { break }
          index[position] = 0
          offsets = (offsets.a - axis.size * axis.a, offsets.b - axis.size * axis.b, offsets.c - axis.size * axis.c)
        }
      }
    }
  }

  /// One product, of the matrices at some offsets.
  func run(_ aOffset: Int = 0, _ bOffset: Int = 0, _ cOffset: Int = 0) {
    let (m, n, k) = (a.rows, b.columns, a.columns)
    guard m > 0 && n > 0, let x = a.orientation, let y = b.orientation else { return }
    let target = c + cOffset * type.byteCount
    func multiply(adding d: UnsafeMutableRawPointer?, _ stride: Int) {
      let isDone: Bool
      if type == .double {
        isDone = wg_multiply_onto_f64(
          x.isTransposed, y.isTransposed, m, n, k, a.base.f64 + aOffset, x.leadingDimension, b.base.f64 + bOffset,
          y.leadingDimension, d?.f64, stride, target.f64, n)
      } else {
        isDone = wg_multiply_onto_f32(
          x.isTransposed, y.isTransposed, m, n, k, a.base.f32 + aOffset, x.leadingDimension, b.base.f32 + bOffset,
          y.leadingDimension, d?.f32, stride, target.f32, n)
      }
      precondition(isDone, "strides are those of a matrix")
    }
    guard let cotangent else {
      return multiply(adding: row ?? (accumulate ? target : nil), row == nil ? n : 0)
    }
    let (isStrongA, isStrongB) = (cotangent != .right, cotangent != .left)
    func factorIsFinite() -> Bool {
      (!isStrongA || b.isFinite(bOffset, type)) && (!isStrongB || a.isFinite(aOffset, type))
    }
    // What is not finite in a factor is not in the product either, so the smaller of the two is looked through.
    let looksAtProduct = !accumulate && m * n < ((isStrongA ? n : 0) + (isStrongB ? m : 0)) * k
    if looksAtProduct || factorIsFinite() {
      multiply(adding: accumulate ? target : nil, n)
      guard looksAtProduct, !Matrices.isFinite(target, m, n, n, type), !factorIsFinite() else { return }
    }
    let (left, right) = (a.strided(aOffset, type), b.strided(bOffset, type))
    if type == .double {
      wg_strong_multiply_f64(left, right, isStrongA, isStrongB, m, n, k, accumulate, target.f64)
    } else {
      wg_strong_multiply_f32(left, right, isStrongA, isStrongB, m, n, k, accumulate, target.f32)
    }
  }
}

extension Matrices {
  /// Makes one matrix of several that are `stride` elements apart, each below the one before; false if they do not lie
  /// like that.
  fileprivate mutating func stackRows(_ count: Int, _ stride: Int) -> Bool {
    guard rows == 1 || stride == rows * rowStride else { return false }
    if rows == 1 { rowStride = stride }
    rows *= count
    return true
  }
}
