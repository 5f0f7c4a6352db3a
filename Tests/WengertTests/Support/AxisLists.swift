import Wengert

// Axes from a list: the public functions take them one by one.

extension Tensor {
  func sum(axes: [Int], keepingAxes keeps: Bool) -> Tensor {
    switch axes.count {
    case 1: sum(along: axes[0], keepingAxes: keeps)
    case 2: sum(along: axes[0], axes[1], keepingAxes: keeps)
    case 3: sum(along: axes[0], axes[1], axes[2], keepingAxes: keeps)
    case 4: sum(along: axes[0], axes[1], axes[2], axes[3], keepingAxes: keeps)
    default: sum(along: axes[0], axes[1], axes[2], axes[3], axes[4], keepingAxes: keeps)
    }
  }

  func mean(axes: [Int], keepingAxes keeps: Bool) -> Tensor {
    switch axes.count {
    case 1: mean(along: axes[0], keepingAxes: keeps)
    case 2: mean(along: axes[0], axes[1], keepingAxes: keeps)
    case 3: mean(along: axes[0], axes[1], axes[2], keepingAxes: keeps)
    case 4: mean(along: axes[0], axes[1], axes[2], axes[3], keepingAxes: keeps)
    default: mean(along: axes[0], axes[1], axes[2], axes[3], axes[4], keepingAxes: keeps)
    }
  }

  func max(axes: [Int], keepingAxes keeps: Bool) -> Tensor {
    switch axes.count {
    case 1: max(along: axes[0], keepingAxes: keeps)
    case 2: max(along: axes[0], axes[1], keepingAxes: keeps)
    case 3: max(along: axes[0], axes[1], axes[2], keepingAxes: keeps)
    case 4: max(along: axes[0], axes[1], axes[2], axes[3], keepingAxes: keeps)
    default: max(along: axes[0], axes[1], axes[2], axes[3], axes[4], keepingAxes: keeps)
    }
  }
}

func logSumExp<S>(_ x: Tensor<S>, axes: [Int], keepingAxes keeps: Bool) -> Tensor<S> {
  switch axes.count {
  case 1: logSumExp(x, along: axes[0], keepingAxes: keeps)
  case 2: logSumExp(x, along: axes[0], axes[1], keepingAxes: keeps)
  case 3: logSumExp(x, along: axes[0], axes[1], axes[2], keepingAxes: keeps)
  case 4: logSumExp(x, along: axes[0], axes[1], axes[2], axes[3], keepingAxes: keeps)
  default: logSumExp(x, along: axes[0], axes[1], axes[2], axes[3], axes[4], keepingAxes: keeps)
  }
}

extension Tensor {
  func transposed(axes: [Int]) -> Tensor {
    switch axes.count {
    case 0: transposed()
    case 1: transposed(axes[0])
    case 2: transposed(axes[0], axes[1])
    case 3: transposed(axes[0], axes[1], axes[2])
    case 4: transposed(axes[0], axes[1], axes[2], axes[3])
    default: transposed(axes[0], axes[1], axes[2], axes[3], axes[4])
    }
  }

  func sliced(ranges: [Range<Int>]) -> Tensor {
    switch ranges.count {
    case 0: sliced()
    case 1: sliced(ranges[0])
    case 2: sliced(ranges[0], ranges[1])
    case 3: sliced(ranges[0], ranges[1], ranges[2])
    case 4: sliced(ranges[0], ranges[1], ranges[2], ranges[3])
    default: sliced(ranges[0], ranges[1], ranges[2], ranges[3], ranges[4])
    }
  }

  /// A slice along one axis; the others are whole.
  func sliced(axis: Int, _ range: Range<Int>) -> Tensor { sliced(ranges: shape.prefix(axis).map { 0..<$0 } + [range]) }
}
