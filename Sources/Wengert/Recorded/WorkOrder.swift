import CKernels

/// In which order a program computes values and pulls cotangents back.
///
/// By itself: everything is computed, then everything is pulled. Within a budget of memory, values are dropped and computed
/// again: a stretch of the program is run through keeping only what its second part needs, the second part is done, and
/// then the first, which is computed anew. Where to divide, with how many stretches kept at a time, is what the binomial
/// schedule says (Griewank and Walther, Algorithm 799: Revolve, 2000), which is optimal for chains of equal steps.
struct WorkOrder {
  enum Action {
    case evaluate(NodeID)
    /// By number.
    case pull(Int)
  }

  private(set) var actions: [Action] = []

  /// Every value is kept as long as it is needed.
  init(_ compiler: ProgramCompiler) {
    actions = compiler.computedRecords.map { .evaluate($0) }
    actions += (compiler.backward?.pulls ?? []).indices.map { .pull($0) }
  }

  /// The least work for which the program's memory stays within a budget; traps if there is none.
  init(_ compiler: ProgramCompiler, within byteCount: Int) {
    self.init(compiler)
    var smallest = compiler.plannedByteCount(self)
    if smallest <= byteCount { return }
    let stretches = Stretches(compiler)
    var kept = stretches.count - 1
    while kept > 0 {
      var order = self
      order.actions = []
      stretches.appendActions(to: &order.actions, 0..<stretches.count, kept: kept)
      let needed = compiler.plannedByteCount(order)
      if needed <= byteCount {
        self = order
        return
      }
      smallest = Swift.min(smallest, needed)
      kept = kept > 16 ? kept * 3 / 4 : kept - 1
    }
    misuse(.memoryBudget(byteCount, smallest))
  }
}

/// A program's forward part, divided where little has to be kept.
private struct Stretches {
  /// The records of each, and the numbers of their pulls.
  private var records: [[NodeID]] = []
  private var pulls: [[Int]] = []
  /// The last stretch that reads a value.
  private var lastReader: [NodeID: Int] = [:]
  var count: Int { records.count }

  init(_ compiler: ProgramCompiler) {
    let computed = compiler.computedRecords
    let lastReader = compiler.lastReaders()
    // The bytes that cross each place between two records.
    var crossing = [Int](repeating: 0, count: computed.count + 1)
    var position = [NodeID: Int](minimumCapacity: computed.count)
    for (index, id) in computed.enumerated() { position[id] = index }
    for (index, id) in computed.enumerated() {
      guard let reader = lastReader[Int(id)] else { continue }
      let last = computed.partitioningIndex { $0 >= reader }
      if last > index {
        crossing[index + 1] += compiler.locations.byteCounts[Int(id)]
        if last + 1 < crossing.count { crossing[last + 1] -= compiler.locations.byteCounts[Int(id)] }
      }
    }
    for index in 1..<crossing.count { crossing[index] += crossing[index - 1] }
    var starts = [0]
    for index in 1..<Swift.max(1, computed.count)
    where crossing[index] <= crossing[index - 1] && crossing[index] <= crossing[index + 1] {
      starts.append(index)
    }
    for (number, start) in starts.enumerated() {
      let end = number + 1 < starts.count ? starts[number + 1] : computed.count
      records.append(Array(computed[start..<end]))
    }
    pulls = records.map { _ in [] }
    let firsts = records.map { $0.first ?? 0 }
    func stretch(of id: NodeID) -> Int { Swift.max(0, firsts.partitioningIndex { $0 > id } - 1) }
    for (number, pull) in (compiler.backward?.pulls ?? []).enumerated() { pulls[stretch(of: pull.id)].append(number) }
    for id in computed { self.lastReader[id] = lastReader[Int(id)].map(stretch) }
  }

  /// Appends what computes some stretches and pulls them back, with room for `kept` more that are divided off. Values that
  /// a stretch from `known` on reads are there already.
  func appendActions(
    to actions: inout [WorkOrder.Action], _ range: Range<Int>, kept: Int, known: Int = .max
  ) {
    func evaluate(_ part: Range<Int>, known: Int) {
      for index in part {
        for id in records[index] where lastReader[id].map({ $0 < known }) ?? true { actions.append(.evaluate(id)) }
      }
    }
    guard range.count > 1, kept > 0 else {
      // If nothing more can be kept, each stretch is reached from the start.
      for last in range.reversed() {
        evaluate(range.lowerBound..<last + 1, known: Swift.min(known, last + 1 < range.upperBound ? last + 1 : known))
        for number in pulls[last] { actions.append(.pull(number)) }
      }
      return
    }
    let middle = range.lowerBound + Self.firstPart(of: range.count, kept: kept)
    evaluate(range.lowerBound..<middle, known: known)
    appendActions(to: &actions, middle..<range.upperBound, kept: kept - 1, known: known)
    appendActions(to: &actions, range.lowerBound..<middle, kept: kept, known: middle)
  }

  /// How many of `count` steps to run through before the rest is done, if `kept` places can be kept.
  private static func firstPart(of count: Int, kept: Int) -> Int {
    /// The steps that can be done with each computed at most `repetitions` times more.
    func reach(_ kept: Int, _ repetitions: Int) -> Int {
      var result = 1
      for k in 1...Swift.max(1, repetitions) where repetitions > 0 {
        let (product, overflow) = result.multipliedReportingOverflow(by: kept + k)
        if overflow { return .max }
        result = product / k
      }
      return result
    }
    var repetitions = 1
    while reach(kept, repetitions) < count { repetitions += 1 }
    return Swift.min(count - 1, Swift.max(1, count - reach(kept - 1, repetitions)))
  }
}

extension ProgramCompiler {
  /// The records whose values are computed, in order.
  var computedRecords: [NodeID] {
    isNeeded.indices.lazy.filter { isNeeded[$0] && locations.isComputed(NodeID($0)) }.map { NodeID($0) }
  }

  /// The memory that a program of the given order needs.
  fileprivate func plannedByteCount(_ order: WorkOrder) -> Int {
    let schedule = Schedule(self, order)
    var items = Lifetimes(self, schedule).items(self, schedule).map(\.item)
    return MemoryPlanner.plan(&items, stepCount: schedule.groups.count)
  }

  /// For each value in memory of its own, the last record whose computation or pullback reads it.
  fileprivate func lastReaders() -> [NodeID?] {
    var last = [NodeID?](repeating: nil, count: isNeeded.count)
    func read(_ id: NodeID, by reader: NodeID) {
      let root = Int(locations[id].root)
      last[root] = Swift.max(last[root] ?? -1, reader)
    }
    for id in computedRecords { for index in 0..<core.operandCount(id) { read(core.operand(id, index), by: id) } }
    for pull in backward?.pulls ?? [] { forEachValueRead(by: pull) { read($0, by: pull.id) } }
    read(output, by: NodeID(isNeeded.count))
    return last
  }
}

extension RandomAccessCollection {
  /// The first index whose element, and those after it, fulfil a condition.
  fileprivate func partitioningIndex(where isSecond: (Element) -> Bool) -> Index {
    var (low, count) = (startIndex, self.count)
    while count > 0 {
      let half = count / 2
      let middle = index(low, offsetBy: half)
      if isSecond(self[middle]) {
        count = half
      } else {
        low = index(after: middle)
        count -= half + 1
      }
    }
    return low
  }
}
