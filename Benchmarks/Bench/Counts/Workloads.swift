import AllocationCounter
import BenchSupport
import Foundation
import InstructionCounter
import Wengert

/// A fixed piece of work whose instructions, allocations and memory are counted.
struct Workload {
  let name: String
  /// Gives the work, ready to be done again and again.
  let make: () -> () -> Void

  static var all: [Workload] {
    [
      series("scalar chain of 1,000", 0) { PeerCase.chain(Double.self).ours },
      series("scalar chain of 1,000, replayed", 1) { PeerCase.chain(Double.self).ours },
      series("step of two moons", 0) { PeerCase.twoMoons(Double.self).ours },
      series("step of two moons, replayed", 1) { PeerCase.twoMoons(Double.self).ours },
      Workload(name: "sum of tanh(a × b) + a, 1,000") {
        let operands = (0..<2).map { Operand<Double>(shape: [1000], domain: -2...2, seed: $0).atRest }
        return {
          Tape.scope {
            _ = gradient(at: Tensor(operands[0]), Tensor(operands[1])) { a, b in (tanh(a * b) + a).sum() }
          }
        }
      },
      Workload(name: "softmax of 10 × 100") {
        let operand = Operand<Float>(shape: [10, 100], domain: -2...2, seed: 1).atRest
        return { Tape.scope { _ = gradient(at: Tensor(operand)) { square(softmax($0)).sum() } } }
      },
      series("Hessian-vector product of two moons", 0) { PeerCase.hessianVector(Double.self).ours },
    ]
  }

  /// One of the ways in which a case of `bench peers` is done.
  private static func series(_ name: String, _ index: Int, _ make: @escaping () -> [PeerCase.Series]) -> Workload {
    Workload(name: name) {
      let series = make()[index]
      return { series.run(1) }
    }
  }

  /// Runs that count together; what is told is one run's share.
  private static var runs: Int { 10 }

  /// Does the work on a thread of its own, whose tape is new, and counts. Under Callgrind, which writes files of its
  /// own, that counts instructions.
  func count() -> Count {
    final class Box: @unchecked Sendable {
      var count: Count?
      let workload: Workload
      init(_ workload: Workload) { self.workload = workload }
    }
    let box = Box(self)
    let isDone = DispatchSemaphore(value: 0)
    let thread = Thread {
      box.count = box.workload.countHere()
      isDone.signal()
    }
    thread.stackSize = 8 << 20
    thread.start()
    isDone.wait()
    return box.count!
  }

  private func countHere() -> Count {
    let work = make()
    for _ in 0..<3 { work() }
    let before = wc_allocation_count()
    wi_start()
    for _ in 0..<Self.runs { work() }
    wi_stop(name)
    let allocations = wc_allocation_count() < 0 ? nil : Int(wc_allocation_count() - before) / Self.runs
    return Count(name: name, allocations: allocations, tapeBytes: Tape.current.capacity)
  }

  /// Instructions by workload, from the files of a run under Callgrind.
  static func instructions(in directory: URL) throws -> [String: Int] {
    let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
      .map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    return Callgrind.instructions(in: files).mapValues { $0 / runs }
  }
}
