import BenchSupport
import ClosureGraph
import Wengert

/// An operand as both designs take it.
struct Operand<Scalar: BenchScalar> {
  let shape: [Int]
  let scalars: [Scalar]
  let atRest: ShapedArray<Scalar>
  let array: NDArray<Scalar>

  /// Elements spread over the domain in no particular order, the same at every run.
  init(shape: [Int], domain: ClosedRange<Double>, seed: Int) {
    let count = shape.reduce(1, *)
    self.shape = shape
    scalars = (0..<count).map { index in
      // The golden ratio's multiples, modulo 1, fill the unit interval evenly.
      let position = (Double(index + 1 + 7919 * seed) * 0.618_033_988_749_894_9).truncatingRemainder(dividingBy: 1)
      return Scalar(domain.lowerBound + position * (domain.upperBound - domain.lowerBound))
    }
    atRest = ShapedArray(shape: Shape(shape), scalars: scalars)
    array = NDArray(shape: shape, scalars: scalars)
  }
}

/// What a pass computed, to be compared between designs.
struct Outcome<Scalar: BenchScalar> {
  var value: [Scalar] = []
  var gradients: [[Scalar]] = []
}

/// One case at one size, to be run by each design.
///
/// A pass records the operation `copies` times on the same leaves, adds up the sums of the results, and runs backward
/// from there: with many copies the row shows what one more operation costs in a graph, not what a pass costs to
/// start. The sum of the result is part of "backward" on both sides, and in the floor; leaves, and the release of what
/// a pass made, are not timed.
struct OperationSubjects<Scalar: BenchScalar> {
  let operation: OperationCase<Scalar>
  let size: Int
  let operands: [Operand<Scalar>]
  let copies: Int
  private let resultCount: Int

  init(_ operation: OperationCase<Scalar>, size: Int) {
    self.operation = operation
    self.size = size
    operands = zip(operation.shapes(size), operation.domains).enumerated().map {
      Operand(shape: $1.0, domain: $1.1, seed: $0)
    }
    // A few hundred kilobytes of results: what a step of training keeps in a cache near the processor.
    let elements = operation.kind == .matrices ? size * size : size
    copies = max(1, min(1000, 16_384 / elements))
    resultCount = elements
  }

  // MARK: Tape

  func tape(_ passes: Int) -> Timing {
    var timing = Timing()
    for _ in 0..<passes { Tape.scope { _ = tapePass(&timing, capturing: false) } }
    return timing
  }

  func tapeOutcome() -> Outcome<Scalar> {
    var timing = Timing()
    return Tape.scope { tapePass(&timing, capturing: true) }
  }

  private func tapePass(_ timing: inout Timing, capturing: Bool) -> Outcome<Scalar> {
    let record = operation.tape
    let a = Tensor(operands[0].atRest)
    let b = operands.count > 1 ? Tensor(operands[1].atRest) : a
    return withUnsafeTemporaryAllocation(of: Tensor<Scalar>.self, capacity: copies) { results in
      let start = nanoseconds()
      for index in 0..<copies { results.initializeElement(at: index, to: record(a, b)) }
      let recorded = nanoseconds()
      let isScalar = results[0].shape.isEmpty
      var loss = isScalar ? results[0] : results[0].sum()
      for index in 1..<max(1, copies) { loss = loss + (isScalar ? results[index] : results[index].sum()) }
      let ready = nanoseconds()
      let gradients = loss.backward()
      let end = nanoseconds()
      timing.add(recorded - start, to: 0)
      timing.add(end - ready, to: 1)
      guard capturing else { return Outcome() }
      let leaves = operands.count > 1 ? [a, b] : [a]
      return Outcome(value: results[copies - 1].scalars, gradients: leaves.map { gradients[$0].scalars })
    }
  }

  // MARK: Closure graph

  func graph(_ passes: Int) -> Timing {
    var timing = Timing()
    var results: [Node<Scalar>] = []
    results.reserveCapacity(copies)
    for _ in 0..<passes { _ = graphPass(&timing, &results, capturing: false) }
    return timing
  }

  func graphOutcome() -> Outcome<Scalar> {
    var timing = Timing()
    var results: [Node<Scalar>] = []
    return graphPass(&timing, &results, capturing: true)
  }

  private func graphPass(
    _ timing: inout Timing, _ results: inout [Node<Scalar>], capturing: Bool
  ) -> Outcome<Scalar> {
    let record = operation.graph
    let a = Node(operands[0].array)
    let b = operands.count > 1 ? Node(operands[1].array) : a
    results.removeAll(keepingCapacity: true)
    let start = nanoseconds()
    for _ in 0..<copies { results.append(record(a, b)) }
    let recorded = nanoseconds()
    let isScalar = results[0].data.shape.isEmpty
    var loss = isScalar ? results[0] : results[0].sum()
    for index in 1..<max(1, copies) { loss = loss + (isScalar ? results[index] : results[index].sum()) }
    let ready = nanoseconds()
    loss.backward()
    let end = nanoseconds()
    timing.add(recorded - start, to: 0)
    timing.add(end - ready, to: 1)
    guard capturing else { return Outcome() }
    let leaves = operands.count > 1 ? [a, b] : [a]
    return Outcome(value: results[copies - 1].data.scalars, gradients: leaves.map(\.grad.scalars))
  }

  // MARK: Floor

  /// The bare loops, where the size is one at which they mean something.
  var floor: Subject? {
    guard let floor = operation.floor, size >= floor.smallestSize else { return nil }
    let buffers = FloorBuffers(operands, resultCount: resultCount)
    let copies = copies
    return { passes in
      var timing = Timing()
      for _ in 0..<passes {
        let start = nanoseconds()
        for _ in 0..<copies { floor.forward(buffers) }
        let middle = nanoseconds()
        for _ in 0..<copies { floor.backward(buffers) }
        let end = nanoseconds()
        timing.add(middle - start, to: 0)
        timing.add(end - middle, to: 1)
      }
      return timing
    }
  }
}
