import CKernels
import ClosureGraph

/// The memory that bare loops work on, allocated once and aligned as the library's.
final class FloorBuffers<Scalar: BenchScalar> {
  let a, b, y, ybar, abar, bbar: UnsafeMutablePointer<Scalar>
  /// Elements of the result.
  let count: Int
  /// Elements of the first operand.
  let operandCount: Int

  init(_ operands: [Operand<Scalar>], resultCount: Int) {
    count = resultCount
    let sizes = operands.map(\.scalars.count)
    operandCount = sizes[0]
    let other = sizes.count > 1 ? sizes[1] : sizes[0]
    a = Self.allocate(sizes[0])
    b = Self.allocate(other)
    abar = Self.allocate(sizes[0])
    bbar = Self.allocate(other)
    y = Self.allocate(resultCount)
    ybar = Self.allocate(resultCount)
    a.update(from: operands[0].scalars, count: sizes[0])
    if sizes.count > 1 { b.update(from: operands[1].scalars, count: other) }
  }

  deinit { for memory in [a, b, y, ybar, abar, bbar] { memory.deallocate() } }

  static func allocate(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: Swift.max(1, count) * MemoryLayout<Scalar>.stride, alignment: 64
    ).bindMemory(to: Scalar.self, capacity: count)
    memory.initialize(repeating: 0, count: count)
    return memory
  }
}

extension FloorBuffers {
  /// The side of a square matrix.
  var side: Int { Int(Double(count).squareRoot()) }

  func sum(divisor: Scalar) {
    var layout = wg_layout()
    layout.rank = 1
    layout.sizes.0 = Int64(operandCount)
    layout.strides.0 = 1
    layout.count = Int64(operandCount)
    layout.contiguous = true
    Scalar.sum(a, &layout, 1, divisor, y)
  }
}
