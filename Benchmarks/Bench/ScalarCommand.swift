import ArgumentParser
import ClosureGraph
import Foundation
import Wengert

/// `bench scalar`: chains of operations on single numbers, where nothing but the design costs.
struct ScalarCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scalar", abstract: "Times chains of scalar operations: what recording one operation costs.")

  @OptionGroup var options: MeasuringOptions

  func run() throws {
    try options.prepare()
    switch options.scalarType {
    case .double: try run(Double.self)
    case .float: try run(Float.self)
    }
  }

  private func run<S: BenchScalar>(_: S.Type) throws {
    var report = Report(command: "scalar")
    var mismatches: [String] = []
    let table = Table(columns: [
      .init(title: "chain of y × a + c", width: 19, isLeft: true), .init(title: "tape", width: 9),
      .init(title: "±", width: 5), .init(title: "closure", width: 9), .init(title: "±", width: 5),
      .init(title: "ratio", width: 6), .init(title: "bytes", width: 6), .init(title: "target", width: 9),
    ])
    if options.writesTable {
      print(report.head.description + "\n")
      print("Nanoseconds, and bytes of tape, per operation (\(S.choice.rawValue)).\n")
      print(table.header())
    }
    for length in options.sizes([1000, 1_000_000], quick: [1000, 1_000_000]) {
      let name = "\(Format.grouped(length)) operations"
      guard options.includes(name) else { continue }
      Progress.show(name)
      let chain = ScalarChain<S>(length: length)
      if let complaint = Agreement.complaint(chain.tapeOutcome(), chain.graphOutcome()) {
        Progress.clear()
        mismatches.append("\(name): \(complaint)")
        continue
      }
      let estimates = measure([chain.tape, chain.graph], metrics: 3, effort: options.effort)
        .map { $0.map { $0 / Double(chain.length) } }
      let bytes = chain.bytesPerOperation()
      Progress.clear()
      if options.writesTable { print(table.row([name])) }
      for (metric, title) in ["forward", "backward", "release"].enumerated() {
        let tape = estimates[0][metric]
        let graph = estimates[1][metric]
        let isForward = metric == 0
        report.add(
          Row("chain", S.choice, size: length, title, tape: tape, closure: graph, bytes: isForward ? bytes : nil))
        guard options.writesTable else { continue }
        print(
          table.row([
            "  " + title, Format.number(tape.median), Format.percent(tape), Format.number(graph.median),
            Format.percent(graph), metric == 2 ? "" : Format.ratio(graph.median / tape.median),
            isForward ? String(bytes) : "", ["≤ 15, 64", "≤ 8", ""][metric],
          ]))
      }
      let total = estimates.map { $0[0].median + $0[1].median }
      if options.writesTable {
        print(
          table.row([
            "  forward + backward", Format.number(total[0]), "", Format.number(total[1]), "",
            Format.ratio(total[1] / total[0]), "", "≥ 20×",
          ]))
      }
    }
    if let path = options.jsonPath { try report.write(to: path) }
    try options.fail(with: mismatches)
  }
}

/// The chain y ← y·a, y ← y + c, recorded operation by operation.
private struct ScalarChain<S: BenchScalar> {
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
