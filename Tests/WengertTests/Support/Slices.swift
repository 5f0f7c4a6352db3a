import Wengert

extension Tensor {
  /// A slice along one axis; the others are whole.
  func sliced(axis: Int, _ range: Range<Int>) -> Tensor { sliced(shape.prefix(axis).map { 0..<$0 } + [range]) }
}
