import CKernels
import CLinearAlgebra

/// A value on a tape: an immutable array of numbers together with how it was computed.
///
/// A tensor is eight bytes, a position on the tape of the thread that made it and the generation of the scope; it
/// owns nothing, so it may be copied and captured freely. Using it after its scope has ended, or on another thread,
/// stops the program with a message. What should outlive the scope is ``value``.
///
/// ```swift
/// let x = Tensor([1.0, 2.0, 3.0])
/// let y = (x * x).sum()
/// print(y, y.backward()[x])  // 14.0 [2.0, 4.0, 6.0]
/// ```
@frozen public struct Tensor<Scalar: TensorScalar>: Sendable, BitwiseCopyable {
  @usableFromInline let handle: Handle

  /// The tensor of a record that has just been made.
  @inlinable
  init(_ handle: Handle) {
    self.handle = handle
    // A user's function that ends in an operation would jump to the recording function and leave the stack before
    // it; the record would then be told the line of the function's caller.
    wg_keep_frame()
  }

  // MARK: Making leaves

  /// A leaf with the elements of an array, whose memory it shares.
  ///
  /// - Complexity: O(1); the tape keeps the array's memory alive until the scope ends.
  @inlinable public init(_ array: ShapedArray<Scalar>) { self.init(recordLeaf(array)) }

  /// A scalar leaf.
  @inlinable public init(_ value: Scalar) { self.init(recordLeaf(value)) }

  /// A leaf that is a vector of the given elements.
  @inlinable public init(_ scalars: [Scalar]) { self.init(recordLeaf(scalars)) }

  /// A leaf that is a matrix of the given rows. Traps unless all rows have one length.
  @inlinable public init(_ rows: [[Scalar]]) { self.init(recordLeaf(ShapedArray(rows))) }

  /// A leaf of the given shape that holds `scalars` in row-major order. Traps unless their number fits.
  @inlinable public init(shape: Shape, scalars: [Scalar]) {
    self.init(recordLeaf(ShapedArray(shape: shape, scalars: scalars)))
  }

  /// A leaf of the given shape with `value` everywhere.
  @inlinable public init(repeating value: Scalar, shape: Shape) {
    self.init(recordLeaf(ShapedArray(repeating: value, shape: shape)))
  }

  // MARK: Reading

  /// The sizes of the axes.
  public var shape: Shape {
    let core = Core.current
    return core.shape(core.resolve(handle))
  }

  /// The elements as an array that outlives the tape.
  ///
  /// - Complexity: O(elements), one copy.
  public var value: ShapedArray<Scalar> {
    let core = Core.current
    let id = core.resolve(handle)
    core.noteHostRead(id)
    return core.array(id)
  }

  /// The elements in row-major order.
  public var scalars: [Scalar] { value.scalars }

  /// The only element. Traps unless there is exactly one.
  public var item: Scalar {
    let core = Core.current
    let id = core.resolve(handle)
    guard core.layout(id).elementCount == 1 else { misuse(.itemOfMany(core.shape(id))) }
    core.noteHostRead(id)
    return core[record: id].pointee.value.load(as: Scalar.self)
  }
}

extension Tensor: CustomStringConvertible {
  /// The elements, in nested brackets.
  public var description: String { value.description }
}

extension Tensor {
  @inlinable
  init(handle: Handle) { self.handle = handle }
}

@usableFromInline @inline(never)
func recordLeaf<S>(_ array: ShapedArray<S>) -> Handle {
  let core = Core.recording
  return core.handle(core.leaf(array))
}

@usableFromInline @inline(never)
func recordLeaf<S: TensorScalar>(_ scalar: S) -> Handle {
  let core = Core.recording
  let id = core.leaf(Shape(), S.scalarType)
  core[record: id].pointee.value.storeBytes(of: scalar, as: S.self)
  return core.handle(id)
}

@usableFromInline @inline(never)
func recordLeaf<S: TensorScalar>(_ scalars: [S]) -> Handle {
  let core = Core.recording
  let id = core.leaf(.vector(scalars.count), S.scalarType)
  _ = UnsafeMutableBufferPointer(
    start: core[record: id].pointee.value.assumingMemoryBound(to: S.self), count: scalars.count
  ).initialize(from: scalars)
  return core.handle(id)
}

extension UnsafeMutablePointer<TapeCore> {
  /// A copy of a record's value.
  func array<S>(_ id: NodeID) -> ShapedArray<S> {
    let result = ShapedArray<S>(uninitialized: shape(id))
    copyValue(id, to: result.storage.base)
    return result
  }

  /// Writes a record's elements in row-major order.
  func copyValue(_ id: NodeID, to memory: UnsafeMutableRawPointer) {
    let record = self[record: id].pointee
    let layout = layout(id)
    if layout.isContiguous {
      memory.copyMemory(from: record.value, byteCount: layout.elementCount * record.scalarType.byteCount)
    } else {
      var dense = wg_layout(layout.shape)
      copy(id, into: memory, &dense, accumulate: false)
    }
  }
}
