import Wengert

/// An array as a list and a shape, with every operation an index loop: what kernels are compared with.
struct NaiveArray {
  let shape: [Int]
  var scalars: [Double]

  init(_ shape: [Int], _ scalars: [Double]) {
    precondition(scalars.count == shape.reduce(1, *))
    self.shape = shape
    self.scalars = scalars
  }

  init(_ array: ShapedArray<Double>) { self.init(Array(array.shape), array.scalars) }

  init(_ shape: [Int], _ element: ([Int]) -> Double) { self.init(shape, Self.indices(shape).map(element)) }

  /// All positions in row-major order.
  static func indices(_ shape: [Int]) -> [[Int]] {
    shape.reversed().reduce([[]]) { tails, size in (0..<size).flatMap { index in tails.map { [index] + $0 } } }
  }

  subscript(index: [Int]) -> Double {
    scalars[zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }]
  }

  /// The element that broadcasting puts at a position of a larger shape.
  func broadcastElement(_ index: [Int]) -> Double {
    self[zip(index.suffix(shape.count), shape).map { $1 == 1 ? 0 : $0 }]
  }

  /// The shape that two shapes broadcast to; nil if they do not.
  static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
    var result: [Int] = []
    for axis in 1...max(a.count, b.count, 1) where axis <= max(a.count, b.count) {
      let m = axis <= a.count ? a[a.count - axis] : 1
      let n = axis <= b.count ? b[b.count - axis] : 1
      guard m == n || m == 1 || n == 1 else { return nil }
      result.insert(m == 1 ? n : m, at: 0)
    }
    return result
  }

  func map(_ other: NaiveArray, _ function: (Double, Double) -> Double) -> NaiveArray {
    NaiveArray(Self.broadcast(shape, other.shape)!) { function(broadcastElement($0), other.broadcastElement($0)) }
  }

  /// Sums over the axes along which `target` was broadcast to this shape.
  func summed(to target: [Int]) -> NaiveArray {
    var result = NaiveArray(target) { _ in 0 }
    for (position, index) in Self.indices(shape).enumerated() {
      let own = zip(index.suffix(target.count), target).map { $1 == 1 ? 0 : $0 }
      result.scalars[zip(own, target).reduce(0) { $0 * $1.1 + $1.0 }] += scalars[position]
    }
    return result
  }

  /// The elements along some axes, folded: each position of the rest gets the list of its elements.
  func reduced(_ axes: Set<Int>, keepingAxes: Bool, _ fold: ([Double]) -> Double) -> NaiveArray {
    let kept = shape.indices.filter { !axes.contains($0) }
    let result = NaiveArray(kept.map { shape[$0] }) { outer in
      fold(
        Self.indices(axes.sorted().map { shape[$0] }).map { inner in
          var index = shape.map { _ in 0 }
          for (axis, position) in zip(kept, outer) { index[axis] = position }
          for (axis, position) in zip(axes.sorted(), inner) { index[axis] = position }
          return self[index]
        })
    }
    return keepingAxes
      ? NaiveArray(shape.indices.map { axes.contains($0) ? 1 : shape[$0] }, result.scalars) : result
  }

  func transposed(_ axes: [Int]) -> NaiveArray {
    NaiveArray(axes.map { shape[$0] }) { index in
      var original = index
      for (target, axis) in axes.enumerated() { original[axis] = index[target] }
      return self[original]
    }
  }

  func sliced(_ ranges: [Range<Int>]) -> NaiveArray {
    let starts = shape.indices.map { $0 < ranges.count ? ranges[$0].lowerBound : 0 }
    return NaiveArray(shape.indices.map { $0 < ranges.count ? ranges[$0].count : shape[$0] }) { index in
      self[zip(index, starts).map(+)]
    }
  }

  /// The product of matrices as NumPy defines it for any numbers of axes, with Σ in the plainest order.
  func matmul(_ other: NaiveArray) -> NaiveArray {
    let a = shape.count == 1 ? NaiveArray([1] + shape, scalars) : self
    let b = other.shape.count == 1 ? NaiveArray(other.shape + [1], other.scalars) : other
    let batch = Self.broadcast(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))!
    let (m, k, n) = (a.shape[a.shape.count - 2], a.shape[a.shape.count - 1], b.shape[b.shape.count - 1])
    let product = NaiveArray(batch + [m, n]) { index in
      let (row, column) = (index[index.count - 2], index[index.count - 1])
      // Which matrix of each stack, then the positions of the first terms in it.
      func stack(_ shape: [Int]) -> Int {
        zip(index.dropLast(2).suffix(shape.count - 2), shape).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
      }
      let (first, second) = ((stack(a.shape) * m + row) * k, stack(b.shape) * k * n + column)
      var sum = 0.0
      for term in 0..<k { sum += a.scalars[first + term] * b.scalars[second + term * n] }
      return sum
    }
    let shape = batch + (shape.count == 1 ? [] : [m]) + (other.shape.count == 1 ? [] : [n])
    return NaiveArray(shape, product.scalars)
  }
}
