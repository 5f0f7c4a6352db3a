import ArgumentParser
import BenchSupport
import Foundation
import InstructionCounter

/// `bench counts`: instructions, allocations and bytes of fixed work, beside those that are committed.
struct CountsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "counts", abstract: "Counts instructions, allocations and bytes of tape of fixed work.",
    discussion: """
      The numbers are the same at every run, however busy the machine: what is more than the committed numbers is a \
      regression. Instructions are counted by Valgrind's Callgrind, if that is installed, on x86-64 with AVX2. \
      Exit status 1: there is a regression.
      """)

  @Option(help: "By how many percent instructions may exceed what is expected.")
  var tolerance = 3.0

  @Flag(help: "Write what was counted into the file of expected numbers.")
  var update = false

  @Flag(help: .hidden) var counting = false

  @Flag(help: "Do not rebuild a debug build in release.")
  var allowDebug = false

  /// Beside the sources that this program was built from.
  private var expectedFile: URL {
    URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Counts/expected.json").standardized
  }

  func run() throws {
    try DebugBuild.handOver(isAllowed: allowDebug)
    Threads.limit(to: 1)
    var counts = Workload.all.map { workload in
      Progress.show(workload.name)
      return workload.count()
    }
    Progress.clear()
    // Under Callgrind what counts is what it writes.
    if counting { return }
    Progress.show("counting instructions")
    let instructions = try countInstructions()
    Progress.clear()
    for index in counts.indices { counts[index].instructions = instructions?[counts[index].name] }
    if update {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try (encoder.encode(counts) + Data("\n".utf8)).write(to: expectedFile)
    }
    let expected = try JSONDecoder().decode([Count].self, from: Data(contentsOf: expectedFile))
    let comparison = CountComparison(counts, expected: expected, tolerance: tolerance / 100)
    printTable(comparison)
    if instructions == nil { print("\nInstructions were not counted: that takes Valgrind, and x86-64 with AVX2.") }
    if !comparison.improvements.isEmpty { print("\nLess than expected: bench counts --update commits to it.") }
    guard comparison.failures.isEmpty else {
      for line in comparison.failures {
        let text = "error: \(line.name): \(line.counted ?? 0) \(line.what), expected \(line.expected ?? 0)\n"
        FileHandle.standardError.write(Data(text.utf8))
      }
      throw ExitCode.failure
    }
  }

  private func printTable(_ comparison: CountComparison) {
    let table = Table(columns: [
      .init(title: "per run", width: 36, isLeft: true), .init(title: "", width: 14, isLeft: true),
      .init(title: "counted", width: 11), .init(title: "expected", width: 11),
      .init(title: "", width: 15, isLeft: true),
    ])
    print(table.header())
    for line in comparison.lines {
      print(
        table.row([
          line.name, line.what, line.counted.map(Format.grouped) ?? "–", line.expected.map(Format.grouped) ?? "–",
          line.verdict.rawValue,
        ]))
    }
  }

  /// Instructions by workload, or nil where they cannot be counted.
  private func countInstructions() throws -> [String: Int]? {
    #if arch(x86_64) && os(Linux)
      let paths = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/valgrind" }
      guard Machine.hasAVX2, let valgrind = paths.first(where: FileManager.default.isExecutableFile) else { return nil }
      let directory = FileManager.default.temporaryDirectory.appendingPathComponent("wengert-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: directory) }
      let program = directory.appendingPathComponent("bench")
      try writeProgramWithoutSections(to: program)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: valgrind)
      process.arguments = [
        "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no",
        "--callgrind-out-file=\(directory.path)/counts", "--quiet",
        program.path, "counts", "--counting",
      ]
      // What Valgrind has to say is of interest only if it fails.
      let complaints = Pipe()
      process.standardError = complaints
      try process.run()
      let text = complaints.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        FileHandle.standardError.write(text)
        throw ExitCode.failure
      }
      try FileManager.default.removeItem(at: program)
      return try Workload.instructions(in: directory)
    #else
      return nil
    #endif
  }

  #if arch(x86_64) && os(Linux)
    /// A copy of this program that names no sections: Valgrind 3.19 gives up on debug information as new as ours, and
    /// a program that runs needs its segments only.
    private func writeProgramWithoutSections(to url: URL) throws {
      var program = try Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath())
      // In the header of a 64-bit ELF file: where the table of sections begins; their number, and that of their names'.
      for field in [0x28..<0x30, 0x3c..<0x40] { program.replaceSubrange(field, with: Data(count: field.count)) }
      try program.write(to: url)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: url.path)
    }
  #endif
}
