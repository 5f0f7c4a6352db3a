import CKernels

// Layer, root-mean-square and batch normalisation.

extension Operation {
  static let normalizations: [Operation] = [
    /// y = (x − mean x) r over the last axes, where r = 1/√(variance x + ε): r (ȳ − mean ȳ − y mean(ȳ y)); uncentred,
    /// the means of x and ȳ count as 0.
    Operation(
      opcode: .standardize,
      forward: .init(
        // The rows are followed by what each was multiplied by.
        byteCount: { e in
          let (rows, n) = e.core.rows(e.id, e.attribute(0))
          return ArrayStorage.alignment + (rows * n + rows) * e.type.byteCount
        },
        { e in e.standardize() }),
      derivative: .structural(
        .init(
          reads: .output,
          rule: { p in
            let core = p.core
            let (axes, isCentered) = (p.standardizedAxes, p.attribute(1) == 1)
            let means = p.blocked(axes)
            let products = core.elementwise(.scaleCotangent, p.cotangent, p.output)
            let slope = core.mean(products, means, keepingAxes: true)
            var cotangent = p.cotangent
            if isCentered {
              cotangent = core.elementwise(.subtract, cotangent, core.mean(cotangent, means, keepingAxes: true))
            }
            let difference = core.elementwise(
              .subtract, cotangent, core.elementwise(.scaleCotangent, slope, p.output))
            p.accumulate(
              0,
              core.elementwise(
                .scaleCotangent, difference, core.inverseDeviation(p.operand(0), axes, isCentered, p.epsilon)))
          },
          fused: { p in p.pullStandardize() }, isBlockable: true)),
      samples: [
        .standardize([5], 1), .standardize([2, 4], 1), .standardize([2, 4], 1, isCentered: false),
        .standardize([2, 2, 2], 2), .standardize([3, 1], 1), .standardize([], 0, isCentered: false),
        .standardize([0, 3], 1), .standardize([2, 0], 1),
        Sample("transposed", [[4, 2]]) {
          let core = Core.current
          return AnyTensor(core.standardized(core.permuted($0[0].id, [1, 0]), axisCount: 1, isCentered: true, 0.1))
        },
      ])
  ]
}

extension Sample {
  fileprivate static func standardize(_ shape: Shape, _ axisCount: Int, isCentered: Bool = true) -> Sample {
    Sample("\(shape) over \(axisCount)\(isCentered ? "" : " uncentered")", [shape]) {
      // A large ε: differences of a small one see no further than its root.
      AnyTensor(
        Core.current.standardized($0[0].id, axisCount: axisCount, isCentered: isCentered, 0.1))
    }
  }
}

extension Composite {
  static let normalizations: [Composite] = [
    Composite(
      "layerNorm",
      samples: [
        .of("(2, 3)", [[2, 3], [3], [3]]) { layerNorm($0[0], scale: $0[1], bias: $0[2], epsilon: 0.1) },
        .of("two axes", [[2, 2, 2], [2, 2]]) { layerNorm($0[0], overLast: 2, scale: $0[1], epsilon: 0.1) },
        .of("plain", [[4]]) { layerNorm($0[0], epsilon: 0.1) },
      ]),
    Composite(
      "rmsNorm",
      samples: [
        .of("(2, 3)", [[2, 3], [3]]) { rmsNorm($0[0], scale: $0[1], epsilon: 0.1) },
        .of("plain, transposed", [[3, 2]]) { rmsNorm($0[0].transposed(), epsilon: 0.1) },
      ]),
    Composite(
      "batchNorm",
      samples: [
        .of("(4, 2)", [[4, 2], [2], [2]]) { batchNorm($0[0], scale: $0[1], bias: $0[2], epsilon: 0.1).output },
        .of("(2, 2, 1, 2)", [[2, 2, 1, 2]]) { batchNorm($0[0], epsilon: 0.1).output },
        .of("statistics", [[3, 2]]) {
          let (_, mean, variance) = batchNorm($0[0], epsilon: 0.1)
          return mean * variance
        },
        .of("given statistics", [[2, 3, 2], [3], [3], [3], [3]], [-2...2, -1...1, 0.5...2, -2...2, -2...2]) {
          batchNorm($0[0], mean: $0[1], variance: $0[2], scale: $0[3], bias: $0[4])
        },
      ]),
  ]
}

/// Each row less its mean, divided by √(variance + ε), times a scale, plus a bias: layer normalisation over the last axes.
///
/// The variance is the mean of squared differences, without Bessel's correction; rows far from 0 lose no digits. A row
/// of equal elements gives the bias (Ba, Kiros and Hinton, Layer Normalization, 2016).
///
/// - Parameters:
///   - x: Of any shape with the axes that are normalized.
///   - axisCount: How many of the last axes are normalized together. Traps unless `x` has that many.
///   - scale: Multiplies the result; of the shape of the normalized axes. Traps if it is another. 1 if absent.
///   - bias: Is added; of the same shape. 0 if absent.
///   - epsilon: Keeps the divisor away from 0.
/// - Complexity: O(elements); the tape keeps an array of that size for each of normalising, scale and bias.
public func layerNorm<S>(
  _ x: Tensor<S>, overLast axisCount: Int = 1, scale: Tensor<S>? = nil, bias: Tensor<S>? = nil, epsilon: S = 1e-5
) -> Tensor<S> {
  normalized(x, axisCount, true, scale, bias, Double(epsilon), "layerNorm")
}

/// Each row divided by √(mean of squares + ε), times a scale: root-mean-square normalisation over the last axes.
///
/// A row of zeros stays so (Zhang and Sennrich, Root Mean Square Layer Normalization, 2019).
///
/// - Parameters:
///   - x: Of any shape with the axes that are normalized.
///   - axisCount: How many of the last axes are normalized together. Traps unless `x` has that many.
///   - scale: Multiplies the result; of the shape of the normalized axes. Traps if it is another. 1 if absent.
///   - epsilon: Keeps the divisor away from 0.
/// - Complexity: O(elements); the tape keeps an array of that size for each of normalising and scale.
public func rmsNorm<S>(
  _ x: Tensor<S>, overLast axisCount: Int = 1, scale: Tensor<S>? = nil, epsilon: S = 1e-5
) -> Tensor<S> {
  normalized(x, axisCount, false, scale, nil, Double(epsilon), "rmsNorm")
}

private func normalized<S>(
  _ x: Tensor<S>, _ axisCount: Int, _ isCentered: Bool, _ scale: Tensor<S>?, _ bias: Tensor<S>?, _ epsilon: Double,
  _ function: StaticString
) -> Tensor<S> {
  let shape = x.shape
  guard axisCount >= 1, axisCount <= shape.count else {
    misuse(.normalizedAxes("\(function)", axisCount, shape))
  }
  let parameters = Shape(shape.suffix(axisCount))
  var y = Tensor<S>(recordStandardize(x.handle, axisCount, isCentered, epsilon))
  if let scale {
    checkParameter(scale, parameters, "scale", for: function)
    y = y * scale
  }
  if let bias {
    checkParameter(bias, parameters, "bias", for: function)
    y = y + bias
  }
  return y
}

private func checkParameter<S>(
  _ parameter: Tensor<S>, _ shape: Shape, _ name: String, for function: StaticString
) {
  guard parameter.shape == shape else {
    misuse(.normalizationParameter("\(function)", name, parameter.shape, shape))
  }
}

/// Batch normalisation in training: each channel less its mean over the batch, divided by √(variance + ε), times a
/// scale, plus a bias (Ioffe and Szegedy, Batch Normalization, 2015).
///
/// The variance is the mean of squared differences, without Bessel's correction; multiply it by n/(n − 1), with n
/// elements per channel, for a running estimate as in PyTorch. A channel of equal elements gives the bias.
///
/// ```swift
/// let (y, mean, variance) = batchNorm(x, scale: scale, bias: bias)
/// runningMean = 0.9 * runningMean + 0.1 * mean.value  // and so on: mean and variance are tensors of (channels,)
/// ```
///
/// - Parameters:
///   - x: Of shape (examples, channels, …). Traps if it has one axis or none.
///   - scale: One factor per channel; 1 if absent. Traps if its shape is another.
///   - bias: One term per channel; 0 if absent.
///   - epsilon: Keeps the divisor away from 0.
/// - Returns: The output, of the shape of `x`, and each channel's mean and variance. They are NaN for no examples.
/// - Complexity: O(elements); the tape keeps four arrays of that size.
public func batchNorm<S>(
  _ x: Tensor<S>, scale: Tensor<S>? = nil, bias: Tensor<S>? = nil, epsilon: S = 1e-5
) -> (output: Tensor<S>, mean: Tensor<S>, variance: Tensor<S>) {
  let (channels, column) = checkedChannels(x, [("scale", scale), ("bias", bias)])
  let axes = x.shape.indices.filter { $0 != 1 }
  let mean = x.mean(along: axes, keepingAxes: true)
  let difference = x - mean
  let variance = (difference * difference).mean(along: axes, keepingAxes: true)
  var factor = 1 / sqrt(variance + epsilon)
  if let scale { factor = factor * scale.reshaped(to: column) }
  var y = difference * factor
  if let bias { y = y + bias.reshaped(to: column) }
  return (y, mean.reshaped(to: channels), variance.reshaped(to: channels))
}

/// Batch normalisation with given statistics, as after training: each channel less its mean, divided by
/// √(variance + ε), times a scale, plus a bias.
///
/// - Parameters:
///   - x: Of shape (examples, channels, …). Traps if it has one axis or none.
///   - mean: The mean of each channel. Traps if its shape is not (channels,), as with the other statistics.
///   - variance: The variance of each channel.
///   - scale: One factor per channel; 1 if absent.
///   - bias: One term per channel; 0 if absent.
///   - epsilon: Keeps the divisor away from 0.
/// - Complexity: O(elements); the tape keeps three arrays of that size.
public func batchNorm<S>(
  _ x: Tensor<S>, mean: Tensor<S>, variance: Tensor<S>, scale: Tensor<S>? = nil, bias: Tensor<S>? = nil,
  epsilon: S = 1e-5
) -> Tensor<S> {
  let parameters = [("mean", mean), ("variance", variance), ("scale", scale), ("bias", bias)]
  let (_, column) = checkedChannels(x, parameters)
  var factor = 1 / sqrt(variance + epsilon)
  if let scale { factor = factor * scale }
  let y = (x - mean.reshaped(to: column)) * factor.reshaped(to: column)
  return bias.map { y + $0.reshaped(to: column) } ?? y
}

/// The shape of a parameter with one number per channel, and the one that broadcasts along the channels' axis.
private func checkedChannels<S>(
  _ x: Tensor<S>, _ parameters: [(name: String, value: Tensor<S>?)]
) -> (channels: Shape, column: Shape) {
  let shape = x.shape
  guard shape.count >= 2 else { misuse(.batchNormInput(shape)) }
  let channels: Shape = [shape[1]]
  for case (let name, let parameter?) in parameters { checkParameter(parameter, channels, name, for: "batchNorm") }
  return (channels, Shape([shape[1]] + shape.dropFirst(2).map { _ in 1 }))
}

@usableFromInline @inline(never)
func recordStandardize(_ x: Handle, _ axisCount: Int, _ isCentered: Bool, _ epsilon: Double) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  return core.handle(core.standardized(x, axisCount: axisCount, isCentered: isCentered, epsilon))
}

extension UnsafeMutablePointer<TapeCore> {
  /// Rows over the last axes with mean 0 and variance 1, followed in memory by what each was multiplied by.
  func standardized(_ x: NodeID, axisCount: Int, isCentered: Bool, _ epsilon: Double) -> NodeID {
    let x = contiguous(x)
    let (type, layout) = (self[record: x].pointee.scalarType, self[record: x].pointee.layout)
    let bits = epsilon.bitPattern
    return record(
      .standardize, type, layout: layout, operands: (x, -1),
      attributes: attributes(
        axisCount, isCentered ? 1 : 0, Int(bits & 0xFFFF_FFFF), Int(bits >> 32)))
  }

  /// 1/√(variance + ε) over some axes, which stay with one element each; uncentred, the mean counts as 0.
  fileprivate func inverseDeviation(
    _ x: NodeID, _ axes: UInt32, _ isCentered: Bool, _ epsilon: Double
  ) -> NodeID {
    let type = self[record: x].pointee.scalarType
    let difference = isCentered ? elementwise(.subtract, x, mean(x, axes, keepingAxes: true)) : x
    let variance = mean(elementwise(.multiply, difference, difference), axes, keepingAxes: true)
    let deviation = elementwise(.squareRoot, elementwise(.add, variance, constant(epsilon, type)))
    return elementwise(.divide, constant(1, type), deviation)
  }

  /// The numbers of rows over the last axes, and of elements in each.
  fileprivate func rows(_ x: NodeID, _ axisCount: Int) -> (rows: Int, n: Int) {
    let layout = layout(x)
    var (rows, n) = (1, 1)
    for axis in 0..<layout.rank {
      if axis < layout.rank - axisCount { rows *= Int(layout.sizes[axis]) } else { n *= Int(layout.sizes[axis]) }
    }
    return (rows, n)
  }
}

extension Pullback {
  fileprivate var standardizedAxes: UInt32 {
    let rank = UInt32(shape(0).count)
    return ((1 << rank) - 1) & ~((1 << (rank - UInt32(attribute(0)))) - 1)
  }
}

extension Evaluation {
  fileprivate func standardize() {
    let (x, isCentered) = (input(0).value, attribute(1) == 1)
    let (rows, n) = core.rows(id, attribute(0))
    if type == .double {
      wg_standardize_f64(x.f64, rows, n, isCentered, epsilon, value.f64, value.f64 + rows * n)
    } else {
      wg_standardize_f32(x.f32, rows, n, isCentered, epsilon, value.f32, value.f32 + rows * n)
    }
  }
}

extension OperationInPass {
  fileprivate var epsilon: Double {
    let (low, high) = (UInt32(truncatingIfNeeded: attribute(2)), UInt32(truncatingIfNeeded: attribute(3)))
    return Double(bitPattern: UInt64(high) << 32 | UInt64(low))
  }
}

extension DirectPullback {
  fileprivate func pullStandardize() {
    let record = core[record: id]
    let value = record.pointee.value
    let isCentered = core.attribute(record, 1) == 1
    let (rows, n) = core.rows(id, core.attribute(record, 0))
    let (memory, accumulate) = destination(0)
    if type == .double {
      let inverses = value.f64 + rows * n
      wg_standardize_adjoint_f64(value.f64, adjoint.f64, inverses, rows, n, isCentered, accumulate, memory.f64)
    } else {
      let inverses = value.f32 + rows * n
      wg_standardize_adjoint_f32(value.f32, adjoint.f32, inverses, rows, n, isCentered, accumulate, memory.f32)
    }
  }
}
