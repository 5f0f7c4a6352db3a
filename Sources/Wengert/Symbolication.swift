import Runtime

// Return addresses to source lines.
//
// The toolchain's `Runtime` module symbolicates backtraces; a backtrace of addresses chosen by us is made through its
// `Codable` conformance, whose format is documented with the Swift project ("Compact backtrace format").

extension SourceLocation {
  /// The lines that the given return addresses belong to, as far as debug information tells; 0 is no address.
  static func of(_ addresses: Set<UInt>) -> [UInt: SourceLocation] {
    var locations: [UInt: SourceLocation] = [:]
    let images = ImageMap.capture()
    for address in addresses where address != 0 {
      guard let backtrace = try? Backtrace(from: AddressDecoder(address)),
        let frames = backtrace.symbolicated(with: images)?.frames
      else { continue }
      // Inlined functions give a frame each, innermost first; the user's code is the first that is not ours.
      locations[address] = frames.lazy.compactMap(SourceLocation.init).first
    }
    return locations
  }
}

/// Decodes as a backtrace of one return address.
private struct AddressDecoder: Decoder {
  let address: UInt
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(_ address: UInt) { self.address = address }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Fields(address: address))
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw unsupported }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { throw unsupported }

  private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let address: UInt
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { ["architecture", "backtrace"].compactMap(Key.init) }

    func contains(_ key: Key) -> Bool { allKeys.contains { $0.stringValue == key.stringValue } }
    func decodeNil(forKey key: Key) -> Bool { !contains(key) }

    func decode(_: String.Type, forKey key: Key) throws -> String {
      switch key.stringValue {
      case "architecture": return architecture
      case "backtrace": return base64(compactBacktrace)
      default: throw unsupported
      }
    }

    private var architecture: String {
      #if arch(x86_64)
        "x86_64"
      #elseif arch(arm64)
        "arm64"
      #else
        "unknown"
      #endif
    }

    /// A header that says 64 bits, one absolute return address of eight bytes, and the end.
    private var compactBacktrace: [UInt8] {
      [0x02, 0x2F] + (0..<8).map { UInt8(truncatingIfNeeded: UInt64(address) >> (56 - 8 * UInt64($0))) } + [0x00]
    }

    func decode<T: Decodable>(_: T.Type, forKey _: Key) throws -> T { throw unsupported }
    func decode(_: Bool.Type, forKey _: Key) throws -> Bool { throw unsupported }
    func decode(_: Double.Type, forKey _: Key) throws -> Double { throw unsupported }
    func decode(_: Float.Type, forKey _: Key) throws -> Float { throw unsupported }
    func decode(_: Int.Type, forKey _: Key) throws -> Int { throw unsupported }
    func decode(_: Int8.Type, forKey _: Key) throws -> Int8 { throw unsupported }
    func decode(_: Int16.Type, forKey _: Key) throws -> Int16 { throw unsupported }
    func decode(_: Int32.Type, forKey _: Key) throws -> Int32 { throw unsupported }
    func decode(_: Int64.Type, forKey _: Key) throws -> Int64 { throw unsupported }
    func decode(_: UInt.Type, forKey _: Key) throws -> UInt { throw unsupported }
    func decode(_: UInt8.Type, forKey _: Key) throws -> UInt8 { throw unsupported }
    func decode(_: UInt16.Type, forKey _: Key) throws -> UInt16 { throw unsupported }
    func decode(_: UInt32.Type, forKey _: Key) throws -> UInt32 { throw unsupported }
    func decode(_: UInt64.Type, forKey _: Key) throws -> UInt64 { throw unsupported }
    func nestedContainer<N>(keyedBy _: N.Type, forKey _: Key) throws -> KeyedDecodingContainer<N> { throw unsupported }
    func nestedUnkeyedContainer(forKey _: Key) throws -> any UnkeyedDecodingContainer { throw unsupported }
    func superDecoder() throws -> any Decoder { throw unsupported }
    func superDecoder(forKey _: Key) throws -> any Decoder { throw unsupported }
  }
}

private var unsupported: DecodingError {
  .dataCorrupted(.init(codingPath: [], debugDescription: "not part of a backtrace of one address"))
}

private func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  var text = ""
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
    for digit in 0..<(Swift.min(bytes.count - start, 3) + 1) { text.append(alphabet[group >> (18 - 6 * digit) & 63]) }
  }
  return text
}
