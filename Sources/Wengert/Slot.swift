/// What a backward pass knows of one record: nothing passes, an adjoint is expected, or where its adjoint lies.
struct Slot: BitwiseCopyable {
  private var bits: UInt

  /// The output does not depend on a target by way of this record.
  static let inactive = Slot(bits: 0)
  /// Cotangents that reach this record are wanted; none has yet.
  static let active = Slot(bits: 1)
  /// The same, and the first is to be written to the given memory.
  static func reserved(_ memory: UnsafeMutableRawPointer) -> Slot { Slot(bits: UInt(bitPattern: memory) | 2) }

  private init(bits: UInt) { self.bits = bits }

  @inline(__always)
  init(_ adjoint: UnsafeMutableRawPointer) { bits = UInt(bitPattern: adjoint) }

  @inline(__always)
  var isActive: Bool { bits != 0 }

  /// The adjoint, once something has been added to it.
  @inline(__always)
  var adjoint: UnsafeMutableRawPointer? { bits & 3 == 0 ? UnsafeMutableRawPointer(bitPattern: bits) : nil }

  /// Where the first cotangent is to be written, if that has been said.
  @inline(__always)
  var reserved: UnsafeMutableRawPointer? { bits & 2 != 0 ? UnsafeMutableRawPointer(bitPattern: bits & ~2) : nil }
}
