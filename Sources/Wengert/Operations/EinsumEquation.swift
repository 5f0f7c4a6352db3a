// What an equation of `einsum` means for operands of given shapes, and in which order to multiply them.

/// The axes of an operand or of a result, each with a label. Letters are numbered in the order of ASCII; the axes of an
/// ellipsis follow, counted from the last.
typealias Labels = [UInt8]

/// A set of labels.
struct LabelSet: Equatable {
  var bits: UInt64 = 0

  init() {}
  init(_ labels: Labels) { for label in labels { insert(label) } }

  var count: Int { bits.nonzeroBitCount }
  func contains(_ label: UInt8) -> Bool { bits >> label & 1 == 1 }
  mutating func insert(_ label: UInt8) { bits |= 1 << label }
  func union(_ other: LabelSet) -> LabelSet { LabelSet(bits: bits | other.bits) }
  func intersection(_ other: LabelSet) -> LabelSet { LabelSet(bits: bits & other.bits) }
  private init(bits: UInt64) { self.bits = bits }

  /// The product of the labels' sizes.
  func size(_ sizes: [Int]) -> Double {
    var (product, rest) = (1.0, bits)
    while rest != 0 {
      product *= Double(sizes[rest.trailingZeroBitCount])
      rest &= rest - 1
    }
    return product
  }
}

struct EinsumEquation {
  private(set) var operands: [Labels] = []
  private(set) var output: Labels = []
  /// Sizes by label; those of absent labels are 1.
  private(set) var sizes = [Int](repeating: 1, count: 52 + Shape.maximumRank)

  private static let firstEllipsis: UInt8 = 52
  /// Stands for an ellipsis while its number of axes is open.
  private static let ellipsis: UInt8 = 255

  /// Traps if the equation is malformed or does not fit the shapes.
  init(_ text: String, _ shapes: [Shape]) {
    let (terms, explicit) = Self.parse(text)
    guard terms.count == shapes.count else { misuse(.einsumOperandCount(text, terms.count, shapes.count)) }
    var ellipsisRank = 0
    for (term, shape) in zip(terms, shapes) {
      let hasEllipsis = term.contains(Self.ellipsis)
      let missing = shape.count - term.count + (hasEllipsis ? 1 : 0)
      guard missing == 0 || hasEllipsis && missing > 0 else { misuse(.einsumRank(text, shape)) }
      if hasEllipsis { ellipsisRank = max(ellipsisRank, missing) }
      operands.append(Self.expanded(term, missing))
    }
    for (labels, shape) in zip(operands, shapes) { setSizes(labels, shape, text) }
    output = explicit.map { Self.expanded($0, ellipsisRank) } ?? implicitOutput(ellipsisRank)
    var free = operands.reduce(into: LabelSet()) { set, labels in set = set.union(LabelSet(labels)) }
    for label in output {
      guard free.contains(label) else { misuse(.einsumOutput(text, Self.name(label))) }
      free.remove(label)
    }
  }

  /// Terms as lists of labels, and the output's if there is an arrow.
  private static func parse(_ text: String) -> (terms: [Labels], output: Labels?) {
    var terms: [Labels] = [[]]
    var hasArrow = false
    let bytes = Array(text.utf8)
    var position = 0
    func take(_ token: StaticString) -> Bool {
      let count = token.utf8CodeUnitCount
      guard position + count <= bytes.count else { return false }
      for offset in 0..<count where bytes[position + offset] != token.utf8Start[offset] { return false }
      position += count
      return true
    }
    while position < bytes.count {
      let byte = bytes[position]
      if take(" ") { continue }
      if take("...") {
        guard !terms[terms.count - 1].contains(ellipsis) else { misuse(.einsumSyntax(text)) }
        terms[terms.count - 1].append(ellipsis)
      } else if take("->") {
        guard !hasArrow else { misuse(.einsumSyntax(text)) }
        hasArrow = true
        terms.append([])
      } else if take(",") {
        guard !hasArrow else { misuse(.einsumSyntax(text)) }
        terms.append([])
      } else if let label = label(byte) {
        terms[terms.count - 1].append(label)
        position += 1
      } else {
        misuse(.einsumSyntax(text))
      }
    }
    return hasArrow ? (Array(terms.dropLast()), terms[terms.count - 1]) : (terms, nil)
  }

  private static func label(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    default: nil
    }
  }

  private static func name(_ label: UInt8) -> String {
    guard label < firstEllipsis else { return "..." }
    return String(UnicodeScalar(label < 26 ? UInt8(ascii: "A") + label : UInt8(ascii: "a") + label - 26))
  }

  /// Labels with some for the axes of the ellipsis.
  private static func expanded(_ term: Labels, _ ellipsisRank: Int) -> Labels {
    term.flatMap { label in
      label == ellipsis ? (0..<UInt8(ellipsisRank)).reversed().map { firstEllipsis + $0 } : [label]
    }
  }

  private mutating func setSizes(_ labels: Labels, _ shape: Shape, _ text: String) {
    // Within an operand sizes agree exactly: a diagonal is not repeated. Between operands a size of 1 is.
    var own: [UInt8: Int] = [:]
    for (axis, label) in labels.enumerated() {
      let (size, known) = (shape[axis], sizes[Int(label)])
      if let other = own[label], other != size { misuse(.einsumSize(text, Self.name(label), other, size)) }
      own[label] = size
      guard known == 1 || size == 1 || known == size else {
        misuse(.einsumSize(text, Self.name(label), known, size))
      }
      if known == 1 { sizes[Int(label)] = size }
    }
  }

  /// The axes of ellipses, then labels that occur once, in alphabetical order.
  private func implicitOutput(_ ellipsisRank: Int) -> Labels {
    var counts = [Int](repeating: 0, count: Int(Self.firstEllipsis))
    for labels in operands { for label in labels where label < Self.firstEllipsis { counts[Int(label)] += 1 } }
    return Self.expanded([Self.ellipsis], ellipsisRank) + counts.indices.filter { counts[$0] == 1 }.map(UInt8.init)
  }
}

extension LabelSet {
  fileprivate mutating func remove(_ label: UInt8) { bits &= ~(1 << label) }
}

/// In which order to multiply several tensors two at a time.
struct ContractionOrder {
  /// Pairs of positions in a list to which each product is appended.
  private(set) var pairs: [(Int, Int)] = []

  /// Up to this many tensors, the cheapest of all orders is found.
  static let exhaustiveCount = 8

  init(_ operands: [LabelSet], _ output: LabelSet, _ sizes: [Int]) {
    switch operands.count {
    case 0...1: break
    case 2: pairs = [(0, 1)]
    case ...Self.exhaustiveCount: findCheapest(operands, output, sizes)
    default: chooseGreedily(operands, output, sizes)
    }
  }

  /// Products of fewer multiplications first, by dynamic programming over subsets of the operands. Intermediate results
  /// with more axes than a shape can have are avoided where possible.
  private mutating func findCheapest(_ operands: [LabelSet], _ output: LabelSet, _ sizes: [Int]) {
    let all = 1 << operands.count
    var labels = [LabelSet](repeating: LabelSet(), count: all)
    for subset in 1..<all {
      labels[subset] = labels[subset & (subset - 1)].union(operands[subset.trailingZeroBitCount])
    }
    let unions = labels
    for subset in 1..<all { labels[subset] = unions[subset].intersection(unions[all - 1 - subset].union(output)) }
    var costs = [Double](repeating: .infinity, count: all)
    var splits = [Int](repeating: 0, count: all)
    for subset in 1..<all {
      if subset & (subset - 1) == 0 {
        costs[subset] = 0
        continue
      }
      let penalty = labels[subset].count > Shape.maximumRank ? 1e100 : 0
      // Each split once: the part with the lowest operand first.
      var part = (subset - 1) & subset
      while part > 0 {
        if part & subset & -subset != 0 {
          let rest = subset ^ part
          let cost = costs[part] + costs[rest] + labels[part].union(labels[rest]).size(sizes) + penalty
          if cost < costs[subset] { (costs[subset], splits[subset]) = (cost, part) }
        }
        part = (part - 1) & subset
      }
    }
    var next = operands.count
    func position(_ subset: Int) -> Int {
      guard subset & (subset - 1) != 0 else { return subset.trailingZeroBitCount }
      let (a, b) = (position(splits[subset]), position(subset ^ splits[subset]))
      pairs.append((a, b))
      next += 1
      return next - 1
    }
    _ = position(all - 1)
  }

  /// The pair next whose product is smallest compared with its factors.
  private mutating func chooseGreedily(_ operands: [LabelSet], _ output: LabelSet, _ sizes: [Int]) {
    var terms = Array(operands.enumerated())
    var next = operands.count
    while terms.count > 1 {
      var best = (i: 0, j: 1, gain: Double.infinity, cost: Double.infinity, labels: LabelSet())
      for i in terms.indices {
        for j in i + 1..<terms.count {
          let (a, b) = (terms[i].element, terms[j].element)
          let others = terms.indices.reduce(output) { $1 == i || $1 == j ? $0 : $0.union(terms[$1].element) }
          let labels = a.union(b).intersection(others)
          let penalty = labels.count > Shape.maximumRank ? 1e100 : 0
          let gain = labels.size(sizes) - a.size(sizes) - b.size(sizes) + penalty
          let cost = a.union(b).size(sizes)
          if (gain, cost) < (best.gain, best.cost) { best = (i, j, gain, cost, labels) }
        }
      }
      pairs.append((terms[best.i].offset, terms[best.j].offset))
      terms.remove(at: best.j)
      terms.remove(at: best.i)
      terms.append((next, best.labels))
      next += 1
    }
  }
}

/// What there is to know about an equation before operands are multiplied.
struct EinsumPlan {
  let equation: EinsumEquation
  let order: ContractionOrder

  init(_ text: String, _ shapes: [Shape]) {
    equation = EinsumEquation(text, shapes)
    // Axes of one element whose label has more elsewhere take no part.
    let sizes = equation.sizes
    let operands = zip(equation.operands, shapes).map { labels, shape in
      LabelSet(zip(labels, shape).filter { sizes[Int($0)] == $1 }.map(\.0))
    }
    order = ContractionOrder(operands, LabelSet(equation.output), sizes)
  }
}

/// The plans that a thread has made: to find one takes a fraction of the time that making it would.
final class EinsumPlans {
  private struct Key: Hashable {
    let text: String
    let shapes: [Shape]
  }

  private var plans: [Key: EinsumPlan] = [:]
  private static let capacity = 256

  func plan(_ text: String, _ shapes: [Shape]) -> EinsumPlan {
    let key = Key(text: text, shapes: shapes)
    if let plan = plans[key] { return plan }
    if plans.count == Self.capacity { plans.removeAll() }
    let plan = EinsumPlan(text, shapes)
    plans[key] = plan
    return plan
  }
}
