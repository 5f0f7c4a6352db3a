import CKernels

// Reductions, the matrix product, and the losses made with them.

extension Node {
  /// The sum of all elements.
  @inlinable
  public func sum() -> Node {
    Node(data.summed(to: SIMD4(repeating: 1), rank: 0, divisor: 1), [self], "sum") { [self] out in
      accumulate(out.grad)
    }
  }

  /// The sums down the columns of a matrix.
  @inlinable
  public func columnSums() -> Node {
    let columns = data.extents.sizes[3]
    return Node(data.summed(to: SIMD4(1, 1, 1, columns), rank: 1, divisor: 1), [self], "sum") { [self] out in
      accumulate(out.grad)
    }
  }

  /// The mean of all elements.
  @inlinable
  public func mean() -> Node {
    let count = Scalar(data.count)
    return Node(data.summed(to: SIMD4(repeating: 1), rank: 0, divisor: count), [self], "mean") { [self] out in
      accumulate(.map(.divide, out.grad, .scalar(count)))
    }
  }

  /// The largest element; equals share its gradient.
  @inlinable
  public func max() -> Node {
    Node(data.maximum(to: SIMD4(repeating: 1), rank: 0), [self], "max") { [self] out in
      let attained = NDArray.map(.equal, data, out.data)
      let count = attained.summed(to: SIMD4(repeating: 1), rank: 0, divisor: 1)
      attained.apply(.multiply, attained, .map(.divide, out.grad, count))
      accumulate(attained)
    }
  }
}

/// The seed's `@`: `self.grad += out.grad @ other.data.T; other.grad += self.data.T @ out.grad`.
@inlinable
public func matmul<S>(_ a: Node<S>, _ b: Node<S>) -> Node<S> {
  Node(.product(a.data, transposed: false, b.data, transposed: false), [a, b], "@") { out in
    a.accumulate(.product(out.grad, transposed: false, b.data, transposed: true))
    b.accumulate(.product(a.data, transposed: true, out.grad, transposed: false))
  }
}

/// The softmax of each row.
@inlinable
public func softmax<S>(_ x: Node<S>) -> Node<S> {
  let extents = x.data.extents
  let y = NDArray<S>(uninitialized: extents.sizes, rank: Int(extents.rank))
  y.withRows { S.softmax(x.data.base, $0, $1, y.base) }
  return Node(y, [x], "softmax") { out in
    let local = NDArray<S>(uninitialized: out.data.extents.sizes, rank: Int(out.data.extents.rank))
    local.withRows { S.softmaxAdjoint(out.data.base, out.grad.base, $0, $1, false, local.base) }
    x.accumulate(local)
  }
}

/// The logarithm of the softmax of each row: `self.grad += g - softmax * g.sum(-1)`.
@inlinable
public func logSoftmax<S>(_ x: Node<S>) -> Node<S> {
  let extents = x.data.extents
  let y = NDArray<S>(uninitialized: extents.sizes, rank: Int(extents.rank))
  y.withRows { S.logSoftmax(x.data.base, $0, $1, y.base) }
  return Node(y, [x], "log_softmax") { out in
    let local = NDArray<S>(uninitialized: out.data.extents.sizes, rank: Int(out.data.extents.rank))
    local.withRows { S.logSoftmaxAdjoint(out.data.base, out.grad.base, $0, $1, false, local.base) }
    x.accumulate(local)
  }
}

/// The mean cross-entropy of the softmax of each row of logits and its label.
///
/// As in the seed, the gradient −1/B at the labels goes to the node of `logSoftmax`, which passes it on to the logits.
@inlinable
public func crossEntropy<S>(_ logits: Node<S>, labels: [Int]) -> Node<S> {
  let logProbabilities = logSoftmax(logits)
  let columns = Int(logProbabilities.data.extents.sizes[3])
  precondition(labels.count * columns == logProbabilities.data.count, "one label per row")
  let values = logProbabilities.data
  var total: S = 0
  values.withUnsafeMutableBufferPointer { values in
    for row in labels.indices { total += values[row * columns + labels[row]] }
  }
  return Node(.scalar(-total / S(labels.count)), [logProbabilities], "cross_entropy") { out in
    let local = NDArray<S>(repeating: 0, like: logProbabilities.data.extents)
    let share = -out.grad.item / S(labels.count)
    local.withUnsafeMutableBufferPointer { local in
      for row in labels.indices { local[row * columns + labels[row]] = share }
    }
    logProbabilities.accumulate(local)
  }
}
