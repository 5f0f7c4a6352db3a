import CKernels

// One class per row: picking its element, and placing one there.

extension Operation {
  static let labels: [Operation] = [
    /// x[i, label[i]] for each row i, 0 in a row without a label: the cotangents, back at those places
    Operation(
      opcode: .pickLabels,
      forward: .init { e in e.pickLabels() },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            let (core, classes) = (p.core, p.shape(0)[1])
            let labels = core[record: p.id].pointee.attributes
            guard let block = p.block else {
              return p.accumulate(0, core.placedLabels(p.cotangent, classes: classes, labels: labels))
            }
            let rows = p.shape(0)[0]
            let places = core.labelPlaces(labels, rows: rows, classes: classes, p.type)
            let cotangent = core.reshaped(p.cotangent, to: [block, rows, 1])
            p.accumulate(0, core.elementwise(.select, places, cotangent, core.constant(0, p.type)))
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
          }, isBlockable: true)),
      samples: [
        Sample("(3, 4)", [[3, 4]]) { operands in
          let core = Core.current
          return AnyTensor(core.pickedLabels(operands[0].id, labels: core.storedLabels([2, 0, 3])))
        },
        Sample("a row without a label", [[3, 2]]) { operands in
          let core = Core.current
          return AnyTensor(core.pickedLabels(operands[0].id, labels: core.storedLabels([1, -1, 0])))
        },
      ]),

    /// Zeros with one element per row: the adjoint of picking.
    Operation(
      opcode: .placeLabels,
      forward: .init { e in
        e.clear()
        e.core.addAtLabels(
          e.input(0).value, e.type, rows: Int(e.layout.sizes[0]), classes: Int(e.layout.sizes[1]),
          labels: e.attributes, into: e.value)
      },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in
            let (core, shape) = (p.core, p.core.shape(p.id))
            let labels = core[record: p.id].pointee.attributes
            guard p.block != nil else { return p.accumulate(0, core.pickedLabels(p.cotangent, labels: labels)) }
            let places = core.labelPlaces(labels, rows: shape[0], classes: shape[1], p.type)
            let picked = core.elementwise(.select, places, p.cotangent, core.constant(0, p.type))
            p.accumulate(0, core.sum(picked, 0b100, keepingAxes: false))
          }, isBlockable: true)),
      samples: [
        Sample("(3,)", [[3]]) { operands in
          let core = Core.current
          return AnyTensor(core.placedLabels(operands[0].id, classes: 4, labels: core.storedLabels([2, 0, 3])))
        },
        Sample("a row without a label", [[3]]) { operands in
          let core = Core.current
          return AnyTensor(core.placedLabels(operands[0].id, classes: 2, labels: core.storedLabels([1, -1, 0])))
        },
      ]),
  ]
}

extension Composite {
  static let labels: [Composite] = [
    Composite(
      "negativeLogLikelihood",
      samples: [
        .of("(3, 4)", [[3, 4]]) { negativeLogLikelihood($0[0], labels: [2, 0, 3]) },
        .of("an ignored label, summed", [[3, 4]]) {
          negativeLogLikelihood($0[0], labels: [2, -1, 3], ignoring: -1, reduction: .sum)
        },
        .of("an ignored label, row by row", [[3, 4]]) {
          negativeLogLikelihood($0[0].transposed().transposed(), labels: [0, 2, 3], ignoring: 0, reduction: .none)
        },
      ])
  ]
}

/// −x[row, label], averaged over the rows: the cross-entropy of log-probabilities, as `logSoftmax` gives them.
///
/// - Parameters:
///   - logProbabilities: One row per example, one column per class.
///   - labels: The class of each row. Traps if there is not one per row or if one is not a column.
///   - ignoredLabel: The label of rows that are left out of sum and mean, with a gradient of 0; it need not be a column.
///   - reduction: What is made of the rows' losses.
/// - Returns: A scalar, or one loss per row. +∞ if a label has probability 0. The mean over no rows, or none but
///   ignored ones, is NaN.
/// - Complexity: O(rows), and O(elements) for the adjoint; the tape keeps the labels and one number per row.
@inlinable public func negativeLogLikelihood<S>(
  _ logProbabilities: Tensor<S>, labels: some Collection<Int>, ignoring ignoredLabel: Int? = nil,
  reduction: LossReduction = .mean
) -> Tensor<S> {
  let x = logProbabilities.handle
  let loss = labels.withContiguousStorageIfAvailable { recordLikelihood(x, $0, ignoredLabel, reduction) }
  return Tensor(
    loss ?? Array(labels).withUnsafeBufferPointer { recordLikelihood(x, $0, ignoredLabel, reduction) })
}

@usableFromInline @inline(never)
func recordLikelihood(
  _ x: Handle, _ labels: UnsafeBufferPointer<Int>, _ ignoredLabel: Int?, _ reduction: LossReduction
) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let checked = core.checkedLabels(labels, ignoring: ignoredLabel, for: x, "negativeLogLikelihood(_:labels:)")
  let picked = core.pickedLabels(x, labels: checked)
  return core.handle(core.elementwise(.negate, core.reduced(picked, labels: checked, reduction)))
}

extension UnsafeMutablePointer<TapeCore> {
  /// Stores labels among the attributes, -1 for ignored ones; traps if they do not fit the matrix.
  func checkedLabels(
    _ labels: UnsafeBufferPointer<Int>, ignoring ignored: Int?, for x: NodeID, _ function: @autoclosure () -> String
  ) -> Int32 {
    let layout = layout(x)
    guard layout.rank == 2, labels.count == Int(layout.sizes[0]) else {
      misuse(.labelCount(function(), labels.count, layout.shape))
    }
    let start = beginAttributes()
    pointee.attributes.resize(to: Int(start) + labels.count)
    let check = LabelCheck(ignored: ignored, classes: Int(layout.sizes[1]))
    if let row = check.store(labels, pointee.attributes.base + Int(start)) {
      misuse(.label(function(), labels[row], row: row, check.classes))
    }
    if pointee.trace != nil {
      var check = check
      check.function = function()
      noteStored(labels, at: start, check)
    }
    return start
  }

  /// The number of rows that have a label.
  func labeledCount(_ labels: Int32, rows: Int) -> Int {
    noteAttributesRead(labels)
    let label = pointee.attributes.base + Int(labels)
    var count = 0
    for row in 0..<rows where label[row] >= 0 { count += 1 }
    return count
  }

  /// A constant vector: 1 for rows that have a label, 0 for the others.
  func labelMask(_ labels: Int32, rows: Int, _ type: ScalarType) -> NodeID {
    noteAttributesRead(labels)
    let mask = leaf(.vector(rows), type, .constant)
    let value = self[record: mask].pointee.value
    let label = pointee.attributes.base + Int(labels)
    for row in 0..<rows {
      if type == .double {
        value.f64[row] = label[row] < 0 ? 0 : 1
      } else {
        value.f32[row] = label[row] < 0 ? 0 : 1
      }
    }
    return mask
  }

  /// Sum or mean of the losses of labeled rows, given 0 for the others; or the losses as they are.
  func reduced(_ losses: NodeID, labels: Int32, _ reduction: LossReduction) -> NodeID {
    let rows = layout(losses).elementCount
    switch reduction {
    case .none: return losses
    case .sum: return sum(losses, 1, keepingAxes: false)
    case .mean:
      let count = labeledCount(labels, rows: rows)
      if count == rows { return mean(losses, 1, keepingAxes: false) }
      let total = sum(losses, 1, keepingAxes: false)
      return elementwise(.divide, total, constant(Double(count), self[record: losses].pointee.scalarType))
    }
  }

  func storedLabels(_ labels: some Sequence<Int>) -> Int32 {
    let start = beginAttributes()
    for label in labels { pointee.attributes.append(Int32(truncatingIfNeeded: label)) }
    return start
  }

  /// x[i, label[i]]; the labels are among the attributes already, perhaps as those of another record.
  func pickedLabels(_ x: NodeID, labels: Int32) -> NodeID {
    record(
      .pickLabels, self[record: x].pointee.scalarType,
      layout: pointee.layouts.number(of: .vector(Int(layout(x).sizes[0]))), operands: (x, -1), attributes: labels)
  }

  /// Zeros but for x[i] at row i and column label[i], if it has one.
  func placedLabels(_ x: NodeID, classes: Int, labels: Int32) -> NodeID {
    let x = contiguous(x)
    let shape = Shape.matrix(layout(x).elementCount, classes)
    return record(
      .placeLabels, self[record: x].pointee.scalarType, layout: pointee.layouts.number(of: shape), operands: (x, -1),
      attributes: labels)
  }

  /// A constant matrix: 1 at each row's label, 0 elsewhere.
  func labelPlaces(_ labels: Int32, rows: Int, classes: Int, _ type: ScalarType) -> NodeID {
    let ones = contiguous(broadcast(constant(1, type), to: .vector(rows)))
    return placedLabels(ones, classes: classes, labels: labels)
  }

  func addAtLabels(
    _ x: UnsafeMutableRawPointer, _ type: ScalarType, rows: Int, classes: Int, labels: Int32,
    into memory: UnsafeMutableRawPointer
  ) {
    let label = pointee.attributes.base + Int(labels)
    for row in 0..<rows where label[row] >= 0 {
      if type == .double {
        memory.f64[row * classes + Int(label[row])] += x.f64[row]
      } else {
        memory.f32[row * classes + Int(label[row])] += x.f32[row]
      }
    }
  }
}

extension Evaluation {
  fileprivate func pickLabels() {
    let (x, from) = (input(0).value, layout(0))
    let label = core.pointee.attributes.base + Int(attributes)
    for row in 0..<Int(from.sizes[0]) {
      let offset = row * Int(from.strides[0]) + Int(label[row]) * Int(from.strides[1])
      if type == .double {
        value.f64[row] = label[row] < 0 ? 0 : x.f64[offset]
      } else {
        value.f32[row] = label[row] < 0 ? 0 : x.f32[offset]
      }
    }
  }
}

/// Which labels a matrix of logits takes.
struct LabelCheck {
  /// The label of rows that are left out.
  let ignored: Int?
  let classes: Int
  /// What messages call the function, once one of a recorded program may be needed.
  var function = ""

  /// Stores labels, -1 for those of rows that are left out. Returns the first row whose label is no column.
  @inline(__always)
  func store(_ labels: UnsafeBufferPointer<Int>, _ stored: UnsafeMutablePointer<Int32>) -> Int? {
    for row in 0..<labels.count {
      let label = labels[row]
      if label == ignored {
        stored[row] = -1
      } else {
        guard label >= 0, label < classes else { return row }
        stored[row] = Int32(truncatingIfNeeded: label)
      }
    }
    return nil
  }
}
