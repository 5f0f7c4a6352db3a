import CKernels

// Sorting, the largest elements, and quantiles: an order is found, and elements are gathered by it. Derivatives are
// those of gathering: each cotangent goes to where its element came from.

extension Composite {
  static let sorting: [Composite] = [
    Composite(
      "sorted",
      samples: samples("3 rows along 0", { $0.sorted(along: 0) })
        + samples("descending", { $0.sorted(along: 0, descending: true) })
        + [.of("one element", [[1]]) { $0[0].sorted() }, .of("empty", [[2, 0]]) { $0[0].sorted() }]),
    Composite("topK", samples: samples("2 of 3", { $0.topK(2, along: 0).values })),
    Composite("median", samples: samples("3 rows along 0", { $0.median(along: 0) }) + samples("all", { $0.median() })),
    Composite(
      "quantile",
      samples: samples("between rows", { $0.quantile(0.3, along: 0, keepingAxes: true) })
        + samples("at a row", { $0.quantile(0, along: -2) })),
  ]

  /// Three operands, of which each column's elements keep their order when they move a little.
  private static func samples(
    _ name: String, _ function: @escaping @Sendable (Tensor<Double>) -> Tensor<Double>
  ) -> [Sample] {
    [
      .of(name, [[1, 2], [1, 2], [1, 2]], [-0.9...0.9, 1.1...2, -2 ... -1.1]) {
        function(concatenated($0, along: 0))
      }
    ]
  }
}

extension Tensor {
  /// The elements sorted along an axis, equal ones in the order they were in; NaN counts as greater than every number.
  ///
  /// The derivative is the permutation that sorts: each cotangent goes to where its element was.
  ///
  /// - Parameters:
  ///   - axis: Counted from 0, or from −1 at the end, by default the last. Traps if it is out of range.
  ///   - descending: Whether the largest come first.
  /// - Complexity: O(elements) for long axes, as keys are sorted by their bytes; the tape keeps the result and a
  ///   number of four bytes for each element.
  @inlinable public func sorted(along axis: Int = -1, descending: Bool = false) -> Self {
    Self(recordSorted(handle, axis, descending))
  }

  /// Where each element of the sorted tensor was along the axis. Nothing is recorded.
  ///
  /// - Parameters:
  ///   - axis: Counted from 0, or from −1 at the end, by default the last. Traps if it is out of range.
  ///   - descending: Whether the largest come first.
  /// - Complexity: O(elements) for long axes.
  @inlinable public func sortedIndices(along axis: Int = -1, descending: Bool = false) -> IndexArray {
    sortedPositions(handle, axis, descending)
  }

  /// The elements sorted along an axis, as ``sorted(along:descending:)`` gives them, and where each was.
  ///
  /// - Parameters:
  ///   - axis: Counted from 0, or from −1 at the end, by default the last. Traps if it is out of range.
  ///   - descending: Whether the largest come first.
  /// - Complexity: O(elements) for long axes; the tape keeps the values and a number of four bytes for each element.
  @inlinable public func sortedWithIndices(
    along axis: Int = -1, descending: Bool = false
  ) -> (values: Self, indices: IndexArray) {
    let (values, indices) = recordSortedWithIndices(handle, axis, descending)
    return (Self(values), indices)
  }

  /// The `count` largest elements along an axis in descending order, and where they are; of equal ones the first, and
  /// NaN before every number.
  ///
  /// The derivative goes to where the elements were.
  ///
  /// - Parameters:
  ///   - count: How many. Traps if there are not so many.
  ///   - axis: Counted from 0, or from −1 at the end, by default the last. Traps if it is out of range.
  ///   - smallest: Whether the smallest elements are meant, in ascending order, NaN last.
  /// - Complexity: O(elements) for few or for long axes; the tape keeps the values and their positions.
  @inlinable public func topK(
    _ count: Int, along axis: Int = -1, smallest: Bool = false
  ) -> (values: Self, indices: IndexArray) {
    let (values, indices) = recordTopK(handle, count, axis, smallest)
    return (Self(values), indices)
  }

  /// The median of all elements, a scalar: the middle one in order, or the mean of the two in the middle, as in NumPy.
  ///
  /// NaN if any element is. Traps if there are no elements. The cotangent goes to the one element or in halves to the
  /// two; of equal ones, to the first in order.
  ///
  /// - Complexity: O(elements); the tape keeps a few numbers.
  @inlinable public func median() -> Self { Self(recordQuantile("median", handle, 0.5, nil, false)) }

  /// The medians along some axes: the middle elements in order, or the means of the two in the middle, as in NumPy.
  ///
  /// NaN where any element is. Traps if a median would be taken of no elements.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps a few arrays of the result's size, and a copy of a tensor that is not
  ///   contiguous.
  @inlinable public func median(along axes: Int..., keepingAxes: Bool = false) -> Self {
    Self(recordQuantile("median", handle, 0.5, axes, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func median(along axes: [Int], keepingAxes: Bool = false) -> Self {
    Self(recordQuantile("median", handle, 0.5, axes, keepingAxes))
  }

  /// The element that a given fraction of the order lies before, a scalar: between two elements, interpolated linearly
  /// as in NumPy.
  ///
  /// NaN if any element is. Traps if there are no elements or if the fraction does not lie in 0...1.
  ///
  /// - Complexity: O(elements); the tape keeps a few numbers.
  @inlinable public func quantile(_ fraction: Double) -> Self {
    Self(recordQuantile("quantile", handle, fraction, nil, false))
  }

  /// The elements along some axes that a given fraction of the order lies before: between two elements, interpolated
  /// linearly as in NumPy.
  ///
  /// NaN where any element is. Traps if one would be taken of no elements or if the fraction does not lie in 0...1.
  ///
  /// - Parameters:
  ///   - fraction: 0 for the smallest element, ½ for the median, 1 for the largest.
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps a few arrays of the result's size, and a copy of a tensor that is not
  ///   contiguous.
  @inlinable public func quantile(_ fraction: Double, along axes: Int..., keepingAxes: Bool = false) -> Self {
    Self(recordQuantile("quantile", handle, fraction, axes, keepingAxes))
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func quantile(_ fraction: Double, along axes: [Int], keepingAxes: Bool = false) -> Self {
    Self(recordQuantile("quantile", handle, fraction, axes, keepingAxes))
  }
}

@usableFromInline @inline(never)
func recordSorted(_ x: Handle, _ axis: Int, _ descending: Bool) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let axis = core.axis(axis, of: x, for: "sorted(along:descending:)")
  return core.handle(core.sorted(x, axis, descending: descending, first: Int(core.layout(x).sizes[axis])))
}

@usableFromInline @inline(never)
func recordSortedWithIndices(_ x: Handle, _ axis: Int, _ descending: Bool) -> (Handle, IndexArray) {
  let core = Core.recording
  let x = core.resolve(x)
  let axis = core.axis(axis, of: x, for: "sortedWithIndices(along:descending:)")
  return core.sortedWithIndices(x, axis, descending: descending, first: Int(core.layout(x).sizes[axis]))
}

@usableFromInline @inline(never)
func recordTopK(_ x: Handle, _ count: Int, _ axis: Int, _ smallest: Bool) -> (Handle, IndexArray) {
  let core = Core.recording
  let x = core.resolve(x)
  let axis = core.axis(axis, of: x, for: "topK(_:along:smallest:)")
  guard count >= 0, count <= Int(core.layout(x).sizes[axis]) else { misuse(.topK(count, axis, core.shape(x))) }
  return core.sortedWithIndices(x, axis, descending: !smallest, first: count)
}

@usableFromInline @inline(never)
func sortedPositions(_ x: Handle, _ axis: Int, _ descending: Bool) -> IndexArray {
  let core = Core.recording
  let x = core.resolve(x)
  let axis = core.axis(axis, of: x, for: "sortedIndices(along:descending:)")
  let order = core.order(x, axis, descending: descending, first: Int(core.layout(x).sizes[axis]))
  return IndexArray(shape: core.shape(x), indices: order.map(Int.init))
}

@usableFromInline @inline(never)
func recordQuantile(_ function: String, _ x: Handle, _ fraction: Double, _ axes: [Int]?, _ keepsAxes: Bool) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let first = function == "median" ? "" : "_:"
  let name = axes == nil ? "\(function)(\(first))" : "\(function)(\(first)along:keepingAxes:)"
  let bits = core.axisBits(axes, of: x, for: name)
  guard fraction >= 0, fraction <= 1 else { misuse(.quantile(name, fraction)) }
  core.checkNotEmpty(x, bits, name, function)
  return core.handle(core.quantile(x, fraction, bits, keepingAxes: keepsAxes))
}

extension UnsafeMutablePointer<TapeCore> {
  /// The positions along an axis of its first `count` elements in order, in row-major order of the result.
  fileprivate func order(_ x: NodeID, _ axis: Int, descending: Bool, first count: Int) -> [Int32] {
    noteHostRead(x)
    let (record, layout) = (self[record: x].pointee, layout(x))
    let total = sortedShape(x, axis, count).elementCount
    // Swift's empty array is one for all threads, and its initializer writes to it.
    guard total > 0 else { return [] }
    return [Int32](unsafeUninitializedCapacity: total) { positions, initialized in
      if record.scalarType == .double {
        wg_sort_f64(record.value.f64, layout, Int32(axis), descending, count, positions.baseAddress)
      } else {
        wg_sort_f32(record.value.f32, layout, Int32(axis), descending, count, positions.baseAddress)
      }
      initialized = total
    }
  }

  private func sortedShape(_ x: NodeID, _ axis: Int, _ count: Int) -> Shape {
    var shape = shape(x)
    shape.setSize(count, at: axis)
    return shape
  }

  fileprivate func sorted(_ x: NodeID, _ axis: Int, descending: Bool, first count: Int) -> NodeID {
    let order = order(x, axis, descending: descending, first: count)
    return gathered(x, order.lazy.map(Int.init), along: axis, indexShape: sortedShape(x, axis, count))
  }

  fileprivate func sortedWithIndices(
    _ x: NodeID, _ axis: Int, descending: Bool, first count: Int
  ) -> (Handle, IndexArray) {
    let order = order(x, axis, descending: descending, first: count).map(Int.init)
    let shape = sortedShape(x, axis, count)
    return (handle(gathered(x, order, along: axis, indexShape: shape)), IndexArray(shape: shape, indices: order))
  }

  fileprivate func quantile(_ x: NodeID, _ fraction: Double, _ axes: UInt32, keepingAxes: Bool) -> NodeID {
    var (lines, axis) = joined(x, axes)
    lines = contiguous(lines)
    let type = self[record: lines].pointee.scalarType
    let (outer, n, inner) = layout(lines).split(at: axis)
    let position = fraction * Double(n - 1)
    let (low, weight) = (Int(position), position - position.rounded(.down))
    // The element there, or the two that it lies between.
    let count = weight == 0 ? 1 : 2
    let order = order(lines, axis, descending: false, first: n)
    var picked = [Int](repeating: 0, count: outer * count * inner)
    for line in 0..<outer * inner {
      let (start, target) = (line / inner * n * inner + line % inner, line / inner * count * inner + line % inner)
      let last = Int(order[start + (n - 1) * inner])
      // A NaN comes last, and stands for all of the order.
      let isNaN = isNaN(lines, at: start + last * inner)
      for rank in 0..<count {
        picked[target + rank * inner] = isNaN ? last : Int(order[start + (low + rank) * inner])
      }
    }
    let elements = gathered(lines, picked, along: axis, indexShape: sortedShape(lines, axis, count))
    if count == 1 {
      return reshaped(elements, to: reducedShape(shape(x), axes, keepingAxes: keepingAxes))
    }
    var weights = Shape([Int](repeating: 1, count: layout(lines).rank))
    weights.setSize(2, at: axis)
    let factors = leaf(weights, type, .constant)
    for (index, factor) in [1 - weight, weight].enumerated() {
      let memory = self[record: factors].pointee.value
      if type == .double { memory.f64[index] = factor } else { memory.f32[index] = Float(factor) }
    }
    let result = sum(elementwise(.multiply, elements, factors), 1 << UInt32(axis), keepingAxes: false)
    return keepingAxes ? expanded(result, along: axes, of: shape(x)) : result
  }

  private func isNaN(_ x: NodeID, at position: Int) -> Bool {
    let record = self[record: x].pointee
    return record.scalarType == .double ? record.value.f64[position].isNaN : record.value.f32[position].isNaN
  }
}
