import Foundation

/// Rows beside those of an earlier run: what has become slower by more than the noise of both.
package struct RowComparison: Sendable {
  package struct Change: Sendable {
    package let row: Row
    package let old: Double
    /// How many times as long it takes now.
    package let ratio: Double
    /// The ratio from which a change is more than noise.
    package let threshold: Double

    package var isRegression: Bool { ratio > threshold }
    package var isImprovement: Bool { ratio < 1 / threshold }
  }

  package let changes: [Change]

  /// A change counts if it exceeds `minimum`, and `factor` times the spread of both runs together.
  package init(_ rows: [Row], with old: [Row], minimum: Double, factor: Double) {
    let before = Dictionary(old.map { (Key($0), $0) }, uniquingKeysWith: { first, _ in first })
    changes = rows.compactMap { row in
      guard let old = before[Key(row)], old.tape > 0 else { return nil }
      let noise = factor * (row.spread * row.spread + old.spread * old.spread).squareRoot()
      return Change(row: row, old: old.tape, ratio: row.tape / old.tape, threshold: 1 + max(minimum, noise))
    }
  }

  /// The worst first.
  package var regressions: [Change] { changes.filter(\.isRegression).sorted { $0.ratio > $1.ratio } }
  /// The best first.
  package var improvements: [Change] { changes.filter(\.isImprovement).sorted { $0.ratio < $1.ratio } }

  /// What makes rows of two runs the same.
  private struct Key: Hashable {
    let name, scalar, metric: String
    let size: Int
    let series: String?

    init(_ row: Row) {
      (name, scalar, metric, size, series) = (row.name, row.scalar, row.metric, row.size, row.series)
    }
  }

  /// A line on what there is, and tables of what has changed.
  package var description: String {
    let (worse, better) = (regressions, improvements)
    var text = "\(changes.count) rows compared: \(worse.count) slower and \(better.count) faster beyond the noise."
    let table = Table(columns: [
      .init(title: "", width: 37, isLeft: true), .init(title: "scalar", width: 6, isLeft: true),
      .init(title: "size", width: 10), .init(title: "metric", width: 18, isLeft: true),
      .init(title: "ns before", width: 12), .init(title: "now", width: 12), .init(title: "ratio", width: 6),
      .init(title: "noise", width: 6),
    ])
    for (title, list) in [("Slower", worse), ("Faster", better)] where !list.isEmpty {
      text += "\n\n\(title):\n" + table.header()
      for change in list {
        let row = change.row
        text +=
          "\n"
          + table.row([
            row.name + (row.series.map { ", \($0)" } ?? ""), row.scalar, Format.grouped(row.size), row.metric,
            Format.number(change.old), Format.number(row.tape), Format.ratio(change.ratio),
            Format.ratio(change.threshold),
          ])
      }
    }
    return text
  }
}

extension RowComparison {
  /// What `--json` wrote: the machine and the rows.
  package struct File: Decodable, Sendable {
    package let command: String
    package let machine: String
    package let rows: [Row]

    package init(path: String) throws {
      self = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }
}
