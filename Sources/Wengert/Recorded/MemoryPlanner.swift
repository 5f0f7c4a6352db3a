/// Gives values that live for a while places in one block of memory, so that those that never live at the same time
/// may share one.
///
/// Places are given in the order of the steps at which the values come into being, each the smallest gap that holds the
/// value, and gaps join when values end.
struct MemoryPlanner {
  /// A value: how many bytes, from the step that writes it to the last that reads it.
  struct Item {
    var byteCount: Int
    var first: Int
    var last: Int
    /// A value of as many bytes that may end where this one starts: it is read element by element before this one is
    /// written.
    var predecessor: Int?
    /// Where it lies, once planned.
    var offset = 0
  }

  private struct Gap {
    var offset: Int
    var byteCount: Int
  }

  /// Plans all items and returns the bytes that the block needs.
  static func plan(_ items: inout [Item], stepCount: Int) -> Int {
    var starting = [[Int]](repeating: [], count: stepCount + 1)
    var ending = [[Int]](repeating: [], count: stepCount + 1)
    for (index, item) in items.enumerated() {
      starting[item.first].append(index)
      ending[item.last].append(index)
    }
    var gaps: [Gap] = []
    var end = 0
    var isSucceeded = [Bool](repeating: false, count: items.count)
    for step in 0...stepCount {
      for index in starting[step] {
        if let predecessor = items[index].predecessor, items[predecessor].last == step, !isSucceeded[predecessor] {
          isSucceeded[predecessor] = true
          items[index].offset = items[predecessor].offset
          continue
        }
        items[index].offset = take(rounded(items[index].byteCount), &gaps, &end)
      }
      for index in ending[step] where !isSucceeded[index] {
        release(Gap(offset: items[index].offset, byteCount: rounded(items[index].byteCount)), &gaps)
      }
    }
    return end
  }

  /// Numbers lie side by side; anything longer starts where the widest vectors like it to.
  private static func rounded(_ byteCount: Int) -> Int {
    byteCount <= 8 ? 8 : (byteCount + ArrayStorage.alignment - 1) & ~(ArrayStorage.alignment - 1)
  }

  private static func take(_ byteCount: Int, _ gaps: inout [Gap], _ end: inout Int) -> Int {
    let alignment = byteCount <= 8 ? 8 : ArrayStorage.alignment
    var best: Int?
    for (index, gap) in gaps.enumerated() {
      let padding = -gap.offset & (alignment - 1)
      guard gap.byteCount >= byteCount + padding, best.map({ gaps[$0].byteCount > gap.byteCount }) ?? true else {
        continue
      }
      best = index
      if gap.byteCount == byteCount { break }
    }
    guard let best else {
      // The last gap may reach to the end of the block; the block then grows by what is missing.
      let start: Int
      if let last = gaps.last, last.offset + last.byteCount == end {
        gaps.removeLast()
        start = (last.offset + alignment - 1) & ~(alignment - 1)
        if start > last.offset { gaps.append(Gap(offset: last.offset, byteCount: start - last.offset)) }
      } else {
        start = (end + alignment - 1) & ~(alignment - 1)
        if start > end { gaps.append(Gap(offset: end, byteCount: start - end)) }
      }
      end = Swift.max(end, start + byteCount)
      return start
    }
    let gap = gaps[best]
    let start = (gap.offset + alignment - 1) & ~(alignment - 1)
    var rest: [Gap] = []
    if start > gap.offset { rest.append(Gap(offset: gap.offset, byteCount: start - gap.offset)) }
    let after = start + byteCount
    if after < gap.offset + gap.byteCount {
      rest.append(Gap(offset: after, byteCount: gap.offset + gap.byteCount - after))
    }
    gaps.replaceSubrange(best...best, with: rest)
    return start
  }

  private static func release(_ gap: Gap, _ gaps: inout [Gap]) {
    var (low, high) = (0, gaps.count)
    while low < high {
      let middle = (low + high) / 2
      if gaps[middle].offset < gap.offset { low = middle + 1 } else { high = middle }
    }
    var joined = gap
    var range = low..<low
    if low > 0, gaps[low - 1].offset + gaps[low - 1].byteCount == gap.offset {
      joined = Gap(offset: gaps[low - 1].offset, byteCount: gaps[low - 1].byteCount + gap.byteCount)
      range = low - 1..<low
    }
    if low < gaps.count, gap.offset + gap.byteCount == gaps[low].offset {
      joined.byteCount += gaps[low].byteCount
      range = range.lowerBound..<low + 1
    }
    gaps.replaceSubrange(range, with: CollectionOfOne(joined))
  }
}
