import Testing
import Wengert

/// A tensor used several times gets the sum of its contributions.
@Suite struct AccumulationTests {
  @Test(arguments: OperationCase.all)
  func twiceTheResultDoubles(_ testCase: OperationCase) {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    let v = generator.array(testCase.outputShape)
    let once = testCase.gradients(at: inputs, v)
    func twice(_ x: [Tensor<Double>]) -> Tensor<Double> { (Tensor(v) * (testCase.apply(x) + testCase.apply(x))).sum() }
    let direct = Tape.scope { gradient(at: inputs.map { Tensor($0) }, of: twice).map(\.value) }
    let recorded = Tape.scope {
      insideDifferentiation { gradient(at: inputs.map { Tensor($0) }, of: twice).map(\.value) }
    }
    for operand in inputs.indices {
      let expected = once[operand].scalars.map { 2 * $0 }
      let context = "\(testCase.testDescription), operand \(operand), seed \(testCase.seed)"
      // A product that is added to may join its terms to the sum one by one, so not every bit need agree.
      expectEqual(
        direct[operand].scalars, expected, relativeTo: 4 * Double.ulpOfOne, minimumScale: 0x1p-20, context)
      expectEqual(
        recorded[operand].scalars, expected, relativeTo: 4 * Double.ulpOfOne, minimumScale: 0x1p-20, context)
    }
  }

  /// One tensor as all operands: f(x, x).
  @Test(arguments: OperationCase.all.filter { Set($0.sample.shapes).count == 1 && $0.sample.shapes.count > 1 })
  func sameTensorOnEachSide(_ testCase: OperationCase) {
    var generator = testCase.generator
    // An interval that all operands allow.
    let lower = testCase.sample.domains.map(\.lowerBound).max()!
    let upper = testCase.sample.domains.map(\.upperBound).min()!
    guard lower < upper else { return }
    let x = generator.array(testCase.sample.shapes[0], in: lower...upper)
    let count = testCase.sample.shapes.count
    let v = generator.array(testCase.outputShape)
    let parts = testCase.gradients(at: [ShapedArray](repeating: x, count: count), v)
    let expected = x.scalars.indices.map { element in parts.reduce(0) { $0 + $1.scalars[element] } }
    func whole(_ x: Tensor<Double>) -> Tensor<Double> {
      testCase.weighted([Tensor](repeating: x, count: count), Tensor(v))
    }
    let direct = Tape.scope { gradient(at: Tensor(x), of: whole).value }
    let recorded = Tape.scope { insideDifferentiation { gradient(at: Tensor(x), of: whole).value } }
    for actual in [direct, recorded] {
      expectEqual(
        actual.scalars, expected, relativeTo: 4 * Double.ulpOfOne, "\(testCase.testDescription), \(testCase.seed)")
    }
  }

  /// Diamonds double the number of paths at every step; the work must not double with it.
  @Test func deepDiamondIsLinear() {
    let (count, derivative) = Tape.scope {
      let x = Tensor(1.0)
      var y = x
      let start = Tape.current.count
      for _ in 0..<60 { y = y + y }
      return (Tape.current.count - start, y.backward()[x].item)
    }
    #expect(count == 60)
    #expect(derivative == 0x1p60)
    let recorded = Tape.scope {
      gradient(at: Tensor(1.0)) { x in
        gradient(at: x) { x in
          var y = x
          for _ in 0..<60 { y = y * 0.5 + y * 0.5 }
          return y * y
        }
      }.item
    }
    #expect(recorded == 2)
  }

  @Test func manyUsesOfOneTensor() {
    let uses = 10_000
    let g = Tape.scope {
      gradient(at: Tensor([1.0, 2.0])) { x in (0..<uses).reduce(x.sum()) { sum, _ in sum + (x * x).sum() } }.value
    }
    #expect(g.scalars == [1 + 2 * Double(uses), 1 + 4 * Double(uses)])
  }

  /// The same tensor twice in one list.
  @Test func oneTensorAsTwoInputs() {
    let g = Tape.scope {
      let x = Tensor(3.0)
      return gradient(at: [x, x]) { $0[0] * $0[0] * $0[1] }.map(\.item)
    }
    #expect(g == [18, 9])
    let pair = Tape.scope {
      let x = Tensor(3.0)
      let (a, b) = gradient(at: x, x) { a, b in a * a * b }
      return [a.item, b.item]
    }
    #expect(pair == [18, 9])
  }
}
