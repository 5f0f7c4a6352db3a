/// A number type that tensors can hold: `Float` or `Double`.
///
/// The set is closed: every kernel exists in exactly these two versions.
public protocol TensorScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable, Codable, LosslessStringConvertible {
  /// Which of the two versions of a kernel serves this type.
  static var scalarType: ScalarType { get }
}

/// The number types that a tape can hold.
@frozen public enum ScalarType: UInt8, Sendable, CustomStringConvertible {
  case float
  case double

  /// Bytes per element.
  var byteCount: Int { self == .float ? 4 : 8 }

  public var description: String { self == .float ? "Float" : "Double" }
}

extension Float: TensorScalar {
  @inlinable public static var scalarType: ScalarType { .float }
}

extension Double: TensorScalar {
  @inlinable public static var scalarType: ScalarType { .double }
}

extension UnsafeMutableRawPointer {
  var f64: UnsafeMutablePointer<Double> { assumingMemoryBound(to: Double.self) }
  var f32: UnsafeMutablePointer<Float> { assumingMemoryBound(to: Float.self) }
}
