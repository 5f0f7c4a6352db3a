import Testing
import Wengert

/// Products of matrices, of every combination of axes and layouts, against three loops.
@Suite struct MatmulTests {
  private static let pairs: [(Shape, Shape)] = [
    ([3], [3]), ([3], [3, 4]), ([2, 3], [3]), ([2, 3], [3, 4]), ([1, 1], [1, 1]), ([1, 5], [5, 1]), ([5, 1], [1, 5]),
    ([5, 2, 3], [3]), ([3], [5, 3, 2]), ([5, 2, 3], [3, 4]), ([2, 3], [5, 3, 4]), ([5, 2, 3], [5, 3, 4]),
    ([5, 2, 3], [1, 3, 4]), ([1, 2, 3], [5, 3, 4]), ([2, 1, 2, 3], [3, 3, 2]), ([2, 3, 2, 3], [2, 1, 3, 2]),
    ([1, 3, 2, 3], [2, 1, 3, 2]), ([4, 1, 2, 2, 3], [2, 1, 3, 1]), ([2, 0], [0, 3]), ([0, 2], [2, 3]),
    ([2, 3], [3, 0]),
    ([0], [0]), ([0], [0, 2]), ([0, 2, 3], [3, 4]), ([0, 2, 3], [1, 3, 4]), ([2, 2, 0], [2, 0, 3]),
  ]

  @Test(arguments: pairs.indices, Layout.allCases)
  func ranksAndBatches(_ pair: Int, _ layout: Layout) {
    let (p, q) = Self.pairs[pair]
    var generator = SeededGenerator(for: "matmul \(p) \(q)")
    let (a, b) = (generator.array(p), generator.array(q))
    for other in Layout.allCases { check(a, b, layout, other) }
  }

  /// All pairs of one to four axes, with axes of one element, and no elements, to be broadcast.
  @Test(arguments: 1...4, 1...4)
  func allRanks(_ left: Int, _ right: Int) {
    var generator = SeededGenerator(for: "matmul ranks \(left) \(right)")
    for batch in [[2, 3], [1, 3], [2, 1], [1, 1], [0, 3]] {
      let p = Array((batch + [4, 5]).suffix(left))
      for other in [[2, 3], [2, 1], [1, 3]] {
        var q = Array((other + [5, 2]).suffix(right))
        if left == 1 && right == 1 || right == 1 { q = [5] }
        if left == 1 && right > 1 { q[right - 2] = 5 }
        guard NaiveArray.broadcast(Array(p.dropLast(2)), Array(q.dropLast(2))) != nil else { continue }
        check(generator.array(Shape(p)), generator.array(Shape(q)), .contiguous, .transposed)
        check(generator.array(Shape(p)), generator.array(Shape(q)), .broadcast, .contiguous)
      }
    }
  }

  /// Square, tall, wide and thin products across the sizes where one kernel hands over to the next.
  @Test func sizes() {
    var generator = SeededGenerator(for: "matmul sizes")
    for n in 1...70 {
      check(generator.array([n, n]), generator.array([n, n]), .contiguous, .contiguous)
      let m = 1 + Int(generator.next() % 33)
      check(generator.array([m, n]), generator.array([n, 70 - n + 1]), .transposed, .contiguous)
      check(generator.array([n, m]), generator.array([m, 3]), .contiguous, .transposed)
      check(generator.array([2, n]), generator.array([n, 2]), .transposed, .transposed)
    }
    for (m, k, n) in [(128, 128, 128), (129, 1, 200), (1, 300, 130), (130, 131, 3), (64, 64, 65), (64, 4097, 2)] {
      check(generator.array([m, k]), generator.array([k, n]), .contiguous, .contiguous)
      check(generator.array([m, k]), generator.array([k, n]), .transposed, .transposed)
    }
  }

  /// Products that are cut between rows or columns, and those that BLAS is left to, in every layout, onto a bias.
  @Test(arguments: [
    (600, 50, 70), (70, 50, 600), (130, 300, 131), (31, 200, 257), (1, 3000, 900), (2000, 900, 1), (3, 40_000, 5),
    (340, 341, 342), (270, 515, 260), (20, 1500, 1300), (1300, 1500, 20),
  ])
  func largeSizes(_ m: Int, _ k: Int, _ n: Int) {
    var generator = SeededGenerator(for: "matmul \(m) \(k) \(n)")
    let (a, b, bias) = (generator.array([m, k]), generator.array([k, n]), generator.array([n]))
    // Three loops, over rows as they lie in memory.
    var expected = [Double](repeating: 0, count: m * n)
    expected.withUnsafeMutableBufferPointer { c in
      a.scalars.withUnsafeBufferPointer { a in
        b.scalars.withUnsafeBufferPointer { b in
          for i in 0..<m { for p in 0..<k { for j in 0..<n { c[i * n + j] += a[i * k + p] * b[p * n + j] } } }
        }
      }
    }
    func compare(_ x: [Double], _ y: [Double], _ tolerance: Double, _ name: String) {
      expectEqual(x, y, relativeTo: tolerance, "\(name) of \(m) × \(k) × \(n)")
    }
    let withBias = expected.indices.map { expected[$0] + bias.scalars[$0 % n] }
    Tape.scope {
      let (left, right) = (Tensor(a), Tensor(b))
      for isLeft in [false, true] {
        for isRight in [false, true] {
          // A transpose that lies in memory as such, seen the other way round.
          let x = isLeft ? Tensor(left.transposed().value).transposed() : left
          let y = isRight ? Tensor(right.transposed().value).transposed() : right
          compare(matmul(x, y).scalars, expected, 1e-13, "product \(isLeft) \(isRight)")
          compare(affine(x, y, Tensor(bias)).scalars, withBias, 1e-13, "affine \(isLeft) \(isRight)")
        }
      }
      let (x, y) = (Tensor(a.converted(to: Float.self)), Tensor(b.converted(to: Float.self)))
      compare(matmul(x, y).scalars.map(Double.init), expected, 1e-5, "Float product")
    }
  }

  @Test func floatAgreesWithDouble() {
    var generator = SeededGenerator(for: "matmul Float")
    for n in [1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 64, 65, 90] {
      let (a, b) = (generator.array([n, n + 1]), generator.array([n + 1, 2 * n]))
      let wide = evaluate { matmul(Tensor(a), Tensor(b)) }
      let narrow = evaluate { matmul(Tensor(a.converted(to: Float.self)), Tensor(b.converted())) }
      #expect(narrow.shape == wide.shape)
      expectEqual(narrow.scalars.map(Double.init), wide.scalars, relativeTo: 1e-5, "Float matmul of size \(n)")
    }
  }

  /// Zeros of a cotangent are strong row by row: what is not finite meets only them.
  @Test(arguments: [2, 9, 40, 90])
  func singularRowsBesideRegularOnes(_ n: Int) {
    var generator = SeededGenerator(for: "matmul singular \(n)")
    var (a, b) = (generator.array([n, n]), generator.array([n, n]))
    var v = generator.array([n, n])
    // Row 1 of the left operand is not finite, nor column 0 of the right one; no cotangent reaches their products.
    for k in 0..<n {
      v[1, k] = 0
      v[k, 0] = 0
    }
    func adjoints(_ a: ShapedArray<Double>, _ b: ShapedArray<Double>, recorded: Bool) -> [ShapedArray<Double>] {
      func pass() -> [ShapedArray<Double>] {
        Tape.scope {
          valueWithPullback(at: [Tensor(a), Tensor(b)]) { matmul($0[0], $0[1]) }.pullback(Tensor(v)).map(\.value)
        }
      }
      return recorded ? insideDifferentiation(pass) : pass()
    }
    let expected = adjoints(a, b, recorded: false)
    for k in 0..<n {
      a[1, k] = k % 2 == 0 ? .nan : .infinity
      b[k, 0] = k % 2 == 0 ? -.infinity : .nan
    }
    for recorded in [false, true] {
      for (actual, expected) in zip(adjoints(a, b, recorded: recorded), expected) {
        expectEqual(actual.scalars, expected.scalars, relativeTo: 1e-14, "size \(n), recorded: \(recorded)")
      }
    }
  }

  /// Values are not adjoints: there 0 · ∞ is NaN, as in IEEE 754.
  @Test(arguments: [1, 3, 20, 80])
  func productsOfValuesAreNotStrong(_ n: Int) {
    let zeros = Tensor(repeating: 0.0, shape: [n, n])
    for special in [Double.infinity, -.infinity, .nan] {
      #expect(matmul(zeros, Tensor(repeating: special, shape: [n, n])).scalars.allSatisfy { $0.isNaN })
      #expect(matmul(Tensor(repeating: special, shape: [n, n]), zeros).scalars.allSatisfy { $0.isNaN })
    }
  }

  private func check(_ a: ShapedArray<Double>, _ b: ShapedArray<Double>, _ left: Layout, _ right: Layout) {
    let context = "\(left.rawValue) \(a.shape) by \(right.rawValue) \(b.shape)"
    let (x, y) = (left.elements(a), right.elements(b))
    let expected = x.matmul(y)
    var generator = SeededGenerator(for: context)
    let v = generator.array(Shape(expected.shape))
    let (value, g, h) = Tape.scope {
      let (p, q) = (left.tensor(a), right.tensor(b))
      let (g, h) = gradient(at: p, q) { (matmul($0, $1) * Tensor(v)).sum() }
      return (matmul(p, q).value, g.value, h.value)
    }
    expectEqual(value, expected, relativeTo: 1e-14, context)
    // Ȳ Bᵀ and Aᵀ Ȳ, on operands that all have rows and columns.
    let rows = x.shape.count == 1 ? NaiveArray([1] + x.shape, x.scalars) : x
    let columns = y.shape.count == 1 ? NaiveArray(y.shape + [1], y.scalars) : y
    var shape = expected.shape
    if x.shape.count == 1 { shape.insert(1, at: shape.count - (y.shape.count == 1 ? 0 : 1)) }
    if y.shape.count == 1 { shape.append(1) }
    let cotangent = NaiveArray(shape, v.scalars)
    let leftAdjoint = cotangent.matmul(columns.matrixTransposed).summed(to: rows.shape)
    let rightAdjoint = rows.matrixTransposed.matmul(cotangent).summed(to: columns.shape)
    expectEqual(g, NaiveArray(x.shape, leftAdjoint.scalars), relativeTo: 1e-14, "left adjoint of \(context)")
    expectEqual(h, NaiveArray(y.shape, rightAdjoint.scalars), relativeTo: 1e-14, "right adjoint of \(context)")
  }
}

extension NaiveArray {
  fileprivate var matrixTransposed: NaiveArray {
    let rank = shape.count
    return transposed(Array(0..<rank - 2) + [rank - 1, rank - 2])
  }
}
