import CKernels
import Dispatch
import Testing
import Wengert

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Kernels give the same bits on any number of threads, whether or not their work is cut into pieces.
@Suite(.serialized) struct ThreadCountTests {
  @Test(arguments: Operation.elementwise)
  func elementwise(_ operation: Operation) {
    let sample = operation.samples[0], arity = sample.shapes.count
    func check(_ shapes: [Shape], transposing isTransposed: Bool = false) {
      let transposition = Sample.of("", []) { $0[0].transposed() }
      let domains = Array(repeating: 0.25...1.0, count: arity)
      compare(
        Sample("\(operation.name) of \(shapes)", Array(shapes[..<arity]), domains) { operands in
          let first = isTransposed ? transposition.apply([operands[0]]) : operands[0]
          return sample.apply([first] + operands.dropFirst())
        })
    }
    check([[3000], [3000], [3000]])
    check([[5003], [5003], [5003]])
    check([[61, 83], [83, 61], [83, 61]], transposing: true)
    guard arity > 1 else { return }
    check([[83, 64], [64], [83, 64]])
    check([[83, 67], [83, 1], [67]])
    check([[], [5000], [1]])
  }

  @Test(arguments: Reduction.allCases)
  func reductions(_ reduction: Reduction) {
    let shapes: [Shape] = [[50_003], [2, 20_000], [20_000, 2], [300, 37], [37, 300], [7, 300, 9]]
    for shape in shapes {
      for axes in 1..<1 << shape.count {
        let list = (0..<shape.count).filter { axes >> $0 & 1 == 1 }
        check("\(reduction) of \(shape) along \(list)", shapes: [shape], in: 0.5...1.5) {
          reduction.apply($0[0], list)
        }
      }
    }
    // Axes that cannot be merged, and runs that are no blocks.
    check("\(reduction) of a permuted array", shapes: [[31, 20, 23]], in: 0.5...1.5) {
      reduction.apply($0[0].permuted(2, 0, 1), [0, 2])
    }
    check("\(reduction) of a slice", shapes: [[90, 300]], in: 0.5...1.5) {
      reduction.apply($0[0].sliced(1..<90, 3..<250), [0, 1])
    }
    check("\(reduction) of ties", shapes: [[5, 4000]], in: 0.5...1.5) { reduction.apply($0[0].rounded(), [0, 1]) }
  }

  @Test func norms() {
    for order in [1, 2, 3, Double.infinity] {
      for shape: Shape in [[9000], [3, 2000], [2000, 3]] {
        check("norm \(order) of \(shape)", shapes: [shape]) { $0[0].norm(order, along: 0) }
        check("norm \(order) of a tiny \(shape)", shapes: [shape]) { ($0[0] * 1e-30).norm(order, along: 0) }
      }
    }
  }

  @Test func rows() {
    let shapes: [Shape] = [[900, 3], [67, 41], [11, 300], [5, 700], [4, 7, 600], [900, 4]]
    for shape in shapes {
      for axis in 0..<shape.count {
        check("softmax of \(shape) along \(axis)", shapes: [shape]) { softmax($0[0], along: axis) }
        check("logSoftmax of \(shape) along \(axis)", shapes: [shape]) { logSoftmax($0[0], along: axis) }
        check("logSumExp of \(shape) along \(axis)", shapes: [shape]) { logSumExp($0[0], along: axis) }
      }
      check("layerNorm of \(shape)", shapes: [shape]) { layerNorm($0[0]) }
      check("rmsNorm of \(shape)", shapes: [shape]) { rmsNorm($0[0]) }
    }
    for classes in [3, 40, 700] {
      check("crossEntropy of \(classes)", shapes: [[97, classes]]) {
        crossEntropy($0[0], labels: (0..<97).map { $0 % classes })
      }
    }
  }

  @Test func movements() {
    func moves(_ name: String, _ shape: Shape, _ function: @escaping Compared) {
      // Times something, so that the cotangent that comes back is no constant.
      check(name, shapes: [shape]) { x in
        let y = function(x)
        return y * y
      }
    }
    moves("transposed", [130, 250]) { $0[0].transposed().reshaped(to: [32_500]) }
    moves("permuted", [9, 70, 60]) { $0[0].permuted(2, 0, 1).reshaped(to: [37_800]) }
    moves("batch of transposes", [60, 20, 40]) { $0[0].permuted(0, 2, 1).reshaped(to: [48_000]) }
    moves("channels last", [3, 5000]) { $0[0].transposed().reshaped(to: [15_000]) }
    moves("flipped", [40, 300]) { $0[0].flipped(along: 1).reshaped(to: [12_000]) }
    moves("broadcast rows", [300]) { $0[0].broadcast(to: [70, 300]).reshaped(to: [21_000]) }
    moves("broadcast columns", [70, 1]) { $0[0].broadcast(to: [70, 300]).reshaped(to: [21_000]) }
    moves("sliced", [90, 300]) { $0[0].sliced(3..<80, 10..<290) }
    moves("padded", [90, 100]) { $0[0].padded(before: 3, after: 5, along: 1) }
    moves("concatenated", [90, 100]) { concatenated([$0[0], $0[0] * 2, $0[0]], along: 1) }
    moves("repeated", [90, 100]) { $0[0].repeated(3, along: 0) }
    moves("rolled", [90, 100]) { $0[0].rolled(by: 7, along: 1) }
    moves("triangle", [120, 130]) { $0[0].lowerTriangle() }
    let indices = (0..<150).map { $0 * $0 % 90 }
    moves("taking", [90, 200]) { $0[0].taking(IndexArray(indices), along: 0) }
    moves("taking columns", [200, 90]) { $0[0].taking(IndexArray(indices), along: 1) }
    let places = IndexArray(shape: [50, 200], indices: (0..<10_000).map { $0 * 7 % 90 })
    moves("gathered", [90, 200]) { $0[0].gathered(at: places, along: 0) }
    moves("sorted", [90, 200]) { $0[0].sorted(along: 0) }
    moves("cumulativeSum", [90, 1200]) { $0[0].cumulativeSum(along: 0) }
    moves("cumulativeSum of rows", [90, 120]) { $0[0].cumulativeSum(along: 1, reversed: true) }
    moves("cumulativeProduct", [20, 1200]) { $0[0].cumulativeProduct(along: 0) }
    moves("cumulativeLogSumExp", [60, 200]) { cumulativeLogSumExp($0[0], along: 1) }
  }

  @Test func windows() {
    let image: Shape = [4, 8, 12, 13]
    check("maxPool", shapes: [image]) { maxPool($0[0], window: 2) }
    check("maxPool of overlapping windows", shapes: [image]) { maxPool($0[0], window: 3, stride: 2, padding: 1) }
    check("averagePool", shapes: [image]) { averagePool($0[0], window: 3, stride: 1, padding: 1) }
    check("convolution", shapes: [image, [12, 8, 3, 3]], whole: false) { convolution($0[0], $0[1], padding: 1) }
    check("convolution of small images", shapes: [[20, 4, 5, 5], [12, 4, 3, 3]], whole: false) {
      convolution($0[0], $0[1])
    }
    check("grouped convolution", shapes: [image, [8, 1, 3, 3]], whole: false) {
      convolution($0[0], $0[1], stride: 2, groups: 8)
    }
    check("pointwise convolution", shapes: [image, [12, 8, 1, 1]], whole: false) { convolution($0[0], $0[1]) }
  }

  @Test func products() {
    check("products of stacks", shapes: [[70, 20, 16], [70, 16, 24]]) { matmul($0[0], $0[1]) }
    check("a stack times a matrix", shapes: [[70, 20, 16], [16, 24]]) { matmul($0[0], $0[1]) }
    check("rows", shapes: [[300, 70], [70, 50]], whole: false) { matmul($0[0], $0[1]) }
    check("columns", shapes: [[40, 70], [70, 600]], whole: false) { matmul($0[0], $0[1]) }
    check("transposes", shapes: [[70, 300], [200, 70]], whole: false) {
      matmul($0[0].transposed(), $0[1].transposed())
    }
    check("what BLAS multiplies", shapes: [[700, 300], [300, 400]], whole: false) { matmul($0[0], $0[1]) }
    check("attention", shapes: [[3, 4, 32, 16], [3, 4, 32, 16], [3, 4, 32, 16]]) {
      matmul(softmax(matmul($0[0], $0[1].permuted(0, 1, 3, 2))), $0[2])
    }
  }

  @Test func randomNumbers() {
    func numbers<S: TensorScalar>(_: S.Type) -> [S] {
      Tape.scope {
        var stream = RandomStream(seed: 5, stream: 3)
        let uniform: Tensor<S> = stream.uniform(shape: [5003], in: -1...3)
        let normal: Tensor<S> = stream.normal(shape: [4001], mean: 1, standardDeviation: 2)
        let mask: Tensor<S> = stream.bernoulli(shape: [2000], probability: 0.25)
        return concatenated([uniform, normal, mask]).scalars
      }
    }
    compare("random numbers") { numbers(Double.self) }
    compare("random numbers") { numbers(Float.self) }
  }

  /// Two threads at once: one has the pool, the other one computes alone.
  @Test func concurrentDifferentiation() {
    @Sendable func work(_ seed: Int) -> [Double] {
      var generator = SeededGenerator(seed: UInt64(seed))
      let (x, w) = (generator.array([60, 90]), generator.array([90, 70]))
      return (0..<10).flatMap { _ in
        Tape.scope {
          let (value, g) = valueWithGradient(at: Tensor(w)) { w in
            (softmax(tanh(matmul(Tensor(x), w)), along: 0) * 3).sum(along: 1).norm()
          }
          return [value.item] + g.scalars
        }
      }
    }
    let expected = (0..<4).map(work)
    withThreads(3, cutting: true) {
      let results = (0..<4).map { _ in Results() }
      DispatchQueue.concurrentPerform(iterations: 16) { index in
        wg_set_split_minimum(200)
        defer { wg_set_split_minimum(16_000) }
        results[index % 4].append(work(index % 4))
      }
      for index in 0..<4 {
        for list in results[index].lists { expectIdentical(list, expected[index], "work \(index)") }
      }
    }
  }

  /// The count may change while other threads compute.
  @Test func changingTheCount() {
    let x = Tensor<Float>(repeating: 0.5, shape: [20_000])
    let expected = Tape.scope { tanh(x).sum().item }
    withThreads(2, cutting: true) {
      let results = Results()
      DispatchQueue.concurrentPerform(iterations: 4) { index in
        wg_set_split_minimum(200)
        defer { wg_set_split_minimum(16_000) }
        for step in 0..<40 {
          if index == 0 { wg_set_thread_count(Int32(1 + step % 4)) }
          let sum = Tape.scope { tanh(Tensor<Float>(repeating: 0.5, shape: [20_000])).sum().item }
          results.append([Double(sum)])
        }
      }
      #expect(results.lists.allSatisfy { $0 == [Double(expected)] })
    }
  }

  /// In a process of its own, where nobody else multiplies: what OpenBLAS may use is limited for the pool's products only,
  /// even if they overlap.
  @Test func countOfOpenBLASIsGivenBack() async {
    await #expect(processExitsWith: .success) {
      guard let symbol = dlsym(nil, "openblas_get_num_threads") else { return }
      let count = unsafeBitCast(symbol, to: (@convention(c) () -> Int32).self)
      let before = count()
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        for _ in 0..<3 {
          Tape.scope {
            let x = Tensor<Double>(repeating: 1, shape: [350, 350])
            precondition(matmul(x, x).sum().item == 350 * 350 * 350)
          }
        }
      }
      precondition(count() == before)
    }
  }

  /// In a process of its own: BLAS and LAPACK take the count too, and what LAPACK computes may depend on it.
  @Test func settingTheCount() async {
    await #expect(processExitsWith: .success) {
      Tape.threadCount = 5
      #expect(Tape.threadCount == 5)
      Tape.threadCount = 100_000
      #expect(Tape.threadCount == 256)
    }
  }
}

// MARK: - What is compared

private typealias Compared = @Sendable ([Tensor<Double>]) -> Tensor<Double>

enum Reduction: String, CaseIterable, Sendable {
  case sum, mean, max, min, prod, variance, norm

  func apply<S>(_ x: Tensor<S>, _ axes: [Int]) -> Tensor<S> {
    switch self {
    case .sum: x.sum(along: axes)
    case .mean: x.mean(along: axes)
    case .max: x.max(along: axes)
    case .min: x.min(along: axes)
    case .prod: x.prod(along: axes)
    case .variance: x.variance(along: axes)
    case .norm: x.norm(along: axes)
    }
  }
}

/// Runs `body` with a number of threads, and with nearly everything cut into pieces.
private func withThreads<R>(_ count: Int, cutting: Bool, _ body: () -> R) -> R {
  // The pool's count alone: other tests, at the same time, rely on the bits of a BLAS that uses as many as it did.
  let before = wg_thread_count()
  wg_set_thread_count(Int32(count))
  wg_set_split_minimum(cutting ? 200 : 16_000)
  defer {
    wg_set_split_minimum(16_000)
    wg_set_thread_count(before)
  }
  return body()
}

/// Expects some numbers to be the same for 1, 2, 3 and 7 threads, and uncut, except where matrices are multiplied: the
/// kernel that does rounds differently for matrices of other sizes.
private func compare<S: TensorScalar>(_ name: String, whole: Bool = true, _ numbers: () -> [S]) {
  let expected = withThreads(1, cutting: !whole, numbers)
  for count in whole ? [1, 2, 3, 7] : [2, 3, 7] {
    expectIdentical(withThreads(count, cutting: true, numbers), expected, "\(name) in \(S.self), \(count) threads")
  }
}

/// Compares a function's values and gradients, in both scalar types.
private func check(
  _ name: String, shapes: [Shape], in range: ClosedRange<Double> = -1...1, whole: Bool = true,
  _ function: @escaping Compared
) {
  compare(Sample.of(name, shapes, shapes.map { _ in range }, function: function), whole: whole)
}

private func compare(_ sample: Sample, whole: Bool = true) {
  let operation = OperationCase(name: sample.name, sample: sample)
  var generator = operation.generator
  let inputs = operation.inputs(&generator)
  func run<S: TensorScalar>(_ inputs: [ShapedArray<S>]) -> [S] {
    Tape.scope {
      let (value, gradients) = valueWithGradient(at: inputs.map { Tensor($0) }) { operation.apply($0).sum() }
      return [value.item] + gradients.flatMap(\.scalars)
    }
  }
  compare(sample.name, whole: whole) { run(inputs) }
  compare(sample.name, whole: whole) { run(inputs.map { $0.converted(to: Float.self) }) }
}

/// Lists that several threads hand in.
private final class Results: @unchecked Sendable {
  private let queue = DispatchQueue(label: "results")
  private var collected: [[Double]] = []

  func append(_ list: [Double]) { queue.sync { collected.append(list) } }
  var lists: [[Double]] { queue.sync { collected } }
}
