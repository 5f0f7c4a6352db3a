import BenchSupport
import CKernels
import ClosureGraph
import Wengert

/// An operation or composite function on one of its own samples, timed on the tape alone: the rows that every
/// operation gets by being in the table of the library.
struct SampleSubject<Scalar: BenchScalar> {
  let name: String
  let elements: Int
  let copies: Int
  private let inputs: [ShapedArray<Scalar>]
  private let apply: ([AnyTensor]) -> AnyTensor

  init(_ name: String, shapes: [[Int]], domains: [ClosedRange<Double>], apply: @escaping ([AnyTensor]) -> AnyTensor) {
    self.name = name
    self.apply = apply
    elements = shapes.map { $0.reduce(1, *) }.max() ?? 1
    inputs = zip(shapes, domains).enumerated().map { Operand<Scalar>(shape: $1.0, domain: $1.1, seed: $0).atRest }
    copies = max(1, min(100, 16_384 / max(1, elements)))
  }

  /// The largest sample of each operation and composite function; of elementwise ones, whose samples can be of any
  /// shape, vectors of `size`.
  static func all(size: Int) -> [SampleSubject] {
    let operations = Operation.all.compactMap { operation -> SampleSubject? in
      if operation.opcode.rawValue < UInt16(WG_ELEMENTWISE_COUNT), let sample = operation.samples.first {
        return SampleSubject(
          operation.name, shapes: sample.shapes.map { _ in [size] }, domains: sample.domains, apply: sample.apply)
      }
      return largest(operation.name, operation.samples)
    }
    return operations + Composite.all.compactMap { largest($0.name, $0.samples) }
  }

  private static func largest(_ name: String, _ samples: [Sample]) -> SampleSubject? {
    func elements(_ sample: Sample) -> Int { sample.shapes.reduce(0) { $0 + $1.elementCount } }
    guard let sample = samples.max(by: { elements($0) < elements($1) }) else { return nil }
    return SampleSubject(
      sample.name.isEmpty ? name : "\(name) \(sample.name)", shapes: sample.shapes.map { Array($0) },
      domains: sample.domains, apply: sample.apply)
  }

  /// Records the operation `copies` times on the same leaves, adds up the sums of the results, and runs backward.
  func tape(_ passes: Int) -> Timing {
    var timing = Timing()
    for _ in 0..<passes { Tape.scope { pass(&timing) } }
    return timing
  }

  private func pass(_ timing: inout Timing) {
    let leaves = inputs.map { AnyTensor(Tensor($0)) }
    let start = nanoseconds()
    var results: [AnyTensor] = []
    for _ in 0..<copies { results.append(apply(leaves)) }
    let recorded = nanoseconds()
    timing.add(recorded - start, to: 0)
    var loss = results[0].typed(Scalar.self).sum()
    for result in results.dropFirst() { loss = loss + result.typed(Scalar.self).sum() }
    let ready = nanoseconds()
    _ = loss.backward()
    timing.add(nanoseconds() - ready, to: 1)
  }
}
