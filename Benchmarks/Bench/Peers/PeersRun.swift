import BenchSupport
import Foundation

/// One run of `bench peers`: what was measured so far and what went wrong.
struct PeersRun {
  let peers: Peers
  let effort: Effort
  let clock: Clock
  let writesTable: Bool
  private var rows: [PeersTable.Line] = []
  private var report = Report(command: "peers")
  private(set) var mismatches: [String] = []
  private(set) var scoreboard = Scoreboard()
  private let table: PeersTable

  init(peers: Peers, effort: Effort, clock: Clock, writesTable: Bool) {
    self.peers = peers
    self.effort = effort
    self.clock = clock
    self.writesTable = writesTable
    table = PeersTable(peers: peers.processes.map(\.name))
  }

  // MARK: Cases

  mutating func run(_ work: PeerCase) {
    Progress.show(work.title)
    let clock = clock
    let able = peers.processes.filter { $0.programs.contains(work.program) }
    do {
      let agreeing = able.isEmpty ? [] : prepare(work, able)
      let contenders: [Contender] =
        (work.ours + work.floors).map { $0.contender(clock) }
        + agreeing.map { peer in
          Contender(name: peer.name, rest: work.isSmall ? .short : peer.rest) { count in
            guard let time = try peer.ask(.time(count, clock)).nanoseconds else {
              throw PeerProcess.Failure(description: "no time in its answer")
            }
            return time
          }
        }
      let rounds = try Rounds(contenders, effort: effort)
      for peer in agreeing { _ = try peer.ask(.forget) }
      add(work, rounds, others: contenders.dropFirst(work.ours.count).map { $0.name })
    } catch {
      mismatches.append("\(work.title): \(error)")
    }
    Progress.clear()
  }

  /// The peers that came to the same results as we did, ready to be timed.
  private mutating func prepare(_ work: PeerCase, _ able: [PeerProcess]) -> [PeerProcess] {
    let ours = work.ours.map { ($0.name, $0.results()) }
    var agreeing: [PeerProcess] = []
    do {
      let program = try peers.program(work)
      for peer in able {
        do {
          let theirs = try peers.prepare(program, by: peer)
          if let complaint = complaint(
            work, ours, theirs, tolerance: max(work.tolerance, work.lenience[peer.name] ?? 0))
          {
            mismatches.append("\(work.title): \(peer.name) \(complaint)")
          } else {
            agreeing.append(peer)
          }
        } catch {
          mismatches.append("\(work.title): \(peer.name): \(error)")
        }
      }
    } catch {
      mismatches.append("\(work.title): \(error)")
    }
    return agreeing
  }

  /// How a peer's results differ from ours, or nil.
  private func complaint(
    _ work: PeerCase, _ ours: [(name: String, results: [PeerArray])], _ theirs: [PeerArray],
    tolerance: Double
  ) -> String? {
    for (name, results) in ours {
      guard results.count == theirs.count else { return "has \(theirs.count) results, we have \(results.count)" }
      for (index, pair) in zip(results, theirs).enumerated() {
        let difference = pair.0.difference(from: pair.1, scale: index == 0 ? work.valueScale : 0)
        guard difference <= tolerance else {
          let shapes = pair.0.shape == pair.1.shape ? "" : " (shape \(pair.0.shape), theirs \(pair.1.shape))"
          return "differs from \(name) in result \(index) by \(difference) of the largest element\(shapes)"
        }
      }
    }
    return nil
  }

  private mutating func add(_ work: PeerCase, _ rounds: Rounds, others: [String]) {
    var best: [String: Double] = [:]
    for (index, series) in work.ours.enumerated() {
      let time = rounds.time(index)
      var ratios: [String: Row.Peer] = [:]
      for (offset, name) in others.enumerated() {
        let other = work.ours.count + offset
        let ratio = rounds.ratio(other, to: index)
        ratios[name] = Row.Peer(time: rounds.time(other), ratio: ratio)
        best[name] = max(best[name] ?? 0, ratio.median)
      }
      var row = Row(work.title, work.scalar, size: work.size, work.metric, tape: time)
      row.series = series.name
      row.peers = ratios
      report.add(row)
      let line = PeersTable.Line(
        title: work.title, series: work.ours.count > 1 ? series.name : nil, scalar: work.scalar, time: time,
        ratios: ratios, targets: work.targets)
      rows.append(line)
      Progress.clear()
      if writesTable {
        print(table.text(line))
        // A run may take an hour: what reads from a pipe sees its rows as they come.
        fflush(nil)
      }
    }
    for target in work.targets {
      if let ratio = best[target.against] { scoreboard.add(work.title, target, ratio: ratio) }
    }
  }

  mutating func runOperations(makers: [PeerCaseMaker]) {
    guard !makers.isEmpty else { return }
    if writesTable { print("\nOperations: the sum of the result, and its gradients.\n") }
    for maker in makers { run(maker.make()) }
  }

  // MARK: Memory

  mutating func measureMemory(_ scalar: ScalarChoice) {
    Progress.show("memory")
    defer { Progress.clear() }
    do {
      let memory = try PeerMemory(peers, scalar)
      for failure in memory.failures { mismatches.append("memory: \(failure)") }
      for (name, ratio) in memory.ratios where name == "torch" {
        scoreboard.add(
          "memory of MLP 1024", Target("peak memory of the large MLP", against: name, atLeast: 1.25), ratio: ratio)
      }
      Progress.clear()
      if writesTable { print(memory.description) }
      report.add("memory", memory.bytes)
      memoryText = memory.description
    } catch {
      mismatches.append("memory: \(error)")
    }
  }

  private var memoryText = ""

  // MARK: Output

  func printHead() {
    guard writesTable else { return }
    print(head + "\n")
    print(table.header)
  }

  private var head: String {
    let versions = peers.processes.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
    var text = """
      \(report.head.description)
      \(versions.isEmpty ? "no peers" : versions); \(peers.threads) threads each; medians of \(effort.sampleCount) \
      rounds in turns\(clock == .processor ? "; time of processors, not elapsed" : "").
      ns: our time. Ratios: how many times as long the peer takes, ± half the distance between quartiles of the rounds.
      """
    for (name, why) in peers.missing { text += "\nNot here: \(name) (\(why))" }
    return text
  }

  func printSummary() {
    guard writesTable, !scoreboard.entries.isEmpty else { return }
    print("\n" + PeersTable.summary(scoreboard))
  }

  var finishedReport: Report {
    var report = report
    report.add("threads", peers.threads)
    report.add("clock", clock)
    report.add("versions", Dictionary(uniqueKeysWithValues: peers.processes.map { ($0.name, $0.version) }))
    report.add("missing", peers.missing.map(\.name))
    report.add("targets", scoreboard)
    return report
  }

  var markdown: String {
    PeersTable.markdown(
      head: head, rows, peers: peers.processes.map(\.name) + ["BLAS"], memory: memoryText, scoreboard)
  }
}
