import AllocationCounter
import BenchSupport
import Wengert

/// The course of the four trainings.
struct TrainingCourse {
  /// Nanoseconds per step.
  let tape, replayed, graph, floor: Times
  let allocations: (tape: Double, replayed: Double, graph: Double)?
  struct Times {
    let step, gradient, update: Estimate

    fileprivate init<S>(_ epochs: [Training<S>.Epoch]) {
      step = Estimate(epochs.map(\.nanosecondsPerStep))
      gradient = Estimate(epochs.map(\.gradientNanoseconds))
      update = Estimate(epochs.map { $0.nanosecondsPerStep - $0.gradientNanoseconds })
    }
  }

  /// Bytes that the tape's epochs added to the process's heap, and to the tape itself.
  let heapGrowth: Int?
  let tapeGrowth: Int
  let tapeCapacity: Int
  /// The steps that were counted: the first epochs warm up.
  let steps: Int
  /// The loss of the last step of each.
  let losses: (tape: Double, graph: Double, floor: Double)

  init<S: BenchScalar>(_ training: inout Training<S>, epochs: Int) {
    let warmEpochs = min(10, epochs / 2)
    var epochsOf = (
      tape: [Training<S>.Epoch](), replayed: [Training<S>.Epoch](), graph: [Training<S>.Epoch](),
      floor: [Training<S>.Epoch]()
    )
    var allocations = (tape: 0.0, replayed: 0.0, graph: 0.0)
    var losses = (tape: 0.0, graph: 0.0, floor: 0.0)
    var heapGrowth: Int64 = 0
    var capacity = 0
    for epoch in 0..<epochs {
      Progress.show("epoch \(epoch + 1) of \(epochs)")
      if epoch == warmEpochs { capacity = Tape.current.capacity }
      let heap = wc_allocated_bytes()
      let tape = training.tapeEpoch()
      let grown = wc_allocated_bytes()
      let replayed = training.replayedEpoch()
      let graph = training.graphEpoch()
      let floor = training.floorEpoch()
      training.shuffle()
      losses = (tape.loss, graph.loss, floor.loss)
      guard epoch >= warmEpochs else { continue }
      heapGrowth += grown - heap
      epochsOf.tape.append(tape)
      epochsOf.replayed.append(replayed)
      epochsOf.graph.append(graph)
      epochsOf.floor.append(floor)
      allocations.tape += tape.allocationsPerStep
      allocations.replayed += replayed.allocationsPerStep
      allocations.graph += graph.allocationsPerStep
    }
    Progress.clear()
    self.losses = losses
    self.heapGrowth = wc_allocated_bytes() < 0 ? nil : Int(heapGrowth)
    tapeCapacity = Tape.current.capacity
    tapeGrowth = tapeCapacity - capacity
    let counted = Double(epochs - warmEpochs)
    steps = (epochs - warmEpochs) * training.stepsPerEpoch
    self.allocations =
      wc_allocation_count() < 0
      ? nil
      : (allocations.tape / counted, allocations.replayed / counted, allocations.graph / counted)
    tape = Times(epochsOf.tape)
    replayed = Times(epochsOf.replayed)
    graph = Times(epochsOf.graph)
    floor = Times(epochsOf.floor)
  }
}
