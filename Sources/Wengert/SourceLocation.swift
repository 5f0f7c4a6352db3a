import Runtime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A line of the user's code.
///
/// Operators cannot take `#fileID` and `#line`, so every location, of records and of errors, is learned in one other
/// way: from return addresses and the debug information that release builds carry too. It costs nothing until
/// somebody asks.
struct SourceLocation: Hashable, CustomStringConvertible {
  let path: String
  let line: Int

  /// The file with its folder, as in `App/main.swift:12`.
  var description: String { path.split(separator: "/").suffix(2).joined(separator: "/") + ":\(line)" }

  /// The folders that hold the sources of this package's libraries; frames from there are not the user's.
  private static let libraryFolders: [String] = {
    let components = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    let sources = components.dropLast(2).joined(separator: "/")
    return ["Wengert", "WengertNN"].map { "\(sources)/\($0)/" }
  }()

  /// Whether a path of debug information is a library's: an absolute one, or for some inlined functions one that is
  /// relative to where the compiler was started.
  private static func isLibrary(_ path: String) -> Bool {
    if path.hasPrefix("/") { return libraryFolders.contains(where: path.hasPrefix) }
    // Cut off folder by folder from the end, until what is left is the end of a library's folder.
    var folder = path.split(separator: "/").dropLast()
    while !folder.isEmpty {
      let end = "/" + folder.joined(separator: "/") + "/"
      if libraryFolders.contains(where: { $0.hasSuffix(end) }) { return true }
      folder = folder.dropLast()
    }
    return false
  }

  /// The innermost line on the current stack that is not the library's.
  static func ofCaller() -> SourceLocation? {
    guard let backtrace = try? Backtrace.capture(), let frames = backtrace.symbolicated()?.frames else { return nil }
    return frames.lazy.compactMap(SourceLocation.init).first
  }

  init?(_ frame: SymbolicatedBacktrace.Frame) {
    guard let location = frame.symbol?.sourceLocation, location.line > 0,
      !location.path.contains("<compiler-generated>"), !location.path.contains("@__swiftmacro_"),
      !Self.isLibrary(location.path)
    else { return nil }
    path = location.path
    line = location.line
  }
}

/// Prints a message as the standard library prints its own, and traps.
func trap(_ message: String, at location: SourceLocation?) -> Never {
  let prefix = location.map { "\($0): " } ?? ""
  fflush(nil)
  // Straight to the descriptor: `stderr` is a mutable global to Swift.
  Array("\(prefix)Fatal error: \(message)\n".utf8).withUnsafeBytes { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = write(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      guard written > 0 else { break }
      rest = rest.dropFirst(written)
    }
  }
  abort()
}
