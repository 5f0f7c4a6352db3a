extension Misuse {
  // MARK: Threads

  static func threadCount(_ count: Int) -> Misuse {
    Misuse("Tape.threadCount is at least 1", given: "\(count)", "Set 1 to compute on the calling thread alone.")
  }
}
