import Testing
import Wengert

/// The mistakes of one function, each with the message that it has to stop the program with, word for word.
///
/// The function makes a list of all of its mistakes and, if asked, one of them: all are lines of one function, as the
/// optimizer gives functions that differ in little one body, which then has no lines.
struct MisuseList {
  /// Which mistake to make.
  private let chosen: Int?
  /// What standard error must show for each.
  private(set) var outputs: [String] = []

  init(making chosen: Int?) { self.chosen = chosen }

  /// Adds a mistake, and returns whether it is to be made. `line` is where.
  mutating func makes(_ message: String, at line: Int, file: String = #filePath) -> Bool {
    let location = file.split(separator: "/").suffix(2).joined(separator: "/") + ":\(line)"
    outputs.append("\(location): Fatal error: \(message)")
    return outputs.count - 1 == chosen
  }
}

/// Expects a process to have failed with exactly one message.
func expect(
  _ output: String, from result: ExitTest.Result?, sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
  guard let result else { return }
  let lines = String(decoding: result.standardErrorContent, as: UTF8.self).split(separator: "\n").map(String.init)
  #expect(lines.filter { $0.contains("Fatal error") } == [output], sourceLocation: sourceLocation)
}
