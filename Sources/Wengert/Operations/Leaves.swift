import CKernels

// Records without a past, and the record that marks where a differentiation starts.

extension Operation {
  static let leaves: [Operation] = [
    /// An input: gradients are looked up for it.
    Operation(opcode: .leaf, derivative: nil, samples: []),

    /// A number, or a value whose past has been cut off on purpose.
    Operation(opcode: .constant, derivative: nil, samples: []),

    /// A value that left the scope of its records: it has a past that cannot be replayed, and a backward pass that
    /// reaches it says so.
    Operation(opcode: .severed, derivative: nil, samples: []),

    /// The same value as another record's, but not the same record: the inputs of `gradient(at:of:)`. Two nested
    /// differentiations at one tensor are so told apart.
    Operation(
      opcode: .alias,
      derivative: .structural(
        .init(reads: .nothing, rule: { p in p.accumulate(0, p.cotangent) }, isBlockable: true)),
      samples: [Sample("", [[3]]) { operands in AnyTensor(Core.current.alias(operands[0].id)) }]),
  ]
}

extension UnsafeMutablePointer<TapeCore> {
  func alias(_ x: NodeID) -> NodeID {
    let record = self[record: x].pointee
    return append(.alias, record.scalarType, layout: record.layout, value: record.value, operands: (x, -1))
  }
}

extension Tensor {
  /// The same value as a constant: nothing is differentiated through it.
  ///
  /// - Complexity: O(1); the value is shared.
  @inlinable public func detached() -> Self { Self(recordDetached(handle)) }
}

@usableFromInline @inline(never)
func recordDetached(_ x: Handle) -> Handle {
  let core = Core.recording
  return core.handle(core.detached(core.resolve(x)))
}
