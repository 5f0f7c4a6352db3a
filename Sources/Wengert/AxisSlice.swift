/// What a subscript of a tensor selects along one axis.
///
/// ```swift
/// x[0]                            // the first row: its axis is gone
/// x[1..<3, .all]                  // two rows
/// x[.ellipsis, -1]                // the last element along the last axis
/// x[..<(-1), 1...]                // all rows but the last, all columns but the first
/// x[.all.strided(by: -1)]         // the rows in reverse order
/// x[(1..<7).strided(by: 2)]       // rows 1, 3 and 5
/// x[.range(from: 1, to: -1)]      // all rows but the first and the last
/// x[.all, .newAxis]               // with an axis of one element after the first
/// ```
///
/// Integers, ranges of integers and values of this type are ``AxisSubscript``s. Positions are counted from 0, or from
/// −1 at the end. As `1..<(-1)` is not a range that Swift lets one write, there is ``range(from:to:)``.
public struct AxisSlice: Hashable, Sendable {
  enum Selection: Hashable {
    /// One element; the axis goes.
    case index(Int)
    /// Some elements; `upper` is one past the last, nil the axis's end.
    case range(lower: Int, upper: Int?)
    /// A new axis of one element.
    case newAxis
    /// All axes that are not named, whole.
    case ellipsis
  }

  let selection: Selection
  var step = 1

  /// Every element of the axis.
  public static let all = AxisSlice(selection: .range(lower: 0, upper: nil))

  /// An axis of one element that the tensor did not have.
  public static let newAxis = AxisSlice(selection: .newAxis)

  /// Every element of all axes that the subscript does not name. Without it these are the last ones.
  public static let ellipsis = AxisSlice(selection: .ellipsis)

  /// The elements from one position up to, not including, another, either of them counted from the end if negative.
  public static func range(from lower: Int, to upper: Int) -> AxisSlice {
    AxisSlice(selection: .range(lower: lower, upper: upper))
  }

  /// The elements up to, and including, a position.
  static func range(from lower: Int, through last: Int) -> AxisSlice {
    // One past the last element is the end, not position 0.
    AxisSlice(selection: .range(lower: lower, upper: last == -1 ? nil : last.addingReportingOverflow(1).partialValue))
  }

  /// Every `step`-th element of this range, from its first one on, or from its last one backwards if `step` is
  /// negative.
  ///
  /// Traps if `step` is 0, or if this is not a range or has a step already.
  @inline(never) public func strided(by step: Int) -> AxisSlice {
    guard case .range = selection, self.step == 1, step != 0 else { misuse(.stride(self, step)) }
    var result = self
    result.step = step
    return result
  }
}

/// Integers, ranges of integers, and ``AxisSlice``: what may stand in a tensor's subscript.
public protocol AxisSubscript {
  /// What is selected.
  var axisSlice: AxisSlice { get }
}

extension AxisSlice: AxisSubscript {
  public var axisSlice: AxisSlice { self }
}

extension Int: AxisSubscript {
  /// The element at this position, counted from the end if negative; the axis is absent from the result.
  public var axisSlice: AxisSlice { AxisSlice(selection: .index(self)) }
}

extension Range: AxisSubscript where Bound == Int {
  public var axisSlice: AxisSlice { .range(from: lowerBound, to: upperBound) }
}

extension ClosedRange: AxisSubscript where Bound == Int {
  public var axisSlice: AxisSlice { .range(from: lowerBound, through: upperBound) }
}

extension PartialRangeFrom: AxisSubscript where Bound == Int {
  public var axisSlice: AxisSlice { AxisSlice(selection: .range(lower: lowerBound, upper: nil)) }
}

extension PartialRangeUpTo: AxisSubscript where Bound == Int {
  public var axisSlice: AxisSlice { .range(from: 0, to: upperBound) }
}

extension PartialRangeThrough: AxisSubscript where Bound == Int {
  public var axisSlice: AxisSlice { .range(from: 0, through: upperBound) }
}

extension AxisSubscript where Self: RangeExpression {
  /// Every `step`-th element of this range, from its first one on, or from its last one backwards if `step` is
  /// negative. Traps if `step` is 0.
  @inline(never) public func strided(by step: Int) -> AxisSlice { axisSlice.strided(by: step) }
}

extension AxisSubscript where Self == AxisSlice {
  /// Every element of the axis.
  public static var all: AxisSlice { AxisSlice.all }
  /// An axis of one element that the tensor did not have.
  public static var newAxis: AxisSlice { AxisSlice.newAxis }
  /// Every element of all axes that the subscript does not name. Without it these are the last ones.
  public static var ellipsis: AxisSlice { AxisSlice.ellipsis }
  /// The elements from one position up to, not including, another, either of them counted from the end if negative.
  public static func range(from lower: Int, to upper: Int) -> AxisSlice { AxisSlice.range(from: lower, to: upper) }
}

extension AxisSlice: CustomStringConvertible {
  /// As one would write it.
  public var description: String {
    switch selection {
    case .index(let index): "\(index)"
    case .newAxis: ".newAxis"
    case .ellipsis: ".ellipsis"
    case .range(let lower, let upper):
      (upper.map { "\(lower)..<\($0)" } ?? (lower == 0 ? ".all" : "\(lower)..."))
        + (step == 1 ? "" : " by \(step)")
    }
  }
}

extension AxisSlice {
  private var namesAxis: Bool { selection != .newAxis && selection != .ellipsis }

  /// Where the elements that slices select are in an array of some shape, and the shape they have. Traps unless each
  /// slice lies within its axis.
  static func resolve(_ slices: [AxisSlice], in shape: Shape) -> (map: AxisMap, shape: Shape) {
    let named = slices.count { $0.namesAxis }
    guard named <= shape.count, slices.count(where: { $0.selection == .ellipsis }) <= 1 else {
      misuse(.subscriptCount(slices, shape))
    }
    var map = AxisMap()
    var sizes: [Int] = []
    func keepWhole(_ count: Int) {
      for _ in 0..<count {
        sizes.append(shape[map.axes.count])
        map.axes.append(AxisMap.Axis(target: sizes.count - 1))
      }
    }
    for slice in slices {
      switch slice.selection {
      case .newAxis: sizes.append(1)
      case .ellipsis: keepWhole(shape.count - named)
      case .index(let index):
        let size = shape[map.axes.count]
        let position = index < 0 ? index + size : index
        guard position >= 0, position < size else { misuse(.subscriptIndex(index, axis: map.axes.count, shape)) }
        map.axes.append(AxisMap.Axis(start: position, target: nil))
      case .range(let lower, let upper):
        let size = shape[map.axes.count]
        let start = lower < 0 ? lower + size : lower
        let end = upper.map { $0 < 0 ? $0 + size : $0 } ?? size
        guard start >= 0, start <= end, end <= size else { misuse(.subscriptRange(slice, axis: map.axes.count, shape)) }
        let count = start == end ? 0 : (end - start - 1) / Int(clamping: slice.step.magnitude) + 1
        map.axes.append(
          AxisMap.Axis(
            start: slice.step < 0 && count > 0 ? end - 1 : start, step: count > 1 ? slice.step : 1,
            target: sizes.count))
        sizes.append(count)
      }
    }
    keepWhole(shape.count - map.axes.count)
    return (map, Shape(sizes))
  }
}
