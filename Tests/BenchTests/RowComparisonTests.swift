import BenchSupport
import Foundation
import Testing

@Suite("Comparing runs")
struct RowComparisonTests {
  private func row(_ name: String, _ time: Double, spread: Double = 0, series: String? = nil) -> Row {
    var row = Row(name, .double, size: 10, "forward", tape: Estimate(median: time, spread: spread * time))
    row.series = series
    return row
  }

  @Test("What exceeds the minimum is a change")
  func minimum() {
    let comparison = RowComparison(
      [row("a", 109), row("b", 112), row("c", 89)], with: [row("a", 100), row("b", 100), row("c", 100)],
      minimum: 0.1, factor: 3)
    #expect(comparison.changes.count == 3)
    #expect(comparison.regressions.map(\.row.name) == ["b"])
    #expect(comparison.improvements.map(\.row.name) == ["c"])
  }

  @Test("What both spreads explain is noise")
  func noise() throws {
    let rows = [row("a", 130, spread: 0.08)]
    let quiet = RowComparison(rows, with: [row("a", 100, spread: 0.04)], minimum: 0.1, factor: 3)
    #expect(quiet.regressions.count == 1)
    let noisy = RowComparison(rows, with: [row("a", 100, spread: 0.06)], minimum: 0.1, factor: 3)
    #expect(noisy.regressions.isEmpty)
    // 1 + 3 √(0.08² + 0.06²)
    #expect(try abs(#require(noisy.changes.first).threshold - 1.3) < 1e-12)
  }

  @Test("Rows are told apart by all that names them, and the worst comes first")
  func keys() {
    let old = [row("a", 100), row("a", 10, series: "replayed"), row("gone", 1)]
    let comparison = RowComparison(
      [row("new", 5), row("a", 150), row("a", 30, series: "replayed")], with: old, minimum: 0.1, factor: 3)
    #expect(comparison.changes.count == 2)
    #expect(comparison.regressions.map(\.ratio) == [3, 1.5])
    #expect(comparison.description.contains("2 rows compared: 2 slower and 0 faster beyond the noise."))
  }

  @Test("A report is read back")
  func file() throws {
    var report = Report(command: "ops")
    report.add(row("a", 100, spread: 0.5))
    report.add("threads", 2)
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("wengert-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try report.write(to: url.path)
    let file = try RowComparison.File(path: url.path)
    #expect(file.command == "ops" && file.machine == report.head.machine)
    #expect(file.rows.map(\.tape) == [100] && file.rows.map(\.spread) == [0.5])
  }
}
