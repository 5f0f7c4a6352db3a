import ArgumentParser
import BenchSupport
import Foundation

/// The peers at work, and the directory in which arrays are exchanged with them.
final class Peers {
  static let names = ["torch", "jax", "autograd", "numpy"]

  private(set) var processes: [PeerProcess] = []
  /// Those that could not be started, and why.
  private(set) var missing: [(name: String, why: String)] = []
  let threads: Int
  private let python: String
  private let script: String
  private let directory: URL

  init(_ names: [String], python: String, threads: Int) throws {
    self.threads = threads
    self.python = try Self.path(of: python)
    // Beside the sources that this program was built from.
    let script = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Peers/peer.py").standardized
    guard FileManager.default.fileExists(atPath: script.path) else {
      throw ValidationError("\(script.path) is missing: bench peers runs from the package it was built in.")
    }
    self.script = script.path
    directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("wengert-peers-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for name in names {
      Progress.show("starting \(name)")
      do { processes.append(try start(name)) } catch { missing.append((name, "\(error)")) }
    }
    Progress.clear()
  }

  deinit {
    for process in processes { process.stop() }
    try? FileManager.default.removeItem(at: directory)
  }

  /// A further process of a peer, with nothing in its memory.
  func start(_ name: String) throws -> PeerProcess {
    try PeerProcess(name, python: python, script: script, threads: threads, directory: directory)
  }

  private static func path(of python: String) throws -> String {
    if python.contains("/") {
      guard FileManager.default.isExecutableFile(atPath: python) else {
        throw ValidationError("There is no program \(python).")
      }
      return python
    }
    for directory in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") {
      let path = "\(directory)/\(python)"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    throw ValidationError("There is no program \(python) on the path.")
  }

  /// The work of a case as peers take it: its inputs are in files then.
  func program(_ work: PeerCase) throws -> PeerProgram {
    let arrays = try work.inputs.enumerated().map { index, array in
      try array.write(to: directory.appendingPathComponent("input-\(index)"), as: work.scalar)
    }
    return PeerProgram(name: work.program, scalar: work.scalar, parameters: work.parameters, arrays: arrays)
  }

  /// Has a peer prepare a program, and returns the results of its first run.
  func prepare(_ program: PeerProgram, by peer: PeerProcess) throws -> [PeerArray] {
    let answer = try peer.ask(.prepare(program, results: directory.path))
    return try (answer.results ?? []).map { file in
      defer { try? FileManager.default.removeItem(atPath: file.file) }
      return try PeerArray(reading: file, as: program.scalar)
    }
  }
}

extension PeerProcess {
  /// What becomes of its threads after work on large arrays. JAX's were seen to sleep at once.
  var rest: Rest {
    switch name {
    case "autograd", "numpy": .ofOpenBLAS
    case "torch": .ofOpenMP
    default: .short
    }
  }
}
