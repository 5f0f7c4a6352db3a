import CKernels

/// Memory for the elements of an array at rest, aligned for the widest vectors.
///
/// Shared by copies of a `ShapedArray` until one of them changes, and by the tape while a leaf refers to it.
@usableFromInline
final class ArrayStorage: @unchecked Sendable {
  static let alignment = 64
  /// The memory of arrays without elements.
  static let empty = ArrayStorage(byteCount: 0)

  @usableFromInline let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    self.byteCount = byteCount
    base = Self.allocate(byteCount)
  }

  /// Memory for elements, in large pages if there are many.
  static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let base = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: alignment)
    wg_prepare_memory(base, byteCount)
    return base
  }

  deinit { base.deallocate() }
}

/// Objects that are used again as soon as nobody else refers to them.
///
/// A training step hands out its gradients as values, and the next step makes new ones of the same sizes. The pool
/// keeps a reference to each object it made; one that only the pool still refers to is free again, so the steady
/// state allocates nothing and a gradient that the user kept stays untouched.
package struct RecyclingPool<Object: AnyObject> {
  /// Beyond this many objects those in use are left to their owners, so that searching stays cheap for a user who
  /// keeps every gradient.
  private static var capacity: Int { 1024 }

  private struct Entry {
    /// Missing only for the time of `holdsAlone`.
    var object: Object?
    /// When it was given out last.
    var round: Int
  }

  private var entries: [Entry] = []
  private var cursor = 0
  private var round = 0

  package init() {}

  /// An object that fits and that nobody else refers to, or a new one.
  package mutating func take(where fits: (Object) -> Bool, make: () -> Object) -> Object {
    beginRound()
    return entries[takeIndex(where: fits, make: make)].object!
  }

  /// Starts a round of `takeIndex`, in which no object is given out twice.
  package mutating func beginRound() {
    if entries.count > Self.capacity { forgetObjectsInUse() }
    round += 1
  }

  private mutating func forgetObjectsInUse() {
    var kept = 0
    for index in 0..<entries.count where isKnownUniquelyReferenced(&entries[index].object) {
      if kept != index {
        entries[kept] = entries[index]
        entries[index].object = nil
      }
      kept += 1
    }
    entries.removeLast(entries.count - kept)
    cursor = 0
  }

  /// The position of an object that fits and that nobody else refers to, or of a new one.
  ///
  /// Counting no reference, it may be given out again in another round, unless somebody has referred to it by then.
  package mutating func takeIndex(where fits: (Object) -> Bool, make: () -> Object) -> Int {
    // Objects come back in the order in which they went out, so the search starts after the last one taken. It looks at
    // all of them: others become free at any time, and what is taken next may then lie before what was taken last.
    for _ in 0..<entries.count {
      cursor = cursor + 1 < entries.count ? cursor + 1 : 0
      if entries[cursor].round != round, fits(entries[cursor].object!),
        isKnownUniquelyReferenced(&entries[cursor].object)
      {
        entries[cursor].round = round
        return cursor
      }
    }
    entries.append(Entry(object: make(), round: round))
    cursor = entries.count - 1
    return cursor
  }

  package subscript(position: Int) -> Object { entries[position].object! }

  /// Whether nobody refers to an object of this pool but the pool itself and the given reference.
  ///
  /// False for an object that this pool does not know, even if it is referred to once.
  package mutating func holdsAlone(_ object: inout Object) -> Bool {
    // A plain loop: `firstIndex(where:)` of a generic array allocates.
    var index = 0
    while index < entries.count && entries[index].object !== object { index += 1 }
    guard index < entries.count else { return false }
    // The pool's own reference would count, so it lets go for the time of the question.
    entries[index].object = nil
    let isUnique = isKnownUniquelyReferenced(&object)
    entries[index].object = object
    return isUnique
  }
}

/// The calling thread's pool of another module's objects of one class. It lives as long as the thread's tape.
///
/// Not generic: another module's class would be looked up at run time with every call.
package final class ThreadPool {
  @exclusivity(unchecked) private var pool = RecyclingPool<AnyObject>()

  /// The calling thread's, made at first use.
  package static func current(for type: ObjectIdentifier) -> ThreadPool {
    let core = Core.current
    if let recent = core.pointee.recentPool, recent.type == type { return recent.pool }
    let pool = core.pointee.pools[type] ?? ThreadPool()
    core.pointee.pools[type] = pool
    core.pointee.recentPool = (type, pool)
    return pool
  }

  /// An object that fits and that nobody else refers to, or a new one.
  package func take(where fits: (AnyObject) -> Bool, make: () -> AnyObject) -> AnyObject {
    pool.take(where: fits, make: make)
  }

  /// Whether nobody refers to an object of this pool but the pool itself and the given reference.
  package func holdsAlone<Object: AnyObject>(_ object: inout Object) -> Bool {
    // A reference is a reference, whatever its class.
    withUnsafeMutablePointer(to: &object) {
      $0.withMemoryRebound(to: AnyObject.self, capacity: 1) { pool.holdsAlone(&$0.pointee) }
    }
  }
}
