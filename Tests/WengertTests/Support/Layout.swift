import Testing
import Wengert

/// The ways in which one array's elements can lie in memory.
enum Layout: String, CaseIterable {
  case contiguous, transposed, sliced, broadcast, flipped, strided

  /// A tensor with the elements of an array, in this layout; for `broadcast`, axes of one element are repeats of
  /// nothing and the first axis is repeated, so the array has to be made by `sample`.
  func tensor(_ array: ShapedArray<Double>) -> Tensor<Double> {
    let x = Tensor(array)
    let rank = array.shape.count
    switch self {
    case .contiguous:
      return x
    case .transposed:
      // Copied in reverse order of axes, and turned back as a view.
      return (x.transposed() + 0).transposed()
    case .sliced:
      guard rank > 0 else { return x }
      // One element more on either side of every axis.
      var padded = x
      for axis in 0..<rank {
        var sizes = Array(padded.shape)
        sizes[axis] = 1
        let edge = Tensor(repeating: 99.0, shape: Shape(sizes))
        padded = concatenated([edge, padded, edge], along: axis)
      }
      let ranges = array.shape.map { 1..<$0 + 1 }
      return ranges.enumerated().reduce(padded) { partial, range in partial.sliced(axis: range.offset, range.element) }
    case .broadcast:
      guard rank > 0, array.shape[0] > 0 else { return x }
      return x.sliced(axis: 0, 0..<1).broadcast(to: array.shape)
    case .flipped:
      // Copied backwards, and turned round as a view.
      return (x.flipped() + 0).flipped()
    case .strided:
      // Every element twice in a row along every axis, and every other one of them.
      let doubled = (0..<rank).reduce(x) { $0.repeated(2, along: $1) }
      return doubled[Array(repeating: AxisSlice.all.strided(by: 2), count: rank)]
    }
  }

  /// The array that `tensor` stands for.
  func elements(_ array: ShapedArray<Double>) -> NaiveArray {
    let naive = NaiveArray(array)
    guard self == .broadcast, let size = naive.shape.first, size > 0 else { return naive }
    return NaiveArray(naive.shape) { naive[[0] + $0.dropFirst()] }
  }
}

/// Expects a tensor's value to have a shape and elements.
func expectEqual(
  _ actual: ShapedArray<Double>, _ expected: NaiveArray, relativeTo tolerance: Double = 0, _ context: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard Array(actual.shape) == expected.shape else {
    Issue.record("\(context): shape \(actual.shape) instead of \(expected.shape)", sourceLocation: sourceLocation)
    return
  }
  if tolerance == 0 {
    expectIdentical(actual.scalars, expected.scalars, context, sourceLocation: sourceLocation)
  } else {
    expectEqual(
      actual.scalars, expected.scalars, relativeTo: tolerance, context, sourceLocation: sourceLocation)
  }
}
