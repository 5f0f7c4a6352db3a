import Testing
import Wengert

/// An element's result depends on the element alone: not on its position, the array's size, or its neighbours.
///
/// Kernels work on vectors of 8 Double or 16 Float, on a tail, and on single scalars; all three must give the same
/// bits for zeros of both signs, subnormals, infinities and NaN.
@Suite struct PositionTests {
  static let specials: [Double] = [
    0, -0.0, 1, -1, 0.5, -2.5, .infinity, -.infinity, .nan, 0x1p-1074, -0x1p-1060, 0x1p-149, -0x1p-140, 0x1p-1022,
    1e300, -1e300, 3e38, 709.5, -745, 88.5, -103, 1000, -1000, 20, 0.3, -7.25,
  ]

  @Test(arguments: Operation.elementwise)
  func everyPositionInDouble(_ operation: Operation) { check(operation, Self.specials, lanes: 8) }

  @Test(arguments: Operation.elementwise)
  func everyPositionInFloat(_ operation: Operation) { check(operation, Self.specials.map { Float($0) }, lanes: 16) }

  /// The same through views: transposed, broadcast and sliced operands take other loops.
  @Test(arguments: Operation.elementwise)
  func viewsInDouble(_ operation: Operation) {
    let count = Self.specials.count
    let operands = operands(operation, Self.specials)
    let expected = Tape.scope { operation.apply(operands.map { Tensor($0) }).scalars }
    let size = operands[0].count
    let strided = Tape.scope {
      operation.apply(
        operands.map { operand in
          let padded = concatenated([Tensor(operand), Tensor(repeating: 7, shape: [size])]).reshaped(to: [2, size])
          return padded.transposed().sliced(0..<size, 0..<1).reshaped(to: [size])
        }
      ).scalars
    }
    expectIdentical(strided, expected, "\(operation.name), strided")
    guard operands.count == 2 else { return }
    let broadcast = Tape.scope {
      operation.apply([Tensor(Self.specials), Tensor(shape: [count, 1], scalars: Self.specials)]).transposed().scalars
    }
    expectIdentical(broadcast, expected, "\(operation.name), broadcast")
  }

  /// Gradients, too: programs run over blocks and over single scalars.
  @Test(arguments: Operation.elementwise)
  func gradientsOfScalarsAndArrays(_ operation: Operation) {
    let operands = operands(operation, Self.specials)
    let whole = pullback(operation, operands)
    let size = operands[0].count
    let single = (0..<size).map { element in
      pullback(operation, operands.map { ShapedArray($0.scalars[element]) }).map(\.item)
    }
    for operand in operands.indices {
      expectIdentical(
        whole[operand].scalars, single.map { $0[operand] }, "gradient of \(operation.name), operand \(operand)")
    }
  }

  /// With respect to one operand alone, and in arrays of more than one block, whose blocks all get the same.
  @Test(arguments: Operation.elementwise)
  func gradientsOfOneOperandOfLongArrays(_ operation: Operation) {
    let operands = operands(operation, Self.specials).map { Array($0.scalars.prefix(300)) }
    let copies = 1 + 1500 / operands[0].count
    for active in operands.indices {
      func slopes(_ copies: Int) -> [Double] {
        let repeated = operands.map { operand in (0..<copies).flatMap { _ in operand } }
        return Tape.scope {
          gradient(at: Tensor(repeated[active])) { x in
            let tensors = repeated.indices.map { $0 == active ? x : Tensor(repeated[$0]) }
            return (operation.apply(tensors) * 0.75).sum()
          }.scalars
        }
      }
      let (short, long) = (slopes(1), slopes(copies))
      expectIdentical(
        long, (0..<copies).flatMap { _ in short }, "gradient of \(operation.name), operand \(active) alone")
    }
  }

  private func pullback(_ operation: Operation, _ operands: [ShapedArray<Double>]) -> [ShapedArray<Double>] {
    Tape.scope {
      let (y, pullback) = valueWithPullback(at: operands.map { Tensor($0) }, of: operation.apply)
      return pullback(Tensor(repeating: 0.75, shape: y.shape)).map(\.value)
    }
  }

  /// All tuples of the specials, as many operands as the operation takes.
  private func operands<S: TensorScalar>(_ operation: Operation, _ specials: [S]) -> [ShapedArray<S>] {
    let arity = operation.samples[0].shapes.count
    // Three operands would make too many tuples: the third follows the others.
    let count = arity == 1 ? specials.count : specials.count * specials.count
    return (0..<arity).map { operand in
      ShapedArray(
        (0..<count).map { index in
          switch (arity, operand) {
          case (1, _), (_, 1): specials[index % specials.count]
          case (_, 0): specials[index / specials.count]
          default: specials[(index * 7 + 3) % specials.count]
          }
        })
    }
  }

  private func check<S: TensorScalar>(_ operation: Operation, _ specials: [S], lanes: Int) {
    let operands = operands(operation, specials).map(\.scalars)
    let count = operands[0].count
    let single = (0..<count).map { element in
      Tape.scope { operation.apply(operands.map { Tensor($0[element]) }).item }
    }
    for size in 1...2 * lanes + 1 {
      // Windows that overlap by all but one element put every tuple at every position.
      for start in 0..<count {
        let indices = (start..<start + size).map { $0 % count }
        let values = Tape.scope { operation.apply(operands.map { o in Tensor(indices.map { o[$0] }) }).scalars }
        for (position, index) in indices.enumerated() where !isIdentical(values[position], single[index]) {
          Issue.record(
            """
            \(operation.name)(\(operands.map { "\($0[index])" }.joined(separator: ", "))) is \(values[position]) at \
            position \(position) of \(size), \(single[index]) as a scalar
            """)
          return
        }
      }
    }
  }
}
