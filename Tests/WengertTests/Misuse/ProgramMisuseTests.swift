import Testing
import Wengert

/// Every message about programs and checkpoints, word for word, with the line of the mistake.
@Suite struct ProgramMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = ProgramMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    let x = ShapedArray([1.0, 2.0, 3.0])
    if list.makes(
      """
      recorded(at:of:) requires an output of one element; given shape (3,). Reduce the output, for example with sum(), or \
      use pullback(at:of:) with a cotangent.
      """, at: #line + 2
    ) {
      _ = recorded(at: x) { $0 * 2 }
    }
    if list.makes(
      """
      a recorded function computes derivatives on its tape; given backward(), whose gradients are read by the host. \
      Use gradient(at:of:) in its place.
      """, at: #line + 3
    ) {
      _ = recorded(at: x) { x in
        _ = x.sum().backward()
        return x.sum()
      }
    }
    if list.makes(
      """
      a recorded function draws no random numbers, as replays would not draw anew; given a RandomStream inside one. \
      Draw before the call, and pass the numbers as an input.
      """, at: #line + 4
    ) {
      var random = RandomStream(seed: 1)
      _ = recorded(at: x) { x in
        (x * random.uniform(shape: [3], in: 0...1)).sum()
      }
    }
    if list.makes(
      """
      a memory budget is enough for what a program needs at one time; given 64 bytes for at least 256. \
      Raise memoryBudget, or make the function's steps smaller.
      """, at: #line + 2
    ) {
      _ = recorded(at: x, memoryBudget: 64) { x in tanh(exp(x)).sum() }
    }
    let logits = ShapedArray([[1.0, 2, 3], [0, -1, 1]])
    if list.makes(
      """
      crossEntropy(_:labels:) requires labels in 0..<3; given label 3 in row 1. Check the data, or widen the last layer.
      """, at: #line + 3
    ) {
      let program = recorded(at: logits, [0, 1]) { crossEntropy($0, labels: $1) }
      _ = program(logits, [0, 3])
    }
    if list.makes(
      """
      a tensor is used within the scope and on the thread that recorded it; given a tensor whose scope has ended, or of \
      another thread. Keep its value instead: ShapedArray values outlive scopes and cross threads.
      """, at: #line + 8
    ) {
      let x = Tensor(x)
      var inside = x
      let y = checkpointed {
        inside = exp(x)
        return tanh(inside)
      }
      print((inside * y).sum().item)
    }
    return list.outputs
  }
}
