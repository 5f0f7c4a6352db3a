import Foundation

/// An array on its way to or from a peer.
package struct PeerArray: Sendable {
  package let shape: [Int]
  package let values: [Double]

  package init(shape: [Int], values: [Double]) {
    precondition(values.count == shape.reduce(1, *), "as many values as the shape has")
    self.shape = shape
    self.values = values
  }

  package func write(to url: URL, as scalar: ScalarChoice) throws -> PeerFile {
    let data =
      switch scalar {
      case .double: values.withUnsafeBytes { Data($0) }
      case .float: values.map { Float($0) }.withUnsafeBytes { Data($0) }
      }
    try data.write(to: url)
    return PeerFile(file: url.path, shape: shape)
  }

  package init(reading file: PeerFile, as scalar: ScalarChoice) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: file.file))
    let count = file.shape.reduce(1, *)
    guard data.count == count * scalar.byteCount else {
      throw PeerProcess.Failure(description: "\(data.count) bytes for \(file.shape) of \(scalar)")
    }
    let values: [Double] = data.withUnsafeBytes { bytes in
      switch scalar {
      case .double: (0..<count).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
      case .float: (0..<count).map { Double(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)) }
      }
    }
    self.init(shape: file.shape, values: values)
  }

  /// The largest difference of two arrays relative to the largest element of the second, or to `scale` if that is
  /// larger; infinite if their shapes differ or if only one has a NaN somewhere.
  package func difference(from other: PeerArray, scale: Double = 0) -> Double {
    guard shape == other.shape else { return .infinity }
    var largest = scale
    var difference = 0.0
    for index in values.indices {
      let (x, y) = (values[index], other.values[index])
      if x.isNaN || y.isNaN {
        if x.isNaN != y.isNaN { return .infinity }
        continue
      }
      // Equal infinities differ by a NaN.
      if x != y { difference = max(difference, abs(x - y)) }
      if y.isFinite { largest = max(largest, abs(y)) }
    }
    return difference == 0 ? 0 : difference / max(largest, .leastNormalMagnitude)
  }
}
