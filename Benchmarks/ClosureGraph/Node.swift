import CKernels

/// A node of the seed's graph: data, gradient, parents, and a closure that pushes the gradient to the parents.
///
/// This is `class Tensor` of the NumPy engine that Wengert grew out of, in Swift, for the benchmarks to compare with.
/// It is meant to cost what the design costs and nothing else. Elements are computed by the same C kernels and the
/// same matrix product as the tape's. What the design asks for is kept: an object, two arrays, a list of parents and a
/// closure per operation; a gradient of zeros made with each node; local products in temporary arrays that are then
/// added; a topological sort at each backward pass.
///
/// It departs from the seed where Swift would otherwise make it slower, or crash:
/// - A closure is handed its node instead of capturing it. The seed's capture is a reference cycle, which Python's
///   collector finds; Swift would leak it.
/// - Closures skip parents with `requiresGrad == false`, the seed's field that its closures never read, so that both
///   designs do the same arithmetic.
/// - The sort keeps its own stack, and nodes are released by a loop: a chain of a million nodes needs both.
public final class Node<Scalar: GraphScalar>: GraphNode {
  /// The node's value.
  public let data: NDArray<Scalar>
  /// The gradient of whatever `backward()` was last called on; closures add to it.
  public let grad: NDArray<Scalar>
  /// What made the node, `""` for a leaf.
  public let operation: String
  /// Whether closures add to this node's gradient.
  public let requiresGrad: Bool

  @exclusivity(unchecked) @usableFromInline var push: ((Node) -> Void)?

  /// A leaf.
  @inlinable
  public init(_ data: NDArray<Scalar>, requiresGrad: Bool = true) {
    self.data = data
    self.grad = NDArray(repeating: 0, like: data.extents)
    self.operation = ""
    self.requiresGrad = requiresGrad
    push = nil
    super.init(parents: [])
  }

  /// A scalar leaf.
  @inlinable
  public convenience init(_ value: Scalar, requiresGrad: Bool = true) {
    let data = NDArray<Scalar>(uninitialized: SIMD4(repeating: 1), rank: 0)
    data.fill(value)
    self.init(data, requiresGrad: requiresGrad)
  }

  /// The result of an operation. `push` adds to the parents' gradients, given this node.
  @inlinable
  init(_ data: NDArray<Scalar>, _ parents: [Node], _ operation: String, push: @escaping (Node) -> Void) {
    self.data = data
    self.grad = NDArray(repeating: 0, like: data.extents)
    self.operation = operation
    self.requiresGrad = true
    self.push = push
    super.init(parents: parents)
  }

  override func dropClosure() { push = nil }

  // MARK: Backward

  /// `self.grad += gradient`, from a child's closure.
  @inlinable @inline(__always)
  func accumulate(_ gradient: @autoclosure () -> NDArray<Scalar>) {
    if requiresGrad { grad.add(gradient()) }
  }

  /// Sets the gradient of this node to ones and calls the closures of everything before it, last first.
  @inlinable
  public func backward() {
    let order = topologicalOrder()
    grad.fill(1)
    for node in order.reversed() {
      // The graph's own list has no number type; all its nodes have this one's.
      let node = unsafeDowncast(node, to: Node.self)
      node.push?(node)
    }
  }

  /// Sets the gradient to zeros, as the seed's training loop does with its parameters before each step.
  @inlinable
  public func zeroGrad() { grad.fill(0) }
}
