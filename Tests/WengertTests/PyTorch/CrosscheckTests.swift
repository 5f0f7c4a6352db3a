import CrosscheckCases
import Foundation
import Testing
import Wengert

extension Case: CustomTestStringConvertible {
  package var testDescription: String { description }
}

/// The committed cases of what PyTorch computes, and whole models among them. `make crosscheck` runs more.
@Suite struct CrosscheckTests {
  private static let file = Fixture.load("crosscheck", as: CaseFile.self)

  @Test(arguments: file.cases)
  func equalsPyTorchInDouble(_ testCase: Case) { check(testCase, as: Double.self) }

  @Test(arguments: file.cases)
  func equalsPyTorchInFloat(_ testCase: Case) { check(testCase, as: Float.self) }

  private func check<S: TensorScalar>(_ testCase: Case, as _: S.Type) {
    let comparison = Comparison<S>(testCase, CaseFunctions(), CaseModels())
    for failure in comparison.failures { Issue.record("\(testCase) in \(S.self): \(failure)") }
  }

  /// Every operation has a case, or a reason for having none; every function has a case; and where a note says that
  /// PyTorch does not what the contract says, it does not.
  @Test func nothingIsLeftOut() {
    #expect(Self.file.torch.hasPrefix("2.13"))
    let result = Crosscheck(Self.file)
    #expect(result.failures.isEmpty)
    #expect(result.coverage.missing.filter { $0.reason == nil }.map(\.name).isEmpty)
    let names = CaseFunctions<Double>().names.union(CaseModels<Double>().names)
    #expect(names.subtracting(result.rows.map(\.name)).isEmpty)
  }
}

/// The comparison itself: it has to notice what is wrong.
@Suite struct ComparisonTests {
  /// x² at 3 and −1, with one part replaced by another.
  private func failures(_ part: String = "", _ replacement: String = "") throws -> [String] {
    let json = """
      {"name": "square", "parameters": {}, "inputs": [{"shape": [2], "f8": "\(encoded(3, -1))"}],
      "cotangent": {"shape": [2], "f8": "\(encoded(1, 2))"}, "value": {"shape": [2], "f8": "\(encoded(9, 1))"},
      "gradients": [{"shape": [2], "f8": "\(encoded(6, -4))"}], "weights": [{"shape": [2], "f8": "\(encoded(1, 1))"}],
      "second": [{"shape": [2], "f8": "\(encoded(2, 4))"}]}
      """
    let text = part.isEmpty ? json : json.replacingOccurrences(of: part, with: replacement)
    #expect(part.isEmpty || text != json)
    let testCase = try JSONDecoder().decode(Case.self, from: Data(text.utf8))
    return Comparison<Double>(testCase, CaseFunctions(), CaseModels()).failures
  }

  private func encoded(_ numbers: Double...) -> String {
    numbers.withUnsafeBytes { Data($0).base64EncodedString() }
  }

  @Test func acceptsWhatIsRight() throws { #expect(try failures().isEmpty) }

  @Test func noticesWrongValues() throws {
    let found = try failures(encoded(9, 1), encoded(9, 1 + 0x1p-45))
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("value: element 1 is 1.0 instead of 1.00000000000002") == true)
    #expect(try failures(encoded(9, 1), encoded(9, .nan)).first?.contains("instead of nan") == true)
  }

  @Test func noticesWrongDerivatives() throws {
    #expect(try failures(encoded(6, -4), encoded(6, 4)).first?.hasPrefix("gradient of input 0: element 1") == true)
    #expect(try failures(encoded(2, 4), encoded(2, 3)).first?.hasPrefix("second derivative of input 0") == true)
  }

  @Test func noticesCasesThatTestNothing() throws {
    #expect(try failures("\"square\"", "\"cube\"") == ["there is no function of this name"])
    #expect(try failures("{}", "{\"axes\": [1]}") == ["no use was made of axes"])
  }
}
