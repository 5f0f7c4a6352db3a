import Testing
import Wengert

/// Kinks, ties, NaN and branches: the rows of the contract on operations that pick one of their operands.
@Suite struct SelectionSemanticsTests {
  @Test func kinksHaveDerivativeZero() {
    #expect(slopes([-1, 0, -0.0, 2], relu) == [0, 0, 0, 1])
    #expect(slopes([-1, 0, -0.0, 2], abs) == [-1, 0, 0, 1])
    #expect(slopes([-1 as Float, 0, -0.0, 2], relu) == [0, 0, 0, 1])
    #expect(slopes([-1 as Float, 0, -0.0, 2], abs) == [-1, 0, 0, 1])
    #expect(slopes([-1, 0, 2], order: 2) { relu($0) * $0 } == [0, 0, 2])
    #expect(slopes([-1, 0, 2], order: 2) { abs($0) * $0 } == [-2, 0, 2])
  }

  @Test func valuesAtKinks() {
    expectIdentical(
      evaluate { relu(vector(-1, 0, 2, .infinity, -.infinity, .nan)) }.scalars, [0, 0, 2, .infinity, 0, .nan], "relu")
    expectIdentical(
      evaluate { abs(vector(-1, 0, -0.0, 2, -.infinity, .nan)) }.scalars, [1, 0, 0, 2, .infinity, .nan], "abs")
  }

  @Test func tiesOfTwoAreHalved() {
    #expect(slopes(1, 1, maximum) == [0.5, 0.5])
    #expect(slopes(1, 1, minimum) == [0.5, 0.5])
    #expect(slopes(0, -0.0, maximum) == [0.5, 0.5])
    #expect(slopes(.infinity, .infinity, maximum) == [0.5, 0.5])
    #expect(slopes(2, 1, maximum) == [1, 0])
    #expect(slopes(2, 1, minimum) == [0, 1])
    #expect(slopes([1.0, 2, 3]) { maximum($0, 2) } == [0, 0.5, 1])
    #expect(slopes([1.0, 2, 3]) { maximum(2, $0) } == [0, 0.5, 1])
    #expect(slopes([1.0, 2, 3]) { minimum($0, 2) } == [1, 0.5, 0])
    #expect(slopes([1.0, 2, 3]) { minimum(2, $0) } == [1, 0.5, 0])
    #expect(slopes([3.0]) { maximum($0, $0) } == [1])
  }

  @Test func notANumberWinsAndTakesTheCotangent() {
    for pick in [maximum, minimum] as [(Tensor<Double>, Tensor<Double>) -> Tensor<Double>] {
      #expect(evaluate { pick(Tensor(.nan), Tensor(0)) }.item.isNaN)
      #expect(evaluate { pick(Tensor(0), Tensor(.nan)) }.item.isNaN)
      #expect(slopes(.nan, 0, pick) == [1, 0])
      #expect(slopes(0, .nan, pick) == [0, 1])
      #expect(slopes(.nan, .infinity, pick) == [1, 0])
      #expect(slopes(.nan, .nan, pick) == [0.5, 0.5])
    }
  }

  @Test func tiesOverAxesAreSplitEvenly() {
    let third = 1.0 / 3
    #expect(slopes([2.0, 5, 5, 1, 5]) { $0.max() } == [0, third, third, 0, third])
    let matrix: [[Double]] = [[1, 3, 3], [4, 4, 4], [0, -1, -2]]
    let alongRows = Tape.scope { gradient(at: Tensor(matrix)) { $0.max(along: 1).sum() }.scalars }
    #expect(alongRows == [0, 0.5, 0.5, third, third, third, 1, 0, 0])
    let alongColumns = Tape.scope { gradient(at: Tensor(matrix)) { $0.max(along: 0, keepingAxes: true).sum() }.scalars }
    #expect(alongColumns == [0, 0, 0, 1, 1, 1, 0, 0, 0])
    #expect(slopes([-.infinity, -.infinity]) { $0.max() } == [0.5, 0.5])
    #expect(slopes([0.0, -0.0]) { $0.max() } == [0.5, 0.5])
  }

  @Test func notANumberIsTheMaximumOverAxes() {
    for size in 1...40 {
      for position in 0..<size {
        var x = (0..<size).map { Double($0 % 7) }
        x[position] = .nan
        #expect(evaluate { Tensor(x).max() }.item.isNaN, "NaN at \(position) of \(size)")
        #expect(slopes(x) { $0.max() } == (0..<size).map { $0 == position ? 1 : 0 }, "NaN at \(position) of \(size)")
      }
    }
    #expect(evaluate { Tensor([[1.0, .nan], [2, 0]]).max(along: 0) }.scalars[0] == 2)
    #expect(evaluate { Tensor([[1.0, .nan], [2, 0]]).max(along: 0) }.scalars[1].isNaN)
  }

  @Test func branchNotTakenHasAdjointZero() {
    let x = [0.0, 4, -1, .infinity, .nan]
    let g = slopes(x) { Tensor.where($0 .> 0, sqrt($0), 3 * $0) }
    #expect(g == [3, 0.25, 3, 0, 3])
    let (a, b) = Tape.scope {
      let condition = vector(1.0, 0, 1, 0)
      let (a, b) = gradient(at: vector(1.0, .nan, .infinity, 2), vector(.nan, 1, .nan, -.infinity)) { a, b in
        Tensor.where(condition, a, b).sum()
      }
      return (a.scalars, b.scalars)
    }
    #expect(a == [1, 0, 1, 0])
    #expect(b == [0, 1, 0, 1])
    #expect(
      evaluate { Tensor.where(vector(1.0, 0, -2, .nan), 1, Tensor(repeating: 0, shape: [4])) }.scalars == [1, 0, 1, 1])
  }

  @Test func comparisonsAreNotDifferentiable() {
    let x = [1.0, 2, 3]
    let comparisons: [(Tensor<Double>) -> Tensor<Double>] = [
      { $0 .> 2 }, { $0 .>= 2 }, { $0 .< 2 }, { $0 .<= 2 }, { $0 .== 2 }, { $0 .!= 2 },
      { $0 .> $0 }, { $0 .>= $0 }, { $0 .< $0 }, { $0 .<= $0 }, { $0 .== $0 }, { $0 .!= $0 },
    ]
    let values: [[Double]] = [
      [0, 0, 1], [0, 1, 1], [1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 1],
      [0, 0, 0], [1, 1, 1], [0, 0, 0], [1, 1, 1], [1, 1, 1], [0, 0, 0],
    ]
    for (comparison, expected) in zip(comparisons, values) {
      Tape.scope {
        let x = Tensor(x)
        let y = comparison(x)
        #expect(y.scalars == expected)
        let gradients = (y * 5).sum().backward()
        #expect(!gradients.reaches(x))
        #expect(gradients[x].scalars == [0, 0, 0])
        let mixed = (x * y).sum().backward()
        #expect(mixed[x].scalars == expected)
      }
    }
    let nan = Double.nan
    #expect(evaluate { vector(nan) .== vector(nan) }.item == 0)
    #expect(evaluate { vector(nan) .!= vector(nan) }.item == 1)
  }

  @Test func sameResultForPairsOfAnyOrder() {
    // x against y with broadcasting on either side.
    let rows: [[Double]] = [[1, 5, 3]]
    #expect(evaluate { maximum(Tensor(rows), Tensor([[2.0], [4]])) }.scalars == [2, 5, 3, 4, 5, 4])
    let (a, b) = Tape.scope {
      let (a, b) = gradient(at: Tensor(rows), Tensor([[3.0], [5]])) { maximum($0, $1).sum() }
      return (a.value, b.value)
    }
    #expect(a.shape == [1, 3] && a.scalars == [0, 1.5, 0.5])
    #expect(b.shape == [2, 1] && b.scalars == [1.5, 2.5])
  }
}
