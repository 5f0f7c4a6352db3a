import ArgumentParser
import Foundation

/// Debug builds, whose timings say nothing: they hand over to a release build of the same sources.
enum DebugBuild {
  /// In a debug build, builds the benchmarks in release and becomes that program. Does not return then, unless
  /// `isAllowed`, which gives a warning instead.
  static func handOver(isAllowed: Bool) throws {
    #if DEBUG
      if isAllowed {
        message("warning: this is a debug build; its timings say nothing about the library")
        return
      }
      let isTerminal = isatty(STDERR_FILENO) == 1
      if isTerminal { message("This is a debug build: building in release first.") }
      let package = try packageDirectory()
      let scratch = scratchDirectory()
      let options = ["--package-path", package.path] + (scratch.map { ["--scratch-path", $0.path] } ?? [])
      let build = ["build", "-c", "release", "--product", "bench"] + options
      _ = try swift(build + (isTerminal ? [] : ["--quiet"]), capturing: false)
      let binaries = try swift(["build", "-c", "release", "--show-bin-path"] + options, capturing: true)
      become(binaries.trimmingCharacters(in: .whitespacesAndNewlines) + "/bench")
      throw ValidationError("the release build could not be started; --allow-debug runs this one")
    #endif
  }

  #if DEBUG
    private static func message(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    private static var executable: URL {
      URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    }

    /// The package this program was built from: around the program, or else around the working directory.
    private static func packageDirectory() throws -> URL {
      let starts = [executable, URL(fileURLWithPath: FileManager.default.currentDirectoryPath + "/.")]
      for start in starts {
        var directory = start.deletingLastPathComponent()
        while directory.path != "/" {
          if FileManager.default.fileExists(atPath: directory.appendingPathComponent("Package.swift").path) {
            return directory
          }
          directory.deleteLastPathComponent()
        }
      }
      throw ValidationError("no Package.swift is near this debug build; run it by `swift run bench`")
    }

    /// Where this program was built, `<scratch>/<triple>/debug/bench`, so that the release build goes there too.
    private static func scratchDirectory() -> URL? {
      let debug = executable.deletingLastPathComponent()
      guard debug.lastPathComponent == "debug" else { return nil }
      return debug.deletingLastPathComponent().deletingLastPathComponent()
    }

    /// Runs the package manager; what it prints goes to standard error, so that standard output stays the report's.
    private static func swift(_ arguments: [String], capturing: Bool) throws -> String {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["swift"] + arguments
      let pipe = Pipe()
      process.standardOutput = capturing ? pipe : FileHandle.standardError
      try process.run()
      let output = capturing ? pipe.fileHandleForReading.readDataToEndOfFile() : Data()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { throw ExitCode(process.terminationStatus) }
      return String(decoding: output, as: UTF8.self)
    }

    private static func become(_ path: String) {
      var arguments = ([path] + CommandLine.arguments.dropFirst()).map { strdup($0) } + [nil]
      execv(path, &arguments)
    }
  #endif
}
