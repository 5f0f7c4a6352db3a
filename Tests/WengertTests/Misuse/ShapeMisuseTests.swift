import Testing
import Wengert

/// Every message about shapes, word for word, with the line of the mistake.
@Suite struct ShapeMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = ShapeMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    if list.makes(
      "a shape has at most 8 axes; given 9: [1, 1, 1, 1, 1, 1, 1, 1, 1]. Merge axes with reshaped(to:).", at: #line + 2)
    {
      _ = Shape([1, 1, 1, 1, 1, 1, 1, 1, 1])
    }
    if list.makes("a shape's axis lies in 0..<2; given axis 2 of shape (1, 3). Check the axis.", at: #line + 1) {
      print(Shape([1, 3])[2])
    }
    if list.makes("a size lies in 0...2147483647; given [2, -1]. Check how the shape was computed.", at: #line + 1) {
      _ = Shape([2, -1])
    }
    if list.makes("a size lies in 0...2147483647; given [2147483648]. Check how the shape was computed.", at: #line + 2)
    {
      _ = Shape([2_147_483_648])
    }
    if list.makes(
      """
      an array's elements can be addressed; given shape [2000000000, 2000000000, 2000000000]. \
      Check how the shape was computed.
      """, at: #line + 2
    ) {
      _ = Shape([2_000_000_000, 2_000_000_000, 2_000_000_000])
    }
    if list.makes(
      """
      an array's elements can be addressed; given shape [1000000000, 1000000000, 1000000000]. \
      Check how the shape was computed.
      """, at: #line + 4
    ) {
      let a = vector(1).broadcast(to: [1_000_000_000, 1, 1_000_000_000])
      let b = vector(1).broadcast(to: [1_000_000_000, 1])
      _ = a + b
    }
    if list.makes(
      "an array of shape (2, 3) takes 6 scalars; given 5. Pass as many scalars as the shape has elements.",
      at: #line + 2)
    {
      _ = ShapedArray(shape: [2, 3], scalars: [1.0, 2, 3, 4, 5])
    }
    if list.makes(
      "an array of shape (2, 3) takes 6 scalars; given 5. Pass as many scalars as the shape has elements.",
      at: #line + 2)
    {
      _ = Tensor(shape: [2, 3], scalars: [1.0, 2, 3, 4, 5])
    }
    if list.makes(
      "the rows of a matrix have one length; given rows of 2 and of 1. Pad the rows or keep them apart.", at: #line + 2)
    {
      _ = Tensor([[1.0, 2], [3]])
    }
    if list.makes(
      "item takes an array of one element; given shape (2,). Reduce it first, or use its scalars.", at: #line + 2)
    {
      _ = vector(1, 2).item
    }
    if list.makes(
      "item takes an array of one element; given shape (2, 0). Reduce it first, or use its scalars.", at: #line + 2)
    {
      _ = ShapedArray(repeating: 1.0, shape: [2, 0]).item
    }
    if list.makes(
      "an element has one index per axis, each within its size; given [1, 2] in shape (2, 2). Check the indices.",
      at: #line + 2)
    {
      _ = ShapedArray([[1.0, 2], [3, 4]])[1, 2]
    }
    if list.makes(
      "an element has one index per axis, each within its size; given [0] in shape (2, 2). Check the indices.",
      at: #line + 3)
    {
      var array = ShapedArray([[1.0, 2], [3, 4]])
      array[0] = 5
      _ = array
    }
    if list.makes("rows lie within the first axis; given rows 1..<3 of shape (2, 2). Check the range.", at: #line + 1) {
      _ = ShapedArray([[1.0, 2], [3, 4]])[rows: 1..<3]
    }
    if list.makes("rows lie within the first axis; given rows 0..<1 of shape (). Check the range.", at: #line + 1) {
      _ = ShapedArray(1.0)[rows: 0..<1]
    }
    if list.makes(
      """
      reshaped(to:) keeps the number of elements; given shape (2,) of 2 and target (3,) of 3. \
      Check the target's sizes.
      """,
      at: #line + 2
    ) {
      _ = vector(1, 2).reshaped(to: [3])
    }
    if list.makes(
      "reshaped(to:) keeps the number of elements; given shape (2,) of 2 and target () of 1. Check the target's sizes.",
      at: #line + 2
    ) {
      _ = ShapedArray([1.0, 2]).reshaped(to: [])
    }
    if list.makes(
      """
      + requires shapes that broadcast together: aligned at the last axis, sizes are equal or 1; \
      given shapes (2,) and (3,). Reshape an operand, or reduce it first.
      """, at: #line + 2
    ) {
      _ = vector(1, 2) + vector(1, 2, 3)
    }
    if list.makes(
      """
      maximum(_:_:) requires shapes that broadcast together: aligned at the last axis, sizes are equal or 1; \
      given shapes (2, 1) and (3, 0, 4). Reshape an operand, or reduce it first.
      """, at: #line + 2
    ) {
      _ = maximum(Tensor(repeating: 1.0, shape: [2, 1]), Tensor(repeating: 1.0, shape: [3, 0, 4]))
    }
    if list.makes(
      """
      where(_:_:_:) requires shapes that broadcast together: aligned at the last axis, sizes are equal or 1; \
      given shapes (2,), () and (3,). Reshape an operand, or reduce it first.
      """, at: #line + 2
    ) {
      _ = Tensor.where(vector(1, 2), Tensor(1.0), vector(1, 2, 3))
    }
    if list.makes(
      """
      broadcast(to:) requires each size, aligned at the last axis, to equal the target's or 1; \
      given shape (2,) and target (2, 3). Check the target, or reshape the tensor first.
      """, at: #line + 2
    ) {
      _ = vector(1, 2).broadcast(to: [2, 3])
    }
    if list.makes(
      """
      sum(along:keepingAxes:) requires axes in -2..<2; given axis 2 of shape (1, 2). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      _ = Tensor([[1.0, 2]]).sum(along: 2)
    }
    if list.makes(
      """
      mean(along:keepingAxes:) requires an axis to reduce or reorder along; given axis 0 of shape (). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      _ = Tensor(1.0).mean(along: 0)
    }
    if list.makes(
      """
      softmax(_:along:) requires axes in -1..<1; given axis -2 of shape (2,). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      _ = softmax(vector(1, 2), along: -2)
    }
    if list.makes(
      """
      logSoftmax(_:along:) requires axes in -1..<1; given axis 1 of shape (2,). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      _ = logSoftmax(vector(1, 2), along: 1)
    }
    if list.makes(
      """
      logSumExp(_:along:keepingAxes:) requires each axis once; given axes [0, -2] of shape (1, 2). \
      Remove the repetition.
      """, at: #line + 2
    ) {
      _ = logSumExp(Tensor([[1.0, 2]]), along: 0, -2)
    }
    if list.makes(
      "max(along:keepingAxes:) requires each axis once; given axes [1, 1] of shape (1, 2). Remove the repetition.",
      at: #line + 2)
    {
      _ = Tensor([[1.0, 2]]).max(along: 1, 1)
    }
    if list.makes(
      """
      permuted(_:) requires every axis exactly once; given axes [0, 0] of shape (1, 2). \
      List all 2 axes in their new order.
      """, at: #line + 2
    ) {
      _ = Tensor([[1.0, 2]]).permuted(0, 0)
    }
    if list.makes(
      """
      max() requires at least one element along the axes it reduces; given axes [0, 1] of shape (2, 0). \
      The maximum of no elements has no value: test for emptiness first.
      """, at: #line + 2
    ) {
      _ = Tensor(repeating: 1.0, shape: [2, 0]).max()
    }
    if list.makes(
      """
      max(along:keepingAxes:) requires at least one element along the axes it reduces; given axes [1] of shape (2, 0). \
      The maximum of no elements has no value: test for emptiness first.
      """, at: #line + 2
    ) {
      _ = Tensor(repeating: 1.0, shape: [2, 0]).max(along: 1)
    }
    if list.makes(
      """
      sliced(_:) requires at most one range per axis, each within its size; given ranges 1..<3 of shape (2,). \
      Check the ranges.
      """, at: #line + 2
    ) {
      _ = vector(1, 2).sliced(1..<3)
    }
    if list.makes(
      """
      sliced(_:) requires at most one range per axis, each within its size; given ranges 0..<1, 0..<1 of shape (2,). \
      Check the ranges.
      """, at: #line + 2
    ) {
      _ = vector(1, 2).sliced(0..<1, 0..<1)
    }
    if list.makes(
      """
      concatenated(_:along:) requires tensors that agree in all sizes but that of axis 0; \
      given shapes (1, 2) and (1, 1). Reshape or slice them to agree.
      """, at: #line + 2
    ) {
      _ = concatenated([Tensor([[1.0, 2]]), Tensor([[1.0]])], along: -2)
    }
    if list.makes(
      """
      concatenated(_:along:) requires tensors that agree in all sizes but that of axis 0; given no tensors. \
      Reshape or slice them to agree.
      """, at: #line + 2
    ) {
      _ = concatenated([Tensor<Double>]())
    }
    if list.makes(
      """
      concatenated(_:along:) requires an axis to reduce or reorder along; given axis 0 of shape (). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      _ = concatenated([Tensor(1.0), Tensor(2.0)])
    }
    if list.makes(
      """
      matmul(_:_:) requires the last axis of the left operand to be as long as the second-to-last axis of the right \
      one; given shapes (2, 3) and (2, 3). Transpose or reshape an operand.
      """, at: #line + 2
    ) {
      _ = matmul(Tensor(repeating: 1.0, shape: [2, 3]), Tensor(repeating: 1.0, shape: [2, 3]))
    }
    if list.makes(
      """
      matmul(_:_:) requires the last axis of the left operand to be as long as the right operand; \
      given shapes (2,) and (3,). Transpose or reshape an operand.
      """, at: #line + 2
    ) {
      _ = matmul(vector(1, 2), vector(1, 2, 3))
    }
    if list.makes(
      "matmul(_:_:) requires operands of one or more axes; given shapes () and (3,). Multiply scalars with *.",
      at: #line + 2
    ) {
      _ = matmul(Tensor(1.0), vector(1, 2, 3))
    }
    if list.makes(
      """
      matmul(_:_:) requires the axes before the last two to broadcast together; given shapes (2, 1, 1) and (3, 1, 1). \
      Reshape an operand.
      """, at: #line + 2
    ) {
      _ = matmul(Tensor(repeating: 1.0, shape: [2, 1, 1]), Tensor(repeating: 1.0, shape: [3, 1, 1]))
    }
    return list.outputs
  }
}
