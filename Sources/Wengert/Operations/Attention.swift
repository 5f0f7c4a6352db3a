import CKernels

// Attention: a weighted mean of values, with weights from products of queries and keys.

extension Composite {
  static let attention: [Composite] = [
    Composite(
      "scaledDotProductAttention",
      samples: [
        .of("one head", [[2, 3], [4, 3], [4, 2]]) { scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2]) },
        .of("causal", [[3, 2], [3, 2], [3, 2]]) {
          scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], isCausal: true)
        },
        .of("masked, (2, 2, 2)", [[2, 2, 2], [2, 3, 2], [2, 3, 1], [2, 3]]) {
          // Each query may attend to all keys but the one where a fourth operand is least.
          let mask = $0[3] .> -(-$0[3]).max(along: -1, keepingAxes: true)
          return scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], mask: mask)
        },
        .of("bias, broadcast", [[2, 1, 2, 2], [3, 2, 2], [1, 2, 2], [2, 2]]) {
          scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], bias: $0[3])
        },
        .of("transposed", [[3, 2], [2, 3], [3, 2]]) {
          scaledDotProductAttention(
            query: $0[0].transposed(), key: $0[1].transposed().reshaped(to: [2, 3]), value: $0[2].reshaped(to: [2, 3]))
        },
      ])
  ]
}

/// softmax(Q Kᵀ / √d) V: for each query, the mean of the values, weighted by how well their keys fit it.
///
/// Axes before the last two, such as examples and heads, broadcast. A query that may attend to no key gives NaN, as
/// softmax of nothing but −∞ does; where its cotangent is 0 it contributes gradients of 0. (PyTorch gives 0 there.) The
/// transposition of the keys goes into the matrix product; only queries are copied, to be scaled
/// (Vaswani et al., Attention Is All You Need, 2017).
///
/// - Parameters:
///   - query: Of shape (…, n, d).
///   - key: Of shape (…, m, d).
///   - value: Of shape (…, m, e).
///   - mask: Broadcasts to (…, n, m): a query may attend to a key where it is not 0, as a comparison gives it.
///   - bias: Broadcasts to (…, n, m) and is added to the products; −∞ is as good as a mask.
///   - isCausal: Whether query i attends to keys 0...i alone, besides what the mask allows.
///   - scale: What the products are multiplied by; 1/√d if absent.
/// - Returns: Of shape (…, n, e). Traps if the shapes do not agree.
/// - Complexity: O(n m (d + e)) per head; the tape keeps an array (…, n, m) for the products, for the weights, and for
///   each of bias and masks.
public func scaledDotProductAttention<S>(
  query: Tensor<S>, key: Tensor<S>, value: Tensor<S>, mask: Tensor<S>? = nil, bias: Tensor<S>? = nil,
  isCausal: Bool = false, scale: S? = nil
) -> Tensor<S> {
  let (q, k, v) = (query.shape, key.shape, value.shape)
  guard q.count >= 2, k.count >= 2, v.count >= 2, q[q.count - 1] == k[k.count - 1],
    k[k.count - 2] == v[v.count - 2]
  else { misuse(.attentionShapes(q, k, v)) }
  let factor = scale.map(Double.init) ?? 1 / Double(q[q.count - 1]).squareRoot()
  let scaled = Tensor<S>(recordBinary(.multiply, query.handle, scalar: factor))
  var scores = matmul(scaled, key.transposed(-2, -1))
  if let bias { scores = scores + bias }
  if let mask { scores = .where(mask, scores, -.infinity) }
  if isCausal { scores = Tensor(recordCausal(scores.handle)) }
  return matmul(softmax(scores), value)
}

/// −∞ where a key comes after the query.
@inline(never)
private func recordCausal(_ scores: Handle) -> Handle {
  let core = Core.recording
  let scores = core.resolve(scores)
  let layout = core.layout(scores)
  let type = core[record: scores].pointee.scalarType
  let rows = core.positions(Int(layout.sizes[layout.rank - 2]), type)
  let column = core.reshaped(rows, to: .matrix(core.layout(rows).elementCount, 1))
  let mayAttend = core.elementwise(
    .greaterOrEqual, column, core.positions(Int(layout.sizes[layout.rank - 1]), type))
  return core.handle(core.elementwise(.select, mayAttend, scores, core.constant(-.infinity, type)))
}

extension UnsafeMutablePointer<TapeCore> {
  /// The constant vector 0, 1, …, count − 1.
  fileprivate func positions(_ count: Int, _ type: ScalarType) -> NodeID {
    let result = leaf(.vector(count), type, .constant)
    let value = self[record: result].pointee.value
    for index in 0..<count {
      if type == .double { value.f64[index] = Double(index) } else { value.f32[index] = Float(index) }
    }
    return result
  }
}
