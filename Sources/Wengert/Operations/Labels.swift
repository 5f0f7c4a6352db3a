import CKernels

// Losses for integer labels.

extension Operation {
  static let labels: [Operation] = [
    /// x[i, label[i]] for each row i: the cotangents, back at those places
    Operation(
      opcode: .pickLabels,
      derivative: .structural(
        .init(
          rule: { p in
            p.accumulate(
              0,
              p.core.placedLabels(
                p.cotangent, classes: p.shape(0)[1], labels: p.core[record: p.id].pointee.attributes))
          },
          fused: { p in
            let target = p.core.layout(p.operand(0))
            let (memory, accumulate) = p.destination(0)
            if !accumulate {
              memory.initializeMemory(as: UInt8.self, repeating: 0, count: target.elementCount * p.type.byteCount)
            }
            p.core.addAtLabels(
              p.adjoint, p.type, rows: Int(target.sizes[0]), classes: Int(target.sizes[1]),
              labels: p.core[record: p.id].pointee.attributes, into: memory)
          })),
      samples: [
        Sample("(3, 4)", [[3, 4]]) { operands in
          let core = Core.current
          return AnyTensor(core.pickedLabels(operands[0].id, labels: core.storedLabels([2, 0, 3])))
        }
      ]),

    /// The mean of −log softmax x at the labels: (softmax x − 1 at the label) / rows
    Operation(
      opcode: .crossEntropy,
      derivative: .structural(
        .init(
          rule: { p in
            let core = p.core
            let labels = core[record: p.id].pointee.attributes
            let (rows, classes) = (p.shape(0)[0], p.shape(0)[1])
            let type = core[record: p.id].pointee.scalarType
            let ones = core.contiguous(core.broadcast(core.constant(1, type), to: .vector(rows)))
            let target = core.placedLabels(ones, classes: classes, labels: labels)
            let difference = core.elementwise(.subtract, core.softmax(p.operand(0), 1), target)
            let share = core.elementwise(.divideCotangent, p.cotangent, core.constant(Double(rows), type))
            p.accumulate(0, core.elementwise(.scaleCotangent, share, difference))
          },
          fused: { p in p.pullCrossEntropy() })),
      samples: [
        Sample("(3, 4)", [[3, 4]]) { operands in
          let core = Core.current
          return AnyTensor(core.crossEntropy(operands[0].id, labels: core.storedLabels([2, 0, 3])))
        },
        Sample("one class", [[2, 1]]) { operands in
          let core = Core.current
          return AnyTensor(core.crossEntropy(operands[0].id, labels: core.storedLabels([0, 0])))
        },
      ]),

    /// Zeros with one element per row: the adjoint of picking.
    Operation(
      opcode: .placeLabels,
      derivative: .structural(
        .init { p in
          p.accumulate(0, p.core.pickedLabels(p.cotangent, labels: p.core[record: p.id].pointee.attributes))
        }),
      samples: [
        Sample("(3,)", [[3]]) { operands in
          let core = Core.current
          return AnyTensor(core.placedLabels(operands[0].id, classes: 4, labels: core.storedLabels([2, 0, 3])))
        }
      ]),
  ]
}

extension Composite {
  static let labels: [Composite] = [
    Composite(
      "negativeLogLikelihood",
      samples: [.of("(3, 4)", [[3, 4]]) { negativeLogLikelihood($0[0], labels: [2, 0, 3]) }])
  ]
}

/// The mean over rows of −x[row, label]: the cross-entropy of log-probabilities, as `logSoftmax` gives them.
///
/// - Parameters:
///   - logProbabilities: One row per example, one column per class.
///   - labels: The class of each row. Traps if there is not one per row or if one is not a column.
/// - Returns: A scalar. +∞ if a label has probability 0; NaN for no rows.
/// - Complexity: O(rows), and O(elements) for the adjoint; the tape keeps the labels and one number per row.
@inlinable public func negativeLogLikelihood<S>(_ logProbabilities: Tensor<S>, labels: some Collection<Int>) -> Tensor<
  S
> {
  let picked = labels.withContiguousStorageIfAvailable {
    recordLabels("negativeLogLikelihood(_:labels:)", logProbabilities.handle, $0)
  }
  return Tensor(
    picked
      ?? Array(labels).withUnsafeBufferPointer {
        recordLabels("negativeLogLikelihood(_:labels:)", logProbabilities.handle, $0)
      })
}

/// The cross-entropy between the softmax of each row of logits and its label, averaged over the rows.
///
/// Equal to `negativeLogLikelihood(logSoftmax(logits), labels: labels)`. As `logSoftmax` does nothing to its own
/// result, this function may be given log-probabilities too.
///
/// - Parameters:
///   - logits: One row per example, one column per class; any finite size, without overflow.
///   - labels: The class of each row. Traps if there is not one per row or if one is not a column.
/// - Returns: A scalar. +∞ if the logit at a label is −∞; NaN for no rows.
/// - Complexity: O(elements), in one record; the tape keeps the log-probabilities and the labels.
@inlinable public func crossEntropy<S>(_ logits: Tensor<S>, labels: some Collection<Int>) -> Tensor<S> {
  let picked = labels.withContiguousStorageIfAvailable { recordCrossEntropy(logits.handle, $0) }
  return Tensor(picked ?? Array(labels).withUnsafeBufferPointer { recordCrossEntropy(logits.handle, $0) })
}

@usableFromInline @inline(never)
func recordLabels(_ function: String, _ x: Handle, _ labels: UnsafeBufferPointer<Int>) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  return core.handle(core.negativeLogLikelihood(x, core.checkedLabels(labels, for: x, function)))
}

@usableFromInline @inline(never)
func recordCrossEntropy(_ x: Handle, _ labels: UnsafeBufferPointer<Int>) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let checked = core.checkedLabels(labels, for: x, "crossEntropy(_:labels:)")
  return core.handle(core.crossEntropy(x, labels: checked))
}

extension UnsafeMutablePointer<TapeCore> {
  /// Stores labels among the attributes; traps if they do not fit the matrix.
  func checkedLabels(_ labels: UnsafeBufferPointer<Int>, for x: NodeID, _ function: @autoclosure () -> String) -> Int32
  {
    let layout = layout(x)
    guard layout.rank == 2, labels.count == Int(layout.sizes[0]) else {
      misuse(.labelCount(function(), labels.count, layout.shape))
    }
    let classes = Int(layout.sizes[1])
    let start = beginAttributes()
    pointee.attributes.resize(to: Int(start) + labels.count)
    let stored = pointee.attributes.base + Int(start)
    for row in 0..<labels.count {
      let label = labels[row]
      guard label >= 0, label < classes else { misuse(.label(function(), label, row: row, classes)) }
      stored[row] = Int32(truncatingIfNeeded: label)
    }
    return start
  }

  func storedLabels(_ labels: some Sequence<Int>) -> Int32 {
    let start = beginAttributes()
    for label in labels { pointee.attributes.append(Int32(truncatingIfNeeded: label)) }
    return start
  }

  func negativeLogLikelihood(_ x: NodeID, _ labels: Int32) -> NodeID {
    elementwise(.negate, mean(pickedLabels(x, labels: labels), 1, keepingAxes: false))
  }

  /// Cross-entropy in one record, whose value is followed by the log-probabilities.
  func crossEntropy(_ x: NodeID, labels: Int32) -> NodeID {
    let x = contiguous(x)
    let record = self[record: x].pointee
    let layout = layout(x)
    let (rows, classes) = (Int(layout.sizes[0]), Int(layout.sizes[1]))
    let alignment = ArrayStorage.alignment
    let value = pointee.values.allocate(alignment + layout.elementCount * record.scalarType.byteCount)
    let label = pointee.attributes.base + Int(labels)
    if record.scalarType == .double {
      value.f64[0] = wg_cross_entropy_f64(record.value.f64, label, rows, classes, (value + alignment).f64)
    } else {
      value.f32[0] = wg_cross_entropy_f32(record.value.f32, label, rows, classes, (value + alignment).f32)
    }
    return append(
      .crossEntropy, record.scalarType, layout: LayoutTable.scalar, value: value, operands: (x, -1),
      attributes: labels)
  }

  /// x[i, label[i]]; the labels are among the attributes already, perhaps as those of another record.
  func pickedLabels(_ x: NodeID, labels: Int32) -> NodeID {
    let record = self[record: x].pointee
    let from = layout(x)
    let rows = Int(from.sizes[0])
    let layout = pointee.layouts.number(of: .vector(rows))
    let value = allocate(layout, record.scalarType)
    let label = pointee.attributes.base + Int(labels)
    for row in 0..<rows {
      let offset = row * Int(from.strides[0]) + Int(label[row]) * Int(from.strides[1])
      if record.scalarType == .double {
        value.f64[row] = record.value.f64[offset]
      } else {
        value.f32[row] = record.value.f32[offset]
      }
    }
    return append(
      .pickLabels, record.scalarType, layout: layout, value: value, operands: (x, -1), attributes: labels)
  }

  /// Zeros but for x[i] at row i and column label[i].
  func placedLabels(_ x: NodeID, classes: Int, labels: Int32) -> NodeID {
    let x = contiguous(x)
    let record = self[record: x].pointee
    let rows = layout(x).elementCount
    let layout = pointee.layouts.number(of: .matrix(rows, classes))
    let value = allocate(layout, record.scalarType)
    value.initializeMemory(as: UInt8.self, repeating: 0, count: rows * classes * record.scalarType.byteCount)
    addAtLabels(record.value, record.scalarType, rows: rows, classes: classes, labels: labels, into: value)
    return append(
      .placeLabels, record.scalarType, layout: layout, value: value, operands: (x, -1), attributes: labels)
  }

  func addAtLabels(
    _ x: UnsafeMutableRawPointer, _ type: ScalarType, rows: Int, classes: Int, labels: Int32,
    into memory: UnsafeMutableRawPointer
  ) {
    let label = pointee.attributes.base + Int(labels)
    for row in 0..<rows {
      if type == .double {
        memory.f64[row * classes + Int(label[row])] += x.f64[row]
      } else {
        memory.f32[row * classes + Int(label[row])] += x.f32[row]
      }
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
