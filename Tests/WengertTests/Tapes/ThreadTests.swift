import Foundation
import Testing
import Wengert

/// Each thread has a tape of its own.
@Suite struct ThreadTests {
  /// Work that visits every kind of kernel, with a result that any mix-up between threads would change.
  @Sendable private static func work(_ seed: Int) -> [Double] {
    var generator = SeededGenerator(seed: UInt64(seed))
    let (x, w) = (generator.array([8, 6]), generator.array([6, 5]))
    var sums: [Double] = []
    for _ in 0..<20 {
      Tape.scope {
        let (value, g) = valueWithGradient(at: Tensor(w)) { w in
          crossEntropy(tanh(matmul(Tensor(x), w)), labels: [0, 1, 2, 3, 4, 0, 1, 2])
            + gradient(at: w) { ($0 * $0 * $0).sum() }.sum()
        }
        sums += [value.item] + g.scalars
      }
    }
    return sums
  }

  @Test(arguments: [2, 4, 32])
  func threadsDoNotDisturbEachOther(_ count: Int) {
    let expected = (0..<count).map(Self.work)
    let results = Results(count)
    let threads = (0..<count).map { index in
      Thread { results.set(Self.work(index), at: index) }
    }
    for thread in threads { thread.start() }
    results.wait()
    for index in 0..<count { #expect(results[index] == expected[index], "thread \(index) of \(count)") }
  }

  @Test func concurrentIterations() {
    let expected = Self.work(1)
    let results = Results(200)
    DispatchQueue.concurrentPerform(iterations: 200) { results.set(Self.work(1), at: $0) }
    for index in 0..<200 { #expect(results[index] == expected) }
  }

  /// A million records on a stack of 8 MiB: built, differentiated, printed, differentiated again, and freed.
  @Test func longChains() {
    let results = Results(1)
    let thread = Thread {
      let links = 500_000
      var numbers: [Double] = []
      Tape.scope {
        let x = Tensor(1.0)
        var y = x
        for _ in 0..<links { y = y * 0.999999 + 1e-7 }
        let gradients = y.backward()
        numbers = [gradients[x].item, Double(Tape.current.count), Double(Tape.current.description.count)]
      }
      let second = Tape.scope {
        gradient(at: Tensor(1.0)) { x in
          gradient(at: x) { x in
            var y = x
            for _ in 0..<links / 2 { y = y + 0.5 }
            return y * y
          }
        }.item
      }
      let vector = Tape.scope {
        let x = Tensor([1.0, 1])
        return (0..<links).reduce(x) { y, _ in -(y.transposed()) }.sum().backward()[x].scalars
      }
      results.set(numbers + [second] + vector, at: 0)
    }
    thread.stackSize = 8 << 20
    thread.start()
    results.wait()
    let numbers = results[0]
    expectEqual([numbers[0]], [Double(Reference.pow(0.999999, 500_000))], relativeTo: 1e-10, "derivative of the chain")
    #expect(numbers[1] >= 1_000_000)
    #expect(numbers[2] > 100 && numbers[2] < 20_000)
    #expect(Array(numbers[3...]) == [2, 1, 1])
  }

  /// The tape of a thread that has ended is freed: many short threads use no more memory than a few.
  @Test func tapesEndWithTheirThreads() {
    for _ in 0..<20 {
      let results = Results(50)
      for index in 0..<50 {
        Thread {
          let y = Tensor([Double(index), 1]) * 2
          results.set(y.scalars, at: index)
        }.start()
      }
      results.wait()
      for index in 0..<50 { #expect(results[index] == [2 * Double(index), 2]) }
    }
  }
}

/// Collects one list per thread, and waits for all of them.
private final class Results: @unchecked Sendable {
  private let condition = NSCondition()
  private var lists: [[Double]?]

  init(_ count: Int) { lists = Array(repeating: nil, count: count) }

  func set(_ list: [Double], at index: Int) {
    condition.lock()
    lists[index] = list
    condition.broadcast()
    condition.unlock()
  }

  func wait() {
    condition.lock()
    while lists.contains(where: { $0 == nil }) { condition.wait() }
    condition.unlock()
  }

  subscript(index: Int) -> [Double] { lists[index]! }
}
