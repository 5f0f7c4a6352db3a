import BenchSupport
import ClosureGraph

/// The seed's training step written by hand: the library's matrix products and row kernels, and plain loops for the
/// rest, called in sequence on memory that was allocated once. Nothing that differentiates can be faster by much.
final class TrainingFloor<Scalar: BenchScalar> {
  private typealias Memory = UnsafeMutablePointer<Scalar>

  /// An affine layer, its gradient, its output (after tanh, except at the last) and the output's adjoint.
  private struct Layer {
    let inputs, outputs: Int
    let weight, bias, weightGradient, biasGradient, y, ybar: Memory
  }

  private let layers: [Layer]
  private let logProbabilities: Memory
  private let learningRate: Scalar

  init(_ parameters: [Operand<Scalar>], learningRate: Scalar, batchSize: Int) {
    self.learningRate = learningRate
    layers = stride(from: 0, to: parameters.count, by: 2).map { index in
      let weight = parameters[index]
      let bias = parameters[index + 1]
      let layer = Layer(
        inputs: weight.shape[0], outputs: weight.shape[1], weight: Self.allocate(weight.scalars.count),
        bias: Self.allocate(bias.scalars.count), weightGradient: Self.allocate(weight.scalars.count),
        biasGradient: Self.allocate(bias.scalars.count), y: Self.allocate(batchSize * weight.shape[1]),
        ybar: Self.allocate(batchSize * weight.shape[1]))
      layer.weight.update(from: weight.scalars, count: weight.scalars.count)
      layer.bias.update(from: bias.scalars, count: bias.scalars.count)
      return layer
    }
    logProbabilities = Self.allocate(batchSize * layers[layers.count - 1].outputs)
  }

  deinit {
    for layer in layers {
      for memory in [layer.weight, layer.bias, layer.weightGradient, layer.biasGradient, layer.y, layer.ybar] {
        memory.deallocate()
      }
    }
    logProbabilities.deallocate()
  }

  private static func allocate(_ count: Int) -> Memory { FloorBuffers<Scalar>.allocate(count) }

  /// The gradients of the last step, weight and bias of each layer in order.
  var gradients: [[Scalar]] {
    layers.flatMap { layer in
      [
        Array(UnsafeBufferPointer(start: layer.weightGradient, count: layer.inputs * layer.outputs)),
        Array(UnsafeBufferPointer(start: layer.biasGradient, count: layer.outputs)),
      ]
    }
  }

  /// Forward, backward and update for one batch; returns the loss and when the gradients were there.
  func step(
    _ inputs: UnsafeBufferPointer<Scalar>, labels: UnsafeBufferPointer<Int>
  ) -> (loss: Scalar, ready: Double) {
    let rows = labels.count
    let last = layers.count - 1
    for index in 0...last {
      let layer = layers[index]
      let x = index == 0 ? inputs.baseAddress! : UnsafePointer(layers[index - 1].y)
      multiply(
        false, false, rows, layer.outputs, layer.inputs, x, layer.inputs, layer.weight, layer.outputs, layer.y,
        adding: layer.bias)
      if index < last { Scalar.tanh(layer.y, layer.y, rows * layer.outputs) }
    }
    let classes = layers[last].outputs
    Scalar.logSoftmax(layers[last].y, rows, classes, logProbabilities)
    var loss: Scalar = 0
    // The adjoint of the log-probabilities, in the memory of the logits, which nothing reads again.
    let share = -1 / Scalar(rows)
    Scalar.fill(0, layers[last].y, rows * classes)
    for row in 0..<rows {
      loss += logProbabilities[row * classes + labels[row]]
      layers[last].y[row * classes + labels[row]] = share
    }
    Scalar.logSoftmaxAdjoint(logProbabilities, layers[last].y, rows, classes, false, layers[last].ybar)
    for index in (0...last).reversed() {
      let layer = layers[index]
      let x = index == 0 ? inputs.baseAddress! : UnsafePointer(layers[index - 1].y)
      multiply(
        true, false, layer.inputs, layer.outputs, rows, x, layer.inputs, layer.ybar, layer.outputs,
        layer.weightGradient)
      Scalar.sumRows(layer.ybar, layer.biasGradient, rows: rows, layer.outputs)
      guard index > 0 else { break }
      let before = layers[index - 1]
      multiply(
        false, true, rows, layer.inputs, layer.outputs, layer.ybar, layer.outputs, layer.weight, layer.outputs,
        before.ybar)
      Scalar.throughTanh(before.y, before.ybar, rows * before.outputs)
    }
    let ready = nanoseconds()
    for layer in layers {
      Scalar.descend(learningRate, layer.weightGradient, layer.weight, layer.inputs * layer.outputs)
      Scalar.descend(learningRate, layer.biasGradient, layer.bias, layer.outputs)
    }
    return (-loss / Scalar(rows), ready)
  }

  @inline(__always)
  private func multiply(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Scalar>, _ lda: Int,
    _ b: UnsafePointer<Scalar>, _ ldb: Int, _ c: Memory, adding row: Memory? = nil
  ) {
    _ = Scalar.multiply(transposeA, transposeB, m, n, k, a, lda, b, ldb, row.map { UnsafePointer($0) }, c)
  }
}
