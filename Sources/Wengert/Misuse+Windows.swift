import CKernels

extension Misuse {
  static func convolutionShapes(_ function: String, _ x: Shape, _ weight: Shape, _ groups: Int) -> Misuse {
    Misuse(
      "\(function) requires shapes (N, C, L) and (O, C / groups, K), or (N, C, H, W) and (O, C / groups, KH, KW), "
        + "with groups that divide C and O",
      given: "\(x), \(weight) and groups \(groups)", "Reshape an operand, or check its channels.")
  }
  static func transposedConvolutionShapes(_ function: String, _ x: Shape, _ weight: Shape, _ groups: Int) -> Misuse {
    Misuse(
      "\(function) requires shapes (N, C, L) and (C, O / groups, K), or (N, C, H, W) and (C, O / groups, KH, KW), "
        + "with groups that divide C",
      given: "\(x), \(weight) and groups \(groups)", "Reshape an operand, or check its channels.")
  }
  static func convolutionBias(_ function: String, _ bias: Shape, _ channels: Int) -> Misuse {
    Misuse(
      "\(function) requires a bias of one element per output channel", given: "\(bias) for \(channels) channels",
      "Pass a vector of \(channels) elements.")
  }
  static func windowArgument(_ function: String, _ name: String, _ argument: PerAxis, _ axes: Int) -> Misuse {
    Misuse(
      "\(function) requires a \(name) of at least 1 along each of \(axes) spatial axes", given: "\(argument)",
      "Pass one number for all axes, or a list of \(axes).")
  }
  static func windowPadding(_ function: String, _ argument: PerAxis, _ axes: Int) -> Misuse {
    Misuse(
      "\(function) requires padding of at least 0 along each of \(axes) spatial axes", given: "\(argument)",
      "Pass one number for all axes, or a list of \(axes).")
  }
  static func windowTooLarge(_ function: String, _ window: wg_window_axis, _ axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires windows that fit into the padded input",
      given: "a window over \(window.extent) positions and \(window.low) + \(window.input) + \(window.high) "
        + "along axis \(axis) of shape \(shape)", "Pad more, or use a smaller window.")
  }
  static func windowOutside(_ function: String, _ window: Int, _ axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires each window to hold an element",
      given: "window \(window) along axis \(axis) of shape \(shape), which holds padding only",
      "Pad less than a window's size.")
  }
  static func poolingShape(_ function: String, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires a shape (N, C, L) or (N, C, H, W)", given: "\(shape)",
      "Add axes of one element with reshaped(to:).")
  }
  static func outputPadding(_ function: String, _ argument: PerAxis, _ axes: Int) -> Misuse {
    Misuse(
      "\(function) requires output padding of at least 0 that is smaller than the stride or the dilation, along each of "
        + "\(axes) spatial axes, and none beside .same",
      given: "\(argument)", "Leave it out, or use a larger stride.")
  }
  static func transposedConvolutionSize(_ function: String, _ size: Int, _ axis: Int, _ shape: Shape) -> Misuse {
    Misuse(
      "\(function) requires padding that leaves a result",
      given: "a result of size \(size) along axis \(axis) from shape \(shape)", "Pad less.")
  }
}

extension PerAxis: CustomStringConvertible {
  /// The number for all axes, or a list.
  public var description: String {
    switch self {
    case .all(let number): "\(number)"
    case .each(let numbers): "\(numbers)"
    }
  }
}
