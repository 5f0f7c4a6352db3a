import CKernels
import ClosureGraph
import Floors
import Wengert

/// An operation to be timed: how each design spells it, and the bare loops that do no more than it must.
struct OperationCase<Scalar: BenchScalar> {
  let name: String
  let kind: Kind
  /// Shapes of the operands at a size.
  let shapes: @Sendable (_ size: Int) -> [[Int]]
  /// Where the operands' elements lie.
  let domains: [ClosedRange<Double>]
  let tape: @Sendable (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>
  let graph: @Sendable (Node<Scalar>, Node<Scalar>) -> Node<Scalar>
  let floor: Floor?
  /// The least that the passes have to do at a size.
  let least: Least

  enum Kind {
    /// Sizes are numbers of elements.
    case elements
    /// Sizes are those of square matrices.
    case matrices
  }

  /// The work without a design around it: `forward` fills y, `backward` sets ybar to ones and fills abar and bbar.
  struct Floor {
    let forward: @Sendable (FloorBuffers<Scalar>) -> Void
    let backward: @Sendable (FloorBuffers<Scalar>) -> Void
    /// Below, calls are what costs, and a comparison with a loop says nothing.
    var smallestSize = 65_536
    /// How many times as long the tape may take.
    var target = 1.3
  }

  static var sizes: (elements: [Int], matrices: [Int]) {
    ([1, 32, 1024, 65_536, 1_048_576, 10_000_000], [8, 16, 32, 64, 128, 256, 512, 1024])
  }
  /// What is asked for as a number of elements is no side of a matrix.
  static var largestMatrix: Int { 4096 }
  static var quickSizes: (elements: [Int], matrices: [Int]) { ([1, 1024, 65_536], [8, 32, 128, 256]) }
}

// MARK: - Making cases

extension OperationCase {
  /// An elementwise operation of one operand.
  static func unary(
    _ name: String, over domain: ClosedRange<Double> = -2...2, _ opcode: Opcode, _ adjoint: Adjoint,
    _ tape: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>,
    _ graph: @escaping @Sendable (Node<Scalar>) -> Node<Scalar>
  ) -> OperationCase {
    OperationCase(
      name: name, kind: .elements, shapes: { [vector($0)] }, domains: [domain],
      tape: { a, _ in tape(a) }, graph: { a, _ in graph(a) },
      floor: Floor(
        forward: { Scalar.forwardLoop(opcode, $0) }, backward: { Scalar.backwardLoop(adjoint, $0) }),
      least: adjoint.least(operands: 1))
  }

  /// An elementwise operation of two operands of one shape.
  static func binary(
    _ name: String, over domains: [ClosedRange<Double>] = [-2...2, -2...2], _ opcode: Opcode, _ adjoint: Adjoint,
    _ tape: @escaping @Sendable (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>,
    _ graph: @escaping @Sendable (Node<Scalar>, Node<Scalar>) -> Node<Scalar>
  ) -> OperationCase {
    OperationCase(
      name: name, kind: .elements, shapes: { [vector($0), vector($0)] }, domains: domains, tape: tape, graph: graph,
      floor: Floor(
        forward: { Scalar.forwardLoop(opcode, $0) }, backward: { Scalar.backwardLoop(adjoint, $0) }),
      least: adjoint.least(operands: 2))
  }

  /// Any other operation of one operand.
  static func function(
    _ name: String, over domain: ClosedRange<Double> = -2...2,
    shape: @escaping @Sendable (Int) -> [Int] = { vector($0) },
    _ tape: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>,
    _ graph: @escaping @Sendable (Node<Scalar>) -> Node<Scalar>, floor: Floor? = nil,
    least: @escaping Least
  ) -> OperationCase {
    OperationCase(
      name: name, kind: .elements, shapes: { [shape($0)] }, domains: [domain], tape: { a, _ in tape(a) },
      graph: { a, _ in graph(a) }, floor: floor, least: least)
  }

  /// A vector, or a scalar for one element: the shape `()` is what programs with numbers use.
  static func vector(_ size: Int) -> [Int] { size == 1 ? [] : [size] }

  /// A matrix with rows of 32 elements, as hidden layers have.
  static func rows(_ size: Int) -> [Int] { [Swift.max(1, size / 32), Swift.min(32, size)] }
}
