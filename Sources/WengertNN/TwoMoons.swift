import Wengert

/// The two-moons data set: points on two interleaved half circles, with noise.
///
/// Class 0 is the upper moon (cos t, sin t), class 1 the lower one (1 − cos t, ½ − sin t), with t evenly spaced in
/// 0...π, as in scikit-learn's `make_moons`. To both coordinates normal noise is added, and the points are shuffled.
public struct TwoMoons<Scalar: TensorScalar>: Sendable {
  /// The points, of shape (count, 2), and their classes, 0 and 1.
  public let data: LabeledData<Scalar>

  /// The data set of a seed: the same on every platform, and for `Float` that of `Double` rounded.
  ///
  /// - Parameters:
  ///   - count: The number of points; half of them, rounded down, are of class 0. Traps if negative.
  ///   - noise: The standard deviation of the noise. Traps if negative or NaN.
  ///   - seed: What determines noise and order.
  public init(count: Int = 1000, noise: Double = 0.2, seed: UInt64) {
    self.init(points: count, noise: noise, seed: seed)
  }

  private init(points count: Int, noise: Double, seed: UInt64) {
    guard count >= 0, noise >= 0 else { misuse(.pointCount(count, noise)) }
    var generator = SeededGenerator(seed: seed)
    let upperCount = count / 2
    var scalars: [Scalar] = []
    for index in 0..<count {
      let isUpper = index < upperCount
      let (place, last) = isUpper ? (index, upperCount - 1) : (index - upperCount, count - upperCount - 1)
      let t = last > 0 ? Double(place) / Double(last) : 0
      let (cosine, sine) = (PortableMath.cosPi(t), PortableMath.sinPi(t))
      let (x, y) = isUpper ? (cosine, sine) : (1 - cosine, 0.5 - sine)
      scalars.append(Scalar(x + noise * generator.standardNormal()))
      scalars.append(Scalar(y + noise * generator.standardNormal()))
    }
    let labels = (0..<count).map { $0 < upperCount ? 0 : 1 }
    var data = LabeledData<Scalar>(inputs: ShapedArray(shape: [count, 2], scalars: scalars), labels: labels)
    data.shuffle(using: &generator)
    self.data = data
  }
}

extension TwoMoons where Scalar == Double {
  /// The data set as `Double`s: the one that is meant where nothing says which scalars are.
  public init(count: Int = 1000, noise: Double = 0.2, seed: UInt64) {
    self.init(points: count, noise: noise, seed: seed)
  }
}
