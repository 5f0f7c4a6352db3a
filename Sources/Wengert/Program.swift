import CKernels

/// A pullback of an elementwise operation, traced from its rule.
struct TracedProgram: Sendable {
  var code: wg_program
}

/// A value in a rule that is being traced: an operand, the output, its cotangent, or something computed from them.
///
/// A rule is written once, as an expression in terms. Tracing it gives a short program, which is interpreted block
/// by block for gradients, and recorded instruction by instruction for gradients that are differentiated again.
struct Term {
  fileprivate let register: UInt8
  fileprivate unowned let tracer: Tracer
}

private final class Tracer {
  var code = wg_program()
  var instructions: [wg_instruction] = []
  var constants: [Double] = []
  var next = UInt8(wg_register_first_constant) + UInt8(MemoryLayout.size(ofValue: wg_program().constants) / 8)
}

extension TracedProgram {
  /// Traces one rule.
  init(_ rule: (_ x: (Term, Term, Term), _ y: Term, _ cotangent: Term) -> Term) {
    let tracer = Tracer()
    func input(_ register: Int) -> Term { Term(register: UInt8(register), tracer: tracer) }
    let result = rule(
      (input(0), input(1), input(2)), input(wg_register_output),
      input(wg_register_cotangent))
    var code = wg_program()
    precondition(tracer.instructions.count <= WG_INSTRUCTION_COUNT)
    precondition(tracer.next <= UInt8(WG_REGISTER_COUNT))
    withUnsafeMutableBytes(of: &code.instructions) { bytes in
      let target = bytes.assumingMemoryBound(to: wg_instruction.self)
      for (index, instruction) in tracer.instructions.enumerated() { target[index] = instruction }
    }
    withUnsafeMutableBytes(of: &code.constants) { bytes in
      let target = bytes.assumingMemoryBound(to: Double.self)
      for (index, constant) in tracer.constants.enumerated() { target[index] = constant }
    }
    code.instruction_count = UInt8(tracer.instructions.count)
    code.constant_count = UInt8(tracer.constants.count)
    code.register_count = tracer.next
    code.result = result.register
    // The interpreter writes the last instruction's result straight to its destination.
    precondition(tracer.instructions.last.map { $0.target == result.register } ?? true)
    for instruction in tracer.instructions {
      let reads = [instruction.a, instruction.b, instruction.c].prefix(instruction.operation.arity)
      for register in reads where Int(register) < WG_INPUT_COUNT { code.reads |= 1 << register }
    }
    if Int(result.register) < WG_INPUT_COUNT { code.reads |= 1 << result.register }
    self.code = code
  }
}

extension Term {
  fileprivate static func apply(_ operation: Opcode, _ a: Term, _ b: Term? = nil, _ c: Term? = nil) -> Term {
    let tracer = a.tracer
    let target = tracer.next
    tracer.next += 1
    tracer.instructions.append(
      wg_instruction(
        operation: operation, target: target, a: a.register, b: (b ?? a).register, c: (c ?? a).register))
    return Term(register: target, tracer: tracer)
  }

  fileprivate func constant(_ value: Double) -> Term {
    let index = tracer.constants.firstIndex(of: value) ?? tracer.constants.count
    if index == tracer.constants.count { tracer.constants.append(value) }
    return Term(register: UInt8(wg_register_first_constant + index), tracer: tracer)
  }

  static func + (a: Term, b: Term) -> Term { apply(.add, a, b) }
  static func - (a: Term, b: Term) -> Term { apply(.subtract, a, b) }
  static func * (a: Term, b: Term) -> Term { apply(.multiply, a, b) }
  static func / (a: Term, b: Term) -> Term { apply(.divide, a, b) }
  static func + (a: Term, b: Double) -> Term { a + a.constant(b) }
  static func - (a: Term, b: Double) -> Term { a - a.constant(b) }
  static func - (a: Double, b: Term) -> Term { b.constant(a) - b }
  static func * (a: Double, b: Term) -> Term { b.constant(a) * b }
  static prefix func - (a: Term) -> Term { apply(.negate, a) }

  /// This cotangent times a local derivative: 0 where the cotangent is 0, even if the derivative is not finite.
  func scaled(by derivative: Term) -> Term { .apply(.scaleCotangent, self, derivative) }
  /// This cotangent times another one, of an enclosing pass: 0 where either is, even if the other is not finite.
  func scaled(strongly cotangent: Term) -> Term { .apply(.strongProduct, self, cotangent) }
  /// This cotangent divided by a term: 0 where the cotangent is 0.
  func divided(by term: Term) -> Term { .apply(.divideCotangent, self, term) }

  func equals(_ other: Double) -> Term { .apply(.equal, self, constant(other)) }
  func isLess(than other: Term) -> Term { .apply(.less, self, other) }
  func isGreater(than other: Term) -> Term { .apply(.greater, self, other) }
  func isAtMost(_ other: Term) -> Term { .apply(.lessOrEqual, self, other) }
  func isAtLeast(_ other: Term) -> Term { .apply(.greaterOrEqual, self, other) }
  func isGreater(than other: Double) -> Term { .apply(.greater, self, constant(other)) }
  func isAtMost(_ other: Double) -> Term { .apply(.lessOrEqual, self, constant(other)) }
  func isAtLeast(_ other: Double) -> Term { .apply(.greaterOrEqual, self, constant(other)) }
  /// `a` where this term is not 0, else `b`.
  func select(_ a: Term, _ b: Term) -> Term { .apply(.select, self, a, b) }
  func select(_ a: Double, _ b: Term) -> Term { .apply(.select, self, constant(a), b) }
  func select(_ a: Term, _ b: Double) -> Term { .apply(.select, self, a, constant(b)) }
}

func exp(_ x: Term) -> Term { .apply(.exp, x) }
func expMinusOne(_ x: Term) -> Term { .apply(.expMinusOne, x) }
func log(_ x: Term) -> Term { .apply(.log, x) }
func sqrt(_ x: Term) -> Term { .apply(.squareRoot, x) }
func square(_ x: Term) -> Term { .apply(.square, x) }
func abs(_ x: Term) -> Term { .apply(.absolute, x) }
func sigmoid(_ x: Term) -> Term { .apply(.sigmoid, x) }
func sin(_ x: Term) -> Term { .apply(.sin, x) }
func cos(_ x: Term) -> Term { .apply(.cos, x) }
func sinh(_ x: Term) -> Term { .apply(.sinh, x) }
func cosh(_ x: Term) -> Term { .apply(.cosh, x) }
func hypot(_ x: Term, _ y: Double) -> Term { .apply(.hypot, x, x.constant(y)) }
func hypot(_ x: Term, _ y: Term) -> Term { .apply(.hypot, x, y) }
func erfc(_ x: Term) -> Term { .apply(.erfc, x) }
func digamma(_ x: Term) -> Term { .apply(.digamma, x) }
func polygamma(_ order: Double, _ x: Term) -> Term { .apply(.polygamma, x.constant(order), x) }
func polygamma(_ order: Term, _ x: Term) -> Term { .apply(.polygamma, order, x) }
func rounded(_ x: Term) -> Term { .apply(.rounded, x) }
func sign(_ x: Term) -> Term { .apply(.sign, x) }
func relu(_ x: Term) -> Term { .apply(.relu, x) }
func maximum(_ x: Term, _ y: Term) -> Term { .apply(.maximum, x, y) }
func minimum(_ x: Term, _ y: Term) -> Term { .apply(.minimum, x, y) }
func pow(_ x: Term, _ y: Term) -> Term { .apply(.pow, x, y) }
func powerSlope(_ x: Term, _ y: Term) -> Term { .apply(.powerSlope, x, y) }
func maximumShare(_ x: Term, _ y: Term) -> Term { .apply(.maximumShare, x, y) }
func minimumShare(_ x: Term, _ y: Term) -> Term { .apply(.minimumShare, x, y) }

// MARK: - Blocks of elementwise operations

extension Operation {
  /// An operation of one operand: `x`, the output `y` and its cotangent `c` give the operand's adjoint.
  static func unary(
    _ opcode: Opcode, over domain: ClosedRange<Double> = -2...2,
    _ rule: ((_ x: Term, _ y: Term, _ c: Term) -> Term)?
  ) -> Operation {
    Operation(
      opcode: opcode,
      derivative: rule.map { rule in .elementwise([TracedProgram { x, y, c in rule(x.0, y, c) }]) },
      samples: Sample.elementwise(opcode, [domain]))
  }

  /// An operation of two operands: `a`, `b`, the output `y` and its cotangent `c` give either operand's adjoint.
  static func binary(
    _ opcode: Opcode, over domains: [ClosedRange<Double>] = [-2...2, -2...2],
    _ left: ((_ a: Term, _ b: Term, _ y: Term, _ c: Term) -> Term)?,
    _ right: ((_ a: Term, _ b: Term, _ y: Term, _ c: Term) -> Term)?
  ) -> Operation {
    let programs = [left, right].map { rule in
      rule.map { rule in TracedProgram { x, y, c in rule(x.0, x.1, y, c) } }
    }
    return Operation(
      opcode: opcode, derivative: left == nil && right == nil ? nil : .elementwise(programs),
      samples: Sample.elementwise(opcode, domains))
  }
}

extension Sample {
  /// The shapes that elementwise operations are tested on: scalars, empty ones, every pattern of broadcasting.
  static func elementwise(_ opcode: Opcode, _ domains: [ClosedRange<Double>]) -> [Sample] {
    let patterns: [[Shape]]
    switch domains.count {
    case 1: patterns = [[[]], [[1]], [[7]], [[2, 3]], [[0]], [[3, 0, 2]], [[2, 1, 3, 2]]]
    case 2:
      patterns = [
        [[], []], [[5], [5]], [[], [4]], [[4], []], [[1], []], [[3, 4], [4]], [[4], [3, 4]], [[3, 1], [1, 4]],
        [[3, 4], [3, 1]], [[1, 3], [0, 3]], [[2, 1, 2], [3, 1]], [[1, 1], [2, 3]], [[0], [1]],
        [[2, 3, 4], [2, 1, 4]],
      ]
    default:
      patterns = [
        [[], [], []], [[5], [5], [5]], [[3, 1], [4], []], [[2, 3], [2, 3], [3]], [[0, 3], [3], [1, 1]],
      ]
    }
    return patterns.map { shapes in
      Sample(shapes.map(\.description).joined(separator: " "), shapes, domains) { operands in
        AnyTensor(Core.current.elementwise(opcode, operands.map(\.id)))
      }
    }
  }
}
