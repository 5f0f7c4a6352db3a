import Testing
import Wengert

/// Differentiations inside differentiations: which variable is meant, and to what order.
@Suite struct NestingTests {
  /// The example on which implementations without tags give 2.
  @Test func innerVariableIsNotTheOuterOne() {
    let one = Tensor(1.0)
    #expect(gradient(at: one) { x in x * gradient(at: one) { y in x + y } }.item == 1)
    #expect(gradient(at: one) { x in x * gradient(at: x) { y in x + y } }.item == 1)
    // d/dx (x · d/dy (x y²)) = d/dx (2 x² y) = 4 x y, and 6 x² where y is x.
    #expect(gradient(at: Tensor(3.0)) { x in x * gradient(at: Tensor(5.0)) { y in x * y * y } }.item == 60)
    #expect(gradient(at: Tensor(3.0)) { x in x * gradient(at: x) { y in x * y * y } }.item == 54)
    // Captured alone, the outer variable is a constant of the inner function.
    #expect(gradient(at: Tensor(3.0)) { x in gradient(at: x) { _ in x * x } }.item == 0)
  }

  @Test func ordersOnePastFour() {
    // Derivatives of x⁵ at 2: 80, 160, 240, 240, 120, 0.
    func derivative(_ order: Int, _ x: Tensor<Double>) -> Tensor<Double> {
      order == 0 ? x * x * x * x * x : gradient(at: x) { derivative(order - 1, $0) }
    }
    #expect(
      (0...6).map { order in Tape.scope { derivative(order, Tensor(2.0)).item } } == [32, 80, 160, 240, 240, 120, 0])
  }

  @Test func higherDerivativesOfTranscendentalFunctions() {
    let x = 0.7
    let e = Double(Reference.exp(Wide(x)))
    let t = Double(Reference.tanh(Wide(x)))
    let d = 1 - t * t
    let expected: [(String, (Tensor<Double>) -> Tensor<Double>, [Double])] = [
      ("exp", exp, [e, e, e, e]),
      ("log", log, [1 / x, -1 / (x * x), 2 / (x * x * x), -6 / (x * x * x * x)]),
      ("tanh", tanh, [d, -2 * t * d, 2 * d * (3 * t * t - 1), 8 * t * d * (2 - 3 * t * t)]),
      ("1/x", { 1 / $0 }, [-1 / (x * x), 2 / (x * x * x), -6 / (x * x * x * x), 24 / (x * x * x * x * x)]),
      ("x³", { pow($0, 3) }, [3 * x * x, 6 * x, 6, 0]),
    ]
    for (name, function, derivatives) in expected {
      for order in 1...4 {
        expectEqual(
          slopes([x], order: order, function), [derivatives[order - 1]], relativeTo: 1e-14, "order \(order) of \(name)")
      }
    }
  }

  /// ∂³/∂x∂y∂z of a product, by three nested gradients that each capture the outer variables.
  @Test func mixedPartialDerivatives() {
    let mixed = Tape.scope {
      gradient(at: Tensor(2.0)) { x in
        gradient(at: Tensor(3.0)) { y in gradient(at: Tensor(5.0)) { z in x * x * y * y * z * z } }
      }.item
    }
    #expect(mixed == 8 * 2 * 3 * 5)
  }

  /// Rows of the Hessian of Σ xᵢ² xⱼ-like terms, by gradients of gradient elements.
  @Test func hessianBySlices() {
    // f = x₀² x₁ + x₁³: H = [[2x₁, 2x₀], [2x₀, 6x₁]]
    let rows = (0..<2).map { row in
      slopes([2.0, 3]) { x in
        gradient(at: x) { x in
          let (a, b) = (x.sliced(0..<1), x.sliced(1..<2))
          return (a * a * b + b * b * b).sum()
        }.sliced(row..<row + 1)
      }
    }
    #expect(rows == [[6, 4], [4, 18]])
  }

  @Test func gradientOfALoopWithInnerGradients() {
    // Newton's iteration for √a, differentiated: d√a/da = 1/(2√a).
    let (root, slope) = Tape.scope {
      let (root, slope) = valueWithGradient(at: Tensor(2.0)) { a in
        var x = Tensor(1.0)
        for _ in 0..<8 {
          let (value, gradient) = valueWithGradient(at: x) { $0 * $0 - a }
          x = x - value / gradient
        }
        return x
      }
      return (root.item, slope.item)
    }
    let expected = 2.0.squareRoot()
    expectEqual([root, slope], [expected, 1 / (2 * expected)], relativeTo: 1e-15, "Newton")
  }

  @Test func pullbackInsideAGradient() {
    let g = slopes([1.0, 2]) { x in
      let pullback = pullback(at: x) { $0 * $0 * $0 }
      // Called twice, with cotangents that depend on x and that do not.
      return pullback(x) + pullback(Tensor([1.0, 1]))
    }
    // 3x²·x + 3x²: 9x² + 6x
    #expect(g == [15, 48])
  }

  @Test func pullbackIsLinearAndMayBeCalledAgain() {
    Tape.scope {
      let (y, pullback) = valueWithPullback(at: Tensor([1.0, 2, 3])) { $0 * $0 }
      #expect(y.scalars == [1, 4, 9])
      #expect(pullback(Tensor([1.0, 0, 0])).scalars == [2, 0, 0])
      #expect(pullback(Tensor([0.0, 1, 1])).scalars == [0, 4, 6])
      #expect(pullback(Tensor([1.0, 1, 1])).scalars == [2, 4, 6])
    }
  }

  /// A pullback of outer records, called inside a differentiation that began later, is linear in its cotangent.
  @Test func outerPullbackInsideAGradient() {
    Tape.scope {
      let pullback = pullback(at: vector(1, 2)) { $0 * $0 }
      #expect(gradient(at: vector(5, 7)) { (pullback($0) * $0).sum() }.scalars == [20, 56])
      #expect(gradient(at: vector(5, 7)) { pullback($0 * $0).sum() }.scalars == [20, 56])
    }
  }

  /// What runs without recording is a constant to the differentiation around it, gradients included.
  @Test func gradientWithoutRecordingIsAConstant() {
    #expect(slopes([1.0, 2]) { x in Tape.withoutRecording { x * x } * x } == [1, 4])
    #expect(slopes([1.0, 2]) { x in Tape.withoutRecording { gradient(at: x) { ($0 * $0).sum() } } * x } == [2, 4])
  }

  @Test func mixedScalarTypes() {
    let g = Tape.scope {
      let narrow = gradient(at: Tensor(3 as Float)) { $0 * $0 }
      let wide = gradient(at: Tensor(3.0)) { x in
        _ = gradient(at: Tensor(2 as Float)) { $0 * $0 }
        return x * x
      }
      return (narrow.item, wide.item)
    }
    #expect(g == (6, 6))
  }

  @Test func errorsPassThroughAndLeaveTheTapeAsItWas() {
    struct Refusal: Error {}
    Tape.scope {
      let count = Tape.current.count
      #expect(throws: Refusal.self) {
        _ = try gradient(at: Tensor(1.0)) { x -> Tensor<Double> in
          _ = x * x
          throw Refusal()
        }
      }
      #expect(throws: Refusal.self) {
        _ = try Tape.scope { () throws -> Tensor<Double> in
          _ = Tensor(1.0) * 2
          throw Refusal()
        }
      }
      #expect(throws: Refusal.self) { try Tape.withoutRecording { throw Refusal() } }
      // Beside the argument of the first, nothing stays.
      #expect(Tape.current.count == count + 1)
      // And recording goes on as before.
      let x = Tensor(3.0)
      #expect((x * x).backward()[x].item == 6)
    }
  }
}
