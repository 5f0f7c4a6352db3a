import Testing
import Wengert

/// Einsum, and what is written with it, against sums over all indices.
@Suite struct EinsumTests {
  /// Random equations of one to five operands of few labels, which repeat within and between operands.
  @Test(arguments: 0..<60)
  func randomEquations(_ seed: Int) {
    var generator = SeededGenerator(for: "einsum \(seed)")
    let labels = Array("abcdef").map(String.init)
    let sizes = labels.map { _ in Int(generator.next() % 3) + 1 }
    let terms = (0...generator.next() % 5).map { _ in
      (0..<generator.next() % 4).map { _ in Int(generator.next() % UInt64(labels.count)) }
    }
    let present = Set(terms.joined()).sorted()
    var output: [Int] = []
    for label in present.shuffled(using: &generator) where generator.next() % 2 == 0 { output.append(label) }
    func text(_ term: [Int]) -> String { term.map { labels[$0] }.joined() }
    let equation = terms.map(text).joined(separator: ",") + "->" + text(output)
    let inputs = terms.map { term in generator.array(Shape(term.map { sizes[$0] })) }
    let expected = Self.sum(terms, output, sizes, inputs.map { NaiveArray($0) })
    expectEqual(evaluate { einsum(equation, inputs.map { Tensor($0) }) }, expected, relativeTo: 1e-14, equation)
    // The result is linear in each operand: its derivative along an operand itself is the result.
    Tape.scope {
      let x = inputs.map { Tensor($0) }
      let v = Tensor(generator.array(Shape(expected.shape)))
      let (y, pullback) = valueWithPullback(at: x) { einsum(equation, $0) }
      for (adjoint, x) in zip(pullback(v), x) {
        expectEqual([(adjoint * x).sum().item], [(y * v).sum().item], relativeTo: 1e-13, "adjoint of \(equation)")
      }
    }
  }

  /// Every pair of layouts of operands whose axes are in every order.
  @Test(arguments: ["abc", "acb", "bac", "bca", "cab", "cba"], ["bcd", "bdc", "cbd", "cdb", "dbc", "dcb"])
  func layouts(_ first: String, _ second: String) {
    let sizes = ["a": 2, "b": 3, "c": 4, "d": 5]
    var generator = SeededGenerator(for: "einsum layouts")
    let names = ["a", "b", "c", "d"]
    func array(_ term: String) -> ShapedArray<Double> { generator.array(Shape(term.map { sizes[String($0)]! })) }
    let (x, y) = (array(first), array(second))
    func indices(_ term: String) -> [Int] { term.map { names.firstIndex(of: String($0))! } }
    for output in ["ad", "da", "bad", "dbca", "abcd", "", "c"] {
      for layout in Layout.allCases {
        let expected = Self.sum(
          [indices(first), indices(second)], indices(output), [2, 3, 4, 5], [layout.elements(x), NaiveArray(y)])
        let equation = "\(first),\(second)->\(output)"
        expectEqual(
          evaluate { einsum(equation, layout.tensor(x), Tensor(y)) }, expected, relativeTo: 1e-14,
          "\(equation) \(layout.rawValue)")
      }
    }
  }

  /// Products of matrices in the good order and in the bad one differ by orders of magnitude in their records' sizes.
  @Test func order() {
    let n = 40
    var generator = SeededGenerator(for: "einsum order")
    let matrices = (0..<4).map { _ in Tensor(generator.array([n, n])) }
    let x = Tensor(generator.array([n]))
    let expected = matrices.reversed().reduce(x) { matmul($1, $0) }
    let start = Tape.current.count
    let y = einsum("ab,bc,cd,de,e->a", matrices + [x])
    expectEqual(y.scalars, expected.scalars, relativeTo: 1e-13, "chain")
    // From the vector on: no matrix is multiplied by a matrix.
    let listing = Tape.current.listing(start..<Tape.current.count)
    #expect(!listing.contains("(40, 40)"), "\(listing)")
  }

  /// More operands than are ordered by exhaustive search.
  @Test func manyOperands() {
    var generator = SeededGenerator(for: "einsum many")
    let matrices = (0..<12).map { _ in Tensor(generator.array([3, 3])) }
    let labels = Array("abcdefghijklm")
    let equation = (0..<12).map { "\(labels[$0])\(labels[$0 + 1])" }.joined(separator: ",") + "->am"
    let expected = matrices.dropFirst().reduce(matrices[0]) { matmul($0, $1) }
    expectEqual(einsum(equation, matrices).scalars, expected.scalars, relativeTo: 1e-13, equation)
  }

  /// Views go into products as they are: nothing is copied but what has to be.
  @Test(arguments: ["bij,bjk->bik", "bij,bkj->bik", "ij,kj->ik", "ji,jk->ik", "bqhd,bkhd->bhqk", "abij,abjk->abik"])
  func nothingIsCopied(_ equation: String) {
    let terms = equation.split(separator: "-")[0].split(separator: ",")
    let operands = terms.map { Tensor(repeating: 1.0, shape: Shape($0.map { _ in 3 })) }
    let start = Tape.current.count
    _ = einsum(equation, operands)
    let listing = Tape.current.listing(start..<Tape.current.count)
    #expect(!listing.contains("identity"), "\(listing)")
  }

  @Test func tensordotOuterAndDot() {
    var generator = SeededGenerator(for: "tensordot")
    let (a, b) = (generator.array([2, 3, 4]), generator.array([4, 3, 5]))
    let expected = Self.sum([[0, 1, 2], [2, 1, 3]], [0, 3], [2, 3, 4, 5], [NaiveArray(a), NaiveArray(b)])
    expectEqual(
      evaluate { tensordot(Tensor(a), Tensor(b), axes: ([1, -1], [1, 0])) }, expected, relativeTo: 1e-14, "lists")
    let c = generator.array([3, 4, 2])
    let last = Self.sum([[0, 1, 2], [1, 2, 3]], [0, 3], [2, 3, 4, 2], [NaiveArray(a), NaiveArray(c)])
    expectEqual(evaluate { tensordot(Tensor(a), Tensor(c), axes: 2) }, last, relativeTo: 1e-14, "count")
    let all = Self.sum(
      [[0, 1, 2], [3, 4]], [0, 1, 2, 3, 4], [2, 3, 4, 2, 2],
      [
        NaiveArray(a), NaiveArray([2, 2], [1, 2, 3, 4]),
      ])
    expectEqual(
      evaluate { tensordot(Tensor(a), Tensor([[1.0, 2], [3, 4]]), axes: 0) }, all, relativeTo: 1e-14, "no axes")
    #expect(outer(vector(1, 2), vector(3, 4, 5)).value == ShapedArray([[3.0, 4, 5], [6, 8, 10]]))
    #expect(dot(vector(1, 2, 3), vector(4, 5, 6)).item == 32)
    #expect(dot(vector(), vector()).item == 0)
  }

  /// The sum over all indices.
  private static func sum(_ terms: [[Int]], _ output: [Int], _ sizes: [Int], _ operands: [NaiveArray]) -> NaiveArray {
    let all = Array(Set(terms.joined())).sorted()
    let rest = all.filter { !output.contains($0) }
    return NaiveArray(output.map { sizes[$0] }) { index in
      NaiveArray.indices(rest.map { sizes[$0] }).reduce(0) { total, inner in
        var position = [Int](repeating: 0, count: sizes.count)
        for (label, value) in zip(output, index) { position[label] = value }
        for (label, value) in zip(rest, inner) { position[label] = value }
        return total + zip(terms, operands).reduce(1) { $0 * $1.1[$1.0.map { position[$0] }] }
      }
    }
  }
}
