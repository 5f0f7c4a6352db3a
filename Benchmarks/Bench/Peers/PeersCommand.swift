import ArgumentParser
import BenchSupport
import Foundation
import Wengert

/// `bench peers`: the same work in PyTorch, JAX, autograd and NumPy, side by side with ours.
struct PeersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peers", abstract: "Times the same work in PyTorch, JAX, autograd and NumPy beside ours.",
    discussion: """
      Needs a Python with any of torch, jax, autograd and numpy; `make peers` installs them into .venv. Each peer is \
      a process of its own, waiting while others are timed. All start from the same inputs; a ratio is printed only \
      after value and gradients were found to agree. Exit status 1: some did not.
      """)

  @Option(help: "The Python to run peers with.")
  var python: String

  @Option(name: .customLong("peer"), help: "Only this peer: torch, jax, autograd or numpy; may be repeated.")
  var names: [String] = []

  @Option(help: "The number of threads that each may use; as many as there are cores unless given.")
  var threads: Int?

  @Option(name: .customLong("scalar"), help: "The number type, in place of each case's own: float or double.")
  var scalarType: ScalarChoice?

  @Option(help: "Run only cases whose name contains this.")
  var filter: String?

  @Option(name: .customLong("size"), help: "Run only this size; may be repeated.")
  var sizes: [Int] = []

  @Option(name: .customLong("json"), help: "Write the results as JSON; - is standard output, in place of the table.")
  var jsonPath: String?

  @Option(
    name: .customLong("markdown"),
    help: "Write the tables into this file, as Markdown; of a page made so before, only they are replaced.")
  var markdownPath: String?

  @OptionGroup var comparing: ComparingOptions

  @Flag(
    name: .customLong("processor-time"),
    help: "Measure what processors spend, not what elapses: for a busy machine, with --threads 1.")
  var usesProcessorTime = false

  @Flag(help: "Fewer repetitions, and operations at two sizes.")
  var quick = false

  @Flag(help: "Do not rebuild a debug build in release; its timings say nothing about the library.")
  var allowDebug = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, not \(threads).") }
    if usesProcessorTime, threads != 1 {
      throw ValidationError("--processor-time adds up over threads: it needs --threads 1.")
    }
    if let name = names.first(where: { !Peers.names.contains($0) }) {
      throw ValidationError("There is no peer '\(name)'; there are \(Peers.names.joined(separator: ", ")).")
    }
  }

  func run() throws {
    try DebugBuild.handOver(isAllowed: allowDebug)
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    Threads.limit(to: threads)
    let earlier = try comparing.file(for: "peers")
    let peers = try Peers(names.isEmpty ? Peers.names : names, python: python, threads: threads)
    var run = PeersRun(
      peers: peers, effort: quick ? .quickRounds : .rounds, clock: usesProcessorTime ? .processor : .wall,
      writesTable: jsonPath != "-")
    run.printHead()
    for maker in PeerCase.models(scalarType) where includes(maker.title, maker.size) { run.run(maker.make()) }
    if includes("memory of MLP 1024", 512) { run.measureMemory(scalarType ?? .float) }
    run.runOperations(makers: operations())
    run.printSummary()
    let report = run.finishedReport
    if let jsonPath { try report.write(to: jsonPath) }
    if let markdownPath { try MarkdownPage.write(run.markdown, to: markdownPath) }
    guard run.mismatches.isEmpty else {
      for mismatch in run.mismatches { FileHandle.standardError.write(Data("error: \(mismatch)\n".utf8)) }
      throw ExitCode.failure
    }
    try comparing.compare(report, with: earlier, writesTable: jsonPath != "-")
  }

  private func includes(_ title: String, _ size: Int) -> Bool {
    (sizes.isEmpty || sizes.contains(size)) && (filter.map { title.localizedCaseInsensitiveContains($0) } ?? true)
  }

  private func operations() -> [PeerCaseMaker] {
    (scalarType ?? .float) == .double ? operations(Double.self) : operations(Float.self)
  }

  private func operations<S: BenchScalar>(_: S.Type) -> [PeerCaseMaker] {
    PeerOperation<S>.all.flatMap { operation in
      let all = sizes.isEmpty && quick ? operation.sizes.filter { $0 < 50_000 } : operation.sizes
      return all.filter { includes(operation.title($0), $0) }.map { size in
        PeerCaseMaker(title: operation.title(size), size: size) { operation.peerCase(size) }
      }
    }
  }
}

extension Effort {
  static let rounds = Effort(sampleNanoseconds: 4e6, sampleCount: 11)
  static let quickRounds = Effort(sampleNanoseconds: 1e6, sampleCount: 3)
}

/// The number of threads that this process may use.
enum Threads {
  /// Sees to it that libraries use so many. They read that when they are loaded, so the program may start anew.
  static func limit(to count: Int) {
    let names = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "WENGERT_NUM_THREADS"]
    let environment = ProcessInfo.processInfo.environment
    guard names.contains(where: { environment[$0] != String(count) }) else { return }
    for name in names { setenv(name, String(count), 1) }
    var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    // What cannot start anew goes on as it is.
  }
}
