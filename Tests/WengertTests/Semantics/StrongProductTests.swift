import Testing
import Wengert

/// A factor that is not finite, in products whose test for it looks at the factor and in those that look at the product.
@Suite struct StrongProductTests {
  @Test(arguments: [(rows: 9, inner: 2, columns: 3), (rows: 2, inner: 7, columns: 8), (rows: 3, inner: 3, columns: 3)])
  func aRowWithoutCotangentContributesNothing(_ size: (rows: Int, inner: Int, columns: Int)) {
    for bad in [Double.infinity, -.infinity, .nan] {
      var a = ShapedArray(repeating: 0.5, shape: [size.rows, size.inner])
      a.withUnsafeMutableBufferPointer { $0[0] = bad }
      let b = ShapedArray(repeating: 0.25, shape: [size.inner, size.columns])
      let result = gradient(at: Tensor(a), Tensor(b)) { a, b in matmul(a, b)[1...].sum() }
      let expected = 0.5 * Double(size.rows - 1)
      #expect(result.1.value == ShapedArray(repeating: expected, shape: [size.inner, size.columns]))
      #expect(result.0.scalars[0] == 0 && result.0.scalars[size.inner] == 0.25 * Double(size.columns))
      // The other way round: a column that nothing flows into.
      let other = gradient(at: Tensor(b).transposed(), Tensor(a).transposed()) { b, a in
        matmul(b, a)[0..., 1...].sum()
      }
      #expect(other.0.value == ShapedArray(repeating: expected, shape: [size.columns, size.inner]))
    }
  }

  @Test func anOverflowingProductStaysInfinite() {
    let a = Tensor(ShapedArray(repeating: 1e300, shape: [8, 2]))
    let b = Tensor(ShapedArray(repeating: 1.0, shape: [2, 3]))
    let result = gradient(at: b) { (matmul(a, $0) * 1e300).sum() }
    #expect(result.value == ShapedArray(repeating: .infinity, shape: [2, 3]))
  }

  @Test(arguments: [(4, 3, 2), (64, 32, 32), (200, 160, 180)])
  func aBiasOfAnyLayoutIsAdded(_ size: (Int, Int, Int)) {
    let (rows, inputs, outputs) = size
    var generator = SeededGenerator(for: "bias")
    func random(_ shape: Shape) -> Tensor<Double> { Tensor(generator.array(shape)) }
    let (x, weight, table) = (random([rows, inputs]), random([inputs, outputs]), random([outputs, 3]))
    let column = table[0..., 1]
    let expected = matmul(x, weight) + column
    expectEqual(affine(x, weight, column).scalars, expected.scalars, relativeTo: 1e-14, "a column")
    expectEqual(affine(x, weight, Tensor(column.value)).scalars, expected.scalars, relativeTo: 1e-14, "a vector")
  }
}
