import Foundation

/// How long and how often to measure.
package struct Effort: Sendable {
  /// What one sample takes at least.
  package let sampleNanoseconds: Double
  package let sampleCount: Int

  package init(sampleNanoseconds: Double, sampleCount: Int) {
    self.sampleNanoseconds = sampleNanoseconds
    self.sampleCount = sampleCount
  }

  package static let full = Effort(sampleNanoseconds: 1e6, sampleCount: 15)
  package static let quick = Effort(sampleNanoseconds: 0.2e6, sampleCount: 5)
}

/// Nanoseconds since some fixed moment; a call takes about twenty.
package func nanoseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// What time is measured by.
package enum Clock: String, Codable, Sendable {
  /// The clock on the wall.
  case wall
  /// What the processors spend on this process: hardly depends on what else they do, and adds up over threads.
  case processor

  /// Nanoseconds since some fixed moment.
  package var now: Double {
    var time = timespec()
    clock_gettime(self == .wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }
}

/// What was measured, in nanoseconds per metric ("forward", "backward", …), in the order of a subject's metrics.
package struct Timing: Sendable {
  package private(set) var nanoseconds: SIMD4<Double> = .zero

  package init() {}

  package mutating func add(_ time: Double, to metric: Int) { nanoseconds[metric] += time }
  package var total: Double { nanoseconds.sum() }
}

/// One design at work on one case: runs the given number of passes and says how long the parts of them took.
package typealias Subject = (_ passes: Int) -> Timing

/// The median of a metric's samples, and half the distance between their quartiles.
package struct Estimate: Sendable {
  package let median: Double
  package let spread: Double

  package init(_ samples: [Double]) {
    let sorted = samples.sorted()
    func quantile(_ fraction: Double) -> Double {
      let position = fraction * Double(sorted.count - 1)
      let low = Int(position)
      let high = min(low + 1, sorted.count - 1)
      return sorted[low] + (position - Double(low)) * (sorted[high] - sorted[low])
    }
    median = quantile(0.5)
    spread = (quantile(0.75) - quantile(0.25)) / 2
  }

  package init(median: Double, spread: Double) {
    self.median = median
    self.spread = spread
  }

  /// The spread as a fraction of the median.
  package var relativeSpread: Double { median > 0 ? spread / median : 0 }

  package static func / (estimate: Estimate, divisor: Double) -> Estimate {
    Estimate(median: estimate.median / divisor, spread: estimate.spread / divisor)
  }
}

/// Runs the subjects by turns, so that what disturbs the machine disturbs all of them, and returns for each subject
/// the nanoseconds that a pass spends in each metric. `rests` says what becomes of their threads, if they have any.
package func measure(_ subjects: [Subject], rests: [Rest] = [], metrics: Int, effort: Effort) -> [[Estimate]] {
  var turns = Turns()
  let contenders = subjects.enumerated().map { (subject: $1, rest: $0 < rests.count ? rests[$0] : .none) }
  let passes = contenders.map { contender in turns.take(contender.rest) { passCount(for: contender.subject, effort) } }
  var samples = [[Timing]](repeating: [], count: subjects.count)
  for _ in 0..<effort.sampleCount {
    for (index, contender) in contenders.enumerated() {
      samples[index].append(turns.take(contender.rest) { contender.subject(passes[index]) })
    }
  }
  return zip(samples, passes).map { samples, passes in
    (0..<metrics).map { metric in Estimate(samples.map { $0.nanoseconds[metric] / Double(passes) }) }
  }
}

/// How many passes make a sample that is long enough to be timed. Finding out warms the subject up.
private func passCount(for subject: Subject, _ effort: Effort) -> Int {
  _ = subject(1)
  var passes = 1
  while true {
    let time = subject(passes).total
    if time >= effort.sampleNanoseconds || passes >= 1 << 20 { return passes }
    passes = max(passes + 1, min(10 * passes, Int(1.2 * Double(passes) * effort.sampleNanoseconds / max(time, 1))))
  }
}
