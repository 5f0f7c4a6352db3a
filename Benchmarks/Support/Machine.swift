import Foundation
import Wengert

/// What a timing depends on beside the program.
package struct Machine: Codable, Sendable {
  package let machine: String
  package let cores: Int
  package let blas: String
  package let swift: String
  package let package: String

  package static var current: Machine {
    Machine(
      machine: processorName, cores: ProcessInfo.processInfo.activeProcessorCount,
      blas: Tape.linearAlgebraBackend, swift: compilerVersion, package: packageVersion)
  }

  package var description: String {
    "\(machine), \(cores) \(cores == 1 ? "core" : "cores") · \(blas) · Swift \(swift) · Wengert \(package)"
  }

  /// To be raised with each release.
  private static var packageVersion: String { "0.1.0" }

  /// Whether the processor has the instructions of x86-64-v3.
  package static var hasAVX2: Bool { processor("flags")?.split(separator: " ").contains("avx2") ?? false }

  /// What the system says about the processor.
  private static func processor(_ field: String) -> String? {
    // A virtual file of unknown length: `String(contentsOfFile:)` may find it empty.
    guard let file = FileHandle(forReadingAtPath: "/proc/cpuinfo") else { return nil }
    let text = String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix(field) }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.split(separator: " ").joined(separator: " ") }
  }

  private static var processorName: String {
    if let name = processor("model name") { return name }
    var system = utsname()
    uname(&system)
    return withUnsafeBytes(of: &system.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// The compiler that built this program; the language offers comparisons only.
  private static var compilerVersion: String {
    #if compiler(>=6.5)
      "6.5 or later"
    #elseif compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3.3)
      "6.3.3 or later"
    #elseif compiler(>=6.3.2)
      "6.3.2"
    #elseif compiler(>=6.3.1)
      "6.3.1"
    #elseif compiler(>=6.3)
      "6.3"
    #elseif compiler(>=6.2)
      "6.2"
    #else
      "6.1"
    #endif
  }
}
