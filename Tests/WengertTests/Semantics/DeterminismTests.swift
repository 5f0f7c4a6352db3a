import Testing
import Wengert

/// The same inputs give the same bits, run after run.
@Suite struct DeterminismTests {
  @Test(arguments: [3, 64, 150])
  func runsAreIdentical(_ size: Int) {
    var generator = SeededGenerator(for: "determinism \(size)")
    let (x, w) = (generator.array([size, size]), generator.array([size, size]))
    func run() -> [Double] {
      Tape.scope {
        let (value, gradients) = valueWithGradient(at: [Tensor(x), Tensor(w)]) { p in
          (softmax(matmul(tanh(matmul(p[0], p[1])), p[1].transposed()), along: 0) * p[0]).mean(along: 1).sum()
        }
        return [value.item] + gradients.flatMap(\.scalars)
      }
    }
    let first = run()
    for _ in 0..<20 { #expect(run() == first) }
  }

  /// Where an array lies in memory must not matter.
  @Test func alignmentDoesNotMatter() {
    var generator = SeededGenerator(for: "alignment")
    let rows = generator.array([40, 37])
    for row in 0..<40 {
      let aligned = ShapedArray(rows[rows: row..<row + 1].scalars)
      let shifted = rows[rows: row..<row + 1].reshaped(to: [37])
      func run(_ x: ShapedArray<Double>) -> [Double] {
        Tape.scope {
          let (value, g) = valueWithGradient(at: Tensor(x)) {
            logSumExp($0 * 3) + ($0 * $0).sum() + $0.mean() + tanh($0).max()
          }
          return [value.item] + g.scalars
        }
      }
      #expect(run(aligned) == run(shifted))
    }
  }
}
