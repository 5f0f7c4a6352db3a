/// A stack of memory: allocating moves a cursor, and going back to a mark frees everything since.
///
/// Chunks are kept when the stack shrinks, so a loop that allocates the same amounts step after step asks the system
/// once. Addresses stay valid until the stack goes back below them.
struct Arena {
  struct Mark {
    fileprivate var chunk: Int
    fileprivate var cursor: UnsafeMutableRawPointer
  }

  private struct Chunk {
    var base: UnsafeMutableRawPointer
    var byteCount: Int
  }

  private static let firstChunkByteCount = 1 << 16
  private static let largestGrowth = 1 << 28

  private var chunks: [Chunk]
  private var current = 0
  private var cursor: UnsafeMutableRawPointer
  private var limit: UnsafeMutableRawPointer

  init() {
    let chunk = Self.makeChunk(Self.firstChunkByteCount)
    chunks = [chunk]
    cursor = chunk.base
    limit = chunk.base + chunk.byteCount
  }

  private static func makeChunk(_ byteCount: Int) -> Chunk {
    Chunk(base: ArrayStorage.allocate(byteCount), byteCount: byteCount)
  }

  func deallocate() {
    for chunk in chunks { chunk.base.deallocate() }
  }

  /// Bytes asked from the system.
  var capacity: Int { chunks.reduce(0) { $0 + $1.byteCount } }

  /// Bytes in use, up to the gaps at the ends of chunks.
  var used: Int {
    chunks[..<current].reduce(0) { $0 + $1.byteCount } + (cursor - chunks[current].base)
  }

  var mark: Mark { Mark(chunk: current, cursor: cursor) }

  /// Whether an address lies in what has been allocated since the mark.
  func contains(_ address: UnsafeMutableRawPointer, since mark: Mark) -> Bool {
    for index in mark.chunk...current {
      let start = index == mark.chunk ? mark.cursor : chunks[index].base
      let end = index == current ? cursor : chunks[index].base + chunks[index].byteCount
      if address >= start && address < end { return true }
    }
    return false
  }

  mutating func reset(to mark: Mark) {
    if mark.chunk != current {
      current = mark.chunk
      limit = chunks[current].base + chunks[current].byteCount
    }
    cursor = mark.cursor
  }

  mutating func reset() {
    reset(to: Mark(chunk: 0, cursor: chunks[0].base))
  }

  /// Eight bytes for a scalar: scalars lie side by side, so that a chain of them reads memory in order.
  @inline(__always)
  mutating func allocateScalar() -> UnsafeMutableRawPointer {
    let start = cursor
    guard limit - start >= 8 else { return allocateInNextChunk(8) }
    cursor = start + 8
    return start
  }

  /// Memory for `byteCount` bytes, aligned for vectors if it holds more than one.
  mutating func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let alignment = byteCount > 32 ? ArrayStorage.alignment : 8
    let start = cursor.alignedUp(toMultipleOf: alignment)
    // Rounded up so that the cursor stays at a multiple of eight.
    let rounded = (byteCount + 7) & ~7
    guard limit - start >= rounded else { return allocateInNextChunk(rounded) }
    cursor = start + rounded
    return start
  }

  @inline(never)
  private mutating func allocateInNextChunk(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let next = current + 1
    if next == chunks.count || chunks[next].byteCount < byteCount {
      let growth = min(max(chunks.reduce(0) { $0 + $1.byteCount }, Self.firstChunkByteCount), Self.largestGrowth)
      chunks.insert(Self.makeChunk(max(byteCount, growth)), at: next)
    }
    current = next
    cursor = chunks[current].base + byteCount
    limit = chunks[current].base + chunks[current].byteCount
    return chunks[current].base
  }
}

/// A growing array of plain data that never initializes, releases or shrinks.
struct PlainStack<Element: BitwiseCopyable> {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int) {
    base = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  func deallocate() { base.deallocate() }

  var byteCapacity: Int { capacity * MemoryLayout<Element>.stride }

  @inline(__always)
  mutating func append(_ element: Element) {
    if count == capacity { grow(to: count + 1) }
    (base + count).initialize(to: element)
    count += 1
  }

  mutating func removeAll(from start: Int) { count = start }

  /// Makes room for `count` elements; the ones beyond the old count hold whatever was there.
  mutating func resize(to count: Int) {
    if count > capacity { grow(to: count) }
    self.count = count
  }

  mutating func reserveCapacity(_ minimum: Int) {
    if minimum > capacity { grow(to: minimum) }
  }

  @inline(never)
  private mutating func grow(to minimum: Int) {
    let larger = max(minimum, capacity * 2)
    let fresh = UnsafeMutablePointer<Element>.allocate(capacity: larger)
    fresh.update(from: base, count: min(count, capacity))
    base.deallocate()
    base = fresh
    capacity = larger
  }
}
