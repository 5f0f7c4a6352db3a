// Messages about shapes, slices and indices.

extension Misuse {
  static func stride(_ slice: AxisSlice, _ step: Int) -> Misuse {
    Misuse(
      "strided(by:) takes a step other than 0 through a range that has none", given: "step \(step) through \(slice)",
      "Use a step of 1 or more, or of -1 or less to go backwards.")
  }
  static func subscriptCount(_ slices: [AxisSlice], _ shape: Shape) -> Misuse {
    Misuse(
      "a subscript has at most one index or range per axis and one .ellipsis",
      given: "[\(slices.map(\.description).joined(separator: ", "))] of shape \(shape)", "Check the subscript.")
  }
  static func subscriptIndex(_ index: Int, axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      shape[axis] == 0
        ? "a subscript's index requires an axis with elements"
        : "a subscript's index lies in \(-shape[axis])..<\(shape[axis])",
      given: "index \(index) along axis \(axis) of shape \(shape)", "Check the index.")
  }
  static func subscriptRange(_ slice: AxisSlice, axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "a subscript's range lies within its axis, with its end not before its start",
      given: "\(slice) along axis \(axis) of shape \(shape)", "Check the range.")
  }
  static func squeeze(_ axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "squeezed(along:) requires axes of one element", given: "axis \(axis) of shape \(shape)",
      "Use reshaped(to:), or a subscript to choose an element.")
  }
  static func newAxis(_ operation: String, _ axis: Int, _ rank: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "\(operation) requires places in \(-rank)..<\(rank) for new axes", given: "\(axis) for shape \(shape)",
      "Count the axes of the result from 0, or from -1 at the end.")
  }
  static func needsAxis(_ operation: String, _ shape: Shape) -> Misuse {
    Misuse("\(operation) requires an axis", given: "shape \(shape)", "Reshape the scalar to a vector first.")
  }
  static func needsMatrix(_ operation: String, _ shape: Shape) -> Misuse {
    Misuse("\(operation) requires a matrix, or a stack of them", given: "shape \(shape)", "Reshape the tensor first.")
  }
  static func stack(_ shapes: [Shape]) -> Misuse {
    Misuse(
      "stacked(_:along:) requires tensors of one shape",
      given: shapes.isEmpty ? "no tensors" : "shapes \(list(shapes))", "Reshape or slice them to agree.")
  }
  static func splitCount(_ count: Int, axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "split(into:along:) requires a number of parts that divides the axis evenly",
      given: "\(count) parts of axis \(axis) of shape \(shape)", "Use split(sizes:along:) or chunked(into:along:).")
  }
  static func splitSizes(_ sizes: [Int], axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "split(sizes:along:) requires sizes that add up to the axis's",
      given: "\(sizes) for axis \(axis) of shape \(shape)", "Check the sizes.")
  }
  static func chunkCount(_ count: Int) -> Misuse {
    Misuse("chunked(into:along:) requires at least one chunk", given: "\(count)", "Check the number.")
  }
  static func paddingWidths(_ operation: String, _ widths: [(before: Int, after: Int)], _ shape: Shape) -> Misuse {
    Misuse(
      "\(operation) requires widths of at least 0, one pair per axis",
      given: "[\(widths.map { "(\($0.before), \($0.after))" }.joined(separator: ", "))] for shape \(shape)",
      "Use a subscript to cut elements off.")
  }
  static func reflection(_ operation: String, _ width: (before: Int, after: Int), _ axis: Int, _ shape: Shape) -> Misuse
  {
    Misuse(
      "\(operation) reflects at most as many elements as an axis has beside its edge",
      given: "widths (\(width.before), \(width.after)) for axis \(axis) of shape \(shape)",
      "Pad by less, or more than once.")
  }
  static func edgePadding(_ operation: String, _ axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "\(operation) requires an edge to repeat", given: "axis \(axis) of shape \(shape)", "Pad with a constant instead."
    )
  }
  static func repetitions(_ operation: String, _ counts: [Int]) -> Misuse {
    Misuse(
      "\(operation) requires numbers of at least 0", given: counts.map(String.init).joined(separator: ", "),
      "Check how the numbers were computed.")
  }
  static func strideNumbers(_ start: Double, _ end: Double, _ step: Double) -> Misuse {
    Misuse(
      "stride(from:to:by:) requires finite numbers and a step other than 0",
      given: "from \(start) to \(end) by \(step)", "Check the numbers.")
  }
  static func indexShape(_ operation: String, _ indices: Shape, axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "\(operation) requires indices of as many axes as the tensor, none longer but axis \(axis)",
      given: "indices of shape \(indices) for shape \(shape)",
      "Reshape the indices, or use taking(_:along:) to take whole rows.")
  }
  static func scatterSource(_ source: Shape, _ indices: Shape) -> Misuse {
    Misuse(
      "scatterAdded(_:at:along:) requires one index per element",
      given: "shape \(source) and indices of shape \(indices)",
      "Slice or reshape them to agree.")
  }
  static func index(_ operation: String, _ index: Int, at position: Int, of shape: Shape, _ size: Int) -> Misuse {
    var rest = position
    let coordinates = shape.reversed().map { size in
      defer { rest /= size }
      return rest % size
    }.reversed()
    return Misuse(
      size == 0 ? "\(operation) requires an axis with elements" : "\(operation) requires indices in 0..<\(size)",
      given: "index \(index) at position \(Array(coordinates))", "Check the indices.")
  }
}
