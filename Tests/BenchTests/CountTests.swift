import BenchSupport
import Testing

@Suite("Counts beside those that are expected")
struct CountTests {
  private let expected = [Count(name: "chain", instructions: 1000, allocations: 2, tapeBytes: 4096)]

  private func verdicts(_ count: Count) -> [CountComparison.Verdict] {
    CountComparison([count], expected: expected, tolerance: 0.03).lines.map(\.verdict)
  }

  @Test("Instructions have a tolerance, allocations and bytes have none")
  func verdicts() {
    #expect(verdicts(expected[0]) == [.equal, .equal, .equal])
    #expect(
      verdicts(Count(name: "chain", instructions: 1030, allocations: 2, tapeBytes: 4096))
        == [.equal, .equal, .equal])
    #expect(
      verdicts(Count(name: "chain", instructions: 1031, allocations: 3, tapeBytes: 4097))
        == [.regression, .regression, .regression])
    #expect(
      verdicts(Count(name: "chain", instructions: 969, allocations: 0, tapeBytes: 64))
        == [.improvement, .improvement, .improvement])
  }

  @Test("What was not counted does not fail; what nobody expects does")
  func missing() {
    #expect(verdicts(Count(name: "chain", tapeBytes: 4096)) == [.missing, .missing, .equal])
    let comparison = CountComparison([Count(name: "new", tapeBytes: 1)], expected: expected, tolerance: 0)
    #expect(comparison.failures.map(\.what) == ["bytes of tape"])
    #expect(CountComparison([Count(name: "chain", tapeBytes: 4096)], expected: expected, tolerance: 0).failures.isEmpty)
  }

  @Test("Callgrind's files")
  func callgrind() {
    let counted = """
      # callgrind format
      version: 1
      part: 1
      desc: Trigger: Client Request: chain of 1,000
      events: Ir
      fn=(1)
      totals: 12345

      """
    let other = "version: 1\ndesc: Trigger: Program termination\ntotals: 5\n"
    #expect(Callgrind.instructions(in: [other, counted]) == ["chain of 1,000": 12345])
  }
}
