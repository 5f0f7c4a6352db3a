import Testing
import Wengert

/// Every message about contractions and windows, word for word, with the line of the mistake.
@Suite struct ContractionMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = ContractionMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  private static func zeros(_ sizes: Int...) -> Tensor<Double> { Tensor(repeating: 0, shape: Shape(sizes)) }

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    let syntax =
      "einsum(_:_:) requires an equation of letters, with commas between operands, at most one ... each and one ->"
    for equation in ["i*j", "ij.", "i->j->k", "......", "i->,", "i-", "i>j", "ij;jk", "i1", "é"] {
      if list.makes("\(syntax); given \"\(equation)\". Write it as in \"bij,bjk->bik\".", at: #line + 1) {
        _ = einsum(equation, zeros(2, 2))
      }
    }
    if list.makes(
      """
      einsum(_:_:) requires as many operands as the equation has; given 1 for the 2 of "ij,jk->ik". \
      Separate the labels of operands by commas.
      """, at: #line + 2
    ) {
      _ = einsum("ij,jk->ik", zeros(2, 2))
    }
    if list.makes(
      """
      einsum(_:_:) requires a label for each axis; given shape (2, 2, 2) in "ij,jk->ik". \
      Use ... for axes that only broadcast.
      """, at: #line + 2
    ) {
      _ = einsum("ij,jk->ik", zeros(2, 2), zeros(2, 2, 2))
    }
    if list.makes(
      """
      einsum(_:_:) requires a label for each axis; given shape (2,) in "i...j->ij". \
      Use ... for axes that only broadcast.
      """, at: #line + 2
    ) {
      _ = einsum("i...j->ij", zeros(2))
    }
    if list.makes(
      """
      einsum(_:_:) requires each label of the result to be an operand's, and once; given label k in "ij->ik". \
      Remove it, or name an axis by it.
      """, at: #line + 2
    ) {
      _ = einsum("ij->ik", zeros(2, 2))
    }
    if list.makes(
      """
      einsum(_:_:) requires each label of the result to be an operand's, and once; given label i in "ij->iji". \
      Remove it, or name an axis by it.
      """, at: #line + 2
    ) {
      _ = einsum("ij->iji", zeros(2, 2))
    }
    if list.makes(
      """
      einsum(_:_:) requires each label to stand for one size; given label j of sizes 3 and 4 in "ij,jk->ik". \
      Reshape an operand, or use another label.
      """, at: #line + 2
    ) {
      _ = einsum("ij,jk->ik", zeros(2, 3), zeros(4, 2))
    }
    if list.makes(
      """
      einsum(_:_:) requires each label to stand for one size; given label i of sizes 1 and 3 in "ii". \
      Reshape an operand, or use another label.
      """, at: #line + 2
    ) {
      _ = einsum("ii", zeros(1, 3))
    }
    if list.makes(
      """
      einsum(_:_:) requires each label to stand for one size; given label ... of sizes 2 and 3 in "...,...". \
      Reshape an operand, or use another label.
      """, at: #line + 2
    ) {
      _ = einsum("...,...", zeros(4, 2), zeros(3))
    }
    if list.makes(
      "a shape has at most 8 axes; given 10: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]. Merge axes with reshaped(to:).",
      at: #line + 2)
    {
      _ = einsum("abcde,fghij", zeros(1, 1, 1, 1, 1), zeros(1, 1, 1, 1, 1))
    }
    if list.makes(
      """
      tensordot(_:_:axes:) requires as many axes of both operands; given 2 axes of shapes (2, 3) and (3,). \
      Use a number in 0...1.
      """, at: #line + 2
    ) {
      _ = tensordot(zeros(2, 3), zeros(3), axes: 2)
    }
    if list.makes(
      """
      tensordot(_:_:axes:) requires lists of as many axes of both operands; given [0] and [1, 0]. \
      Pair each axis with one of the other operand.
      """, at: #line + 2
    ) {
      _ = tensordot(zeros(2, 3), zeros(3, 2), axes: ([0], [1, 0]))
    }
    if list.makes(
      """
      tensordot(_:_:axes:) requires paired axes to have one size; given axes [0] of shape (2, 3) and [0] of shape \
      (3, 2). Check the axes, or transpose an operand.
      """, at: #line + 2
    ) {
      _ = tensordot(zeros(2, 3), zeros(3, 2), axes: ([0], [0]))
    }
    if list.makes(
      """
      tensordot(_:_:axes:) requires axes in -2..<2; given axis 2 of shape (2, 3). \
      Count axes from 0, or from -1 at the end.
      """, at: #line + 2
    ) {
      _ = tensordot(zeros(2, 3), zeros(3, 2), axes: ([2], [0]))
    }
    if list.makes(
      """
      outer(_:_:) requires two vectors; given shapes (2,) and (1, 2). \
      Reshape them, or use tensordot(_:_:axes:) with 0 axes.
      """, at: #line + 2
    ) {
      _ = outer(zeros(2), zeros(1, 2))
    }
    if list.makes(
      """
      dot(_:_:) requires two vectors of one size; given shapes (2,) and (3,). \
      Use matmul(_:_:) or (a * b).sum(along:) for other shapes.
      """, at: #line + 2
    ) {
      _ = dot(zeros(2), zeros(3))
    }
    if list.makes(
      """
      cross(_:_:) requires vectors of three elements along the last axes; given shapes (3, 2) and (3,). \
      Transpose, if the vectors lie along another axis.
      """, at: #line + 2
    ) {
      _ = cross(zeros(3, 2), zeros(3))
    }
    addWindows(&list)
    return list.outputs
  }

  private static func addWindows(_ list: inout MisuseList) {
    let convolutionShapes = """
      convolution(_:_:) requires shapes (N, C, L) and (O, C / groups, K), or (N, C, H, W) and (O, C / groups, KH, KW), \
      with groups that divide C and O
      """
    if list.makes(
      "\(convolutionShapes); given (1, 2, 5), (3, 1, 2) and groups 1. Reshape an operand, or check its channels.",
      at: #line + 2)
    {
      _ = convolution(zeros(1, 2, 5), zeros(3, 1, 2))
    }
    if list.makes(
      "\(convolutionShapes); given (1, 4, 5), (3, 2, 2) and groups 2. Reshape an operand, or check its channels.",
      at: #line + 2)
    {
      _ = convolution(zeros(1, 4, 5), zeros(3, 2, 2), groups: 2)
    }
    if list.makes(
      "\(convolutionShapes); given (1, 4, 5), (3, 4, 2) and groups 0. Reshape an operand, or check its channels.",
      at: #line + 2)
    {
      _ = convolution(zeros(1, 4, 5), zeros(3, 4, 2), groups: 0)
    }
    if list.makes(
      "\(convolutionShapes); given (4, 5), (3, 2) and groups 1. Reshape an operand, or check its channels.",
      at: #line + 2)
    {
      _ = convolution(zeros(4, 5), zeros(3, 2))
    }
    if list.makes(
      """
      convolution(_:_:) requires a bias of one element per output channel; given (2,) for 3 channels. \
      Pass a vector of 3 elements.
      """, at: #line + 2
    ) {
      _ = convolution(zeros(1, 2, 5), zeros(3, 2, 2), bias: zeros(2))
    }
    if list.makes(
      """
      convolution(_:_:) requires a stride of at least 1 along each of 2 spatial axes; given [1]. \
      Pass one number for all axes, or a list of 2.
      """, at: #line + 2
    ) {
      _ = convolution(zeros(1, 2, 5, 5), zeros(3, 2, 2, 2), stride: [1])
    }
    if list.makes(
      """
      convolution(_:_:) requires a dilation of at least 1 along each of 1 spatial axes; given 0. \
      Pass one number for all axes, or a list of 1.
      """, at: #line + 2
    ) {
      _ = convolution(zeros(1, 2, 5), zeros(3, 2, 2), dilation: 0)
    }
    if list.makes(
      """
      convolution(_:_:) requires a window of at least 1 along each of 1 spatial axes; given [0]. \
      Pass one number for all axes, or a list of 1.
      """, at: #line + 2
    ) {
      _ = convolution(zeros(1, 2, 5), zeros(3, 2, 0))
    }
    if list.makes(
      """
      convolution(_:_:) requires padding of at least 0 along each of 1 spatial axes; given -1. \
      Pass one number for all axes, or a list of 1.
      """, at: #line + 2
    ) {
      _ = convolution(zeros(1, 2, 5), zeros(3, 2, 2), padding: -1)
    }
    if list.makes(
      """
      convolution(_:_:) requires windows that fit into the padded input; given a window over 5 positions and \
      0 + 3 + 1 along axis 3 of shape (1, 2, 5, 3). Pad more, or use a smaller window.
      """, at: #line + 3
    ) {
      let padding = WindowPadding.sides(low: 0, high: 1)
      _ = convolution(zeros(1, 2, 5, 3), zeros(3, 2, 3, 3), padding: padding, dilation: 2)
    }
    if list.makes(
      """
      transposedConvolution(_:_:) requires shapes (N, C, L) and (C, O / groups, K), or (N, C, H, W) and \
      (C, O / groups, KH, KW), with groups that divide C; given (1, 2, 5), (3, 2, 2) and groups 1. \
      Reshape an operand, or check its channels.
      """, at: #line + 2
    ) {
      _ = transposedConvolution(zeros(1, 2, 5), zeros(3, 2, 2))
    }
    if list.makes(
      """
      transposedConvolution(_:_:) requires output padding of at least 0 that is smaller than the stride or the \
      dilation, along each of 1 spatial axes, and none beside .same; given 2. Leave it out, or use a larger stride.
      """, at: #line + 2
    ) {
      _ = transposedConvolution(zeros(1, 2, 5), zeros(2, 2, 2), stride: 2, outputPadding: 2)
    }
    if list.makes(
      """
      transposedConvolution(_:_:) requires padding that leaves a result; given a result of size 0 along axis 2 from \
      shape (1, 2, 1). Pad less.
      """, at: #line + 2
    ) {
      _ = transposedConvolution(zeros(1, 2, 1), zeros(2, 2, 2), padding: 1)
    }
    if list.makes(
      """
      maxPool(_:window:) requires a shape (N, C, L) or (N, C, H, W); given (4, 4). \
      Add axes of one element with reshaped(to:).
      """, at: #line + 2
    ) {
      _ = maxPool(zeros(4, 4), window: 2)
    }
    if list.makes(
      """
      averagePool(_:window:) requires windows that fit into the padded input; given a window over 4 positions and \
      0 + 3 + 0 along axis 2 of shape (1, 1, 3). Pad more, or use a smaller window.
      """, at: #line + 2
    ) {
      _ = averagePool(zeros(1, 1, 3), window: 4)
    }
    if list.makes(
      """
      maxPool(_:window:) requires each window to hold an element; given window 0 along axis 2 of shape (1, 1, 3), \
      which holds padding only. Pad less than a window's size.
      """, at: #line + 2
    ) {
      _ = maxPool(zeros(1, 1, 3), window: 2, padding: 2)
    }
  }
}
