import Testing
import Wengert

/// Every message about threads, word for word, with the line of the mistake.
@Suite struct ThreadMisuseTests {
  @Test(arguments: mistakes().indices)
  func stops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = ThreadMisuseTests.mistakes(making: index)
    }
    expect(Self.mistakes()[index], from: result)
  }

  static func mistakes(making chosen: Int? = nil) -> [String] {
    var list = MisuseList(making: chosen)
    if list.makes(
      "Tape.threadCount is at least 1; given 0. Set 1 to compute on the calling thread alone.", at: #line + 2)
    {
      Tape.threadCount = 0
    }
    return list.outputs
  }
}
