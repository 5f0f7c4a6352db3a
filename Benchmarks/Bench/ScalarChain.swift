import BenchSupport
import ClosureGraph
import Wengert

/// The chain y ← y·a, y ← y + c, recorded operation by operation.
struct ScalarChain<S: BenchScalar> {
  let length: Int
  // The value stays near 1, and adjoints stay far from the subnormal numbers that make arithmetic slow.
  private let start: S = 1
  private let factor: S = 0.999999
  private let summand: S = 1e-6

  init(length: Int) { self.length = max(2, length & ~1) }

  func tape(_ passes: Int) -> Timing {
    var timing = Timing()
    for _ in 0..<passes {
      let released = Tape.scope {
        tapePass(&timing) { _, _ in }
        return nanoseconds()
      }
      timing.add(nanoseconds() - released, to: 2)
    }
    return timing
  }

  func tapeOutcome() -> Outcome<S> {
    var timing = Timing()
    var outcome = Outcome<S>()
    Tape.scope {
      tapePass(&timing) { y, gradients in
        outcome = Outcome(value: [y.item], gradients: gradients())
      }
    }
    return outcome
  }

  func bytesPerOperation() -> Int {
    Tape.scope {
      let y = Tensor(start)
      let a = Tensor(factor)
      let c = Tensor(summand)
      let before = Tape.current.byteCount
      _ = chain(y, a, c)
      return (Tape.current.byteCount - before) / length
    }
  }

  @inline(__always)
  private func chain(_ start: Tensor<S>, _ a: Tensor<S>, _ c: Tensor<S>) -> Tensor<S> {
    var y = start
    for _ in 0..<length / 2 {
      y = y * a
      y = y + c
    }
    return y
  }

  @inline(__always)
  private func tapePass(_ timing: inout Timing, _ capture: (Tensor<S>, () -> [[S]]) -> Void) {
    let x = Tensor(start)
    let a = Tensor(factor)
    let c = Tensor(summand)
    let start = nanoseconds()
    let y = chain(x, a, c)
    let recorded = nanoseconds()
    let gradients = y.backward()
    let end = nanoseconds()
    timing.add(recorded - start, to: 0)
    timing.add(end - recorded, to: 1)
    capture(y) { [x, a, c].map { gradients[$0].scalars } }
  }

  func graph(_ passes: Int) -> Timing {
    var timing = Timing()
    for _ in 0..<passes { graphPass(&timing) { _, _ in } }
    return timing
  }

  func graphOutcome() -> Outcome<S> {
    var timing = Timing()
    var outcome = Outcome<S>()
    graphPass(&timing) { y, gradients in outcome = Outcome(value: [y], gradients: gradients()) }
    return outcome
  }

  @inline(__always)
  private func graphPass(_ timing: inout Timing, _ capture: (S, () -> [[S]]) -> Void) {
    let x = Node(start)
    let a = Node(factor)
    let c = Node(summand)
    let start = nanoseconds()
    var y: Node<S>? = x
    for _ in 0..<length / 2 {
      y = y.unsafelyUnwrapped * a
      y = y.unsafelyUnwrapped + c
    }
    let recorded = nanoseconds()
    y!.backward()
    let end = nanoseconds()
    capture(y!.data.item) { [x, a, c].map(\.grad.scalars) }
    let release = nanoseconds()
    y = nil
    let released = nanoseconds()
    timing.add(recorded - start, to: 0)
    timing.add(end - recorded, to: 1)
    timing.add(released - release, to: 2)
  }
}
