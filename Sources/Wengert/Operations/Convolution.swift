import CKernels

// Convolutions. All of it is one trilinear form, Σ y[n, o, p] w[o, c, k] x[n, c, p·stride − padding + k·dilation]: its
// derivatives with respect to y, x and w are the convolution, the transposed convolution and the adjoint of the weights,
// and each has the other two for its own derivatives.

extension Operation {
  static let convolutions: [Operation] = [
    .convolution(
      .output,
      samples: [
        .convolution([2, 2, 5], [3, 2, 3]), .convolution([1, 1, 4], [1, 1, 1]),
        .convolution([1, 2, 7], [2, 2, 2], stride: 3, padding: .sides(low: 1, high: 2)),
        .convolution([1, 4, 6], [2, 2, 2], dilation: 2, groups: 2), .convolution([0, 1, 3], [2, 1, 2]),
        .convolution([1, 2, 4, 3], [2, 2, 2, 3], padding: 1), .convolution([2, 3, 2, 2], [2, 3, 1, 1]),
        .convolution([1, 2, 5, 4], [4, 1, 3, 2], stride: [2, 1], padding: .same, groups: 2),
        .convolution([1, 1, 5, 5], [1, 1, 2, 2], stride: 3, dilation: [1, 2]),
        .convolution([1, 0, 3, 3], [2, 0, 2, 2]),
        .of("transposed operands", [[4, 3, 2, 1], [2, 2, 2, 3]]) {
          Wengert.convolution($0[0].transposed(), $0[1].transposed(), padding: 1)
        },
      ]),
    .convolution(
      .input,
      samples: [
        .transposedConvolution([2, 2, 3], [2, 3, 3]),
        .transposedConvolution([1, 2, 3], [2, 1, 2], stride: 3, padding: .sides(low: 1, high: 0), groups: 2),
        .transposedConvolution([1, 2, 3, 2], [2, 1, 3, 3], stride: 2, padding: 1, outputPadding: [1, 0]),
        .transposedConvolution([2, 2, 2, 2], [2, 3, 1, 1]),
        .transposedConvolution([1, 1, 2, 2], [1, 2, 2, 3], padding: .same, dilation: 2),
      ]),
    .convolution(
      .weight,
      samples: [
        Sample("", [[2, 2, 4, 3], [2, 4, 2, 3]]) { operands in
          let core = Core.current
          let axes = [
            wg_window_axis(input: 4, window: 2, output: 2, stride: 2, dilation: 1, low: 1, high: 0),
            wg_window_axis(input: 3, window: 1, output: 3, stride: 1, dilation: 1, low: 0, high: 0),
          ]
          let geometry = Convolution(windows: wg_windows(axes), groups: 2)
          return AnyTensor(core.convolved(.weight, operands[0].id, operands[1].id, geometry))
        }
      ]),
  ]

  /// The derivative of the form with respect to one part, in terms of the other two: linear in both.
  private static func convolution(_ part: Convolution.Part, samples: [Sample]) -> Operation {
    Operation(
      opcode: part.opcode,
      forward: .init { e in
        e.core.convolve(
          part, e.operand(0), e.operand(1), Convolution(e), into: e.value, accumulate: false,
          cotangent: Convolution.cotangent(e))
      },
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in
            for (index, other) in part.operands.enumerated() {
              // The cotangent takes the place of the result, and the result that of the operand.
              let parts = other.operands.map { $0 == part ? p.cotangent : p.operand(1 - index) }
              let cotangent = other.operands[0] == part ? CotangentSide.left : .right
              p.accumulate(index) { memory, accumulate in
                p.core.convolve(
                  other, parts[0], parts[1], Convolution(p), into: memory, accumulate: accumulate,
                  cotangent: cotangent)
              } recorded: {
                p.convolved(other, parts[0], parts[1], cotangent: cotangent)
              }
            }
          },
          tangent: { p in
            p.sum { index, tangent in
              index == 0
                ? p.convolved(part, tangent, p.operand(1), cotangent: .left)
                : p.convolved(part, p.operand(0), tangent, cotangent: .right)
            }
          }, isBlockable: true)),
      samples: samples)
  }
}

extension Sample {
  fileprivate static func convolution(
    _ x: Shape, _ weight: Shape, stride: PerAxis = 1, padding: WindowPadding = .valid, dilation: PerAxis = 1,
    groups: Int = 1
  ) -> Sample {
    .of("\(x) \(weight)", [x, weight]) {
      Wengert.convolution($0[0], $0[1], stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
  }

  fileprivate static func transposedConvolution(
    _ x: Shape, _ weight: Shape, stride: PerAxis = 1, padding: WindowPadding = .valid, outputPadding: PerAxis = 0,
    dilation: PerAxis = 1, groups: Int = 1
  ) -> Sample {
    .of("\(x) \(weight)", [x, weight]) {
      Wengert.transposedConvolution(
        $0[0], $0[1], stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation,
        groups: groups)
    }
  }
}

extension Composite {
  static let convolutions: [Composite] = [
    Composite(
      "convolution with bias",
      samples: [
        .of("line", [[2, 2, 4], [3, 2, 2], [3]]) { convolution($0[0], $0[1], bias: $0[2]) },
        .of("image", [[1, 2, 3, 3], [1, 2, 2, 2], [1]]) { convolution($0[0], $0[1], bias: $0[2], padding: 1) },
      ]),
    Composite(
      "transposedConvolution with bias",
      samples: [
        .of("image", [[1, 2, 2, 2], [2, 2, 2, 2], [2]]) { transposedConvolution($0[0], $0[1], bias: $0[2], stride: 2) }
      ]),
  ]
}

/// The convolution of lines or images with filters, as neural networks mean it: the filters are not flipped.
///
/// y[n, o, p] = Σ w[o, c, k] x[n, c, p · stride − padding + k · dilation], where padding counts as zeros.
///
/// - Parameters:
///   - x: Lines of shape (N, C, L), or images of shape (N, C, H, W).
///   - weight: Filters of shape (O, C / groups, K) or (O, C / groups, KH, KW).
///   - bias: A vector (O), added to every position.
///   - stride: The distance from a window to the next.
///   - padding: How far windows may reach beyond the input.
///   - dilation: The distance from an element of a window to the next.
///   - groups: The parts that channels are divided into; the filters of a part see its channels only.
/// - Returns: A tensor (N, O, …) of sizes ⌊(size + padding − (K − 1) · dilation − 1) / stride⌋ + 1. Traps if shapes do not
///   fit, or if a window is larger than the padded input.
/// - Complexity: O(N · O · C / groups · windows · window size), as products of matrices over patches that are gathered a
///   cacheful at a time. The tape keeps the result, twice with a bias. Either adjoint takes the same time.
@inlinable public func convolution<S>(
  _ x: Tensor<S>, _ weight: Tensor<S>, bias: Tensor<S>? = nil, stride: PerAxis = 1, padding: WindowPadding = .valid,
  dilation: PerAxis = 1, groups: Int = 1
) -> Tensor<S> {
  Tensor(recordConvolution(x.handle, weight.handle, bias?.handle, stride, padding, dilation, groups))
}

/// The transposed convolution, which is the adjoint of a convolution with respect to its input: each element of `x` adds
/// its multiple of a filter to a window of the result.
///
/// - Parameters:
///   - x: Lines of shape (N, C, L), or images of shape (N, C, H, W).
///   - weight: Filters of shape (C, O / groups, K) or (C, O / groups, KH, KW).
///   - bias: A vector (O), added to every position.
///   - stride: The distance from a window to the next, in the result.
///   - padding: How much is cut off from the result.
///   - outputPadding: How many positions the result gets in addition at its end; less than the stride or the dilation.
///   - dilation: The distance from an element of a window to the next.
///   - groups: The parts that channels are divided into.
/// - Returns: A tensor (N, O, …) of sizes (size − 1) · stride − padding + (K − 1) · dilation + 1 + output padding, or with
///   `.same` of size · stride. Traps if shapes do not fit, or if nothing is left.
/// - Complexity: As that of the convolution from the result to `x`.
@inlinable public func transposedConvolution<S>(
  _ x: Tensor<S>, _ weight: Tensor<S>, bias: Tensor<S>? = nil, stride: PerAxis = 1, padding: WindowPadding = .valid,
  outputPadding: PerAxis = 0, dilation: PerAxis = 1, groups: Int = 1
) -> Tensor<S> {
  Tensor(
    recordTransposedConvolution(
      x.handle, weight.handle, bias?.handle, stride, padding, outputPadding, dilation, groups))
}

@usableFromInline @inline(never)
func recordConvolution(
  _ x: Handle, _ weight: Handle, _ bias: Handle?, _ stride: PerAxis, _ padding: WindowPadding, _ dilation: PerAxis,
  _ groups: Int
) -> Handle {
  let core = Core.recording
  let function = "convolution(_:_:)"
  let (x, weight) = (core.resolve(x), core.resolve(weight))
  let (input, filters) = (core.shape(x), core.shape(weight))
  guard 3...4 ~= input.count, filters.count == input.count, groups >= 1, input[1] % groups == 0,
    filters[0] % groups == 0, filters[1] == input[1] / groups
  else { misuse(.convolutionShapes(function, input, filters, groups)) }
  let arguments = WindowArguments(
    function: function, size: .each(Array(filters[2...])), stride: stride, padding: padding, dilation: dilation)
  let windows = arguments.windows(over: input, input.count - 2)
  let geometry = Convolution(windows: wg_windows(windows), groups: groups)
  let y = core.convolved(.output, core.asImages(x), core.asImages(weight), geometry)
  return core.handle(core.finished(y, input.count, bias.map(core.resolve), function))
}

@usableFromInline @inline(never)
func recordTransposedConvolution(
  _ x: Handle, _ weight: Handle, _ bias: Handle?, _ stride: PerAxis, _ padding: WindowPadding,
  _ outputPadding: PerAxis, _ dilation: PerAxis, _ groups: Int
) -> Handle {
  let core = Core.recording
  let function = "transposedConvolution(_:_:)"
  let (x, weight) = (core.resolve(x), core.resolve(weight))
  let (input, filters) = (core.shape(x), core.shape(weight))
  guard 3...4 ~= input.count, filters.count == input.count, groups >= 1, filters[0] == input[1],
    input[1] % groups == 0
  else { misuse(.transposedConvolutionShapes(function, input, filters, groups)) }
  let arguments = WindowArguments(
    function: function, size: .each(Array(filters[2...])), stride: stride, padding: padding, dilation: dilation)
  let axes = input.count - 2
  var windows = arguments.axes(over: input, axes)
  guard let more = outputPadding.numbers(axes),
    (0..<axes).allSatisfy({ more[$0] == 0 || more[$0] > 0 && more[$0] < max(windows[$0].stride, windows[$0].dilation) }
    ),
    padding != .same || more.allSatisfy({ $0 == 0 })
  else { misuse(.outputPadding(function, outputPadding, axes)) }
  for axis in 0..<axes {
    // The windows of the convolution that leads from the result to the input.
    let output = windows[axis].input
    windows[axis].output = output
    if padding == .same {
      windows[axis].input = output * windows[axis].stride
      windows[axis].padForSame()
    } else {
      let size = (output - 1) * windows[axis].stride + windows[axis].extent + more[axis]
      windows[axis].input = size - windows[axis].low - windows[axis].high
    }
    guard output == 0 || windows[axis].input > 0 else {
      misuse(.transposedConvolutionSize(function, windows[axis].input, axis + 2, input))
    }
    windows[axis].input = max(windows[axis].input, 0)
  }
  let geometry = Convolution(windows: wg_windows(windows), groups: groups)
  let y = core.convolved(.input, core.asImages(x), core.asImages(weight), geometry)
  return core.handle(core.finished(y, input.count, bias.map(core.resolve), function))
}

extension OperationInPass {
  /// A part of this operation's form from the other two, one of them a cotangent or tangent, or a block of them. A block
  /// is so many more of what that operand and the result share and the other one lacks: images, filters or channels.
  fileprivate func convolved(
    _ part: Convolution.Part, _ a: NodeID, _ b: NodeID, cotangent: CotangentSide
  ) -> NodeID {
    let geometry = Convolution(self)
    let isLeft = cotangent == .left
    let varying = part.operands[isLeft ? 0 : 1]
    let from = geometry.axis(of: varying, sharedWith: part)
    let to = geometry.axis(of: part, sharedWith: varying)
    let y = core.convolved(
      part, isLeft ? folded(a, into: from.axis, groups: from.groups) : a,
      isLeft ? b : folded(b, into: from.axis, groups: from.groups), geometry, cotangent: cotangent)
    return unfolded(y, from: to.axis, groups: to.groups)
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Lines as images of height 1.
  func asImages(_ x: NodeID) -> NodeID {
    let shape = shape(x)
    return shape.count == 4 ? x : reshaped(x, to: [shape[0], shape[1], 1, shape[2]])
  }

  /// Images as lines again, if the operands were.
  func asImages(_ y: NodeID, ofRank rank: Int) -> NodeID {
    let shape = shape(y)
    return rank == 4 ? y : reshaped(y, to: [shape[0], shape[1], shape[3]])
  }

  /// Adds the bias.
  fileprivate func finished(_ y: NodeID, _ rank: Int, _ bias: NodeID?, _ function: String) -> NodeID {
    let y = asImages(y, ofRank: rank)
    guard let bias else { return y }
    let channels = shape(y)[1]
    guard shape(bias) == [channels] else { misuse(.convolutionBias(function, shape(bias), channels)) }
    return elementwise(.add, y, reshaped(bias, to: Shape([channels] + [Int](repeating: 1, count: rank - 2))))
  }

  /// A part of the form from the other two, as a record; if one of them is a cotangent, its zeros are strong.
  func convolved(
    _ part: Convolution.Part, _ a: NodeID, _ b: NodeID, _ geometry: Convolution, cotangent: CotangentSide? = nil
  ) -> NodeID {
    let (a, b) = (contiguous(a), contiguous(b))
    let type = self[record: a].pointee.scalarType
    let shape = geometry.shape(part, shape(a), shape(b))
    checkElementCount(shape)
    return record(
      part.opcode, type, layout: pointee.layouts.number(of: shape), operands: (a, b),
      attributes: attributes(geometry.windows.attributes + [geometry.groups, cotangent?.rawValue ?? 0]))
  }
}
