import ArgumentParser
import BenchSupport
import Foundation

/// `bench ops`: every operation at several sizes.
struct OpsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops", abstract: "Times each operation, forward and backward, at several sizes.")

  @OptionGroup var options: MeasuringOptions
  @OptionGroup var comparing: ComparingOptions

  func run() throws {
    try options.prepare()
    switch options.scalarType {
    case .double: try run(Double.self)
    case .float: try run(Float.self)
    }
  }

  private func run<S: BenchScalar>(_: S.Type) throws {
    var run = try OpsRun<S>(options: options, comparing: comparing)
    let cases = OperationCase<S>.all.filter { options.includes($0.name) }
    let samples = SampleSubject<S>.all(size: 1024).filter { options.includes($0.name) }
    guard !cases.isEmpty || !samples.isEmpty else {
      throw ValidationError("No operation's name contains '\(options.filter ?? "")'.")
    }
    run.printHead()
    run.run(cases.filter { $0.kind == .elements }, .elements)
    run.run(cases.filter { $0.kind == .matrices }, .matrices)
    run.run(samples)
    try run.finish()
  }
}

/// The state of one run of `bench ops`: what was measured so far and what went wrong.
private struct OpsRun<S: BenchScalar> {
  let options: MeasuringOptions
  let comparing: ComparingOptions
  let earlier: RowComparison.File?
  var report = Report(command: "ops")
  var mismatches: [String] = []
  /// Ratios to the floor, for the summary: case, ratio, target.
  /// What part of the memory's bandwidth is used where arrays fit in no cache.
  var memoryBound: [(name: String, fraction: Double)] = []
  let limits: MachineLimits
  var floorRatios: [(name: String, ratio: Double, target: Double)] = []

  init(options: MeasuringOptions, comparing: ComparingOptions) throws {
    self.options = options
    self.comparing = comparing
    earlier = try comparing.file(for: "ops")
    limits = MachineLimits(effort: options.effort)
  }

  func printHead() {
    guard options.writesTable else { return }
    print(report.head.description)
    print(
      """

      Medians of \(options.effort.sampleCount) samples, ± half the distance between quartiles; \(S.choice.rawValue). \
      ratio: closure graph / tape.
      loop: the same kernel, or its adjoint written by hand, called alone. Backward includes the sum of the result.
      limit: how much of the time is what this machine needs at least to move the bytes that one operation touches, \
      measured by
      loops that only move as many, so in the cache that they fit in or in memory, on one core or all; for products, \
      to multiply
      and add. What a function computes is not in it. Peak: \(peak).
      """)
  }

  // MARK: Rows

  mutating func run(_ cases: [OperationCase<S>], _ kind: OperationCase<S>.Kind) {
    let samples = SampleSubject<S>.all(size: 1024).filter { options.includes($0.name) }
    guard !cases.isEmpty || !samples.isEmpty else { return }
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
    let least = operation.least(size)
    let estimates = measure(
      [subjects.tape, subjects.graph] + (floor.map { [$0] } ?? []),
      rests: operation.kind == .matrices ? [.short, .short, .ofOpenBLAS] : [], metrics: 2, effort: options.effort
    ).map { $0.map { $0 / Double(subjects.copies) } }
    var passes: [OpsTable.Pass] = []
    for (metric, name) in ["forward", "backward"].enumerated() {
      let pass = OpsTable.Pass(
        tape: estimates[0][metric], graph: estimates[1][metric], floor: floor == nil ? nil : estimates[2][metric],
        limit: limits.limit(metric == 0 ? least.forward : least.backward, S.choice))
      passes.append(pass)
      var row = Row(operation.name, S.choice, size: size, name, tape: pass.tape, closure: pass.graph, floor: pass.floor)
      row.limit = pass.limit
      report.add(row)
      if operation.kind == .elements, size >= 10_000_000, let fraction = pass.limitFraction {
        memoryBound.append(("\(title), \(name)", fraction))
      }
      if let ratio = pass.floorRatio, let target = operation.floor?.target {
        floorRatios.append(("\(title), \(name)", ratio, target))
      }
    }
    Progress.clear()
    if options.writesTable { print(table.row(operation.name, size: size, passes)) }
  }

  /// The operations of the library's own table, without anything to compare them with.
  mutating func run(_ samples: [SampleSubject<S>]) {
    guard !samples.isEmpty, options.sizes.isEmpty else { return }
    let table = Table(columns: [
      .init(title: "every operation, on a sample of its own", width: 48, isLeft: true),
      .init(title: "elements", width: 9), .init(title: "forward ns", width: 11), .init(title: "±", width: 5),
      .init(title: "backward ns", width: 12), .init(title: "±", width: 5),
    ])
    if options.writesTable { print("\n" + table.header()) }
    for sample in samples {
      Progress.show(sample.name)
      let estimates = measure([sample.tape], metrics: 2, effort: options.effort)[0].map { $0 / Double(sample.copies) }
      Progress.clear()
      for (metric, name) in ["forward", "backward"].enumerated() {
        report.add(Row(sample.name, S.choice, size: sample.elements, "\(name), sample", tape: estimates[metric]))
      }
      guard options.writesTable else { continue }
      print(
        table.row([
          sample.name, Format.grouped(sample.elements), Format.number(estimates[0].median),
          Format.percent(estimates[0]), Format.number(estimates[1].median), Format.percent(estimates[1]),
        ]))
    }
  }

  // MARK: Summary

  func finish() throws {
    if options.writesTable { printSummary() }
    if let path = options.jsonPath { try report.write(to: path) }
    try options.fail(with: mismatches)
    try comparing.compare(report, with: earlier, writesTable: options.writesTable)
  }

  /// What arithmetic and memory do at most.
  private var peak: String {
    let flops = limits.flops(S.choice)
    return "\(Format.number(flops)) GFLOP/s, \(Format.number(limits.memoryBandwidth)) GB/s"
  }

  private func printSummary() {
    if !memoryBound.isEmpty {
      let missed = memoryBound.filter { $0.fraction < 0.85 }.sorted { $0.fraction < $1.fraction }
      print(
        "\nAt least 85% of the memory's bandwidth: \(memoryBound.count - missed.count) of \(memoryBound.count).",
        terminator: "")
      if !missed.isEmpty { print(" Below:", terminator: "") }
      for row in missed { print("\n  \(Format.fixed(100 * row.fraction, 0))% \(row.name)", terminator: "") }
      print()
    }
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
