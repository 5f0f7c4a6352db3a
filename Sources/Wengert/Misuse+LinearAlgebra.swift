extension Misuse {
  // MARK: Linear algebra

  static func squareMatrix(_ function: String, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires a square matrix, or a stack of them along leading axes", given: "shape \(shape)",
      "Check the last two axes.")
  }
  static func matrix(_ function: String, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires a matrix, or a stack of them along leading axes", given: "shape \(shape)",
      "Reshape the tensor to two or more axes.")
  }
  static func rightHandSide(_ function: String, _ matrix: Shape, _ rightHandSide: Shape) -> Misuse {
    Misuse(
      "\(function) requires a right-hand side of as many rows as the matrix has, a vector or a stack of matrices "
        + "whose leading axes broadcast with the matrix's",
      given: "shapes \(matrix) and \(rightHandSide)", "Transpose or reshape the right-hand side.")
  }
  static func linearAlgebraSize(_ function: String, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires sizes that LAPACK can count, up to \(Int32.max)", given: "shape \(shape)",
      "Split the problem.")
  }
  static func relativeTolerance(_ function: String, _ tolerance: Double) -> Misuse {
    Misuse("\(function) requires a tolerance of 0 or more", given: "\(tolerance)", "Check the tolerance.")
  }
}
