import Testing
import Wengert

/// Normalisations and attention far from 0, at equal elements, with nothing in them and with nothing to attend to.
@Suite struct NormalizationSemanticsTests {
  @Test func rowsFarFromZeroLoseNoDigits() {
    // Shifting a row by a power of two leaves its differences as they are: so must the result be.
    var generator = SeededGenerator(for: "rowsFarFromZeroLoseNoDigits")
    for n in [3, 16, 33, 700] {
      let x = generator.array([2, n], in: -1...1)
      let near = evaluate { layerNorm(Tensor(x)) }
      let far = evaluate { layerNorm(Tensor(x) + 0x1p24) }
      expectEqual(far.scalars, near.scalars, relativeTo: 4e-15, "\(n) elements")
      let wide = x.scalars.prefix(n).map { Wide($0) }
      let mean = wide.reduce(0, +) / Wide(n)
      let variance = wide.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Wide(n)
      let expected = wide.map { Double(($0 - mean) / Reference.sqrt(variance + 1e-5)) }
      expectEqual(Array(near.scalars.prefix(n)), expected, relativeTo: 1e-15, "\(n) elements")
      let narrow = evaluate { layerNorm(Tensor(x.converted(to: Float.self))) }
      expectEqual(narrow.scalars.prefix(n).map(Double.init), expected, relativeTo: 5e-7, "\(n) elements of Float")
    }
  }

  /// Rows of every length around the vector width, direct and recorded.
  @Test(arguments: [1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 511, 512, 513, 1100], [true, false])
  func fusedPassEqualsRecordedPass(_ n: Int, _ isCentered: Bool) {
    var generator = SeededGenerator(for: "fusedPassEqualsRecordedPass \(n)")
    let (x, v) = (generator.array([3, n]), generator.array([3, n]))
    func f(_ x: Tensor<Double>) -> Tensor<Double> {
      // Twice, so that an adjoint is added to.
      let y = isCentered ? layerNorm(x) : rmsNorm(x)
      return (Tensor(v) * y + x * y).sum()
    }
    let direct = Tape.scope { gradient(at: Tensor(x), of: f).scalars }
    let recorded = insideDifferentiation { gradient(at: Tensor(x), of: f).scalars }
    expectEqual(recorded, direct, relativeTo: 1e-14, "\(n) elements")
  }

  @Test func equalElements() {
    let x = ShapedArray(repeating: 3.0, shape: [2, 4])
    let (y, g) = Tape.scope {
      let y = layerNorm(Tensor(x), bias: vector(1, 2, 3, 4))
      return (y.scalars, gradient(at: Tensor(x)) { (layerNorm($0) * vector(1, 2, 3, 4)).sum() }.scalars)
    }
    #expect(y == [1, 2, 3, 4, 1, 2, 3, 4])
    // 1/√ε times the cotangent less its mean.
    let slope = 1 / 1e-5.squareRoot()
    expectEqual(g, [-1.5, -0.5, 0.5, 1.5, -1.5, -0.5, 0.5, 1.5].map { $0 * slope }, relativeTo: 1e-15, "gradient")
    #expect(evaluate { rmsNorm(Tensor(repeating: 0.0, shape: [2, 3])) }.scalars == [0, 0, 0, 0, 0, 0])
    let (output, mean, variance) = Tape.scope {
      let (output, mean, variance) = batchNorm(Tensor(x), bias: vector(1, 2, 3, 4))
      return (output.scalars, mean.scalars, variance.scalars)
    }
    #expect(output == [1, 2, 3, 4, 1, 2, 3, 4] && mean == [3, 3, 3, 3] && variance == [0, 0, 0, 0])
  }

  @Test func batchStatistics() {
    let x = Tensor(shape: [2, 2, 3], scalars: (0..<12).map(Double.init)).value
    let (mean, variance, same) = Tape.scope {
      let (y, mean, variance) = batchNorm(Tensor(x))
      let again = batchNorm(Tensor(x), mean: mean.detached(), variance: variance.detached())
      return (mean.value, variance.value, (y.value, again.value))
    }
    // Channel 0 holds 0, 1, 2, 6, 7, 8 and channel 1 holds 3 more of each.
    #expect(mean == ShapedArray([4.0, 7]))
    expectEqual(variance.scalars, [58.0 / 6, 58.0 / 6], relativeTo: 1e-15, "variance")
    expectEqual(same.0.scalars, same.1.scalars, relativeTo: 1e-15, "given statistics")
  }

  @Test func normalizationOfNothing() {
    #expect(evaluate { layerNorm(Tensor(repeating: 0.0, shape: [0, 3]), scale: vector(1, 2, 3)) }.shape == [0, 3])
    #expect(evaluate { rmsNorm(Tensor(repeating: 0.0, shape: [2, 0])) }.shape == [2, 0])
    let (y, mean) = Tape.scope {
      let (y, mean, _) = batchNorm(Tensor(repeating: 0.0, shape: [0, 2]))
      return (y.value, mean.value)
    }
    #expect(y.shape == [0, 2] && mean.scalars.allSatisfy { $0.isNaN })
  }

  // MARK: Attention

  /// Index loops: softmax by its definition, and a mean.
  @Test func attentionIsItsDefinition() {
    var generator = SeededGenerator(for: "attentionIsItsDefinition")
    let (q, k, v) = (generator.array([2, 3, 4, 5]), generator.array([3, 6, 5]), generator.array([2, 1, 6, 2]))
    let mask = NaiveArray([4, 6]) { $0[1] <= $0[0] + 1 && ($0[0] + $0[1]) % 3 != 1 || $0[1] == 0 ? 1 : 0 }
    let y = evaluate {
      scaledDotProductAttention(
        query: Tensor(q), key: Tensor(k), value: Tensor(v), mask: Tensor(shape: [4, 6], scalars: mask.scalars))
    }
    let (a, b, c) = (NaiveArray(q), NaiveArray(k), NaiveArray(v))
    let expected = NaiveArray([2, 3, 4, 2]) { index in
      let allowed = (0..<6).filter { mask[[index[2], $0]] != 0 }
      let weights = allowed.map { key in
        let product = (0..<5).reduce(0.0) { $0 + a[[index[0], index[1], index[2], $1]] * b[[index[1], key, $1]] }
        return Reference.exp(Wide(product / 5.0.squareRoot()))
      }
      let total = weights.reduce(0, +)
      return zip(allowed, weights).reduce(0.0) { sum, pair in
        sum + Double(pair.1 / total) * c[[index[0], 0, pair.0, index[3]]]
      }
    }
    expectEqual(y, expected, relativeTo: 2e-15, "attention")
  }

  @Test func causalAttentionSeesNoFuture() {
    var generator = SeededGenerator(for: "causalAttentionSeesNoFuture")
    let (q, k, v) = (generator.array([3, 2]), generator.array([3, 2]), generator.array([3, 2]))
    let (y, gradients) = Tape.scope {
      let y = scaledDotProductAttention(query: Tensor(q), key: Tensor(k), value: Tensor(v), isCausal: true)
      let g = gradient(at: [Tensor(q), Tensor(k), Tensor(v)]) {
        scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], isCausal: true).sliced(0..<1).sum()
      }
      return (y.value, g.map(\.scalars))
    }
    // The first query attends to the first key alone.
    #expect(Array(y.scalars.prefix(2)) == Array(v.scalars.prefix(2)))
    #expect(gradients[0] == [0, 0, 0, 0, 0, 0] && gradients[1] == [0, 0, 0, 0, 0, 0])
    #expect(gradients[2] == [1, 1, 0, 0, 0, 0])
  }

  /// A query without keys has no value; where nobody asks for it, it does no harm.
  @Test func nothingToAttendTo() {
    let mask: [[Double]] = [[1, 1], [0, 0]]
    let (y, gradients) = Tape.scope {
      let x: [Tensor<Double>] = [Tensor([[1.0], [2]]), Tensor([[1.0], [3]]), Tensor([[1.0], [5]])]
      func f(_ x: [Tensor<Double>]) -> Tensor<Double> {
        scaledDotProductAttention(query: x[0], key: x[1], value: x[2], mask: Tensor(mask))
      }
      return (f(x).scalars, gradient(at: x) { f($0).sliced(0..<1).sum() }.map(\.scalars))
    }
    #expect(y[0].isFinite && y[1].isNaN)
    #expect(gradients.joined().allSatisfy { $0.isFinite })
    #expect(gradients[0][1] == 0)
  }
}
