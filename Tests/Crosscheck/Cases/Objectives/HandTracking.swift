import Wengert

/// Hand tracking: how far measured points are from a skinned surface whose bones are turned by a pose.
struct HandTracking<S: TensorScalar> {
  /// The parent of each bone, which comes before it; −1 for one that has none.
  let parents: [Int]
  /// (bones, 4, 4): each bone with respect to its parent, at rest.
  let relatives: Tensor<S>
  /// (bones, 4, 4): inverses of the bones with respect to the hand, at rest.
  let inverses: Tensor<S>
  /// (vertices, 4): in homogeneous coordinates.
  let vertices: Tensor<S>
  /// (vertices, bones)
  let weights: Tensor<S>
  /// (points, 3)
  let points: Tensor<S>
  /// (points, 3): the vertices of the triangle that each point belongs to.
  let triangles: IndexArray

  /// The differences (points, 3).
  ///
  /// - Parameters:
  ///   - pose: The hand's rotation and translation, and for each of five fingers how far its three bones are bent, the
  ///     first of them in two directions.
  ///   - places: (points, 2): where in its triangle a point belongs, in barycentric coordinates.
  func callAsFunction(_ pose: Tensor<S>, _ places: Tensor<S>) -> Tensor<S> {
    let turned = matmul(relatives, rotations(boneAngles(pose)))
    var absolutes: [Tensor<S>] = []
    for (bone, parent) in parents.enumerated() {
      absolutes.append(parent < 0 ? turned[bone] : matmul(absolutes[parent], turned[bone]))
    }
    let transforms = matmul(stacked(absolutes), inverses)
    let skinned = einsum("vb,bij,vj->vi", weights, transforms, vertices)[.all, ..<3]
    let surface = rotated(skinned, by: pose[..<3]) + pose[3..<6]
    let corners = surface.rows(at: triangles)
    let last = 1 - places.sum(along: 1, keepingAxes: true)
    let shares = concatenated([places, last], along: 1)
    return points - (shares.expandingShape(at: 2) * corners).sum(along: 1)
  }

  /// The angles (bones, 3) of the wrist, which is not turned, and of four bones for each finger, of which the last is
  /// not turned.
  private func boneAngles(_ pose: Tensor<S>) -> Tensor<S> {
    let zero = pose.shape[0]
    var places = [[zero, zero, zero], [zero, zero, zero]]
    for finger in 0..<5 {
      let first = 6 + 4 * finger
      places += [[first, first + 1, zero], [first + 2, zero, zero], [first + 3, zero, zero], [zero, zero, zero]]
    }
    return pose.padded(before: 0, after: 1, along: 0).taking(IndexArray(places), along: 0)
  }

  /// Rotations around x, then y, then z by the first, third and second angle, as (bones, 4, 4).
  private func rotations(_ angles: Tensor<S>) -> Tensor<S> {
    let (sine, cosine) = (sin(angles), cos(angles))
    let zero = Tensor<S>(repeating: 0, shape: [angles.shape[0]])
    let one = Tensor<S>(repeating: 1, shape: [angles.shape[0]])
    func matrices(_ rows: [[Tensor<S>]]) -> Tensor<S> { stacked(rows.map { stacked($0, along: -1) }, along: 1) }
    func turn(_ angle: Int) -> (s: Tensor<S>, c: Tensor<S>) { (sine[.all, angle], cosine[.all, angle]) }
    let (x, z, y) = (turn(0), turn(1), turn(2))
    let aroundX = matrices([
      [one, zero, zero, zero], [zero, x.c, -x.s, zero], [zero, x.s, x.c, zero], [zero, zero, zero, one],
    ])
    let aroundY = matrices([
      [y.c, zero, -y.s, zero], [zero, one, zero, zero], [y.s, zero, y.c, zero], [zero, zero, zero, one],
    ])
    let aroundZ = matrices([
      [z.c, -z.s, zero, zero], [z.s, z.c, zero, zero], [zero, zero, one, zero], [zero, zero, zero, one],
    ])
    return matmul(matmul(aroundZ, aroundY), aroundX)
  }
}
