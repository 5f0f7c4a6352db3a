import CKernels
import CLinearAlgebra

// The kernels of convolutions, by number type.

extension ScalarType {
  /// Whether all of some elements are finite.
  func isFinite(_ x: UnsafeMutableRawPointer, _ count: Int) -> Bool {
    self == .double ? wg_all_finite_f64(x.f64, 1, count, count) : wg_all_finite_f32(x.f32, 1, count, count)
  }

  /// A matrix as GEMM takes it.
  typealias Matrix = (base: UnsafeMutableRawPointer, isTransposed: Bool, leadingDimension: Int)

  /// C = A B, or C += A B. If the zeros of a factor are strong, C has no gaps.
  func multiply(
    _ a: Matrix, _ b: Matrix, _ m: Int, _ n: Int, _ k: Int, _ accumulate: Bool,
    _ c: (base: UnsafeMutableRawPointer, leadingDimension: Int), _ strong: CotangentSide?
  ) {
    guard m > 0 && n > 0 else { return }
    if let strong {
      func strided(_ matrix: Matrix) -> wg_matrix {
        wg_matrix(
          data: matrix.base, row_stride: matrix.isTransposed ? 1 : matrix.leadingDimension,
          column_stride: matrix.isTransposed ? matrix.leadingDimension : 1)
      }
      // The filters and outputs, which are second operands, are left factors.
      let isFirst = strong == .right
      if self == .double {
        return wg_strong_multiply_f64(strided(a), strided(b), isFirst, !isFirst, m, n, k, accumulate, c.base.f64)
      }
      return wg_strong_multiply_f32(strided(a), strided(b), isFirst, !isFirst, m, n, k, accumulate, c.base.f32)
    }
    let isDone: Bool
    if self == .double {
      isDone = wg_multiply_f64(
        a.isTransposed, b.isTransposed, m, n, k, a.base.f64, a.leadingDimension, b.base.f64, b.leadingDimension,
        accumulate, c.base.f64, c.leadingDimension)
    } else {
      isDone = wg_multiply_f32(
        a.isTransposed, b.isTransposed, m, n, k, a.base.f32, a.leadingDimension, b.base.f32, b.leadingDimension,
        accumulate, c.base.f32, c.leadingDimension)
    }
    precondition(isDone, "strides are those of a matrix")
  }

  func unfold(
    _ image: UnsafeMutableRawPointer, _ channels: Int, _ windows: wg_windows, _ first: Int, _ count: Int,
    _ patches: UnsafeMutableRawPointer, _ stride: Int
  ) {
    withUnsafePointer(to: windows) {
      if self == .double {
        wg_unfold_f64(image.f64, channels, $0, first, count, patches.f64, stride)
      } else {
        wg_unfold_f32(image.f32, channels, $0, first, count, patches.f32, stride)
      }
    }
  }

  func fold(
    _ patches: UnsafeMutableRawPointer, _ stride: Int, _ channels: Int, _ windows: wg_windows, _ first: Int,
    _ count: Int, _ image: UnsafeMutableRawPointer
  ) {
    withUnsafePointer(to: windows) {
      if self == .double {
        wg_fold_f64(patches.f64, stride, channels, $0, first, count, image.f64)
      } else {
        wg_fold_f32(patches.f32, stride, channels, $0, first, count, image.f32)
      }
    }
  }
}
