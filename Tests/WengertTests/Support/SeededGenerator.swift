import Wengert

/// Random numbers that are the same on every run and platform: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A generator for one test case: its name decides, so that cases added later leave the others as they are.
  init(for name: String) { self.init(seed: Self.seed(for: name)) }

  /// The seed that a name stands for: FNV-1a of its bytes.
  static func seed(for name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in a range, a multiple of 2⁻²⁰: it is exact in `Float` too, and so is its sum with a power-of-two step.
  mutating func uniform(in range: ClosedRange<Double>) -> Double {
    let unit = Double(next() >> 11) * 0x1p-53
    let value = range.lowerBound + (range.upperBound - range.lowerBound) * unit
    return (value * 0x1p20).rounded() * 0x1p-20
  }

  /// An array of numbers in a range.
  mutating func array(_ shape: Shape, in range: ClosedRange<Double> = -1...1) -> ShapedArray<Double> {
    ShapedArray(shape: shape, scalars: (0..<shape.elementCount).map { _ in uniform(in: range) })
  }
}
