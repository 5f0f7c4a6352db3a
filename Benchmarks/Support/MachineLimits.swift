import Floors
import Foundation

/// How fast this machine moves bytes and multiplies at most, found out by loops that do nothing else.
///
/// Bandwidth is measured for as many bytes as a case touches, so that it is that of the cache they fit in, with as many
/// arrays read and written, by one thread and by all, with stores through the caches and past them; the best counts. What
/// fits in no cache is measured by far larger arrays: of those that are only somewhat larger than a cache, parts stay in it
/// from pass to pass, and a loop seems to be faster than memory is.
package final class MachineLimits {
  private let threads: Int
  private let effort: Effort
  private var bandwidths: [Key: Double] = [:]
  private var peaks: [ScalarChoice: Double] = [:]

  private struct Key: Hashable {
    let reads, writes, bytes: Int
  }

  package init(threads: Int = ProcessInfo.processInfo.activeProcessorCount, effort: Effort) {
    self.threads = threads
    self.effort = effort
  }

  // MARK: Memory

  /// Bytes: that of the last cache of common processors, and what is large beside it.
  private static let (largestCache, memory) = (1 << 25, 3 << 27)

  /// Bytes per nanosecond while arrays of `bytes` in all are gone through.
  package func bandwidth(reads: Int, writes: Int, bytes: Int) -> Double {
    // Below, what is measured is the start of a loop.
    let size = bytes > Self.largestCache ? max(bytes, Self.memory) : max(bytes, 1 << 12)
    let key = Key(reads: reads, writes: writes, bytes: size)
    if let known = bandwidths[key] { return known }
    var best = 0.0
    // Threads that have little to do each only wait for each other.
    for count in Set([1, key.bytes < 1 << 16 ? 1 : threads]) {
      let streams = (0..<count).map { _ in Stream(key.reads, key.writes, bytes: key.bytes / count) }
      for isPast in writes > 0 && key.bytes > 1 << 20 ? [false, true] : [false] {
        best = max(best, rate(streams, past: isPast))
      }
    }
    bandwidths[key] = best
    return best
  }

  /// The same of arrays that no cache holds, two of which are read and one is written.
  package var memoryBandwidth: Double { bandwidth(reads: 2, writes: 1, bytes: Self.memory) }

  private func rate(_ streams: [Stream], past: Bool) -> Double {
    let bytes = Double(streams.reduce(0) { $0 + $1.byteCount })
    return best(threads: streams.count) { passes in
      (bytes * Double(passes), { index in streams[index].run(passes, past: past) })
    }
  }

  /// The best rate of some tries: `make` gives for a number of passes the amount of work, and the work of each thread.
  private func best(threads: Int, _ make: (Int) -> (amount: Double, work: @Sendable (Int) -> Void)) -> Double {
    func time(_ passes: Int) -> (rate: Double, time: Double) {
      let (amount, work) = make(passes)
      let start = nanoseconds()
      if threads == 1 { work(0) } else { DispatchQueue.concurrentPerform(iterations: threads, execute: work) }
      let time = nanoseconds() - start
      return (amount / time, time)
    }
    var passes = 1
    while passes < 1 << 24 {
      let time = time(passes).time
      if time >= effort.sampleNanoseconds { break }
      passes = max(2 * passes, min(16 * passes, Int(1.2 * Double(passes) * effort.sampleNanoseconds / max(time, 1))))
    }
    return (0..<effort.sampleCount).reduce(0) { best, _ in max(best, time(passes).rate) }
  }

  // MARK: Arithmetic

  /// Operations per nanosecond of all threads; a multiplication with an addition is two.
  package func flops(_ scalar: ScalarChoice) -> Double {
    if let known = peaks[scalar] { return known }
    let peak = [false, true].map { isWide in
      let threads = threads
      let each = Self.multiplyAdd(scalar, 100, isWide)
      return best(threads: threads) { passes in
        (Double(threads * passes) * each, { _ in _ = Self.multiplyAdd(scalar, passes * 100, isWide) })
      }
    }.max()!
    peaks[scalar] = peak
    return peak
  }

  private static func multiplyAdd(_ scalar: ScalarChoice, _ count: Int, _ isWide: Bool) -> Double {
    var operations = 0.0
    switch scalar {
    case .float: _ = wf_multiply_add_f32(count, isWide, &operations)
    case .double: _ = wf_multiply_add_f64(count, isWide, &operations)
    }
    return operations
  }

  // MARK: Work

  /// The least time for some work, nil if there is nothing to do.
  package func limit(_ work: LeastWork, _ scalar: ScalarChoice) -> Row.Limit? {
    var time = 0.0
    var bytes = 0.0
    for pass in work.passes where pass.reads + pass.writes > 0 {
      let moved = pass.elements * (pass.reads + pass.writes) * scalar.byteCount
      time += Double(moved) / bandwidth(reads: pass.reads, writes: pass.writes, bytes: moved)
      bytes += Double(moved)
    }
    if work.flops > 0 { time = max(time, work.flops / flops(scalar)) }
    return time > 0 ? Row.Limit(bytes: bytes, flops: work.flops, nanoseconds: time) : nil
  }
}

/// The least that an operation has to do: arrays to be gone through, and additions and multiplications.
package struct LeastWork: Sendable {
  /// A loop over arrays of one size.
  package struct Pass: Sendable {
    package let reads, writes, elements: Int

    package init(reads: Int, writes: Int, elements: Int) {
      self.reads = reads
      self.writes = writes
      self.elements = elements
    }
  }

  package var passes: [Pass]
  package var flops: Double

  package init(_ passes: [Pass], flops: Double = 0) {
    self.passes = passes
    self.flops = flops
  }
}

/// Arrays for one thread to go through.
private final class Stream: @unchecked Sendable {
  private let reads, writes, count: Int
  private let memory: UnsafeMutableRawPointer
  private let stride: Int

  init(_ reads: Int, _ writes: Int, bytes: Int) {
    self.reads = reads
    self.writes = writes
    let lanes = Int(wf_stream_bytes)
    // Four vectors are gone through at once.
    count = max(4, bytes / (reads + writes) / lanes / 4 * 4)
    // Arrays a multiple of the page size apart would get in each other's way in caches.
    stride = (count + 17) * lanes
    memory = .allocate(byteCount: (reads + writes) * stride, alignment: lanes)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: (reads + writes) * stride)
  }

  deinit { memory.deallocate() }

  var byteCount: Int { (reads + writes) * count * Int(wf_stream_bytes) }

  func run(_ passes: Int, past: Bool) {
    let sources = (0..<3).map { $0 < reads ? UnsafeRawPointer(memory + $0 * stride) : nil }
    var targets = (0..<2).map { $0 < writes ? memory + (reads + $0) * stride : nil }
    sources.withUnsafeBufferPointer { sources in
      targets.withUnsafeMutableBufferPointer { targets in
        _ = wf_stream(
          Int32(reads), Int32(writes), past, sources.baseAddress!, targets.baseAddress!, count, passes)
      }
    }
  }
}
