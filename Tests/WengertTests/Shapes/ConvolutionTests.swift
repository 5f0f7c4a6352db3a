import Testing
import Wengert

/// Convolutions and their adjoints against loops over all indices.
@Suite struct ConvolutionTests {
  struct Parameters: Sendable, CustomTestStringConvertible {
    var x: [Int]
    var weight: [Int]
    var stride = [1, 1]
    var dilation = [1, 1]
    var low = [0, 0]
    var high = [0, 0]
    var groups = 1

    var testDescription: String { "\(x) \(weight) by \(stride) dilated \(dilation) padded \(low) \(high) in \(groups)" }
    var output: [Int] {
      [x[0], weight[0]]
        + (0..<2).map { axis in
          let room = x[2 + axis] + low[axis] + high[axis] - (weight[2 + axis] - 1) * dilation[axis] - 1
          return room / stride[axis] + 1
        }
    }
  }

  static let parameters: [Parameters] = [
    Parameters(x: [2, 3, 5, 6], weight: [4, 3, 3, 2]),
    // Several tiles of one image; the last is shorter.
    Parameters(x: [1, 40, 31, 33], weight: [3, 40, 3, 3], low: [1, 1], high: [1, 1]),
    Parameters(x: [1, 1, 1, 50_000], weight: [2, 1, 1, 3], low: [0, 1], high: [0, 1]),
    // Several images in a tile; the last has fewer.
    Parameters(x: [700, 20, 4, 4], weight: [2, 20, 3, 3], low: [1, 0], high: [0, 1]),
    Parameters(x: [7, 4, 5, 5], weight: [6, 2, 5, 5], groups: 2),
    // Filters of one element: the input is its own matrix of patches, unless there is padding or a stride.
    Parameters(x: [3, 6, 4, 5], weight: [4, 3, 1, 1], groups: 2),
    Parameters(x: [3, 2, 4, 5], weight: [4, 2, 1, 1], low: [1, 0], high: [0, 0]),
    Parameters(x: [2, 2, 6, 5], weight: [4, 2, 1, 1], stride: [2, 3]),
    // Most of the windows' elements are padding.
    Parameters(
      x: [2, 1, 2, 3], weight: [2, 1, 4, 5], stride: [2, 1], dilation: [2, 3], low: [6, 9], high: [7, 8]),
    Parameters(x: [1, 8, 9, 9], weight: [8, 1, 3, 3], stride: [2, 2], low: [1, 1], high: [1, 1], groups: 8),
    Parameters(x: [2, 2, 12, 13], weight: [3, 2, 2, 2], stride: [5, 4], dilation: [3, 2]),
    Parameters(x: [1, 2, 40, 40], weight: [3, 2, 3, 3], stride: [3, 3], low: [2, 1], high: [0, 2]),
  ]

  @Test(arguments: parameters)
  func valuesAndAdjoints(_ p: Parameters) {
    var generator = SeededGenerator(for: p.testDescription)
    let (x, w) = (generator.array(Shape(p.x)), generator.array(Shape(p.weight)))
    let v = generator.array(Shape(p.output))
    let expected = Self.loops(p, x.scalars, w.scalars, v.scalars)
    let context = p.testDescription
    let tolerance = 1e-14
    Tape.scope {
      let (y, pullback) = valueWithPullback(at: [Tensor(x), Tensor(w)]) { Self.convolve(p, $0[0], $0[1]) }
      expectEqual(y.value, NaiveArray(p.output, expected.y), relativeTo: tolerance, context)
      let adjoints = pullback(Tensor(v))
      expectEqual(adjoints[0].value, NaiveArray(p.x, expected.x), relativeTo: tolerance, "x̄ of \(context)")
      expectEqual(adjoints[1].value, NaiveArray(p.weight, expected.w), relativeTo: tolerance, "w̄ of \(context)")
      // Adding to adjoints that are there: every contribution counts twice.
      let doubled = valueWithPullback(at: [Tensor(x), Tensor(w)]) {
        Self.convolve(p, $0[0], $0[1]) + Self.convolve(p, $0[0], $0[1])
      }.pullback(Tensor(v))
      expectEqual(doubled[0].scalars, expected.x.map { 2 * $0 }, relativeTo: tolerance, "twice x̄ of \(context)")
      expectEqual(doubled[1].scalars, expected.w.map { 2 * $0 }, relativeTo: tolerance, "twice w̄ of \(context)")
    }
  }

  /// Operands that do not lie in row-major order.
  @Test(arguments: Layout.allCases, Layout.allCases)
  func layouts(_ left: Layout, _ right: Layout) {
    var p = Parameters(x: [2, 2, 5, 4], weight: [3, 2, 2, 3], low: [1, 1], high: [1, 0])
    p.stride = [2, 1]
    var generator = SeededGenerator(for: "convolution layouts")
    let (x, w) = (generator.array(Shape(p.x)), generator.array(Shape(p.weight)))
    let v = generator.array(Shape(p.output))
    let expected = Self.loops(p, left.elements(x).scalars, right.elements(w).scalars, v.scalars)
    let y = evaluate { Self.convolve(p, left.tensor(x), right.tensor(w)) }
    expectEqual(y, NaiveArray(p.output, expected.y), relativeTo: 1e-14, "\(left.rawValue) by \(right.rawValue)")
  }

  /// Where a cotangent is 0, infinities and NaN of the other factor do not show.
  @Test func zerosOfCotangentsAreStrong() {
    let p = Parameters(x: [2, 1, 4, 4], weight: [2, 1, 2, 2])
    var generator = SeededGenerator(for: "convolution strong zeros")
    var (x, w) = (generator.array(Shape(p.x)), generator.array(Shape(p.weight)))
    var v = generator.array(Shape(p.output))
    // No cotangent reaches filter 1, or the windows that hold the element (1, 0, 0, 0).
    for i in 0..<2 { for row in 0..<3 { for column in 0..<3 { v[i, 1, row, column] = 0 } } }
    v[1, 0, 0, 0] = 0
    let expected = Self.loops(p, x.scalars, w.scalars, v.scalars)
    w[1, 0, 1, 1] = .infinity
    x[1, 0, 0, 0] = .nan
    for isRecorded in [false, true] {
      func pass() -> [ShapedArray<Double>] {
        Tape.scope {
          valueWithPullback(at: [Tensor(x), Tensor(w)]) { Self.convolve(p, $0[0], $0[1]) }.pullback(Tensor(v)).map(
            \.value)
        }
      }
      let adjoints = isRecorded ? insideDifferentiation(pass) : pass()
      expectEqual(adjoints[0].scalars, expected.x, relativeTo: 1e-14, "x̄, recorded: \(isRecorded)")
      expectEqual(adjoints[1].scalars, expected.w, relativeTo: 1e-14, "w̄, recorded: \(isRecorded)")
    }
  }

  /// The transposed convolution undoes what a convolution does to shapes, and is its adjoint.
  @Test(arguments: [(5, 3, 2, 1), (6, 4, 3, 0), (4, 1, 1, 0), (7, 2, 2, 1)])
  func transposition(_ size: Int, _ window: Int, _ stride: Int, _ padding: Int) {
    var generator = SeededGenerator(for: "transposed \(size) \(window)")
    let (x, w) = (generator.array([2, 3, size, size]), generator.array([3, 2, window, window]))
    Tape.scope {
      let y = transposedConvolution(Tensor(x), Tensor(w), stride: .all(stride), padding: .symmetric(.all(padding)))
      let v = Tensor(generator.array(y.shape))
      let back = convolution(v, Tensor(w), stride: .all(stride), padding: .symmetric(.all(padding)))
      #expect(back.shape == x.shape)
      let (a, b) = ((y * v).sum().item, (Tensor(x) * back).sum().item)
      expectEqual([a], [b], relativeTo: 1e-14, "size \(size), window \(window)")
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5], [1, 2, 3])
  func samePadding(_ window: Int, _ stride: Int) {
    let w = Tensor(repeating: 1.0, shape: [1, 1, window])
    for size in 1...7 {
      let x = Tensor(repeating: 1.0, shape: [1, 1, size])
      #expect(convolution(x, w, stride: .all(stride), padding: .same).shape == [1, 1, (size + stride - 1) / stride])
      #expect(transposedConvolution(x, w, stride: .all(stride), padding: .same).shape == [1, 1, size * stride])
    }
  }

  private static func convolve<S>(_ p: Parameters, _ x: Tensor<S>, _ w: Tensor<S>) -> Tensor<S> {
    convolution(
      x, w, stride: .each(p.stride), padding: .sides(low: .each(p.low), high: .each(p.high)),
      dilation: .each(p.dilation), groups: p.groups)
  }

  /// The value, and the adjoints for the cotangent v.
  private static func loops(
    _ p: Parameters, _ x: [Double], _ w: [Double], _ v: [Double]
  ) -> (y: [Double], x: [Double], w: [Double]) {
    let output = p.output
    var y = [Double](repeating: 0, count: v.count)
    var xbar = [Double](repeating: 0, count: x.count)
    var wbar = [Double](repeating: 0, count: w.count)
    let (channels, filters) = (p.weight[1], p.weight[0] / p.groups)
    let (kernelHeight, kernelWidth) = (p.weight[2], p.weight[3])
    for n in 0..<output[0] {
      for o in 0..<output[1] {
        for row in 0..<output[2] {
          for column in 0..<output[3] {
            let target = ((n * output[1] + o) * output[2] + row) * output[3] + column
            for c in 0..<channels {
              let plane = n * p.x[1] + o / filters * channels + c
              for i in 0..<kernelHeight {
                let a = row * p.stride[0] - p.low[0] + i * p.dilation[0]
                guard a >= 0, a < p.x[2] else { continue }
                for j in 0..<kernelWidth {
                  let b = column * p.stride[1] - p.low[1] + j * p.dilation[1]
                  guard b >= 0, b < p.x[3] else { continue }
                  let element = (plane * p.x[2] + a) * p.x[3] + b
                  let weight = ((o * channels + c) * kernelHeight + i) * kernelWidth + j
                  y[target] += w[weight] * x[element]
                  xbar[element] += w[weight] * v[target]
                  wbar[weight] += x[element] * v[target]
                }
              }
            }
          }
        }
      }
    }
    return (y, xbar, wbar)
  }
}
