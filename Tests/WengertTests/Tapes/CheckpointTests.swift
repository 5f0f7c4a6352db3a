import Testing
import Wengert

/// Parts whose values are dropped and computed again. Their derivatives are among those of all samples.
@Suite struct CheckpointTests {
  /// An adjoint outside the part that is one number when the pass comes to it, and is added to inside.
  @Test func adjointsOutsideOutliveThePart() {
    let x = ShapedArray<Double>(shape: [40, 40], scalars: (0..<1600).map { Double($0 % 13) / 13 - 0.5 })
    func loss(_ x: Tensor<Double>, _ part: (() -> Tensor<Double>) -> Tensor<Double>) -> Tensor<Double> {
      let y = matmul(x, x)
      let z = part { y * tanh(matmul(y, y)) }
      return z.sum() + y.sum()
    }
    let plain = Tape.scope { gradient(at: Tensor(x)) { loss($0) { $0() } }.value }
    #expect(Tape.scope { gradient(at: Tensor(x)) { loss($0) { body in checkpointed { body() } } }.value } == plain)
  }

  private struct Failure: Error {}

  /// A part that throws is a part of the tape like any other.
  @Test func partsThatThrowAreKept() {
    let slope = Tape.scope {
      gradient(at: Tensor(2.0)) { x in
        gradient(at: x) { x in
          var y = x
          _ = try? checkpointed { () throws -> Tensor<Double> in
            y = x * x
            throw Failure()
          }
          return y * x
        }
      }.item
    }
    #expect(slope == 12)
  }

  @Test func memoryIsGivenBack() {
    func bytes(_ part: (() -> Tensor<Double>) -> Tensor<Double>) -> Int {
      Tape.scope {
        // Other tests may have left something on this thread's tape.
        let before = Tape.current.byteCount
        var y = Tensor(repeating: 0.5, shape: [10_000])
        for _ in 0..<20 {
          let x = y
          y = part { tanh(exp(x * 0.5) - x) }
        }
        return Tape.current.byteCount - before
      }
    }
    let (plain, dropped) = (bytes { $0() }, bytes { body in checkpointed { body() } })
    #expect(dropped * 3 < plain)
  }

  /// A printout does not show what lies now where a value was.
  @Test func droppedValuesAreNotShown() {
    Tape.scope {
      let x = Tensor([1.0, 2.0])
      let start = Tape.current.count
      let y = checkpointed { exp(x) * x }
      let lines = Tape.current.listing(start..<Tape.current.count).split(separator: "\n")
      #expect(lines.count { $0.contains("dropped") } == 2)
      #expect(lines.last!.contains("2.718"))
      _ = y
    }
  }
}
