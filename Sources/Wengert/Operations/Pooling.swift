import CKernels

// Maxima and means over windows. A maximum's derivative, which elements attain it, does not change with them, so the
// adjoint and the tangent are linear operations with one another for a derivative.

extension Operation {
  static let pooling: [Operation] = [
    /// max over each window: the cotangent goes to the largest element, split evenly among equals.
    Operation(
      opcode: .maximumPool,
      forward: .init { e in e.pool() },
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in p.accumulate(0, pool: .maximumPoolAdjoint, p.cotangent, over: p.operand(0)) },
          tangent: { p in
            p.tangent(0).map { p.pooled(.maximumPoolTangent, $0, over: p.operand(0)) }
          }, isBlockable: true)),
      samples: [
        .maxPool([2, 2, 6], 2), .maxPool([1, 1, 1], 1), .maxPool([0, 1, 3], 2), .maxPool([1, 2, 7], 3, stride: 2),
        .maxPool([1, 2, 4, 6], 2), .maxPool([1, 1, 5, 5], 3, stride: 2, padding: 1),
        .maxPool([2, 1, 5, 4], [2, 1], stride: [1, 3], padding: .sides(low: [1, 0], high: 0)),
        .maxPool([1, 1, 6, 5], 2, stride: 2, dilation: 2, ceilMode: true),
        .of("transposed", [[4, 4, 1, 2]]) { Wengert.maxPool($0[0].transposed(), window: 2) },
      ]),

    /// Zeros with each cotangent at its window's largest element, or shares of it at equals.
    Operation(
      opcode: .maximumPoolAdjoint,
      forward: .init { e in e.pool() },
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in p.accumulate(0, pool: .maximumPoolTangent, p.cotangent, over: p.operand(1)) },
          tangent: { p in
            p.tangent(0).map { p.pooled(.maximumPoolAdjoint, $0, over: p.operand(1)) }
          }, isBlockable: true)),
      samples: [.maximumPoolSample(.maximumPoolAdjoint, [2, 1, 2, 3])]),

    /// The element, of another tensor, that lies where a window's largest one does; the mean of several.
    Operation(
      opcode: .maximumPoolTangent,
      forward: .init { e in e.pool() },
      derivative: .structural(
        .init(
          reads: .operands,
          rule: { p in p.accumulate(0, pool: .maximumPoolAdjoint, p.cotangent, over: p.operand(1)) },
          tangent: { p in
            p.tangent(0).map { p.pooled(.maximumPoolTangent, $0, over: p.operand(1)) }
          }, isBlockable: true)),
      samples: [.maximumPoolSample(.maximumPoolTangent, [2, 1, 4, 5])]),

    /// The mean over each window: the cotangent's share for each element.
    Operation(
      opcode: .averagePool,
      forward: .init { e in e.average() },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in p.accumulate(0, average: .averagePoolAdjoint, p.cotangent) },
          tangent: { p in
            p.tangent(0).map { p.averaged(.averagePool, $0) }
          }, isBlockable: true)),
      samples: [
        .averagePool([2, 2, 6], 2), .averagePool([1, 1, 1], 1), .averagePool([0, 1, 3], 2),
        .averagePool([1, 2, 4, 6], 2), .averagePool([1, 1, 5, 5], 3, stride: 2, padding: 1),
        .averagePool([1, 1, 5, 5], 3, stride: 2, padding: 1, ceilMode: true, countsPadding: false),
        .averagePool([2, 1, 5, 4], [2, 3], stride: [1, 2], padding: .sides(low: [1, 0], high: 1), ceilMode: true),
      ]),

    /// Zeros with shares of each cotangent added all over its window.
    Operation(
      opcode: .averagePoolAdjoint,
      forward: .init { e in e.average() },
      derivative: .structural(
        .init(
          reads: .nothing,
          rule: { p in p.accumulate(0, average: .averagePool, p.cotangent) },
          tangent: { p in
            p.tangent(0).map { p.averaged(.averagePoolAdjoint, $0) }
          }, isBlockable: true)),
      samples: [
        Sample("(2, 1, 2, 3)", [[2, 1, 2, 3]]) {
          AnyTensor(Core.current.averaged(.averagePoolAdjoint, $0[0].id, .sample, countsPadding: true))
        }
      ]),
  ]
}

extension wg_windows {
  /// 2 × 3 windows over an image of 4 × 5.
  fileprivate static let sample = wg_windows([
    wg_window_axis(input: 4, window: 3, output: 2, stride: 2, dilation: 1, low: 1, high: 0),
    wg_window_axis(input: 5, window: 2, output: 3, stride: 1, dilation: 2, low: 0, high: 0),
  ])
}

extension Sample {
  fileprivate static func maxPool(
    _ shape: Shape, _ window: PerAxis, stride: PerAxis? = nil, padding: WindowPadding = .valid, dilation: PerAxis = 1,
    ceilMode: Bool = false
  ) -> Sample {
    .of("\(shape) by \(window)", [shape]) {
      Wengert.maxPool(
        $0[0], window: window, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }
  }

  fileprivate static func averagePool(
    _ shape: Shape, _ window: PerAxis, stride: PerAxis? = nil, padding: WindowPadding = .valid, ceilMode: Bool = false,
    countsPadding: Bool = true
  ) -> Sample {
    .of("\(shape) by \(window)", [shape]) {
      Wengert.averagePool(
        $0[0], window: window, stride: stride, padding: padding, ceilMode: ceilMode, countsPadding: countsPadding)
    }
  }

  /// The adjoint and the tangent, over elements that hold two equal maxima.
  fileprivate static func maximumPoolSample(_ opcode: Opcode, _ shape: Shape) -> Sample {
    Sample("\(shape)", [shape]) { operands in
      let core = Core.current
      let elements = (0..<40).map { $0 * 7 % 11 }
      let isDouble = core[record: operands[0].id].pointee.scalarType == .double
      let x = core.resolve(
        isDouble
          ? Tensor(shape: [2, 1, 4, 5], scalars: elements.map(Double.init)).handle
          : Tensor(shape: [2, 1, 4, 5], scalars: elements.map { Float($0) }).handle)
      return AnyTensor(core.pooled(opcode, operands[0].id, over: x, .sample))
    }
  }
}

/// The largest element in each window that slides over lines or images; NaN where there is one.
///
/// Padding does not take part. Equal largest elements share the cotangent evenly.
///
/// - Parameters:
///   - x: Lines of shape (N, C, L), or images of shape (N, C, H, W).
///   - window: The window's size.
///   - stride: The distance from a window to the next; the window's size if left out.
///   - padding: How far windows may reach beyond the input.
///   - dilation: The distance from an element of a window to the next.
///   - ceilMode: Whether a window that begins within the input or the padding before it may reach beyond the padding at
///     the end.
/// - Returns: A tensor (N, C, …) of sizes ⌊(size + padding − (window − 1) · dilation − 1) / stride⌋ + 1, or rounded up.
///   Traps if a window is larger than the padded input, or holds padding only.
/// - Complexity: O(N · C · windows · window size); the tape keeps the result. The adjoint looks for the maxima again.
@inlinable public func maxPool<S>(
  _ x: Tensor<S>, window: PerAxis, stride: PerAxis? = nil, padding: WindowPadding = .valid, dilation: PerAxis = 1,
  ceilMode: Bool = false
) -> Tensor<S> {
  Tensor(recordMaxPool(x.handle, window, stride, padding, dilation, ceilMode))
}

/// The mean of each window that slides over lines or images.
///
/// For one mean per channel, over whole planes, use `x.mean(along: -2, -1)`.
///
/// - Parameters:
///   - x: Lines of shape (N, C, L), or images of shape (N, C, H, W).
///   - window: The window's size.
///   - stride: The distance from a window to the next; the window's size if left out.
///   - padding: How far windows may reach beyond the input.
///   - ceilMode: Whether a window that begins within the input or the padding before it may reach beyond the padding at
///     the end. What lies there never counts.
///   - countsPadding: Whether padding counts as zeros; else the mean is over the input's elements alone.
/// - Returns: A tensor (N, C, …) of sizes ⌊(size + padding − window) / stride⌋ + 1, or rounded up. Traps if a window is
///   larger than the padded input, or holds padding only.
/// - Complexity: O(N · C · windows · window size); the tape keeps the result.
@inlinable public func averagePool<S>(
  _ x: Tensor<S>, window: PerAxis, stride: PerAxis? = nil, padding: WindowPadding = .valid, ceilMode: Bool = false,
  countsPadding: Bool = true
) -> Tensor<S> {
  Tensor(recordAveragePool(x.handle, window, stride, padding, ceilMode, countsPadding))
}

@usableFromInline @inline(never)
func recordMaxPool(
  _ x: Handle, _ window: PerAxis, _ stride: PerAxis?, _ padding: WindowPadding, _ dilation: PerAxis, _ ceilMode: Bool
) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let arguments = WindowArguments(
    function: "maxPool(_:window:)", size: window, stride: stride ?? window, padding: padding, dilation: dilation)
  let windows = core.poolingWindows(arguments, over: x, ceilMode)
  let images = core.contiguous(core.asImages(x))
  let pooled = core.pooled(.maximumPool, images, over: images, windows)
  return core.handle(core.asImages(pooled, ofRank: core.layout(x).rank))
}

@usableFromInline @inline(never)
func recordAveragePool(
  _ x: Handle, _ window: PerAxis, _ stride: PerAxis?, _ padding: WindowPadding, _ ceilMode: Bool, _ countsPadding: Bool
) -> Handle {
  let core = Core.recording
  let x = core.resolve(x)
  let arguments = WindowArguments(
    function: "averagePool(_:window:)", size: window, stride: stride ?? window, padding: padding, dilation: 1)
  let windows = core.poolingWindows(arguments, over: x, ceilMode)
  let averaged = core.averaged(.averagePool, core.asImages(x), windows, countsPadding: countsPadding)
  return core.handle(core.asImages(averaged, ofRank: core.layout(x).rank))
}

extension UnsafeMutablePointer<TapeCore> {
  /// Traps unless the windows fit and each holds an element.
  fileprivate func poolingWindows(_ arguments: WindowArguments, over x: NodeID, _ ceilMode: Bool) -> wg_windows {
    let shape = shape(x)
    guard 3...4 ~= shape.count else { misuse(.poolingShape(arguments.function, shape)) }
    let axes = arguments.windows(over: shape, shape.count - 2, exceeding: ceilMode)
    for (index, axis) in axes.enumerated() {
      if let window = axis.firstOutside { misuse(.windowOutside(arguments.function, window, index + 2, shape)) }
    }
    return wg_windows(axes)
  }

  /// The maxima of x, their adjoint or their tangent, where `argument` is x, a cotangent or a tangent.
  fileprivate func pooled(_ opcode: Opcode, _ argument: NodeID, over x: NodeID, _ windows: wg_windows) -> NodeID {
    let (argument, x) = (contiguous(argument), contiguous(x))
    let sizes = shape(x)
    let shape = opcode == .maximumPoolAdjoint ? sizes : windows.outputShape(sizes[0], sizes[1])
    return record(
      opcode, self[record: x].pointee.scalarType, layout: pointee.layouts.number(of: shape),
      operands: opcode == .maximumPool ? (x, -1) : (argument, x), attributes: attributes(windows.attributes))
  }

  /// Runs the kernel on contiguous operands; the adjoint is added to what is there.
  fileprivate func pool(
    _ opcode: Opcode, _ argument: NodeID, over x: NodeID, _ windows: wg_windows, into memory: UnsafeMutableRawPointer
  ) {
    let record = self[record: x].pointee
    let planes = shape(x)[0] * shape(x)[1]
    let (elements, other) = (record.value, self[record: argument].pointee.value)
    withUnsafePointer(to: windows) {
      switch (opcode, record.scalarType) {
      case (.maximumPool, .double): wg_maximum_pool_f64(elements.f64, planes, $0, memory.f64)
      case (.maximumPool, _): wg_maximum_pool_f32(elements.f32, planes, $0, memory.f32)
      case (.maximumPoolAdjoint, .double):
        wg_maximum_pool_adjoint_f64(elements.f64, other.f64, planes, $0, memory.f64)
      case (.maximumPoolAdjoint, _): wg_maximum_pool_adjoint_f32(elements.f32, other.f32, planes, $0, memory.f32)
      case (_, .double): wg_maximum_pool_tangent_f64(elements.f64, other.f64, planes, $0, memory.f64)
      default: wg_maximum_pool_tangent_f32(elements.f32, other.f32, planes, $0, memory.f32)
      }
    }
  }

  /// The means of x, or their adjoint, for a cotangent x.
  fileprivate func averaged(_ opcode: Opcode, _ x: NodeID, _ windows: wg_windows, countsPadding: Bool) -> NodeID {
    let x = contiguous(x)
    let type = self[record: x].pointee.scalarType
    let sizes = shape(x)
    let isAdjoint = opcode == .averagePoolAdjoint
    let shape = isAdjoint ? windows.inputShape(sizes[0], sizes[1]) : windows.outputShape(sizes[0], sizes[1])
    return record(
      opcode, type, layout: pointee.layouts.number(of: shape), operands: (x, -1),
      attributes: attributes(windows.attributes + [countsPadding ? 1 : 0]))
  }

  /// Runs the kernel on a contiguous operand; the adjoint is added to what is there.
  fileprivate func average(
    _ opcode: Opcode, _ x: NodeID, _ windows: wg_windows, _ countsPadding: Bool, into memory: UnsafeMutableRawPointer
  ) {
    let record = self[record: x].pointee
    let planes = shape(x)[0] * shape(x)[1]
    withUnsafePointer(to: windows) {
      switch (opcode, record.scalarType) {
      case (.averagePool, .double): wg_average_pool_f64(record.value.f64, planes, $0, countsPadding, memory.f64)
      case (.averagePool, _): wg_average_pool_f32(record.value.f32, planes, $0, countsPadding, memory.f32)
      case (_, .double): wg_average_pool_adjoint_f64(record.value.f64, planes, $0, countsPadding, memory.f64)
      default: wg_average_pool_adjoint_f32(record.value.f32, planes, $0, countsPadding, memory.f32)
      }
    }
  }
}

extension OperationInPass {
  fileprivate var countsPadding: Bool { attribute(wg_windows.attributeCount) != 0 }

  /// The adjoint or the tangent of the maxima of x. A block is so many more images.
  fileprivate func pooled(_ opcode: Opcode, _ argument: NodeID, over x: NodeID) -> NodeID {
    unfolded(core.pooled(opcode, folded(argument), over: repeatedForBlock(x), wg_windows(self)))
  }

  /// The means of a tangent, or the adjoint of means. A block is so many more images.
  fileprivate func averaged(_ opcode: Opcode, _ argument: NodeID) -> NodeID {
    unfolded(core.averaged(opcode, folded(argument), wg_windows(self), countsPadding: countsPadding))
  }
}

extension Evaluation {
  fileprivate func pool() {
    let opcode = core[record: id].pointee.opcode
    if opcode == .maximumPoolAdjoint { clear() }
    core.pool(opcode, operand(0), over: operand(operandCount - 1), wg_windows(self), into: value)
  }

  fileprivate func average() {
    let opcode = core[record: id].pointee.opcode
    if opcode == .averagePoolAdjoint { clear() }
    core.average(opcode, operand(0), wg_windows(self), countsPadding, into: value)
  }
}

extension Pullback {
  fileprivate func accumulate(_ index: Int, pool opcode: Opcode, _ cotangent: NodeID, over x: NodeID) {
    guard opcode == .maximumPoolAdjoint else { return accumulate(index, pooled(opcode, cotangent, over: x)) }
    accumulate(index) { memory, accumulate in
      if !accumulate { clear(memory, index) }
      core.pool(opcode, cotangent, over: x, wg_windows(self), into: memory)
    } recorded: {
      pooled(opcode, cotangent, over: x)
    }
  }

  fileprivate func accumulate(_ index: Int, average opcode: Opcode, _ cotangent: NodeID) {
    guard opcode == .averagePoolAdjoint else { return accumulate(index, averaged(opcode, cotangent)) }
    accumulate(index) { memory, accumulate in
      if !accumulate { clear(memory, index) }
      core.average(opcode, cotangent, wg_windows(self), countsPadding, into: memory)
    } recorded: {
      averaged(opcode, cotangent)
    }
  }

  private func clear(_ memory: UnsafeMutableRawPointer, _ index: Int) {
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: shape(index).elementCount * type.byteCount)
  }
}
