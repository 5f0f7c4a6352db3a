import Foundation
import Testing
import Wengert

/// Every message about tapes, differentiations and labels, word for word, with the line of the mistake.
@Suite struct TapeMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = TapeMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  private static let stale = """
    a tensor is used within the scope and on the thread that recorded it; \
    given a tensor whose scope has ended, or of another thread. \
    Keep its value instead: ShapedArray values outlive scopes and cross threads.
    """
  private static let severed = """
    a result of gradient(at:of:) or Tape.scope can be differentiated only within an enclosing differentiation; \
    given a backward pass that reaches such a result. \
    Move the call into the function being differentiated, or use detached() if it is meant as a constant.
    """

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    // MARK: Tensors that have gone

    if list.makes(stale, at: #line + 3) {
      var kept: [Tensor<Double>] = []
      Tape.scope { kept.append(vector(1, 2)) }
      _ = kept[0].value
    }
    if list.makes(stale, at: #line + 4) {
      var kept: [Tensor<Double>] = []
      Tape.scope { kept.append(vector(1, 2)) }
      let other = vector(1, 2)
      _ = other + kept[0]
    }
    // The position has been given to another tensor since.
    if list.makes(stale, at: #line + 4) {
      var kept: [Tensor<Double>] = []
      Tape.scope { kept.append(vector(1, 2)) }
      _ = Tape.scope {
        (vector(3, 4) * kept[0]).value
      }
    }
    if list.makes(stale, at: #line + 7) {
      var kept: Tensor<Double>?
      let x = vector(1, 2)
      _ = gradient(at: x) { x in
        kept = x
        return x.sum()
      }
      _ = exp(kept!)
    }
    // Inner scopes end before outer ones.
    if list.makes(stale, at: #line + 4) {
      _ = Tape.scope {
        var kept: [Tensor<Double>] = []
        Tape.scope { kept.append(vector(1, 2)) }
        return kept[0].value
      }
    }
    if list.makes(stale, at: #line + 4) {
      let x = vector(1, 2)
      let thread = Thread {
        for _ in 0..<100 { _ = Tensor(1.0) }
        print(x.sum())
      }
      thread.start()
      // Ends with the message: on a busy machine, finding its line may take a while.
      sleep(300)
    }
    if list.makes(stale, at: #line + 4) {
      let x = vector(1, 2)
      var pullbacks: [(Tensor<Double>) -> Tensor<Double>] = []
      Tape.scope { pullbacks.append(pullback(at: x) { $0 * $0 }) }
      _ = pullbacks[0](x)
    }
    if list.makes(stale, at: #line + 4) {
      let x = vector(1, 2)
      var kept: Gradients?
      Tape.scope { kept = (x * x).sum().backward() }
      _ = kept![x]
    }
    if list.makes(stale, at: #line + 3) {
      var kept: [Tensor<Double>] = []
      Tape.scope { kept.append(vector(1, 2)) }
      _ = vector(1, 2).sum().backward().reaches(kept[0])
    }

    // MARK: Outputs and cotangents

    if list.makes(
      """
      backward() requires an output of one element; given shape (2,). \
      Reduce the output, for example with sum(), or use pullback(at:of:) with a cotangent.
      """, at: #line + 2
    ) {
      _ = vector(1, 2).backward()
    }
    if list.makes(
      """
      gradient(at:of:) requires an output of one element; given shape (2,). \
      Reduce the output, for example with sum(), or use pullback(at:of:) with a cotangent.
      """, at: #line + 2
    ) {
      _ = gradient(at: vector(1, 2), vector(3, 4)) { $0 * $1 }
    }
    if list.makes(
      """
      gradient(at:of:) requires an output of one element; given shape (0,). \
      Reduce the output, for example with sum(), or use pullback(at:of:) with a cotangent.
      """, at: #line + 2
    ) {
      _ = gradient(at: vector(1, 2)) { $0.sliced(0..<0) }
    }
    if list.makes(
      """
      a pullback takes a cotangent of the output's shape; given output (2,) and cotangent (3,). \
      Pass a cotangent of shape (2,).
      """, at: #line + 3
    ) {
      let pullback = pullback(at: vector(1, 2)) { $0 * $0 }
      _ = pullback(vector(1, 2, 3))
    }

    // MARK: Paths that have been cut

    if list.makes(severed, at: #line + 2) {
      let g = gradient(at: vector(1, 2)) { ($0 * $0).sum() }
      _ = (g * g).sum().backward()
    }
    if list.makes(severed, at: #line + 2) {
      let y = Tape.scope { vector(1, 2) * 2 }
      _ = (y * y).sum().backward()
    }
    if list.makes(severed, at: #line + 3) {
      let x = vector(1, 2)
      let v = pullback(at: x) { $0 * $0 }(x)
      _ = (v * x).sum().backward()
    }
    if list.makes(severed, at: #line + 2) {
      let value = valueWithGradient(at: vector(1, 2)) { ($0 * $0).sum() }.value
      _ = (value * 2).backward()
    }

    // MARK: Listings

    if list.makes("listing(_:) requires records of the tape, 0..<2; given 1..<3. Check the range.", at: #line + 2) {
      _ = vector(1, 2).sum()
      print(Tape.current.listing(1..<3))
    }

    // MARK: Labels

    if list.makes(
      """
      crossEntropy(_:labels:) requires a matrix of rows and classes and one label per row; \
      given 1 labels for shape (2, 2). Check that inputs and labels belong together.
      """, at: #line + 2
    ) {
      _ = crossEntropy(Tensor([[1.0, 2], [3, 4]]), labels: [0])
    }
    if list.makes(
      """
      crossEntropy(_:labels:) requires a matrix of rows and classes and one label per row; \
      given 2 labels for shape (2,). Check that inputs and labels belong together.
      """, at: #line + 2
    ) {
      _ = crossEntropy(vector(1, 2), labels: [0, 1])
    }
    if list.makes(
      """
      crossEntropy(_:labels:) requires labels in 0..<2; given label 2 in row 1. \
      Check the data, or widen the last layer.
      """,
      at: #line + 2)
    {
      _ = crossEntropy(Tensor([[1.0, 2], [3, 4]]), labels: [0, 2])
    }
    if list.makes(
      """
      negativeLogLikelihood(_:labels:) requires labels in 0..<2; given label -1 in row 0. \
      Check the data, or widen the last layer.
      """, at: #line + 2
    ) {
      _ = negativeLogLikelihood(Tensor([[1.0, 2], [3, 4]]), labels: [-1, 0])
    }

    // MARK: Models

    if list.makes(
      """
      valueWithGradient(at:of:) of a model requires that no differentiation is under way around it; \
      given a call inside one, whose value would leave the tape. \
      Use gradient(at:of:), and compute the value from the model.
      """, at: #line + 3
    ) {
      let model = Scale(factor: Parameter(ShapedArray([1.0, 2])))
      _ = gradient(at: vector(1, 2)) { x in Tensor(valueWithGradient(at: model) { ($0.factor.tensor * x).sum() }.value)
      }
    }
    if list.makes(
      """
      gradient(at:of:) requires an output of one element; given shape (2,). \
      Reduce the output, for example with sum(), or use pullback(at:of:) with a cotangent.
      """, at: #line + 3
    ) {
      let model = Scale(factor: Parameter(ShapedArray([1.0, 2])))
      _ = gradient(at: model) { $0.factor.tensor * 2 }
    }
    return list.outputs
  }
}

/// The smallest model.
struct Scale: Model {
  var factor: Parameter<Double>
  mutating func visitParameters(_ visitor: inout some ParameterVisitor<Double>) { visitor.visit("factor", &factor) }
}
