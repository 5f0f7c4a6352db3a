import Testing
import Wengert

/// What scopes drop, what they keep, and that memory does not grow.
@Suite(.serialized) struct ScopeTests {
  @Test func scopeDropsItsRecords() {
    let count = Tape.current.count
    let value = Tape.scope {
      let x = Tensor([1.0, 2])
      return (x * x + 1).value
    }
    #expect(value.scalars == [2, 5])
    #expect(Tape.current.count == count)
  }

  @Test func scopeReturnsATensor() {
    Tape.scope {
      let count = Tape.current.count
      let y = Tape.scope { () -> Tensor<Double> in
        let x = Tensor([1.0, 2])
        return (x * x).transposed() + 1
      }
      #expect(Tape.current.count == count + 1)
      #expect(y.scalars == [2, 5])
      #expect((y * 2).scalars == [4, 10])
      #expect(y.detached().sum().backward().reaches(y) == false)
    }
    // A view keeps its elements in order.
    let view = Tape.scope { Tape.scope { Tensor([[1.0, 2], [3, 4]]).transposed() }.value }
    #expect(view == ShapedArray([[1.0, 3], [2, 4]]))
    let empty = Tape.scope { Tape.scope { Tensor(repeating: 1.0, shape: [0, 3]) }.value }
    #expect(empty.shape == [0, 3])
  }

  /// A result moves into memory that the records it came from occupied.
  @Test func movedResultsAreNotOverwritten() {
    Tape.scope {
      var x = Tensor((0..<1000).map(Double.init))
      for step in 1...50 {
        x = Tape.scope {
          let junk = (0..<step).reduce(x) { sum, _ in sum + 1 }
          return junk - Double(step) + 1
        }
        let expected = (0..<1000).map { Double($0 + step) }
        #expect(x.scalars == expected)
      }
    }
    let (value, gradient) = Tape.scope {
      let (value, gradient) = valueWithGradient(at: Tensor((0..<5000).map(Double.init))) { ($0 * $0 * 0.5).sum() }
      let noise = Tensor(repeating: 5.0, shape: [20_000]) * 2
      #expect(noise.scalars.allSatisfy { $0 == 10 })
      return (value.item, gradient.scalars)
    }
    #expect(value == 0.5 * (4999 * 5000 * 9999 / 6))
    #expect(gradient == (0..<5000).map(Double.init))
  }

  @Test func scopeInsideADifferentiationKeepsThePast() {
    let g = Tape.scope {
      gradient(at: Tensor([1.0, 2])) { x in
        let y = Tape.scope { x * x }
        return Tape.scope { y * x }.sum()
      }.scalars
    }
    #expect(g == [3, 12])
  }

  @Test func withoutRecordingGivesConstants() {
    Tape.scope {
      let x = Tensor([1.0, 2])
      let c = Tape.withoutRecording { concatenated([x * x, exp(x).transposed(), x.sum().broadcast(to: [2])]) }
      #expect(c.scalars.prefix(2) == [1, 4])
      #expect(!c.sum().backward().reaches(x))
      #expect((c.sliced(0..<2) * x).sum().backward()[x].scalars == [1, 4])
      // Inside a gradient, and a gradient inside.
      let g = gradient(at: x) { x in (Tape.withoutRecording { x * x } * x).sum() }
      #expect(g.scalars == [1, 4])
      let inner = Tape.withoutRecording { gradient(at: x) { ($0 * $0 * $0).sum() } }
      #expect(inner.scalars == [3, 12])
      #expect(!inner.detached().sum().backward().reaches(x))
    }
  }

  @Test func detachedIsAConstant() {
    #expect(slopes([1.0, 2, 3]) { $0 * $0.detached() } == [1, 2, 3])
    #expect(slopes([1.0, 2, 3], order: 2) { $0 * $0 * $0.detached() } == [2, 4, 6])
    #expect(slopes([2.0]) { exp($0).detached() * $0.transposed() } == [Double(Reference.exp(2))])
  }

  @Test func valuesOutliveEverything() {
    var kept: [ShapedArray<Double>] = []
    for step in 0..<100 {
      Tape.scope {
        let x = Tensor([Double(step), 1])
        kept.append((x * 2).value)
        kept.append((x * x).sum().backward()[x])
        kept.append(x.value)
      }
    }
    for step in 0..<100 {
      #expect(kept[3 * step].scalars == [2 * Double(step), 2])
      #expect(kept[3 * step + 1].scalars == [2 * Double(step), 2])
      #expect(kept[3 * step + 2].scalars == [Double(step), 1])
    }
  }

  /// A leaf shares an array's memory, so the array must not change under it.
  @Test func changingAnArrayLeavesItsLeafAlone() {
    Tape.scope {
      var array = ShapedArray([1.0, 2, 3])
      let x = Tensor(array)
      array[1] = 50
      #expect(x.scalars == [1, 2, 3])
      #expect(array.scalars == [1, 50, 3])
      let part = ShapedArray([[1.0, 2], [3, 4]])[rows: 1..<2]
      #expect(Tensor(part).scalars == [3, 4])
      #expect((Tensor(part) * 2).scalars == [6, 8])
    }
  }

  @Test func gradientsOfTwoOutputsAreIndependent() {
    Tape.scope {
      let x = Tensor([1.0, 2])
      let (first, second) = ((x * x).sum().backward(), (x * x * x).sum().backward())
      #expect(first[x].scalars == [2, 4])
      #expect(second[x].scalars == [3, 12])
      #expect(first[x].scalars == [2, 4])
    }
  }

  /// Steps of a loop use the memory of the first ones again.
  @Test func memoryStaysFlat() {
    func step(_ x: ShapedArray<Double>) -> Double {
      Tape.scope {
        let g = gradient(at: Tensor(x)) { x in
          (tanh(matmul(x, x.transposed())).mean(along: 0) + x.sliced(0..<1).sum()).sum()
        }
        let leaf = Tensor(x)
        let loss = (leaf * leaf).sum()
        return loss.backward()[leaf].scalars[0] + g.scalars[0]
      }
    }
    let x = ShapedArray(shape: [4, 4], scalars: (0..<16).map { Double($0) / 16 })
    let first = step(x)
    for _ in 0..<100 { _ = step(x) }
    let (capacity, bytes) = (Tape.current.capacity, Tape.current.byteCount)
    for _ in 0..<100_000 where step(x) != first { Issue.record("a step gave another result") }
    #expect(Tape.current.capacity == capacity)
    #expect(Tape.current.byteCount == bytes)
  }

  /// The same for tensors alone, with shapes that vary from step to step.
  @Test func memoryStaysFlatForVaryingShapes() {
    func step(_ n: Int) {
      Tape.scope {
        let g = gradient(at: Tensor(repeating: 1.0, shape: [n % 61 + 1, n % 7 + 1])) { softmax($0, along: 0).sum() }
        #expect(g.shape[0] == n % 61 + 1)
      }
    }
    for n in 0..<1000 { step(n) }
    let capacity = Tape.current.capacity
    for n in 0..<20_000 { step(n) }
    #expect(Tape.current.capacity == capacity)
  }
}
