import CKernels

extension Composite {
  static let crossProducts: [Composite] = [
    Composite(
      "cross",
      samples: [
        .of("(3,) (3,)", [[3], [3]]) { cross($0[0], $0[1]) },
        .of("(2, 3) (3,)", [[2, 3], [3]]) { cross($0[0], $0[1]) },
        .of("(2, 1, 3) (4, 3)", [[2, 1, 3], [4, 3]]) { cross($0[0], $0[1]) },
        .of("with itself, transposed", [[3, 3]]) { cross($0[0], $0[0].transposed()) },
        .of("(0, 3) (3,)", [[0, 3], [3]]) { cross($0[0], $0[1]) },
      ])
  ]
}

/// The vector products of vectors in space along the last axes, (…, 3): (a₂b₃ − a₃b₂, a₃b₁ − a₁b₃, a₁b₂ − a₂b₁).
///
/// Leading axes are broadcast. Traps unless both last axes have three elements and the others go together.
///
/// - Complexity: O(elements of the result), of which the tape keeps a few times as many.
@inlinable public func cross<S>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> {
  Tensor(recordCross(a.handle, b.handle))
}

@usableFromInline @inline(never)
func recordCross(_ a: Handle, _ b: Handle) -> Handle {
  let core = Core.recording
  let (a, b) = (core.resolve(a), core.resolve(b))
  let (left, right) = (core.shape(a), core.shape(b))
  guard left.last == 3, right.last == 3 else { misuse(.cross(left, right)) }
  // An element of the result is one of a b' − a' b, where ' moves on to the next element.
  func next(_ x: NodeID) -> NodeID { core.taking(x, [1, 2, 0], along: core.shape(x).count - 1) }
  let difference = core.elementwise(
    .subtract, core.elementwise(.multiply, a, next(b)), core.elementwise(.multiply, next(a), b))
  return core.handle(next(difference))
}
