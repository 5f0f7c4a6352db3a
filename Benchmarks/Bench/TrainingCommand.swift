import AllocationCounter
import ArgumentParser
import Foundation
import Wengert

/// `bench training`: the seed's experiment, trained by both designs and by hand.
struct TrainingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training",
    abstract: "Trains a perceptron on two moons with the tape, the closure graph, and loops by hand.")

  @OptionGroup var options: MeasuringOptions

  @Option(help: "The number of epochs.")
  var epochs: Int?

  func validate() throws {
    if let epochs, epochs < 2 { throw ValidationError("--epochs must be at least 2, not \(epochs).") }
  }

  func run() throws {
    try options.prepare()
    switch options.scalarType {
    case .double: try run(Double.self)
    case .float: try run(Float.self)
    }
  }

  private func run<S: BenchScalar>(_: S.Type) throws {
    var report = Report(command: "training")
    var training = Training<S>()
    let epochs = epochs ?? (options.quick ? 40 : 200)
    let differences = training.gradientDifferences()
    if options.writesTable {
      print(report.head.description)
      print(
        """

        Two moons: 800 points to train on, 200 to test, noise 0.2. MLP 2→32→32→2, tanh; SGD 0.05, batches of 64,
        \(epochs) epochs of \(training.stepsPerEpoch) steps, \(S.choice.rawValue).
        """)
    }
    let course = Course(&training, epochs: epochs)
    let tests = (tape: training.tapeTest(), graph: training.graphTest())
    report.add(
      Row(
        "training", S.choice, size: Training<S>.batchSize, "step", tape: course.tape, closure: course.graph,
        floor: course.floor))
    if options.writesTable {
      printSteps(course)
      print(
        """

        test accuracy  tape \(Format.fixed(100 * tests.tape.accuracy, 1))%  closure graph \
        \(Format.fixed(100 * tests.graph.accuracy, 1))%
        test loss      tape \(Format.fixed(tests.tape.loss, 6))  closure graph \(Format.fixed(tests.graph.loss, 6))
        """)
      printDifferences(differences, S.self)
      printMemory(course, steps: (epochs - course.warmEpochs) * training.stepsPerEpoch)
    }
    if let path = options.jsonPath { try report.write(to: path) }
    try check(differences, tests, S.self)
  }

  // MARK: Output

  private func printSteps(_ course: Course) {
    let table = Table(columns: [
      .init(title: "one step", width: 22, isLeft: true), .init(title: "µs", width: 8), .init(title: "±", width: 5),
      .init(title: "ratio", width: 26), .init(title: "target", width: 8),
    ])
    print("\n" + table.header())
    let rows: [(String, Estimate, String, String)] = [
      ("tape", course.tape, "", ""),
      ("by hand", course.floor, "tape / by hand \(Format.ratio(course.tape.median / course.floor.median))", "≤ 1.25×"),
      (
        "closure graph", course.graph, "closure / tape \(Format.ratio(course.graph.median / course.tape.median))",
        "≥ 2×"
      ),
    ]
    for row in rows {
      print(table.row([row.0, Format.number(row.1.median / 1000), Format.percent(row.1), row.2, row.3]))
    }
  }

  private func printDifferences<S: BenchScalar>(
    _ differences: [(name: String, graph: Double, floor: Double)], _: S.Type
  ) {
    let table = Table(columns: [
      .init(title: "gradient, first step", width: 22, isLeft: true), .init(title: "tape − closure", width: 15),
      .init(title: "tape − by hand", width: 15),
    ])
    print("\n" + table.header())
    for row in differences {
      print(table.row([row.name, String(format: "%.1e", row.graph), String(format: "%.1e", row.floor)]))
    }
  }

  private func printMemory(_ course: Course, steps: Int) {
    print("\nOver the last \(Format.grouped(steps)) steps:")
    if let allocations = course.allocations {
      print(
        "  heap allocations per step  tape \(Format.number(allocations.tape)), "
          + "closure graph \(Format.number(allocations.graph))")
    }
    if let growth = course.heapGrowth { print("  growth of the heap         \(Format.grouped(growth)) bytes") }
    print(
      "  growth of the tape         \(Format.grouped(course.tapeGrowth)) bytes of \(Format.grouped(course.tapeCapacity))"
    )
  }

  // MARK: Checks

  private func check<S: BenchScalar>(
    _ differences: [(name: String, graph: Double, floor: Double)],
    _ tests: (tape: (accuracy: Double, loss: Double), graph: (accuracy: Double, loss: Double)), _: S.Type
  ) throws {
    var mismatches: [String] = []
    for row in differences where !(row.graph <= S.tolerance && row.floor <= S.tolerance) {
      mismatches.append("gradient of \(row.name): tape − closure graph \(row.graph), tape − by hand \(row.floor)")
    }
    // Thousands of steps magnify differences of rounding; both have to have learnt the same all the same.
    if !(abs(tests.tape.loss - tests.graph.loss) <= 1e-2) {
      mismatches.append("test loss: tape \(tests.tape.loss), closure graph \(tests.graph.loss)")
    }
    try options.fail(with: mismatches)
  }
}

/// The course of the three trainings.
private struct Course {
  let tape, graph, floor: Estimate
  let allocations: (tape: Double, graph: Double)?
  /// Bytes by which the process's heap and the tape grew after the first epochs.
  let heapGrowth: Int?
  let tapeGrowth: Int
  let tapeCapacity: Int
  /// Epochs that are not counted.
  let warmEpochs: Int

  init<S: BenchScalar>(_ training: inout Training<S>, epochs: Int) {
    warmEpochs = min(10, epochs / 2)
    var times = (tape: [Double](), graph: [Double](), floor: [Double]())
    var allocations = (tape: 0.0, graph: 0.0)
    var heap: Int64 = 0
    var capacity = 0
    times.tape.reserveCapacity(epochs)
    times.graph.reserveCapacity(epochs)
    times.floor.reserveCapacity(epochs)
    for epoch in 0..<epochs {
      Progress.show("epoch \(epoch + 1) of \(epochs)")
      if epoch == warmEpochs {
        heap = wc_allocated_bytes()
        capacity = Tape.current.capacity
      }
      let tape = training.tapeEpoch()
      let graph = training.graphEpoch()
      let floor = training.floorEpoch()
      training.shuffle()
      guard epoch >= warmEpochs else { continue }
      times.tape.append(tape.nanosecondsPerStep)
      times.graph.append(graph.nanosecondsPerStep)
      times.floor.append(floor.nanosecondsPerStep)
      allocations.tape += tape.allocationsPerStep
      allocations.graph += graph.allocationsPerStep
    }
    Progress.clear()
    let grown = wc_allocated_bytes()
    heapGrowth = grown < 0 ? nil : Int(grown - heap)
    tapeCapacity = Tape.current.capacity
    tapeGrowth = tapeCapacity - capacity
    let counted = Double(epochs - warmEpochs)
    self.allocations = wc_allocation_count() < 0 ? nil : (allocations.tape / counted, allocations.graph / counted)
    tape = Estimate(times.tape)
    graph = Estimate(times.graph)
    floor = Estimate(times.floor)
  }
}
