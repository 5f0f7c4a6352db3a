/// Functions for making data, from operations that IEEE 754 rounds alike everywhere.
///
/// The C library's differ in the last bit between platforms, and a seed should give the same data on each. To about
/// one ulp; slower than the C library's.
enum PortableMath {
  /// The natural logarithm of a positive, normal number.
  static func log(_ x: Double) -> Double {
    var exponent = Double(x.exponent)
    var significand = x.significand
    if significand > 1.414_213_562_373_095_1 {
      significand /= 2
      exponent += 1
    }
    // log m = 2 artanh s, where |s| < 0.172, so that twelve terms of the series suffice.
    let s = (significand - 1) / (significand + 1)
    let square = s * s
    var series = 0.0
    for term in (0..<12).reversed() { series = series * square + 1 / Double(2 * term + 1) }
    return exponent * 0.693_147_180_559_945_3 + 2 * s * series
  }

  /// sin(πx) for x in 0...1.
  static func sinPi(_ x: Double) -> Double {
    let folded = x > 0.5 ? 1 - x : x
    return folded > 0.25 ? cosineSeries(.pi * (0.5 - folded)) : sineSeries(.pi * folded)
  }

  /// cos(πx) for x in 0...1.
  static func cosPi(_ x: Double) -> Double {
    x > 0.5 ? -sinPi(x - 0.5) : sinPi(0.5 - x)
  }

  private static func sineSeries(_ x: Double) -> Double {
    var series = 1.0
    for term in (1...9).reversed() { series = 1 - x * x / Double(2 * term * (2 * term + 1)) * series }
    return x * series
  }

  private static func cosineSeries(_ x: Double) -> Double {
    var series = 1.0
    for term in (1...9).reversed() { series = 1 - x * x / Double(2 * term * (2 * term - 1)) * series }
    return series
  }
}
