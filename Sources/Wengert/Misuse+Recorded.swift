extension Misuse {
  static var recordingDiverges: Misuse {
    Misuse(
      "a recorded function does the same for the same inputs", given: "one that read other values when it was replayed",
      "Pass what changes from call to call, such as random numbers, as an input.")
  }
  static var backwardInRecording: Misuse {
    Misuse(
      "a recorded function computes derivatives on its tape", given: "backward(), whose gradients are read by the host",
      "Use gradient(at:of:) in its place.")
  }
}
