import Foundation

/// A peer at work in a process of its own. Between commands it is blocked reading, and takes no time from others.
package final class PeerProcess {
  package let name: String
  /// As the peer says.
  package private(set) var version = ""
  package private(set) var programs: Set<String> = []

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var lines = LineBuffer()
  private let complaints: URL

  package struct Failure: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
  }

  /// Starts `python script name threads`. Throws if the peer cannot be started, or says that it lacks something.
  package init(_ name: String, python: String, script: String, threads: Int, directory: URL) throws {
    self.name = name
    complaints = directory.appendingPathComponent("\(name)-errors")
    try Data().write(to: complaints)
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-B", script, name, String(threads)]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: complaints)
    // A peer that has died is noticed when it does not answer.
    signal(SIGPIPE, SIG_IGN)
    try process.run()
    let hello = try answer()
    version = hello.version ?? ""
    programs = Set(hello.programs ?? [])
  }

  deinit { stop() }

  package func stop() {
    try? input.fileHandleForWriting.close()
    if process.isRunning { process.waitUntilExit() }
  }

  package func ask(_ command: PeerCommand) throws -> PeerAnswer {
    try input.fileHandleForWriting.write(contentsOf: command.line)
    return try answer()
  }

  private func answer() throws -> PeerAnswer {
    while true {
      if let line = lines.next() {
        let answer = PeerAnswer(line: line)
        if let error = answer.error { throw Failure(description: error) }
        return answer
      }
      let piece = output.fileHandleForReading.availableData
      guard !piece.isEmpty else { throw Failure(description: "it ended: \(lastComplaint)") }
      lines.append(piece)
    }
  }

  /// The last line that it wrote to standard error.
  private var lastComplaint: String {
    let text = (try? String(contentsOf: complaints, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").last.map(String.init) ?? "no reason given"
  }
}
