import Foundation

/// What one run of a fixed piece of work takes, in numbers that are the same on every run.
package struct Count: Codable, Equatable, Sendable {
  package let name: String
  /// As Callgrind counts them on a processor with AVX2, whose later extensions it does not show to programs.
  package var instructions: Int?
  /// Of the heap.
  package var allocations: Int?
  /// What the tape of a new thread has asked from the system.
  package var tapeBytes: Int

  package init(name: String, instructions: Int? = nil, allocations: Int? = nil, tapeBytes: Int) {
    self.name = name
    self.instructions = instructions
    self.allocations = allocations
    self.tapeBytes = tapeBytes
  }

  private enum CodingKeys: String, CodingKey {
    case name, instructions, allocations
    case tapeBytes = "tape_bytes"
  }
}

/// Counts beside those that are committed.
package struct CountComparison: Sendable {
  package struct Line: Sendable {
    package let name: String
    package let what: String
    package let counted: Int?
    package let expected: Int?
    package let verdict: Verdict
  }

  package enum Verdict: String, Sendable {
    case equal = ""
    case regression = "REGRESSION"
    case improvement = "improved"
    case unexpected = "not in the list"
    case missing = "not counted"
  }

  package let lines: [Line]

  /// `tolerance`: by which fraction instructions may differ, as compilers and C libraries do. The rest must be equal.
  package init(_ counts: [Count], expected: [Count], tolerance: Double) {
    lines = counts.flatMap { count in
      let old = expected.first { $0.name == count.name }
      let pairs: [(String, Int?, Int?, Double)] = [
        ("instructions", count.instructions, old?.instructions, tolerance),
        ("allocations", count.allocations, old?.allocations, 0),
        ("bytes of tape", count.tapeBytes, old?.tapeBytes, 0),
      ]
      return pairs.map { what, counted, expected, tolerance in
        Line(
          name: count.name, what: what, counted: counted, expected: expected,
          verdict: Self.verdict(counted, expected, tolerance))
      }
    }
  }

  private static func verdict(_ counted: Int?, _ expected: Int?, _ tolerance: Double) -> Verdict {
    guard let expected else { return counted == nil ? .equal : .unexpected }
    guard let counted else { return .missing }
    let slack = tolerance * Double(expected)
    if Double(counted) > Double(expected) + slack { return .regression }
    return Double(counted) < Double(expected) - slack ? .improvement : .equal
  }

  /// What fails: more than expected, or nothing to compare with.
  package var failures: [Line] { lines.filter { $0.verdict == .regression || $0.verdict == .unexpected } }
  package var improvements: [Line] { lines.filter { $0.verdict == .improvement } }
}

/// What Callgrind writes.
package enum Callgrind {
  /// The names that a program gave to its counts, and the instructions, from the texts of the files.
  package static func instructions(in files: [String]) -> [String: Int] {
    var result: [String: Int] = [:]
    for file in files {
      let lines = file.split(separator: "\n")
      let trigger = "desc: Trigger: Client Request: "
      guard let name = lines.first(where: { $0.hasPrefix(trigger) })?.dropFirst(trigger.count),
        let totals = lines.last(where: { $0.hasPrefix("totals: ") })?.dropFirst("totals: ".count),
        let count = totals.split(separator: " ").first.flatMap({ Int($0) })
      else { continue }
      result[String(name)] = count
    }
    return result
  }
}
