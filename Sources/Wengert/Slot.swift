/// What a backward pass knows of one record: nothing passes, an adjoint is expected, or where its adjoint lies.
///
/// The address of an adjoint is a multiple of four, so two bits are free to tell which.
struct Slot: BitwiseCopyable {
  private var bits: UInt

  /// The output does not depend on a target by way of this record.
  static let inactive = Slot(bits: 0)
  /// Cotangents that reach this record are wanted; none has yet.
  static let active = Slot(bits: 1)
  /// The same, and the first is to be written to the given memory.
  static func reserved(_ memory: UnsafeMutableRawPointer) -> Slot { Slot(bits: UInt(bitPattern: memory) | 2) }

  /// The adjoint is the number at the given address in every element.
  static func uniform(_ number: UnsafeMutableRawPointer) -> Slot { Slot(bits: UInt(bitPattern: number) | 3) }

  private init(bits: UInt) { self.bits = bits }

  @inline(__always)
  init(_ adjoint: UnsafeMutableRawPointer) { bits = UInt(bitPattern: adjoint) }

  @inline(__always)
  var isActive: Bool { bits != 0 }

  /// Whether nothing has been added to the adjoint yet, nor has been said where to.
  @inline(__always)
  var isEmpty: Bool { bits == 1 }

  /// The adjoint's elements, once something has been added to it, unless it is uniform.
  @inline(__always)
  var adjoint: UnsafeMutableRawPointer? { bits & 3 == 0 ? UnsafeMutableRawPointer(bitPattern: bits) : nil }

  /// The number that every element of the adjoint is, if it is kept as one.
  @inline(__always)
  var uniform: UnsafeMutableRawPointer? { bits & 3 == 3 ? UnsafeMutableRawPointer(bitPattern: bits & ~3) : nil }

  /// Where the first cotangent is to be written, if that has been said.
  @inline(__always)
  var reserved: UnsafeMutableRawPointer? { bits & 3 == 2 ? UnsafeMutableRawPointer(bitPattern: bits & ~3) : nil }
}
