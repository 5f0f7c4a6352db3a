extension Misuse {
  static var recordingDiverges: Misuse {
    Misuse(
      "a recorded function does the same for the same inputs", given: "one that read other values when it was replayed",
      "Pass what changes from call to call, such as random numbers, as an input.")
  }
  static func memoryBudget(_ budget: Int, _ smallest: Int) -> Misuse {
    Misuse(
      "a memory budget is enough for what a program needs at one time",
      given: "\(budget) bytes for at least \(smallest)",
      "Raise memoryBudget, or make the function's steps smaller.")
  }
  static var randomInRecording: Misuse {
    Misuse(
      "a recorded function draws no random numbers, as replays would not draw anew", given: "a RandomStream inside one",
      "Draw before the call, and pass the numbers as an input.")
  }
  static var backwardInRecording: Misuse {
    Misuse(
      "a recorded function computes derivatives on its tape", given: "backward(), whose gradients are read by the host",
      "Use gradient(at:of:) in its place.")
  }
}
