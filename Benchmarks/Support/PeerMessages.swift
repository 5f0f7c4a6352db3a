import Foundation

/// What is said to a peer: one line of JSON.
package enum PeerCommand: Encodable, Sendable {
  case prepare(PeerProgram, results: String)
  case time(Int, Clock)
  case memory(Int)
  case forget

  /// The command as the peer reads it, with its line feed.
  package var line: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(self) + Data("\n".utf8)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .prepare(let program, let results):
      try container.encode("prepare", forKey: .do)
      try container.encode(program.name, forKey: .program)
      try container.encode(program.scalar, forKey: .scalar)
      try container.encode(program.parameters, forKey: .parameters)
      try container.encode(program.arrays, forKey: .arrays)
      try container.encode(results, forKey: .results)
    case .time(let count, let clock):
      try container.encode("time", forKey: .do)
      try container.encode(count, forKey: .count)
      try container.encode(clock, forKey: .clock)
    case .memory(let count):
      try container.encode("memory", forKey: .do)
      try container.encode(count, forKey: .count)
    case .forget: try container.encode("forget", forKey: .do)
    }
  }

  private enum Key: String, CodingKey { case `do`, program, scalar, parameters, arrays, results, count, clock }
}

/// The work of a case, as peers know it.
package struct PeerProgram: Sendable {
  package let name: String
  package let scalar: ScalarChoice
  package let parameters: PeerParameters
  /// The inputs, in files.
  package let arrays: [PeerFile]

  package init(name: String, scalar: ScalarChoice, parameters: PeerParameters, arrays: [PeerFile]) {
    self.name = name
    self.scalar = scalar
    self.parameters = parameters
    self.arrays = arrays
  }
}

/// What a program has to know beside arrays; what is nil is left out.
package struct PeerParameters: Codable, Sendable {
  package var name: String?
  package var count: Int?
  package var labels: [Int]?
  package var activation: String?
  package var rate: Double?
  package var heads: Int?

  package init() {}
}

/// An array in a file, row by row.
package struct PeerFile: Codable, Sendable {
  package let file: String
  package let shape: [Int]

  package init(file: String, shape: [Int]) {
    self.file = file
    self.shape = shape
  }
}

/// What a peer answers.
package struct PeerAnswer: Decodable, Sendable {
  package var error: String?
  package var peer: String?
  package var version: String?
  package var programs: [String]?
  package var results: [PeerFile]?
  package var nanoseconds: Double?
  package var bytes: Double?

  /// Reads a line; anything but an answer becomes one that says so.
  package init(line: Data) {
    do {
      self = try JSONDecoder().decode(PeerAnswer.self, from: line)
    } catch {
      let text = String(decoding: line.prefix(200), as: UTF8.self)
      self.error = text.isEmpty ? "it ended without an answer" : "not an answer: \(text)"
    }
  }

  private enum CodingKeys: String, CodingKey { case error, peer, version, programs, results, nanoseconds, bytes }
}

/// Puts what arrives in pieces together to lines.
package struct LineBuffer: Sendable {
  private var pending = Data()

  package init() {}

  package mutating func append(_ piece: Data) { pending.append(piece) }

  /// The next line that is complete, without its line feed.
  package mutating func next() -> Data? {
    guard let end = pending.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let line = Data(pending[pending.startIndex..<end])
    pending = Data(pending[pending.index(after: end)...])
    return line
  }

  /// What came after the last line feed.
  package var rest: Data { pending }
}
