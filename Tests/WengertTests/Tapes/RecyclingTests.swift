import Testing
import Wengert

/// Objects that are used again as soon as they are free.
@Suite struct RecyclingTests {
  private final class Box {
    let size: Int
    init(size: Int) { self.size = size }
  }

  /// Boxes of the given sizes, taken in one round; and how many of them are new.
  private func take(_ sizes: [Int], from pool: inout RecyclingPool<Box>) -> (boxes: [Box], made: Int) {
    var made = 0
    pool.beginRound()
    let positions = sizes.map { size in
      pool.takeIndex(where: { $0.size == size }) {
        made += 1
        return Box(size: size)
      }
    }
    #expect(Set(positions).count == sizes.count)
    return (positions.map { pool[$0] }, made)
  }

  @Test func steadyStateMakesNothing() {
    var pool = RecyclingPool<Box>()
    var last = take([1, 2, 1], from: &pool)
    for step in 0..<10 {
      // Held while the next are taken, which the optimizer would not know.
      let next = withExtendedLifetime(last) { take([1, 2, 1], from: &pool) }
      #expect(next.made == (step == 0 ? 3 : 0))
      last = next
    }
  }

  /// What others held becomes free at any time, and then the objects do not come back in order.
  @Test(arguments: 0..<60)
  func noneIsMadeWhileOneIsFree(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    var pool = RecyclingPool<Box>()
    let sizes = [1, 2, 3, 4]
    // As many of each size as are ever in use at a time, held by others for a while.
    var held = (0..<3).flatMap { _ in take(sizes.shuffled(using: &generator), from: &pool).boxes }
    held.shuffle(using: &generator)
    var own = take(sizes, from: &pool).boxes
    _ = take(sizes, from: &pool)
    for _ in 0..<40 {
      if !held.isEmpty && Bool.random(using: &generator) { held.removeLast() }
      let next = take(sizes, from: &pool)
      #expect(next.made == 0)
      own = next.boxes
    }
    _ = own
  }
}
