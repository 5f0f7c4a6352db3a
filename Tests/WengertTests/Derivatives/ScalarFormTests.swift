import Testing
import Wengert

/// Pullbacks of sums, differences and products of numbers take a short way; it has to lead where the programs lead that
/// arrays of one element run.
@Suite struct ScalarFormTests {
  typealias Function = @Sendable (Tensor<Double>, Tensor<Double>) -> Tensor<Double>

  private static let functions: [Function] = [
    { $0 + $1 }, { $0 - $1 }, { $0 * $1 }, { $0 / $1 }, { $0 * $0 + $1 * $0 }, { -$0 - $1 }, { maximum($0, $1) * $0 },
  ]
  private static let values = [0, -0.0, 1.5, -2, .infinity, -.infinity, .nan, Double.leastNonzeroMagnitude]

  @Test(arguments: functions.indices, [1.0, 0, -3])
  func numbersAndArraysOfOneElementAgree(_ index: Int, _ cotangent: Double) {
    let function = Self.functions[index]
    for a in Self.values {
      for b in Self.values {
        let number = gradient(at: Tensor(a), Tensor(b)) { function($0, $1) * cotangent }
        let array = gradient(at: Tensor([a]), Tensor([b])) { (function($0, $1) * cotangent).sum() }
        // But for the sign of a zero, which rules do not promise.
        for (x, y) in [(number.0, array.0), (number.1, array.1)] {
          let (x, y) = (x.item, y.scalars[0])
          #expect(x == y || x.isNaN && y.isNaN, "\(a), \(b): \(x) and \(y)")
        }
      }
    }
  }
}
