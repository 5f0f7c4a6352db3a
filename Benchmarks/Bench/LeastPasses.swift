import BenchSupport
import Floors

// What the operations of `bench ops` have to do at least: to go over these arrays, once per operation. The result's
// sum, which is part of backward, is an operation of its own and reads the result. A gradient that is one number
// everywhere need not be written.

typealias Least = @Sendable (_ size: Int) -> (forward: LeastWork, backward: LeastWork)

/// Passes over arrays of as many elements as the size says, each with how many of them are read and written.
func passes(forward: [(reads: Int, writes: Int)], backward: [(reads: Int, writes: Int)]) -> Least {
  { size in
    func work(_ passes: [(reads: Int, writes: Int)]) -> LeastWork {
      LeastWork(passes.map { LeastWork.Pass(reads: $0.reads, writes: $0.writes, elements: size) })
    }
    return (work(forward), work(backward))
  }
}

/// A product of square matrices forward, and two of them backward.
let leastOfProducts: Least = { size in
  let (elements, flops) = (size * size, 2 * Double(size) * Double(size) * Double(size))
  return (
    LeastWork([LeastWork.Pass(reads: 2, writes: 1, elements: elements)], flops: flops),
    LeastWork(
      [
        LeastWork.Pass(reads: 1, writes: 0, elements: elements),
        LeastWork.Pass(reads: 2, writes: 2, elements: elements),
      ], flops: 2 * flops)
  )
}

extension Adjoint {
  /// The passes of an elementwise operation of so many operands.
  func least(operands: Int) -> Least {
    let adjoint: (reads: Int, writes: Int) =
      switch self {
      case .negate, .add, .subtract: (0, 0)
      case .multiply, .divide, .maximum: (2, 2)
      case .exp, .log, .squareRoot, .tanh, .sigmoid, .relu, .absolute: (1, 1)
      }
    return passes(forward: [(operands, 1)], backward: [(1, 0), adjoint])
  }
}
