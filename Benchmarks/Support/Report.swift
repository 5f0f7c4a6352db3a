import Foundation

/// What `--json` writes: the machine, the command, and a row per case and metric.
package struct Report: Encodable {
  package let head: Machine
  package let command: String
  package private(set) var rows: [Row] = []
  private var details: [(name: String, value: any Encodable)] = []

  package init(command: String) {
    head = .current
    self.command = command
  }

  package mutating func add(_ row: Row) { rows.append(row) }

  /// Adds what a command found out beside its rows.
  package mutating func add(_ name: String, _ value: any Encodable) { details.append((name, value)) }

  package func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(self) + Data("\n".utf8)
    if path == "-" {
      FileHandle.standardOutput.write(data)
    } else {
      try data.write(to: URL(fileURLWithPath: path))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    try head.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(command, forKey: Key("command"))
    try container.encode(rows, forKey: Key("rows"))
    for detail in details { try container.encode(detail.value, forKey: Key(detail.name)) }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

/// A number type that benchmarks run with.
package enum ScalarChoice: String, CaseIterable, Codable, Sendable {
  case float
  case double

  package var byteCount: Int { self == .float ? 4 : 8 }
}

/// One metric of one case: nanoseconds are those of one operation, or of one training step.
package struct Row: Codable, Sendable {
  package let name: String
  package let scalar: String
  package let size: Int
  package let metric: String
  /// Which of several ways the tape does it in, if there are several.
  package var series: String?
  package let tape: Double
  /// Half the distance between the quartiles of the tape's samples, as a fraction of their median.
  package let spread: Double
  package var closure: Double?
  package var floor: Double?
  package var bytes: Int?
  /// What the machine needs at least.
  package var limit: Limit?
  package var peers: [String: Peer]?

  /// The least that an operation has to do, and the nanoseconds that this machine takes for that.
  package struct Limit: Codable, Sendable {
    package let bytes: Double
    package let flops: Double
    package let nanoseconds: Double

    package init(bytes: Double, flops: Double, nanoseconds: Double) {
      self.bytes = bytes
      self.flops = flops
      self.nanoseconds = nanoseconds
    }
  }

  /// The same work done by somebody else.
  package struct Peer: Codable, Sendable {
    package let nanoseconds: Double
    package let spread: Double
    /// How many times as long it took, as the median over the rounds, and the spread of that.
    package let ratio: Double
    package let ratioSpread: Double

    package init(time: Estimate, ratio: Estimate) {
      nanoseconds = time.median
      spread = time.relativeSpread
      self.ratio = ratio.median
      ratioSpread = ratio.relativeSpread
    }

    private enum CodingKeys: String, CodingKey {
      case spread, ratio
      case nanoseconds = "ns"
      case ratioSpread = "ratio_spread"
    }
  }

  package init(
    _ name: String, _ scalar: ScalarChoice, size: Int, _ metric: String, tape: Estimate, closure: Estimate? = nil,
    floor: Estimate? = nil, bytes: Int? = nil
  ) {
    self.name = name
    self.scalar = scalar.rawValue
    self.size = size
    self.metric = metric
    self.tape = tape.median
    self.closure = closure?.median
    self.spread = tape.relativeSpread
    self.floor = floor?.median
    self.bytes = bytes
  }

  private enum CodingKeys: String, CodingKey {
    case name = "case"
    case scalar, size, metric, series, spread, bytes, peers, limit
    case tape = "tape_ns"
    case closure = "closure_ns"
    case floor = "floor_ns"
  }
}
