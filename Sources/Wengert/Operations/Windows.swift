import CKernels

// Where the windows of convolutions and poolings lie.

/// One number for each spatial axis of a window: its size, stride or dilation.
///
/// An integer literal stands for the same number along all axes, an array literal gives one for each.
public enum PerAxis: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// The same number along all axes.
  case all(Int)
  /// One number for each axis, the outermost first.
  case each([Int])

  public init(integerLiteral value: Int) { self = .all(value) }
  public init(arrayLiteral elements: Int...) { self = .each(elements) }

  /// The numbers along some axes; nil if there are others than asked for.
  func numbers(_ axes: Int) -> [Int]? {
    switch self {
    case .all(let number): [Int](repeating: number, count: axes)
    case .each(let numbers): numbers.count == axes ? numbers : nil
    }
  }
}

/// How far windows may reach beyond the ends of an axis.
///
/// An integer literal stands for as many positions on all sides, an array literal for as many on both sides of each axis.
public enum WindowPadding: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// Not at all.
  case valid
  /// As far as it takes for the result to have ⌈size / stride⌉ elements; if the number of positions is odd, there is one
  /// more at the end. A transposed convolution's result has size · stride.
  case same
  /// By as many positions before the first element as behind the last one.
  case symmetric(PerAxis)
  /// By numbers of their own before the first element and behind the last one of each axis.
  case sides(low: PerAxis, high: PerAxis)

  public init(integerLiteral value: Int) { self = .symmetric(.all(value)) }
  public init(arrayLiteral elements: Int...) { self = .symmetric(.each(elements)) }
}

extension wg_window_axis {
  /// The axis that a one-dimensional image lacks.
  static let single = wg_window_axis(input: 1, window: 1, output: 1, stride: 1, dilation: 1, low: 0, high: 0)

  /// The number of positions from a window's first to its last.
  var extent: Int { (window - 1) * dilation + 1 }

  /// Pads for ⌈input / stride⌉ windows.
  mutating func padForSame() {
    let total = Swift.max(((input + stride - 1) / stride - 1) * stride + extent - input, 0)
    low = total / 2
    high = total - low
  }

  /// Counts the windows that lie within the padded axis; one that begins in it, if `exceeding`, is shortened instead.
  mutating func countWindows(exceeding: Bool) {
    let room = input + low + high - extent
    output = (room + (exceeding ? stride - 1 : 0)) / stride + 1
    if exceeding && (output - 1) * stride >= input + low { output -= 1 }
  }

  /// The first window that has no position on the axis.
  var firstOutside: Int? {
    (0..<output).first { o in
      let start = o * stride - low
      return !(0..<window).contains { (0..<input).contains(start + $0 * dilation) }
    }
  }
}

/// What windows look like in a call, before they are laid over an input.
struct WindowArguments {
  let function: String
  var size: PerAxis
  var stride: PerAxis
  var padding: WindowPadding
  var dilation: PerAxis

  /// The windows along the last `axes` axes of an input. Traps if an argument makes no sense; outputs and the padding
  /// of `.same` are left open.
  func axes(over input: Shape, _ axes: Int) -> [wg_window_axis] {
    func positive(_ name: String, _ argument: PerAxis) -> [Int] {
      guard let numbers = argument.numbers(axes), numbers.allSatisfy({ 1...Int(Int32.max) ~= $0 }) else {
        misuse(.windowArgument(function, name, argument, axes))
      }
      return numbers
    }
    let (sizes, strides) = (positive("window", size), positive("stride", stride))
    let dilations = positive("dilation", dilation)
    let (low, high) = sides(axes)
    return (0..<axes).map {
      wg_window_axis(
        input: input[input.count - axes + $0], window: sizes[$0], output: 0, stride: strides[$0],
        dilation: dilations[$0], low: low[$0], high: high[$0])
    }
  }

  /// The windows within the padded axes of an input. Traps if there are none.
  func windows(over input: Shape, _ axes: Int, exceeding: Bool = false) -> [wg_window_axis] {
    self.axes(over: input, axes).enumerated().map { index, axis in
      var axis = axis
      if padding == .same { axis.padForSame() }
      guard axis.extent <= axis.input + axis.low + axis.high else {
        misuse(.windowTooLarge(function, axis, input.count - axes + index, input))
      }
      axis.countWindows(exceeding: exceeding)
      return axis
    }
  }

  private func sides(_ axes: Int) -> ([Int], [Int]) {
    let none = [Int](repeating: 0, count: axes)
    func checked(_ argument: PerAxis) -> [Int] {
      guard let numbers = argument.numbers(axes), numbers.allSatisfy({ 0...Int(Int32.max) ~= $0 }) else {
        misuse(.windowPadding(function, argument, axes))
      }
      return numbers
    }
    switch padding {
    case .valid, .same: return (none, none)
    case .symmetric(let both): return (checked(both), checked(both))
    case .sides(let low, let high): return (checked(low), checked(high))
    }
  }
}

extension wg_windows {
  /// Windows over an image; over a line if there is one axis.
  init(_ axes: [wg_window_axis]) { self.init(y: axes.count == 2 ? axes[0] : .single, x: axes[axes.count - 1]) }

  /// Numbers to be kept among a record's attributes.
  var attributes: [Int] {
    [y, x].flatMap { [$0.input, $0.window, $0.output, $0.stride, $0.dilation, $0.low, $0.high] }
  }

  /// How many attributes there are.
  static let attributeCount = 14

  /// Reads the attributes of a record.
  init(_ operation: some OperationInPass) {
    func axis(_ start: Int) -> wg_window_axis {
      let numbers = (0..<7).map { operation.attribute(start + $0) }
      return wg_window_axis(
        input: numbers[0], window: numbers[1], output: numbers[2], stride: numbers[3], dilation: numbers[4],
        low: numbers[5], high: numbers[6])
    }
    self.init(y: axis(0), x: axis(7))
  }

  /// The shape of an image of the given leading sizes, and that of the result.
  func inputShape(_ batch: Int, _ channels: Int) -> Shape { [batch, channels, y.input, x.input] }
  func outputShape(_ batch: Int, _ channels: Int) -> Shape { [batch, channels, y.output, x.output] }
}

extension Pullback {
  /// Adds to an operand's adjoint: in place if nothing is recorded, by a kernel that writes to memory or adds to it, else
  /// a record.
  func accumulate(
    _ index: Int, inPlace: (_ memory: UnsafeMutableRawPointer, _ accumulate: Bool) -> Void, recorded: () -> NodeID
  ) {
    guard needs(index) else { return }
    guard case .direct(let direct) = sink else { return accumulate(index, recorded()) }
    let (memory, accumulate) = direct.destination(index)
    inPlace(memory, accumulate)
  }
}
