import CKernels
import CLinearAlgebra

// How convolutions are computed: as products of matrices, filters times patches, a tile of patches at a time.

/// The form whose derivatives are the convolution and its adjoints: where the windows lie, and how channels are grouped.
struct Convolution {
  var windows: wg_windows
  var groups: Int

  /// What the form is linear in.
  enum Part {
    case output, input, weight

    var opcode: Opcode {
      switch self {
      case .output: .convolution
      case .input: .convolutionInputAdjoint
      case .weight: .convolutionWeightAdjoint
      }
    }

    /// The parts that this one is computed from, in the order of operands.
    var operands: [Part] {
      switch self {
      case .output: [.input, .weight]
      case .input: [.output, .weight]
      case .weight: [.input, .output]
      }
    }
  }

  init(windows: wg_windows, groups: Int) {
    self.windows = windows
    self.groups = groups
  }

  init(_ operation: some OperationInPass) {
    self.init(windows: wg_windows(operation), groups: operation.attribute(wg_windows.attributeCount))
  }

  /// Which operand of a recorded convolution is a cotangent.
  static func cotangent(_ operation: some OperationInPass) -> CotangentSide? {
    CotangentSide(rawValue: operation.attribute(wg_windows.attributeCount + 1))
  }

  /// The axis of a part along which there are as many elements as in another part, and the groups it is divided into.
  func axis(of part: Part, sharedWith other: Part) -> (axis: Int, groups: Int) {
    switch (part, other) {
    case (.output, .weight), (.input, .weight): (1, groups)
    case (.weight, .output): (0, groups)
    case (.weight, _): (1, 1)  // The channels of one group.
    default: (0, 1)
    }
  }

  /// The shape of a part, given those of its operands.
  func shape(_ part: Part, _ a: Shape, _ b: Shape) -> Shape {
    switch part {
    case .output: windows.outputShape(a[0], b[0])
    case .input: windows.inputShape(a[0], b[1] * groups)
    case .weight: [b[1], a[1] / groups, windows.y.window, windows.x.window]
    }
  }
}

/// The sizes of the products that make up a convolution.
private struct ConvolutionTiles {
  let type: ScalarType
  let windows: wg_windows
  let batch: Int
  let groups: Int
  /// Input channels and filters of one group.
  let channels: Int
  let filters: Int
  /// Elements of an input's plane and of an output's.
  let inputPlane: Int
  let outputPlane: Int
  /// Rows of the matrix of patches.
  let patchSize: Int
  /// How many images' and how many columns of each image's patches a tile has.
  let images: Int
  let columns: Int
  /// A window is one element and the patches are the image itself.
  let isPointwise: Bool

  /// Bytes of a tile of patches: it stays in the second-level cache between being gathered and being multiplied.
  private static let tileSize = 1 << 18
  /// Of fewer columns images are taken together, and tiles that are too large rather have this many.
  private static let fewColumns = 64

  /// `isWhole`: tiles are all patches of one image.
  init(
    _ geometry: Convolution, _ type: ScalarType, batch: Int, inputChannels: Int, outputChannels: Int, isWhole: Bool
  ) {
    self.type = type
    self.batch = batch
    windows = geometry.windows
    groups = geometry.groups
    channels = inputChannels / groups
    filters = outputChannels / groups
    let (y, x) = (windows.y, windows.x)
    inputPlane = y.input * x.input
    outputPlane = y.output * x.output
    patchSize = channels * y.window * x.window
    isPointwise = [y, x].allSatisfy { $0.window == 1 && $0.stride == 1 && $0.low == 0 && $0.input == $0.output }
    let fitting = Swift.max(Self.tileSize / Swift.max(patchSize * type.byteCount, 1), Self.fewColumns)
    if isWhole || isPointwise {
      (images, columns) = (1, outputPlane)
    } else if outputPlane < Self.fewColumns / 2 {
      (images, columns) = (Swift.max(Swift.min(fitting / Swift.max(outputPlane, 1), batch), 1), outputPlane)
    } else {
      // Tiles of about one size.
      let count = (outputPlane + fitting - 1) / fitting
      (images, columns) = (1, (outputPlane + count - 1) / count)
    }
  }
}

extension UnsafeMutablePointer<TapeCore> {
  /// Computes a part of the form from the other two, which are contiguous; writes it to memory or adds it.
  func convolve(
    _ part: Convolution.Part, _ a: NodeID, _ b: NodeID, _ geometry: Convolution,
    into memory: UnsafeMutableRawPointer, accumulate: Bool, cotangent: CotangentSide?
  ) {
    let (a, b) = (contiguous(a), contiguous(b))
    let type = self[record: a].pointee.scalarType
    let (left, right) = (self[record: a].pointee.value, self[record: b].pointee.value)
    // Zeros of a cotangent matter where the other factor is not finite.
    let isStrong =
      cotangent.map { side in
        let other = side == .left ? b : a
        return !type.isFinite(self[record: other].pointee.value, layout(other).elementCount)
      } ?? false
    let (first, second) = (shape(a), shape(b))
    let tiles = ConvolutionTiles(
      geometry, type, batch: first[0],
      inputChannels: part == .input ? second[1] * geometry.groups : first[1],
      outputChannels: part == .output ? second[0] : part == .input ? first[1] : second[1], isWhole: isStrong)
    if part != .output && !accumulate {
      memory.initializeMemory(
        as: UInt8.self, repeating: 0, count: geometry.shape(part, first, second).elementCount * type.byteCount)
    }
    let mark = pointee.values.mark
    let scratch = tiles.makeScratch(&pointee.values)
    let strong = isStrong ? cotangent : nil
    switch part {
    case .output:
      tiles.run(part, x: left, w: right, y: memory, scratch, accumulate: accumulate, strong: strong)
    case .input:
      tiles.run(part, x: memory, w: right, y: left, scratch, accumulate: true, strong: strong)
    case .weight:
      tiles.run(part, x: left, w: memory, y: right, scratch, accumulate: true, strong: strong)
    }
    pointee.values.reset(to: mark)
  }
}

extension ConvolutionTiles {
  /// Memory for a tile of patches, and for its outputs if they are those of several images.
  typealias Scratch = (patches: UnsafeMutableRawPointer, outputs: UnsafeMutableRawPointer)

  func makeScratch(_ arena: inout Arena) -> Scratch {
    let memory = arena.allocate((isPointwise ? 0 : patchByteCount) + outputByteCount)
    return scratch(in: memory)
  }

  fileprivate func scratch(in memory: UnsafeMutableRawPointer) -> Scratch {
    (memory, memory + (isPointwise ? 0 : patchByteCount))
  }

  func run(
    _ part: Convolution.Part, x: UnsafeMutableRawPointer, w: UnsafeMutableRawPointer, y: UnsafeMutableRawPointer,
    _ scratch: Scratch, accumulate: Bool, strong: CotangentSide?
  ) {
    guard outputPlane > 0 else { return }
    let pass = ConvolutionPass(
      tiles: self, part: part, x: x, w: w, y: y, scratch: scratch, accumulate: accumulate, strong: strong)
    let products = Double(filters * patchSize * outputPlane * groups * batch * type.byteCount)
    // Filters are added up over the images, one after the other, so they are cut between channels. Strong products
    // leave no gaps, which such a cut would need.
    let items = part == .weight ? groups * channels : (batch + images - 1) / images
    withUnsafePointer(to: pass) { pass in
      wg_split(
        items, part == .weight && strong != nil ? items : 1, products * wg_cost_of_product / Double(items),
        { $0!.assumingMemoryBound(to: ConvolutionPass.self).pointee.run($1..<$2) }, pass)
    }
  }

  /// Bytes of a tile's patches, rounded up so that what follows is aligned.
  fileprivate var patchByteCount: Int { (patchSize * images * columns * type.byteCount + 63) & ~63 }
  fileprivate var outputByteCount: Int { images > 1 ? filters * images * columns * type.byteCount : 0 }

  /// One tile: Y = W P, P = Wᵀ Y or W = Y Pᵀ, where P are patches of some of the input's channels.
  fileprivate func multiply(
    _ part: Convolution.Part, _ x: UnsafeMutableRawPointer, _ w: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer,
    channels: Int, images: Int, first: Int, width: Int, _ scratch: Scratch, accumulate: Bool, strong: CotangentSide?
  ) {
    let imageByteCount = groups * self.channels * inputPlane * type.byteCount
    let columns = images * width
    let patches = isPointwise ? x : scratch.patches
    if part != .input && !isPointwise {
      for image in 0..<images {
        type.unfold(
          x + image * imageByteCount, channels, windows, first, width,
          patches + image * width * type.byteCount, columns)
      }
    }
    // The outputs of several images do not lie side by side as their patches do.
    let isStaged = self.images > 1
    if isStaged && part != .output { stage(y, scratch.outputs, images, isBack: false, accumulate: false) }
    let outputs = isStaged ? scratch.outputs : y
    let stride = isStaged ? columns : outputPlane
    switch part {
    case .output:
      type.multiply(
        (w, false, patchSize), (patches, false, columns), filters, columns, patchSize, accumulate && !isStaged,
        (outputs, stride), strong)
      if isStaged { stage(outputs, y, images, isBack: true, accumulate: accumulate) }
    case .input:
      type.multiply(
        (w, true, patchSize), (outputs, false, stride), patchSize, columns, filters, isPointwise, (patches, columns),
        strong)
      guard !isPointwise else { return }
      for image in 0..<images {
        type.fold(
          patches + image * width * type.byteCount, columns, channels, windows, first, width,
          x + image * imageByteCount)
      }
    case .weight:
      type.multiply(
        (outputs, false, stride), (patches, true, columns), filters, channels * windows.y.window * windows.x.window,
        columns, true, (w, patchSize), strong)
    }
  }

  /// Moves the outputs of several images, (image, filter, position), to where they lie by filters, or back.
  private func stage(
    _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ images: Int, isBack: Bool, accumulate: Bool
  ) {
    var byImage = wg_layout([images, filters, outputPlane])
    var byFilter = byImage
    byImage.withMutableAxes { $1[0] = Int64(groups * filters * outputPlane) }
    byFilter.withMutableAxes {
      $1[0] = Int64(outputPlane)
      $1[1] = Int64(images * outputPlane)
    }
    byImage.finish()
    byFilter.finish()
    if isBack { swap(&byImage, &byFilter) }
    if type == .double {
      wg_copy_f64(from.f64, &byImage, to.f64, &byFilter, accumulate)
    } else {
      wg_copy_f32(from.f32, &byImage, to.f32, &byFilter, accumulate)
    }
  }
}

/// What there is to do in one pass over all tiles: pieces are of images, or for the filters' part of channels.
private struct ConvolutionPass {
  let tiles: ConvolutionTiles
  let part: Convolution.Part
  let x, w, y: UnsafeMutableRawPointer
  let scratch: ConvolutionTiles.Scratch
  let accumulate: Bool
  let strong: CotangentSide?

  func run(_ items: Range<Int>) {
    let (channels, images) = (tiles.channels, tiles.images)
    let isWeight = part == .weight
    let all = isWeight ? 0..<tiles.batch : items.lowerBound * images..<Swift.min(items.upperBound * images, tiles.batch)
    let scratch =
      wg_worker_scratch(tiles.patchByteCount + tiles.outputByteCount).map(tiles.scratch(in:)) ?? self.scratch
    for image in stride(from: all.lowerBound, to: all.upperBound, by: images) {
      let count = Swift.min(images, tiles.batch - image)
      for group in 0..<tiles.groups {
        let own = group * channels..<(group + 1) * channels
        let some = isWeight ? own.clamped(to: items) : own
        guard !some.isEmpty || !isWeight else { continue }
        run(image, count, group, some.lowerBound - own.lowerBound, some.count, scratch)
      }
    }
  }

  /// The tiles of some images' group, of some of its channels.
  private func run(
    _ image: Int, _ count: Int, _ group: Int, _ channel: Int, _ channels: Int, _ scratch: ConvolutionTiles.Scratch
  ) {
    let bytes = tiles.type.byteCount
    let window = tiles.windows.y.window * tiles.windows.x.window
    let input = x + ((image * tiles.groups + group) * tiles.channels + channel) * tiles.inputPlane * bytes
    let output = y + (image * tiles.groups + group) * tiles.filters * tiles.outputPlane * bytes
    let filter = w + (group * tiles.filters * tiles.patchSize + channel * window) * bytes
    for first in stride(from: 0, to: tiles.outputPlane, by: tiles.columns) {
      let width = Swift.min(tiles.columns, tiles.outputPlane - first)
      tiles.multiply(
        part, input, filter, output + first * bytes, channels: channels, images: count, first: first, width: width,
        scratch, accumulate: accumulate, strong: strong)
    }
  }
}
