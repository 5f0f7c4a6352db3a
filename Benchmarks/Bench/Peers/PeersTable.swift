import BenchSupport

/// The layout of `bench peers`.
struct PeersTable {
  struct Line {
    let title: String
    let series: String?
    let scalar: ScalarChoice
    let time: Estimate
    let ratios: [String: Row.Peer]
    let targets: [Target]

    func isMissed(_ peer: String) -> Bool? {
      guard let target = targets.first(where: { $0.against == peer }), let ratio = ratios[peer] else { return nil }
      return ratio.ratio < target.atLeast
    }
  }

  private let peers: [String]
  private let table: Table

  init(peers: [String]) {
    self.peers = peers + ["BLAS"]
    table = Table(
      columns: [
        .init(title: "", width: 46, isLeft: true), .init(title: "", width: 6, isLeft: true),
        .init(title: "ns", width: 11), .init(title: "±", width: 4),
      ]
        + self.peers.flatMap { [Table.Column(title: $0, width: 8), Table.Column(title: "±", width: 4)] })
  }

  var header: String { table.header() }

  func text(_ line: Line) -> String {
    var cells = [
      line.title + (line.series.map { ", \($0)" } ?? ""), line.scalar.rawValue, Format.number(line.time.median),
      Format.percent(line.time),
    ]
    for peer in peers {
      guard let ratio = line.ratios[peer] else {
        cells += ["", ""]
        continue
      }
      // A star: less than is aimed at.
      cells += [
        (line.isMissed(peer) == true ? "*" : "") + Format.ratio(ratio.ratio), Format.spread(ratio.ratioSpread),
      ]
    }
    return table.row(cells)
  }

  /// What was aimed at, and how much of it was reached.
  static func summary(_ scoreboard: Scoreboard) -> String {
    let table = Table(columns: [
      .init(title: "target", width: 37, isLeft: true), .init(title: "against", width: 9, isLeft: true),
      .init(title: "at least", width: 8), .init(title: "least", width: 8), .init(title: "reached", width: 9),
    ])
    var lines = [table.header()]
    for entry in scoreboard.entries {
      lines.append(
        table.row([
          entry.target.work, entry.target.against, Format.ratio(entry.target.atLeast),
          Format.ratio(entry.cases.map(\.ratio).min() ?? 0),
          "\(entry.cases.count - entry.missed.count) of \(entry.cases.count)",
        ]))
    }
    for entry in scoreboard.entries where entry.cases.count > 1 && !entry.isReached {
      lines.append("\nBelow \(Format.ratio(entry.target.atLeast)) of \(entry.target.against), \(entry.target.work):")
      for item in entry.missed { lines.append("  \(Format.ratio(item.ratio)) \(item.name)") }
    }
    return lines.joined(separator: "\n")
  }

  /// The page's tables.
  static func markdown(
    head: String, _ lines: [Line], peers: [String], memory: String, _ scoreboard: Scoreboard
  ) -> String {
    func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    var text = [head, "", row(["target", "against", "at least", "least of all cases", "reached"])]
    text.append("|---|---|--:|--:|--:|")
    for entry in scoreboard.entries {
      text.append(
        row([
          entry.target.work, entry.target.against, Format.ratio(entry.target.atLeast),
          Format.ratio(entry.cases.map(\.ratio).min() ?? 0),
          "\(entry.cases.count - entry.missed.count) of \(entry.cases.count)",
        ]))
    }
    let shown = peers.filter { peer in lines.contains { $0.ratios[peer] != nil } }
    text += ["", row(["work", "scalar", "µs"] + shown)]
    text.append("|---|---|--:|" + String(repeating: "--:|", count: shown.count))
    for line in lines {
      let ratios = shown.map { peer in
        line.ratios[peer].map { ratio in
          let cell = "\(Format.ratio(ratio.ratio)) \(Format.spread(ratio.ratioSpread))"
          return line.isMissed(peer) == true ? "**\(cell)**" : cell
        } ?? ""
      }
      text.append(
        row(
          [
            line.title + (line.series.map { ", \($0)" } ?? ""), line.scalar.rawValue,
            Format.number(line.time.median / 1000),
          ] + ratios))
    }
    if !memory.isEmpty { text += ["", memory] }
    return text.joined(separator: "\n") + "\n"
  }
}

extension Format {
  static func spread(_ fraction: Double) -> String { "±" + fixed(100 * fraction, 0) + "%" }
}
