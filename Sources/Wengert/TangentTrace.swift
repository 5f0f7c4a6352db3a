/// A record of a function together with its tangent: what a check of derivatives looks at to find the operation that
/// is wrong.
package struct TracedRecord {
  /// The operation's name.
  package let operation: String
  /// Where the operation was asked for.
  package let source: UInt
  package let value: [Double]
  package let tangent: [Double]

  /// The line of the user's code, as in `App/main.swift:12`, if the program carries debug information.
  package var location: String? { SourceLocation.of([source])[source]?.description }
}

/// The records of a function that depend on its inputs, in order, with their tangents along a direction.
package func traceTangents<S, E>(
  at x: [ShapedArray<S>], along direction: [ShapedArray<S>], of function: ([Tensor<S>]) throws(E) -> Tensor<S>
) throws(E) -> [TracedRecord] {
  let differentiation = Differentiation()
  let inputs = x.map { differentiation.input(Tensor($0).handle) }
  _ = try differentiation.cancelling { () throws(E) in try function(inputs.map { Tensor(handle: $0) }) }
  return differentiation.trace(inputs, along: direction.map { Tensor($0).handle }, as: S.self)
}

extension Differentiation {
  fileprivate func trace<S: TensorScalar>(_ inputs: [Handle], along directions: [Handle], as _: S.Type)
    -> [TracedRecord]
  {
    let kinds = core.pointee.operations.kinds
    let ids = (start..<NodeID(core.pointee.records.count)).filter { id in
      let record = core[record: id].pointee
      return kinds[Int(record.opcode.rawValue)] == .differentiable && record.scalarType == S.scalarType
    }
    let records = ids.map { core[record: $0].pointee }
    let (values, tangents) = pushforward(ids.map(core.handle), inputs, along: directions)
    core.trapOnFailure()
    return records.indices.map { index in
      TracedRecord(
        operation: String(cString: records[index].opcode.cName), source: records[index].source,
        value: Tensor<S>(handle: values[index]).scalars.map { Double($0) },
        tangent: Tensor<S>(handle: tangents[index]).scalars.map { Double($0) })
    }
  }
}
