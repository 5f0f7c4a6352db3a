/// What `bench training` found out beside the times: part of its JSON, and the lower half of its table.
struct TrainingResult: Encodable {
  struct Test: Encodable {
    let accuracy: Double
    let loss: Double
  }

  struct Difference: Encodable {
    let parameter: String
    let closure: Double
    let byHand: Double

    enum CodingKeys: String, CodingKey {
      case parameter, closure
      case byHand = "by_hand"
    }
  }

  let tape: Test
  let closure: Test
  /// The largest differences of the tape's gradients of the first step from the others'.
  let differences: [Difference]
  let tapeAllocations: Double?
  let replayedAllocations: Double?
  let closureAllocations: Double?
  /// Whether the program trained its model to the very parameters that the tape did.
  let isReplayIdentical: Bool
  let heapGrowth: Int?
  let tapeGrowth: Int
  let tapeCapacity: Int
  let steps: Int

  init<S>(_ training: Training<S>, _ course: TrainingCourse, _ differences: [Difference]) {
    tape = training.tapeTest()
    closure = training.graphTest()
    self.differences = differences
    tapeAllocations = course.allocations?.tape
    replayedAllocations = course.allocations?.replayed
    isReplayIdentical = training.isReplayIdentical
    closureAllocations = course.allocations?.graph
    heapGrowth = course.heapGrowth
    tapeGrowth = course.tapeGrowth
    tapeCapacity = course.tapeCapacity
    steps = course.steps
  }

  private enum CodingKeys: String, CodingKey {
    case tape, closure, steps
    case differences = "gradient_differences"
    case tapeAllocations = "tape_allocations_per_step"
    case replayedAllocations = "replayed_allocations_per_step"
    case isReplayIdentical = "replayed_is_identical"
    case closureAllocations = "closure_allocations_per_step"
    case heapGrowth = "heap_growth_bytes"
    case tapeGrowth = "tape_growth_bytes"
    case tapeCapacity = "tape_capacity_bytes"
  }

  /// What the trainings disagree about.
  func mismatches(_ course: TrainingCourse, tolerance: Double) -> [String] {
    var result: [String] = []
    for row in differences where !(row.closure <= tolerance && row.byHand <= tolerance) {
      result.append("gradient of \(row.parameter): tape − closure graph \(row.closure), tape − by hand \(row.byHand)")
    }
    if !isReplayIdentical { result.append("the program trained its model to other parameters than the tape") }
    // Thousands of steps magnify differences of rounding; all have to have learnt the same all the same.
    let (tape, graph, floor) = course.losses
    if !(abs(tape - graph) <= 0.01 && abs(tape - floor) <= 0.01 && abs(self.tape.loss - closure.loss) <= 0.01) {
      result.append("loss of the last step: tape \(tape), closure graph \(graph), by hand \(floor)")
      result.append("loss on the test set: tape \(self.tape.loss), closure graph \(closure.loss)")
    }
    return result
  }
}
