import CKernels

// The elementary operations of the seed: two or three lines each, the derivative in a closure.

extension Node {
  /// The sum; shapes broadcast as in NumPy.
  @inlinable
  public static func + (a: Node, b: Node) -> Node {
    Node(.map(.add, a.data, b.data), [a, b], "+") { out in
      a.accumulate(out.grad.unbroadcast(to: a.data))
      b.accumulate(out.grad.unbroadcast(to: b.data))
    }
  }

  /// The difference; shapes broadcast as in NumPy.
  @inlinable
  public static func - (a: Node, b: Node) -> Node {
    Node(.map(.subtract, a.data, b.data), [a, b], "-") { out in
      a.accumulate(out.grad.unbroadcast(to: a.data))
      if b.requiresGrad { b.grad.apply(.subtract, b.grad, out.grad.unbroadcast(to: b.data)) }
    }
  }

  /// The product; shapes broadcast as in NumPy.
  @inlinable
  public static func * (a: Node, b: Node) -> Node {
    Node(.map(.multiply, a.data, b.data), [a, b], "*") { out in
      a.accumulate(NDArray.map(.multiply, out.grad, b.data).unbroadcast(to: a.data))
      b.accumulate(NDArray.map(.multiply, out.grad, a.data).unbroadcast(to: b.data))
    }
  }

  /// The quotient; shapes broadcast as in NumPy.
  @inlinable
  public static func / (a: Node, b: Node) -> Node {
    Node(.map(.divide, a.data, b.data), [a, b], "/") { out in
      a.accumulate(NDArray.map(.divide, out.grad, b.data).unbroadcast(to: a.data))
      if b.requiresGrad {
        let local = NDArray.map(.divide, out.data, b.data)
        local.apply(.multiply, local, out.grad)
        b.grad.apply(.subtract, b.grad, local.unbroadcast(to: b.data))
      }
    }
  }

  /// The negative.
  @inlinable
  public static prefix func - (x: Node) -> Node {
    Node(.map(.negate, x.data), [x], "neg") { out in
      if x.requiresGrad { x.grad.apply(.subtract, x.grad, out.grad) }
    }
  }

  /// The larger of each pair; a tie is shared.
  @inlinable
  public static func maximum(_ a: Node, _ b: Node) -> Node {
    Node(.map(.maximum, a.data, b.data), [a, b], "maximum") { out in
      a.accumulate(out.share(.maximumShare, a.data, b.data).unbroadcast(to: a.data))
      b.accumulate(out.share(.maximumShare, b.data, a.data).unbroadcast(to: b.data))
    }
  }

  @inlinable
  func share(_ operation: Opcode, _ a: NDArray<Scalar>, _ b: NDArray<Scalar>) -> NDArray<Scalar> {
    let share = NDArray.map(operation, a, b)
    share.apply(.multiply, share, grad)
    return share
  }
}

/// A fixed power.
@inlinable
public func pow<S>(_ x: Node<S>, _ exponent: S) -> Node<S> {
  Node(.map(.pow, x.data, .scalar(exponent)), [x], "pow") { out in
    let local = NDArray.map(.pow, x.data, .scalar(exponent - 1))
    local.apply(.multiply, local, .scalar(exponent))
    local.apply(.multiply, local, out.grad)
    x.accumulate(local)
  }
}

/// The exponential.
@inlinable
public func exp<S>(_ x: Node<S>) -> Node<S> {
  Node(.map(.exp, x.data), [x], "exp") { out in
    x.accumulate(.map(.multiply, out.data, out.grad))
  }
}

/// The natural logarithm.
@inlinable
public func log<S>(_ x: Node<S>) -> Node<S> {
  Node(.map(.log, x.data), [x], "log") { out in
    x.accumulate(.map(.divide, out.grad, x.data))
  }
}

/// The square root.
@inlinable
public func sqrt<S>(_ x: Node<S>) -> Node<S> {
  Node(.map(.squareRoot, x.data), [x], "sqrt") { out in
    let local = NDArray.map(.divide, out.grad, out.data)
    local.apply(.multiply, local, .scalar(0.5))
    x.accumulate(local)
  }
}

/// The hyperbolic tangent: `self.grad += (1.0 - t**2) * out.grad`.
@inlinable
public func tanh<S>(_ x: Node<S>) -> Node<S> {
  Node(.map(.tanh, x.data), [x], "tanh") { out in
    let local = NDArray.map(.multiply, out.data, out.data)
    local.apply(.subtract, .scalar(1), local)
    local.apply(.multiply, local, out.grad)
    x.accumulate(local)
  }
}

/// The logistic function.
@inlinable
public func sigmoid<S>(_ x: Node<S>) -> Node<S> {
  Node(.map(.sigmoid, x.data), [x], "sigmoid") { out in
    let local = NDArray.map(.subtract, .scalar(1), out.data)
    local.apply(.multiply, local, out.data)
    local.apply(.multiply, local, out.grad)
    x.accumulate(local)
  }
}

/// `max(x, 0)`.
@inlinable
public func relu<S>(_ x: Node<S>) -> Node<S> {
  Node(.map(.relu, x.data), [x], "relu") { out in
    let local = NDArray.map(.greater, x.data, .scalar(0))
    local.apply(.multiply, local, out.grad)
    x.accumulate(local)
  }
}

/// The absolute value.
@inlinable
public func abs<S>(_ x: Node<S>) -> Node<S> {
  Node(.map(.absolute, x.data), [x], "abs") { out in
    let local = NDArray.map(.sign, x.data)
    local.apply(.multiply, local, out.grad)
    x.accumulate(local)
  }
}

extension NDArray {
  /// A number as an array without axes, as NumPy makes of a Python number.
  @inlinable
  static func scalar(_ value: Scalar) -> NDArray {
    let array = NDArray(uninitialized: SIMD4(repeating: 1), rank: 0)
    array.fill(value)
    return array
  }
}
