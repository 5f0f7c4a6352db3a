extension Misuse {
  // MARK: Elementwise functions

  static func polygammaOrder(_ order: Int) -> Misuse {
    Misuse(
      "polygamma(_:_:) requires an order of 0 or more", given: "\(order)",
      "Order 0 is digamma(_:), and logGamma(_:) the function whose derivative that is.")
  }
}
