import Testing
import Wengert

/// Reshaped, transposed, sliced, repeated and joined arrays against indices.
@Suite struct ViewTests {
  private static let shapes: [Shape] = [
    [], [1], [6], [2, 3], [1, 4], [3, 0], [2, 3, 4], [1, 2, 1, 3], [2, 3, 2, 1, 2],
  ]

  @Test(arguments: shapes, Layout.allCases)
  func everyPermutation(_ shape: Shape, _ layout: Layout) {
    var generator = SeededGenerator(for: "views \(shape)")
    let array = generator.array(shape)
    let naive = layout.elements(array)
    for axes in Self.permutations(shape.count) {
      let context = "\(layout.rawValue) \(shape) in order \(axes)"
      let expected = naive.transposed(axes)
      expectEqual(evaluate { layout.tensor(array).permuted(axes) }, expected, context)
      // Copied, and the sum of it with a copy: two more ways of reading a view.
      expectEqual(evaluate { layout.tensor(array).permuted(axes) * 1 }, expected, context)
      let v = generator.array(Shape(expected.shape))
      let inverse = axes.indices.map { axis in axes.firstIndex(of: axis)! }
      let g = Tape.scope {
        gradient(at: layout.tensor(array)) { ($0.permuted(axes) * Tensor(v)).sum() }.value
      }
      expectEqual(g, NaiveArray(v).transposed(inverse), "adjoint of \(context)")
    }
    let reversed = evaluate { layout.tensor(array).transposed() }
    expectEqual(reversed, naive.transposed(shape.indices.reversed()), "\(shape) reversed")
  }

  @Test(arguments: shapes, Layout.allCases)
  func slices(_ shape: Shape, _ layout: Layout) {
    var generator = SeededGenerator(for: "slices \(shape)")
    let array = generator.array(shape)
    let naive = layout.elements(array)
    for _ in 0..<12 where !shape.isEmpty {
      let ranges = (0..<Int.random(in: 1...shape.count, using: &generator)).map { axis in
        let lower = Int.random(in: 0...shape[axis], using: &generator)
        return lower..<Int.random(in: lower...shape[axis], using: &generator)
      }
      let context = "\(layout.rawValue) \(shape), slice \(ranges)"
      let expected = naive.sliced(ranges)
      expectEqual(evaluate { layout.tensor(array).sliced(ranges) }, expected, context)
      let v = generator.array(Shape(expected.shape))
      let g = Tape.scope {
        // Two slices of one operand: the second adds to the first's adjoint.
        gradient(at: layout.tensor(array)) {
          ($0.sliced(ranges) * Tensor(v)).sum() + ($0.sliced(ranges) * Tensor(v)).sum()
        }.value
      }
      let starts = shape.indices.map { $0 < ranges.count ? ranges[$0].lowerBound : 0 }
      let adjoint = NaiveArray(naive.shape) { index in
        let inner = zip(index, starts).map(-)
        return zip(inner, expected.shape).allSatisfy { $0 >= 0 && $0 < $1 } ? 2 * NaiveArray(v)[inner] : 0
      }
      expectEqual(g, adjoint, "adjoint of \(context)")
    }
  }

  @Test(arguments: Layout.allCases)
  func reshapes(_ layout: Layout) {
    let cases: [(Shape, [Shape])] = [
      ([2, 3, 4], [[24], [4, 6], [6, 4], [2, 12], [1, 24, 1], [4, 3, 2], [2, 3, 4]]), ([], [[1], [1, 1, 1]]),
      ([1], [[]]),
      ([0, 3], [[0], [5, 0], [3, 0, 2]]),
    ]
    for (shape, targets) in cases {
      var generator = SeededGenerator(for: "reshape \(shape)")
      let array = generator.array(shape)
      for target in targets {
        let context = "\(layout.rawValue) \(shape) to \(target)"
        let expected = NaiveArray(Array(target), layout.elements(array).scalars)
        expectEqual(evaluate { layout.tensor(array).reshaped(to: target) }, expected, context)
        let v = generator.array(target)
        let g = Tape.scope {
          gradient(at: layout.tensor(array)) { ($0.reshaped(to: target) * Tensor(v)).sum() }.value
        }
        expectEqual(g, NaiveArray(Array(shape), v.scalars), "adjoint of \(context)")
      }
    }
  }

  @Test(arguments: Layout.allCases)
  func broadcasts(_ layout: Layout) {
    let cases: [(Shape, [Shape])] = [
      ([], [[], [1], [3], [2, 0], [2, 3, 4]]), ([1], [[5], [2, 5], [0]]),
      ([3, 1], [[3, 4], [2, 3, 4], [3, 0], [3, 1]]),
      ([2, 1, 3], [[2, 4, 3], [5, 2, 1, 3]]), ([1, 0], [[4, 0]]),
    ]
    for (shape, targets) in cases {
      var generator = SeededGenerator(for: "broadcast to \(shape)")
      let array = generator.array(shape)
      let naive = layout.elements(array)
      for target in targets {
        let context = "\(layout.rawValue) \(shape) to \(target)"
        let expected = NaiveArray(Array(target)) { naive.broadcastElement($0) }
        expectEqual(evaluate { layout.tensor(array).broadcast(to: target) }, expected, context)
        let v = generator.array(target)
        let g = Tape.scope {
          gradient(at: layout.tensor(array)) { ($0.broadcast(to: target) * Tensor(v)).sum() }.value
        }
        expectEqual(g, NaiveArray(v).summed(to: Array(shape)), relativeTo: 1e-15, "adjoint of \(context)")
      }
    }
  }

  @Test(arguments: Layout.allCases)
  func concatenations(_ layout: Layout) {
    let cases: [([Shape], Int)] = [
      ([[2], [3], [0], [1]], 0), ([[2, 3], [1, 3]], 0), ([[2, 3], [2, 1], [2, 0]], 1), ([[2, 3, 2], [2, 1, 2]], -2),
      ([[0, 3], [0, 3]], 0), ([[4]], -1), ([[2, 1, 3], [2, 1, 3], [2, 1, 3]], 1),
    ]
    for (shapes, axis) in cases {
      var generator = SeededGenerator(for: "concatenate \(shapes)")
      let arrays = shapes.map { generator.array($0) }
      let context = "\(layout.rawValue) \(shapes) along \(axis)"
      let along = axis < 0 ? axis + shapes[0].count : axis
      let parts = arrays.map(layout.elements)
      var sizes = Array(shapes[0])
      sizes[along] = shapes.reduce(0) { $0 + $1[along] }
      let expected = NaiveArray(sizes) { index in
        var inner = index
        for part in parts {
          if inner[along] < part.shape[along] { return part[inner] }
          inner[along] -= part.shape[along]
        }
        return .nan
      }
      expectEqual(evaluate { concatenated(arrays.map(layout.tensor), along: axis) }, expected, context)
      let v = generator.array(Shape(sizes))
      let gradients = Tape.scope {
        gradient(at: arrays.map(layout.tensor)) { (concatenated($0, along: axis) * Tensor(v)).sum() }.map(\.value)
      }
      var start = 0
      for (g, part) in zip(gradients, parts) {
        let ranges = sizes.indices.map { $0 == along ? start..<start + part.shape[along] : 0..<sizes[$0] }
        expectEqual(g, NaiveArray(v).sliced(ranges), "adjoint of \(context)")
        start += part.shape[along]
      }
    }
  }

  /// The table of layouts grows while it is being looked at.
  @Test func manyShapes() {
    Tape.scope {
      for size in 1...600 {
        #expect(Tensor(2.0).broadcast(to: [size, 3]).sum().item == Double(6 * size))
        #expect(Tensor([1.0, 2])[0].broadcast(to: [3, size]).gathered(at: IndexArray([[0]]), along: 1).item == 1)
      }
    }
  }

  private static func permutations(_ count: Int) -> [[Int]] {
    count == 0
      ? [[]]
      : permutations(count - 1).flatMap { shorter in
        (0..<count).map { place in
          var longer = shorter
          longer.insert(count - 1, at: place)
          return longer
        }
      }
  }
}
