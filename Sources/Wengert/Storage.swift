/// Memory for the elements of an array at rest, aligned for the widest vectors.
///
/// Shared by copies of a `ShapedArray` until one of them changes, and by the tape while a leaf refers to it.
@usableFromInline
final class ArrayStorage: @unchecked Sendable {
  static let alignment = 64

  @usableFromInline let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    self.byteCount = byteCount
    base = .allocate(byteCount: max(byteCount, 1), alignment: Self.alignment)
  }

  deinit { base.deallocate() }
}

/// Objects that are used again as soon as nobody else refers to them.
///
/// A training step hands out its gradients as values, and the next step makes new ones of the same sizes. The pool
/// keeps a reference to each object it made; one that only the pool still refers to is free again, so the steady
/// state allocates nothing and a gradient that the user kept stays untouched.
package struct RecyclingPool<Object: AnyObject> {
  /// The most objects remembered: the rest are left to their owners, so that searching stays cheap for a user who
  /// keeps every gradient.
  private static var capacity: Int { 1024 }

  /// None is missing but for the time of `holdsAlone`.
  private var objects: [Object?] = []
  private var cursor = 0

  package init() {}

  /// An object that fits and that nobody else refers to, or a new one.
  package mutating func take(where fits: (Object) -> Bool, make: () -> Object) -> Object {
    // Objects come back in the order in which they went out, so the search starts after the last one taken.
    for _ in 0..<objects.count {
      cursor = cursor + 1 < objects.count ? cursor + 1 : 0
      if fits(objects[cursor]!), isKnownUniquelyReferenced(&objects[cursor]) { return objects[cursor]! }
    }
    let object = make()
    if objects.count < Self.capacity {
      objects.append(object)
      cursor = objects.count - 1
    } else {
      cursor = cursor + 1 < objects.count ? cursor + 1 : 0
      objects[cursor] = object
    }
    return object
  }

  /// Whether nobody refers to an object of this pool but the pool itself and the given reference.
  ///
  /// False for an object that this pool does not know, even if it is referred to once.
  package mutating func holdsAlone(_ object: inout Object) -> Bool {
    // A plain loop: `firstIndex(where:)` of a generic array allocates.
    var index = 0
    while index < objects.count && objects[index] !== object { index += 1 }
    guard index < objects.count else { return false }
    // The pool's own reference would count, so it lets go for the time of the question.
    objects[index] = nil
    let isUnique = isKnownUniquelyReferenced(&object)
    objects[index] = object
    return isUnique
  }
}

/// The calling thread's pool of another module's objects. It lives as long as the thread's tape.
package final class ThreadPool<Object: AnyObject> {
  package var pool = RecyclingPool<Object>()

  /// The calling thread's, made at first use.
  package static var current: ThreadPool {
    let core = Core.current
    let key = ObjectIdentifier(ThreadPool.self)
    // The key is the type, so a cast that checks it again is not needed.
    if let known = core.pointee.pools[key] { return unsafeDowncast(known, to: ThreadPool.self) }
    let fresh = ThreadPool()
    core.pointee.pools[key] = fresh
    return fresh
  }
}
