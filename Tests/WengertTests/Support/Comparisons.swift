import Testing
import Wengert

/// Expects two lists of numbers to agree within a tolerance relative to the larger of 1 and their largest number.
///
/// `context` says what was compared, with its seed; the message adds the element and both numbers.
func expectEqual<S: BinaryFloatingPoint>(
  _ actual: [S], _ expected: [S], relativeTo tolerance: Double, minimumScale: Double = 1,
  _ context: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record(
      "\(context()): \(actual.count) elements instead of \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  let scale = expected.reduce(minimumScale) { max($0, Double($1).magnitude) }
  for (element, (a, b)) in zip(actual, expected).enumerated() where !(Double(a - b).magnitude <= tolerance * scale) {
    Issue.record(
      "\(context()): element \(element) is \(a) instead of \(b), tolerance \(tolerance) of \(scale)",
      sourceLocation: sourceLocation)
    return
  }
}

/// Expects two lists of numbers to be the same in every bit, except that any NaN equals any other.
func expectIdentical<S: TensorScalar>(
  _ actual: [S], _ expected: [S], _ context: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record(
      "\(context()): \(actual.count) elements instead of \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  for (element, (a, b)) in zip(actual, expected).enumerated() where !isIdentical(a, b) {
    Issue.record("\(context()): element \(element) is \(a) instead of \(b)", sourceLocation: sourceLocation)
    return
  }
}

/// Equal, the signs of zeros included, or both NaN.
func isIdentical<S: BinaryFloatingPoint>(_ a: S, _ b: S) -> Bool {
  a.isNaN || b.isNaN ? a.isNaN && b.isNaN : a == b && a.sign == b.sign
}

/// The exact difference from a reference in units of the last place that a number of its size has.
func ulps<S: BinaryFloatingPoint, Wide: BinaryFloatingPoint>(_ actual: S, _ reference: Wide) -> Double {
  if actual.isNaN || reference.isNaN { return actual.isNaN && reference.isNaN ? 0 : .infinity }
  let rounded = S(reference)
  if actual == rounded { return 0 }
  guard actual.isFinite, rounded.isFinite else {
    // The largest number counts as a neighbour of infinity.
    let (a, b) = (finite(actual), finite(rounded))
    return a == b ? 1 : .infinity
  }
  return Double((Wide(actual) - reference).magnitude / Wide(rounded.ulp))
}

private func finite<S: BinaryFloatingPoint>(_ x: S) -> S {
  x.isInfinite ? (x < 0 ? -S.greatestFiniteMagnitude : S.greatestFiniteMagnitude) : x
}
