import Wengert

/// Derivatives by central differences of sixth order: (45 Δ₁ − 9 Δ₂ + Δ₃) / 60 h, with Δₖ = f(x + k h t) − f(x − k h t).
struct Differences {
  let step: Double

  private static let weights = [0.75, -0.15, 1.0 / 60]

  /// The derivative along t of each element of a list, and a bound of its rounding error.
  private func derivative<Scalar: TensorScalar>(
    _: Scalar.Type, _ values: (_ offset: Double) throws -> [Double]
  ) rethrows -> (derivative: [Double], rounding: [Double]) {
    var total: [Double] = []
    var magnitude: [Double] = []
    for (index, weight) in Self.weights.enumerated() {
      let offset = Double(index + 1) * step
      let (above, below) = (try values(offset), try values(-offset))
      if total.isEmpty {
        total = above.map { _ in 0 }
        magnitude = total
      }
      for element in total.indices {
        total[element] += weight / step * (above[element] - below[element])
        magnitude[element] = max(magnitude[element], above[element].magnitude, below[element].magnitude)
      }
    }
    // The function's own error is taken for a few units in the last place of its values.
    return (total, magnitude.map { 16 * Double(Scalar.ulpOfOne) * $0 / step })
  }

  /// The derivative of a function along a direction, element by element, and a bound of the rounding in it.
  func derivative<Scalar: TensorScalar>(
    of function: ([Tensor<Scalar>]) throws -> Tensor<Scalar>, at x: [ShapedArray<Scalar>],
    along t: [ShapedArray<Scalar>]
  ) throws -> (derivative: [Double], rounding: [Double]) {
    try derivative(Scalar.self) { offset in
      try Tape.scope { try function(shifted(x, t, offset).map { Tensor($0) }).scalars.map { Double($0) } }
    }
  }

  private func shifted<Scalar>(
    _ x: [ShapedArray<Scalar>], _ t: [ShapedArray<Scalar>], _ offset: Double
  ) -> [ShapedArray<Scalar>] {
    zip(x, t).map { x, t in
      ShapedArray(shape: x.shape, scalars: zip(x.scalars, t.scalars).map { $0 + Scalar(offset) * $1 })
    }
  }

  /// The first operation on the tape whose tangent is not that of its values.
  func culprit<Scalar: TensorScalar>(
    _ function: ([Tensor<Scalar>]) throws -> Tensor<Scalar>, _ x: [ShapedArray<Scalar>], _ t: [ShapedArray<Scalar>],
    tolerance: Double
  ) throws -> GradientMismatch.Culprit? {
    func trace(_ offset: Double) throws -> [TracedRecord] {
      try Tape.scope { try traceTangents(at: shifted(x, t, offset), along: t) { x in try function(x) } }
    }
    let records = try trace(0)
    // All values of all records in one list, so that one pass of differences serves them all.
    let (derivative, rounding) = try derivative(Scalar.self) { offset in
      let shifted = try trace(offset)
      // A function that takes another path there cannot be compared record by record.
      guard shifted.map(\.operation) == records.map(\.operation) else {
        return records.flatMap { $0.value.map { _ in Double.nan } }
      }
      return shifted.flatMap(\.value)
    }
    var start = 0
    for record in records {
      defer { start += record.value.count }
      var worst: (element: Int, excess: Double)?
      for element in record.value.indices {
        let (actual, expected) = (record.tangent[element], derivative[start + element])
        let excess = (actual - expected).magnitude - tolerance * expected.magnitude - rounding[start + element]
        if excess > max(worst?.excess ?? 0, 0) || actual.isNaN && !expected.isNaN && worst == nil {
          worst = (element, actual.isNaN ? .infinity : excess)
        }
      }
      if let worst {
        return GradientMismatch.Culprit(
          operation: record.operation, location: record.location, element: worst.element,
          derivative: record.tangent[worst.element], difference: derivative[start + worst.element])
      }
    }
    return nil
  }

  /// The element of the inputs whose adjoint is furthest from its own difference; nil if there are so many that
  /// looking would take too long.
  func worstElement<Scalar: TensorScalar>(
    _ function: ([Tensor<Scalar>]) throws -> Tensor<Scalar>, _ x: [ShapedArray<Scalar>], _ v: ShapedArray<Scalar>,
    _ slopes: [[Scalar]]
  ) throws -> (input: Int, position: Int)? {
    guard x.reduce(0, { $0 + $1.count }) <= 10_000 else { return nil }
    var worst = (input: 0, position: 0)
    var largest = -1.0
    for input in x.indices {
      for position in 0..<x[input].count {
        let direction = x.indices.map { index in
          ShapedArray<Scalar>(
            shape: x[index].shape,
            scalars: (0..<x[index].count).map { index == input && $0 == position ? 1 : 0 })
        }
        let difference = try derivative(of: function, at: x, along: direction).derivative
        let expected = zip(v.scalars, difference).reduce(0) { $0 + Double($1.0) * $1.1 }
        let deviation = (Double(slopes[input][position]) - expected).magnitude
        if deviation > largest || deviation.isNaN && !expected.isNaN {
          worst = (input, position)
          largest = deviation.isNaN ? .infinity : deviation
        }
      }
    }
    return worst
  }
}
