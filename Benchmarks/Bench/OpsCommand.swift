import ArgumentParser
import BenchSupport
import Foundation

/// `bench ops`: every operation at several sizes.
struct OpsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops", abstract: "Times each operation, forward and backward, at several sizes.")

  @OptionGroup var options: MeasuringOptions

  func run() throws {
    try options.prepare()
    switch options.scalarType {
    case .double: try run(Double.self)
    case .float: try run(Float.self)
    }
  }

  private func run<S: BenchScalar>(_: S.Type) throws {
    var run = OpsRun<S>(options: options)
    let cases = OperationCase<S>.all.filter { options.includes($0.name) }
    guard !cases.isEmpty else { throw ValidationError("No operation's name contains '\(options.filter ?? "")'.") }
    run.printHead()
    run.run(cases.filter { $0.kind == .elements }, .elements)
    run.run(cases.filter { $0.kind == .matrices }, .matrices)
    try run.finish()
  }
}

/// The state of one run of `bench ops`: what was measured so far and what went wrong.
private struct OpsRun<S: BenchScalar> {
  let options: MeasuringOptions
  var report = Report(command: "ops")
  var mismatches: [String] = []
  /// Ratios to the floor, for the summary: case, ratio, target.
  var floorRatios: [(name: String, ratio: Double, target: Double)] = []

  init(options: MeasuringOptions) { self.options = options }

  func printHead() {
    guard options.writesTable else { return }
    print(report.head.description)
    print(
      """

      Medians of \(options.effort.sampleCount) samples, ± half the distance between quartiles; \(S.choice.rawValue). \
      ratio: closure graph / tape.
      loop: the same kernel, or its adjoint written by hand, called alone. Backward includes the sum of the result.
      """)
  }

  // MARK: Rows

  mutating func run(_ cases: [OperationCase<S>], _ kind: OperationCase<S>.Kind) {
    guard !cases.isEmpty else { return }
    let sizes =
      kind == .elements
      ? options.sizes(OperationCase<S>.sizes.elements, quick: OperationCase<S>.quickSizes.elements)
      : options.sizes(OperationCase<S>.sizes.matrices, quick: OperationCase<S>.quickSizes.matrices)
        .filter { $0 <= OperationCase<S>.largestMatrix }
    guard !sizes.isEmpty else { return }
    let table = OpsTable(kind == .elements ? .nanosecondsPerElement : .gigaflops)
    if options.writesTable { print("\n" + table.header(scalar: S.choice)) }
    for operation in cases {
      for size in sizes { row(operation, size, table) }
    }
  }

  private mutating func row(_ operation: OperationCase<S>, _ size: Int, _ table: OpsTable) {
    let title = "\(operation.name), size \(Format.grouped(size))"
    Progress.show(title)
    let subjects = OperationSubjects(operation, size: size)
    if let complaint = Agreement.complaint(subjects.tapeOutcome(), subjects.graphOutcome()) {
      Progress.clear()
      mismatches.append("\(title): \(complaint)")
      return
    }
    let floor = subjects.floor
    let estimates = measure(
      [subjects.tape, subjects.graph] + (floor.map { [$0] } ?? []), metrics: 2,
      effort: options.effort
    ).map { $0.map { $0 / Double(subjects.copies) } }
    var passes: [OpsTable.Pass] = []
    for (metric, name) in ["forward", "backward"].enumerated() {
      let pass = OpsTable.Pass(
        tape: estimates[0][metric], graph: estimates[1][metric], floor: floor == nil ? nil : estimates[2][metric])
      passes.append(pass)
      report.add(
        Row(operation.name, S.choice, size: size, name, tape: pass.tape, closure: pass.graph, floor: pass.floor))
      if let ratio = pass.floorRatio, let target = operation.floor?.target {
        floorRatios.append(("\(title), \(name)", ratio, target))
      }
    }
    Progress.clear()
    if options.writesTable { print(table.row(operation.name, size: size, passes)) }
  }

  // MARK: Summary

  func finish() throws {
    if options.writesTable { printSummary() }
    if let path = options.jsonPath { try report.write(to: path) }
    try options.fail(with: mismatches)
  }

  private func printSummary() {
    for target in Set(floorRatios.map(\.target)).sorted(by: >) {
      let rows = floorRatios.filter { $0.target == target }
      let missed = rows.filter { $0.ratio > target }.sorted { $0.ratio > $1.ratio }
      let what = target == 1.1 ? "BLAS" : "the bare loop"
      print(
        "\nWithin \(Format.fixed(target, 1))× of \(what): \(rows.count - missed.count) of \(rows.count).",
        terminator: "")
      if !missed.isEmpty {
        print(" Beyond:", terminator: "")
        for row in missed { print("\n  \(Format.ratio(row.ratio)) \(row.name)", terminator: "") }
      }
      print()
    }
  }
}
