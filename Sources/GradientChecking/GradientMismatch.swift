/// A derivative that differs from finite differences.
public struct GradientMismatch: Error, Sendable, CustomStringConvertible {
  /// How the derivative was computed.
  public enum Mode: String, Sendable {
    case reverse = "reverse mode"
    case forward = "forward mode"
  }

  /// The operation whose derivative is wrong: the first on the tape whose tangent differs from that of its values.
  public struct Culprit: Sendable {
    /// The operation's name, as the tape prints it.
    public let operation: String
    /// The line that asked for it, as in `App/main.swift:12`, if the program carries debug information.
    public let location: String?
    /// The position, in row-major order, of the element of its result that differs most.
    public let element: Int
    /// The element's derivative along the direction, by the operation's rule.
    public let derivative: Double
    /// The same by differences.
    public let difference: Double
  }

  /// The order of the derivative that is wrong.
  public let order: Int
  /// How it was computed.
  public let mode: Mode
  /// ⟨v, J t⟩ by that mode.
  public let derivative: Double
  /// ⟨v, J t⟩ by differences.
  public let difference: Double
  /// The difference that would have been allowed.
  public let allowed: Double
  /// The step of the differences.
  public let step: Double
  /// The seed that the directions were drawn from.
  public let seed: UInt64
  /// The operation to blame. Nil if forward mode agrees with differences at every record: then the fault lies with
  /// what only reverse mode uses, an adjoint that does not match the tangent.
  public let culprit: Culprit?
  /// The input and the element of it, in row-major order, whose derivative differs most from its own difference;
  /// nil if there are more than 10,000 elements to choose from.
  public let element: (input: Int, position: Int)?

  /// All of the above as text.
  public var description: String {
    let what = order == 1 ? "the derivative" : "the derivative of order \(order)"
    var text =
      "\(what) by \(mode.rawValue) is \(derivative) along a random direction, and \(difference) by differences "
      + "with step \(step) (allowed: ±\(allowed), seed \(seed))"
    if let element { text += "; most wrong at element \(element.position) of input \(element.input)" }
    if let culprit {
      text +=
        "; the first wrong operation is \(culprit.operation)\(culprit.location.map { " at \($0)" } ?? ""), element "
        + "\(culprit.element): \(culprit.derivative) instead of \(culprit.difference)"
    }
    return text
  }
}
