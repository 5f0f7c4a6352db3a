import Testing
import Wengert

/// Every message about reductions and sorting, word for word, with the line of the mistake.
@Suite struct ReductionMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = ReductionMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    if list.makes(
      """
      min() requires at least one element along the axes it reduces; given axes [0] of shape (0,). \
      The minimum of no elements has no value: test for emptiness first.
      """, at: #line + 2
    ) {
      _ = Tensor([] as [Double]).min()
    }
    if list.makes(
      """
      argmax() requires at least one element along the axes it reduces; given axes [0, 1] of shape (2, 0). \
      The maximum of no elements has no value: test for emptiness first.
      """, at: #line + 2
    ) {
      _ = Tensor(repeating: 1.0, shape: [2, 0]).argmax()
    }
    if list.makes(
      """
      argmin(along:keepingAxes:) requires at least one element along the axes it reduces; given axes [1] of shape \
      (2, 0). The minimum of no elements has no value: test for emptiness first.
      """, at: #line + 2
    ) {
      _ = Tensor(repeating: 1.0, shape: [2, 0]).argmin(along: -1)
    }
    if list.makes(
      "argmax(along:keepingAxes:) requires axes in -1..<1; given axis 1 of shape (2,). "
        + "Count axes from 0, or from -1 at the end.", at: #line + 2)
    {
      _ = vector(1, 2).argmax(along: 1)
    }
    if list.makes(
      "prod(along:keepingAxes:) requires each axis once; given axes [0, -1] of shape (2,). Remove the repetition.",
      at: #line + 2)
    {
      _ = vector(1, 2).prod(along: 0, -1)
    }
    if list.makes(
      "variance(along:correction:keepingAxes:) requires axes in -1..<1; given axis 2 of shape (2,). "
        + "Count axes from 0, or from -1 at the end.", at: #line + 2)
    {
      _ = vector(1, 2).variance(along: 2)
    }
    if list.makes(
      "standardDeviation(along:correction:keepingAxes:) requires axes in -1..<1; given axis 2 of shape (2,). "
        + "Count axes from 0, or from -1 at the end.", at: #line + 2)
    {
      _ = vector(1, 2).standardDeviation(along: 2)
    }
    if list.makes(
      "norm(_:) requires an order that is a number; given NaN. Use 1, 2, .infinity or another number.", at: #line + 2)
    {
      _ = vector(1, 2).norm(.nan)
    }
    if list.makes(
      """
      norm(_:along:keepingAxes:) requires at least one element along the axes it reduces; given axes [0] of shape \
      (0, 2). The maximum of no elements has no value: test for emptiness first.
      """, at: #line + 2
    ) {
      _ = Tensor(repeating: 1.0, shape: [0, 2]).norm(.infinity, along: 0)
    }
    if list.makes(
      "cumulativeSum(along:exclusive:reversed:) requires axes in -1..<1; given axis 1 of shape (2,). "
        + "Count axes from 0, or from -1 at the end.", at: #line + 2)
    {
      _ = vector(1, 2).cumulativeSum(along: 1)
    }
    if list.makes(
      "cumulativeLogSumExp(_:along:reversed:) requires an axis to reduce or reorder along; given axis 0 of shape (). "
        + "Count axes from 0, or from -1 at the end.", at: #line + 2)
    {
      _ = cumulativeLogSumExp(Tensor(1.0), along: 0)
    }
    if list.makes(
      "sorted(along:descending:) requires an axis to reduce or reorder along; given axis -1 of shape (). "
        + "Count axes from 0, or from -1 at the end.", at: #line + 2)
    {
      _ = Tensor(1.0).sorted()
    }
    if list.makes(
      "topK(_:along:smallest:) requires a count in 0...2; given 3 along axis 0 of shape (2,). "
        + "Limit the count to the size of the axis.", at: #line + 2)
    {
      _ = vector(1, 2).topK(3)
    }
    if list.makes(
      """
      median() requires at least one element along the axes it reduces; given axes [0] of shape (0,). \
      The median of no elements has no value: test for emptiness first.
      """, at: #line + 2
    ) {
      _ = Tensor([] as [Double]).median()
    }
    if list.makes(
      "quantile(_:along:keepingAxes:) requires a fraction in 0...1; given 50.0. Divide a percentage by 100.",
      at: #line + 2)
    {
      _ = vector(1, 2).quantile(50, along: 0)
    }
    return list.outputs
  }
}
