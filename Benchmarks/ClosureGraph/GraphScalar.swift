import CKernels
import CLinearAlgebra

/// A number type that a closure graph can hold, with the C kernels for it: the very ones that the tape calls.
public protocol GraphScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  static func scalar(_ operation: Opcode, _ a: Self, _ b: Self) -> Self
  static func apply(
    _ operation: Opcode, _ operands: UnsafePointer<wg_view>, _ shape: UnsafePointer<wg_layout>,
    _ y: UnsafeMutablePointer<Self>)
  static func fill(_ value: Self, _ y: UnsafeMutablePointer<Self>, _ count: Int)
  static func sum(
    _ x: UnsafePointer<Self>, _ from: UnsafePointer<wg_layout>, _ axes: UInt32, _ divisor: Self,
    _ y: UnsafeMutablePointer<Self>)
  static func maximum(
    _ x: UnsafePointer<Self>, _ from: UnsafePointer<wg_layout>, _ axes: UInt32, _ y: UnsafeMutablePointer<Self>)
  /// c = op(a) op(b), and a row on top of each row if one is given.
  static func multiply(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Self>, _ lda: Int,
    _ b: UnsafePointer<Self>, _ ldb: Int, _ row: UnsafePointer<Self>?, _ c: UnsafeMutablePointer<Self>
  ) -> Bool
  static func softmax(_ x: UnsafePointer<Self>, _ rows: Int, _ n: Int, _ y: UnsafeMutablePointer<Self>)
  static func softmaxAdjoint(
    _ y: UnsafePointer<Self>, _ ybar: UnsafePointer<Self>, _ rows: Int, _ n: Int, _ accumulate: Bool,
    _ xbar: UnsafeMutablePointer<Self>)
  static func logSoftmax(_ x: UnsafePointer<Self>, _ rows: Int, _ n: Int, _ y: UnsafeMutablePointer<Self>)
  static func logSoftmaxAdjoint(
    _ y: UnsafePointer<Self>, _ ybar: UnsafePointer<Self>, _ rows: Int, _ n: Int, _ accumulate: Bool,
    _ xbar: UnsafeMutablePointer<Self>)
}

extension Double: GraphScalar {
  @inlinable @inline(__always)
  public static func scalar(_ operation: Opcode, _ a: Double, _ b: Double) -> Double {
    wg_scalar_f64(operation, a, b, 0)
  }
  @inlinable @inline(__always)
  public static func apply(
    _ operation: Opcode, _ operands: UnsafePointer<wg_view>, _ shape: UnsafePointer<wg_layout>,
    _ y: UnsafeMutablePointer<Double>
  ) { wg_apply_f64(operation, operands, shape, y) }
  @inlinable @inline(__always)
  public static func fill(_ value: Double, _ y: UnsafeMutablePointer<Double>, _ count: Int) {
    wg_fill_f64(value, y, count)
  }
  @inlinable @inline(__always)
  public static func sum(
    _ x: UnsafePointer<Double>, _ from: UnsafePointer<wg_layout>, _ axes: UInt32, _ divisor: Double,
    _ y: UnsafeMutablePointer<Double>
  ) { wg_sum_f64(x, from, axes, divisor, false, y) }
  @inlinable @inline(__always)
  public static func maximum(
    _ x: UnsafePointer<Double>, _ from: UnsafePointer<wg_layout>, _ axes: UInt32, _ y: UnsafeMutablePointer<Double>
  ) { wg_maximum_f64(x, from, axes, y) }
  @inlinable @inline(__always)
  public static func multiply(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Double>, _ lda: Int,
    _ b: UnsafePointer<Double>, _ ldb: Int, _ row: UnsafePointer<Double>?, _ c: UnsafeMutablePointer<Double>
  ) -> Bool { wg_multiply_onto_f64(transposeA, transposeB, m, n, k, a, lda, b, ldb, row, 0, c, n) }
  @inlinable @inline(__always)
  public static func softmax(
    _ x: UnsafePointer<Double>, _ rows: Int, _ n: Int, _ y: UnsafeMutablePointer<Double>
  ) { wg_softmax_f64(x, rows, n, 1, y) }
  @inlinable @inline(__always)
  public static func softmaxAdjoint(
    _ y: UnsafePointer<Double>, _ ybar: UnsafePointer<Double>, _ rows: Int, _ n: Int, _ accumulate: Bool,
    _ xbar: UnsafeMutablePointer<Double>
  ) { wg_softmax_adjoint_f64(y, ybar, rows, n, 1, accumulate, xbar) }
  @inlinable @inline(__always)
  public static func logSoftmax(
    _ x: UnsafePointer<Double>, _ rows: Int, _ n: Int, _ y: UnsafeMutablePointer<Double>
  ) { wg_log_softmax_f64(x, rows, n, 1, y) }
  @inlinable @inline(__always)
  public static func logSoftmaxAdjoint(
    _ y: UnsafePointer<Double>, _ ybar: UnsafePointer<Double>, _ rows: Int, _ n: Int, _ accumulate: Bool,
    _ xbar: UnsafeMutablePointer<Double>
  ) { wg_log_softmax_adjoint_f64(y, ybar, rows, n, 1, accumulate, xbar) }
}

extension Float: GraphScalar {
  @inlinable @inline(__always)
  public static func scalar(_ operation: Opcode, _ a: Float, _ b: Float) -> Float {
    wg_scalar_f32(operation, a, b, 0)
  }
  @inlinable @inline(__always)
  public static func apply(
    _ operation: Opcode, _ operands: UnsafePointer<wg_view>, _ shape: UnsafePointer<wg_layout>,
    _ y: UnsafeMutablePointer<Float>
  ) { wg_apply_f32(operation, operands, shape, y) }
  @inlinable @inline(__always)
  public static func fill(_ value: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    wg_fill_f32(value, y, count)
  }
  @inlinable @inline(__always)
  public static func sum(
    _ x: UnsafePointer<Float>, _ from: UnsafePointer<wg_layout>, _ axes: UInt32, _ divisor: Float,
    _ y: UnsafeMutablePointer<Float>
  ) { wg_sum_f32(x, from, axes, divisor, false, y) }
  @inlinable @inline(__always)
  public static func maximum(
    _ x: UnsafePointer<Float>, _ from: UnsafePointer<wg_layout>, _ axes: UInt32, _ y: UnsafeMutablePointer<Float>
  ) { wg_maximum_f32(x, from, axes, y) }
  @inlinable @inline(__always)
  public static func multiply(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ lda: Int,
    _ b: UnsafePointer<Float>, _ ldb: Int, _ row: UnsafePointer<Float>?, _ c: UnsafeMutablePointer<Float>
  ) -> Bool { wg_multiply_onto_f32(transposeA, transposeB, m, n, k, a, lda, b, ldb, row, 0, c, n) }
  @inlinable @inline(__always)
  public static func softmax(
    _ x: UnsafePointer<Float>, _ rows: Int, _ n: Int, _ y: UnsafeMutablePointer<Float>
  ) { wg_softmax_f32(x, rows, n, 1, y) }
  @inlinable @inline(__always)
  public static func softmaxAdjoint(
    _ y: UnsafePointer<Float>, _ ybar: UnsafePointer<Float>, _ rows: Int, _ n: Int, _ accumulate: Bool,
    _ xbar: UnsafeMutablePointer<Float>
  ) { wg_softmax_adjoint_f32(y, ybar, rows, n, 1, accumulate, xbar) }
  @inlinable @inline(__always)
  public static func logSoftmax(
    _ x: UnsafePointer<Float>, _ rows: Int, _ n: Int, _ y: UnsafeMutablePointer<Float>
  ) { wg_log_softmax_f32(x, rows, n, 1, y) }
  @inlinable @inline(__always)
  public static func logSoftmaxAdjoint(
    _ y: UnsafePointer<Float>, _ ybar: UnsafePointer<Float>, _ rows: Int, _ n: Int, _ accumulate: Bool,
    _ xbar: UnsafeMutablePointer<Float>
  ) { wg_log_softmax_adjoint_f32(y, ybar, rows, n, 1, accumulate, xbar) }
}
