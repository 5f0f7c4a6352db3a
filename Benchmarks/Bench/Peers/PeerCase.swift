import BenchSupport
import Wengert

/// Work that we and our peers do.
struct PeerCase {
  let title: String
  /// What the targets of the case are about.
  let work: String
  let size: Int
  let metric: String
  /// The program of that name in Benchmarks/Peers.
  let program: String
  let scalar: ScalarChoice
  var parameters = PeerParameters()
  let inputs: [PeerArray]
  /// The ways in which we do it, to be shown beside each other.
  let ours: [Series]
  /// The same work without the library: what it comes to on this machine.
  var floors: [Series] = []
  /// Largest difference of equal results, relative to their largest element.
  let tolerance: Double
  /// The same for peers that are known to be less exact.
  var lenience: [String: Double] = [:]
  /// What the first result, a sum of many terms that may cancel, is compared relative to.
  var valueScale = 0.0
  var targets: [Target] = []
  /// Whether the work is so little that nobody's threads wake up for it.
  var isSmall = false

  /// One way of doing the work.
  struct Series {
    let name: String
    /// Value and gradients, or whatever the program's results are, from the inputs at the start.
    var results: () -> [PeerArray] = { [] }
    /// What becomes of its threads afterwards: ours sleep within a tenth of a millisecond.
    var rest = Rest.short
    /// Does the work so many times.
    let run: (_ count: Int) -> Void

    func contender(_ clock: Clock) -> Contender {
      Contender(name: name, rest: rest) { count in
        let start = clock.now
        run(count)
        return clock.now - start
      }
    }
  }
}

/// A case that is made when its turn comes: some have inputs of hundreds of megabytes.
struct PeerCaseMaker {
  let title: String
  let size: Int
  let make: () -> PeerCase
}

extension PeerArray {
  init<S: BenchScalar>(_ array: ShapedArray<S>) {
    self.init(shape: Array(array.shape), values: array.scalars.map { Double($0) })
  }

  init<S: BenchScalar>(_ tensor: Tensor<S>) { self.init(tensor.value) }
}
