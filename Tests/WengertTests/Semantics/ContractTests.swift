import Testing
import Wengert

/// What every value and gradient must be at the points where libraries disagree: one test for each line of the
/// contract. The other suites of this folder look at some of them more closely.
@Suite struct ContractTests {
  typealias Function = (Tensor<Double>) -> Tensor<Double>

  static let infinity = Double.infinity

  /// Value and gradient of Σ f at a list of numbers; a NaN is expected where NaN is given.
  private func expect(
    _ x: [Double], gradient: [Double], value: [Double]? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ function: Function
  ) {
    Tape.scope {
      let (y, pull) = valueWithPullback(at: Tensor(x), of: function)
      if let value { expectIdentical(y.scalars, value, "value at \(x)", sourceLocation: sourceLocation) }
      let slope = pull(Tensor(repeating: 1, shape: y.shape))
      // A gradient's zero may have either sign.
      expectIdentical(slope.scalars.map { $0 + 0 }, gradient, "gradient at \(x)", sourceLocation: sourceLocation)
    }
  }

  // MARK: Kinks, ties and poles

  @Test func kinks() {
    expect([0], gradient: [0], value: [0], relu)
    expect([0], gradient: [0], value: [0], abs)
    expect([1.5, 0], gradient: [0, 0], value: [1, 0], sign)
    expect([1.5], gradient: [0], value: [1], floor)
    expect([-1, 1, 0.5], gradient: [0, 0, 1], value: [-1, 1, 0.5]) { $0.clamped(to: -1...1) }
  }

  @Test func ties() {
    for function in [{ maximum($0, $1) }, { minimum($0, $1) }] as [(Tensor<Double>, Tensor<Double>) -> Tensor<Double>] {
      #expect(slopes(2, 2, function) == [0.5, 0.5])
    }
    expect([3, 1, 3], gradient: [0.5, 0, 0.5], value: [3]) { $0.max() }
    expect([3, 1, 1], gradient: [0, 0.5, 0.5], value: [1]) { $0.min() }
    Tape.scope {
      let x = Tensor([[1.0, 2], [1, 0]])
      #expect(gradient(at: x) { $0.max(along: 0).sum() }.scalars == [0.5, 1, 0.5, 0])
      #expect(gradient(at: x) { $0.min(along: 0).sum() }.scalars == [0.5, 0, 0.5, 1])
    }
  }

  /// ±∞ where the cotangent is not 0, else 0.
  @Test func poles() {
    let functions: [(Function, Double)] = [
      (sqrt, .infinity), (log, .infinity), (rsqrt, -.infinity), (reciprocal, -.infinity), ({ 1 / $0 }, -.infinity),
    ]
    for (function, slope) in functions {
      expect([0], gradient: [slope], function)
      expect([0, 4], gradient: [0, slopes([4], function)[0]]) { Tensor.where($0 .> 0, function($0), 0) }
    }
  }

  @Test func normsAndDeviations() {
    expect([0, 0], gradient: [0, 0], value: [0]) { $0.norm() }
    expect([3, 4], gradient: [0.6, 0.8], value: [5]) { $0.norm() }
    expect([2, 2, 2], gradient: [0, 0, 0], value: [0]) { $0.standardDeviation() }
    expect([7], gradient: [.nan], value: [.nan]) { $0.variance() }
  }

  @Test func powers() {
    let infinity = Self.infinity
    #expect(slopes(0, 0) { pow($0, $1) } == [0, 0])
    #expect(slopes(0, 2) { pow($0, $1) } == [0, 0])
    #expect(slopes(0, 1) { pow($0, $1) } == [1, 0])
    #expect(slopes(0, 0.5) { pow($0, $1) } == [infinity, 0])
    #expect(slopes(0, -1) { pow($0, $1) } == [-infinity, -infinity])
    let negative = slopes(-2, 2) { pow($0, $1) }
    #expect(negative[0] == -4 && negative[1].isNaN)
    // Unless the exponent is asked for, its derivative is not evaluated.
    expect([-2], gradient: [-4], value: [4]) { pow($0, 2) }
  }

  @Test func notANumber() {
    let (a, b) = Tape.scope {
      let g = gradient(at: Tensor(Double.nan), Tensor(0.0)) { maximum($0, $1) }
      return (g.0.item, g.1.item)
    }
    #expect(a == 1 && b == 0)
    #expect(Tape.scope { maximum(Tensor(Double.nan), 0).item.isNaN })
    for bad in [Double.infinity, .nan] {
      expect([2, 5], gradient: [3, 3]) { Tensor.where($0 .> 0, $0 * 3, $0 * bad / ($0 - $0)) }
    }
  }

  // MARK: Softmax and losses

  @Test func logSumExpOfNothing() {
    expect([-.infinity, -.infinity], gradient: [0, 0], value: [-.infinity]) { logSumExp($0) }
    expect([-.infinity, 2], gradient: [0, 1], value: [2]) { logSumExp($0) }
    expect([], gradient: [], value: [-.infinity]) { logSumExp($0) }
  }

  @Test func softmaxOfInfinities() {
    for function in [{ softmax($0) }, { logSoftmax($0) }] as [Function] {
      Tape.scope {
        let x = Tensor([-Double.infinity, 1, 2])
        let slope = gradient(at: x) { Tensor.where($0 .> -1, function($0), 0).sum() }
        #expect(slope.scalars.allSatisfy { $0.isFinite })
        #expect(function(Tensor([-Double.infinity, -.infinity])).scalars.allSatisfy { $0.isNaN })
      }
    }
  }

  @Test func largeLogits() {
    expect([1e4, -1e4], gradient: [0, 0], value: [1, 0]) { softmax($0) }
    #expect(Tape.scope { logSoftmax(Tensor([1e4, -1e4])).scalars } == [0, -2e4])
    Tape.scope {
      let x = Tensor([[1e4, -1e4]])
      let (loss, slope) = valueWithGradient(at: x) { crossEntropy($0, labels: [1]) }
      #expect(loss.item == 2e4)
      #expect(slope.scalars == [1, -1])
      #expect(crossEntropy(Tensor([[-Double.infinity, 0]]), labels: [0]).item == .infinity)
    }
  }

  @Test func tails() {
    expect([-1000], gradient: [0], value: [0], sigmoid)
    expect([1000, -1000], gradient: [1, 0], value: [1000, 0], softplus)
  }

  // MARK: Empty arrays

  @Test func reductionsOfNothing() {
    expect([], gradient: [], value: [0]) { $0.sum() }
    expect([], gradient: [], value: [1]) { $0.prod() }
    expect([], gradient: [], value: [.nan]) { $0.mean() }
    Tape.scope {
      let (a, b) = (Tensor<Double>(repeating: 1, shape: [2, 0]), Tensor<Double>(repeating: 1, shape: [0, 3]))
      #expect(matmul(a, b).value == ShapedArray(repeating: 0, shape: [2, 3]))
      let (p, q) = gradient(at: a, b) { matmul($0, $1).sum() }
      #expect(p.shape == [2, 0] && q.shape == [0, 3])
    }
  }

  // MARK: Indices and products

  @Test func repeatedIndicesAddUp() {
    expect([1, 2, 3], gradient: [2, 0, 1], value: [1, 3, 1]) { $0.gathered(at: [0, 2, 0], along: 0) }
    expect([1, 2, 3], gradient: [2, 0, 1], value: [1, 3, 1]) { $0.rows(at: [0, 2, 0]) }
  }

  @Test func productsWithZeros() {
    expect([2, 0, 3], gradient: [0, 6, 0], value: [0]) { $0.prod() }
    expect([0, 0, 3], gradient: [0, 0, 0], value: [0]) { $0.prod() }
    // H of x y z: the products of what is left.
    Tape.scope {
      #expect(hessian(at: vector(0, 0, 3)) { $0.prod() }.scalars == [0, 3, 0, 3, 0, 0, 0, 0, 0])
    }
    expect([2, 0, 3], gradient: [1, 8, 0], value: [2, 0, 0]) { $0.cumulativeProduct(along: 0) }
  }

  // MARK: Linear algebra

  @Test func determinants() {
    Tape.scope {
      let singular = Tensor([[1.0, 2], [2, 4]])
      let cofactors = gradient(at: singular) { determinant($0) }
      expectEqual(cofactors.scalars, [4, -2, -2, 1], relativeTo: 1e-15, "cofactors")
      let (sign, logarithm) = logDeterminant(Tensor([[1.0, 2], [2, 4]]))
      #expect(sign.item == 0 && logarithm.item == -.infinity)
    }
  }

  @Test func factorizationsOfBadMatrices() throws {
    Tape.scope {
      #expect(throws: LinearAlgebraError.self) { try cholesky(Tensor([[1.0, 2], [2, 1]])) }
      #expect(throws: LinearAlgebraError.self) { try inverse(Tensor([[1.0, 2], [2, 4]])) }
      #expect(throws: LinearAlgebraError.self) { try solve(Tensor([[1.0, 2], [2, 4]]), Tensor([1.0, 1])) }
    }
    let error = #expect(throws: LinearAlgebraError.self) { try cholesky(Tensor([[4.0, 2], [2, 1]])) }
    guard case .notPositiveDefinite(pivot: 1, _, matrix: 0)? = error?.reason else {
      Issue.record("\(String(describing: error)) does not name the pivot")
      return
    }
  }

  @Test func choleskyHasASymmetricAdjoint() throws {
    let slope = try Tape.scope { try gradient(at: Tensor([[4.0, 1], [1, 3]])) { try cholesky($0).sum() }.scalars }
    // (1/4 + b/8 (…)): computed with 40 digits from L = [[2, 0], [1/2, √(11)/2]]
    let c = 11.0.squareRoot() / 2
    let expected = [0.25 - 0.0625 + 0.03125 / c, 0.25 - 0.125 / c, 0.25 - 0.125 / c, 0.5 / c]
    expectEqual(slope, expected, relativeTo: 1e-15, "adjoint of Cholesky's factor")
  }

  @Test func repeatedEigenvalues() throws {
    let x = Tensor([[2.0, 0], [0, 2]])
    let slope = try gradient(at: x) { try eigh($0).values.sum() }
    expectEqual(slope.scalars, [1, 0, 0, 1], relativeTo: 1e-15, "Σ of eigenvalues")
    let singular = try gradient(at: x) { try singularValues(of: $0).sum() }
    #expect(singular.scalars.allSatisfy { $0.isFinite })
    func ofVectors() throws -> [Double] { try gradient(at: x) { try eigh($0).vectors.sliced(0..<1).sum() }.scalars }
    let error = #expect(throws: LinearAlgebraError.self) { try ofVectors() }
    guard case .repeatedEigenvalue? = error?.reason else {
      Issue.record("\(String(describing: error)) does not tell of a repeated eigenvalue")
      return
    }
    func ofSingularVectors() throws -> [Double] { try gradient(at: x) { try svd($0).u.sliced(0..<1).sum() }.scalars }
    #expect(throws: LinearAlgebraError.self) { try ofSingularVectors() }
  }

  // MARK: Two arguments at zero

  @Test func originOfTheirPlane() {
    #expect(slopes(0, 0) { atan2($0, $1) } == [0, 0])
    #expect(slopes(0, 0) { hypot($0, $1) } == [0, 0])
    #expect(slopes(0, 0) { xlogy($0, $1) } == [0, 0])
    #expect(Tape.scope { xlogy(Tensor(0.0), Tensor(0.0)).item } == 0)
  }

  // MARK: Paths

  @Test func noPathThroughChoices() {
    Tape.scope {
      let x = vector(0.3, 1.7)
      let functions: [Function] = [
        { $0 .> 1 }, { $0 .== 1 }, floor, ceil, { $0.rounded() }, sign, { $0.any() }, { $0.detached() },
      ]
      for function in functions {
        let gradients = (function(x).sum() + 1).backward()
        #expect(!gradients.reaches(x))
        #expect(gradients[x].scalars == [0, 0])
      }
      #expect(x.argmax() == 1)
    }
  }
}
