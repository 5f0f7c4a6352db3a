import Testing
import Wengert

/// Subscripts against lists of positions, and their adjoints against counting.
@Suite struct SliceTests {
  /// What one slice selects, found by walking: positions along the axis, nil where the axis goes.
  private struct Selection {
    let slice: any AxisSubscript
    let positions: [Int]
    var dropsAxis = false

    /// A random one for an axis of some size.
    static func random(_ size: Int, using generator: inout SeededGenerator) -> Selection {
      let start = Int.random(in: 0...size, using: &generator)
      let end = Int.random(in: start...size, using: &generator)
      let isNegative = Bool.random(using: &generator)
      // Positions counted from the end: the end itself cannot be.
      let (low, high) = (isNegative && start < size ? start - size : start, isNegative && end < size ? end - size : end)
      let step = [1, 2, 3, -1, -2, -3].randomElement(using: &generator)!
      func walk(_ range: Range<Int>, _ step: Int) -> [Int] {
        var result: [Int] = []
        var position = step > 0 ? range.lowerBound : range.upperBound - 1
        while range.contains(position) {
          result.append(position)
          position += step
        }
        return result
      }
      switch Int.random(in: 0..<8, using: &generator) {
      case 0 where size > 0:
        let position = Int.random(in: 0..<size, using: &generator)
        return Selection(slice: isNegative ? position - size : position, positions: [position], dropsAxis: true)
      case 1: return Selection(slice: start..<end, positions: walk(start..<end, 1))
      case 2: return Selection(slice: low..., positions: walk(start..<size, 1))
      case 3: return Selection(slice: ..<high, positions: walk(0..<end, 1))
      case 4 where end > 0:
        return Selection(slice: (...(isNegative ? end - 1 - size : end - 1)), positions: walk(0..<end, 1))
      case 5: return Selection(slice: AxisSlice.all.strided(by: step), positions: walk(0..<size, step))
      case 6: return Selection(slice: (start..<end).strided(by: step), positions: walk(start..<end, step))
      default:
        return Selection(
          slice: AxisSlice.range(from: low, to: high).strided(by: step), positions: walk(start..<end, step))
      }
    }
  }

  @Test(arguments: [[], [5], [3, 4], [1, 3], [0, 2], [2, 3, 4], [2, 1, 3, 5]] as [Shape], Layout.allCases)
  func everyKindOfSlice(_ shape: Shape, _ layout: Layout) {
    var generator = SeededGenerator(for: "subscripts \(shape)")
    let array = generator.array(shape)
    let naive = layout.elements(array)
    for _ in 0..<25 {
      let count = Int.random(in: 0...shape.count, using: &generator)
      let ellipsis = Int.random(in: 0...count, using: &generator)
      // The first axes before the ellipsis, the last ones after it.
      var slices: [AxisSlice] = []
      var positions = shape.map { Array(0..<$0) }
      var resultSizes: [Int] = []
      var axisOfResult: [Int?] = []
      func keep(_ axis: Int) {
        resultSizes.append(positions[axis].count)
        axisOfResult.append(axis)
      }
      for place in 0...count {
        if place == ellipsis {
          slices.append(.ellipsis)
          for axis in ellipsis..<shape.count - (count - ellipsis) { keep(axis) }
        }
        if Int.random(in: 0..<4, using: &generator) == 0 {
          slices.append(.newAxis)
          resultSizes.append(1)
          axisOfResult.append(nil)
        }
        guard place < count else { continue }
        let axis = place < ellipsis ? place : shape.count - count + place
        let selection = Selection.random(shape[axis], using: &generator)
        slices.append(selection.slice.axisSlice)
        positions[axis] = selection.positions
        if !selection.dropsAxis { keep(axis) }
      }
      let context = "\(layout.rawValue) \(shape), \(slices)"
      func source(_ index: [Int]) -> [Int] {
        var result = positions.map { $0.first ?? 0 }
        for (place, axis) in axisOfResult.enumerated() {
          if let axis { result[axis] = positions[axis][index[place]] }
        }
        return result
      }
      let expected = NaiveArray(resultSizes) { naive[source($0)] }
      expectEqual(evaluate { layout.tensor(array)[slices] }, expected, context)
      // Read by an elementwise kernel and by a reduction, too.
      expectEqual(evaluate { layout.tensor(array)[slices] * 2 }, NaiveArray(resultSizes) { 2 * expected[$0] }, context)
      let sum = evaluate { layout.tensor(array)[slices].sum() }.item
      #expect(abs(sum - expected.scalars.reduce(0, +)) < 1e-14, "sum of \(context)")

      let v = generator.array(Shape(resultSizes))
      var adjoint = NaiveArray(Array(shape)) { _ in 0 }
      for index in NaiveArray.indices(resultSizes) {
        let position = zip(source(index), shape).reduce(0) { $0 * $1.1 + $1.0 }
        adjoint.scalars[position] += 3 * NaiveArray(v)[index]
      }
      let g = Tape.scope {
        // The second slice adds to what the first one placed.
        gradient(at: layout.tensor(array)) {
          ($0[slices] * Tensor(v)).sum() + 2 * ($0[slices] * Tensor(v)).sum()
        }.value
      }
      expectEqual(g, adjoint, relativeTo: 1e-15, "adjoint of \(context)")
    }
  }

  /// As one writes them, with NumPy's results.
  @Test func spellings() {
    Tape.scope {
      // np.arange(24).reshape(4, 6)
      let x = Tensor<Double>.stride(from: 0, to: 24).reshaped(to: [4, 6])
      #expect(x[0].scalars == [0, 1, 2, 3, 4, 5])
      #expect(x[-1, -1].item == 23)
      #expect(x[.ellipsis, 0].scalars == [0, 6, 12, 18])
      #expect(x[1..<3, ..<2].scalars == [6, 7, 12, 13])
      #expect(x[1...2, 4...].scalars == [10, 11, 16, 17])
      #expect(x[(-1)..., ...(-5)].scalars == [18, 19])
      #expect(x[..<(-3), ...(-1)].scalars == [0, 1, 2, 3, 4, 5])
      #expect(x[.range(from: 1, to: -1), 2].scalars == [8, 14])
      #expect(x[.all.strided(by: 2), 5].scalars == [5, 17])
      #expect(x[.all.strided(by: -3), 0].scalars == [18, 0])
      #expect(x[0, (1..<6).strided(by: 2)].scalars == [1, 3, 5])
      #expect(x[0, (1...4).strided(by: -2)].scalars == [4, 2])
      #expect(x[.newAxis, .all, .newAxis, 1...2].shape == [1, 4, 1, 2])
      #expect(x[.all, .newAxis].shape == [4, 1, 6])
      #expect(x[.ellipsis].shape == [4, 6])
      let row = 2
      #expect(x[row, row - 1].item == 13)
      #expect(Tensor(3.0)[.ellipsis, .newAxis].shape == [1])
    }
  }

  @Test func viewsShareMemory() {
    Tape.scope {
      let x = Tensor(repeating: 1.0, shape: [64, 65])
      let before = Tape.current.byteCount
      let y = x[.all.strided(by: -2), 1...]
      let views = [
        y, y.transposed(0, 1).flipped(along: 0), x.diagonal(offset: 3), x[.newAxis, 3],
        y.expandingShape(at: 0, -1).squeezed(),
      ]
      // Records and what they know, not elements.
      #expect(Tape.current.byteCount - before < 2048)
      #expect(views.count == 5)
    }
  }

  /// A slice that has every element hands its cotangent on; one of a slice, in all orders of derivative.
  @Test func secondDerivativeThroughViews() {
    let x = ShapedArray(shape: [2, 3], scalars: [1.0, 2, 3, 4, 5, 6])
    let h = Tape.scope {
      gradient(at: Tensor(x)) { x in
        gradient(at: x) { x in
          let y = x.flipped()[.all.strided(by: -1), 1...]
          return (y * y * y).sum()
        }.sum()
      }.value
    }
    // y has columns 1 and 0 of x: 6x there, 0 in column 2.
    #expect(h == ShapedArray([[6.0, 12, 0], [24, 30, 0]]))
  }
}
