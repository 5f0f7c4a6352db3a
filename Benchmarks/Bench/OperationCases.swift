import CKernels
import ClosureGraph
import Wengert

// The table of `bench ops`: one entry per operation, from which all its rows follow.

extension OperationCase {
  static var all: [OperationCase] { elementwise + reductions + normalized + products }

  private static var elementwise: [OperationCase] {
    [
      .binary("a + b", .add, .add, { $0 + $1 }, { $0 + $1 }),
      .binary("a − b", .subtract, .subtract, { $0 - $1 }, { $0 - $1 }),
      .binary("a × b", .multiply, .multiply, { $0 * $1 }, { $0 * $1 }),
      .binary("a / b", over: [-2...2, 0.5...2], .divide, .divide, { $0 / $1 }, { $0 / $1 }),
      .binary("maximum(a, b)", .maximum, .maximum, { maximum($0, $1) }, { .maximum($0, $1) }),
      .unary("−x", .negate, .negate, { -$0 }, { -$0 }),
      .unary("abs(x)", .absolute, .absolute, { abs($0) }, { abs($0) }),
      .unary("relu(x)", .relu, .relu, { relu($0) }, { relu($0) }),
      .unary("sqrt(x)", over: 0.2...3, .squareRoot, .squareRoot, { sqrt($0) }, { sqrt($0) }),
      .unary("exp(x)", .exp, .exp, { exp($0) }, { exp($0) }),
      .unary("log(x)", over: 0.2...3, .log, .log, { log($0) }, { log($0) }),
      .function(
        "pow(x, 2)", over: 0.2...3, { pow($0, 2) }, { pow($0, 2) },
        least: passes(forward: [(1, 1)], backward: [(1, 0), (1, 1)])),
      .function(
        "pow(x, 0.3)", over: 0.2...3, { pow($0, 0.3) }, { pow($0, 0.3) },
        least: passes(forward: [(1, 1)], backward: [(1, 0), (1, 1)])),
      .unary("tanh(x)", .tanh, .tanh, { tanh($0) }, { tanh($0) }),
      .unary("sigmoid(x)", .sigmoid, .sigmoid, { sigmoid($0) }, { sigmoid($0) }),
      OperationCase(
        name: "rows + bias", kind: .elements, shapes: { [rows($0), [min(32, $0)]] },
        domains: [-2...2, -2...2], tape: { $0 + $1 }, graph: { $0 + $1 }, floor: nil,
        least: passes(forward: [(1, 1)], backward: [(1, 0)])),
      OperationCase(
        name: "a × scalar", kind: .elements, shapes: { [vector($0), []] }, domains: [-2...2, 1...2],
        tape: { $0 * $1 }, graph: { $0 * $1 }, floor: nil,
        // The scalar's gradient reads the operand.
        least: passes(forward: [(1, 1)], backward: [(1, 0), (1, 0)])),
    ]
  }

  private static var reductions: [OperationCase] {
    [
      .function(
        "sum(x)", { $0.sum() }, { $0.sum() },
        floor: Floor(
          forward: { $0.sum(divisor: 1) },
          backward: { Scalar.fill(1, $0.abar, $0.operandCount) }),
        least: passes(forward: [(1, 0)], backward: [])),
      .function(
        "mean(x)", { $0.mean() }, { $0.mean() },
        floor: Floor(
          forward: { $0.sum(divisor: Scalar($0.operandCount)) },
          backward: { Scalar.fill(1 / Scalar($0.operandCount), $0.abar, $0.operandCount) }),
        least: passes(forward: [(1, 0)], backward: [])),
      .function(
        "sum of columns", shape: { rows($0) }, { $0.sum(along: 0) }, { $0.columnSums() },
        least: passes(forward: [(1, 0)], backward: [])),
      .function("max(x)", { $0.max() }, { $0.max() }, least: passes(forward: [(1, 0)], backward: [(1, 1)])),
    ]
  }

  private static var normalized: [OperationCase] {
    [
      .function(
        "softmax(x)", shape: { rows($0) }, { softmax($0) }, { softmax($0) },
        floor: Floor(
          forward: { Scalar.softmax($0.a, $0.count / 32, 32, $0.y) },
          backward: {
            Scalar.fill(1, $0.ybar, $0.count)
            Scalar.softmaxAdjoint($0.y, $0.ybar, $0.count / 32, 32, false, $0.abar)
          }), least: passes(forward: [(1, 1)], backward: [(1, 0), (1, 1)])),
      .function(
        "logSoftmax(x)", shape: { rows($0) }, { logSoftmax($0) }, { logSoftmax($0) },
        floor: Floor(
          forward: { Scalar.logSoftmax($0.a, $0.count / 32, 32, $0.y) },
          backward: {
            Scalar.fill(1, $0.ybar, $0.count)
            Scalar.logSoftmaxAdjoint($0.y, $0.ybar, $0.count / 32, 32, false, $0.abar)
          }), least: passes(forward: [(1, 1)], backward: [(1, 0), (1, 1)])),
      .function(
        "crossEntropy(x)", shape: { rows($0) }, { crossEntropy($0, labels: Labels.of($0.shape)) },
        { crossEntropy($0, labels: Labels.of($0.data.shape)) },
        least: passes(forward: [(1, 0)], backward: [(1, 1)])),
    ]
  }

  private static var products: [OperationCase] {
    [
      OperationCase(
        name: "matmul(a, b)", kind: .matrices, shapes: { [[$0, $0], [$0, $0]] }, domains: [-1...1, -1...1],
        tape: { matmul($0, $1) }, graph: { matmul($0, $1) },
        floor: Floor(
          forward: { o in
            let n = o.side
            Scalar.blas(false, false, n, n, n, o.a, o.b, o.y)
          },
          backward: { o in
            let n = o.side
            Scalar.fill(1, o.ybar, o.count)
            Scalar.blas(false, true, n, n, n, o.ybar, o.b, o.abar)
            Scalar.blas(true, false, n, n, n, o.a, o.ybar, o.bbar)
          }, smallestSize: 128, target: 1.1), least: leastOfProducts)
    ]
  }
}

/// Labels for matrices of logits, made once per number of rows: making them is not what is timed.
private enum Labels {
  static func of(_ shape: some Collection<Int>) -> ArraySlice<Int> {
    pattern[..<(shape.first ?? 1)]
  }
  static func of(_ shape: [Int]) -> [Int] { arrays[shape[0]] ?? Array(pattern[..<shape[0]]) }

  private static let pattern = (0..<312_500).map { $0 * 7 % 32 }
  private static let arrays = [Int: [Int]](
    uniqueKeysWithValues: [1, 32, 2048, 32_768, 312_500].map { ($0, Array(pattern[..<$0])) })
}
