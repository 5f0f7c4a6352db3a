import CKernels

// What the operations of linear algebra share: checks, stacks of matrices, masks, and samples.

extension UnsafeMutablePointer<TapeCore> {
  // MARK: Checks

  func requireMatrix(_ x: NodeID, _ function: String) {
    guard layout(x).rank >= 2 else { misuse(.matrix(function, shape(x))) }
    guard layout(x).elementCount < Int(Int32.max) else { misuse(.linearAlgebraSize(function, shape(x))) }
  }

  func requireSquare(_ x: NodeID, _ function: String) {
    let layout = layout(x)
    guard layout.rank >= 2, rowCount(x) == columnCount(x) else { misuse(.squareMatrix(function, layout.shape)) }
    requireMatrix(x, function)
  }

  // MARK: Stacks

  func rowCount(_ x: NodeID) -> Int { Int(layout(x).sizes[layout(x).rank - 2]) }
  func columnCount(_ x: NodeID) -> Int { Int(layout(x).sizes[layout(x).rank - 1]) }

  /// The leading axes of a stack, followed by others.
  func stackShape(_ x: NodeID, _ sizes: Int...) -> Shape { Shape(Array(shape(x).dropLast(2)) + sizes) }

  /// The number of matrices in a stack.
  func matrixCount(_ x: NodeID) -> Int { shape(x).dropLast(2).reduce(1, *) }

  /// Calls `body` with the position along the leading axes, and its number, of each matrix of a shape.
  func forEachMatrix<E>(_ shape: Shape, _ body: ([Int], Int) throws(E) -> Void) throws(E) {
    let rank = shape.count - 2
    var index = [Int](repeating: 0, count: rank)
    for number in 0..<shape.dropLast(2).reduce(1, *) {
      try body(index, number)
      for axis in (0..<rank).reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
  }

  /// Writes a record's elements, repeated along leading axes to fill `shape`, in row-major order.
  func copyValue(_ x: NodeID, broadcastTo shape: UnsafePointer<wg_layout>, to memory: UnsafeMutableRawPointer) {
    let type = self[record: x].pointee.scalarType
    withView(self[record: x].pointee, over: shape) { view in
      if type == .double {
        wg_copy_f64(view.data.assumingMemoryBound(to: Double.self), view.layout, memory.f64, shape, false)
      } else {
        wg_copy_f32(view.data.assumingMemoryBound(to: Float.self), view.layout, memory.f32, shape, false)
      }
    }
  }

  /// Some rows of every matrix.
  func rows(_ x: NodeID, _ range: Range<Int>) -> NodeID { block(x, rows: range, columns: 0..<columnCount(x)) }

  func block(_ x: NodeID, rows: Range<Int>, columns: Range<Int>) -> NodeID {
    sliced(x, shape(x).dropLast(2).map { 0..<$0 } + [rows, columns])
  }

  /// A row per matrix as a vector per matrix.
  func withoutRowAxis(_ x: NodeID) -> NodeID { reshaped(x, to: stackShape(x, columnCount(x))) }

  /// Blocks one below the other.
  func stackedRows(_ blocks: [NodeID]) -> NodeID { concatenated(blocks, along: layout(blocks[0]).rank - 2) }

  /// An element as a number of any type.
  func number(_ memory: UnsafeMutableRawPointer, _ type: ScalarType, _ position: Int) -> Double {
    type == .double ? memory.f64[position] : Double(memory.f32[position])
  }

  /// The elements as numbers, read by code that is not on the tape.
  func readNumbers(_ x: NodeID) -> [Double] {
    noteHostRead(x)
    return numbers(x)
  }

  /// The elements as numbers, for an evaluation.
  func numbers(_ x: NodeID) -> [Double] {
    let type = self[record: x].pointee.scalarType
    let mark = pointee.values.mark
    let count = layout(x).elementCount
    let memory = pointee.values.allocate(count * type.byteCount)
    copyValue(x, to: memory)
    let result = (0..<count).map { number(memory, type, $0) }
    pointee.values.reset(to: mark)
    return result
  }

  /// The diagonals of each matrix of a stack as numbers, for an evaluation.
  func diagonals(_ x: NodeID) -> [[Double]] {
    let (record, layout) = (self[record: x].pointee, layout(x))
    let (row, column) = (layout.strides[layout.rank - 2], layout.strides[layout.rank - 1])
    var result: [[Double]] = []
    forEachMatrix(layout.shape) { index, _ in
      let start = zip(index.indices, index).reduce(0) { $0 + Int(layout.strides[$1.0]) * $1.1 }
      result.append(
        (0..<Swift.min(rowCount(x), columnCount(x))).map {
          number(record.value, record.scalarType, start + $0 * Int(row + column))
        })
    }
    return result
  }

  // MARK: Right-hand sides

  /// Solves for a vector as for a matrix of one column.
  func withRightHandSide(
    _ a: NodeID, _ b: NodeID, _ function: String, solve: (NodeID) throws(LinearAlgebraError) -> NodeID
  ) throws(LinearAlgebraError) -> Handle {
    let (left, right) = (shape(a), shape(b))
    let rows = right.count == 1 ? right[0] : right.count == 0 ? -1 : right[right.count - 2]
    let leading = zip(left.dropLast(2).reversed(), right.dropLast(2).reversed())
    guard rows == rowCount(a), leading.allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else {
      misuse(.rightHandSide(function, left, right))
    }
    guard right.count == 1 else { return handle(try solve(b)) }
    let x = try solve(reshaped(b, to: .matrix(rows, 1)))
    return handle(reshaped(x, to: stackShape(x, rowCount(x))))
  }

  /// The layout of a solution: that of B, repeated along the leading axes of A.
  func solutionLayout(_ a: NodeID, _ b: NodeID) -> Int32 {
    let (left, right) = (shape(a).dropLast(2), shape(b).dropLast(2))
    var sizes = [Int](repeating: 1, count: Swift.max(left.count, right.count))
    for (axis, size) in left.reversed().enumerated() where size != 1 { sizes[sizes.count - 1 - axis] = size }
    for (axis, size) in right.reversed().enumerated() where size != 1 { sizes[sizes.count - 1 - axis] = size }
    return pointee.layouts.number(of: Shape(sizes + [rowCount(b), columnCount(b)]))
  }

  // MARK: Arithmetic of rules

  func sum(_ a: NodeID, _ b: NodeID) -> NodeID { elementwise(.add, a, b) }
  func difference(_ a: NodeID, _ b: NodeID) -> NodeID { elementwise(.subtract, a, b) }
  /// The strong product of a cotangent and a factor.
  func scaled(_ cotangent: NodeID, by factor: NodeID) -> NodeID { elementwise(.scaleCotangent, cotangent, factor) }
  func halved(_ x: NodeID) -> NodeID {
    elementwise(.multiply, x, constant(0.5, self[record: x].pointee.scalarType))
  }
  /// (X + Xᵀ) / 2
  func symmetricPart(_ x: NodeID) -> NodeID { halved(sum(x, matrixTransposed(x))) }

  // MARK: Constants

  /// Numbers by row and column.
  func constantMatrix(_ rows: Int, _ columns: Int, _ type: ScalarType, _ element: (Int, Int) -> Double) -> NodeID {
    let id = leaf(.matrix(rows, columns), type, .constant)
    let memory = self[record: id].pointee.value
    for row in 0..<rows {
      for column in 0..<columns {
        let value = element(row, column)
        if type == .double {
          memory.f64[row * columns + column] = value
        } else {
          memory.f32[row * columns + column] = Float(value)
        }
      }
    }
    return id
  }

  func identity(_ n: Int, _ type: ScalarType) -> NodeID { constantMatrix(n, n, type) { $0 == $1 ? 1 : 0 } }

  // MARK: Parts

  /// The lower triangle with the diagonal, or without it.
  func lower(_ x: NodeID, strictly: Bool = false) -> NodeID {
    triangle(x, isUpper: false, diagonal: strictly ? -1 : 0)
  }

  /// The upper triangle with the diagonal, or without it.
  func upper(_ x: NodeID, strictly: Bool = false) -> NodeID { triangle(x, isUpper: true, diagonal: strictly ? 1 : 0) }

  /// Matrices without their diagonals.
  func withoutDiagonal(_ x: NodeID) -> NodeID { sum(lower(x, strictly: true), upper(x, strictly: true)) }

  /// The diagonals of matrices, as rows.
  func diagonalRow(_ x: NodeID) -> NodeID { expanded(diagonal(x, offset: 0), at: [layout(x).rank - 2]) }

  /// Square matrices with rows of numbers on their diagonals.
  func diagonalMatrix(ofRow row: NodeID) -> NodeID { diagonalMatrix(withoutRowAxis(row), offset: 0) }
}

extension Evaluation {
  /// Throws for the first element of the first operand, a stack of matrices, that is not finite.
  func requireFinite(for function: String) throws(LinearAlgebraError) {
    let (x, layout) = (operand(0), layout(0))
    if layout.isContiguous {
      let (elements, count) = (input(0).value, layout.elementCount)
      let isFinite =
        type == .double
        ? wg_all_finite_f64(elements.f64, 1, count, count) : wg_all_finite_f32(elements.f32, 1, count, count)
      if isFinite { return }
    }
    guard let position = core.numbers(x).firstIndex(where: { !$0.isFinite }) else { return }
    let (rows, columns) = (core.rowCount(x), core.columnCount(x))
    let inMatrix = position % (rows * columns)
    throw error(
      function,
      .notFinite(row: inMatrix / columns, column: inMatrix % columns, matrix: position / (rows * columns)))
  }
}

// MARK: - Samples

extension Sample {
  /// A sample of a function that may fail, as tests put zeros, infinities and NaN into the operands. The result is
  /// then a constant, of `shape`.
  static func attempting(
    _ name: String, _ shapes: [Shape], _ domains: [ClosedRange<Double>] = [], result shape: Shape,
    apply: @escaping @Sendable (Core, [NodeID]) throws(LinearAlgebraError) -> NodeID
  ) -> Sample {
    Sample(name, shapes, domains) { operands in
      let core = Core.current
      do throws(LinearAlgebraError) { return AnyTensor(try apply(core, operands.map(\.id))) } catch {
        let type = core[record: operands[0].id].pointee.scalarType
        return AnyTensor(core.contiguous(core.broadcast(core.constant(0, type), to: shape)))
      }
    }
  }

  /// Inputs that leave matrices such as those below well conditioned.
  static let small: ClosedRange<Double> = -0.4...0.4
}

extension UnsafeMutablePointer<TapeCore> {
  /// A matrix of small elements with 2, 3, 4, … added along its diagonal: far from singular, and with eigenvalues and
  /// singular values far apart.
  func dominated(_ x: NodeID) -> NodeID {
    let type = self[record: x].pointee.scalarType
    return sum(x, constantMatrix(rowCount(x), columnCount(x), type) { $0 == $1 ? Double($0 + 2) : 0 })
  }

  /// X Xᵀ + 1
  func positiveDefinite(_ x: NodeID) -> NodeID {
    sum(matmul(x, matrixTransposed(x)), identity(rowCount(x), self[record: x].pointee.scalarType))
  }
}
