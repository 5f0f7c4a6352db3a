// Mistakes in calls of reductions and sorting.

extension Misuse {
  static func normOrder(_ operation: String) -> Misuse {
    Misuse(
      "\(operation) requires an order that is a number", given: "NaN",
      "Use 1, 2, .infinity or another number.")
  }
  static func topK(_ count: Int, _ axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "topK(_:along:smallest:) requires a count in 0...\(shape[axis])",
      given: "\(count) along axis \(axis) of shape \(shape)", "Limit the count to the size of the axis.")
  }
  static func quantile(_ operation: String, _ fraction: Double) -> Misuse {
    Misuse(
      "\(operation) requires a fraction in 0...1", given: "\(fraction)", "Divide a percentage by 100.")
  }
}
