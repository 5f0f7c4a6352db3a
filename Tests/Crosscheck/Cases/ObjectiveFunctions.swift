import Wengert

extension CaseFunctions {
  mutating func addObjectives() {
    add("bundle adjustment") { x, p in
      let (reprojection, weight) = BundleAdjustment(x, p).residuals(x[0], x[1], x[2])
      return concatenated([reprojection, weight.expandingShape(at: 1)], along: 1)
    }
    add("bundle adjustment, blocks of the Jacobian") { x, p in BundleAdjustment(x, p).blocks(x[0], x[1], x[2]) }
    add("bundle adjustment, blocks at once") { x, p in BundleAdjustment(x, p).blocksAtOnce(x[0], x[1], x[2]) }
    add("Gaussian mixture") { x, p in
      let mixture = GaussianMixture(points: x[3], gamma: p.scalar("gamma")!, freedom: p.integer("freedom")!)
      return mixture(x[0], x[1], x[2])
    }
    add("diagonal LSTM") { x, _ in DiagonalLSTM(state: x[2], sequence: x[3])(x[0], x[1]) }
    add("hand tracking") { x, p in
      let hand = HandTracking(
        parents: p.integers("parents")!, relatives: x[2], inverses: x[3], vertices: x[4], weights: x[5], points: x[6],
        triangles: p.indices)
      return hand(x[0], x[1])
    }
  }
}

extension BundleAdjustment {
  init(_ x: [Tensor<S>], _ p: Parameters) {
    self.init(
      cameras: IndexArray(p.integers("cameras")!), points: IndexArray(p.integers("points")!), features: x[3])
  }
}
