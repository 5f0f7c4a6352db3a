import Testing
import Wengert

/// Jacobians and Hessians, assembled from blocks of sweeps in either direction.
@Suite struct JacobianTests {
  /// Every operation's Jacobian with respect to its first operand, in both directions, against single pullbacks.
  @Test(arguments: OperationCase.all)
  func agreesWithPullbacks(_ testCase: OperationCase) {
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    for operand in inputs.indices {
      let shape = testCase.outputShape
      guard shape.count + inputs[operand].shape.count < Shape.maximumRank else { continue }
      func function(_ x: Tensor<Double>) -> Tensor<Double> {
        testCase.apply(inputs.indices.map { $0 == operand ? x : Tensor(inputs[$0]) })
      }
      let (rows, columns) = (shape.elementCount, inputs[operand].count)
      let expected = Tape.scope {
        let (y, pull) = valueWithPullback(at: Tensor(inputs[operand]), of: function)
        return (0..<rows).flatMap { row in
          pull(Tensor(shape: y.shape, scalars: (0..<rows).map { $0 == row ? 1 : 0 })).scalars
        }
      }
      let description = "\(testCase.testDescription), operand \(operand), seed \(testCase.seed)"
      Tape.scope {
        let x = Tensor(inputs[operand])
        let (value, matrix) = valueWithJacobian(at: x, of: function)
        #expect(value.shape == shape)
        #expect(Array(matrix.shape) == Array(shape) + Array(x.shape))
        expectEqual(matrix.scalars, expected, relativeTo: 1e-13, description)
        // A longer result, or a longer input, takes the other direction.
        guard rows > 0, columns > 0, shape.count < 7 else { return }
        let copies = columns / rows + 2
        let tall = jacobian(at: x) { x in
          let y = function(x)
          return concatenated((0..<copies).map { _ in y.reshaped(to: [rows]) })
        }
        expectEqual(Array(tall.scalars.prefix(rows * columns)), expected, relativeTo: 1e-13, "forward, \(description)")
        let wide = jacobian(at: concatenated([x.reshaped(to: [columns]), Tensor(repeating: 0, shape: [rows])])) { x in
          function(x.sliced(0..<columns).reshaped(to: inputs[operand].shape))
        }
        let reverse = wide.reshaped(to: [rows, columns + rows]).sliced(0..<rows, 0..<columns)
        expectEqual(reverse.scalars, expected, relativeTo: 1e-13, "reverse, \(description)")
        let recorded = insideDifferentiation { jacobian(at: x, of: function).value }
        expectEqual(recorded.scalars, expected, relativeTo: 1e-13, "recorded, \(description)")
      }
    }
  }

  @Test func axesOfResultAndInput() {
    let x = Tensor(shape: [2, 3], scalars: [1.0, 2, 3, 4, 5, 6])
    let matrix = jacobian(at: x) { $0.sum(along: 1) }
    #expect(matrix.shape == [2, 2, 3])
    #expect(matrix.scalars == [1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1])
    #expect(jacobian(at: Tensor(2.0)) { $0 * $0 }.item == 4)
    #expect(jacobian(at: x) { _ in Tensor([1.0, 2]) }.scalars == [Double](repeating: 0, count: 12))
    #expect(jacobian(at: Tensor(shape: [0], scalars: [Double]())) { $0.sum() }.shape == [0])
  }

  /// More rows than one block takes.
  @Test(arguments: [(700, 900), (900, 700)])
  func severalBlocks(_ sizes: (rows: Int, columns: Int)) {
    let (rows, columns) = sizes
    var generator = SeededGenerator(seed: 3)
    let a = generator.array([rows, columns])
    let x = generator.array([columns])
    Tape.scope {
      let matrix = jacobian(at: Tensor(x)) { exp(matmul(Tensor(a), $0) * 0.01) }
      let y = exp(matmul(Tensor(a), Tensor(x)) * 0.01).scalars
      let expected = a.scalars.enumerated().map { $0.element * 0.01 * y[$0.offset / columns] }
      expectEqual(matrix.scalars, expected, relativeTo: 1e-14, "Jacobian in blocks")
    }
  }

  @Test func hessianOfAPolynomial() {
    // f = x²y + y z³
    let h = hessian(at: vector(2, 3, 5)) { v in
      let (x, y, z) = (v.sliced(0..<1), v.sliced(1..<2), v.sliced(2..<3))
      return (x * x * y + y * z * z * z).sum()
    }
    #expect(h.scalars == [6, 4, 0, 4, 0, 75, 0, 75, 90])
  }

  /// The third derivative, by a Jacobian of a Hessian, and the gradient of a determinant-like function of a Jacobian.
  @Test func nests() {
    let cube = jacobian(at: vector(2, 3)) { x in hessian(at: x) { ($0 * $0 * $0).sum() } }
    #expect(cube.shape == [2, 2, 2])
    #expect(cube.scalars == [6, 0, 0, 0, 0, 0, 0, 6])
    let slope = gradient(at: vector(2, 3)) { x in (jacobian(at: x) { $0 * $0 * $0 }).sum() }
    #expect(slope.scalars == [12, 18])
  }

  @Test func leavesNothingOnTheTape() {
    Tape.scope {
      let x = vector(1, 2, 3)
      let before = Tape.current.count
      _ = jacobian(at: x) { exp($0) * $0 }
      #expect(Tape.current.count == before + 2)
      _ = hessian(at: x) { exp($0).sum() }
      #expect(Tape.current.count == before + 4)
    }
  }
}
