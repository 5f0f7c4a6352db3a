import Testing
import Wengert

/// Every message about the shapes of linear algebra, word for word, with the line of the mistake.
@Suite struct LinearAlgebraMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = LinearAlgebraMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    if list.makes(
      """
      determinant(_:) requires a square matrix, or a stack of them along leading axes; given shape (2,). \
      Check the last two axes.
      """, at: #line + 2
    ) {
      _ = determinant(vector(1, 2))
    }
    if list.makes(
      """
      cholesky(_:) requires a square matrix, or a stack of them along leading axes; given shape (2, 3). \
      Check the last two axes.
      """, at: #line + 2
    ) {
      _ = try? cholesky(Tensor(repeating: 1.0, shape: [2, 3]))
    }
    if list.makes(
      """
      qr(_:) requires a matrix, or a stack of them along leading axes; given shape (). \
      Reshape the tensor to two or more axes.
      """, at: #line + 2
    ) {
      _ = qr(Tensor(1.0))
    }
    if list.makes(
      """
      solve(_:_:) requires a right-hand side of as many rows as the matrix has, a vector or a stack of matrices whose \
      leading axes broadcast with the matrix's; given shapes (2, 2) and (3,). Transpose or reshape the right-hand side.
      """, at: #line + 2
    ) {
      _ = try? solve(Tensor([[1.0, 2], [3, 4]]), vector(1, 2, 3))
    }
    if list.makes(
      """
      leastSquares(_:_:) requires a right-hand side of as many rows as the matrix has, a vector or a stack of matrices \
      whose leading axes broadcast with the matrix's; given shapes (2, 2, 1) and (3, 2, 1). Transpose or reshape the \
      right-hand side.
      """, at: #line + 2
    ) {
      _ = try? leastSquares(Tensor(repeating: 1.0, shape: [2, 2, 1]), Tensor(repeating: 1.0, shape: [3, 2, 1]))
    }
    if list.makes(
      """
      pseudoInverse(_:relativeTolerance:) requires a tolerance of 0 or more; given -0.5. Check the tolerance.
      """, at: #line + 2
    ) {
      _ = try? pseudoInverse(Tensor([[1.0]]), relativeTolerance: -0.5)
    }
    return list.outputs
  }
}
