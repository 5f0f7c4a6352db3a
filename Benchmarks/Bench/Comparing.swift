import ArgumentParser
import BenchSupport
import Foundation

/// The options to compare a run with an earlier one.
struct ComparingOptions: ParsableArguments {
  @Option(
    name: .customLong("compare"),
    help: "A file that --json wrote: show what has become slower since, and exit with status 1 if anything has.")
  var path: String?

  @Option(name: .customLong("compare-minimum"), help: "Changes below so many percent do not count.")
  var minimum = 10.0

  @Option(name: .customLong("compare-factor"), help: "Changes below so many times the spread do not count.")
  var factor = 3.0

  /// The file to compare with, read before anything is measured, so that a wrong name is noticed at once.
  func file(for command: String) throws -> RowComparison.File? {
    guard let path else { return nil }
    let file: RowComparison.File
    do { file = try RowComparison.File(path: path) } catch {
      throw ValidationError("\(path) is no result of bench --json: \(error)")
    }
    guard file.command == command else {
      throw ValidationError("\(path) was written by bench \(file.command), not bench \(command).")
    }
    return file
  }

  /// Prints how a report differs from an earlier one, and ends the program with an error if there are regressions.
  func compare(_ report: Report, with file: RowComparison.File?, writesTable: Bool) throws {
    guard let file else { return }
    let comparison = RowComparison(report.rows, with: file.rows, minimum: minimum / 100, factor: factor)
    var text = "\n" + comparison.description
    if file.machine != report.head.machine {
      text += "\nThe earlier run was on another machine: \(file.machine)."
    }
    if writesTable {
      print(text)
    } else {
      FileHandle.standardError.write(Data((text + "\n").utf8))
    }
    guard !comparison.changes.isEmpty else {
      throw ValidationError("No row is in both runs: there is nothing to compare.")
    }
    if !comparison.regressions.isEmpty { throw ExitCode.failure }
  }
}
