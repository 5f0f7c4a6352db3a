import Wengert

// The objectives of Filip Srajer, Zuzana Kukelova and Andrew Fitzgibbon, "A benchmark of selected algorithmic
// differentiation tools on some problems in computer vision and machine learning", Optimization Methods and Software 33,
// 2018: written as a user of the library would, with its public names.

/// Bundle adjustment: cameras and points in space, and where the cameras saw some of the points.
struct BundleAdjustment<S: TensorScalar> {
  /// The camera of each observation.
  let cameras: IndexArray
  /// The point of each observation.
  let points: IndexArray
  /// (observations, 2)
  let features: Tensor<S>

  /// The weighted reprojection errors, (observations, 2), and those of the weights.
  ///
  /// - Parameters:
  ///   - camera: (cameras, 11): axis times angle of the rotation, centre, focal length, principal point, and two
  ///     parameters of the radial distortion.
  ///   - point: (points, 3)
  ///   - weight: (observations,)
  func residuals(
    _ camera: Tensor<S>, _ point: Tensor<S>, _ weight: Tensor<S>
  ) -> (reprojection: Tensor<S>, weight: Tensor<S>) {
    let reprojection = Self.reprojection(
      camera.rows(at: cameras), point.rows(at: points), weight.expandingShape(at: 1), features)
    return (reprojection, 1 - square(weight))
  }

  /// The Jacobian of each observation's error with respect to its camera, its point and its weight: (observations, 2,
  /// 15), all that is not 0 of the whole Jacobian.
  func blocks(_ camera: Tensor<S>, _ point: Tensor<S>, _ weight: Tensor<S>) -> Tensor<S> {
    stacked(
      zip(cameras, points).enumerated().map { observation, seen in
        let parameters = concatenated([camera[seen.0], point[seen.1], weight[observation..<observation + 1]])
        return jacobian(at: parameters) { x in
          Self.reprojection(x[..<11], x[11..<14], x[14...], features[observation])
        }
      })
  }

  /// The same, for all observations at once: no two of them share a row, so that the gradient of a sum over the
  /// observations holds a row of each block.
  func blocksAtOnce(_ camera: Tensor<S>, _ point: Tensor<S>, _ weight: Tensor<S>) -> Tensor<S> {
    let rows = concatenated(
      [camera.rows(at: cameras), point.rows(at: points), weight.expandingShape(at: 1)], along: 1)
    let coordinates = (0..<2).map { coordinate in
      gradient(at: rows) { x in
        let parts = x.split(sizes: [11, 3, 1], along: 1)
        return Self.reprojection(parts[0], parts[1], parts[2], features)[.all, coordinate].sum()
      }
    }
    return stacked(coordinates, along: 1)
  }

  private static func reprojection(
    _ camera: Tensor<S>, _ point: Tensor<S>, _ weight: Tensor<S>, _ feature: Tensor<S>
  ) -> Tensor<S> {
    let parts = camera.split(sizes: [3, 3, 1, 2, 2], along: -1)
    let (rotation, center, focalLength, principalPoint, distortion) = (parts[0], parts[1], parts[2], parts[3], parts[4])
    let seen = rotated(point - center, by: rotation)
    let projected = seen[.ellipsis, 0..<2] / seen[.ellipsis, 2...]
    let r2 = square(projected).sum(along: -1, keepingAxes: true)
    let factor = 1 + distortion[.ellipsis, 0..<1] * r2 + distortion[.ellipsis, 1...] * square(r2)
    return weight * (projected * factor * focalLength + principalPoint - feature)
  }
}

/// Vectors along the last axis, turned around an axis by its length as an angle: Rodrigues' formula.
func rotated<S>(_ x: Tensor<S>, by rotation: Tensor<S>) -> Tensor<S> {
  let square = square(rotation).sum(along: -1, keepingAxes: true)
  let angle = sqrt(square)
  let axis = rotation / angle
  let (sine, cosine) = (sin(angle), cos(angle))
  let along = axis * (axis * x).sum(along: -1, keepingAxes: true)
  let turned = x * cosine + cross(axis, x) * sine + along * (1 - cosine)
  return Tensor.where(square .> 0, turned, x + cross(rotation, x))
}
