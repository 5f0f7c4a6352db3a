import Testing
import Wengert

/// Pullbacks of functions of several tensors and of models, against gradients.
@Suite struct PullbackTests {
  private struct Line: Model {
    var slope = Parameter(ShapedArray([2.0, -1.0]))
    var offset = Parameter(0.5)
    mutating func visitParameters(_ visitor: inout some ParameterVisitor<Double>) {
      visitor.visit("slope", &slope)
      visitor.visit("offset", &offset)
    }
    func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> { tanh(x * slope.tensor + offset.tensor) }
  }

  @Test func ofTwoTensors() {
    Tape.scope {
      let (x, y) = (Tensor([[1.0, 2.0], [3.0, -1.0]]), Tensor([0.5, -2.0]))
      let weights = Tensor([[1.0, -1.0], [0.25, 2.0]])
      let (value, pullback) = valueWithPullback(at: x, y) { x, y in exp(x * 0.1) * y }
      let (u, v) = pullback(weights)
      let (g, h) = gradient(at: x, y) { x, y in (weights * exp(x * 0.1) * y).sum() }
      #expect(value.shape == [2, 2])
      for (a, b) in zip(u.scalars + v.scalars, g.scalars + h.scalars) { #expect(abs(a - b) <= 1e-15) }
    }
  }

  @Test func ofAModel() {
    let model = Line()
    let x = ShapedArray([[1.0, 2.0], [3.0, -1.0], [0.0, 0.5]])
    let weights = ShapedArray([[1.0, -1.0], [0.25, 2.0], [0.0, 3.0]])
    let expected = gradient(at: model) { ($0(Tensor(x)) * Tensor(weights)).sum() }
    Tape.scope {
      let pullback = pullback(at: model) { $0(Tensor(x)) }
      // Twice: a pullback may be called again.
      for _ in 0..<2 {
        let cotangents = pullback(Tensor(weights))
        for (a, b) in zip(cotangents.namedParameters, expected.namedParameters) {
          #expect(a.name == b.name)
          for (p, q) in zip(a.value.scalars, b.value.scalars) { #expect(abs(p - q) <= 1e-15, "\(a.name)") }
        }
      }
    }
  }

  /// Inside a differentiation the cotangents are tensors: d/dw of a component of Jᵀ w.
  @Test func ofAModelNested() {
    let model = Line()
    let x = ShapedArray([[1.0, 2.0]])
    let derivative = Tape.scope {
      gradient(at: Tensor([[1.0, 1.0]])) { weights in
        pullback(at: model) { $0(Tensor(x)) }(weights).slope.tensor.sum()
      }.scalars
    }
    let y = Tape.scope { model(Tensor(x)).scalars }
    for (d, (y, x)) in zip(derivative, zip(y, x.scalars)) { #expect(abs(d - (1 - y * y) * x) <= 1e-15) }
  }
}
