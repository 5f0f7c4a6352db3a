import ArgumentParser
import BenchSupport
import Foundation
import Wengert

/// `bench training`: the seed's experiment, trained by both designs and by hand.
struct TrainingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training",
    abstract: "Trains a perceptron on two moons with the tape, the closure graph, and loops by hand.")

  @OptionGroup var options: MeasuringOptions
  @OptionGroup var comparing: ComparingOptions

  @Option(help: "The number of epochs.")
  var epochs: Int?

  @Option(name: .customLong("svg"), help: "Draw what the model has learned, with its test points, into this file.")
  var svgPath: String?

  func validate() throws {
    if let epochs, epochs < 2 { throw ValidationError("--epochs must be at least 2, not \(epochs).") }
    guard options.filter == nil, options.sizes.isEmpty else {
      throw ValidationError("The training is one case: --filter and --size do not apply.")
    }
  }

  func run() throws {
    try options.prepare()
    switch options.scalarType {
    case .double: try run(Double.self)
    case .float: try run(Float.self)
    }
  }

  private func run<S: BenchScalar>(_: S.Type) throws {
    let earlier = try comparing.file(for: "training")
    var report = Report(command: "training")
    var training = Training<S>()
    let epochs = epochs ?? (options.quick ? 40 : 200)
    if options.writesTable {
      print(report.head.description)
      print(
        """

        Two moons: 800 points to train on, 200 to test, noise 0.2. MLP 2→32→32→2, tanh; SGD 0.05, batches of 64,
        \(epochs) epochs of \(training.stepsPerEpoch) steps, \(S.choice.rawValue).

        """)
    }
    let differences = training.gradientDifferences()
    let course = TrainingCourse(&training, epochs: epochs)
    let result = TrainingResult(training, course, differences)
    let metrics: [(String, KeyPath<TrainingCourse.Times, Estimate>)] = [
      ("gradient", \.gradient), ("update", \.update), ("step", \.step),
    ]
    for (metric, part) in metrics {
      report.add(
        Row(
          "training", S.choice, size: Training<S>.batchSize, metric, tape: course.tape[keyPath: part],
          closure: course.graph[keyPath: part], floor: course.floor[keyPath: part]))
      report.add(
        Row(
          "training, recorded program", S.choice, size: Training<S>.batchSize, metric,
          tape: course.replayed[keyPath: part], closure: course.graph[keyPath: part],
          floor: course.floor[keyPath: part]))
    }
    report.add("training", result)
    if options.writesTable {
      printSteps(course)
      printTests(result)
      printDifferences(result)
      printMemory(result)
    }
    if let path = options.jsonPath { try report.write(to: path) }
    if let svgPath {
      let picture = decisionBoundarySVG(
        of: training.model, on: training.test, title: "Two moons, told apart",
        subtitle: "MLP 2→32→32→2 with tanh, \(epochs) epochs: "
          + "\(Format.fixed(100 * result.tape.accuracy, 1))% of these test points right")
      try Data(picture.utf8).write(to: URL(fileURLWithPath: svgPath))
    }
    try options.fail(with: result.mismatches(course, tolerance: S.tolerance))
    try comparing.compare(report, with: earlier, writesTable: options.writesTable)
  }

  // MARK: Output

  private func printSteps(_ course: TrainingCourse) {
    let table = Table(columns: [
      .init(title: "µs per step", width: 22, isLeft: true), .init(title: "gradient", width: 9),
      .init(title: "update", width: 7), .init(title: "step", width: 7), .init(title: "±", width: 5),
      .init(title: "", width: 17), .init(title: "ratio", width: 6), .init(title: "target", width: 8),
      .init(title: "", width: 6, isLeft: true),
    ])
    func row(_ name: String, _ times: TrainingCourse.Times, _ verdict: [String]) {
      let numbers = [times.gradient, times.update, times.step].map { Format.number($0.median / 1000) }
      print(table.row([name] + numbers + [Format.percent(times.step)] + verdict))
    }
    let toFloor = course.tape.step.median / course.floor.step.median
    let toTape = course.graph.step.median / course.tape.step.median
    let toReplayed = course.graph.step.median / course.replayed.step.median
    print(table.header())
    row("tape", course.tape, [])
    row(
      "recorded program", course.replayed,
      [
        "closure / program", Format.ratio(toReplayed), "≥ 2×", Format.verdict(toReplayed >= 2),
      ])
    row(
      "by hand", course.floor, ["tape / by hand", Format.ratio(toFloor), "≤ 1.25×", Format.verdict(toFloor <= 1.25)])
    row("closure graph", course.graph, ["closure / tape", Format.ratio(toTape), "≥ 2×", Format.verdict(toTape >= 2)])
  }

  private func printTests(_ result: TrainingResult) {
    let table = Table(columns: [
      .init(title: "on the test set", width: 22, isLeft: true), .init(title: "accuracy", width: 9),
      .init(title: "loss", width: 10),
    ])
    print("\n" + table.header())
    for (name, test) in [("tape", result.tape), ("closure graph", result.closure)] {
      print(table.row([name, Format.fixed(100 * test.accuracy, 1) + "%", Format.fixed(test.loss, 6)]))
    }
  }

  private func printDifferences(_ result: TrainingResult) {
    let table = Table(columns: [
      .init(title: "gradient, first step", width: 22, isLeft: true), .init(title: "tape − closure", width: 15),
      .init(title: "tape − by hand", width: 15),
    ])
    print("\n" + table.header())
    for row in result.differences {
      print(
        table.row([row.parameter, String(format: "%.1e", row.closure), String(format: "%.1e", row.byHand)]))
    }
  }

  private func printMemory(_ result: TrainingResult) {
    print("\nOver the last \(Format.grouped(result.steps)) steps of the tape:")
    if let tape = result.tapeAllocations, let replayed = result.replayedAllocations,
      let closure = result.closureAllocations
    {
      print(
        "  heap allocations per step  \(Format.fixed(tape, 2))  (recorded program \(Format.fixed(replayed, 2)), "
          + "closure graph \(Format.fixed(closure, 1)))")
    }
    if let growth = result.heapGrowth { print("  growth of the heap         \(Format.grouped(growth)) bytes") }
    print(
      "  growth of the tape         \(Format.grouped(result.tapeGrowth)) bytes, to "
        + "\(Format.grouped(result.tapeCapacity))")
  }
}
