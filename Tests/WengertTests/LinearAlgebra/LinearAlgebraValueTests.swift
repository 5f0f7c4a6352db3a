import Foundation
import Testing
import Wengert

@Suite struct LinearAlgebraValueTests {
  @Test(arguments: LinearAlgebraReference.all)
  func agreesWithPyTorch(_ reference: LinearAlgebraReference) throws {
    try compare(reference, Double.self, value: 2e-15, gradient: 1e-13)
    try compare(reference, Float.self, value: 1e-6, gradient: 1e-5)
  }

  private func compare<S: TensorScalar>(
    _ reference: LinearAlgebraReference, _: S.Type, value tolerance: Double, gradient gradientTolerance: Double
  ) throws {
    let inputs = reference.inputs.map { $0.converted(to: S.self) }
    try Tape.scope {
      let tensors = inputs.map { Tensor($0) }
      // Named `Double` for the table's sake; the records know their type.
      let results = try valueWithPullback(at: tensors) { x in
        try reference.function(x.map { $0.named() }).named(S.self)
      }
      let count = results.value.shape.elementCount
      let weights = ShapedArray(shape: results.value.shape, scalars: (0..<count).map { S(cos(Double($0 + 1))) })
      expectEqual(
        results.value.scalars.map(Double.init), reference.value, relativeTo: tolerance,
        "\(S.self) \(reference.testDescription)")
      for (gradient, expected) in zip(results.pullback(Tensor(weights)), reference.gradients) {
        expectEqual(
          gradient.scalars.map(Double.init), expected, relativeTo: gradientTolerance,
          "gradient of \(S.self) \(reference.testDescription)")
      }
    }
  }

  static let sizes = [1, 2, 3, 8, 17, 40]

  @Test(arguments: sizes)
  func solutionsSolve(_ n: Int) throws {
    var generator = SeededGenerator(seed: UInt64(n))
    let (a, b) = (NaiveArray(generator.dominated(n, n)), generator.array([n, 3]))
    let (x, y, z) = try Tape.scope {
      let a = Tensor(ShapedArray(a))
      return (try solve(a, Tensor(b)).value, try inverse(a).value, try solve(a.transposed(), Tensor(b)).value)
    }
    expectEqual(ShapedArray(a.matmul(NaiveArray(x))), NaiveArray(b), relativeTo: 1e-13, "A X = B")
    expectEqual(ShapedArray(a.matmul(NaiveArray(y))), .identity(n), relativeTo: 1e-13, "A A⁻¹ = 1")
    let product = a.transposed([1, 0]).matmul(NaiveArray(z))
    expectEqual(ShapedArray(product), NaiveArray(b), relativeTo: 1e-13, "Aᵀ X = B")
  }

  @Test(arguments: [(1, 1), (5, 5), (9, 4), (4, 9), (33, 17), (17, 33), (1, 6), (6, 1)])
  func factorsMultiplyToTheMatrix(_ m: Int, _ n: Int) throws {
    var generator = SeededGenerator(seed: UInt64(m * 100 + n))
    let a = generator.array([m, n])
    let k = min(m, n)
    let parts = try Tape.scope {
      let (q, r) = qr(Tensor(a))
      let (u, s, vt) = try svd(Tensor(a))
      return [q, r, u, s, vt].map(\.value)
    }
    let (q, r, u, vt) = (
      NaiveArray(parts[0]), NaiveArray(parts[1]), NaiveArray(parts[2]), NaiveArray(parts[4])
    )
    let s = parts[3].scalars
    #expect(q.shape == [m, k] && r.shape == [k, n] && u.shape == [m, k] && s.count == k && vt.shape == [k, n])
    expectEqual(ShapedArray(q.matmul(r)), NaiveArray(a), relativeTo: 1e-14, "Q R = A")
    for (name, basis) in [("Q", q), ("U", u), ("V", vt.transposed([1, 0]))] {
      expectEqual(
        ShapedArray(basis.transposed([1, 0]).matmul(basis)), .identity(k), relativeTo: 1e-14, "\(name)ᵀ \(name) = 1")
    }
    for row in 0..<k { for column in 0..<min(row, n) { #expect(r[[row, column]] == 0) } }
    let scaled = NaiveArray([m, k]) { u[$0] * s[$0[1]] }
    expectEqual(ShapedArray(scaled.matmul(vt)), NaiveArray(a), relativeTo: 1e-14, "U S Vᵀ = A")
    #expect(zip(s, s.dropFirst()).allSatisfy(>=) && s.allSatisfy { $0 >= 0 })
    let alone = try Tape.scope { try singularValues(of: Tensor(a)).scalars }
    #expect(alone == s)
  }

  @Test(arguments: sizes)
  func symmetricFactors(_ n: Int) throws {
    var generator = SeededGenerator(seed: UInt64(n))
    let x = NaiveArray(generator.array([n, n]))
    let definite = x.matmul(x.transposed([1, 0])).map(.identity(n), +)
    let symmetric = x.map(x.transposed([1, 0]), +)
    let (l, values, vectors) = try Tape.scope {
      let (values, vectors) = try eigh(Tensor(ShapedArray(symmetric)))
      return (try cholesky(Tensor(ShapedArray(definite))).value, values.scalars, vectors.value)
    }
    let lower = NaiveArray(l)
    expectEqual(
      ShapedArray(lower.matmul(lower.transposed([1, 0]))), definite, relativeTo: 1e-13, "L Lᵀ = A")
    for row in 0..<n { for column in row + 1..<max(n, row + 1) { #expect(lower[[row, column]] == 0) } }
    let v = NaiveArray(vectors)
    let scaled = NaiveArray([n, n]) { v[$0] * values[$0[1]] }
    expectEqual(
      ShapedArray(scaled.matmul(v.transposed([1, 0]))), symmetric, relativeTo: 1e-13, "V W Vᵀ = A")
    expectEqual(ShapedArray(v.transposed([1, 0]).matmul(v)), .identity(n), relativeTo: 1e-13, "Vᵀ V = 1")
    #expect(values == values.sorted())
  }

  @Test func closedForms() throws {
    try Tape.scope {
      // −1, 2, −1 along the diagonals.
      let n = 12
      let chain = NaiveArray([n, n]) { $0[0] == $0[1] ? 2 : abs($0[0] - $0[1]) == 1 ? -1 : 0 }
      let expected = (1...n).map { 2 - 2 * cos(Double($0) * .pi / Double(n + 1)) }
      let values = try eigenvalues(ofSymmetric: Tensor(ShapedArray(chain))).scalars
      expectEqual(values, expected, relativeTo: 1e-15, "a chain's eigenvalues")
      #expect(abs(determinant(Tensor(ShapedArray(chain))).item - Double(n + 1)) <= 1e-13)
      let s = try singularValues(of: Tensor([[3.0, 0], [4, 5]])).scalars
      expectEqual(s, [sqrt(45), sqrt(5)] as [Double], relativeTo: 2e-15, "√45 and √5")
      // Of rank 1: the transpose over the sum of squares.
      let p = try pseudoInverse(Tensor([[1.0, 2], [2, 4], [3, 6]]))
      expectEqual(p.scalars, [1, 2, 3, 2, 4, 6].map { $0 / 70 }, relativeTo: 1e-15, "pseudoinverse")
      #expect(
        try pseudoInverse(Tensor(repeating: 0.0, shape: [2, 3])).value == ShapedArray(repeating: 0, shape: [3, 2]))
      let cut = try pseudoInverse(Tensor([[1.0, 0], [0, 0.01]]), relativeTolerance: 0.1)
      #expect(cut.scalars == [1, 0, 0, 0])
      #expect(determinant(Tensor([[0.0, 1], [1, 0]])).item == -1)
      // The product of the pivots leaves the range of numbers on its way.
      let far = ShapedArray(NaiveArray([4, 4]) { $0[0] == $0[1] ? ($0[0] < 2 ? 1e200 : 1e-200) : 0 })
      #expect(abs(determinant(Tensor(far)).item - 1) <= 1e-15)
    }
  }

  @Test func exponentials() {
    let a = ShapedArray([[0.5, -1.25, 0.75], [2, 0.25, -0.5], [-1.5, 1, 3]])
    // mpmath with 40 digits.
    let small = [
      -1.226024925093821, 0.8332774089131909, 4.600105274795779, 1.8365218363461304, -0.2872470314965999,
      0.25203492021637286, -3.917267731912832, 7.420344386085344, 13.97219925197727,
    ]
    let large = [
      -61521325.76934609, 162981848.46156126, 302542356.3168118, -11959369.485012865, 31682994.859071523,
      58812955.075560786, -190398732.54448166, 504403059.98259133, 936320221.4382538,
    ]
    Tape.scope {
      expectEqual(matrixExponential(Tensor(a)).scalars, small, relativeTo: 2e-15, "exp A")
      expectEqual(matrixExponential(Tensor(a) * 8).scalars, large, relativeTo: 1e-13, "exp 8A")
      #expect(matrixExponential(Tensor([[0.0, 1], [0, 0]])).scalars == [1, 1, 0, 1])
      #expect(matrixExponential(Tensor(repeating: 0.0, shape: [3, 3])).value == ShapedArray(NaiveArray.identity(3)))
      #expect(matrixExponential(Tensor([[Double.nan, 0], [0, 1]])).scalars[0].isNaN)
    }
    // The derivative along E is linear in E, however large or small E is.
    for scale in [1e-30, 1, 1e30] {
      let gradients = Tape.scope {
        gradient(at: Tensor(a)) { (matrixExponential($0) * scale).sum() }.scalars.map { $0 / scale }
      }
      let expected = Tape.scope { gradient(at: Tensor(a)) { matrixExponential($0).sum() }.scalars }
      expectEqual(gradients, expected, relativeTo: 1e-14, "gradient of \(scale) exp A")
    }
  }

  @Test func powersAndProducts() throws {
    let a = NaiveArray([2, 2], [1, 2, 3, 5])
    try Tape.scope {
      let x = Tensor(ShapedArray(a))
      #expect(try matrixPower(x, 5).scalars == a.matmul(a).matmul(a).matmul(a).matmul(a).scalars)
      #expect(try matrixPower(x, 0).scalars == [1, 0, 0, 1])
      expectEqual(try matrixPower(x, -2).scalars, [31, -12, -18, 7], relativeTo: 1e-13, "A⁻²")
      let (p, q) = (NaiveArray([2, 3]) { Double($0[0] * 3 + $0[1]) }, NaiveArray([2, 2], [1, -1, 2, 3]))
      let expected = NaiveArray([4, 6]) { p[[$0[0] / 2, $0[1] / 2]] * q[[$0[0] % 2, $0[1] % 2]] }
      expectEqual(kron(Tensor(ShapedArray(p)), Tensor(ShapedArray(q))).value, expected, "kron")
    }
  }
}

extension NaiveArray {
  static func identity(_ n: Int) -> NaiveArray { NaiveArray([n, n]) { $0[0] == $0[1] ? 1 : 0 } }
}

extension ShapedArray<Double> {
  init(_ array: NaiveArray) { self.init(shape: Shape(array.shape), scalars: array.scalars) }
}

extension SeededGenerator {
  /// A matrix that is far from singular.
  mutating func dominated(_ rows: Int, _ columns: Int) -> ShapedArray<Double> {
    let x = NaiveArray(array([rows, columns], in: -1...1))
    return ShapedArray(NaiveArray(x.shape) { x[$0] + ($0[0] == $0[1] ? Double(rows) : 0) })
  }
}

extension Tensor {
  /// The same record under another static type.
  func named<T>(_: T.Type = T.self) -> Tensor<T> { unsafeBitCast(self, to: Tensor<T>.self) }
}
