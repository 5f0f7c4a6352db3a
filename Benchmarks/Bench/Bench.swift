import ArgumentParser

/// Wengert's benchmarks: the tape against the seed's closure graph, and against loops without either.
@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Times Wengert's tape against the closure graph it grew out of, and against bare loops.",
    discussion: """
      Both designs run the same kernels in the same process, by turns; a row is the median of its samples, and is \
      printed only after value and gradients of the two designs were found equal. Exit status 1: one was not.
      """,
    subcommands: [
      OpsCommand.self, ScalarCommand.self, TrainingCommand.self, CountsCommand.self, PeersCommand.self,
      PeerMemoryCommand.self,
    ],
    defaultSubcommand: OpsCommand.self)
}
