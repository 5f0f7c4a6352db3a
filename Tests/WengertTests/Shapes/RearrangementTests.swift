import Testing
import Wengert

/// Functions that rearrange, join, divide and enlarge, each against a formula for the position of its elements.
@Suite struct RearrangementTests {
  /// Expects f(x) to have at each position the element of x at `source`, nil being a 0, and the adjoint to follow.
  private func expect(
    _ shape: Shape, _ layout: Layout, gives result: [Int], _ name: String,
    _ function: (Tensor<Double>) -> Tensor<Double>, _ source: ([Int]) -> [Int]?
  ) {
    let context = "\(name) of \(layout.rawValue) \(shape)"
    var generator = SeededGenerator(for: context)
    let array = generator.array(shape)
    let naive = layout.elements(array)
    let expected = NaiveArray(result) { source($0).map { naive[$0] } ?? 0 }
    expectEqual(evaluate { function(layout.tensor(array)) }, expected, context)
    let v = generator.array(Shape(result))
    var adjoint = NaiveArray(Array(shape)) { _ in 0 }
    for index in NaiveArray.indices(result) {
      guard let from = source(index) else { continue }
      adjoint.scalars[zip(from, shape).reduce(0) { $0 * $1.1 + $1.0 }] += NaiveArray(v)[index]
    }
    let g = Tape.scope { gradient(at: layout.tensor(array)) { (function($0) * Tensor(v)).sum() }.value }
    expectEqual(g, adjoint, relativeTo: 1e-15, "adjoint of \(context)")
  }

  @Test(arguments: Layout.allCases)
  func axesComeAndGo(_ layout: Layout) {
    expect([2, 3], layout, gives: [1, 2, 1, 3, 1], "expandingShape", { $0.expandingShape(at: -1, 0, 2) }) {
      [$0[1], $0[3]]
    }
    expect([], layout, gives: [1, 1], "expandingShape", { $0.expandingShape(at: 0, 1) }) { _ in [] }
    expect([2, 3], layout, gives: [2, 3], "expandingShape by nothing", { $0.expandingShape(at: []) }) { $0 }
    expect([1, 2, 1, 3], layout, gives: [2, 3], "squeezed", { $0.squeezed() }) { [0, $0[0], 0, $0[1]] }
    expect([1, 2, 1, 3], layout, gives: [1, 2, 3], "squeezed along -2", { $0.squeezed(along: -2) }) {
      [0, $0[1], 0, $0[2]]
    }
    expect([1, 1], layout, gives: [], "squeezed", { $0.squeezed(along: 0, 1) }) { _ in [0, 0] }
    expect([2, 1, 3, 4], layout, gives: [2, 4, 3, 1], "transposed(1, -1)", { $0.transposed(1, -1) }) {
      [$0[0], $0[3], $0[2], $0[1]]
    }
  }

  @Test(arguments: [[4], [2, 3], [0, 2], [2, 3, 2]] as [Shape], Layout.allCases)
  func flipsAndRolls(_ shape: Shape, _ layout: Layout) {
    let sizes = Array(shape)
    expect(shape, layout, gives: sizes, "flipped", { $0.flipped() }) { zip($0, sizes).map { $1 - 1 - $0 } }
    for axis in shape.indices {
      func moved(_ index: [Int], to position: Int) -> [Int] {
        var index = index
        index[axis] = position
        return index
      }
      expect(shape, layout, gives: sizes, "flipped along \(axis)", { $0.flipped(along: axis) }) {
        moved($0, to: sizes[axis] - 1 - $0[axis])
      }
      for places in [0, 1, -1, 5, -7] {
        expect(shape, layout, gives: sizes, "rolled by \(places)", { $0.rolled(by: places, along: axis - sizes.count) })
        {
          let size = sizes[axis]
          return moved($0, to: (($0[axis] - places) % size + size) % size)
        }
      }
    }
  }

  @Test(arguments: Layout.allCases)
  func pads(_ layout: Layout) {
    let widths = [(before: 2, after: 1), (before: 0, after: 2)]
    func inner(_ index: [Int]) -> [Int] { zip(index, widths).map { $0 - $1.before } }
    let sizes = [6, 5]
    expect([3, 3], layout, gives: sizes, "padded", { $0.padded(widths) }) { index in
      let from = inner(index)
      return from.allSatisfy { (0..<3).contains($0) } ? from : nil
    }
    expect([3, 3], layout, gives: sizes, "padded with edges", { $0.padded(widths, with: .edge) }) {
      inner($0).map { min(max($0, 0), 2) }
    }
    expect([3, 3], layout, gives: sizes, "padded with reflections", { $0.padded(widths, with: .reflection) }) {
      inner($0).map { $0 < 0 ? -$0 : $0 > 2 ? 4 - $0 : $0 }
    }
    expect([2, 3], layout, gives: [2, 6], "padded along -1", { $0.padded(before: 1, after: 2, along: -1) }) {
      (1...3).contains($0[1]) ? [$0[0], $0[1] - 1] : nil
    }
    expect([0, 2], layout, gives: [3, 2], "padded from nothing", { $0.padded([(1, 2), (0, 0)]) }) { _ in nil }
  }

  /// np.pad(np.array([[1, 2, 3], [4, 5, 6]]), ((1, 1), (2, 1)), …)
  @Test func paddingAsInNumPy() {
    let x = [[1.0, 2, 3], [4, 5, 6]]
    let widths = [(before: 1, after: 1), (before: 2, after: 1)]
    #expect(
      evaluate { Tensor(x).padded(widths, with: .constant(9)) }
        == ShapedArray([
          [9, 9, 9, 9, 9, 9], [9, 9, 1, 2, 3, 9], [9, 9, 4, 5, 6, 9], [9, 9, 9, 9, 9, 9],
        ]))
    #expect(
      evaluate { Tensor(x).padded(widths, with: .reflection) }
        == ShapedArray([
          [6, 5, 4, 5, 6, 5], [3, 2, 1, 2, 3, 2], [6, 5, 4, 5, 6, 5], [3, 2, 1, 2, 3, 2],
        ]))
    #expect(
      evaluate { Tensor(x).padded(widths, with: .edge) }
        == ShapedArray([
          [1, 1, 1, 2, 3, 3], [1, 1, 1, 2, 3, 3], [4, 4, 4, 5, 6, 6], [4, 4, 4, 5, 6, 6],
        ]))
  }

  @Test(arguments: Layout.allCases)
  func tilesAndRepeats(_ layout: Layout) {
    expect([2, 3], layout, gives: [4, 9], "tiled(2, 3)", { $0.tiled(2, 3) }) { [$0[0] % 2, $0[1] % 3] }
    expect([2, 3], layout, gives: [2, 4, 3], "tiled(2, 2, 1)", { $0.tiled(2, 2, 1) }) { [$0[1] % 2, $0[2]] }
    expect([2, 1, 3], layout, gives: [2, 1, 6], "tiled(2)", { $0.tiled(2) }) { [$0[0], $0[1], $0[2] % 3] }
    expect([2], layout, gives: [0], "tiled(0)", { $0.tiled(0) }) { $0 }
    expect([1, 1, 1, 1, 1, 1, 1, 2], layout, gives: [1, 1, 1, 1, 1, 1, 2, 4], "tiled eight axes", { $0.tiled(2, 2) }) {
      Array(repeating: 0, count: 7) + [$0[7] % 2]
    }
    expect([2, 3, 2], layout, gives: [2, 6, 2], "repeated along 1", { $0.repeated(2, along: 1) }) {
      [$0[0], $0[1] / 2, $0[2]]
    }
    expect([2, 3], layout, gives: [2, 9], "repeated along -1", { $0.repeated(3, along: -1) }) { [$0[0], $0[1] / 3] }
    expect([2, 3], layout, gives: [0, 3], "repeated never", { $0.repeated(0, along: 0) }) { $0 }
  }

  @Test(arguments: Layout.allCases, [-4, -2, -1, 0, 1, 2, 3, 4])
  func diagonals(_ layout: Layout, _ offset: Int) {
    for shape in [[3, 3], [2, 4], [4, 2], [2, 3, 4], [0, 3]] as [Shape] {
      let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
      let places = (0..<rows).filter { (0..<columns).contains($0 + offset) }
      expect(
        shape, layout, gives: shape.dropLast(2) + [places.count], "diagonal \(offset)", { $0.diagonal(offset: offset) }
      ) {
        $0.dropLast() + [places[$0.last!], places[$0.last!] + offset]
      }
      func kept(_ index: [Int], _ holds: (Int, Int) -> Bool) -> [Int]? {
        holds(index[index.count - 1] - index[index.count - 2], offset) ? index : nil
      }
      expect(shape, layout, gives: Array(shape), "upper \(offset)", { $0.upperTriangle(diagonal: offset) }) {
        kept($0, >=)
      }
      expect(shape, layout, gives: Array(shape), "lower \(offset)", { $0.lowerTriangle(diagonal: offset) }) {
        kept($0, <=)
      }
    }
    for shape in [[3], [0], [2, 2]] as [Shape] {
      let size = shape.last! + abs(offset)
      expect(
        shape, layout, gives: shape.dropLast() + [size, size], "matrix of diagonal \(offset)",
        { $0.diagonalMatrix(offset: offset) }
      ) { index in
        let (row, column) = (index[index.count - 2], index[index.count - 1])
        return column - row == offset ? index.dropLast(2) + [min(row, column)] : nil
      }
    }
  }

  @Test func traces() {
    Tape.scope {
      let x = Tensor<Double>.stride(from: 1, to: 13)
      #expect(x.reshaped(to: [3, 4]).trace().item == 1 + 6 + 11)
      #expect(x.reshaped(to: [3, 2, 2]).trace().scalars == [5, 13, 21])
      #expect(Tensor(repeating: 1.0, shape: [0, 0]).trace().item == 0)
      #expect(gradient(at: x.reshaped(to: [3, 4])) { $0.trace() }.scalars == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])
    }
  }

  /// What a triangle leaves out may be anything.
  @Test func trianglesHideSingularities() {
    let x = ShapedArray([[1.0, 4], [0, 9]])
    let g = Tape.scope { gradient(at: Tensor(x)) { sqrt($0).upperTriangle().sum() }.value }
    #expect(g == ShapedArray([[0.5, 0.25], [0, 1.0 / 6]]))
  }

  @Test(arguments: Layout.allCases)
  func divides(_ layout: Layout) {
    func moved(_ index: [Int], by start: Int) -> [Int] { [index[0], index[1] + start] }
    for (part, start) in [0, 2, 4].enumerated() {
      expect([2, 6], layout, gives: [2, 2], "split(into: 3) \(part)", { $0.split(into: 3, along: 1)[part] }) {
        moved($0, by: start)
      }
    }
    for (part, (start, size)) in [(0, 1), (1, 0), (1, 5)].enumerated() {
      expect(
        [2, 6], layout, gives: [2, size], "split(sizes:) \(part)", { $0.split(sizes: [1, 0, 5], along: -1)[part] }
      ) {
        moved($0, by: start)
      }
    }
    for (part, (start, size)) in [(0, 2), (2, 2), (4, 1)].enumerated() {
      expect([2, 5], layout, gives: [2, size], "chunked(into: 4) \(part)", { $0.chunked(into: 4, along: 1)[part] }) {
        moved($0, by: start)
      }
    }
    Tape.scope {
      #expect(Tensor(repeating: 1.0, shape: [2, 5]).chunked(into: 4, along: 1).count == 3)
      #expect(Tensor(repeating: 1.0, shape: [0]).chunked(into: 2).map(\.shape) == [[0]])
      #expect(Tensor(repeating: 1.0, shape: [0, 2]).split(into: 2).map(\.shape) == [[0, 2], [0, 2]])
      #expect(Tensor([1.0, 2, 3]).chunked(into: 9).map(\.shape) == [[1], [1], [1]])
    }
  }

  @Test(arguments: Layout.allCases)
  func stacks(_ layout: Layout) {
    for axis in [0, 1, 2, -1] {
      let place = axis < 0 ? axis + 3 : axis
      var sizes = [2, 3]
      sizes.insert(2, at: place)
      // The tensor with itself, so that both parts are elements of one.
      expect([2, 3], layout, gives: sizes, "stacked along \(axis)", { stacked([$0, $0.flipped()], along: axis) }) {
        index in
        var index = index
        let part = index.remove(at: place)
        return part == 0 ? index : [1 - index[0], 2 - index[1]]
      }
    }
  }

  @Test func broadcastsTogether() {
    Tape.scope {
      let grid = broadcastTogether([vector(1, 2)[.all, .newAxis], vector(3, 4, 5)])
      #expect(grid.map(\.shape) == [[2, 3], [2, 3]])
      #expect(grid[0].scalars == [1, 1, 1, 2, 2, 2])
      #expect(grid[1].scalars == [3, 4, 5, 3, 4, 5])
      #expect(
        broadcastTogether([Tensor(1.0), Tensor(repeating: 2, shape: [0, 1])]).map(\.shape) == [[0, 1], [0, 1]])
      #expect(broadcastTogether([Tensor<Double>]()).isEmpty)
    }
  }
}
