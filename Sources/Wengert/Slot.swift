/// What a backward pass knows of one record: nothing passes, an adjoint is expected, or where its adjoint lies.
struct Slot: BitwiseCopyable {
  private var bits: UInt

  /// The output does not depend on a target by way of this record.
  static let inactive = Slot(bits: 0)
  /// Cotangents that reach this record are wanted; none has yet.
  static let active = Slot(bits: 1)

  private init(bits: UInt) { self.bits = bits }

  @inline(__always)
  init(_ adjoint: UnsafeMutableRawPointer) { bits = UInt(bitPattern: adjoint) }

  @inline(__always)
  var isActive: Bool { bits != 0 }

  /// The adjoint, once something has been added to it.
  @inline(__always)
  var adjoint: UnsafeMutableRawPointer? { bits > 1 ? UnsafeMutableRawPointer(bitPattern: bits) : nil }
}
