import Testing
import Wengert

/// Lines of operations that the optimizer would like to hide.
@Suite struct SourceLineTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = SourceLineTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  private static let message = """
    + requires shapes that broadcast together: aligned at the last axis, sizes are equal or 1; \
    given shapes (2,) and (3,). Reshape an operand, or reduce it first.
    """

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    if list.makes(message, at: tailPositionLine) { _ = tailPosition(vector(1, 2), vector(1, 2, 3)) }
    if list.makes(message, at: inlinedLine) { _ = inlined(vector(1, 2), vector(1, 2, 3)) }
    if list.makes(message, at: genericLine) { _ = generic(vector(1, 2), vector(1, 2, 3)) }
    return list.outputs
  }

  /// The listing shows the same lines.
  @Test func listingShowsLines() {
    let lines = Tape.scope {
      let x = vector(1, 2)
      let start = Tape.current.count
      let y = tailPosition(x, x)
      let z = inlined(y, y)
      // A number that no other test on this thread has left a constant of, which would be used again.
      let last = (z * 0.8125).sum()
      #expect(last.item == 9.75)
      return Tape.current.listing(start..<Tape.current.count).split(separator: "\n").map(String.init)
    }
    let here = #line - 4
    let expected = [tailPositionLine, inlinedLine, here, here, here].map { "Misuse/SourceLineTests.swift:\($0)" }
    #expect(lines.map { String($0.split(separator: " ").last!) } == expected)
    #expect(lines[0].hasPrefix("%") && lines[0].contains("= add %"))
    #expect(lines[0].contains("Double(2,)") && lines[0].contains("[2.0, 4.0]"))
  }
}

private let tailPositionLine = #line + 3
@inline(never)
private func tailPosition(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
  a + b
}

private let inlinedLine = #line + 3
@inline(__always)
private func inlined(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
  a + b
}

// Not the same expression as above: equal functions become one, with the lines of one of them.
private let genericLine = #line + 3
@inline(never)
private func generic<S>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> {
  exp(a) + b
}
