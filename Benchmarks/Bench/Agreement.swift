/// Comparing what the designs computed: a timing of a wrong result is worth nothing.
enum Agreement {
  /// The largest difference of two arrays, relative to the largest element of the second; infinite if their sizes
  /// differ or if only one has a NaN somewhere.
  static func difference<S: BenchScalar>(_ a: [S], _ b: [S]) -> Double {
    guard a.count == b.count else { return .infinity }
    var largest = 0.0
    var difference = 0.0
    for (x, y) in zip(a, b) where !(x.isNaN && y.isNaN) {
      if x.isNaN || y.isNaN { return .infinity }
      // Equal infinities differ by a NaN.
      if x != y { difference = max(difference, Double(abs(x - y))) }
      largest = max(largest, Double(abs(y)))
    }
    return difference == 0 ? 0 : difference / max(largest, Double(S.leastNormalMagnitude))
  }

  /// What is wrong with a result, or nil.
  static func complaint<S>(_ tape: Outcome<S>, _ graph: Outcome<S>) -> String? {
    var parts = [("value", difference(tape.value, graph.value))]
    for (index, pair) in zip(tape.gradients, graph.gradients).enumerated() {
      parts.append(("gradient \(index + 1)", difference(pair.0, pair.1)))
    }
    guard let worst = parts.first(where: { !($0.1 <= S.tolerance) }) else { return nil }
    return "\(worst.0) of tape and closure graph differ by \(worst.1) of the largest element"
  }
}
