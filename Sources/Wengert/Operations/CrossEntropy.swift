import CKernels

// Cross-entropy of logits: with integer labels in one record, with smoothed labels and probabilities in a few.

extension Operation {
  static let crossEntropy: [Operation] = [
    /// The mean of −log softmax x at the labels: (softmax x − 1 at the label) / labeled rows
    Operation(
      opcode: .crossEntropy,
      forward: .init(
        // The log-probabilities follow the value.
        byteCount: { e in ArrayStorage.alignment + e.layout(0).elementCount * e.type.byteCount },
        { e in e.computeCrossEntropy() }),
      derivative: .structural(
        .init(
          reads: .output,
          rule: { p in
            let core = p.core
            let labels = core[record: p.id].pointee.attributes
            let (rows, classes) = (p.shape(0)[0], p.shape(0)[1])
            let type = core[record: p.id].pointee.scalarType
            let target = core.labelPlaces(labels, rows: rows, classes: classes, type)
            let difference = core.elementwise(.subtract, core.softmax(p.operand(0), 1), target)
            let count = core.labeledCount(labels, rows: rows)
            var cotangent = p.padded(p.cotangent, toRank: 2)
            if count < rows {
              let mask = core.reshaped(core.labelMask(labels, rows: rows, type), to: .matrix(rows, 1))
              cotangent = core.elementwise(.select, mask, cotangent, core.constant(0, type))
            }
            let share = core.elementwise(.divideCotangent, cotangent, core.constant(Double(count), type))
            p.accumulate(0, core.elementwise(.scaleCotangent, share, difference))
          },
          fused: { p in p.pullCrossEntropy() }, isBlockable: true)),
      samples: [
        .crossEntropy([3, 4], [2, 0, 3]), .crossEntropy([2, 1], [0, 0]), .crossEntropy([4, 3], [-1, 2, -1, 0]),
      ])
  ]
}

extension Sample {
  fileprivate static func crossEntropy(_ shape: Shape, _ labels: [Int]) -> Sample {
    Sample("\(shape) labels \(labels)", [shape]) { operands in
      let core = Core.current
      return AnyTensor(core.crossEntropy(operands[0].id, labels: core.storedLabels(labels)))
    }
  }
}

/// The cross-entropy between the softmax of each row of logits and its label, averaged over the rows.
///
/// Equal to `negativeLogLikelihood(logSoftmax(logits), labels: labels)`. As `logSoftmax` does nothing to its own
/// result, this function may be given log-probabilities too.
///
/// With label smoothing ε the loss is that for a target distribution with 1 − ε at the label plus ε spread evenly over
/// all classes (Szegedy et al., Rethinking the Inception Architecture, 2016).
///
/// - Parameters:
///   - logits: One row per example, one column per class; any finite size, without overflow.
///   - labels: The class of each row. Traps if there is not one per row or if one is not a column.
///   - ignoredLabel: The label of rows that are left out of sum and mean, with a gradient of 0; it need not be a column.
///   - labelSmoothing: How much of the target is spread over all classes. Traps unless it lies in 0...1.
///   - reduction: What is made of the rows' losses.
/// - Returns: A scalar, or one loss per row. +∞ if the logit at a label is −∞ (with smoothing, if any is). The mean over
///   no rows, or none but ignored ones, is NaN.
/// - Complexity: O(elements); the tape keeps the log-probabilities and the labels, in one record for a mean without
///   smoothing.
@inlinable public func crossEntropy<S>(
  _ logits: Tensor<S>, labels: some Collection<Int>, ignoring ignoredLabel: Int? = nil, labelSmoothing: S = 0,
  reduction: LossReduction = .mean
) -> Tensor<S> {
  let (x, smoothing) = (logits.handle, Double(labelSmoothing))
  let loss = labels.withContiguousStorageIfAvailable {
    recordCrossEntropy(x, $0, ignoredLabel, smoothing, reduction)
  }
  return Tensor(
    loss
      ?? Array(labels).withUnsafeBufferPointer { recordCrossEntropy(x, $0, ignoredLabel, smoothing, reduction) })
}

/// The cross-entropy between the softmax of logits and target probabilities along the last axis, averaged over the rest.
///
/// −Σ p log softmax x: with a target probability of 0 a class contributes exactly 0, whatever its logit. Probabilities
/// need not add up to 1, and have a derivative too.
///
/// - Parameters:
///   - logits: Logits of shape (…, classes); any finite size, without overflow.
///   - probabilities: Targets of the same shape. Traps if it is another, or a scalar's.
///   - reduction: What is made of the rows' losses.
/// - Returns: A scalar, or one loss per row. +∞ where a logit of −∞ has a positive probability; the mean over no rows
///   is NaN.
/// - Complexity: O(elements); the tape keeps the log-probabilities and their products with the targets.
@inlinable public func crossEntropy<S>(
  _ logits: Tensor<S>, probabilities: Tensor<S>, reduction: LossReduction = .mean
) -> Tensor<S> {
  Tensor(recordCrossEntropy(logits.handle, probabilities.handle, reduction))
}

@usableFromInline @inline(never)
func recordCrossEntropy(
  _ x: Handle, _ labels: UnsafeBufferPointer<Int>, _ ignoredLabel: Int?, _ smoothing: Double,
  _ reduction: LossReduction
) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let checked = core.checkedLabels(labels, ignoring: ignoredLabel, for: x, "crossEntropy(_:labels:)")
  guard smoothing >= 0, smoothing <= 1 else { misuse(.labelSmoothing(smoothing)) }
  if smoothing == 0 && reduction == .mean { return core.handle(core.crossEntropy(x, labels: checked)) }
  let likelihoods = core.logLikelihoods(x, labels: checked, smoothing)
  return core.handle(core.elementwise(.negate, core.reduced(likelihoods, labels: checked, reduction)))
}

@usableFromInline @inline(never)
func recordCrossEntropy(_ x: Handle, _ probabilities: Handle, _ reduction: LossReduction) -> Handle {
  let core = Core.recording
  let (x, p) = (core.resolve(x), core.resolve(probabilities))
  core.checkRows(x, p, for: "crossEntropy(_:probabilities:)")
  let axis = core.layout(x).rank - 1
  let products = core.elementwise(.scaleCotangent, p, core.logSoftmax(x, axis))
  let rows = core.sum(products, 1 << UInt32(axis), keepingAxes: false)
  return core.handle(core.elementwise(.negate, core.reduced(rows, reduction)))
}

extension UnsafeMutablePointer<TapeCore> {
  /// Cross-entropy in one record, whose value is followed by the log-probabilities.
  func crossEntropy(_ x: NodeID, labels: Int32) -> NodeID {
    let x = contiguous(x)
    return record(
      .crossEntropy, self[record: x].pointee.scalarType, layout: LayoutTable.scalar, operands: (x, -1),
      attributes: labels)
  }

  /// The log-probability of each row's label, mixed with the mean over all classes; 0 in rows without a label.
  fileprivate func logLikelihoods(_ x: NodeID, labels: Int32, _ smoothing: Double) -> NodeID {
    let y = logSoftmax(x, 1)
    let picked = pickedLabels(y, labels: labels)
    guard smoothing > 0 else { return picked }
    let type = self[record: x].pointee.scalarType
    let rows = Int(layout(x).sizes[0])
    var spread = mean(y, 0b10, keepingAxes: false)
    if labeledCount(labels, rows: rows) < rows {
      spread = elementwise(.select, labelMask(labels, rows: rows, type), spread, constant(0, type))
    }
    // Strong products: a weight of 0 leaves out a logarithm of 0.
    return elementwise(
      .add, elementwise(.scaleCotangent, constant(1 - smoothing, type), picked),
      elementwise(.scaleCotangent, constant(smoothing, type), spread))
  }
}

extension Evaluation {
  fileprivate func computeCrossEntropy() {
    let (x, layout) = (input(0).value, layout(0))
    let (rows, classes) = (Int(layout.sizes[0]), Int(layout.sizes[1]))
    let label = core.pointee.attributes.base + Int(attributes)
    let logProbabilities = value + ArrayStorage.alignment
    if type == .double {
      value.f64.pointee = wg_cross_entropy_f64(x.f64, label, rows, classes, logProbabilities.f64)
    } else {
      value.f32.pointee = wg_cross_entropy_f32(x.f32, label, rows, classes, logProbabilities.f32)
    }
  }
}

extension DirectPullback {
  fileprivate func pullCrossEntropy() {
    let record = core[record: id].pointee
    let layout = core.layout(operand(0))
    let (rows, classes) = (Int(layout.sizes[0]), Int(layout.sizes[1]))
    let logProbabilities = record.value + ArrayStorage.alignment
    let label = core.pointee.attributes.base + Int(record.attributes)
    let (memory, accumulate) = destination(0)
    if type == .double {
      wg_cross_entropy_adjoint_f64(
        logProbabilities.f64, label, rows, classes, adjoint.f64.pointee, accumulate, memory.f64)
    } else {
      wg_cross_entropy_adjoint_f32(
        logProbabilities.f32, label, rows, classes, adjoint.f32.pointee, accumulate, memory.f32)
    }
  }
}
