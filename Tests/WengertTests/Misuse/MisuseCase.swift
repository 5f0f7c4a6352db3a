import Testing
import Wengert

/// A mistake and the message that it has to stop the program with, word for word.
struct MisuseCase: Sendable {
  let message: String
  /// Where the mistake is made, as messages show it: a file with its folder, and a line.
  let location: String
  /// The result is boxed after the call, so that the mistake is not a tail call, which would hide its line.
  let mistake: @Sendable () -> Any

  /// `line` is that of the mistake; written as the body's only line, it is `#line + 1`.
  init(
    _ message: String, at line: Int, file: String = #filePath, mistake: @escaping @Sendable () -> Any
  ) {
    self.message = message
    location = file.split(separator: "/").suffix(2).joined(separator: "/") + ":\(line)"
    self.mistake = mistake
  }

  /// What standard error must show.
  var output: String { "\(location): Fatal error: \(message)" }
}

/// Expects a process to have failed with exactly one message.
func expectMessage(
  _ result: ExitTest.Result?, of testCase: MisuseCase, sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let result else { return }
  let output = String(decoding: result.standardErrorContent, as: UTF8.self)
  let lines = output.split(separator: "\n").map(String.init)
  let fatal = lines.filter { $0.contains("Fatal error") }
  #expect(fatal == [testCase.output], sourceLocation: sourceLocation)
}
