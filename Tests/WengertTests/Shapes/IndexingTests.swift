import Testing
import Wengert

/// Gathering, scattering and rows by their numbers, against index loops; repeated indices add up.
@Suite struct IndexingTests {
  private func indices(_ shape: Shape, below size: Int, _ generator: inout SeededGenerator) -> IndexArray {
    IndexArray(shape: shape, indices: (0..<shape.elementCount).map { _ in Int.random(in: 0..<size, using: &generator) })
  }

  @Test(arguments: Layout.allCases)
  func takes(_ layout: Layout) {
    let cases: [(Shape, Int, Shape)] = [
      ([5, 3], 0, [7]), ([5, 3], 1, [2, 4]), ([2, 4, 3], 1, [3]), ([2, 4, 3], -1, [2, 2]), ([4], 0, []),
      ([3, 2], 0, [0]),
      ([3, 0], 0, [2]), ([6, 33], 0, [9]),
    ]
    for (shape, axis, indexShape) in cases {
      let along = axis < 0 ? axis + shape.count : axis
      var generator = SeededGenerator(for: "taking \(shape) \(axis)")
      let list = indices(indexShape, below: shape[along], &generator)
      let array = generator.array(shape)
      let naive = layout.elements(array)
      let context = "\(layout.rawValue) \(shape) taking \(list) along \(axis)"
      let sizes = shape[..<along] + Array(indexShape) + shape[(along + 1)...]
      func source(_ index: [Int]) -> [Int] {
        let inner = index[along..<along + indexShape.count]
        let position = zip(inner, indexShape).reduce(0) { $0 * $1.1 + $1.0 }
        return index[..<along] + [list[position]] + index[(along + indexShape.count)...]
      }
      let expected = NaiveArray(Array(sizes)) { naive[source($0)] }
      expectEqual(evaluate { layout.tensor(array).taking(list, along: axis) }, expected, context)
      if axis == 0 { expectEqual(evaluate { layout.tensor(array).rows(at: list) }, expected, context) }
      let v = generator.array(Shape(Array(sizes)))
      var adjoint = NaiveArray(Array(shape)) { _ in 0 }
      for index in NaiveArray.indices(Array(sizes)) {
        adjoint.scalars[zip(source(index), shape).reduce(0) { $0 * $1.1 + $1.0 }] += 2 * NaiveArray(v)[index]
      }
      let g = Tape.scope {
        gradient(at: layout.tensor(array)) { x in
          let once = (x.taking(list, along: axis) * Tensor(v)).sum()
          return once + (x.taking(list, along: axis) * Tensor(v)).sum()
        }.value
      }
      expectEqual(g, adjoint, relativeTo: 1e-15, "adjoint of \(context)")
    }
  }

  @Test(arguments: Layout.allCases)
  func gathersAndScatters(_ layout: Layout) {
    let cases: [(Shape, Int, Shape)] = [
      ([5], 0, [7]), ([3, 4], 1, [3, 2]), ([3, 4], 0, [5, 2]), ([2, 3, 4], 1, [2, 5, 3]), ([2, 3, 4], -1, [1, 3, 2]),
      ([3, 4], 1, [3, 0]), ([0, 4], 1, [0, 2]),
    ]
    for (shape, axis, indexShape) in cases {
      let along = axis < 0 ? axis + shape.count : axis
      var generator = SeededGenerator(for: "gathering \(shape) \(axis)")
      let list = indices(indexShape, below: shape[along], &generator)
      let (array, source) = (generator.array(shape), generator.array(indexShape))
      let (naive, naiveSource) = (layout.elements(array), layout.elements(source))
      let context = "\(layout.rawValue) \(shape) at \(list) along \(axis)"
      func place(_ index: [Int]) -> [Int] {
        var result = index
        result[along] = list[zip(index, indexShape).reduce(0) { $0 * $1.1 + $1.0 }]
        return result
      }
      func add(_ values: NaiveArray, to target: NaiveArray) -> NaiveArray {
        var target = target
        for index in NaiveArray.indices(values.shape) {
          target.scalars[zip(place(index), shape).reduce(0) { $0 * $1.1 + $1.0 }] += values[index]
        }
        return target
      }
      let gathered = NaiveArray(Array(indexShape)) { naive[place($0)] }
      expectEqual(evaluate { layout.tensor(array).gathered(at: list, along: axis) }, gathered, context)
      let v = generator.array(indexShape)
      let zeros = NaiveArray(Array(shape)) { _ in 0 }
      let g = Tape.scope {
        gradient(at: layout.tensor(array)) { ($0.gathered(at: list, along: axis) * Tensor(v)).sum() }.value
      }
      expectEqual(g, add(NaiveArray(v), to: zeros), relativeTo: 1e-15, "adjoint of \(context)")

      let scattered = evaluate { layout.tensor(array).scatterAdded(layout.tensor(source), at: list, along: axis) }
      expectEqual(scattered, add(naiveSource, to: naive), relativeTo: 1e-15, "scattered: \(context)")
      let w = generator.array(shape)
      let (first, second) = Tape.scope {
        let (a, b) = gradient(at: layout.tensor(array), layout.tensor(source)) {
          ($0.scatterAdded($1, at: list, along: axis) * Tensor(w)).sum()
        }
        return (a.value, b.value)
      }
      expectEqual(first, NaiveArray(w), "adjoint of \(context)")
      expectEqual(second, NaiveArray(Array(indexShape)) { NaiveArray(w)[place($0)] }, "source's adjoint of \(context)")
    }
  }

  /// A network's table: rows that occur twice get both cotangents, others none; twice differentiated too.
  @Test func embedding() {
    let table = ShapedArray([[1.0, 2], [3, 4], [5, 6]])
    let words = IndexArray([[0, 2], [2, 2]])
    Tape.scope {
      let looked = Tensor(table).rows(at: words)
      #expect(looked.shape == [2, 2, 2])
      #expect(looked.scalars == [1, 2, 5, 6, 5, 6, 5, 6])
    }
    func loss(_ x: Tensor<Double>) -> Tensor<Double> {
      let y = x.rows(at: words)
      return (y * y * y).sum()
    }
    let g = Tape.scope { gradient(at: Tensor(table), of: loss).value }
    #expect(g == ShapedArray([[3.0, 12], [0, 0], [9 * 25, 9 * 36]]))
    let h = Tape.scope { gradient(at: Tensor(table)) { gradient(at: $0, of: loss).sum() }.value }
    #expect(h == ShapedArray([[6.0, 12], [0, 0], [18 * 5, 18 * 6]]))
  }
}
