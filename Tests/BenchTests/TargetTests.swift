import BenchSupport
import Foundation
import Testing

@Suite("Targets, rounds and tables")
struct TargetTests {
  @Test("A target is reached when no case is below it")
  func targets() throws {
    var board = Scoreboard()
    let target = Target("operations", against: "torch", atLeast: 5)
    board.add("exp", target, ratio: 6)
    board.add("tan", target, ratio: 4)
    board.add("log", target, ratio: 2)
    board.add("chain", Target("chain", against: "torch", atLeast: 300), ratio: 300)
    #expect(board.entries.map(\.isReached) == [false, true])
    #expect(board.entries[0].missed.map(\.name) == ["log", "tan"])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(board), as: UTF8.self)
    #expect(
      text == """
        [{"against":"torch","at_least":5,"missed":[{"case":"log","ratio":2},{"case":"tan","ratio":4}],"of":3,\
        "ratio":2,"reached":1,"work":"operations"},{"against":"torch","at_least":300,"missed":[],"of":1,"ratio":300,\
        "reached":1,"work":"chain"}]
        """)
  }

  @Test("Ratios are taken round by round")
  func rounds() {
    // In the second round the machine was three times as slow for both.
    let rounds = Rounds(samples: [[10, 30, 10], [20, 60, 20]])
    #expect(rounds.time(0).median == 10)
    #expect(rounds.ratio(1, to: 0).median == 2)
    #expect(rounds.ratio(1, to: 0).spread == 0)
  }

  @Test("Contenders take turns, with as many runs as make a sample, once the threads before have gone to sleep")
  func turns() throws {
    var order: [String] = []
    var lastEnd = 0.0
    var pauses: [String: [Double]] = [:]
    func contender(_ name: String, _ nanoseconds: Double, _ rest: Rest) -> Contender {
      Contender(name: name, rest: rest) { count in
        if lastEnd > 0 { pauses[name, default: []].append(BenchSupport.nanoseconds() - lastEnd) }
        order.append(name)
        lastEnd = BenchSupport.nanoseconds()
        return nanoseconds * Double(count)
      }
    }
    let rounds = try Rounds(
      [contender("fast", 10, .ofOpenMP), contender("slow", 5000, .short)],
      effort: Effort(sampleNanoseconds: 1000, sampleCount: 3))
    #expect(rounds.samples == [[10, 10, 10], [5000, 5000, 5000]])
    #expect(Array(order.suffix(6)) == ["fast", "slow", "fast", "slow", "fast", "slow"])
    // How long a sleep lasts at most is not ours to say.
    let shortest = ["fast": Rest.short, "slow": Rest.ofOpenMP]
    for (name, rest) in shortest {
      #expect(try #require(pauses[name]?.suffix(3).min()) >= rest.seconds * 1e9)
    }
  }

  @Test("Medians and half the distance between quartiles")
  func estimates() {
    let estimate = Estimate([4, 1, 2, 3, 100])
    #expect(estimate.median == 3)
    #expect(estimate.spread == 1)
  }

  @Test("Of a page only the program's part is replaced")
  func pages() {
    let part = MarkdownPage.page("", with: "one\n")
    #expect(part == "\(MarkdownPage.begin)\none\n\(MarkdownPage.end)\n")
    let page = MarkdownPage.page("# Title\n\(part)after\n", with: "two\n")
    #expect(page == "# Title\n\(MarkdownPage.begin)\ntwo\n\(MarkdownPage.end)\nafter\n")
  }

  @Test("Tables are aligned")
  func tables() {
    let table = Table(columns: [.init(title: "name", width: 6, isLeft: true), .init(title: "ns", width: 5)])
    #expect(
      table.header() + "\n" + table.row(["a", Format.number(12345)]) == """
        name      ns
        ────────────
        a      12,345
        """)
    #expect([0.05, 0.5, 12.34, 123.4].map(Format.number) == ["0.050", "0.50", "12.3", "123"])
  }
}
