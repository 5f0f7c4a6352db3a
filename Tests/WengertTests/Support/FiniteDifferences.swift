import Wengert

/// Derivatives by differences: the independent opinion that gradients are compared with.
///
/// The sixth-order central stencil with step 2⁻¹⁰ has a truncation error below 10⁻¹⁸ f⁽⁷⁾ and a rounding error near
/// 10⁻¹³ f, so that nine digits of a first derivative can be asked for.
enum FiniteDifferences {
  typealias Function = ([ShapedArray<Double>]) -> ShapedArray<Double>

  static let step = 0x1p-10
  private static let weights = [0.75, -0.15, 1.0 / 60]

  /// Σⱼ vⱼ ∂fⱼ/∂xᵢ for each element i of each input.
  static func gradient(
    of function: Function, at inputs: [ShapedArray<Double>], cotangent: [Double]
  ) -> [[Double]] {
    var inputs = inputs
    return inputs.indices.map { input in
      (0..<inputs[input].count).map { element in
        let original = inputs[input].scalars[element]
        defer { inputs[input].setScalar(original, at: element) }
        return difference(cotangent) { offset in
          inputs[input].setScalar(original + offset, at: element)
          return function(inputs)
        }
      }
    }
  }

  /// Σⱼ vⱼ (J t)ⱼ: the derivative along one direction.
  static func directionalDerivative(
    of function: Function, at inputs: [ShapedArray<Double>], along direction: [[Double]], cotangent: [Double]
  ) -> Double {
    difference(cotangent) { offset in
      function(
        zip(inputs, direction).map { input, direction in
          ShapedArray(shape: input.shape, scalars: zip(input.scalars, direction).map { $0 + offset * $1 })
        })
    }
  }

  private static func difference(_ cotangent: [Double], _ value: (Double) -> ShapedArray<Double>) -> Double {
    var total = 0.0
    for (index, weight) in weights.enumerated() {
      let offset = Double(index + 1) * step
      let (above, below) = (value(offset).scalars, value(-offset).scalars)
      // Differences come first: elements that do not depend on the input then cancel exactly.
      total += weight * zip(cotangent, zip(above, below)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) }
    }
    return total / step
  }
}

extension ShapedArray {
  mutating func setScalar(_ value: Scalar, at position: Int) {
    withUnsafeMutableBufferPointer { $0[position] = value }
  }
}
