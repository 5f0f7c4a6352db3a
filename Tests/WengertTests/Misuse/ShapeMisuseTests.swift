import Testing
import Wengert

/// Every message about shapes, word for word, with the line of the mistake.
@Suite struct ShapeMisuseTests {
  @Test(arguments: cases.indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = ShapeMisuseTests.cases[index].mistake()
    }
    expectMessage(result, of: Self.cases[index])
  }

  private static let cases: [MisuseCase] = [
    .init("a shape has at most 8 axes; given 9: [1, 1, 1, 1, 1, 1, 1, 1, 1]. Merge axes with reshaped(to:).", at: #line + 1) {
      Shape([1, 1, 1, 1, 1, 1, 1, 1, 1])
    },
    .init("a size lies in 0...2147483647; given [2, -1]. Check how the shape was computed.", at: #line + 1) {
      Shape([2, -1])
    },
    .init("a size lies in 0...2147483647; given [2147483648]. Check how the shape was computed.", at: #line + 1) {
      Shape([2_147_483_648])
    },
    .init(
      """
      an array's elements can be addressed; given shape [2000000000, 2000000000, 2000000000]. \
      Check how the shape was computed.
      """, at: #line + 2
    ) {
      Shape([2_000_000_000, 2_000_000_000, 2_000_000_000])
    },
    .init(
      """
      an array's elements can be addressed; given shape [1000000000, 1000000000, 1000000000]. \
      Check how the shape was computed.
      """, at: #line + 4
    ) {
      let a = vector(1).broadcast(to: [1_000_000_000, 1, 1_000_000_000])
      let b = vector(1).broadcast(to: [1_000_000_000, 1])
      return a + b
    },
    .init("an array of shape (2, 3) takes 6 scalars; given 5. Pass as many scalars as the shape has elements.", at: #line + 1) {
      ShapedArray(shape: [2, 3], scalars: [1.0, 2, 3, 4, 5])
    },
    .init("an array of shape (2, 3) takes 6 scalars; given 5. Pass as many scalars as the shape has elements.", at: #line + 1) {
      Tensor(shape: [2, 3], scalars: [1.0, 2, 3, 4, 5])
    },
    .init("the rows of a matrix have one length; given rows of 2 and of 1. Pad the rows or keep them apart.", at: #line + 1) {
      Tensor([[1.0, 2], [3]])
    },
    .init("item takes an array of one element; given shape (2,). Reduce it first, or use its scalars.", at: #line + 1) {
      vector(1, 2).item
    },
    .init("item takes an array of one element; given shape (2, 0). Reduce it first, or use its scalars.", at: #line + 1) {
      ShapedArray(repeating: 1.0, shape: [2, 0]).item
    },
    .init("an element has one index per axis, each within its size; given [1, 2] in shape (2, 2). Check the indices.", at: #line + 1) {
      ShapedArray([[1.0, 2], [3, 4]])[1, 2]
    },
    .init("an element has one index per axis, each within its size; given [0] in shape (2, 2). Check the indices.", at: #line + 2) {
      var array = ShapedArray([[1.0, 2], [3, 4]])
      array[0] = 5
      return array
    },
    .init("rows lie within the first axis; given rows 1..<3 of shape (2, 2). Check the range.", at: #line + 1) {
      ShapedArray([[1.0, 2], [3, 4]])[rows: 1..<3]
    },
    .init("rows lie within the first axis; given rows 0..<1 of shape (). Check the range.", at: #line + 1) {
      ShapedArray(1.0)[rows: 0..<1]
    },
    .init(
      "reshaped(to:) keeps the number of elements; given shape (2,) of 2 and target (3,) of 3. Check the target's sizes.",
      at: #line + 2
    ) {
      vector(1, 2).reshaped(to: [3])
    },
    .init(
      "reshaped(to:) keeps the number of elements; given shape (2,) of 2 and target () of 1. Check the target's sizes.",
      at: #line + 2
    ) {
      ShapedArray([1.0, 2]).reshaped(to: [])
    },
    .init(
      """
      + requires shapes that broadcast together: aligned at the last axis, sizes are equal or 1; \
      given shapes (2,) and (3,). Reshape an operand, or reduce it first.
      """, at: #line + 2
    ) {
      vector(1, 2) + vector(1, 2, 3)
    },
    .init(
      """
      maximum(_:_:) requires shapes that broadcast together: aligned at the last axis, sizes are equal or 1; \
      given shapes (2, 1) and (3, 0, 4). Reshape an operand, or reduce it first.
      """, at: #line + 2
    ) {
      maximum(Tensor(repeating: 1.0, shape: [2, 1]), Tensor(repeating: 1.0, shape: [3, 0, 4]))
    },
    .init(
      """
      where(_:_:_:) requires shapes that broadcast together: aligned at the last axis, sizes are equal or 1; \
      given shapes (2,), () and (3,). Reshape an operand, or reduce it first.
      """, at: #line + 2
    ) {
      Tensor.where(vector(1, 2), Tensor(1.0), vector(1, 2, 3))
    },
    .init(
      """
      broadcast(to:) requires each size, aligned at the last axis, to equal the target's or 1; \
      given shape (2,) and target (2, 3). Check the target, or reshape the tensor first.
      """, at: #line + 2
    ) {
      vector(1, 2).broadcast(to: [2, 3])
    },
    .init(
      """
      sum(along:keepingAxes:) requires axes in -2..<2; given axis 2 of shape (1, 2). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      Tensor([[1.0, 2]]).sum(along: 2)
    },
    .init(
      """
      mean(along:keepingAxes:) requires an axis to reduce or reorder along; given axis 0 of shape (). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      Tensor(1.0).mean(along: 0)
    },
    .init(
      """
      softmax(_:along:) requires axes in -1..<1; given axis -2 of shape (2,). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      softmax(vector(1, 2), along: -2)
    },
    .init(
      """
      logSoftmax(_:along:) requires axes in -1..<1; given axis 1 of shape (2,). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      logSoftmax(vector(1, 2), along: 1)
    },
    .init(
      """
      logSumExp(_:along:keepingAxes:) requires each axis once; given axes [0, -2] of shape (1, 2). \
      Remove the repetition.
      """, at: #line + 2
    ) {
      logSumExp(Tensor([[1.0, 2]]), along: 0, -2)
    },
    .init("max(along:keepingAxes:) requires each axis once; given axes [1, 1] of shape (1, 2). Remove the repetition.", at: #line + 1) {
      Tensor([[1.0, 2]]).max(along: 1, 1)
    },
    .init(
      """
      transposed(_:) requires every axis exactly once; given axes [0, 0] of shape (1, 2). \
      List all 2 axes in their new order.
      """, at: #line + 2
    ) {
      Tensor([[1.0, 2]]).transposed(0, 0)
    },
    .init(
      """
      max() requires at least one element along the axes it reduces; given axes [0, 1] of shape (2, 0). \
      An empty maximum has no value: test for emptiness first.
      """, at: #line + 2
    ) {
      Tensor(repeating: 1.0, shape: [2, 0]).max()
    },
    .init(
      """
      max(along:keepingAxes:) requires at least one element along the axes it reduces; given axes [1] of shape (2, 0). \
      An empty maximum has no value: test for emptiness first.
      """, at: #line + 2
    ) {
      Tensor(repeating: 1.0, shape: [2, 0]).max(along: 1)
    },
    .init(
      """
      sliced(_:) requires at most one range per axis, each within its size; given ranges 1..<3 of shape (2,). \
      Check the ranges.
      """, at: #line + 2
    ) {
      vector(1, 2).sliced(1..<3)
    },
    .init(
      """
      sliced(_:) requires at most one range per axis, each within its size; given ranges 0..<1, 0..<1 of shape (2,). \
      Check the ranges.
      """, at: #line + 2
    ) {
      vector(1, 2).sliced(0..<1, 0..<1)
    },
    .init(
      """
      concatenated(_:along:) requires tensors that agree in all sizes but that of axis 0; \
      given shapes (1, 2) and (1, 1). Reshape or slice them to agree.
      """, at: #line + 2
    ) {
      concatenated([Tensor([[1.0, 2]]), Tensor([[1.0]])], along: -2)
    },
    .init(
      """
      concatenated(_:along:) requires tensors that agree in all sizes but that of axis 0; given no tensors. \
      Reshape or slice them to agree.
      """, at: #line + 2
    ) {
      concatenated([Tensor<Double>]())
    },
    .init(
      """
      concatenated(_:along:) requires an axis to reduce or reorder along; given axis 0 of shape (). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      concatenated([Tensor(1.0), Tensor(2.0)])
    },
    .init(
      """
      matmul(_:_:) requires the last axis of the left operand to be as long as the second-to-last axis of the right \
      one; given shapes (2, 3) and (2, 3). Transpose or reshape an operand.
      """, at: #line + 2
    ) {
      matmul(Tensor(repeating: 1.0, shape: [2, 3]), Tensor(repeating: 1.0, shape: [2, 3]))
    },
    .init(
      """
      matmul(_:_:) requires the last axis of the left operand to be as long as the right operand; \
      given shapes (2,) and (3,). Transpose or reshape an operand.
      """, at: #line + 2
    ) {
      matmul(vector(1, 2), vector(1, 2, 3))
    },
    .init(
      "matmul(_:_:) requires operands of one or more axes; given shapes () and (3,). Multiply scalars with *.",
      at: #line + 2
    ) {
      matmul(Tensor(1.0), vector(1, 2, 3))
    },
    .init(
      """
      matmul(_:_:) requires the axes before the last two to broadcast together; given shapes (2, 1, 1) and (3, 1, 1). \
      Reshape an operand.
      """, at: #line + 2
    ) {
      matmul(Tensor(repeating: 1.0, shape: [2, 1, 1]), Tensor(repeating: 1.0, shape: [3, 1, 1]))
    },
  ]
}
