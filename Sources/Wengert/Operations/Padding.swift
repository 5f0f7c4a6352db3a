// Arrays made larger, or rolled over their edges: copies.

extension Composite {
  static let padding: [Composite] = [
    Composite(
      "padded",
      samples: [
        .of("with zeros", [[2, 3]]) { $0[0].padded([(1, 0), (0, 2)]) },
        .of("with a number", [[3]]) { $0[0].padded([(2, 1)], with: .constant(0.5)) },
        .of("reflecting", [[3, 2]]) { $0[0].padded([(2, 1), (1, 1)], with: .reflection) },
        .of("with edges", [[2, 2]]) { $0[0].padded([(0, 2), (1, 1)], with: .edge) },
        .of("by nothing", [[2]]) { $0[0].padded([(0, 0)], with: .edge) },
        .of("along one axis", [[2, 3]]) { $0[0].padded(before: 1, after: 2, along: -1, with: .reflection) },
        .of("of transposed", [[2, 3]]) { $0[0].transposed().padded(before: 1, after: 1, along: 0, with: .edge) },
      ]),
    Composite(
      "rolled",
      samples: [
        .of("forwards", [[5]]) { $0[0].rolled(by: 2, along: 0) },
        .of("backwards", [[2, 3]]) { $0[0].rolled(by: -1, along: -1) },
        .of("empty", [[0, 2]]) { $0[0].rolled(by: 1, along: 0) },
      ]),
    Composite(
      "tiled",
      samples: [
        .of("matrix", [[2, 3]]) { $0[0].tiled(2, 3) }, .of("with new axes", [[2]]) { $0[0].tiled(2, 1, 2) },
        .of("last axes only", [[2, 1, 2]]) { $0[0].tiled(2) }, .of("none", [[2]]) { $0[0].tiled(0) },
        .of("scalar", [[]]) { $0[0].tiled(3) },
      ]),
    Composite(
      "repeated",
      samples: [
        .of("rows", [[2, 3]]) { $0[0].repeated(2, along: 0) },
        .of("columns", [[2, 3]]) { $0[0].repeated(3, along: -1) },
        .of("never", [[2, 3]]) { $0[0].repeated(0, along: 1) },
      ]),
  ]
}

/// What stands beyond the edges of a padded tensor.
@frozen public enum Padding: Hashable, Sendable {
  /// A number.
  case constant(Double)
  /// The elements mirrored at the edge, which is not repeated: `c b | a b c | b a`.
  case reflection
  /// The element at the edge: `a a | a b c | c c`.
  case edge
}

extension Tensor {
  /// The tensor with elements added before and after it along every axis.
  ///
  /// - Parameters:
  ///   - widths: How many elements are added along each axis. Traps unless there are as many as axes and none is
  ///     negative.
  ///   - padding: What is added, axis by axis from the first: zeros unless stated otherwise. Traps if it is a reflection
  ///     wider than the axis without its edge, or an edge of an empty axis.
  /// - Complexity: O(elements of the result), which the tape keeps: in one record for a constant, else in one per padded
  ///   axis.
  @inlinable public func padded(_ widths: [(before: Int, after: Int)], with padding: Padding = .constant(0)) -> Self {
    Self(recordPadding(handle, widths, padding))
  }

  /// The tensor with elements added before and after it along one axis, counted from 0, or from −1 at the end.
  ///
  /// See `padded(_:with:)`.
  ///
  /// - Complexity: O(elements of the result), which the tape keeps.
  @inlinable public func padded(before: Int, after: Int, along axis: Int, with padding: Padding = .constant(0)) -> Self
  {
    Self(recordPadding(handle, before, after, axis, padding))
  }

  /// The elements moved by some places towards the end of an axis, counted from 0, or from −1 at the end; those moved
  /// beyond it come in again at the other side.
  ///
  /// - Complexity: O(elements); a copy, which the tape keeps.
  @inlinable public func rolled(by places: Int, along axis: Int) -> Self { Self(recordRolled(handle, places, axis)) }

  /// The tensor side by side with itself, some number of times along each axis.
  ///
  /// As in NumPy, numbers are for the last axes; those that are left over make new axes. Traps if one is negative.
  ///
  /// - Complexity: O(elements of the result), a copy which the tape keeps. Where repetition is all that is wanted,
  ///   `broadcast(to:)` makes a view.
  @inlinable public func tiled(_ counts: Int...) -> Self { Self(recordTiled(handle, counts)) }

  /// The same for a list of numbers.
  @inlinable public func tiled(_ counts: [Int]) -> Self { Self(recordTiled(handle, counts)) }

  /// Each element some number of times in a row along an axis, counted from 0, or from −1 at the end.
  ///
  /// Traps if the number is negative.
  ///
  /// - Complexity: O(elements of the result), a copy which the tape keeps.
  @inlinable public func repeated(_ count: Int, along axis: Int) -> Self { Self(recordRepeated(handle, count, axis)) }
}

@usableFromInline @inline(never)
func recordPadding(_ x: Handle, _ widths: [(before: Int, after: Int)], _ padding: Padding) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  guard widths.count == core.layout(x).rank, widths.allSatisfy({ $0.before >= 0 && $0.after >= 0 }) else {
    misuse(.paddingWidths("padded(_:with:)", widths, core.shape(x)))
  }
  return core.handle(core.padded(x, widths, padding, for: "padded(_:with:)"))
}

@usableFromInline @inline(never)
func recordPadding(_ x: Handle, _ before: Int, _ after: Int, _ axis: Int, _ padding: Padding) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let function = "padded(before:after:along:with:)"
  let along = core.axis(axis, of: x, for: function)
  guard before >= 0, after >= 0 else { misuse(.paddingWidths(function, [(before, after)], core.shape(x))) }
  let widths = (0..<core.layout(x).rank).map { $0 == along ? (before, after) : (0, 0) }
  return core.handle(core.padded(x, widths, padding, for: function))
}

@usableFromInline @inline(never)
func recordRolled(_ x: Handle, _ places: Int, _ axis: Int) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  return core.handle(core.rolled(x, by: places, along: core.axis(axis, of: x, for: "rolled(by:along:)")))
}

@usableFromInline @inline(never)
func recordTiled(_ x: Handle, _ counts: [Int]) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  guard counts.allSatisfy({ $0 >= 0 }) else { misuse(.repetitions("tiled(_:)", counts)) }
  return core.handle(core.tiled(x, counts))
}

@usableFromInline @inline(never)
func recordRepeated(_ x: Handle, _ count: Int, _ axis: Int) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let along = core.axis(axis, of: x, for: "repeated(_:along:)")
  guard count >= 0 else { misuse(.repetitions("repeated(_:along:)", [count])) }
  return core.handle(core.repeated(x, count, along: along, runFrom: along + 1))
}

extension UnsafeMutablePointer<TapeCore> {
  func padded(_ x: NodeID, _ widths: [(before: Int, after: Int)], _ padding: Padding, for function: String) -> NodeID {
    if widths.allSatisfy({ $0.before == 0 && $0.after == 0 }) { return x }
    if case .constant(let number) = padding {
      // A width that no array could have is cut, so that the shape's own message tells of it.
      let limit = Int(Int32.max)
      let sizes = zip(shape(x), widths).map { $0 + Swift.min($1.before, limit) + Swift.min($1.after, limit) }
      let map = AxisMap(axes: widths.enumerated().map { AxisMap.Axis(start: $1.before, target: $0) })
      return placed(x, map, in: Shape(sizes), around: number)
    }
    var result = x
    for (axis, width) in widths.enumerated() where width.before > 0 || width.after > 0 {
      let size = shape(result)[axis]
      var parts: [NodeID]
      if padding == .edge {
        guard size > 0 else { misuse(.edgePadding(function, axis, shape(x))) }
        parts = [
          edge(of: result, at: 0, along: axis, width.before), result,
          edge(of: result, at: size - 1, along: axis, width.after),
        ]
      } else {
        guard width.before < size, width.after < size else { misuse(.reflection(function, width, axis, shape(x))) }
        parts = [
          sliced(result, along: axis, from: width.before, step: -1, count: width.before), result,
          sliced(result, along: axis, from: size - 2, step: -1, count: width.after),
        ]
      }
      if width.after == 0 { parts.removeLast() }
      if width.before == 0 { parts.removeFirst() }
      result = concatenated(parts, along: axis)
    }
    return result
  }

  /// The elements at one position of an axis, some number of times.
  private func edge(of x: NodeID, at position: Int, along axis: Int, _ count: Int) -> NodeID {
    var sizes = Array(shape(x))
    sizes[axis] = count
    return broadcast(sliced(x, along: axis, from: position, step: 1, count: 1), to: Shape(sizes))
  }

  /// A view of some elements along one axis.
  func sliced(_ x: NodeID, along axis: Int, from start: Int, step: Int, count: Int) -> NodeID {
    var part = shape(x)
    var map = AxisMap(axes: part.indices.map { AxisMap.Axis(target: $0) })
    part.setSize(count, at: axis)
    map.axes[axis].start = count > 0 ? start : 0
    map.axes[axis].step = count > 1 ? step : 1
    return sliced(x, map, to: part)
  }

  func rolled(_ x: NodeID, by places: Int, along axis: Int) -> NodeID {
    let size = shape(x)[axis]
    let first = size == 0 ? 0 : (places % size + size) % size
    if first == 0 { return x }
    return concatenated(
      [
        sliced(x, along: axis, from: size - first, step: 1, count: first),
        sliced(x, along: axis, from: 0, step: 1, count: size - first),
      ], along: axis)
  }

  func tiled(_ x: NodeID, _ counts: [Int]) -> NodeID {
    let missing = Swift.max(0, counts.count - layout(x).rank)
    var result = missing == 0 ? x : expanded(x, at: Array(0..<missing))
    let rank = layout(result).rank
    for (axis, count) in zip((0..<rank).reversed(), counts.reversed()) {
      result = repeated(result, count, along: axis, runFrom: axis)
    }
    return result
  }

  /// Runs of elements, those of the axes from `runFrom` on, each some number of times in a row; `axis` is as many times
  /// longer.
  func repeated(_ x: NodeID, _ count: Int, along axis: Int, runFrom: Int) -> NodeID {
    if count == 1 { return x }
    let shape = shape(x)
    let (rows, run) = (shape[..<runFrom].reduce(1, *), shape[runFrom...].reduce(1, *))
    var sizes = Array(shape)
    sizes[axis] *= Swift.min(count, Int(Int32.max))
    let target = Shape(sizes)
    return reshaped(broadcast(reshaped(x, to: [rows, 1, run]), to: [rows, count, run]), to: target)
  }
}
