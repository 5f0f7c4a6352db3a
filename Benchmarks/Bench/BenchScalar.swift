import CKernels
import CLinearAlgebra
import ClosureGraph
import Floors
import Wengert

/// A number type that both designs and the bare loops can compute with.
protocol BenchScalar: TensorScalar, GraphScalar {
  static var choice: ScalarChoice { get }
  /// The largest difference of equal computations, relative to the largest element.
  static var tolerance: Double { get }

  /// The library's kernel for one operation, called without anything around it.
  static func forwardLoop(_ operation: Opcode, _ buffers: FloorBuffers<Self>)
  /// The backward pass through `sum(op(a, b))` as one would write it by hand.
  static func backwardLoop(_ adjoint: Adjoint, _ buffers: FloorBuffers<Self>)
  /// op(a) op(b) for row-major matrices of m × k and k × n, by a call of BLAS.
  static func blas(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Self>,
    _ b: UnsafePointer<Self>, _ c: UnsafeMutablePointer<Self>)
}

extension Double: BenchScalar {
  static var choice: ScalarChoice { .double }
  static var tolerance: Double { 1e-11 }
  static func forwardLoop(_ operation: Opcode, _ o: FloorBuffers<Double>) {
    wf_forward_f64(operation, o.a, o.b, o.y, o.count)
  }
  static func backwardLoop(_ adjoint: Adjoint, _ o: FloorBuffers<Double>) {
    wf_backward_f64(adjoint, o.a, o.b, o.y, o.ybar, o.abar, o.bbar, o.count)
  }
  static func blas(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Double>,
    _ b: UnsafePointer<Double>, _ c: UnsafeMutablePointer<Double>
  ) {
    _ = wg_gemm_f64(transposeA, transposeB, m, n, k, 1, a, transposeA ? m : k, b, transposeB ? k : n, 0, c, n)
  }
}

extension Float: BenchScalar {
  static var choice: ScalarChoice { .float }
  static var tolerance: Double { 1e-4 }
  static func forwardLoop(_ operation: Opcode, _ o: FloorBuffers<Float>) {
    wf_forward_f32(operation, o.a, o.b, o.y, o.count)
  }
  static func backwardLoop(_ adjoint: Adjoint, _ o: FloorBuffers<Float>) {
    wf_backward_f32(adjoint, o.a, o.b, o.y, o.ybar, o.abar, o.bbar, o.count)
  }
  static func blas(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>
  ) {
    _ = wg_gemm_f32(transposeA, transposeB, m, n, k, 1, a, transposeA ? m : k, b, transposeB ? k : n, 0, c, n)
  }
}

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

  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: Swift.max(1, count) * MemoryLayout<Scalar>.stride, alignment: 64
    ).bindMemory(to: Scalar.self, capacity: count)
    memory.initialize(repeating: 0, count: count)
    return memory
  }
}
