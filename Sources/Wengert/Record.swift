import CKernels

/// The position of a record on its tape.
typealias NodeID = Int32

/// What a tensor is made of: the position of its record and the generation of the scope that made it.
///
/// Generations are unique in the process, so a record that a scope has dropped, or one of another thread's tape,
/// never passes for the one that was meant.
@frozen @usableFromInline
struct Handle: Hashable, Sendable {
  @usableFromInline let index: Int32
  @usableFromInline let generation: UInt32

  @inlinable
  init(index: Int32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }

  /// Belongs to no tape.
  @inlinable static var none: Handle { Handle(index: -1, generation: 0) }
}

/// One line of the Wengert list: an operation, its operands, and where its value lies. Plain data, 40 bytes.
struct Record: BitwiseCopyable {
  /// The value's elements; their arrangement is `layout`.
  var value: UnsafeMutableRawPointer
  /// A return address within the function that asked for the operation, for messages and printouts.
  var source: UInt
  /// The first two operands. A third, and a concatenation's many, are found by way of `attributes`.
  var operands: (NodeID, NodeID) = (-1, -1)
  /// Which layout, of those the tape knows; 0 is a scalar's.
  var layout: Int32
  /// Where this operation's attributes start in the tape's list of them: axes, ranges, labels, further operands.
  var attributes: Int32 = -1
  var generation: UInt32
  var opcode: Opcode
  var scalarType: ScalarType
  var flags: Flags = []

  struct Flags: OptionSet, BitwiseCopyable {
    var rawValue: UInt8
    /// A gradient with respect to this record has been asked for: the pass under way stops here.
    static let isTarget = Flags(rawValue: 1)
    /// The operands are listed among the attributes: their number, then their positions.
    static let hasManyOperands = Flags(rawValue: 2)
    /// Nothing is differentiated through this record, though it has its operands.
    static let isDetached = Flags(rawValue: 4)
    /// Made where a function that is being recorded asked for no recording: only a differentiation that started there
    /// goes through it.
    static let isUnrecorded = Flags(rawValue: 8)
  }
}

extension Opcode {
  /// Whether this operation acts on each element by itself.
  @inline(__always)
  var isElementwise: Bool { rawValue < UInt16(WG_ELEMENTWISE_COUNT) }

  /// The number of operands of an elementwise operation.
  var arity: Int {
    switch rawValue {
    case ..<UInt16(WG_ELEMENTWISE_COUNT):
      return withUnsafePointer(to: wg_arities) {
        Int(UnsafeRawPointer($0).load(fromByteOffset: Int(rawValue), as: UInt8.self))
      }
    default: return 0
    }
  }
}
