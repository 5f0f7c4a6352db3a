import BenchSupport
import Foundation
import Testing

@Suite("What is said to peers, and what they answer")
struct PeerMessageTests {
  @Test("Commands are lines of JSON without what is nil")
  func commands() throws {
    var parameters = PeerParameters()
    parameters.count = 1000
    let program = PeerProgram(
      name: "chain", scalar: .double, parameters: parameters, arrays: [PeerFile(file: "/tmp/a", shape: [2, 3])])
    let line = String(decoding: try PeerCommand.prepare(program, results: "/tmp").line, as: UTF8.self)
    #expect(
      line == """
        {"arrays":[{"file":"/tmp/a","shape":[2,3]}],"do":"prepare","parameters":{"count":1000},"program":"chain",\
        "results":"/tmp","scalar":"double"}

        """)
    #expect(
      String(decoding: try PeerCommand.time(7, .wall).line, as: UTF8.self)
        == "{\"clock\":\"wall\",\"count\":7,\"do\":\"time\"}\n")
    #expect(String(decoding: try PeerCommand.forget.line, as: UTF8.self) == "{\"do\":\"forget\"}\n")
  }

  @Test("Answers")
  func answers() {
    let time = PeerAnswer(line: Data("{\"nanoseconds\": 1500}".utf8))
    #expect(time.nanoseconds == 1500 && time.error == nil)
    let hello = PeerAnswer(line: Data("{\"peer\": \"jax\", \"version\": \"1.2\", \"programs\": [\"mlp\"]}".utf8))
    #expect(hello.version == "1.2" && hello.programs == ["mlp"])
    #expect(PeerAnswer(line: Data("{\"error\": \"ValueError: no\"}".utf8)).error == "ValueError: no")
    #expect(PeerAnswer(line: Data("Traceback".utf8)).error == "not an answer: Traceback")
    #expect(PeerAnswer(line: Data()).error == "it ended without an answer")
  }

  @Test("Lines arrive in pieces")
  func lines() {
    var buffer = LineBuffer()
    #expect(buffer.next() == nil)
    buffer.append(Data("{\"a\":".utf8))
    #expect(buffer.next() == nil)
    buffer.append(Data("1}\n{}\n\nrest".utf8))
    #expect(buffer.next() == Data("{\"a\":1}".utf8))
    #expect(buffer.next() == Data("{}".utf8))
    #expect(buffer.next() == Data())
    #expect(buffer.next() == nil)
    #expect(buffer.rest == Data("rest".utf8))
  }

  @Test("Arrays come back as they were written", arguments: ScalarChoice.allCases)
  func arrays(scalar: ScalarChoice) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("wengert-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    let array = PeerArray(shape: [2, 2], values: [0.5, -1.25, .infinity, 1e30])
    let file = try array.write(to: url, as: scalar)
    let back = try PeerArray(reading: file, as: scalar)
    #expect(back.shape == [2, 2])
    #expect(back.difference(from: array) <= (scalar == .double ? 0 : 1e-7))
    #expect(throws: PeerProcess.Failure.self) {
      try PeerArray(reading: PeerFile(file: url.path, shape: [5]), as: scalar)
    }
  }

  @Test("Differences are relative to the largest element, or to a scale")
  func differences() {
    func array(_ values: Double...) -> PeerArray { PeerArray(shape: [values.count], values: values) }
    #expect(array(1, 2, 3).difference(from: array(1, 2, 4)) == 0.25)
    #expect(array(1, 2, 3).difference(from: array(1, 2, 4), scale: 10) == 0.1)
    #expect(array(.nan, 2).difference(from: array(.nan, 2)) == 0)
    #expect(array(.nan, 2).difference(from: array(1, 2)) == .infinity)
    #expect(array(.infinity, 2).difference(from: array(.infinity, 2)) == 0)
    #expect(array(.infinity, 2).difference(from: array(1, 2)) == .infinity)
    #expect(array(1).difference(from: array(1, 1)) == .infinity)
    #expect(array(0, 0).difference(from: array(0, 0)) == 0)
  }
}
