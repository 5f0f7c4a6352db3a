// Elements gathered from, and scattered to, places along an axis that an index array gives.

extension Composite {
  static let gatheredElements: [Composite] = [
    Composite(
      "gathered",
      samples: [
        .of("rows", [[2, 3]]) { $0[0].gathered(at: IndexArray([[2, 0], [1, 1]]), along: 1) },
        .of("some columns", [[3, 3]]) { $0[0].gathered(at: IndexArray([[2, 0]]), along: -2) },
        .of("of flipped", [[4]]) { $0[0].flipped().gathered(at: [0, 0, 3], along: 0) },
      ]),
    Composite(
      "scatterAdded",
      samples: [
        .of("vector", [[4], [3]]) { $0[0].scatterAdded($0[1], at: [1, 3, 1], along: 0) },
        .of("rows", [[2, 3], [2, 2]]) { $0[0].scatterAdded($0[1], at: IndexArray([[2, 0], [1, 1]]), along: -1) },
      ]),
  ]
}

extension Tensor {
  /// Elements along an axis, counted from 0, or from −1 at the end, each at its own index: as `torch.gather`.
  ///
  /// For a matrix and `axis` 1, element (i, j) of the result is element (i, indices[i, j]). The result has the shape of
  /// `indices`, which has as many axes as the tensor and along the others at most as many elements. An element that is
  /// gathered several times gets the sum of its cotangents. Traps unless each index is in `0..<shape[axis]`.
  ///
  /// - Complexity: O(elements of the result), which the tape keeps, and O(elements of this tensor) for the adjoint.
  @inlinable public func gathered(at indices: IndexArray, along axis: Int) -> Self {
    Self(recordGathered(handle, indices, axis))
  }

  /// The tensor with elements of another added along an axis, counted from 0, or from −1 at the end, each at its own
  /// index: as `torch.scatter_add`.
  ///
  /// For matrices and `axis` 1, element (i, j) of `source` is added to element (i, indices[i, j]); at an index that
  /// occurs several times all are added. `source` has the shape of `indices`, which has as many axes as the tensor and
  /// along the others at most as many elements. Traps unless each index is in `0..<shape[axis]`.
  ///
  /// - Complexity: O(elements); the tape keeps twice the elements of the result.
  @inlinable public func scatterAdded(_ source: Self, at indices: IndexArray, along axis: Int) -> Self {
    Self(recordScatterAdded(handle, source.handle, indices, axis))
  }
}

@usableFromInline @inline(never)
func recordGathered(_ x: Handle, _ indices: IndexArray, _ axis: Int) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let along = core.checkedAxis(axis, of: x, indices, for: "gathered(at:along:)")
  return core.handle(core.gathered(x, indices, along: along, indexShape: indices.shape))
}

@usableFromInline @inline(never)
func recordScatterAdded(_ x: Handle, _ source: Handle, _ indices: IndexArray, _ axis: Int) -> Handle {
  let core = Core.recording
  let (x, source) = (core.resolve(x), core.resolve(source))
  let along = core.checkedAxis(axis, of: x, indices, for: "scatterAdded(_:at:along:)")
  guard core.shape(source) == indices.shape else { misuse(.scatterSource(core.shape(source), indices.shape)) }
  let scattered = core.scatterAdded(source, indices, along: along, into: core.shape(x))
  return core.handle(core.elementwise(.add, x, scattered))
}

extension UnsafeMutablePointer<TapeCore> {
  /// The axis, counted from 0, along which indices count. Traps unless they fit a record's shape.
  fileprivate func checkedAxis(_ axis: Int, of x: NodeID, _ indices: IndexArray, for operation: String) -> Int {
    let shape = shape(x)
    let along = self.axis(axis, of: x, for: operation)
    let fits =
      indices.shape.count == shape.count && shape.indices.allSatisfy { $0 == along || indices.shape[$0] <= shape[$0] }
    guard fits else { misuse(.indexShape(operation, indices.shape, axis: along, shape)) }
    checkIndices(indices, below: shape[along], for: operation)
    return along
  }

  /// Traps unless each index is at least 0 and below a size.
  func checkIndices(_ indices: IndexArray, below size: Int, for operation: @autoclosure () -> String) {
    for (position, index) in indices.enumerated() where index < 0 || index >= size {
      misuse(.index(operation(), index, at: position, of: indices.shape, size))
    }
  }
}
