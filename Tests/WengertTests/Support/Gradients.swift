import Wengert

/// The gradient of Σ f(x) at a vector, by a direct pass; `order` 2 takes the gradient of the gradient's sum.
func slopes<S: TensorScalar>(
  _ x: [S], order: Int = 1, _ function: (Tensor<S>) -> Tensor<S>
) -> [S] {
  Tape.scope { gradient(at: Tensor(x)) { derivative(order - 1, $0, function).sum() }.scalars }
}

private func derivative<S>(_ order: Int, _ x: Tensor<S>, _ function: (Tensor<S>) -> Tensor<S>) -> Tensor<S> {
  order == 0 ? function(x) : gradient(at: x) { derivative(order - 1, $0, function).sum() }
}

/// The two partial derivatives of a function of two numbers.
func slopes(_ x: Double, _ y: Double, _ function: (Tensor<Double>, Tensor<Double>) -> Tensor<Double>) -> [Double] {
  Tape.scope {
    let (a, b) = gradient(at: Tensor(x), Tensor(y), of: function)
    return [a.item, b.item]
  }
}

/// A value computed in a scope of its own.
func evaluate<S>(_ body: () -> Tensor<S>) -> ShapedArray<S> { Tape.scope { body().value } }

/// A vector of Double: its elements need no type of their own, which spares the type checker.
func vector(_ scalars: Double...) -> Tensor<Double> { Tensor(scalars) }
