import Testing
import Wengert
import WengertNN

/// What a copy of a model, and a gradient that somebody keeps, must not notice.
@Suite struct SnapshotTests {
  let model: MLP<Double>
  let inputs: ShapedArray<Double>

  init() { (model, inputs) = MLPTests.fixture() }

  func loss(_ model: MLP<Double>) -> Tensor<Double> { crossEntropy(model(inputs), labels: MLPTests.labels) }

  func values(_ model: MLP<Double>) -> [[Double]] { model.namedParameters.map(\.value.scalars) }

  @Test func copiesAreIndependent() {
    var trained = model
    let before = values(model)
    var optimizer = SGD(learningRate: 0.1)
    for _ in 0..<3 { optimizer.update(&trained, along: gradient(at: trained, of: loss)) }
    #expect(values(model) == before)
    #expect(values(trained) != before)

    let snapshot = trained
    let atSnapshot = values(trained)
    optimizer.update(&trained, along: gradient(at: trained, of: loss))
    #expect(values(snapshot) == atSnapshot)
    trained = snapshot
    #expect(values(trained) == atSnapshot)

    var changed = snapshot
    changed.layers[1].bias.value[0] = 42
    #expect(values(snapshot) == atSnapshot)
    #expect(changed.layers[1].bias.value[0] == 42)
  }

  @Test func keptGradientsStay() {
    var trained = model
    var optimizer = SGD(learningRate: 0.1)
    var kept: [MLP<Double>] = []
    var expected: [[[Double]]] = []
    for _ in 0..<5 {
      let gradient = gradient(at: trained, of: loss)
      optimizer.update(&trained, along: gradient)
      kept.append(gradient)
      expected.append(values(gradient))
    }
    #expect(kept.map(values) == expected)
    #expect(Set(expected.map { $0[0] }).count == 5)
  }

  @Test func modelAndGradientTypesMayBeMixedUp() {
    // A gradient is a model: it can itself be moved, differentiated at, and copied.
    var gradient = gradient(at: model, of: loss)
    let before = values(gradient)
    let copy = gradient
    var optimizer = SGD(learningRate: 1)
    optimizer.update(&gradient, along: copy)
    #expect(values(gradient).allSatisfy { $0.allSatisfy { $0 == 0 } })
    #expect(values(copy) == before)
    optimizer.update(&gradient, along: model)
    #expect(values(gradient) == values(model).map { $0.map { -$0 } })
  }

  @Test func snapshotsInsideAreConstants() {
    let snapshot = model
    let c = Tape.scope { model(inputs).value }
    func product(_ model: MLP<Double>) -> Tensor<Double> { (model(inputs) * snapshot(inputs)).sum() }
    func withConstant(_ model: MLP<Double>) -> Tensor<Double> { (model(inputs) * Tensor(c)).sum() }
    let gradient = gradient(at: model, of: product)
    #expect(values(gradient) == values(Wengert.gradient(at: model, of: withConstant)))
    expectGradient(gradient, of: product, at: model)

    let (value, distance) = valueWithGradient(at: model) { model in
      let difference = model(inputs) - snapshot(inputs)
      return (difference * difference).sum()
    }
    #expect(value == 0)
    #expect(values(distance).allSatisfy { $0.allSatisfy { $0 == 0 } })
  }

  @Test func aThrowingLossLeavesTheModelAlone() throws {
    struct Stop: Error {}
    var trained = model
    let before = values(model)
    let count = Tape.current.count
    #expect(throws: Stop.self) {
      try gradient(at: trained) {
        _ = $0(inputs); throw Stop()
      }
    }
    var optimizer = SGD(learningRate: 0.1)
    optimizer.update(&trained, along: gradient(at: trained, of: loss))
    #expect(values(model) == before)
    #expect(Tape.current.count == count)
  }

  @Test func modelsCrossThreads() async {
    let (model, inputs) = MLPTests.fixture()
    @Sendable func train(_ start: MLP<Double>) -> MLP<Double> {
      var trained = start
      var optimizer = SGD(learningRate: 0.1, momentum: 0.9)
      for _ in 0..<50 {
        optimizer.update(
          &trained, along: gradient(at: trained) { crossEntropy($0(inputs), labels: MLPTests.labels) })
      }
      return trained
    }
    let half = train(model)
    let expected = values(train(half))
    let before = values(half)
    await withTaskGroup(of: [[Double]].self) { group in
      for _ in 0..<8 { group.addTask { train(half).namedParameters.map(\.value.scalars) } }
      for await result in group { #expect(result == expected) }
    }
    #expect(values(half) == before)
  }
}
