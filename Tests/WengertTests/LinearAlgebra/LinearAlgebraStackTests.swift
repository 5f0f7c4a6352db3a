import Testing
import Wengert

/// Stacks of matrices, operands that lie in memory in any way, and arrays without elements.
@Suite struct LinearAlgebraStackTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shapes: [[Int]]
    let apply: @Sendable ([Tensor<Double>]) throws -> [Tensor<Double>]
  }

  static let cases: [Case] = [
    Case(testDescription: "solve", shapes: [[3, 3], [3, 2]]) { [try solve($0[0], $0[1])] },
    Case(testDescription: "triangularSolve", shapes: [[3, 3], [3, 2]]) {
      [try triangularSolve($0[0], $0[1]), try triangularSolve($0[0], $0[1], upper: true, transposed: true)]
    },
    Case(testDescription: "inverse", shapes: [[3, 3]]) { [try inverse($0[0])] },
    Case(testDescription: "determinant", shapes: [[3, 3]]) { [determinant($0[0])] },
    Case(testDescription: "logDeterminant", shapes: [[3, 3]]) {
      [logDeterminant($0[0]).sign, logDeterminant($0[0]).logAbsoluteValue]
    },
    Case(testDescription: "cholesky", shapes: [[3, 3]]) { [try cholesky($0[0])] },
    Case(testDescription: "qr", shapes: [[4, 2]]) { [qr($0[0]).q, qr($0[0]).r] },
    Case(testDescription: "svd", shapes: [[2, 4]]) {
      let (u, s, vt) = try svd($0[0])
      return [u, s, vt, try singularValues(of: $0[0])]
    },
    Case(testDescription: "eigh", shapes: [[3, 3]]) {
      let (values, vectors) = try eigh($0[0])
      return [values, vectors, try eigenvalues(ofSymmetric: $0[0])]
    },
    Case(testDescription: "leastSquares", shapes: [[4, 2], [4, 3]]) { [try leastSquares($0[0], $0[1])] },
    Case(testDescription: "leastSquares of a wide matrix", shapes: [[2, 4], [2, 3]]) {
      [try leastSquares($0[0], $0[1])]
    },
    Case(testDescription: "pseudoInverse", shapes: [[4, 2]]) { [try pseudoInverse($0[0])] },
    Case(testDescription: "matrixExponential", shapes: [[3, 3]]) { [matrixExponential($0[0])] },
    Case(testDescription: "matrixPower", shapes: [[3, 3]]) { [try matrixPower($0[0], 3), try matrixPower($0[0], -1)] },
  ]

  /// Each matrix of a stack gives the bits that it gives by itself, value and gradient.
  @Test(arguments: cases)
  func stacksAreMatricesSideBySide(_ testCase: Case) throws {
    let stack = [2, 3]
    let inputs = Self.inputs(testCase, stack)
    let whole = try Self.evaluate(testCase, inputs)
    for (number, index) in NaiveArray.indices(stack).enumerated() {
      let single = inputs.map { input in
        let count = input.count / 6
        return ShapedArray(
          shape: Shape(Array(input.shape.dropFirst(2))),
          scalars: Array(input.scalars[number * count..<(number + 1) * count]))
      }
      for (whole, single) in zip(whole, try Self.evaluate(testCase, single)) {
        #expect(Array(whole.shape) == stack + Array(single.shape))
        let part = Array(whole.scalars[number * single.count..<(number + 1) * single.count])
        expectEqual(part, single.scalars, relativeTo: 1e-15, "\(testCase.testDescription) at \(index)")
      }
    }
  }

  /// Operands that are views give what contiguous ones give.
  @Test(arguments: cases)
  func viewsGiveTheSame(_ testCase: Case) throws {
    let inputs = Self.inputs(testCase, [2])
    let expected = try Self.evaluate(testCase, inputs)
    for layout in [Layout.transposed, .sliced] {
      for (actual, expected) in zip(try Self.evaluate(testCase, inputs, layout), expected) {
        expectEqual(
          actual.scalars, expected.scalars, relativeTo: 1e-15, "\(layout) \(testCase.testDescription)")
      }
    }
  }

  @Test(arguments: cases)
  func stacksOfNothing(_ testCase: Case) throws {
    for array in try Self.evaluate(testCase, Self.inputs(testCase, [0])) {
      #expect(array.shape[0] == 0 && array.count == 0)
    }
  }

  @Test func matricesOfNothing() throws {
    try Tape.scope {
      let nothing = Tensor(repeating: 0.0, shape: [0, 0])
      #expect(determinant(nothing).item == 1)
      #expect(logDeterminant(nothing).sign.item == 1 && logDeterminant(nothing).logAbsoluteValue.item == 0)
      #expect(try inverse(nothing).shape == [0, 0])
      #expect(try cholesky(nothing).shape == [0, 0])
      #expect(try solve(nothing, Tensor(repeating: 0.0, shape: [0, 2])).shape == [0, 2])
      #expect(try solve(nothing, Tensor([Double]())).shape == [0])
      #expect(matrixExponential(nothing).shape == [0, 0])
      let flat = Tensor(repeating: 0.0, shape: [0, 3])
      #expect(qr(flat).q.shape == [0, 0] && qr(flat).r.shape == [0, 3])
      let (u, s, vt) = try svd(flat)
      #expect(u.shape == [0, 0] && s.shape == [0] && vt.shape == [0, 3])
      #expect(try pseudoInverse(flat).shape == [3, 0])
      #expect(try eigh(nothing).values.shape == [0])
      #expect(try leastSquares(flat, Tensor([Double]())).scalars == [0, 0, 0])
      #expect(gradient(at: nothing) { determinant($0) }.shape == [0, 0])
    }
  }

  @Test func vectorsAreColumns() throws {
    try Tape.scope {
      let a = Tensor([[2.0, 1], [1, 3]])
      expectEqual(try solve(a, vector(3, 5)).scalars, [0.8, 1.4], relativeTo: 1e-15, "x")
      #expect(try solve(a, vector(3, 5)).shape == [2])
      expectEqual(try triangularSolve(a, vector(3, 5)).scalars, [1.5, 3.5 / 3], relativeTo: 1e-15, "x")
      let stack = Tensor(repeating: 1.0, shape: [4, 1, 1]) * a
      #expect(try solve(stack, vector(3, 5)).shape == [4, 2])
      let slopes = try gradient(at: a, vector(3, 5)) { try solve($0, $1).sum() }
      // A⁻¹ (1, 1) = (0.4, 0.2)
      expectEqual(slopes.1.scalars, [0.4, 0.2], relativeTo: 1e-15, "b̄")
      expectEqual(slopes.0.scalars, [-0.32, -0.56, -0.16, -0.28], relativeTo: 1e-15, "ā")
    }
  }

  private static func inputs(_ testCase: Case, _ stack: [Int]) -> [ShapedArray<Double>] {
    var generator = SeededGenerator(seed: SeededGenerator.seed(for: testCase.testDescription))
    return testCase.shapes.enumerated().map { operand, shape in
      let x = NaiveArray(generator.array(Shape(stack + shape), in: -0.4...0.4))
      guard operand == 0 else { return ShapedArray(x) }
      let rank = x.shape.count
      return ShapedArray(
        NaiveArray(x.shape) { x[$0] + ($0[rank - 1] == $0[rank - 2] ? Double($0[rank - 1] + 2) : 0) })
    }
  }

  /// The results, and the gradients of their elements' sum of squares.
  private static func evaluate(
    _ testCase: Case, _ inputs: [ShapedArray<Double>], _ layout: Layout = .contiguous
  ) throws -> [ShapedArray<Double>] {
    try Tape.scope {
      let values = try testCase.apply(inputs.map(layout.tensor)).map(\.value)
      let gradients = try gradient(at: inputs.map { Tensor($0) }) { x in
        let views = x.map { layout == .transposed ? ($0.transposed() + 0).transposed() : $0 }
        let parts = try testCase.apply(views).map { ($0 * $0).sum() }
        return parts.dropFirst().reduce(parts[0], +)
      }
      return values + gradients.map(\.value)
    }
  }
}
