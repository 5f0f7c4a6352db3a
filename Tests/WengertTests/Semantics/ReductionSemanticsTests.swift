import Foundation
import Testing
import Wengert

/// Reductions at their hard points: nothing to reduce, ties, zeros, infinities and NaN.
@Suite struct ReductionSemanticsTests {
  private func value(_ function: () -> Tensor<Double>) -> Double { Tape.scope { function().item } }

  @Test func nothing() {
    let empty: [Double] = []
    #expect(value { Tensor(empty).prod() } == 1)
    #expect(value { Tensor(empty).sum() } == 0)
    #expect(value { Tensor(empty).mean() }.isNaN)
    #expect(value { Tensor(empty).variance() }.isNaN)
    #expect(value { Tensor(empty).variance(correction: 0) }.isNaN)
    #expect(value { Tensor(empty).standardDeviation() }.isNaN)
    #expect(value { Tensor(empty).norm() } == 0)
    #expect(value { Tensor(empty).norm(1) } == 0)
    #expect(value { Tensor(empty).norm(3) } == 0)
    #expect(value { Tensor(empty).any() } == 0)
    #expect(value { Tensor(empty).all() } == 1)
    #expect(value { Tensor(empty).countNonzero() } == 0)
    Tape.scope {
      let x = Tensor(repeating: 1.0, shape: [0, 3])
      #expect(x.prod(along: 0).scalars == [1, 1, 1])
      #expect(x.variance(along: 0).scalars.allSatisfy { $0.isNaN })
      #expect(x.min(along: 1).shape == [0])
      #expect(x.argmax(along: 1).shape == [0])
      #expect(x.median(along: 1).shape == [0])
      #expect(x.sorted(along: 0).shape == [0, 3])
      #expect(gradient(at: x) { $0.prod(along: 0).sum() }.shape == [0, 3])
    }
  }

  @Test func productsOfZeros() {
    func product(_ x: Tensor<Double>) -> Tensor<Double> { x.prod() }
    #expect(slopes([2, 0, 3], product) == [0, 6, 0])
    #expect(slopes([0, 0, 3], product) == [0, 0, 0])
    #expect(slopes([0, 0, 0], product) == [0, 0, 0])
    // The gradient of (yz + xz + xy), and of its gradient's sum.
    #expect(slopes([2, 0, 3], order: 2, product) == [3, 5, 2])
    #expect(slopes([0, 0, 3], order: 2, product) == [3, 3, 0])
    #expect(slopes([0, 0, 0], order: 3, product) == [2, 2, 2])
    // Several axes.
    func both(_ x: Tensor<Double>) -> Tensor<Double> {
      x.reshaped(to: [2, 1, 2]).permuted(1, 2, 0).prod(along: 1, 2)
    }
    #expect(slopes([2, 0, 3, 5], both) == [0, 30, 0, 0])
    #expect(slopes([2, 0, 0, 5], order: 2, both) == [0, 10, 10, 0])
    // The Hessian of a product with two zeros.
    let hessian = (0..<3).map { row in
      Tape.scope {
        gradient(at: vector(0, 0, 3)) { x in gradient(at: x, of: product).sliced(row..<row + 1).sum() }.scalars
      }
    }
    #expect(hessian == [[0, 3, 0], [3, 0, 0], [0, 0, 0]])
    #expect(slopes([0, .infinity], product)[0] == .infinity)
  }

  @Test func ties() {
    #expect(slopes([1.0, 3, 3, 2]) { $0.max() } == [0, 0.5, 0.5, 0])
    #expect(slopes([1.0, 1, 3, 1]) { $0.min() * 3 } == [1, 1, 0, 1])
    #expect(slopes([2.0, -2]) { $0.norm(.infinity) } == [0.5, -0.5])
    #expect(slopes([0.0, 0]) { $0.norm(.infinity) } == [0, 0])
  }

  @Test func notANumber() {
    #expect(value { vector(1, .nan, 3).max() }.isNaN)
    #expect(value { vector(1, .nan, 3).min() }.isNaN)
    #expect(value { vector(1, .nan, 3).prod() }.isNaN)
    #expect(value { vector(1, .nan, 3).norm() }.isNaN)
    #expect(value { vector(1, .nan, 3).norm(3) }.isNaN)
    #expect(value { vector(1, .nan, 3).variance() }.isNaN)
    #expect(value { vector(0, .nan).any() } == 1)
    #expect(value { vector(1, .nan).all() } == 1)
    #expect(slopes([1, .nan, .nan]) { $0.min() } == [0, 0.5, 0.5])
    Tape.scope {
      #expect(vector(5, .nan, 3, .nan).argmax() == 1)
      #expect(vector(5, .nan, 3, .nan).argmin() == 1)
      #expect(Tensor([[5.0, .nan], [7, 1]]).argmax(along: 0) == [1, 0])
      #expect(Tensor([[5.0, 1], [7, .nan]]).argmin(along: 0) == [0, 1])
      // Beyond the blocks that lines are searched in.
      var long = [Double](repeating: 0, count: 1000)
      long[900] = .nan
      #expect(Tensor(long).argmax() == 900)
      long[700] = 1
      #expect(Tensor(long).argmax() == 900)
      long[900] = 1
      #expect(Tensor(long).argmax() == 700)
    }
  }

  @Test func positionsLeaveNoRecord() {
    Tape.scope {
      let x = Tensor([[3.0, 1], [2, 4]]).transposed()
      let before = Tape.current.count
      _ = (x.argmax(), x.argmin(along: 0), x.sortedIndices())
      #expect(Tape.current.count == before)
      #expect(x.argmax() == 3)
      #expect(x.argmax(along: 0).shape == [2])
      #expect(x.argmax(along: 1, keepingAxes: true) == IndexArray([[0], [1]]))
    }
  }

  @Test func countsHaveNoPath() {
    #expect(slopes([1.0, 0]) { $0.any() + $0.all() + $0.countNonzero() + $0.norm(0) + $0.sum() } == [1, 1])
    #expect(value { vector(0, -0.0, 3, .nan).countNonzero() } == 2)
    #expect(value { vector(0, 1).all() } == 0)
    #expect(value { vector(0, -0.0).any() } == 0)
    #expect(value { vector(3, 0, 4).norm(0) } == 2)
  }

  @Test func variances() {
    #expect(value { vector(3).variance() }.isNaN)
    #expect(value { vector(3).variance(correction: 0) } == 0)
    #expect(value { vector(1, 2).variance(correction: 3) } == .infinity)
    // Far from 0 no digit is lost, in the value or the gradient.
    let far = [1e8 + 1, 1e8 + 2, 1e8 + 4]
    #expect(abs(value { Tensor(far).variance() } - 7.0 / 3) < 1e-15)
    expectEqual(
      slopes(far) { $0.variance() }, [-4.0 / 3, -1.0 / 3, 5.0 / 3], relativeTo: 1e-15, "gradient far from 0")
    let narrow: [Float] = [1e4 + 1, 1e4 + 2, 1e4 + 4]
    #expect(abs(Tape.scope { Tensor(narrow).variance().item } - 7.0 / 3) < 3e-7)
    #expect(value { vector(1e300, 1e300, 1e300).variance() } == 0)
  }

  /// Equal elements, whose mean rounds to something else: 10 · 0.1.
  @Test(arguments: [[0.1], [0.0], [1e300], [-7.3e-300]])
  func deviationOfEqualElements(_ element: [Double]) {
    let x = [Double](repeating: element[0], count: 10)
    #expect(value { Tensor(x).variance() } == 0)
    #expect(value { Tensor(x).standardDeviation() } == 0)
    let zeros = [Double](repeating: 0, count: 10)
    #expect(slopes(x) { $0.standardDeviation() } == zeros)
    #expect(slopes(x, order: 2) { $0.standardDeviation() } == zeros)
    #expect(slopes(x) { $0.reshaped(to: [5, 2]).standardDeviation(along: 0) } == zeros)
    #expect(slopes([3.0]) { $0.standardDeviation(correction: 0) } == [0])
    #expect(value { vector(3).standardDeviation() }.isNaN)
    #expect(value { vector(1, .nan).standardDeviation() }.isNaN)
  }

  @Test(arguments: [2, 3, 1.5, 1, 4, 0.5, -1, .infinity] as [Double])
  func normsOfZeros(_ order: Double) {
    #expect(value { vector(0, 0).norm(order) } == 0)
    #expect(slopes([0.0, 0]) { $0.norm(order) } == [0, 0])
    #expect(slopes([0.0, 0], order: 2) { $0.norm(order) } == [0, 0])
    #expect(slopes([0.0, 0, 3]) { $0.reshaped(to: [3, 1]).norm(order, along: 0) }[0] == 0)
  }

  @Test func normsOfExtremes() {
    // A scale that is a power of two leaves every digit.
    #expect(value { vector(0x3p700, 0x4p700).norm() } == 0x5p700)
    #expect(value { vector(0x3p-700, 0x4p-700).norm() } == 0x5p-700)
    let smallest = Double.leastNonzeroMagnitude
    #expect(value { vector(3 * smallest, 4 * smallest).norm() } == 5 * smallest)
    #expect(value { vector(0x3p1020, 0x4p1020).norm() } == 0x5p1020)
    #expect(value { vector(0x1p-1074, 0).norm() } == 0x1p-1074)
    #expect(value { vector(1, .infinity).norm() } == .infinity)
    #expect(value { vector(-.infinity, 1).norm(3) } == .infinity)
    #expect(value { vector(0, 2).norm(-1) } == 0)
    expectEqual(slopes([3e200, -4e200]) { $0.norm() }, [0.6, -0.8], relativeTo: 1e-15, "gradient at large numbers")
    expectEqual(slopes([3e-200, 4e-200]) { $0.norm() }, [0.6, 0.8], relativeTo: 1e-15, "gradient at small numbers")
    expectEqual(
      [value { vector(1e200, 1e200).norm(3) }], [1e200 * pow(2, 1.0 / 3)], relativeTo: 4e-16, "order 3")
    expectEqual([value { vector(1, 2).norm(1000) }], [2], relativeTo: 1e-15, "order 1000")
    #expect(Tape.scope { Tensor([Float(0x3p100), 0x4p100]).norm().item } == 0x5p100)
    #expect(Tape.scope { Tensor([Float(0x3p-100), 0x4p-100]).norm().item } == 0x5p-100)
    // One output that has to be scaled does not touch its neighbours.
    let mixed = Tape.scope { Tensor([[3.0, 0x3p700, 0], [4, 0x4p700, 0]]).norm(along: 0).scalars }
    #expect(mixed == [5, 0x5p700, 0])
  }

  /// (xᵖ + 1)^(1/p) at x = 0, to the first order that is not 0.
  @Test func normsNearAZero() {
    func norm(_ order: Double) -> (Tensor<Double>) -> Tensor<Double> {
      { concatenated([$0, vector(1)]).norm(order) }
    }
    #expect(slopes([0.0], order: 2, norm(2)) == [1])
    #expect(slopes([0.0], order: 2, norm(3)) == [0])
    #expect(slopes([0.0], order: 3, norm(4)) == [0])
    #expect(slopes([0.0], order: 4, norm(4)) == [6])
    #expect(slopes([0.0], norm(1)) == [0])
  }
}
