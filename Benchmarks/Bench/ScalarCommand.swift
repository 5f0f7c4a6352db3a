import ArgumentParser
import BenchSupport

/// `bench scalar`: chains of operations on single numbers, where nothing but the design costs.
struct ScalarCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scalar", abstract: "Times chains of scalar operations: what recording one operation costs.")

  @OptionGroup var options: MeasuringOptions
  @OptionGroup var comparing: ComparingOptions

  func run() throws {
    try options.prepare()
    switch options.scalarType {
    case .double: try run(Double.self)
    case .float: try run(Float.self)
    }
  }

  private func run<S: BenchScalar>(_: S.Type) throws {
    var report = Report(command: "scalar")
    var mismatches: [String] = []
    let earlier = try comparing.file(for: "scalar")
    if options.writesTable {
      print(report.head.description + "\n")
      print("Nanoseconds, and bytes of tape, per operation (\(S.choice.rawValue)).\n")
      print(table.header())
    }
    for length in options.sizes([1000, 1_000_000], quick: [1000, 1_000_000]) {
      let name = "\(Format.grouped(length)) operations"
      guard options.includes(name) else { continue }
      Progress.show(name)
      let chain = ScalarChain<S>(length: length)
      let complaint = Agreement.complaint(chain.tapeOutcome(), chain.graphOutcome())
      if let complaint {
        Progress.clear()
        mismatches.append("\(name): \(complaint)")
        continue
      }
      let estimates = measure([chain.tape, chain.graph], metrics: 3, effort: options.effort)
        .map { $0.map { $0 / Double(chain.length) } }
      let bytes = chain.bytesPerOperation()
      Progress.clear()
      for (metric, title) in ["forward", "backward", "release"].enumerated() {
        report.add(
          Row(
            "chain", S.choice, size: length, title, tape: estimates[0][metric], closure: estimates[1][metric],
            bytes: metric == 0 ? bytes : nil))
      }
      if options.writesTable { printRows(name, tape: estimates[0], graph: estimates[1], bytes: bytes) }
    }
    if let path = options.jsonPath { try report.write(to: path) }
    try options.fail(with: mismatches)
    try comparing.compare(report, with: earlier, writesTable: options.writesTable)
  }

  // MARK: Output

  private var table: Table {
    Table(columns: [
      .init(title: "chain of y × a + c", width: 21, isLeft: true), .init(title: "tape", width: 8),
      .init(title: "±", width: 5), .init(title: "closure", width: 9), .init(title: "±", width: 5),
      .init(title: "ratio", width: 6), .init(title: "target", width: 8), .init(title: "", width: 6, isLeft: true),
    ])
  }

  private func printRows(_ name: String, tape: [Estimate], graph: [Estimate], bytes: Int) {
    print(name)
    for (metric, title) in ["forward", "backward", "release"].enumerated() {
      var cells = [
        "  " + title, Format.number(tape[metric].median), Format.percent(tape[metric]),
        Format.number(graph[metric].median), Format.percent(graph[metric]),
      ]
      if metric < 2 {
        let target = [15.0, 8][metric]
        cells += [
          Format.ratio(graph[metric].median / tape[metric].median), "≤ \(Int(target))",
          Format.verdict(tape[metric].median <= target),
        ]
      }
      print(table.row(cells))
    }
    let totals = (tape: tape[0].median + tape[1].median, graph: graph[0].median + graph[1].median)
    let ratio = totals.graph / totals.tape
    print(
      table.row([
        "  forward + backward", Format.number(totals.tape), "", Format.number(totals.graph), "",
        Format.ratio(ratio), "≥ 20×", Format.verdict(ratio >= 20),
      ]))
    print(table.row(["  bytes", String(bytes), "", "", "", "", "≤ 64", Format.verdict(bytes <= 64)]))
  }
}
