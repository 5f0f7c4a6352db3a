import Testing
import Wengert

/// Arrays at rest: values with shared memory.
@Suite struct ShapedArrayTests {
  @Test func elements() {
    var a = ShapedArray([[1.0, 2, 3], [4, 5, 6]])
    #expect(a.shape == [2, 3])
    #expect(a.count == 6)
    #expect(a[1, 2] == 6)
    a[0, 1] = 20
    #expect(a.scalars == [1, 20, 3, 4, 5, 6])
    #expect(ShapedArray(3.0).item == 3)
    #expect(ShapedArray(3.0)[] == 3)
    #expect(ShapedArray([[Double]]()).shape == [0, 0])
    #expect(ShapedArray(repeating: 2 as Float, shape: [2, 2]).scalars == [2, 2, 2, 2])
    #expect(a.withUnsafeBufferPointer { $0.reduce(0, +) } == 39)
  }

  @Test func copiesAreIndependent() {
    var a = ShapedArray([1.0, 2, 3])
    let b = a
    a[0] = 9
    #expect(b.scalars == [1, 2, 3])
    a.withUnsafeMutableBufferPointer { $0[1] = 8 }
    #expect(a.scalars == [9, 8, 3])
    var c = a.reshaped(to: [3, 1])
    c[2, 0] = 7
    #expect(a.scalars == [9, 8, 3])
    #expect(c.scalars == [9, 8, 7])
  }

  @Test func rowsShareMemoryUntilChanged() {
    let a = ShapedArray(shape: [4, 2], scalars: (0..<8).map(Double.init))
    var part = a[rows: 1..<3]
    #expect(part.shape == [2, 2])
    #expect(part.scalars == [2, 3, 4, 5])
    #expect(part[1, 0] == 4)
    #expect(part[rows: 1..<2].scalars == [4, 5])
    #expect(part[rows: 2..<2].shape == [0, 2])
    part[0, 0] = 100
    #expect(a[1, 0] == 2)
    #expect(part.scalars == [100, 3, 4, 5])
    #expect(part.reshaped(to: [4]).scalars == [100, 3, 4, 5])
    #expect(ShapedArray([1.0, 2, 3])[rows: 1..<3].scalars == [2, 3])
    #expect(ShapedArray(repeating: 1.0, shape: [0, 3])[rows: 0..<0].shape == [0, 3])
  }

  @Test func equality() {
    let a = ShapedArray([1.0, 2])
    #expect(a == ShapedArray([1.0, 2]))
    #expect(a != ShapedArray([1.0, 3]))
    #expect(a != ShapedArray([[1.0, 2]]))
    #expect(ShapedArray([0.0]) == ShapedArray([-0.0]))
    #expect(ShapedArray([Double.nan]) != ShapedArray([Double.nan]))
    #expect(ShapedArray(repeating: 1.0, shape: [0, 3]) != ShapedArray(repeating: 1.0, shape: [0, 2]))
  }

  @Test func descriptions() {
    #expect("\(ShapedArray(1.5))" == "1.5")
    #expect("\(ShapedArray([1.0, 2]))" == "[1.0, 2.0]")
    #expect("\(ShapedArray([[1.0, 2], [3, 4]]))" == "[[1.0, 2.0],\n [3.0, 4.0]]")
    #expect("\(ShapedArray([Double]()))" == "[]")
    let long = "\(ShapedArray((0..<100).map(Double.init)))"
    #expect(long == "[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, …, 94.0, 95.0, 96.0, 97.0, 98.0, 99.0]")
    #expect("\(Shape())" == "()" && "\(Shape([3]))" == "(3,)" && "\(Shape([64, 2]))" == "(64, 2)")
    Tape.scope {
      // The example of `Tensor`'s documentation.
      let x = Tensor([1.0, 2.0, 3.0])
      let y = (x * x).sum()
      #expect("\(y) \(y.backward()[x])" == "14.0 [2.0, 4.0, 6.0]")
    }
  }

  @Test func shapes() {
    #expect(Shape([2, 3, 4]).elementCount == 24)
    #expect(Shape().elementCount == 1)
    #expect(Shape([2, 0]).elementCount == 0)
    #expect(Array(Shape([2, 3])) == [2, 3])
    #expect(Shape([2, 3]) == [2, 3] && Shape([2, 3]).hashValue == Shape([2, 3]).hashValue)
    #expect(Shape([1, 1, 1, 1, 1, 1, 1, 1]).count == Shape.maximumRank)
    // Too many elements for any memory, but none of them exists.
    #expect(Shape([0, 2_000_000_000, 2_000_000_000, 2_000_000_000]).elementCount == 0)
  }
}
