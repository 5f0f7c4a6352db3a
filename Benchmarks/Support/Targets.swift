/// A ratio that is to be reached: so many times as fast as a peer, on some work.
package struct Target: Hashable, Sendable {
  package let work: String
  package let against: String
  package let atLeast: Double

  package init(_ work: String, against: String, atLeast: Double) {
    self.work = work
    self.against = against
    self.atLeast = atLeast
  }
}

/// Which targets were reached by the cases that ran.
package struct Scoreboard: Sendable {
  package struct Entry: Sendable {
    package let target: Target
    package fileprivate(set) var cases: [(name: String, ratio: Double)] = []
    package var missed: [(name: String, ratio: Double)] {
      cases.filter { !($0.ratio >= target.atLeast) }.sorted { $0.ratio < $1.ratio }
    }
    package var isReached: Bool { missed.isEmpty }
  }

  /// In the order in which targets first came up.
  package private(set) var entries: [Entry] = []

  package init() {}

  /// Counts a case. Of several ways of doing it the best is what counts: call this once, with the largest ratio.
  package mutating func add(_ name: String, _ target: Target, ratio: Double) {
    if !entries.contains(where: { $0.target == target }) { entries.append(Entry(target: target)) }
    let index = entries.firstIndex { $0.target == target }!
    entries[index].cases.append((name, ratio))
  }
}

extension Scoreboard: Encodable {
  private enum Key: String, CodingKey {
    case work, against, reached, of, missed, ratio
    case atLeast = "at_least"
    case name = "case"
  }

  package func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    for entry in entries {
      var container = list.nestedContainer(keyedBy: Key.self)
      try container.encode(entry.target.work, forKey: .work)
      try container.encode(entry.target.against, forKey: .against)
      try container.encode(entry.target.atLeast, forKey: .atLeast)
      try container.encode(entry.cases.count - entry.missed.count, forKey: .reached)
      try container.encode(entry.cases.count, forKey: .of)
      try container.encode(entry.cases.map(\.ratio).min() ?? .nan, forKey: .ratio)
      var missed = container.nestedUnkeyedContainer(forKey: .missed)
      for item in entry.missed {
        var one = missed.nestedContainer(keyedBy: Key.self)
        try one.encode(item.name, forKey: .name)
        try one.encode(item.ratio, forKey: .ratio)
      }
    }
  }
}
