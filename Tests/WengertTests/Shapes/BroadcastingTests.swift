import Testing
import Wengert

/// Operations of two operands on every pair of shapes from a nasty list.
@Suite struct BroadcastingTests {
  private static let shapes: [Shape] = [
    [], [1], [1, 1], [1, 1, 1, 1, 1], [4], [3, 1], [1, 4], [3, 4], [2, 1, 4], [2, 3, 1], [2, 3, 4], [1, 3, 1],
    [5, 1, 3, 1], [5, 2, 1, 4], [2, 5, 2, 3, 4], [2, 1, 1, 3, 1], [0], [1, 0], [3, 0], [0, 1], [0, 4], [2, 0, 4],
    [2, 0, 1], [0, 1, 1, 1], [513], [2, 513], [2, 1, 513], [7, 1],
  ]

  private typealias Whole = (Tensor<Double>, Tensor<Double>) -> Tensor<Double>
  private typealias Each = (Double, Double) -> Double
  private let functions: [(String, Whole, Each)] = [
    ("+", { $0 + $1 }, { $0 + $1 }), ("-", { $0 - $1 }, { $0 - $1 }), ("*", { $0 * $1 }, { $0 * $1 }),
    ("/", { $0 / $1 }, { $0 / $1 }), ("maximum", { maximum($0, $1) }, { max($0, $1) }),
    ("minimum", { minimum($0, $1) }, { min($0, $1) }), (".<", { $0 .< $1 }, { $0 < $1 ? 1 : 0 }),
    ("where", { Tensor.where($0 .> $1, $0, $1) }, { $0 > $1 ? $0 : $1 }),
  ]

  @Test(arguments: shapes.indices)
  func allPairs(_ left: Int) {
    for right in Self.shapes.indices {
      let (p, q) = (Self.shapes[left], Self.shapes[right])
      guard let shape = NaiveArray.broadcast(Array(p), Array(q)) else { continue }
      var generator = SeededGenerator(for: "broadcast \(p) \(q)")
      let (a, b) = (generator.array(p, in: 0.5...2), generator.array(q, in: 0.5...2))
      for (name, function, naive) in functions {
        expectEqual(
          evaluate { function(Tensor(a), Tensor(b)) }, NaiveArray(a).map(NaiveArray(b), naive), "\(p) \(name) \(q)")
      }
      // Adjoints of a product: the other factor, summed back.
      let v = generator.array(Shape(shape))
      let (g, h) = Tape.scope {
        let (g, h) = gradient(at: Tensor(a), Tensor(b)) { ($0 * $1 * Tensor(v)).sum() }
        return (g.value, h.value)
      }
      let (x, y, w) = (NaiveArray(a), NaiveArray(b), NaiveArray(v))
      expectEqual(g, w.map(y, *).summed(to: x.shape), relativeTo: 1e-14, "left adjoint of \(p) * \(q)")
      expectEqual(h, w.map(x, *).summed(to: y.shape), relativeTo: 1e-14, "right adjoint of \(p) * \(q)")
    }
  }

  @Test(arguments: Layout.allCases, Layout.allCases)
  func allLayouts(_ left: Layout, _ right: Layout) {
    for (p, q) in [([3, 4], [3, 4]), ([2, 3, 4], [3, 4]), ([4, 1], [4, 6]), ([3, 513], [513])] as [(Shape, Shape)] {
      var generator = SeededGenerator(for: "layouts \(p) \(q)")
      let (a, b) = (generator.array(p), generator.array(q))
      let context = "\(left.rawValue) \(p) against \(right.rawValue) \(q)"
      let (x, y) = (left.elements(a), right.elements(b))
      expectEqual(evaluate { left.tensor(a) }, x, context)
      expectEqual(evaluate { left.tensor(a) - right.tensor(b) }, x.map(y, -), context)
      expectEqual(evaluate { left.tensor(a) * 3 }, NaiveArray(x.shape, x.scalars.map { 3 * $0 }), context)
      let (g, h) = Tape.scope {
        let (g, h) = gradient(at: left.tensor(a), right.tensor(b)) { ($0 * $1).sum() }
        return (g.value, h.value)
      }
      let ones = x.map(y) { _, _ in 1 }
      expectEqual(g, ones.map(y, *).summed(to: x.shape), relativeTo: 1e-14, context)
      expectEqual(h, ones.map(x, *).summed(to: y.shape), relativeTo: 1e-14, context)
    }
  }

  @Test func numbersOnEitherSide() {
    let x = [1.0, -2, 0.5]
    let pairs: [((Tensor<Double>) -> Tensor<Double>, (Double) -> Double)] = [
      ({ $0 + 2 }, { $0 + 2 }), ({ 2 + $0 }, { 2 + $0 }), ({ $0 - 2 }, { $0 - 2 }), ({ 2 - $0 }, { 2 - $0 }),
      ({ $0 * 2 }, { $0 * 2 }), ({ 2 * $0 }, { 2 * $0 }), ({ $0 / 2 }, { $0 / 2 }), ({ 2 / $0 }, { 2 / $0 }),
      ({ -$0 }, { -$0 }),
    ]
    for (index, (tensor, number)) in pairs.enumerated() {
      #expect(evaluate { tensor(Tensor(x)) }.scalars == x.map(number), "expression \(index)")
      #expect(evaluate { tensor(Tensor(x[0])) }.item == number(x[0]), "expression \(index)")
    }
  }
}
