import Wengert

// Distributions whose numbers a generator determines. The standard library's own may change between its versions.

extension RandomNumberGenerator {
  /// A number uniform in 0..<1, a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number uniform in an interval.
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    min(range.lowerBound + (range.upperBound - range.lowerBound) * uniform(), range.upperBound)
  }

  /// A number of the normal distribution with mean 0 and standard deviation 1, by Marsaglia's polar method.
  public mutating func standardNormal() -> Double {
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      if square > 0 && square < 1 { return x * (-2 * PortableMath.log(square) / square).squareRoot() }
    }
  }

  /// An integer uniform in 0..<bound, without bias, by Lemire's method.
  mutating func index(below bound: Int) -> Int {
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }
}

extension ShapedArray {
  /// An array of numbers uniform in an interval, drawn in row-major order; a `Float` is a rounded `Double`.
  public init(uniformIn range: ClosedRange<Double>, shape: Shape, using generator: inout some RandomNumberGenerator) {
    self.init(repeating: 0, shape: shape)
    withUnsafeMutableBufferPointer { for index in $0.indices { $0[index] = Scalar(generator.uniform(in: range)) } }
  }

  /// An array of normally distributed numbers, drawn in row-major order; a `Float` is a rounded `Double`.
  public init(
    normalWithMean mean: Double, standardDeviation: Double, shape: Shape,
    using generator: inout some RandomNumberGenerator
  ) {
    self.init(repeating: 0, shape: shape)
    withUnsafeMutableBufferPointer {
      for index in $0.indices { $0[index] = Scalar(mean + standardDeviation * generator.standardNormal()) }
    }
  }
}
