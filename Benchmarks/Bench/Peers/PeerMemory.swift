import AllocationCounter
import ArgumentParser
import BenchSupport
import Foundation
import Wengert

/// What a few passes of the large MLP add to a process at most, above its parameters and its batch: the gradients, and
/// what is kept between forward and backward. Each contender is a process of its own.
struct PeerMemory {
  private(set) var bytes: [String: Double] = [:]
  private(set) var failures: [String] = []
  static let passes = 5

  init(_ peers: Peers, _ scalar: ScalarChoice) throws {
    for name in PeerMemoryCommand.series { bytes[name] = try Self.ours(name, scalar) }
    let work = scalar == .double ? PeerCase.large(Double.self).memoryCase : PeerCase.large(Float.self).memoryCase
    let program = try peers.program(work)
    for name in peers.processes.map(\.name) {
      do {
        let peer = try peers.start(name)
        guard peer.programs.contains(program.name) else { continue }
        // The first run has loaded what the library loads when it is needed.
        _ = try peers.prepare(program, by: peer)
        bytes[name] = try peer.ask(.memory(Self.passes)).bytes
      } catch {
        failures.append("\(name): \(error)")
      }
    }
  }

  private static func ours(_ series: String, _ scalar: ScalarChoice) throws -> Double {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["peer-memory", series, "--scalar", scalar.rawValue]
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard let bytes = Double(text) else { throw PeerProcess.Failure(description: "no number of bytes: \(text)") }
    return bytes
  }

  /// Of each peer to the best of ours.
  var ratios: [String: Double] {
    let ours = PeerMemoryCommand.series.compactMap { bytes[$0] }.min() ?? .nan
    return bytes.filter { !PeerMemoryCommand.series.contains($0.key) }.mapValues { $0 / ours }
  }

  var description: String {
    let parts = bytes.sorted { $0.value < $1.value }.map { "\($0.key) \(Format.fixed($0.value / 0x1p20, 1)) MiB" }
    return "Peak memory of MLP 1024→2048→2048→1000, batch 512, above parameters and batch: "
      + parts.joined(separator: ", ")
  }
}

extension PeerCase.Classifier {
  /// The program alone, for the peers.
  fileprivate var memoryCase: PeerCase {
    PeerCase(
      title: "memory", work: "", size: labels.count, metric: "memory", program: "mlp", scalar: S.choice,
      parameters: parameters(), inputs: inputs, ours: [], tolerance: 0)
  }
}

/// The process whose memory is ours: prints how much the passes added.
struct PeerMemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "peer-memory", shouldDisplay: false)
  static let series = ["eager", "replayed"]

  @Argument var series: String
  @Option(name: .customLong("scalar")) var scalarType = ScalarChoice.float

  func run() throws {
    switch scalarType {
    case .float: try run(Float.self)
    case .double: try run(Double.self)
    }
  }

  private func run<S: BenchScalar>(_: S.Type) throws {
    let classifier = PeerCase.large(S.self)
    let small = PeerCase.Classifier<S>([1024, 16, 16, 10], batch: 512, activation: "relu")
    for warm in PeerCase.Series.gradients(at: small.model, of: small.loss, recording: small.program) { warm.run(1) }
    let before = try Memory.reset()
    let all = PeerCase.Series.gradients(
      at: classifier.model, of: classifier.loss, recording: classifier.program)
    guard let way = all.first(where: { $0.name == series }) else {
      throw ValidationError("There is no series '\(series)'.")
    }
    if series == "replayed" {
      // Recording takes more, once; what counts is what a program takes that is there.
      way.run(1)
      wc_return_freed_memory()
      _ = try Memory.reset()
    }
    way.run(PeerMemory.passes)
    print(try Memory.bytes("VmHWM") - before)
  }
}

/// What the system says about this process.
enum Memory {
  static func bytes(_ field: String) throws -> Int {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/status"))
    let text = String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
    for line in text.split(separator: "\n") where line.hasPrefix(field) {
      if let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
      {
        return kilobytes * 1024
      }
    }
    throw PeerProcess.Failure(description: "the system does not tell \(field)")
  }

  /// Forgets the peak so far, and returns what is resident.
  static func reset() throws -> Int {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "/proc/self/clear_refs"))
    try file.write(contentsOf: Data("5".utf8))
    return try bytes("VmRSS")
  }
}
