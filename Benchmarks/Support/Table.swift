import Foundation

/// A table of aligned columns, printed row by row while the rows arrive: widths are fixed beforehand.
package struct Table: Sendable {
  package struct Column: Sendable {
    package let title: String
    package let width: Int
    package var isLeft = false

    package init(title: String, width: Int, isLeft: Bool = false) {
      self.title = title
      self.width = width
      self.isLeft = isLeft
    }
  }

  package let columns: [Column]

  package init(columns: [Column]) { self.columns = columns }

  /// Titles and a rule. `groups`: a line above, each text over as many columns as it spans.
  package func header(groups: [(text: String, span: Int)] = []) -> String {
    var lines: [String] = []
    if !groups.isEmpty {
      var start = 0
      var line = ""
      for group in groups {
        let width = columns[start..<start + group.span].reduce(-1) { $0 + $1.width + 1 }
        line += pad(group.text, width, isLeft: false, fill: group.text.isEmpty ? " " : "─") + " "
        start += group.span
      }
      lines.append(line)
    }
    lines.append(row(columns.map(\.title)))
    lines.append(String(repeating: "─", count: columns.reduce(-1) { $0 + $1.width + 1 }))
    return lines.map(Self.trimmed).joined(separator: "\n")
  }

  package func row(_ cells: [String]) -> String {
    Self.trimmed(zip(columns, cells).map { pad($1, $0.width, isLeft: $0.isLeft) }.joined(separator: " "))
  }

  private func pad(_ text: String, _ width: Int, isLeft: Bool, fill: String = " ") -> String {
    guard fill == " " else {
      // A group's title stands at the right, after a rule that shows how far the group reaches.
      return "  " + String(repeating: fill, count: max(0, width - text.count - 3)) + " " + text
    }
    let padding = String(repeating: " ", count: max(0, width - text.count))
    return isLeft ? text + padding : padding + text
  }

  private static func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}

/// Numbers as the tables show them.
package enum Format {
  /// Three significant digits, without exponents.
  package static func number(_ value: Double) -> String {
    if value >= 999.5 { return grouped(Int(value.rounded())) }
    if value >= 99.95 { return fixed(value, 0) }
    if value >= 9.995 { return fixed(value, 1) }
    return fixed(value, value >= 0.0995 ? 2 : 3)
  }

  package static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// A spread, in percent of the median.
  package static func percent(_ estimate: Estimate) -> String { "±" + fixed(100 * estimate.relativeSpread, 0) + "%" }

  /// How many times as long: `12×`, `1.07×`.
  package static func ratio(_ value: Double) -> String {
    (value >= 9.95 ? fixed(value, 0) : value >= 1.995 ? fixed(value, 1) : fixed(value, 2)) + "×"
  }

  package static func verdict(_ isMet: Bool) -> String { isMet ? "met" : "missed" }

  package static func grouped(_ value: Int) -> String {
    var digits = String(value)
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
      index -= 3
    }
    return digits
  }
}

/// One line on standard error that says what is under way, overwritten by the next; nothing if it is not a terminal.
package enum Progress {
  private static let isShown = isatty(STDERR_FILENO) == 1

  package static func show(_ text: String) {
    if isShown { FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8)) }
  }

  package static func clear() { show("") }
}
