import Testing
import Wengert

/// When programs hold, when they are recorded again, and what memory they take.
@Suite struct ProgramTests {
  let x = ShapedArray([1.0, 2.0, 3.0])

  @Test func functionIsCalledOncePerShape() {
    var calls = 0
    let program = recorded(at: x) { x in
      calls += 1
      return (x * x).sum()
    }
    for length in [3, 3, 5, 3, 5] {
      let x = ShapedArray((0..<length).map { Double($0) })
      let (value, gradient) = program(x)
      #expect(value == x.scalars.reduce(0) { $0 + $1 * $1 })
      #expect(gradient.scalars == x.scalars.map { 2 * $0 })
    }
    #expect(calls == 2)
    #expect(program.recordingCount == 2)
  }

  /// A loop and a branch that depend on values: each course is recorded once.
  @Test func controlFlowIsGuarded() {
    var calls = 0
    let program = recorded(at: ShapedArray(3.0)) { x in
      calls += 1
      var y = x
      while y.item > 1 { y = y * 0.5 }
      return y.item < 0.75 ? y * y : y
    }
    func expected(_ x: Double) -> (value: Double, gradient: Double) {
      var (y, slope) = (x, 1.0)
      while y > 1 { (y, slope) = (y * 0.5, slope * 0.5) }
      return y < 0.75 ? (y * y, 2 * y * slope) : (y, slope)
    }
    for x in [3.0, 5.0, 3.0, 0.5, 5.0, 0.9] {
      let (value, gradient) = program(ShapedArray(x))
      #expect(value == expected(x).value)
      #expect(gradient.item == expected(x).gradient)
    }
    // A guard is about the very number that was read.
    #expect(calls == 4)
  }

  /// Elements that were read decide, in whichever way they were.
  @Test func everyReadIsGuarded() {
    let readers: [(String, (Tensor<Double>) -> Double)] = [
      ("item", { $0.sum().item }), ("value", { $0.value[0] }), ("scalars", { $0.scalars[1] }),
      ("argmax", { Double($0.argmax()) }), ("description", { Double("\($0)".count) }),
      ("sorted", { $0.sorted().sum().item }), ("view", { $0.flipped().value[0] }),
    ]
    for (name, read) in readers {
      let program = recorded(at: x) { x in (x * read(x)).sum() }
      for x in [[1.0, 2, 3], [30.5, 2, 1], [1, 2, 3], [1.5, 9, 2]] {
        let x = ShapedArray(x)
        let expected = Tape.scope { gradient(at: Tensor(x)) { x in (x * read(x)).sum() }.value }
        #expect(program(x).gradient == expected, "\(name)")
      }
    }
  }

  /// A parameter's array is outside the tape; so is that of a gradient taken inside.
  @Test func arraysOfParametersAreGuarded() {
    let functions: [(Operands<Double>) -> Tensor<Double>] = [
      { $0.tensors[0].sum() * $0.list[0].value[0] },
      { model in
        let slopes = gradient(at: model) { ($0.tensors[0] * $0.tensors[0]).sum() }
        return model.tensors[0].sum() * slopes.list[0].value[1]
      },
    ]
    for function in functions {
      let program = recorded(at: Operands([x])) { function($0) }
      for x in [x, ShapedArray([4.0, 5, 6]), x] {
        let expected = gradient(at: Operands([x])) { function($0) }
        #expect(program(Operands([x])).gradient.scalars == expected.scalars)
      }
    }
  }

  @Test func labelsAreInputs() {
    let logits = ShapedArray([[1.0, 2, 3], [0, -1, 1]])
    var calls = 0
    let program = recorded(at: logits, [0, 1]) { logits, labels in
      calls += 1
      return crossEntropy(logits, labels: labels)
    }
    for labels in [[0, 1], [2, 2], [1, 0]] {
      let expected = Tape.scope { () -> (Double, ShapedArray<Double>) in
        let (value, gradient) = valueWithGradient(at: Tensor(logits)) { crossEntropy($0, labels: labels) }
        return (value.item, gradient.value)
      }
      let actual = program(logits, labels)
      #expect(actual.value == expected.0)
      #expect(actual.gradient == expected.1)
    }
    #expect(calls == 1)
  }

  /// Labels that the function looks at itself, or whose ignored rows decide what is recorded.
  @Test func readLabelsAreGuarded() {
    let logits = ShapedArray([[1.0, 2, 3], [0, -1, 1]])
    let losses: [(Tensor<Double>, IndexArray) -> Tensor<Double>] = [
      { $0.sum() * Double($1[0]) }, { crossEntropy($0, labels: $1.map { 2 - $0 }) },
      { crossEntropy($0, labels: $1, ignoring: 0, labelSmoothing: 0.1) },
      { negativeLogLikelihood(logSoftmax($0), labels: $1, ignoring: 0) },
      { $0.gathered(at: $1.reshaped(to: [2, 1]), along: 1).sum() },
    ]
    for loss in losses {
      let program = recorded(at: logits, [0, 1]) { loss($0, $1) }
      for labels in [[0, 1], [1, 1], [2, 0], [0, 1]] {
        let expected = Tape.scope { gradient(at: Tensor(logits)) { loss($0, IndexArray(labels)) }.value }
        #expect(program(logits, labels).gradient == expected)
      }
    }
  }

  @Test func capturedTensorsAreConstants() {
    Tape.scope {
      let factor = Tensor([2.0, 3.0, 4.0])
      let program = recorded(at: x) { x in (x * factor).sum() }
      #expect(program(x).gradient.scalars == [2, 3, 4])
      #expect(program(ShapedArray([5, 6, 7])).value == 56)
    }
  }

  /// A gradient belongs to whoever asked for it: later replays leave it alone.
  @Test func gradientsAreValues() {
    let program = recorded(at: x) { x in (x * x).sum() }
    let first = program(x).gradient
    let second = program(ShapedArray([5, 6, 7])).gradient
    #expect(first.scalars == [2, 4, 6])
    #expect(second.scalars == [10, 12, 14])
    let square = recorded(x) { $0 * $0 }
    let (a, b) = (square(x), square(ShapedArray([5, 6, 7])))
    #expect(a.scalars == [1, 4, 9])
    #expect(b.scalars == [25, 36, 49])
  }

  @Test func unreachedInputsHaveZeros() {
    let model = Operands([x, ShapedArray([4.0, 5.0])])
    let program = recorded(at: model) { $0.tensors[0].sum() }
    #expect(program(model).gradient.scalars == [[1, 1, 1], [0, 0]])
    let constant = recorded(at: x) { _ in Tensor(2.5) }
    #expect(constant(x).value == 2.5)
    #expect(constant(x).gradient.scalars == [0, 0, 0])
    let itself = recorded(at: ShapedArray(3.0)) { $0 }
    #expect(itself(ShapedArray(4.0)).value == 4)
    #expect(itself(ShapedArray(4.0)).gradient.item == 1)
  }

  /// An operation that fails on its operand's elements fails in a replay as in a recording.
  @Test func errorsAreThrown() throws {
    let program = try recorded(at: ShapedArray([[2.0, 0], [0, 2]])) { a throws(LinearAlgebraError) in
      try cholesky(a).sum()
    }
    #expect(throws: LinearAlgebraError.self) { try program(ShapedArray([[1.0, 2], [2, 1]])) }
    #expect(try program(ShapedArray([[4.0, 0], [0, 9]])).value == 5)
    let vectors = try recorded(at: ShapedArray([[2.0, 0.5], [0.5, 1]])) { a throws(LinearAlgebraError) in
      try eigh(a).vectors.sum()
    }
    #expect(throws: LinearAlgebraError.self) { try vectors(ShapedArray([[1.0, 0], [0, 1]])) }
    // Where there is no derivative there is no program: how its pass would go on is not known.
    #expect(throws: LinearAlgebraError.self) {
      _ = try recorded(at: ShapedArray([[1.0, 0], [0, 1]])) { a throws(LinearAlgebraError) in try eigh(a).vectors.sum()
      }
    }
  }

  @Test func withoutRecordingStopsDerivatives() {
    let program = recorded(at: x) { x in
      let weight = Tape.withoutRecording { exp(x) }
      return (weight * x + x.detached() * x).sum()
    }
    for x in [x, ShapedArray([0.5, -1, 2])] {
      let expected = Tape.scope {
        gradient(at: Tensor(x)) { x in
          let weight = Tape.withoutRecording { exp(x) }
          return (weight * x + x.detached() * x).sum()
        }.value
      }
      #expect(program(x).gradient == expected)
    }
  }

  /// A differentiation inside such a part is one of its own; none goes through it.
  @Test func gradientsWithoutRecording() {
    func loss(_ x: Tensor<Double>) -> Tensor<Double> {
      let slope = Tape.withoutRecording { gradient(at: x) { x in (x * x * Tape.withoutRecording { exp(x) }).sum() } }
      return (slope * x).sum()
    }
    let program = recorded(at: x) { loss($0) }
    for x in [x, ShapedArray([0.5, -1, 2])] {
      #expect(program(x).gradient == Tape.scope { gradient(at: Tensor(x)) { loss($0) }.value })
    }
  }

  /// A program that is called inside another reads its arrays on the host.
  @Test func programsInsideProgramsAreGuarded() {
    let square = recorded(Operands([x])) { $0.tensors[0] * $0.tensors[0] }
    let program = recorded(at: Operands([x])) { model in (model.tensors[0] * Tensor(square(model))).sum() }
    for x in [x, ShapedArray([4.0, 5, 6])] {
      #expect(program(Operands([x])).gradient.scalars == [x.scalars.map { $0 * $0 }])
    }
  }

  /// A pullback of one's own may use tensors that nothing else needs.
  @Test func pullbacksOfOnesOwnFindWhatTheyCaptured() {
    func loss(_ x: Tensor<Double>) -> Tensor<Double> {
      let weight = exp(x) * 2
      var y = withDerivative(at: x, of: { $0 * 3 }, pullback: { cotangent, _, _ in cotangent * weight })
      // Values that would lie where the weight was.
      for _ in 0..<4 { y = tanh(y) * y }
      return y.sum()
    }
    let program = recorded(at: x) { loss($0) }
    for x in [x, ShapedArray([0.5, -1, 2])] {
      #expect(program(x).gradient == Tape.scope { gradient(at: Tensor(x)) { loss($0) }.value })
    }
  }

  // MARK: Memory

  /// Ten steps of a chain whose values its backward pass needs.
  private func deep(_ x: Tensor<Double>) -> Tensor<Double> {
    var y = x
    for _ in 0..<32 { y = tanh(matmul(y, y)) }
    return y.sum()
  }

  @Test func memoryIsShared() {
    let x = ShapedArray<Double>(repeating: 0.125, shape: [8, 8])
    let plan = recorded(at: x) { (x: Tensor<Double>) in
      var y = x
      // Nothing of this is needed later, so that two places are enough.
      for _ in 0..<20 { y = y.transposed() + x }
      return y.sum()
    }.memoryPlan
    #expect(plan.byteCount <= 4 * 512 + 256)
    #expect(plan.separateByteCount >= 20 * 512)
    for (index, a) in plan.entries.enumerated() {
      for b in plan.entries[..<index] where a.steps.overlaps(b.steps) {
        #expect(a.offset + a.byteCount <= b.offset || b.offset + b.byteCount <= a.offset)
      }
    }
  }

  @Test func longPlansAreShortened() {
    let plan = recorded(at: ShapedArray(shape: [], scalars: [0.5])) { (x: Tensor<Double>) in
      (0..<300).reduce(x) { y, _ in sin(y) }
    }.memoryPlan
    let lines = plan.description.split(separator: "\n")
    #expect(plan.entries.count > 300)
    #expect(lines.count == 42)
    #expect(lines[0] == "\(plan.byteCount) bytes, shared by \(plan.separateByteCount)")
    #expect(lines[21] == "… \(plan.entries.count - 40) more")
  }

  @Test func budgetsAreKept() {
    let x = ShapedArray<Double>(shape: [8, 8], scalars: (0..<64).map { Double($0 * 37 % 64) / 64 - 0.5 })
    let free = recorded(at: x) { deep($0) }
    let expected = free(x)
    #expect(free.memoryPlan.byteCount > 32 * 512)
    for places in [40, 24, 16, 12, 10] {
      let program = recorded(at: x, memoryBudget: places * 512) { deep($0) }
      #expect(program.memoryPlan.byteCount <= places * 512)
      for _ in 0..<2 {
        let result = program(x)
        #expect(result.value == expected.value)
        #expect(result.gradient == expected.gradient)
      }
    }
  }

  /// Dead records are not computed: a function that fails if it is evaluated, but whose value nobody needs.
  @Test func unusedValuesAreNotComputed() {
    let plan = recorded(at: x) { x in
      _ = exp(x) * x
      return x.sum()
    }.memoryPlan
    #expect(plan.entries.allSatisfy { $0.operation != "exp" })
  }
}
