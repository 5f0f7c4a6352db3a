import CKernels

/// Random numbers that a seed determines, each computed from its position alone: Philox4x32-10.
///
/// A stream is a seed, one of its 2⁶⁴ streams, and a position in it; number i is a function of these three, not of the
/// numbers before it. So a seed gives the same numbers on every platform, in every version of this library, and on any
/// number of threads: give each thread, or each part of a program, a stream of its own by ``split()`` or by number.
///
/// ```swift
/// var random = RandomStream(seed: 1)
/// let noise: Tensor<Float> = random.normal(shape: [64, 2], mean: 0, standardDeviation: 0.1)
/// let hidden = dropout(tanh(x), probability: 0.2, using: &random)
/// let model = MLP([2, 32, 2], activation: .tanh, using: &random)  // a generator like any other
/// ```
///
/// It is Philox4x32 with ten rounds (Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, 2011),
/// which passes the known statistical tests. Not for secrets.
public struct RandomStream: RandomNumberGenerator, Hashable, Sendable {
  private let key: UInt64
  private let stream: UInt64
  /// Words of 64 bits before the next; a block has two.
  private var position: UInt64 = 0

  /// The beginning of one of a seed's streams. Streams that differ in seed or number have unrelated numbers.
  public init(seed: UInt64, stream: UInt64 = 0) {
    key = seed
    self.stream = stream
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let words = Self.block(position / 2, key, stream)
    defer { position += 1 }
    return position % 2 == 0 ? words.0 : words.1
  }

  /// A stream of its own, whose numbers are unrelated to this one's, which goes on behind it.
  ///
  /// Its seed and number are the next 128 bits of this stream: two streams made so coincide with a probability of 2⁻¹²⁸.
  public mutating func split() -> RandomStream {
    let (seed, stream) = Self.block(take(2), key, stream)
    return RandomStream(seed: seed, stream: stream)
  }

  /// The two words of one block.
  private static func block(_ number: UInt64, _ key: UInt64, _ stream: UInt64) -> (UInt64, UInt64) {
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutablePointer(to: &words) {
      $0.withMemoryRebound(to: UInt64.self, capacity: 2) { wg_random_blocks(key, stream, number, 1, $0) }
    }
    return words
  }

  /// Moves on by whole blocks of at least `count` words, and returns the first block's number.
  ///
  /// Normal numbers take both words of a block, so what follows must not use what is left of one.
  private mutating func take(_ count: Int) -> UInt64 {
    let first = (position + 1) / 2
    position = 2 * (first + (UInt64(count) + 1) / 2)
    return first
  }

  // MARK: Tensors

  /// A constant of the given shape with numbers uniform in an interval: its lower bound plus multiples of 2⁻⁵³ of its
  /// width.
  ///
  /// In row-major order, each from 64 bits; a `Float` is a rounded `Double`. Traps unless the interval is finite.
  ///
  /// - Complexity: O(elements); the tape keeps the numbers.
  public mutating func uniform<S>(shape: Shape, in range: ClosedRange<S>) -> Tensor<S> {
    let (lower, upper) = (Double(range.lowerBound), Double(range.upperBound))
    guard (upper - lower).isFinite else { misuse(.uniformRange(lower, upper)) }
    let first = take(shape.elementCount)
    return Self.constant(
      shape,
      { wg_random_uniform_f64(key, stream, first, lower, upper, $0, $1) },
      { wg_random_uniform_f32(key, stream, first, lower, upper, $0, $1) })
  }

  /// A constant of the given shape with normally distributed numbers, by Box and Muller's method.
  ///
  /// In row-major order, each pair from two numbers of 53 bits, so that none is further than 8.6 standard deviations from
  /// the mean; a `Float` is a rounded `Double`. Traps if the standard deviation is negative.
  ///
  /// - Complexity: O(elements); the tape keeps the numbers.
  public mutating func normal<S>(shape: Shape, mean: S, standardDeviation: S) -> Tensor<S> {
    let (mean, deviation) = (Double(mean), Double(standardDeviation))
    guard deviation >= 0 else { misuse(.standardDeviation(deviation)) }
    let first = take(shape.elementCount)
    return Self.constant(
      shape,
      { wg_random_normal_f64(key, stream, first, mean, deviation, $0, $1) },
      { wg_random_normal_f32(key, stream, first, mean, deviation, $0, $1) })
  }

  /// A constant of the given shape that is 1 with a probability, and else 0.
  ///
  /// In row-major order, each from 64 bits. Traps unless the probability lies in 0...1.
  ///
  /// - Complexity: O(elements); the tape keeps them.
  public mutating func bernoulli<S>(shape: Shape, probability: S) -> Tensor<S> {
    guard probability >= 0, probability <= 1 else {
      misuse(.probability("bernoulli(shape:probability:)", Double(probability)))
    }
    return mask(shape, Double(probability), 1)
  }

  /// `value` with a probability, and else 0.
  fileprivate mutating func mask<S>(_ shape: Shape, _ probability: Double, _ value: Double) -> Tensor<S> {
    let first = take(shape.elementCount)
    return Self.constant(
      shape,
      { wg_random_bernoulli_f64(key, stream, first, probability, value, $0, $1) },
      { wg_random_bernoulli_f32(key, stream, first, probability, value, $0, $1) })
  }

  /// The numbers 0..<count in random order; every order is equally likely.
  ///
  /// As row numbers it shuffles what they are looked up in. Traps if the count is negative.
  ///
  /// - Complexity: O(count).
  public mutating func permutation(_ count: Int) -> IndexArray {
    guard count >= 0 else { misuse(.permutationCount(count)) }
    var order = Array(0..<count)
    for last in (0..<count).dropFirst().reversed() { order.swapAt(last, index(below: last + 1)) }
    return IndexArray(order)
  }

  /// An integer uniform in 0..<bound, without bias, by Lemire's method.
  private mutating func index(below bound: Int) -> Int {
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// A constant whose memory one of two functions fills.
  @inline(never)
  private static func constant<S: TensorScalar>(
    _ shape: Shape, _ f64: (UnsafeMutablePointer<Double>, Int) -> Void,
    _ f32: (UnsafeMutablePointer<Float>, Int) -> Void
  ) -> Tensor<S> {
    let core = Core.recording
    if core.pointee.trace != nil { misuse(.randomInRecording) }
    let id = core.leaf(shape, S.scalarType, .constant)
    let memory = core[record: id].pointee.value
    if S.scalarType == .double {
      f64(memory.f64, shape.elementCount)
    } else {
      f32(memory.f32, shape.elementCount)
    }
    return Tensor(handle: core.handle(id))
  }
}

/// Each element set to 0 with a probability, the others divided by 1 minus it: dropout, in training.
///
/// The mean stays what it is, so that nothing is to be done at inference. Recorded as the product with a constant, through
/// which the gradient passes to what was not dropped (Srivastava et al., Dropout, 2014).
///
/// - Parameters:
///   - x: Of any shape.
///   - probability: Traps unless it lies in 0...1. With 0 the result is `x` itself and the stream stays where it is.
///   - stream: Where random bits come from: 64 for each element.
/// - Complexity: O(elements); the tape keeps the mask and the result.
public func dropout<S>(_ x: Tensor<S>, probability: S, using stream: inout RandomStream) -> Tensor<S> {
  guard probability >= 0, probability <= 1 else {
    misuse(.probability("dropout(_:probability:using:)", Double(probability)))
  }
  if probability == 0 { return x }
  let kept = 1 - Double(probability)
  return x * stream.mask(x.shape, kept, kept == 0 ? 0 : 1 / kept)
}
