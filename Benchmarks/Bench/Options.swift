import AllocationCounter
import ArgumentParser
import BenchSupport
import Foundation
import Wengert

/// The options that all subcommands share.
struct MeasuringOptions: ParsableArguments {
  @Option(name: .customLong("scalar"), help: "The number type: float or double.")
  var scalarType = ScalarChoice.double

  @Option(help: "Run only cases whose name contains this.")
  var filter: String?

  @Option(name: .customLong("size"), help: "Run only this number of elements, or side of matrices; may be repeated.")
  var sizes: [Int] = []

  @Option(name: .customLong("json"), help: "Write the results as JSON; - is standard output, in place of the table.")
  var jsonPath: String?

  @Flag(help: "Fewer repetitions and sizes.")
  var quick = false

  @Flag(help: "Do not rebuild a debug build in release; its timings say nothing about the library.")
  var allowDebug = false

  func validate() throws {
    if let size = sizes.first(where: { $0 < 1 }) { throw ValidationError("--size must be positive, not \(size).") }
  }

  /// The sizes to run: those asked for, or the defaults.
  func sizes(_ all: [Int], quick some: [Int]) -> [Int] { sizes.isEmpty ? (quick ? some : all) : sizes }

  func includes(_ name: String) -> Bool { filter.map { name.localizedCaseInsensitiveContains($0) } ?? true }

  /// How long and how often to measure.
  var effort: Effort { quick ? .quick : .full }

  var writesTable: Bool { jsonPath != "-" }

  /// Sees to it that what runs is worth measuring. May not return: a debug build hands over to a release build.
  func prepare() throws {
    try DebugBuild.handOver(isAllowed: allowDebug)
    wc_keep_freed_memory()
  }

  /// Ends the program with an error unless everything agreed.
  func fail(with mismatches: [String]) throws {
    guard !mismatches.isEmpty else { return }
    for mismatch in mismatches { FileHandle.standardError.write(Data("error: \(mismatch)\n".utf8)) }
    throw ExitCode.failure
  }
}

extension ScalarChoice: ExpressibleByArgument {}
