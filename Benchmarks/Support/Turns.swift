import Foundation

/// How long the threads of somebody who has worked keep processors busy before they go to sleep.
///
/// Whoever is timed meanwhile has fewer processors than there are.
package enum Rest: Sendable {
  /// No threads: nothing to wait for.
  case none
  /// Threads that sleep at once.
  case short
  /// OpenMP's, as PyTorch has them: they were seen to spin for up to 10 ms.
  case ofOpenMP
  /// OpenBLAS's: they spin for 2²⁸ ticks of the processor's clock, 104 ms at 2.6 GHz.
  case ofOpenBLAS

  package var seconds: Double {
    switch self {
    case .none: 0
    case .short: 0.001
    case .ofOpenMP: 0.015
    case .ofOpenBLAS: 0.14
    }
  }
}

/// Has several work in turns, each only after the threads of the one before have gone to sleep.
package struct Turns {
  private var quietFrom = 0.0

  package init() {}

  package mutating func take<Result>(_ rest: Rest, _ work: () throws -> Result) rethrows -> Result {
    let wait = quietFrom - nanoseconds()
    if wait > 0 { Thread.sleep(forTimeInterval: wait * 1e-9) }
    defer { quietFrom = nanoseconds() + rest.seconds * 1e9 }
    return try work()
  }
}
