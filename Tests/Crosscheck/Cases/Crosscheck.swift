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

  package private(set) var rows: [Row] = []
  /// What is not as it should be.
  package private(set) var failures: [String] = []
  /// Where PyTorch says something else than the contract, and why: by operation, without repetition.
  package private(set) var deviations: [(name: String, note: String)] = []
  /// Cases that are granted larger errors, as they magnify rounding.
  package private(set) var conditions: [(name: String, condition: Double)] = []
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
      if let deviation = testCase.torch {
        if !testCase.deviates { failures.append("\(testCase): PyTorch does what the contract says; drop the note") }
        if !deviations.contains(where: { $0 == (testCase.name, deviation.note) }) {
          deviations.append((testCase.name, deviation.note))
        }
      }
      if let condition = testCase.condition { conditions.append((testCase.description, condition)) }
    }
  }
}

extension Case {
  /// Whether PyTorch really says something else than the contract.
  fileprivate var deviates: Bool {
    guard let torch else { return false }
    let theirs = [torch.value] + torch.gradients + (torch.second ?? [])
    let ours = [value] + gradients + (second ?? [])
    return zip(theirs, ours).contains { relativeError($0.scalars, $1).error > 2e-15 }
  }
}
