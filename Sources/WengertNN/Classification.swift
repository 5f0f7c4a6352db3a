import Wengert

// What a classifier says about data, evaluated without leaving anything on the tape.

extension Layer {
  /// The class with the largest logit for each row of the inputs; the first of equal ones.
  ///
  /// Traps unless the layer gives a matrix with at least one column.
  public func classes(of inputs: ShapedArray<Scalar>) -> [Int] {
    let logits = Tape.scope { Tape.withoutRecording { self(inputs).value } }
    guard logits.shape.count == 2, logits.shape[1] > 0 else { misuse(.logits(logits.shape)) }
    let count = logits.shape[1]
    return logits.withUnsafeBufferPointer { logits in
      stride(from: 0, to: logits.count, by: count).map { row in
        var best = 0
        for column in 1..<count where logits[row + column] > logits[row + best] { best = column }
        return best
      }
    }
  }

  /// The probability of each class for each row of the inputs: the softmax of the layer's output along the last axis.
  public func probabilities(of inputs: ShapedArray<Scalar>) -> ShapedArray<Scalar> {
    Tape.scope { Tape.withoutRecording { softmax(self(inputs)).value } }
  }

  /// The fraction of examples whose class has the largest logit, in 0...1; NaN for no examples.
  public func accuracy(on data: LabeledData<Scalar>) -> Double {
    let right = zip(classes(of: data.inputs), data.labels).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    return Double(right) / Double(data.count)
  }
}
