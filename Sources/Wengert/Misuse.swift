/// Every way to misuse the library that is found at run time, and what its message says.
///
/// One style for all: `FILE:LINE: Fatal error: REQUIREMENT; given VALUES. ADVICE`, where the line is the caller's.
/// Failures that depend on data rather than on the program are thrown instead.
package struct Misuse {
  let requirement: String
  let given: String
  let advice: String

  package init(_ requirement: String, given: String, _ advice: String) {
    self.requirement = requirement
    self.given = given
    self.advice = advice
  }

  var message: String { "\(requirement); given \(given). \(advice)" }
}

/// Stops the program with the message of a misuse and the line of the user's code that led to it: that of the first
/// return address that has one, or else the innermost one on the stack.
@inline(never)
package func misuse(_ misuse: Misuse, sources: [UInt] = []) -> Never {
  let locations = SourceLocation.of(Set(sources))
  trap(misuse.message, at: sources.lazy.compactMap { locations[$0] }.first ?? SourceLocation.ofCaller())
}

extension Misuse {
  // MARK: Shapes

  static func tooManyAxes(_ sizes: [Int]) -> Misuse {
    Misuse(
      "a shape has at most \(Shape.maximumRank) axes", given: "\(sizes.count): \(sizes)",
      "Merge axes with reshaped(to:).")
  }
  static func sizeOutOfRange(_ sizes: [Int]) -> Misuse {
    Misuse("a size lies in 0...\(Int32.max)", given: "\(sizes)", "Check how the shape was computed.")
  }
  static func tooManyElements(_ sizes: [Int]) -> Misuse {
    Misuse("an array's elements can be addressed", given: "shape \(sizes)", "Check how the shape was computed.")
  }
  static func scalarCount(_ shape: Shape, _ count: Int) -> Misuse {
    Misuse(
      "an array of shape \(shape) takes \(shape.elementCount) scalars", given: "\(count)",
      "Pass as many scalars as the shape has elements.")
  }
  static func indexCount(_ shape: Shape, _ count: Int) -> Misuse {
    Misuse(
      "an index array of shape \(shape) takes \(shape.elementCount) indices", given: "\(count)",
      "Pass as many indices as the shape has elements.")
  }
  static func raggedRows(_ expected: Int, _ count: Int) -> Misuse {
    Misuse(
      "the rows of a matrix have one length", given: "rows of \(expected) and of \(count)",
      "Pad the rows or keep them apart.")
  }
  static func axisOfShape(_ axis: Int, _ shape: Shape) -> Misuse {
    Misuse("a shape's axis lies in 0..<\(shape.count)", given: "axis \(axis) of shape \(shape)", "Check the axis.")
  }
  static func itemOfMany(_ shape: Shape) -> Misuse {
    Misuse("item takes an array of one element", given: "shape \(shape)", "Reduce it first, or use its scalars.")
  }
  static func elementIndex(_ indices: [Int], _ shape: Shape) -> Misuse {
    Misuse(
      "an element has one index per axis, each within its size", given: "\(indices) in shape \(shape)",
      "Check the indices.")
  }
  static func rowRange(_ rows: Range<Int>, _ shape: Shape) -> Misuse {
    Misuse("rows lie within the first axis", given: "rows \(rows) of shape \(shape)", "Check the range.")
  }
  static func reshape(_ from: Shape, _ to: Shape) -> Misuse {
    Misuse(
      "reshaped(to:) keeps the number of elements",
      given: "shape \(from) of \(from.elementCount) and target \(to) of \(to.elementCount)",
      "Check the target's sizes.")
  }
  static func broadcast(_ operation: String, _ shapes: [Shape]) -> Misuse {
    Misuse(
      "\(operation) requires shapes that broadcast together: aligned at the last axis, sizes are equal or 1",
      given: "shapes \(list(shapes))", "Reshape an operand, or reduce it first.")
  }
  static func broadcastTarget(_ shape: Shape, _ target: Shape) -> Misuse {
    Misuse(
      "broadcast(to:) requires each size, aligned at the last axis, to equal the target's or 1",
      given: "shape \(shape) and target \(target)", "Check the target, or reshape the tensor first.")
  }
  static func axis(_ operation: String, _ axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      shape.isEmpty
        ? "\(operation) requires an axis to reduce or reorder along"
        : "\(operation) requires axes in \(-shape.count)..<\(shape.count)",
      given: "axis \(axis) of shape \(shape)", "Count axes from 0, or from -1 at the end.")
  }
  static func repeatedAxis(_ operation: String, _ axes: [Int], _ shape: Shape) -> Misuse {
    Misuse("\(operation) requires each axis once", given: "axes \(axes) of shape \(shape)", "Remove the repetition.")
  }
  static func permutation(_ axes: [Int], _ shape: Shape) -> Misuse {
    Misuse(
      "permuted(_:) requires every axis exactly once", given: "axes \(axes) of shape \(shape)",
      "List all \(shape.count) axes in their new order.")
  }
  static func emptyReduction(_ operation: String, _ axes: [Int], _ shape: Shape, _ result: String) -> Misuse {
    Misuse(
      "\(operation) requires at least one element along the axes it reduces", given: "axes \(axes) of shape \(shape)",
      "The \(result) of no elements has no value: test for emptiness first.")
  }
  static func slice(_ ranges: [Range<Int>], _ shape: Shape) -> Misuse {
    Misuse(
      "sliced(_:) requires at most one range per axis, each within its size",
      given: "ranges \(ranges.map { "\($0)" }.joined(separator: ", ")) of shape \(shape)", "Check the ranges.")
  }
  static func concatenation(_ shapes: [Shape], along axis: Int) -> Misuse {
    Misuse(
      "concatenated(_:along:) requires tensors that agree in all sizes but that of axis \(axis)",
      given: shapes.isEmpty ? "no tensors" : "shapes \(list(shapes))", "Reshape or slice them to agree.")
  }
  static func matmul(_ a: Shape, _ b: Shape) -> Misuse {
    let inner = a.isEmpty || b.isEmpty
    return Misuse(
      inner
        ? "matmul(_:_:) requires operands of one or more axes"
        : "matmul(_:_:) requires the last axis of the left operand to be as long as the "
          + (b.count == 1 ? "right operand" : "second-to-last axis of the right one"),
      given: "shapes \(a) and \(b)",
      inner ? "Multiply scalars with *." : "Transpose or reshape an operand.")
  }
  static func affine(_ x: Shape, _ weight: Shape, _ bias: Shape) -> Misuse {
    Misuse(
      "affine(_:_:_:) requires shapes (…, inputs), (inputs, outputs) and (outputs,)",
      given: "\(x), \(weight) and \(bias)", "Transpose the weight, or use matmul(_:_:) and + for other shapes.")
  }
  static func matmulBatch(_ a: Shape, _ b: Shape) -> Misuse {
    Misuse(
      "matmul(_:_:) requires the axes before the last two to broadcast together", given: "shapes \(a) and \(b)",
      "Reshape an operand.")
  }

  // MARK: Labels

  static func labelCount(_ function: String, _ count: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires a matrix of rows and classes and one label per row",
      given: "\(count) labels for shape \(shape)", "Check that inputs and labels belong together.")
  }
  static func label(_ function: String, _ label: Int, row: Int, _ classes: Int) -> Misuse {
    Misuse(
      "\(function) requires labels in 0..<\(classes)", given: "label \(label) in row \(row)",
      "Check the data, or widen the last layer.")
  }

  // MARK: Tapes

  static let staleTensor = Misuse(
    "a tensor is used within the scope and on the thread that recorded it",
    given: "a tensor whose scope has ended, or of another thread",
    "Keep its value instead: ShapedArray values outlive scopes and cross threads.")
  static let tapeFull = Misuse(
    "a tape holds at most \(Int32.max) records", given: "one more",
    "Use Tape.scope { … } around parts whose records are not needed later.")
  static func nonScalarOutput(_ function: String, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires an output of one element", given: "shape \(shape)",
      "Reduce the output, for example with sum(), or use pullback(at:of:) with a cotangent.")
  }
  static func cotangentShape(_ shape: Shape, _ cotangent: Shape) -> Misuse {
    Misuse(
      "a pullback takes a cotangent of the output's shape", given: "output \(shape) and cotangent \(cotangent)",
      "Pass a cotangent of shape \(shape).")
  }
  static func tangentShape(_ shape: Shape, _ tangent: Shape) -> Misuse {
    Misuse(
      "jvp(at:along:of:) takes a direction of the input's shape", given: "input \(shape) and direction \(tangent)",
      "Pass a direction of shape \(shape).")
  }
  static func jacobianRank(_ output: Shape, _ input: Shape) -> Misuse {
    Misuse(
      "a Jacobian has the output's and the input's axes, at most \(Shape.maximumRank)",
      given: "output \(output) and input \(input)", "Merge axes with reshaped(to:).")
  }
  static func noDerivative(_ reason: String) -> Misuse {
    Misuse(
      "a derivative exists where it is asked for", given: reason,
      "Differentiate with gradient(at:of:) or jvp(at:along:of:) of a function that throws, and catch the error.")
  }
  static func customShape(_ shape: Shape, _ adjoint: Shape) -> Misuse {
    Misuse(
      "the pullback of withDerivative(at:of:pullback:) gives an adjoint of its argument's shape",
      given: "argument \(shape) and adjoint \(adjoint)", "Reduce or broadcast the adjoint to shape \(shape).")
  }
  static func customCount(_ expected: Int, _ count: Int) -> Misuse {
    Misuse(
      "the pullback of withDerivative(at:of:pullback:) gives an adjoint for each of \(expected) arguments",
      given: "\(count)", "Return zeros for an argument that has no influence.")
  }
  static let severedPath = Misuse(
    "a result of gradient(at:of:) or Tape.scope can be differentiated only within an enclosing differentiation",
    given: "a backward pass that reaches such a result",
    "Move the call into the function being differentiated, or use detached() if it is meant as a constant.")
  static func listing(_ range: Range<Int>, _ count: Int) -> Misuse {
    Misuse("listing(_:) requires records of the tape, 0..<\(count)", given: "\(range)", "Check the range.")
  }
  static let nestedModelValue = Misuse(
    "valueWithGradient(at:of:) of a model requires that no differentiation is under way around it",
    given: "a call inside one, whose value would leave the tape",
    "Use gradient(at:of:), and compute the value from the model.")

  static func list(_ shapes: [Shape]) -> String {
    guard shapes.count > 1, let last = shapes.last else { return shapes.map(\.description).joined() }
    return shapes.dropLast().map(\.description).joined(separator: ", ") + " and \(last)"
  }
}
