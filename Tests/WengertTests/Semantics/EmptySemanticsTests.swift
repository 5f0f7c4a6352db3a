import Testing
import Wengert

/// Arrays without elements, and inputs that do not matter.
@Suite struct EmptySemanticsTests {
  private let nothing = ShapedArray([Double]())

  @Test func reductionsOfNothing() {
    #expect(evaluate { Tensor(nothing).sum() }.item == 0)
    #expect(evaluate { Tensor(nothing).mean() }.item.isNaN)
    let empty = Tape.scope { Tensor(repeating: 1.0, shape: [2, 0, 3]).value }
    let sums = evaluate { Tensor(empty).sum(along: 1) }
    #expect(sums.shape == [2, 3] && sums.scalars.allSatisfy { $0 == 0 })
    let means = evaluate { Tensor(empty).mean(along: 1, keepingAxes: true) }
    #expect(means.shape == [2, 1, 3] && means.scalars.allSatisfy { $0.isNaN })
    #expect(evaluate { Tensor(empty).sum(along: 0) }.shape == [0, 3])
    #expect(evaluate { Tensor(empty).max(along: 0) }.shape == [0, 3])
    #expect(evaluate { Tensor(empty).mean(along: 0, 2) }.shape == [0])
    for reduce in [{ $0.sum(along: 1) }, { $0.mean(along: 1) }] as [(Tensor<Double>) -> Tensor<Double>] {
      #expect(Tape.scope { gradient(at: Tensor(empty)) { reduce($0).sum() }.shape } == [2, 0, 3])
    }
    #expect(Tape.scope { gradient(at: Tensor(empty)) { $0.max(along: 0).sum() }.shape } == [2, 0, 3])
  }

  @Test func productOverAnEmptyAxis() {
    let (a, b) = (Shape([2, 0]), Shape([0, 3]))
    Tape.scope {
      let (x, y) = (Tensor(repeating: 1.0, shape: a), Tensor(repeating: 1.0, shape: b))
      let product = matmul(x, y)
      #expect(product.value == ShapedArray(repeating: 0, shape: [2, 3]))
      let gradients = product.sum().backward()
      #expect(gradients[x].shape == a)
      #expect(gradients[y].shape == b)
      #expect(gradients.reaches(x))
    }
    // The memory that the zeros go to holds something else before.
    for _ in 0..<3 {
      Tape.scope {
        let junk = Tensor(repeating: 9.0, shape: [2, 3]) * 5
        #expect(junk.scalars[0] == 45)
      }
      Tape.scope {
        #expect(
          matmul(Tensor(repeating: 1.0, shape: a), Tensor(repeating: 1.0, shape: b)).scalars.allSatisfy { $0 == 0 })
        let (g, h) = gradient(at: Tensor(repeating: 1.0, shape: [2, 3]), Tensor(repeating: 2.0, shape: [3, 0])) {
          matmul($0, $1).sum()
        }
        #expect(g.value == ShapedArray(repeating: 0, shape: [2, 3]))
        #expect(h.shape == [3, 0])
      }
    }
  }

  @Test func unreachedInput() {
    Tape.scope {
      let (x, unused) = (vector(1.0, 2), Tensor([[3.0, 4]]))
      let gradients = (x * x).sum().backward()
      #expect(gradients.reaches(x))
      #expect(!gradients.reaches(unused))
      #expect(gradients[unused] == ShapedArray([[0.0, 0]]))
      let after = vector(7.0)
      #expect(!gradients.reaches(after))
      #expect(gradients[after].scalars == [0])
      // Through a constant nothing passes.
      let detached = x.detached()
      #expect(detached.scalars == [1, 2])
      #expect(!(detached * 2).sum().backward().reaches(x))
    }
    let (a, b) = Tape.scope {
      let (a, b) = gradient(at: vector(1.0, 2), vector(3.0)) { x, _ in x.sum() }
      return (a.value, b.value)
    }
    #expect(a.scalars == [1, 1])
    #expect(b.scalars == [0])
    let nested = Tape.scope {
      gradient(at: vector(1.0, 2)) { x in gradient(at: x) { _ in Tensor(5.0) }.sum() + (x * x).sum() }.scalars
    }
    #expect(nested == [2, 4])
  }

  @Test func outputIsTheInputOrAConstant() {
    #expect(Tape.scope { gradient(at: Tensor(2.0)) { $0 }.item } == 1)
    #expect(Tape.scope { gradient(at: vector(2.0)) { $0 }.value } == ShapedArray([1.0]))
    #expect(Tape.scope { gradient(at: vector(2.0, 3)) { _ in Tensor(1.0) }.scalars } == [0, 0])
    let outside = Tape.scope {
      let c = Tensor(4.0)
      return gradient(at: vector(2.0, 3)) { _ in c }.scalars
    }
    #expect(outside == [0, 0])
    Tape.scope {
      let x = Tensor(3.0)
      #expect(x.backward()[x].item == 1)
    }
  }
}
