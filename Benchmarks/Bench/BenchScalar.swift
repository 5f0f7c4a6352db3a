import BenchSupport
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

  // A training step by hand; see Floors.h.
  static func sumRows(_ x: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>, rows: Int, _ n: Int)
  static func throughTanh(_ y: UnsafePointer<Self>, _ ybar: UnsafeMutablePointer<Self>, _ n: Int)
  static func tanh(_ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ n: Int)
  static func descend(_ rate: Self, _ g: UnsafePointer<Self>, _ p: UnsafeMutablePointer<Self>, _ n: Int)
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
  static func sumRows(_ x: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>, rows: Int, _ n: Int) {
    wf_sum_rows_f64(x, sums, rows, n)
  }
  static func throughTanh(_ y: UnsafePointer<Double>, _ ybar: UnsafeMutablePointer<Double>, _ n: Int) {
    wf_through_tanh_f64(y, ybar, n)
  }
  static func tanh(_ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ n: Int) { wg_tanh_f64(x, y, n) }
  static func descend(_ rate: Double, _ g: UnsafePointer<Double>, _ p: UnsafeMutablePointer<Double>, _ n: Int) {
    wf_descend_f64(rate, g, p, n)
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
  static func sumRows(_ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, rows: Int, _ n: Int) {
    wf_sum_rows_f32(x, sums, rows, n)
  }
  static func throughTanh(_ y: UnsafePointer<Float>, _ ybar: UnsafeMutablePointer<Float>, _ n: Int) {
    wf_through_tanh_f32(y, ybar, n)
  }
  static func tanh(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ n: Int) { wg_tanh_f32(x, y, n) }
  static func descend(_ rate: Float, _ g: UnsafePointer<Float>, _ p: UnsafeMutablePointer<Float>, _ n: Int) {
    wf_descend_f32(rate, g, p, n)
  }
}
