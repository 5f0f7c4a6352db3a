extension Misuse {
  static func einsumSyntax(_ equation: String) -> Misuse {
    Misuse(
      "einsum(_:_:) requires an equation of letters, with commas between operands, at most one ... each and one ->",
      given: "\"\(equation)\"", "Write it as in \"bij,bjk->bik\".")
  }
  static func einsumOperandCount(_ equation: String, _ terms: Int, _ operands: Int) -> Misuse {
    Misuse(
      "einsum(_:_:) requires as many operands as the equation has",
      given: "\(operands) for the \(terms) of \"\(equation)\"",
      "Separate the labels of operands by commas.")
  }
  static func einsumRank(_ equation: String, _ shape: Shape) -> Misuse {
    Misuse(
      "einsum(_:_:) requires a label for each axis", given: "shape \(shape) in \"\(equation)\"",
      "Use ... for axes that only broadcast.")
  }
  static func einsumOutput(_ equation: String, _ label: String) -> Misuse {
    Misuse(
      "einsum(_:_:) requires each label of the result to be an operand's, and once",
      given: "label \(label) in \"\(equation)\"", "Remove it, or name an axis by it.")
  }
  static func einsumSize(_ equation: String, _ label: String, _ a: Int, _ b: Int) -> Misuse {
    Misuse(
      "einsum(_:_:) requires each label to stand for one size",
      given: "label \(label) of sizes \(a) and \(b) in \"\(equation)\"",
      "Reshape an operand, or use another label.")
  }
  static func tensordotCount(_ count: Int, _ a: Shape, _ b: Shape) -> Misuse {
    Misuse(
      "tensordot(_:_:axes:) requires as many axes of both operands", given: "\(count) axes of shapes \(a) and \(b)",
      "Use a number in 0...\(Swift.min(a.count, b.count)).")
  }
  static func tensordotLists(_ axes: ([Int], [Int])) -> Misuse {
    Misuse(
      "tensordot(_:_:axes:) requires lists of as many axes of both operands", given: "\(axes.0) and \(axes.1)",
      "Pair each axis with one of the other operand.")
  }
  static func tensordotSizes(_ axes: ([Int], [Int]), _ a: Shape, _ b: Shape) -> Misuse {
    Misuse(
      "tensordot(_:_:axes:) requires paired axes to have one size",
      given: "axes \(axes.0) of shape \(a) and \(axes.1) of shape \(b)", "Check the axes, or transpose an operand.")
  }
  static func outer(_ a: Shape, _ b: Shape) -> Misuse {
    Misuse(
      "outer(_:_:) requires two vectors", given: "shapes \(a) and \(b)",
      "Reshape them, or use tensordot(_:_:axes:) with 0 axes.")
  }
  static func cross(_ a: Shape, _ b: Shape) -> Misuse {
    Misuse(
      "cross(_:_:) requires vectors of three elements along the last axes", given: "shapes \(a) and \(b)",
      "Transpose, if the vectors lie along another axis.")
  }
  static func dot(_ a: Shape, _ b: Shape) -> Misuse {
    Misuse(
      "dot(_:_:) requires two vectors of one size", given: "shapes \(a) and \(b)",
      "Use matmul(_:_:) or (a * b).sum(along:) for other shapes.")
  }
}
