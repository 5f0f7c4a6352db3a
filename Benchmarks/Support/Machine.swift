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

  private static var processorName: String {
    // A virtual file of unknown length: `String(contentsOfFile:)` may find it empty.
    if let file = FileHandle(forReadingAtPath: "/proc/cpuinfo") {
      let text = String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
      for line in text.split(separator: "\n") where line.hasPrefix("model name") {
        if let name = line.split(separator: ":", maxSplits: 1).last {
          return name.split(separator: " ").joined(separator: " ")
        }
      }
    }
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
