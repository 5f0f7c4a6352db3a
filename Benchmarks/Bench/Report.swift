import Foundation

/// What `--json` writes.
struct Report: Encodable {
  let head: Machine
  let command: String
  private(set) var rows: [Row] = []
  var training: TrainingResult?

  init(command: String) {
    head = .current
    self.command = command
  }

  mutating func add(_ row: Row) { rows.append(row) }

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(self) + Data("\n".utf8)
    if path == "-" {
      FileHandle.standardOutput.write(data)
    } else {
      try data.write(to: URL(fileURLWithPath: path))
    }
  }

  func encode(to encoder: any Encoder) throws {
    try head.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(command, forKey: .command)
    try container.encode(rows, forKey: .rows)
    try container.encodeIfPresent(training, forKey: .training)
  }

  private enum Key: CodingKey { case command, rows, training }
}

/// One metric of one case: nanoseconds are those of one operation, or of one training step.
struct Row: Codable {
  let name: String
  let scalar: String
  let size: Int
  let metric: String
  let tape: Double
  let closure: Double?
  /// Half the distance between the quartiles of the tape's samples, as a fraction of their median.
  let spread: Double
  let floor: Double?
  let bytes: Int?

  init(
    _ name: String, _ scalar: ScalarChoice, size: Int, _ metric: String, tape: Estimate, closure: Estimate?,
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
    case scalar, size, metric, spread, bytes
    case tape = "tape_ns"
    case closure = "closure_ns"
    case floor = "floor_ns"
  }
}
