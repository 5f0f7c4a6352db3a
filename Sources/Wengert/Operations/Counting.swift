// Whether, and how often, elements are not 0. Results are numbers, and no path is recorded through them.

extension Composite {
  static let counting: [Composite] = [
    Composite("any", samples: [.of("(2, 3)", [[2, 3]], [0.3...2]) { $0[0].any(along: 1) }]),
    Composite("all", samples: [.of("(2, 3)", [[2, 3]], [0.3...2]) { $0[0].all(along: 0, keepingAxes: true) }]),
    Composite("countNonzero", samples: [.of("(2, 3)", [[2, 3]], [0.3...2]) { $0[0].countNonzero() }]),
  ]
}

extension Tensor {
  /// 1 if any element is not 0, else 0, a scalar. NaN is not 0; of no elements none is. No path is recorded.
  ///
  /// - Complexity: O(elements); the tape keeps a copy of the tensor.
  @inlinable public func any() -> Self { countNonzero() .!= 0 }

  /// 1 where any element along some axes is not 0, else 0. NaN is not 0; of no elements none is. No path is recorded.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps a copy of the tensor.
  @inlinable public func any(along axes: Int..., keepingAxes: Bool = false) -> Self {
    any(along: axes, keepingAxes: keepingAxes)
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func any(along axes: [Int], keepingAxes: Bool = false) -> Self {
    countNonzero(along: axes, keepingAxes: keepingAxes) .!= 0
  }

  /// 1 if no element is 0, else 0, a scalar. NaN is not 0; of no elements none is. No path is recorded.
  ///
  /// - Complexity: O(elements); the tape keeps a copy of the tensor.
  @inlinable public func all() -> Self { (self .== 0).sum() .== 0 }

  /// 1 where no element along some axes is 0, else 0. NaN is not 0; of no elements none is. No path is recorded.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps a copy of the tensor.
  @inlinable public func all(along axes: Int..., keepingAxes: Bool = false) -> Self {
    all(along: axes, keepingAxes: keepingAxes)
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func all(along axes: [Int], keepingAxes: Bool = false) -> Self {
    (self .== 0).sum(along: axes, keepingAxes: keepingAxes) .== 0
  }

  /// The number of elements that are not 0, a scalar; NaN is not 0. No path is recorded.
  ///
  /// Exact up to the largest whole number that the scalar type can count to, 2²⁴ for `Float`.
  ///
  /// - Complexity: O(elements); the tape keeps a copy of the tensor.
  @inlinable public func countNonzero() -> Self { (self .!= 0).sum() }

  /// The numbers of elements along some axes that are not 0; NaN is not 0. No path is recorded.
  ///
  /// Exact up to the largest whole number that the scalar type can count to, 2²⁴ for `Float`.
  ///
  /// - Parameters:
  ///   - axes: Counted from 0, or from −1 at the end. Traps if one is out of range or repeated.
  ///   - keepingAxes: Whether the axes stay, with one element each.
  /// - Complexity: O(elements); the tape keeps a copy of the tensor.
  @inlinable public func countNonzero(along axes: Int..., keepingAxes: Bool = false) -> Self {
    countNonzero(along: axes, keepingAxes: keepingAxes)
  }

  /// The same for a list of axes; an empty list leaves every element by itself.
  @inlinable public func countNonzero(along axes: [Int], keepingAxes: Bool = false) -> Self {
    (self .!= 0).sum(along: axes, keepingAxes: keepingAxes)
  }
}
