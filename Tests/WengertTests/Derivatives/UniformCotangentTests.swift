import Testing
import Wengert

/// The cotangent that a sum or a mean hands on is kept as one number for as long as that will do; nothing that can be
/// seen depends on it.
@Suite struct UniformCotangentTests {
  private static let x = ShapedArray(shape: [3, 4], scalars: (0..<12).map { Double($0) / 7 - 0.8 })

  typealias Function = @Sendable (Tensor<Double>) -> Tensor<Double>

  private static let functions: [(name: String, function: Function)] = [
    ("tanh", { tanh($0 * 2) }), ("a product", { ($0 + 1) * ($0 - 1) }), ("a difference", { exp($0) - $0 * $0 }),
    (
      "an intermediate result used twice",
      { x in
        let y = x * 3; return y * y + y
      }
    ),
    ("a transposition", { ($0 * 2).transposed() }), ("a slice", { ($0 * 2)[1...] }),
    ("matmul", { matmul($0 * 2, ($0 + 1).transposed()) }), ("rows and a bias", { ($0 * 2) + $0[0] }),
    ("a broadcast number", { ($0 * 2) * $0.mean() }), ("a view", { ($0 * 2).broadcast(to: [2, 3, 4]) * 3 }),
  ]

  @Test("A sum's gradient is that of a product with ones", arguments: functions.indices)
  func sumsEqualProductsWithOnes(_ index: Int) {
    let function = Self.functions[index].function
    let x = Tensor(Self.x)
    let uniform = gradient(at: x) { function($0).sum() }
    let dense = gradient(at: x) { x in
      let y = function(x)
      return (y * Tensor(ShapedArray(repeating: 1, shape: y.shape))).sum()
    }
    expectEqual(uniform.scalars, dense.scalars, relativeTo: 1e-15, Self.functions[index].name)
  }

  @Test("A mean's gradient is that of a sum, divided", arguments: functions.indices)
  func meansEqualSums(_ index: Int) {
    let function = Self.functions[index].function
    let x = Tensor(Self.x)
    let mean = gradient(at: x) { function($0).mean() }
    let sum = gradient(at: x) { x in
      let y = function(x)
      return y.sum() / Double(y.shape.reduce(1, *))
    }
    expectEqual(mean.scalars, sum.scalars, relativeTo: 1e-15, Self.functions[index].name)
  }

  @Test func gradientsOfIntermediateResultsAreThere() {
    let x = Tensor(Self.x)
    let y = x * 2
    let z = y + 1
    let unreached = x * 3
    let gradients = (z.sum() * 5).backward()
    #expect(gradients[z] == ShapedArray(repeating: 5, shape: [3, 4]))
    #expect(gradients[y] == ShapedArray(repeating: 5, shape: [3, 4]))
    #expect(gradients[x] == ShapedArray(repeating: 10, shape: [3, 4]))
    #expect(gradients.reaches(z) && gradients.reaches(y) && gradients.reaches(x) && !gradients.reaches(unreached))
  }

  /// Sums of sums, whose gradients are one number in memory, in everything that may be done with a tensor.
  @Test func gradientsThatAreOneNumber() {
    Tape.scope {
      let x = Tensor(Self.x)
      let sums = gradient(at: x) { $0.sum(along: 1).sum() * 3 }
      #expect(sums.value == ShapedArray(repeating: 3, shape: [3, 4]))
      let means = gradient(at: x) { $0.mean(along: 0, keepingAxes: true).mean() * 12 }
      #expect(means.value == ShapedArray(repeating: 1, shape: [3, 4]))
      let columns = gradient(at: x) { $0.transposed().sum(along: 0, 1) }
      #expect((columns.transposed() + sums.transposed()).scalars == [Double](repeating: 4, count: 12))
      #expect(sums.reshaped(to: [2, 6]).sum(along: 0).scalars == [Double](repeating: 6, count: 6))
      #expect(matmul(sums, Tensor(repeating: 1, shape: [4])).scalars == [12, 12, 12])
      // As an input, with the gradient of everything it was made to be.
      #expect(gradient(at: sums) { ($0 * $0 * x).sum() }.scalars == Self.x.scalars.map { 6 * $0 })
      let both = gradient(at: x, sums) { ($0 * $1).sum() + $1.sum() }
      #expect(both.0.scalars == [Double](repeating: 3, count: 12))
      #expect(both.1.scalars == Self.x.scalars.map { $0 + 1 })
      #expect(gradient(at: x) { x in gradient(at: x) { ($0 * $0 / 2).sum() }.sum() }.scalars.allSatisfy { $0 == 1 })
      // Memory for a number each, not for arrays.
      let large = Tensor<Double>(repeating: 1, shape: [1000, 1000])
      let before = Tape.current.byteCount
      let slope = gradient(at: large) { $0.sum() }
      #expect(Tape.current.byteCount - before < 10_000)
      #expect(slope.sum().item == 1_000_000)
    }
  }

  @Test func severalReductionsOfOneResultAddUp() {
    let x = Tensor(Self.x)
    let y = x * 2
    let gradients = (y.sum() + y.mean() * 6 + y.sum()).backward()
    #expect(gradients[y] == ShapedArray(repeating: 2.5, shape: [3, 4]))
    #expect(gradients[x] == ShapedArray(repeating: 5, shape: [3, 4]))
  }

  @Test func floatsAreKeptAsFloats() {
    let x = Tensor(ShapedArray<Float>(shape: [5], scalars: [1, 2, 3, 4, 5]))
    let y = x * x
    let gradients = y.mean().backward()
    #expect(gradients[y] == ShapedArray(repeating: 0.2, shape: [5]))
    #expect(
      gradients[x] == ShapedArray(shape: [5], scalars: [1, 2, 3, 4, 5].map { Float(0.2) * $0 + Float(0.2) * $0 }))
  }
}
