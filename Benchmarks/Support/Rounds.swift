/// Somebody whose work is timed: runs it the given number of times and returns the nanoseconds that it took.
package struct Contender {
  package let name: String
  /// What becomes of its threads afterwards.
  package let rest: Rest
  package let run: (_ count: Int) throws -> Double

  package init(name: String, rest: Rest, run: @escaping (_ count: Int) throws -> Double) {
    self.name = name
    self.rest = rest
    self.run = run
  }
}

/// The times of several contenders, taken by turns, so that what disturbs the machine disturbs all of them.
package struct Rounds: Sendable {
  /// Nanoseconds per run, by contender and round.
  package private(set) var samples: [[Double]]

  package init(samples: [[Double]]) { self.samples = samples }

  package init(_ contenders: [Contender], effort: Effort) throws {
    var turns = Turns()
    let counts = try contenders.map { contender in
      try turns.take(contender.rest) { try Self.count(for: contender, effort) }
    }
    samples = Array(repeating: [], count: contenders.count)
    for _ in 0..<effort.sampleCount {
      for (index, contender) in contenders.enumerated() {
        let time = try turns.take(contender.rest) { try contender.run(counts[index]) }
        samples[index].append(time / Double(counts[index]))
      }
    }
  }

  package func time(_ contender: Int) -> Estimate { Estimate(samples[contender]) }

  /// How many times as long `other` took as `contender`, round by round.
  package func ratio(_ other: Int, to contender: Int) -> Estimate {
    Estimate(zip(samples[other], samples[contender]).map { $0 / $1 })
  }

  /// How many runs make a sample that is long enough. Finding out warms the contender up.
  private static func count(for contender: Contender, _ effort: Effort) throws -> Int {
    _ = try contender.run(1)
    var count = 1
    while true {
      let time = try contender.run(count)
      if time >= effort.sampleNanoseconds || count >= 1 << 20 { return count }
      let next = Int(1.2 * Double(count) * effort.sampleNanoseconds / max(time, 1))
      count = max(count + 1, min(10 * count, next))
    }
  }
}
