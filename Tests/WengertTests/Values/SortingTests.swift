import Testing
import Wengert

/// Sorting and selecting against sorting lists, at sizes below and above those where the method changes.
@Suite struct SortingTests {
  private static let shapes: [Shape] = [
    [1], [2], [48], [49], [150], [3, 60], [60, 3], [2, 3, 50], [0, 3], [3, 0], [50, 2, 2],
  ]

  /// Many ties: only a stable order gives the same positions. NaN is after ∞. No zero is
  /// negative, as one of the layouts adds 0.
  private static func array(_ shape: Shape) -> ShapedArray<Double> {
    var generator = SeededGenerator(for: "sort \(shape)")
    let scalars = (0..<shape.elementCount).map { _ in
      switch generator.next() % 8 {
      case 0: 0.0
      case 1: Double.nan
      case 2: -Double.infinity
      case 3: Double.infinity
      default: (generator.uniform(in: -2...2) * 8).rounded() / 8 + 0
      }
    }
    return ShapedArray(shape: shape, scalars: scalars)
  }

  private static func precedes(_ a: Double, _ b: Double) -> Bool { a < b || b.isNaN && !a.isNaN }

  /// The positions along an axis in order: the sort of Swift's lists is stable.
  private static func order(_ x: NaiveArray, _ axis: Int, _ descending: Bool, first: Int) -> NaiveArray {
    var shape = x.shape
    shape[axis] = first
    var result = NaiveArray(shape) { _ in 0 }
    let (n, inner) = (x.shape[axis], x.shape[(axis + 1)...].reduce(1, *))
    for line in 0..<(n == 0 ? 0 : x.scalars.count / n) {
      let (outer, column) = (line / inner, line % inner)
      let terms = (0..<n).map { x.scalars[(outer * n + $0) * inner + column] }
      let order = terms.indices.sorted {
        descending ? precedes(terms[$1], terms[$0]) : precedes(terms[$0], terms[$1])
      }
      for position in 0..<first {
        result.scalars[(outer * first + position) * inner + column] = Double(order[position])
      }
    }
    return result
  }

  private static func picked(_ x: NaiveArray, _ axis: Int, _ order: NaiveArray) -> NaiveArray {
    NaiveArray(order.shape) { index in
      var other = index
      other[axis] = Int(order[index])
      return x[other]
    }
  }

  @Test(arguments: shapes, Layout.allCases)
  func everyAxis(_ shape: Shape, _ layout: Layout) {
    let array = Self.array(shape)
    let naive = layout.elements(array)
    for axis in shape.indices {
      for descending in [false, true] {
        let order = Self.order(naive, axis, descending, first: shape[axis])
        let context = "\(layout.rawValue) \(shape) along \(axis)\(descending ? " descending" : "")"
        Tape.scope {
          let x = layout.tensor(array)
          let (values, indices) = x.sortedWithIndices(along: axis, descending: descending)
          #expect(indices.map(Double.init) == order.scalars, "\(context)")
          #expect(indices.shape == shape)
          #expect(x.sortedIndices(along: axis - shape.count, descending: descending) == indices)
          expectEqual(values.value, Self.picked(naive, axis, order), "sorted \(context)")
          expectIdentical(x.sorted(along: axis, descending: descending).scalars, values.scalars, context)
        }
      }
    }
  }

  @Test(arguments: shapes, Layout.allCases)
  func largest(_ shape: Shape, _ layout: Layout) {
    let array = Self.array(shape)
    let naive = layout.elements(array)
    for axis in shape.indices {
      for count in Set([0, 1, 3, 17, shape[axis]]) where count <= shape[axis] {
        for smallest in [false, true] {
          let order = Self.order(naive, axis, !smallest, first: count)
          Tape.scope {
            let (values, indices) = layout.tensor(array).topK(count, along: axis, smallest: smallest)
            let context = "\(count) of \(layout.rawValue) \(shape) along \(axis)\(smallest ? " from below" : "")"
            #expect(indices.map(Double.init) == order.scalars, "\(context)")
            expectEqual(values.value, Self.picked(naive, axis, order), context)
          }
        }
      }
    }
  }

  @Test func zerosAreEqual() {
    let zeros = Tape.scope { vector(0, -0.0, 0, -0.0).sortedIndices() }
    #expect(zeros == [0, 1, 2, 3])
    let many = Tape.scope { Tensor((0..<100).map { $0 % 2 == 0 ? 0.0 : -0.0 }).sortedIndices(descending: true) }
    #expect(Array(many) == Array(0..<100))
  }

  @Test func floats() {
    var generator = SeededGenerator(for: "sort floats")
    let scalars = (0..<5000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
    let sorted = Tape.scope { Tensor(scalars).sorted().scalars }
    let numbers = scalars.filter { !$0.isNaN }.sorted()
    #expect(Array(sorted.prefix(numbers.count)) == numbers)
    #expect(sorted.dropFirst(numbers.count).allSatisfy { $0.isNaN })
    let indices = Tape.scope { Tensor(scalars).sortedIndices() }
    #expect(Set(indices) == Set(scalars.indices))
  }

  @Test func doubles() {
    var generator = SeededGenerator(for: "sort doubles")
    let scalars = (0..<5000).map { _ in Double(bitPattern: generator.next()) }
    let sorted = Tape.scope { Tensor(scalars).sorted(descending: true).scalars }
    let numbers = Array(scalars.filter { !$0.isNaN }.sorted().reversed())
    #expect(Array(sorted.suffix(numbers.count)) == numbers)
    #expect(sorted.dropLast(numbers.count).allSatisfy { $0.isNaN })
  }

  @Test func adjointsGoBack() {
    #expect(slopes([3.0, 1, 2]) { $0.sorted() * vector(10, 20, 30) } == [30, 10, 20])
    #expect(slopes([3.0, 1, 2]) { $0.sorted(descending: true) * vector(10, 20, 30) } == [10, 30, 20])
    #expect(slopes([1.0, 1, 1]) { $0.sorted() * vector(10, 20, 30) } == [10, 20, 30])
    #expect(slopes([3.0, 1, 2]) { $0.topK(2).values * vector(10, 20) } == [10, 0, 20])
    #expect(slopes([3.0, 1, 2], order: 2) { x in pow(x.sorted(), 3) * vector(1, 2, 3) } == [54, 6, 24])
  }

  @Test func medians() {
    func median(_ x: [Double]) -> Double { Tape.scope { Tensor(x).median().item } }
    #expect(median([5, 1, 3]) == 3)
    #expect(median([4, 1, 3, 2]) == 2.5)
    #expect(median([7]) == 7)
    #expect(median([1, .nan, 2]).isNaN)
    #expect(median([1, .infinity, 2]) == 2)
    #expect(median([.infinity, .infinity]) == .infinity)
    #expect(median([1.7e308, 1.7e308]) == 1.7e308)
    #expect(slopes([5.0, 1, 3]) { $0.median() } == [0, 0, 1])
    #expect(slopes([4.0, 1, 3, 2]) { $0.median() } == [0, 0, 0.5, 0.5])
    #expect(slopes([1.0, 1, 1]) { $0.median() } == [0, 1, 0])
    #expect(slopes([1.0, .nan, 2]) { $0.median() } == [0, 1, 0])
    #expect(slopes([1.0, 2, 4, 8, 16]) { $0.quantile(0.3125) } == [0, 0.75, 0.25, 0, 0])
    let rows = Tape.scope { Tensor([[1.0, .nan, 0], [3, 2, 1]]).median(along: 1).scalars }
    expectIdentical(rows, [.nan, 2], "a NaN in one row")
    #expect(Tape.scope { Tensor([3.0, 1, 2]).quantile(0).item } == 1)
    #expect(Tape.scope { Tensor([3.0, 1, 2]).quantile(1).item } == 3)
    #expect(Tape.scope { Tensor([3.0, 1, 2]).quantile(0.25).item } == 1.5)
  }
}
