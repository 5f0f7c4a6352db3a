import Wengert

/// The logarithm of the posterior of a mixture of Gaussians, with a Wishart prior, up to the sign of the prior, which is
/// that of the benchmark.
struct GaussianMixture<S: TensorScalar> {
  /// (points, dimensions)
  let points: Tensor<S>
  /// The prior's scale and surplus of degrees of freedom.
  let gamma: S
  let freedom: Int

  private var dimensions: Int { points.shape[1] }

  /// - Parameters:
  ///   - alpha: (components,): logarithms of the weights, up to a constant.
  ///   - mean: (components, dimensions)
  ///   - factor: (components, dimensions + dimensions (dimensions − 1) / 2): of the lower triangular square root of each
  ///     inverse covariance, the logarithms of the diagonal, and the columns below it.
  func callAsFunction(_ alpha: Tensor<S>, _ mean: Tensor<S>, _ factor: Tensor<S>) -> Tensor<S> {
    let (count, d) = (points.shape[0], dimensions)
    let logDiagonal = factor[.all, ..<d]
    let below = factor[.all, d...]
    let diagonal = exp(logDiagonal)
    let logDeterminants = logDiagonal.sum(along: 1)
    let root = strictlyLower(below) + diagonal.diagonalMatrix()
    // (components, points, dimensions)
    let scaled = matmul(points - mean.expandingShape(at: 1), root.transposed(-2, -1))
    let exponents = alpha + logDeterminants - 0.5 * square(scaled).sum(along: -1).transposed()
    let likelihood = logSumExp(exponents, along: 1).sum() - S(count) * logSumExp(alpha)
    let prior =
      0.5 * gamma * gamma * (square(diagonal).sum() + square(below).sum()) - S(freedom) * logDeterminants.sum()
    return likelihood + prior - S(count * d) * 0.5 * S.log(2 * .pi) - S(alpha.shape[0]) * logNormalization
  }

  /// Columns below a diagonal, one after the other, as a matrix.
  private func strictlyLower(_ columns: Tensor<S>) -> Tensor<S> {
    let d = dimensions
    // A column of zeros stands for all that is not below the diagonal.
    let padded = columns.padded(before: 1, after: 0, along: 1)
    var places = [[Int]](repeating: [Int](repeating: 0, count: d), count: d)
    var next = 1
    for column in 0..<d {
      for row in column + 1..<d {
        places[row][column] = next
        next += 1
      }
    }
    return padded.taking(IndexArray(places), along: 1)
  }

  /// Of the Wishart distribution.
  private var logNormalization: S {
    let (d, n) = (dimensions, dimensions + freedom + 1)
    let halves = Tensor<S>((0..<d).map { S(n - $0) / 2 })
    let logMultivariateGamma = S(d * (d - 1)) / 4 * S.log(.pi) + logGamma(halves).sum().item
    return S(n * d) * S.log(gamma / S(2).squareRoot()) - logMultivariateGamma
  }
}

extension TensorScalar {
  fileprivate static func log(_ x: Self) -> Self { Wengert.log(Tensor(x)).item }
}
