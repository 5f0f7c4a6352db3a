import Testing
import Wengert

/// Every message about elementwise functions, word for word, with the line of the mistake.
@Suite struct ElementwiseMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = ElementwiseMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    if list.makes(
      """
      polygamma(_:_:) requires an order of 0 or more; given -1. Order 0 is digamma(_:), and logGamma(_:) the function \
      whose derivative that is.
      """, at: #line + 2
    ) {
      _ = polygamma(-1, vector(1, 2))
    }
    if list.makes(
      """
      atan2(_:_:) requires shapes that broadcast together: aligned at the last axis, sizes are equal or 1; given shapes \
      (2,) and (3,). Reshape an operand, or reduce it first.
      """, at: #line + 2
    ) {
      _ = atan2(vector(1, 2), vector(1, 2, 3))
    }
    return list.outputs
  }
}
