import CKernels

// Sums of products over named axes, as products of matrices.

extension Composite {
  static let einsums: [Composite] = [
    Composite(
      "einsum",
      samples: [
        .einsum("ij,jk->ik", [2, 3], [3, 4]), .einsum("bij,bjk->bik", [2, 3, 2], [2, 2, 3]), .einsum("ij->ji", [2, 3]),
        .einsum("ii", [3, 3]), .einsum("ii->i", [3, 3]), .einsum("iij->ji", [2, 2, 3]), .einsum("ij->", [2, 3]),
        .einsum("i,i->", [4], [4]), .einsum("i,j->ij", [2], [3]), .einsum("bi,bi->b", [2, 3], [2, 3]),
        .einsum("...ij,...jk", [2, 1, 2, 3], [3, 3, 2]), .einsum("i...->...", [2, 3]),
        .einsum("ij,ij->ij", [2, 3], [1, 3]),
        .einsum("ab,bc,cd,ad->", [2, 3], [3, 2], [2, 2], [2, 2]), .einsum("i,i,i->i", [3], [3], [3]),
        .einsum("ijk,kl->lij", [2, 0, 3], [3, 2]), .einsum("ijkl,kjm->mil", [2, 3, 2, 2], [2, 3, 2]), .einsum("", []),
        .of("i,i->i twice the same", [[3]]) { Wengert.einsum("i,i->i", $0[0], $0[0]) },
        .of("of transposed", [[3, 2], [4, 3]]) { Wengert.einsum("ij,jk->ki", $0[0].transposed(), $0[1].transposed()) },
      ]),
    Composite(
      "tensordot",
      samples: [
        .of("one axis", [[2, 3], [3, 2]]) { tensordot($0[0], $0[1], axes: 1) },
        .of("no axis", [[2], [3]]) { tensordot($0[0], $0[1], axes: 0) },
        .of("lists", [[2, 3, 4], [4, 3, 2]]) { tensordot($0[0], $0[1], axes: ([1, -1], [1, 0])) },
      ]),
    Composite("outer", samples: [.of("", [[2], [3]]) { outer($0[0], $0[1]) }]),
    Composite(
      "dot", samples: [.of("", [[3], [3]]) { dot($0[0], $0[1]) }, .of("empty", [[0], [0]]) { dot($0[0], $0[1]) }]),
  ]
}

extension Sample {
  fileprivate static func einsum(_ equation: String, _ shapes: Shape...) -> Sample {
    .of(equation, shapes) { Wengert.einsum(equation, $0) }
  }
}

/// The sum of products that an equation over the axes of tensors describes, as in `einsum("bij,bjk->bik", a, b)`.
///
/// Each axis of each tensor has a letter; tensors are separated by commas, and the letters of the result's axes follow
/// `->`. Along letters that the result lacks, products are summed. A letter that a tensor has twice takes the diagonal.
/// `...` stands for any number of axes, which broadcast. Without `->`, the result has the axes of `...` and then the
/// letters that occur once, in alphabetical order, capitals first. Spaces do not matter. An axis of one element stands
/// for as many repeats as its letter needs.
///
/// Traps if the equation is malformed, does not fit the shapes, or gives a letter two sizes.
///
/// - Complexity: Two tensors at a time are multiplied as matrices. For up to eight tensors their order is the one with
///   the fewest multiplications, for more a good one. The tape keeps each product, and a copy of an operand whose axes
///   cannot be merged where they lie.
@inlinable public func einsum<S>(_ equation: String, _ operands: Tensor<S>...) -> Tensor<S> {
  Tensor(recordEinsum(equation, operands.map(\.handle)))
}

/// The same for a list of tensors.
@inlinable public func einsum<S>(_ equation: String, _ operands: [Tensor<S>]) -> Tensor<S> {
  Tensor(recordEinsum(equation, operands.map(\.handle)))
}

/// The sums of products along the last axes of one tensor and the first of another.
///
/// - Returns: A tensor with the other axes of `a`, then those of `b`. Traps unless the sizes agree. For no axes it holds
///   all products.
/// - Complexity: As that of a product of matrices.
@inlinable public func tensordot<S>(_ a: Tensor<S>, _ b: Tensor<S>, axes count: Int) -> Tensor<S> {
  Tensor(recordTensordot(a.handle, b.handle, nil, count))
}

/// The sums of products along some axes of one tensor and as many of another, paired in order.
///
/// Axes count from 0, or from −1 at the end. Traps if one is out of range or repeated, or unless the sizes agree.
///
/// - Returns: A tensor with the other axes of `a`, then those of `b`.
/// - Complexity: As that of a product of matrices.
@inlinable public func tensordot<S>(_ a: Tensor<S>, _ b: Tensor<S>, axes: ([Int], [Int])) -> Tensor<S> {
  Tensor(recordTensordot(a.handle, b.handle, axes, 0))
}

/// All products of an element of one vector and one of another, as a matrix. Traps unless both are vectors.
///
/// - Complexity: O(elements of the result), which the tape keeps.
@inlinable public func outer<S>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> { Tensor(recordOuter(a.handle, b.handle)) }

/// The sum of the products of two vectors' elements. Traps unless both are vectors of one size.
///
/// - Complexity: O(elements); the tape keeps one number.
@inlinable public func dot<S>(_ a: Tensor<S>, _ b: Tensor<S>) -> Tensor<S> { Tensor(recordDot(a.handle, b.handle)) }

@usableFromInline @inline(never)
func recordEinsum(_ text: String, _ operands: [Handle]) -> Handle {
  let core = Core.recording
  let ids = operands.map(core.resolve)
  return core.handle(core.einsum(Core.current.pointee.einsumPlans.plan(text, ids.map(core.shape)), ids))
}

@usableFromInline @inline(never)
func recordTensordot(_ a: Handle, _ b: Handle, _ axes: ([Int], [Int])?, _ count: Int) -> Handle {
  let core = Core.recording
  let (a, b) = (core.resolve(a), core.resolve(b))
  let (left, right) = (core.shape(a), core.shape(b))
  guard axes != nil || 0...min(left.count, right.count) ~= count else { misuse(.tensordotCount(count, left, right)) }
  let lists = axes ?? (Array(left.count - count..<left.count), Array(0..<count))
  guard lists.0.count == lists.1.count else { misuse(.tensordotLists(lists)) }
  _ = core.axisBits(lists.0, of: a, for: "tensordot(_:_:axes:)")
  _ = core.axisBits(lists.1, of: b, for: "tensordot(_:_:axes:)")
  let first = left.indices.map { UInt8($0) }
  var second = right.indices.map { UInt8($0 + left.count) }
  for (i, j) in zip(lists.0, lists.1) {
    let (i, j) = (i < 0 ? i + left.count : i, j < 0 ? j + right.count : j)
    guard left[i] == right[j] else { misuse(.tensordotSizes(lists, left, right)) }
    second[j] = first[i]
  }
  let output = first.filter { !second.contains($0) } + second.filter { !first.contains($0) }
  let product = core.contracted(
    LabeledTensor(id: a, labels: first), LabeledTensor(id: b, labels: second), LabelSet(output))
  return core.handle(core.permuted(product, to: output).id)
}

@usableFromInline @inline(never)
func recordOuter(_ a: Handle, _ b: Handle) -> Handle {
  let core = Core.recording
  let (a, b) = (core.resolve(a), core.resolve(b))
  let (left, right) = (core.shape(a), core.shape(b))
  guard left.count == 1, right.count == 1 else { misuse(.outer(left, right)) }
  return core.handle(core.matmul(core.reshaped(a, to: .matrix(left[0], 1)), core.reshaped(b, to: .matrix(1, right[0]))))
}

@usableFromInline @inline(never)
func recordDot(_ a: Handle, _ b: Handle) -> Handle {
  let core = Core.recording
  let (a, b) = (core.resolve(a), core.resolve(b))
  let (left, right) = (core.shape(a), core.shape(b))
  guard left.count == 1, left == right else { misuse(.dot(left, right)) }
  return core.handle(core.matmulOfAnyRank(a, b))
}

/// A record with a label for each axis.
struct LabeledTensor {
  var id: NodeID
  var labels: Labels
}

extension UnsafeMutablePointer<TapeCore> {
  fileprivate func einsum(_ plan: EinsumPlan, _ ids: [NodeID]) -> NodeID {
    let equation = plan.equation
    let output = LabelSet(equation.output)
    var terms: [LabeledTensor?] = zip(ids, equation.operands).map { id, labels in
      withoutRepeatedElements(diagonal(LabeledTensor(id: id, labels: labels)), equation.sizes)
    }
    // What the result and the tensors that are left over need is kept.
    func needed() -> LabelSet { terms.reduce(output) { $0.union(LabelSet($1?.labels ?? [])) } }
    for index in terms.indices {
      guard let term = terms[index] else { continue }
      terms[index] = nil
      terms[index] = summed(term, keeping: needed())
    }
    for (i, j) in plan.order.pairs {
      guard let a = terms[i], let b = terms[j] else { continue }
      (terms[i], terms[j]) = (nil, nil)
      terms.append(contracted(a, b, needed()))
    }
    return permuted(terms[terms.count - 1]!, to: equation.output).id
  }

  /// Takes the diagonal along axes of one label.
  private func diagonal(_ x: LabeledTensor) -> LabeledTensor {
    var labels: Labels = []
    for label in x.labels where !labels.contains(label) { labels.append(label) }
    guard labels.count < x.labels.count else { return x }
    let map = AxisMap(axes: x.labels.map { AxisMap.Axis(target: labels.firstIndex(of: $0)!) })
    let sizes = labels.map { size(x, [$0]) }
    return LabeledTensor(id: sliced(x.id, map, to: Shape(sizes)), labels: labels)
  }

  /// Drops axes of one element whose label has more elsewhere: products repeat what has no such axis.
  private func withoutRepeatedElements(_ x: LabeledTensor, _ sizes: [Int]) -> LabeledTensor {
    let shape = shape(x.id)
    let kept = shape.indices.filter { shape[$0] == sizes[Int(x.labels[$0])] }
    guard kept.count < shape.count else { return x }
    return LabeledTensor(id: regrouped(x.id, to: Shape(kept.map { shape[$0] })), labels: kept.map { x.labels[$0] })
  }

  /// Sums along the labels that nothing needs.
  private func summed(_ x: LabeledTensor, keeping needed: LabelSet) -> LabeledTensor {
    var axes: UInt32 = 0
    for (axis, label) in x.labels.enumerated() where !needed.contains(label) { axes |= 1 << UInt32(axis) }
    guard axes != 0 else { return x }
    return LabeledTensor(id: sum(x.id, axes, keepingAxes: false), labels: x.labels.filter(needed.contains))
  }

  func permuted(_ x: LabeledTensor, to labels: Labels) -> LabeledTensor {
    guard x.labels != labels else { return x }
    return LabeledTensor(id: permuted(x.id, labels.map { x.labels.firstIndex(of: $0)! }), labels: labels)
  }

  /// The product of two tensors, summed along the labels that both have and nothing needs.
  func contracted(_ a: LabeledTensor, _ b: LabeledTensor, _ needed: LabelSet) -> LabeledTensor {
    let (left, right) = (LabelSet(a.labels), LabelSet(b.labels))
    let shared = sortedByStride(a).filter(right.contains)
    let (batch, terms) = (shared.filter(needed.contains), shared.filter { !needed.contains($0) })
    let rows = sortedByStride(a).filter { !right.contains($0) }
    let columns = sortedByStride(b).filter { !left.contains($0) }
    let inner = size(a, terms)
    // Short scalar products and products of elements are not worth a call each.
    let areScalarProducts = !batch.isEmpty && rows.isEmpty && columns.isEmpty && inner < 64
    let areProductsOfElements = terms.isEmpty && (!batch.isEmpty || rows.isEmpty || columns.isEmpty)
    if areScalarProducts || areProductsOfElements {
      let labels = batch + terms + rows + columns
      let (x, y) = (aligned(a, to: labels), aligned(b, to: labels))
      return summed(LabeledTensor(id: elementwise(.multiply, x, y), labels: labels), keeping: needed)
    }
    // Stacks of matrices; as few axes as a shape can have.
    let isMerged = batch.count + 2 > Shape.maximumRank
    let stack = isMerged ? [size(a, batch)] : batch.map { size(a, [$0]) }
    let (m, n) = (size(a, rows), size(b, columns))
    let x = regrouped(permuted(a, to: batch + rows + terms).id, to: Shape(stack + [m, inner]))
    let y = regrouped(permuted(b, to: batch + terms + columns).id, to: Shape(stack + [inner, n]))
    let shape = (batch + rows).map { size(a, [$0]) } + columns.map { size(b, [$0]) }
    return LabeledTensor(id: regrouped(matmul(x, y), to: Shape(shape)), labels: batch + rows + columns)
  }

  private func size(_ x: LabeledTensor, _ labels: Labels) -> Int {
    labels.reduce(1) { $0 * Int(layout(x.id).sizes[x.labels.firstIndex(of: $1)!]) }
  }

  /// Labels as their axes follow one another in memory: in this order they can be merged if they can be at all.
  private func sortedByStride(_ x: LabeledTensor) -> Labels {
    let layout = layout(x.id)
    guard !layout.isContiguous else { return x.labels }
    let axes = x.labels.indices.sorted { (layout.strides[$0].magnitude, $1) > (layout.strides[$1].magnitude, $0) }
    return axes.map { x.labels[$0] }
  }

  /// Axes of one element in place of labels that a tensor lacks.
  private func aligned(_ x: LabeledTensor, to labels: Labels) -> NodeID {
    let own = LabelSet(x.labels)
    let sizes = labels.map { own.contains($0) ? size(x, [$0]) : 1 }
    return regrouped(permuted(x, to: labels.filter(own.contains)).id, to: Shape(sizes))
  }

  /// A tensor in another shape: a view of whatever layout if one exists, else a copy.
  func regrouped(_ x: NodeID, to shape: Shape) -> NodeID {
    guard self.shape(x) != shape else { return x }
    guard let layout = layout(x).regrouped(shape) else { return reshaped(x, to: shape) }
    let record = self[record: x].pointee
    return append(
      .reshape, record.scalarType, layout: pointee.layouts.number(of: layout), value: record.value, operands: (x, -1))
  }
}

extension UnsafePointer<wg_layout> {
  /// The layout of the same elements in another shape; nil if axes would have to be merged that do not follow one
  /// another in memory.
  func regrouped(_ shape: Shape) -> wg_layout? {
    var result = wg_layout(shape)
    guard !isContiguous, elementCount > 0 else { return result }
    let axes = (0..<rank).filter { sizes[$0] != 1 }
    var (old, new) = (0, 0)
    // Groups of old and new axes of as many elements, from the outermost on.
    while old < axes.count {
      let firstNew = new
      var (oldSize, newSize) = (Int(sizes[axes[old]]), shape[new])
      (old, new) = (old + 1, new + 1)
      while oldSize != newSize {
        if oldSize < newSize {
          let (outer, inner) = (axes[old - 1], axes[old])
          guard strides[outer] == sizes[inner] * strides[inner] else { return nil }
          oldSize *= Int(sizes[inner])
          old += 1
        } else {
          newSize *= shape[new]
          new += 1
        }
      }
      var stride = strides[axes[old - 1]]
      result.withMutableAxes { sizes, strides in
        for axis in (firstNew..<new).reversed() {
          strides[axis] = stride
          stride *= sizes[axis]
        }
      }
    }
    result.finish()
    return result
  }
}
