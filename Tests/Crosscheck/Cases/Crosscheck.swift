import Wengert

/// A case file, run in both number types.
package struct Crosscheck {
  /// One line of the table.
  package struct Row {
    package let name: String
    package fileprivate(set) var count = 0
    package fileprivate(set) var double = Errors()
    package fileprivate(set) var float = Errors()
  }

  /// Cases of one operation with one note.
  package struct Deviation {
    package let name: String
    package let note: String
    package fileprivate(set) var count = 0
    /// What both say in one of the cases; nil if they say the same in all.
    package fileprivate(set) var example: String?
  }

  package private(set) var rows: [Row] = []
  /// What is not as it should be.
  package private(set) var failures: [String] = []
  /// Where PyTorch says something else than the contract, and why; by operation and note, with one example.
  package private(set) var deviations: [Deviation] = []
  /// Operations that are granted larger errors in some case, as a problem's condition magnifies rounding; and the most.
  package private(set) var conditions: [(name: String, factor: Double)] = []
  /// Operations of which a value, though not its derivatives, is granted more in some case, as it is one number that is
  /// less than its terms; and the most.
  package private(set) var cancellations: [(name: String, factor: Double)] = []
  package private(set) var coverage = Coverage()

  package init(_ file: CaseFile) {
    let (functions, models) = (CaseFunctions<Double>(), CaseModels<Double>())
    let (floatFunctions, floatModels) = (CaseFunctions<Float>(), CaseModels<Float>())
    var places: [String: Int] = [:]
    for testCase in file.cases {
      let double = Comparison(testCase, functions, models)
      let float = Comparison(testCase, floatFunctions, floatModels)
      let place = places[testCase.name] ?? rows.count
      if place == rows.count { rows.append(Row(name: testCase.name)) }
      places[testCase.name] = place
      rows[place].count += 1
      rows[place].double.merge(double.errors)
      rows[place].float.merge(float.errors)
      coverage.add(testCase, operations: double.operations)
      failures += double.failures.map { "\(testCase) in Double: \($0)" }
      failures += float.failures.map { "\(testCase) in Float: \($0)" }
      note(testCase)
    }
    failures += deviations.filter { $0.example == nil }.map {
      "\($0.name): PyTorch does what the contract says; drop the note: \($0.note)"
    }
  }

  private static func merge(_ list: inout [(name: String, factor: Double)], _ name: String, _ factor: Double) {
    if let index = list.firstIndex(where: { $0.name == name }) {
      list[index].factor = max(list[index].factor, factor)
    } else {
      list.append((name, factor))
    }
  }

  private mutating func note(_ testCase: Case) {
    if let factor = testCase.condition { Self.merge(&conditions, testCase.name, factor) }
    if let factor = testCase.cancellation { Self.merge(&cancellations, testCase.name, factor) }
    guard let note = testCase.torch?.note else { return }
    let found = deviations.firstIndex { $0.name == testCase.name && $0.note == note }
    if found == nil { deviations.append(Deviation(name: testCase.name, note: note)) }
    let index = found ?? deviations.count - 1
    deviations[index].count += 1
    deviations[index].example = deviations[index].example ?? testCase.deviation
  }
}

extension Case {
  /// The first element of which PyTorch says something else than the contract, in words.
  fileprivate var deviation: String? {
    guard let torch else { return nil }
    let names =
      ["the value"] + gradients.map { _ in "the gradient" } + (second ?? []).map { _ in "the second derivative" }
    let theirs = [torch.value] + torch.gradients + (torch.second ?? [])
    let ours = [value] + gradients + (second ?? [])
    for (name, (theirs, ours)) in zip(names, zip(theirs, ours)) {
      let (error, element) = relativeError(theirs.scalars, ours)
      if error > 2e-15 { return "\(name) is \(theirs.scalars[element]) instead of \(ours.scalars[element])" }
    }
    return nil
  }
}
