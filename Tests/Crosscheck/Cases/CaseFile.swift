import Foundation
import Wengert

/// What `make_cases.py` writes: cases, with the numbers that PyTorch computed for them.
package struct CaseFile: Decodable, Sendable {
  package let torch: String
  package let seed: Int
  package let cases: [Case]

  package init(contentsOf url: URL) throws {
    self = try JSONDecoder().decode(CaseFile.self, from: Data(contentsOf: url))
  }
}

/// One function at one point.
package struct Case: Decodable, Sendable, CustomStringConvertible {
  /// The operation, in the package's spelling, or the name of a model.
  package let name: String
  package let parameters: [String: ParameterValue]
  package let inputs: [CaseArray]
  /// How each input reaches the function; as it is, if absent.
  package let layouts: [Layout]?
  /// Of a model, the names of the parameters, which are its first inputs.
  package let names: [String]?
  /// v in ⟨v, f(x)⟩
  package let cotangent: CaseArray
  package let value: CaseArray
  /// With respect to the first inputs; the others are constants.
  package let gradients: [CaseArray]
  /// w in ⟨w, ∇⟨v, f(x)⟩⟩
  package let weights: [CaseArray]?
  /// The gradients of that number.
  package let second: [CaseArray]?
  /// How much an ill-conditioned problem magnifies rounding; 1 if absent.
  package let condition: Double?
  /// By how much a result of one number is less than the terms that it is computed from; 1 if absent.
  package let cancellation: Double?
  /// The largest absolute error of an element that is allowed in Double, besides the relative one.
  package let absoluteTolerance: Double?
  /// What PyTorch says, where the numbers above are those of the contract.
  package let torch: Deviation?

  package enum Layout: String, Decodable, Sendable {
    case plain
    /// The function is given the transposition of the last two axes.
    case transposed
    /// The function is given every other element of the last axis.
    case strided
  }

  package struct Deviation: Decodable, Sendable {
    /// Why PyTorch's numbers are others.
    package let note: String
    package let value: CaseArray
    package let gradients: [CaseArray]
    package let second: [CaseArray]?
  }

  package var description: String {
    let options = parameters.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let shapes = inputs.enumerated().map { index, input in
      "\(Shape(input.shape))" + (layouts.map { $0[index] == .plain ? "" : " \($0[index].rawValue)" } ?? "")
    }
    return ([name] + shapes + options).joined(separator: " ")
  }
}

/// An array, as bits in base 64: of `Float`s where they hold its numbers exactly, and of `Double`s.
package struct CaseArray: Decodable, Sendable {
  package let shape: [Int]
  package let scalars: [Double]

  private enum CodingKeys: String, CodingKey { case shape, f4, f8 }

  package init(from decoder: Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    shape = try container.decode([Int].self, forKey: .shape)
    if let floats = try container.decodeIfPresent(Data.self, forKey: .f4) {
      scalars = floats.numbers(UInt32.self) { Double(Float(bitPattern: $0)) }
    } else {
      scalars = try container.decode(Data.self, forKey: .f8).numbers(UInt64.self) { Double(bitPattern: $0) }
    }
    guard scalars.count == Shape(shape).elementCount else {
      throw DecodingError.dataCorruptedError(forKey: .shape, in: container, debugDescription: "other than its scalars")
    }
  }

  /// The numbers, rounded to a type.
  package func array<S: TensorScalar>(of _: S.Type = S.self) -> ShapedArray<S> {
    ShapedArray(shape: Shape(shape), scalars: scalars.map { S($0) })
  }

  package func tensor<S: TensorScalar>(of _: S.Type = S.self) -> Tensor<S> { Tensor(array()) }
}

extension Data {
  /// Numbers from their bits, least significant byte first.
  fileprivate func numbers<Bits: FixedWidthInteger>(_: Bits.Type, _ number: (Bits) -> Double) -> [Double] {
    withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: MemoryLayout<Bits>.size).map {
        number(Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Bits.self)))
      }
    }
  }
}

/// A parameter of a case.
package enum ParameterValue: Decodable, Sendable, CustomStringConvertible {
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([ParameterValue])

  package init(from decoder: Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let integer = try? container.decode(Int.self) {
      self = .integer(integer)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      self = .list(try container.decode([ParameterValue].self))
    }
  }

  package var description: String {
    switch self {
    case .flag(let flag): "\(flag)"
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    case .text(let text): text
    case .list(let list): "[" + list.map(\.description).joined(separator: ", ") + "]"
    }
  }
}

/// The parameters of a case, as a function asks for them. Those that nobody asked for are known afterwards: they would
/// be a case that does not test what it says.
package final class Parameters {
  private let values: [String: ParameterValue]
  package private(set) var unread: Set<String>

  package init(_ values: [String: ParameterValue]) {
    self.values = values
    unread = Set(values.keys)
  }

  private subscript(name: String) -> ParameterValue? {
    unread.remove(name)
    return values[name]
  }

  package func has(_ name: String) -> Bool { values[name] != nil }

  package func flag(_ name: String) -> Bool {
    if case .flag(let flag)? = self[name] { flag } else { false }
  }

  package func integer(_ name: String) -> Int? {
    if case .integer(let integer)? = self[name] { integer } else { nil }
  }

  /// A number, whether or not it was written as a whole one; infinities are words.
  package func number(_ name: String) -> Double? { self[name].flatMap(Self.number) }

  package func scalar<S: TensorScalar>(_ name: String, of _: S.Type = S.self) -> S? { number(name).map { S($0) } }

  package func text(_ name: String) -> String? {
    if case .text(let text)? = self[name] { text } else { nil }
  }

  package func integers(_ name: String) -> [Int]? {
    guard case .list(let list)? = self[name] else { return nil }
    return list.map { if case .integer(let integer) = $0 { integer } else { fatalError("\(name): \($0)") } }
  }

  package func numbers(_ name: String) -> [Double]? {
    guard case .list(let list)? = self[name] else { return nil }
    return list.compactMap(Self.number)
  }

  package func texts(_ name: String) -> [String]? {
    guard case .list(let list)? = self[name] else { return nil }
    return list.map(\.description)
  }

  private static func number(_ value: ParameterValue) -> Double? {
    switch value {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    case .text(let text): Double(text)
    default: nil
    }
  }
}
