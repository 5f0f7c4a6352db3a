import CrosscheckCases

/// What a crosscheck found, as text.
struct Report {
  private let file: CaseFile
  private let result: Crosscheck

  init(_ file: CaseFile, _ result: Crosscheck) {
    self.file = file
    self.result = result
  }

  var text: String {
    [
      "\(file.cases.count) cases of seed \(file.seed), PyTorch \(file.torch).",
      "Worst errors of values, gradients and second derivatives, relative to the largest element of each.",
      "", table, section("Where PyTorch says something else than the contract:", result.deviations.map(Self.line)),
      section("Granted more, by the problem's condition:", [Self.factors(result.conditions)]),
      section(
        "Granted more of values, as one number that is less than its terms:", [Self.factors(result.cancellations)]),
      section("Not compared:", result.coverage.missing.map { "\($0.name): \($0.reason ?? "no reason known")" }),
      section("Unexplained:", result.failures),
      result.failures.isEmpty ? "No unexplained deviation." : "\(result.failures.count) unexplained deviations.",
    ].filter { !$0.isEmpty || $0 == "" }.joined(separator: "\n")
  }

  private static func line(_ deviation: Crosscheck.Deviation) -> String {
    "\(deviation.name) (\(deviation.count)): \(deviation.note): \(deviation.example ?? "")"
  }

  private static func factors(_ list: [(name: String, factor: Double)]) -> String {
    list.map { "\($0.name) × \($0.factor)" }.joined(separator: ", ")
  }

  private func section(_ title: String, _ lines: [String]) -> String {
    lines.isEmpty ? "" : ([title] + lines.map { "  " + $0 } + [""]).joined(separator: "\n")
  }

  private var table: String {
    let head = ["", "cases", "Double: value", "gradient", "second", "Float: value", "gradient", "second"]
    let rows = result.rows.map { row in
      [row.name, "\(row.count)"]
        + [row.double, row.float].flatMap { errors in
          [short(errors.value), short(errors.gradient), errors.second.map(short) ?? "–"]
        }
    }
    let lines = [head] + rows
    let widths = head.indices.map { column in lines.map { $0[column].count }.max()! }
    return lines.map { cells in
      zip(cells, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + space : space + cell.0
      }.joined(separator: "  ")
    }.joined(separator: "\n") + "\n"
  }

  /// An error with two digits, such as 3.1e-16.
  private func short(_ error: Double) -> String {
    guard error.isFinite, error > 0 else { return error == 0 ? "0" : "∞" }
    var (digits, exponent) = (error, 0)
    while digits < 1 { (digits, exponent) = (digits * 10, exponent - 1) }
    while digits >= 10 { (digits, exponent) = (digits / 10, exponent + 1) }
    return "\((digits * 10).rounded() / 10)e\(exponent)"
  }
}
