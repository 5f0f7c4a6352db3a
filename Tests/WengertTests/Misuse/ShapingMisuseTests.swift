import Testing
import Wengert

/// Every message about slices, rearrangements and indices, word for word, with the line of the mistake.
@Suite struct ShapingMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = ShapingMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    let x = Tensor([[1.0, 2, 3], [4, 5, 6]])
    if list.makes(
      """
      strided(by:) takes a step other than 0 through a range that has none; given step 0 through 1..<3. \
      Use a step of 1 or more, or of -1 or less to go backwards.
      """, at: #line + 2
    ) {
      _ = (1..<3).strided(by: 0)
    }
    if list.makes(
      """
      strided(by:) takes a step other than 0 through a range that has none; given step 2 through .all by \
      -1. Use a step of 1 or more, or of -1 or less to go backwards.
      """, at: #line + 2
    ) {
      _ = AxisSlice.all.strided(by: -1).strided(by: 2)
    }
    if list.makes(
      """
      a subscript has at most one index or range per axis and one .ellipsis; given [0, 1..., .newAxis, \
      .all] of shape (2, 3). Check the subscript.
      """, at: #line + 2
    ) {
      _ = x[0, 1..., .newAxis, .all]
    }
    if list.makes(
      """
      a subscript has at most one index or range per axis and one .ellipsis; given [.ellipsis, 0, \
      .ellipsis] of shape (2, 3). Check the subscript.
      """, at: #line + 2
    ) {
      _ = x[.ellipsis, 0, .ellipsis]
    }
    if list.makes(
      """
      a subscript's index lies in -3..<3; given index 3 along axis 1 of shape (2, 3). Check the index.
      """, at: #line + 2
    ) {
      _ = x[.ellipsis, 3]
    }
    if list.makes(
      """
      a subscript's index requires an axis with elements; given index -1 along axis 0 of shape (0, 3). \
      Check the index.
      """, at: #line + 2
    ) {
      _ = Tensor(repeating: 1.0, shape: [0, 3])[-1]
    }
    if list.makes(
      """
      a subscript's range lies within its axis, with its end not before its start; given 1..<4 along axis \
      1 of shape (2, 3). Check the range.
      """, at: #line + 2
    ) {
      _ = x[0, 1..<4]
    }
    if list.makes(
      """
      a subscript's range lies within its axis, with its end not before its start; given 2..<-2 by 2 along \
      axis 1 of shape (2, 3). Check the range.
      """, at: #line + 2
    ) {
      _ = x[.all, .range(from: 2, to: -2).strided(by: 2)]
    }
    if list.makes(
      """
      a shape has at most 8 axes; given 9: [1, 1, 1, 1, 1, 1, 1, 2, 3]. Merge axes with reshaped(to:).
      """, at: #line + 2
    ) {
      _ = x.expandingShape(at: 0, 1, 2, 3, 4, 5, 6)
    }
    if list.makes(
      """
      expandingShape(at:) requires places in -3..<3 for new axes; given 3 for shape (2, 3). Count the axes \
      of the result from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      _ = x.expandingShape(at: 3)
    }
    if list.makes(
      """
      expandingShape(at:) requires each axis once; given axes [0, -4] of shape (2, 3). Remove the \
      repetition.
      """, at: #line + 2
    ) {
      _ = x.expandingShape(at: 0, -4)
    }
    if list.makes(
      """
      squeezed(along:) requires axes of one element; given axis 1 of shape (2, 3). Use reshaped(to:), or a \
      subscript to choose an element.
      """, at: #line + 2
    ) {
      _ = x.squeezed(along: -1)
    }
    if list.makes(
      """
      flipped(along:) requires axes in -2..<2; given axis 2 of shape (2, 3). Count axes from 0, or from -1 \
      at the end.
      """, at: #line + 2
    ) {
      _ = x.flipped(along: 2)
    }
    if list.makes(
      """
      transposed(_:_:) requires axes in -2..<2; given axis -3 of shape (2, 3). Count axes from 0, or from \
      -1 at the end.
      """, at: #line + 2
    ) {
      _ = x.transposed(0, -3)
    }
    if list.makes(
      """
      diagonal(offset:) requires a matrix, or a stack of them; given shape (2,). Reshape the tensor first.
      """, at: #line + 2
    ) {
      _ = vector(1, 2).diagonal()
    }
    if list.makes(
      """
      trace() requires a matrix, or a stack of them; given shape (). Reshape the tensor first.
      """, at: #line + 2
    ) {
      _ = Tensor(1.0).trace()
    }
    if list.makes(
      """
      upperTriangle(diagonal:) requires a matrix, or a stack of them; given shape (2,). Reshape the tensor \
      first.
      """, at: #line + 2
    ) {
      _ = vector(1, 2).upperTriangle()
    }
    if list.makes(
      """
      diagonalMatrix(offset:) requires an axis; given shape (). Reshape the scalar to a vector first.
      """, at: #line + 2
    ) {
      _ = Tensor(1.0).diagonalMatrix()
    }
    if list.makes(
      """
      a size lies in 0...2147483647; given [2147483649, 2147483649]. Check how the shape was computed.
      """, at: #line + 2
    ) {
      _ = vector(1, 2).diagonalMatrix(offset: .min)
    }
    if list.makes(
      """
      stacked(_:along:) requires tensors of one shape; given shapes (2, 3) and (2,). Reshape or slice them \
      to agree.
      """, at: #line + 2
    ) {
      _ = stacked([x, vector(1, 2)])
    }
    if list.makes(
      """
      stacked(_:along:) requires tensors of one shape; given no tensors. Reshape or slice them to agree.
      """, at: #line + 2
    ) {
      _ = stacked([Tensor<Double>]())
    }
    if list.makes(
      """
      split(into:along:) requires a number of parts that divides the axis evenly; given 2 parts of axis 1 \
      of shape (2, 3). Use split(sizes:along:) or chunked(into:along:).
      """, at: #line + 2
    ) {
      _ = x.split(into: 2, along: 1)
    }
    if list.makes(
      """
      split(sizes:along:) requires sizes that add up to the axis's; given [1, 1] for axis 1 of shape (2, \
      3). Check the sizes.
      """, at: #line + 2
    ) {
      _ = x.split(sizes: [1, 1], along: 1)
    }
    if list.makes(
      """
      chunked(into:along:) requires at least one chunk; given 0. Check the number.
      """, at: #line + 2
    ) {
      _ = x.chunked(into: 0)
    }
    if list.makes(
      """
      broadcastTogether(_:) requires shapes that broadcast together: aligned at the last axis, sizes are \
      equal or 1; given shapes (2, 3) and (2,). Reshape an operand, or reduce it first.
      """, at: #line + 2
    ) {
      _ = broadcastTogether([x, vector(1, 2)])
    }
    if list.makes(
      """
      padded(_:with:) requires widths of at least 0, one pair per axis; given [(1, 1)] for shape (2, 3). \
      Use a subscript to cut elements off.
      """, at: #line + 2
    ) {
      _ = x.padded([(1, 1)])
    }
    if list.makes(
      """
      padded(before:after:along:with:) requires widths of at least 0, one pair per axis; given [(-1, 0)] \
      for shape (2, 3). Use a subscript to cut elements off.
      """, at: #line + 2
    ) {
      _ = x.padded(before: -1, after: 0, along: 0)
    }
    if list.makes(
      """
      padded(_:with:) reflects at most as many elements as an axis has beside its edge; given widths (0, \
      2) for axis 0 of shape (2, 3). Pad by less, or more than once.
      """, at: #line + 2
    ) {
      _ = x.padded([(0, 2), (0, 0)], with: .reflection)
    }
    if list.makes(
      """
      padded(_:with:) requires an edge to repeat; given axis 0 of shape (0,). Pad with a constant instead.
      """, at: #line + 2
    ) {
      _ = Tensor(repeating: 1.0, shape: [0]).padded([(1, 0)], with: .edge)
    }
    if list.makes(
      """
      tiled(_:) requires numbers of at least 0; given 2, -1. Check how the numbers were computed.
      """, at: #line + 2
    ) {
      _ = x.tiled(2, -1)
    }
    if list.makes(
      """
      repeated(_:along:) requires numbers of at least 0; given -1. Check how the numbers were computed.
      """, at: #line + 2
    ) {
      _ = x.repeated(-1, along: 0)
    }
    if list.makes(
      """
      taking(_:along:) requires indices in 0..<3; given index -1 at position [0, 1]. Check the indices.
      """, at: #line + 2
    ) {
      _ = x.taking(IndexArray([[0, -1]]), along: 1)
    }
    if list.makes(
      """
      rows(at:) requires indices in 0..<2; given index 2 at position [1]. Check the indices.
      """, at: #line + 2
    ) {
      _ = x.rows(at: [0, 2])
    }
    if list.makes(
      """
      gathered(at:along:) requires indices in 0..<3; given index 3 at position [1, 0]. Check the indices.
      """, at: #line + 2
    ) {
      _ = x.gathered(at: IndexArray([[0], [3]]), along: 1)
    }
    if list.makes(
      """
      gathered(at:along:) requires indices of as many axes as the tensor, none longer but axis 1; given \
      indices of shape (3, 1) for shape (2, 3). Reshape the indices, or use taking(_:along:) to take whole \
      rows.
      """, at: #line + 2
    ) {
      _ = x.gathered(at: IndexArray([[0], [1], [1]]), along: 1)
    }
    if list.makes(
      """
      scatterAdded(_:at:along:) requires one index per element; given shape (2,) and indices of shape (1, \
      2). Slice or reshape them to agree.
      """, at: #line + 2
    ) {
      _ = x.scatterAdded(vector(1, 2), at: IndexArray([[0, 1]]), along: 1)
    }
    if list.makes(
      """
      oneHot(_:count:) requires indices in 0..<2; given index 2 at position [0]. Check the indices.
      """, at: #line + 2
    ) {
      _ = Tensor<Double>.oneHot([2], count: 2)
    }
    if list.makes(
      """
      oneHot(_:count:) requires an axis with elements; given index 0 at position [0]. Check the indices.
      """, at: #line + 2
    ) {
      _ = Tensor<Double>.oneHot([0], count: 0)
    }
    if list.makes(
      """
      stride(from:to:by:) requires finite numbers and a step other than 0; given from 0.0 to 1.0 by 0.0. \
      Check the numbers.
      """, at: #line + 2
    ) {
      _ = Tensor<Double>.stride(from: 0, to: 1, by: 0)
    }
    return list.outputs
  }
}
