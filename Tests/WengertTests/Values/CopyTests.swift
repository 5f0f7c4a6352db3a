import CKernels
import Testing
import Wengert

/// Copies of transposed arrays go by squares in registers, with edges beside them: every size around a square's.
@Suite struct CopyTests {
  @Test(arguments: [1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 130])
  func transposes(_ rows: Int) {
    for columns in [1, 5, 8, 16, 17, 40, 129] {
      check(Double.self, rows, columns, wg_copy_f64)
      check(Float.self, rows, columns, wg_copy_f32)
    }
  }

  private typealias Copy<T> = (
    UnsafePointer<T>?, UnsafePointer<wg_layout>?, UnsafeMutablePointer<T>?, UnsafePointer<wg_layout>?, Bool
  ) -> Void

  private func check<T: TensorScalar>(_: T.Type, _ rows: Int, _ columns: Int, _ copy: Copy<T>) {
    let x = (0..<rows * columns).map { T($0) }
    for accumulate in [false, true] {
      var y = (0..<rows * columns).map { T(-3 * $0) }
      let expected = (0..<rows * columns).map { i in
        x[i % rows * columns + i / rows] + (accumulate ? y[i] : 0)
      }
      var (from, to) = (wg_layout([columns, rows], [1, columns]), wg_layout([columns, rows], [rows, 1]))
      copy(x, &from, &y, &to, accumulate)
      #expect(y == expected, "\(T.self), \(rows) by \(columns), accumulate \(accumulate)")
    }
  }

  @Test func orders() {
    for (shape, axes) in [
      ([3, 20, 18], [0, 2, 1]), ([20, 3, 18], [2, 1, 0]), ([17, 9, 20], [2, 0, 1]), ([5, 3, 40], [2, 0, 1]),
      ([3, 21, 2], [1, 2, 0]), ([2, 17, 2, 19], [0, 3, 2, 1]),
    ] as [(Shape, [Int])] {
      var generator = SeededGenerator(for: "orders \(shape)")
      let array = generator.array(shape)
      let expected = NaiveArray(array).transposed(axes)
      expectEqual(evaluate { Tensor(array).permuted(axes) }, expected, "\(shape) in order \(axes)")
      let flipped = evaluate { Tensor(array).permuted(axes).flipped() }
      let sizes = expected.shape
      expectEqual(
        flipped, NaiveArray(sizes) { index in expected[zip(index, sizes).map { $1 - 1 - $0 }] }, "\(axes), flipped")
    }
  }
}

extension wg_layout {
  /// A layout of the given sizes and strides.
  fileprivate init(_ sizes: [Int], _ strides: [Int]) {
    self.init()
    rank = Int32(sizes.count)
    count = Int64(sizes.reduce(1, *))
    withUnsafeMutableBytes(of: &self.sizes) { bytes in
      for (axis, size) in sizes.enumerated() {
        bytes.storeBytes(of: Int64(size), toByteOffset: axis * 8, as: Int64.self)
      }
    }
    withUnsafeMutableBytes(of: &self.strides) { bytes in
      for (axis, stride) in strides.enumerated() {
        bytes.storeBytes(of: Int64(stride), toByteOffset: axis * 8, as: Int64.self)
      }
    }
    contiguous = false
  }
}
