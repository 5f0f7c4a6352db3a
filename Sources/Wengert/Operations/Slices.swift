import CKernels

// Parts of an array, and their opposite: an array that is zero but for a part. One description of where the part's
// elements are serves slices with steps, in reverse or of one element, new axes and diagonals.

extension Operation {
  static let slices: [Operation] = [
    /// A part of an array: the cotangents, back where the elements were, and zeros elsewhere
    Operation(
      opcode: .slice,
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            let shape = p.shape(0)
            let map = p.core.axisMap(p.id, rank: shape.count)
            let part = p.core.shape(p.id)
            if part.elementCount == shape.elementCount {
              // Every element is there: the cotangent is seen in the operand's order, and nothing is filled with zeros.
              p.accumulate(
                0, p.core.sliced(p.cotangent, p.blocked(map.inverse(rank: part.count)), to: p.blocked(shape)))
            } else {
              p.accumulate(0, p.cotangent, placedAt: map)
            }
          }, isBlockable: true)),
      samples: [
        .slice("vector", [5], 1..<4), .slice("block", [3, 4], 1..<3, 0..<2), .slice("nothing", [3, 4], 1..<1),
        .slice("to a scalar", [3], -1), .slice("row", [3, 4], 1), .slice("column", [2, 3, 2], .ellipsis, 0),
        .slice("every second", [6, 3], .range(from: 1, to: -1).strided(by: 2)), .slice("empty", [0, 3], .all, 1...),
        .slice("backwards", [5, 2], (1..<5).strided(by: -2), .all.strided(by: -1)),
        .slice("reversed", [2, 3], .all.strided(by: -1), .all.strided(by: -1)),
        .slice("new axes", [2, 3], .newAxis, .all, .newAxis, 2), .slice("scalar's", [], .newAxis, .ellipsis),
        Sample("of transposed", [[3, 4]]) {
          AnyTensor(Core.current.sliced(Core.current.permuted($0[0].id, [1, 0]), [1..<3, 1..<2]))
        },
        Sample("diagonal", [[3, 4]]) { AnyTensor(Core.current.diagonal($0[0].id, offset: 1)) },
      ]),

    /// Zeros, or another number, with an array in some part of them: the adjoint of a slice
    Operation(
      opcode: .place,
      forward: .init { e in e.place() },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            let map = p.core.axisMap(p.id, rank: p.core.layout(p.id).rank)
            p.accumulate(0, p.core.sliced(p.cotangent, p.blocked(map), to: p.blocked(p.shape(0))))
          }, isBlockable: true)),
      samples: [
        .place("block", [2, 2], in: [3, 4], 1..<3, 2..<4),
        .place("backwards", [2], in: [3, 4], 1, (0..<3).strided(by: -2)),
        .place("all of it", [2, 3], in: [2, 3], .all.strided(by: -1)), .place("nothing", [0, 2], in: [3, 2], 1..<1),
        Sample("diagonal", [[2, 2]]) { AnyTensor(Core.current.diagonalMatrix($0[0].id, offset: -1)) },
      ]),
  ]
}

extension Sample {
  fileprivate static func slice(_ name: String, _ shape: Shape, _ slices: any AxisSubscript...) -> Sample {
    let slices = slices.map(\.axisSlice)
    return Sample(name, [shape]) { AnyTensor(Core.current.sliced($0[0].id, slices)) }
  }

  fileprivate static func place(
    _ name: String, _ part: Shape, in shape: Shape, _ slices: any AxisSubscript...
  ) -> Sample {
    let map = AxisSlice.resolve(slices.map(\.axisSlice), in: shape).map
    return Sample(name, [part]) { AnyTensor(Core.current.placed($0[0].id, map, in: shape)) }
  }
}

extension Tensor {
  /// The part that slices select, one per axis from the first on. See ``AxisSlice`` for what one may write.
  ///
  /// Each index, counted from 0 or from −1 at the end, takes its axis away; ranges, `.all` and their strides keep it;
  /// `.newAxis` adds one; `.ellipsis` stands for all axes that are not named.
  ///
  /// Traps unless every index and range lies within its axis: nothing is cut off silently.
  ///
  /// - Complexity: O(1); a view. Its adjoint adds to the same part of the operand's.
  @inlinable public subscript<each Slice: AxisSubscript>(slices: repeat each Slice) -> Self {
    var list: [AxisSlice] = []
    repeat list.append((each slices).axisSlice)
    return Self(recordSubscript(handle, list))
  }

  /// The same for a list of slices.
  @inlinable public subscript(slices: [AxisSlice]) -> Self { Self(recordSubscript(handle, slices)) }

  /// The block within some ranges, one per axis from the first on; axes without a range stay whole.
  ///
  /// Traps unless each range lies within its axis.
  ///
  /// - Complexity: O(1); a view. Its adjoint adds to a block of the operand's.
  @inlinable public func sliced(_ ranges: Range<Int>...) -> Self { Self(recordSlice(handle, ranges)) }

  /// The same for a list of ranges.
  @inlinable public func sliced(_ ranges: [Range<Int>]) -> Self { Self(recordSlice(handle, ranges)) }
}

@usableFromInline @inline(never)
func recordSubscript(_ x: Handle, _ slices: [AxisSlice]) -> Handle {
  let core = Core.recording
  return core.handle(core.sliced(core.resolve(x), slices))
}

@usableFromInline @inline(never)
func recordSlice(_ x: Handle, _ ranges: [Range<Int>]) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let shape = core.shape(x)
  guard ranges.count <= shape.count, zip(ranges, shape).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 }) else {
    misuse(.slice(ranges, shape))
  }
  return core.handle(core.sliced(x, ranges))
}

/// Where each element of a part of an array is in the array: per axis of the array where the part starts, and how far
/// one step along an axis of the part moves. Two axes of the array may move together: that is a diagonal.
struct AxisMap {
  struct Axis {
    var start = 0
    var step = 1
    /// The axis of the part that moves along this one; nil if none does.
    var target: Int?
  }

  var axes: [Axis] = []

  /// The layout of a part of the given shape in an array with a layout, and how many elements come before it.
  func layout(of part: Shape, in array: UnsafePointer<wg_layout>) -> (layout: wg_layout, offset: Int) {
    var layout = wg_layout(part)
    var offset = 0
    layout.withMutableAxes { _, strides in
      for axis in 0..<part.count { strides[axis] = 0 }
      for (axis, place) in axes.enumerated() {
        offset += place.start * Int(array.strides[axis])
        if let target = place.target { strides[target] += Int64(place.step) * array.strides[axis] }
      }
    }
    layout.finish()
    return (layout, offset)
  }

  /// Where the array's elements are in the part, if that has all of them.
  func inverse(rank: Int) -> AxisMap {
    AxisMap(
      axes: (0..<rank).map { target in
        guard let axis = axes.firstIndex(where: { $0.target == target }) else { return Axis(target: nil) }
        return Axis(start: axes[axis].start, step: axes[axis].step, target: axis)
      })
  }
}

extension UnsafeMutablePointer<TapeCore> {
  func sliced(_ x: NodeID, _ slices: [AxisSlice]) -> NodeID {
    let (map, part) = AxisSlice.resolve(slices, in: shape(x))
    return sliced(x, map, to: part)
  }

  func sliced(_ x: NodeID, _ ranges: [Range<Int>]) -> NodeID {
    var part = shape(x)
    var map = AxisMap(axes: part.indices.map { AxisMap.Axis(target: $0) })
    for (axis, range) in ranges.enumerated() {
      part.setSize(range.count, at: axis)
      map.axes[axis].start = range.lowerBound
    }
    return sliced(x, map, to: part)
  }

  /// The elements of a part of the given shape, as a view.
  func sliced(_ x: NodeID, _ map: AxisMap, to part: Shape) -> NodeID {
    let (layout, offset) = map.layout(of: part, in: layout(x))
    return view(.slice, x, layout, offset: offset, attributes: attributes(map))
  }

  /// An array of the given shape with a value in some part of it and a number elsewhere.
  func placed(_ x: NodeID, _ map: AxisMap, in shape: Shape, around background: Double = 0) -> NodeID {
    let type = self[record: x].pointee.scalarType
    let start = attributes(map)
    // The number follows the map.
    _ = attributes(background.halves)
    return record(.place, type, layout: pointee.layouts.number(of: shape), operands: (x, -1), attributes: start)
  }

  /// Writes a record's elements into, or adds them to, a part of a contiguous array.
  func copy(
    _ x: NodeID, into memory: UnsafeMutableRawPointer, of array: UnsafePointer<wg_layout>, _ map: AxisMap,
    accumulate: Bool
  ) {
    var (part, offset) = map.layout(of: shape(x), in: array)
    let byteCount = self[record: x].pointee.scalarType.byteCount
    copy(x, into: memory + offset * byteCount, &part, accumulate: accumulate)
  }

  func fill(_ memory: UnsafeMutableRawPointer, _ number: Double, _ count: Int, _ type: ScalarType) {
    if number == 0 {
      memory.initializeMemory(as: UInt8.self, repeating: 0, count: count * type.byteCount)
    } else if type == .double {
      wg_fill_f64(number, memory.f64, count)
    } else {
      wg_fill_f32(Float(number), memory.f32, count)
    }
  }

  private func attributes(_ map: AxisMap) -> Int32 {
    let start = beginAttributes()
    for axis in map.axes {
      for number in [axis.start, axis.step, axis.target ?? -1] {
        pointee.attributes.append(Int32(truncatingIfNeeded: number))
      }
    }
    return start
  }

  /// The map of a slice or a placement, of an array with `rank` axes.
  func axisMap(_ id: NodeID, rank: Int) -> AxisMap {
    let record = self[record: id]
    return AxisMap(
      axes: (0..<rank).map { axis in
        let target = attribute(record, 3 * axis + 2)
        return AxisMap.Axis(
          start: attribute(record, 3 * axis), step: attribute(record, 3 * axis + 1), target: target < 0 ? nil : target)
      })
  }
}

extension Evaluation {
  fileprivate func place() {
    let rank = layout.rank
    if layout(0).elementCount < layout.elementCount {
      core.fill(value, Double(attribute(3 * rank), attribute(3 * rank + 1)), layout.elementCount, type)
    }
    core.copy(operand(0), into: value, of: layout, core.axisMap(id, rank: rank), accumulate: false)
  }
}

extension Double {
  /// The bits as two attributes.
  var halves: [Int] { [bitPattern >> 32, bitPattern & 0xFFFF_FFFF].map { Int(Int32(truncatingIfNeeded: $0)) } }

  /// The number whose bits are two attributes.
  init(_ high: Int, _ low: Int) {
    self.init(bitPattern: UInt64(UInt32(truncatingIfNeeded: high)) << 32 | UInt64(UInt32(truncatingIfNeeded: low)))
  }
}
