import Testing
import Wengert

/// Tensors made from a rule.
@Suite struct ConstantTests {
  @Test func identity() {
    #expect(evaluate { Tensor<Double>.identity(3) } == ShapedArray([[1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    #expect(evaluate { Tensor<Float>.identity(0) }.shape == [0, 0])
  }

  @Test func strides() {
    #expect(evaluate { Tensor<Double>.stride(from: 0, to: 4) }.scalars == [0, 1, 2, 3])
    #expect(evaluate { Tensor<Float>.stride(from: 1, to: 0, by: -0.25) }.scalars == [1, 0.75, 0.5, 0.25])
    #expect(evaluate { Tensor<Double>.stride(from: 1, to: 0) }.scalars == [])
    #expect(evaluate { Tensor<Double>.stride(from: 1, to: 1, by: -1) }.scalars == [])
    let tenths = evaluate { Tensor<Double>.stride(from: 0, to: 1, by: 0.1) }.scalars
    #expect(tenths == Array(Swift.stride(from: 0, to: 1, by: 0.1)))
  }

  @Test func linearSpace() {
    #expect(
      evaluate { Tensor<Double>.linearlySpaced(from: -1, through: 1, count: 5) }.scalars == [-1, -0.5, 0, 0.5, 1])
    #expect(evaluate { Tensor<Double>.linearlySpaced(from: 3, through: 7, count: 1) }.scalars == [3])
    #expect(evaluate { Tensor<Double>.linearlySpaced(from: 3, through: 7, count: 0) }.scalars == [])
    let thirds = evaluate { Tensor<Double>.linearlySpaced(from: 0.1, through: 0.7, count: 4) }.scalars
    #expect(thirds.last == 0.7)
  }

  @Test func oneHot() {
    #expect(
      evaluate { Tensor<Double>.oneHot([2, 0], count: 3) } == ShapedArray([[0, 0, 1], [1, 0, 0]]))
    #expect(evaluate { Tensor<Float>.oneHot(IndexArray([[1], [0]]), count: 2) }.shape == [2, 1, 2])
    #expect(evaluate { Tensor<Float>.oneHot([], count: 0) }.shape == [0, 0])
  }

  /// Constants are not leaves: a backward pass does not keep gradients for them.
  @Test func areConstants() {
    Tape.scope {
      let x = Tensor([1.0, 2])
      let gradients = (matmul(Tensor.identity(2), x) * Tensor.oneHot([1], count: 2)[0]).sum().backward()
      #expect(gradients[x].scalars == [0, 1])
    }
  }
}
