import CKernels

/// All there is to know about one operation: one block per operation, from which evaluation, the backward pass, the
/// tests, the benchmark and the printouts follow.
package struct Operation: Sendable {
  package let opcode: Opcode
  /// How the value is computed; nil for leaves, for views, which share their operand's memory, and for elementwise
  /// operations, whose opcode says it all.
  var forward: Forward? = nil
  /// What the derivative is made of; nil if none passes through this operation (comparisons, rounding).
  let derivative: Derivative?
  /// How tests and benchmarks exercise the operation.
  package let samples: [Sample]

  enum Derivative: Sendable {
    /// One program per operand; nil where the operand has no derivative.
    case elementwise([TracedProgram?])
    case structural(Structural)
  }

  /// How a value comes about when the operation is recorded, and again when a recorded program is replayed.
  struct Forward: Sendable {
    /// Writes the output's elements, from the operands' values and the attributes.
    let evaluate: @Sendable (Evaluation) throws(LinearAlgebraError) -> Void
    /// Bytes to be kept, if an operation keeps more than the output's elements.
    var byteCount: (@Sendable (Evaluation) -> Int)?

    init(
      byteCount: (@Sendable (Evaluation) -> Int)? = nil,
      _ evaluate: @escaping @Sendable (Evaluation) throws(LinearAlgebraError) -> Void
    ) {
      self.evaluate = evaluate
      self.byteCount = byteCount
    }
  }

  /// The derivative of an operation that is more than elementwise.
  struct Structural: Sendable {
    /// The values that a backward pass reads, by way of `fused` or else of `rule`: what a recorded program must keep for
    /// the backward pass.
    var reads: Reads = .all
    /// Adds to the operands' adjoints, in operations of the tape: run without recording this is the gradient, run
    /// with recording it can be differentiated again.
    let rule: @Sendable (Pullback) -> Void
    /// A kernel that does the same as `rule` in one pass, for operations where that was measured to pay.
    var fused: (@Sendable (DirectPullback) -> Void)?
    /// The output's tangent from those of the operands, for operations where transposing `rule` is wasteful or, as
    /// the rule is not linear code, impossible.
    var tangent: (@Sendable (Pushforward) -> NodeID?)?
    /// Whether `rule` and `tangent` can take a block: cotangents and tangents with one more leading axis.
    var isBlockable = false
    /// Whether `fused` can take a cotangent that is one number in every element.
    var takesUniform = false
  }

  /// Values that the derivative of an operation depends on: elements, and what a record keeps beside them. Shapes and
  /// attributes are always there.
  struct Reads: OptionSet, Sendable {
    let rawValue: UInt8
    static let operands = Reads(rawValue: 1)
    static let output = Reads(rawValue: 2)
    static let all: Reads = [.operands, .output]
    static let nothing: Reads = []
  }

  package var name: String { String(cString: opcode.cName) }
}

/// How to call an operation on sample inputs.
package struct Sample: Sendable {
  /// What distinguishes this sample from the others of its operation.
  package let name: String
  package let shapes: [Shape]
  /// Per operand, where the inputs of derivative tests are drawn from.
  package let domains: [ClosedRange<Double>]
  package let apply: @Sendable ([AnyTensor]) -> AnyTensor

  package init(
    _ name: String = "", _ shapes: [Shape], _ domains: [ClosedRange<Double>] = [],
    apply: @escaping @Sendable ([AnyTensor]) -> AnyTensor
  ) {
    self.name = name
    self.shapes = shapes
    self.domains = shapes.indices.map { $0 < domains.count ? domains[$0] : -2...2 }
    self.apply = apply
  }
}

/// A tensor of either scalar type, for samples.
package struct AnyTensor: Sendable {
  let handle: Handle

  package init<S>(_ tensor: Tensor<S>) { handle = tensor.handle }
  init(_ id: NodeID) { handle = Core.current.handle(id) }

  var id: NodeID { Core.current.resolve(handle) }

  /// The tensor with its type. Traps if the scalar type is another.
  package func typed<S>(_: S.Type = S.self) -> Tensor<S> {
    precondition(Core.current[record: id].pointee.scalarType == S.scalarType)
    return Tensor(handle: handle)
  }
}

extension Opcode {
  var cName: UnsafePointer<CChar> {
    withUnsafePointer(to: wg_operation_names) {
      UnsafeRawPointer($0).assumingMemoryBound(to: UnsafePointer<CChar>.self)[Int(rawValue)]
    }
  }
}

/// All operations, by opcode.
struct OperationTable: Sendable {
  static let shared = OperationTable(Operation.all)

  /// How the forward sweep of a backward pass treats a record.
  enum Kind: UInt8 { case differentiable, leaf, constant }

  /// Pullbacks so common that the sweep over scalars knows them without looking at the programs.
  enum Form: UInt8 { case sum, difference, product, other }

  /// The derivatives of operations that are more than elementwise, by opcode.
  nonisolated(unsafe) let structural: UnsafePointer<UnsafePointer<Operation.Structural>?>
  /// How values are computed, by opcode.
  nonisolated(unsafe) let forward: UnsafePointer<UnsafePointer<Operation.Forward>?>
  nonisolated(unsafe) let kinds: UnsafePointer<Kind>
  /// Three places per elementwise opcode; a program that no cotangent passes has an `instruction_count` of 255.
  nonisolated(unsafe) let programs: UnsafePointer<wg_program>
  /// What the programs of an elementwise opcode were found to be.
  nonisolated(unsafe) let forms: UnsafePointer<Form>

  private init(_ operations: [Operation]) {
    var byOpcode = [Operation?](repeating: nil, count: Int(WG_OPERATION_COUNT))
    let programs = UnsafeMutablePointer<wg_program>.allocate(capacity: Int(WG_ELEMENTWISE_COUNT) * 3)
    var none = wg_program()
    none.instruction_count = .max
    programs.initialize(repeating: none, count: Int(WG_ELEMENTWISE_COUNT) * 3)
    for operation in operations {
      let opcode = Int(operation.opcode.rawValue)
      precondition(byOpcode[opcode] == nil, "\(operation.name) is defined twice")
      byOpcode[opcode] = operation
      if case .elementwise(let traced) = operation.derivative {
        for (operand, program) in traced.enumerated() {
          guard var code = program?.code else { continue }
          code.operation = operation.opcode
          code.operand = UInt8(operand)
          programs[opcode * 3 + operand] = code
        }
      }
    }
    let kinds = UnsafeMutablePointer<Kind>.allocate(capacity: byOpcode.count)
    for (opcode, operation) in byOpcode.enumerated() {
      guard let operation else { preconditionFailure("operation \(opcode) is not defined") }
      kinds[opcode] = operation.derivative == nil ? .constant : .differentiable
    }
    kinds[Int(Opcode.leaf.rawValue)] = .leaf
    kinds[Int(Opcode.severed.rawValue)] = .leaf
    self.kinds = UnsafePointer(kinds)
    // Pointers: a copy of one of these would be a few references more to count, at every record.
    structural = Self.table(
      byOpcode.map { if case .structural(let derivative)? = $0?.derivative { derivative } else { nil } })
    forward = Self.table(byOpcode.map { $0?.forward })
    self.programs = UnsafePointer(programs)
    let forms = UnsafeMutablePointer<Form>.allocate(capacity: Int(WG_ELEMENTWISE_COUNT))
    for opcode in 0..<Int(WG_ELEMENTWISE_COUNT) {
      (forms + opcode).initialize(to: Form(programs[opcode * 3], programs[opcode * 3 + 1]))
    }
    self.forms = UnsafePointer(forms)
  }

  /// Where each entry that there is lies.
  private static func table<Entry>(_ entries: [Entry?]) -> UnsafePointer<UnsafePointer<Entry>?> {
    let table = UnsafeMutablePointer<UnsafePointer<Entry>?>.allocate(capacity: entries.count)
    for (opcode, entry) in entries.enumerated() {
      var place: UnsafePointer<Entry>?
      if let entry {
        let memory = UnsafeMutablePointer<Entry>.allocate(capacity: 1)
        memory.initialize(to: entry)
        place = UnsafePointer(memory)
      }
      (table + opcode).initialize(to: place)
    }
    return UnsafePointer(table)
  }

  /// The pullback of an elementwise operation to one operand, or nil if nothing passes.
  @inline(__always)
  func program(_ opcode: Opcode, _ operand: Int) -> UnsafePointer<wg_program>? {
    let program = programs + (Int(opcode.rawValue) &* 3 &+ operand)
    return program.pointee.instruction_count == .max ? nil : program
  }
}

extension OperationTable.Form {
  /// Recognizes the pullbacks of a sum, a difference and a product by what they do, whatever the operation is called.
  fileprivate init(_ left: wg_program, _ right: wg_program) {
    switch (left.localDerivative, right.localDerivative) {
    case (.one, .one): self = .sum
    case (.one, .minusOne): self = .difference
    case (.operand(1), .operand(0)): self = .product
    default: self = .other
    }
  }
}

extension wg_program {
  fileprivate enum LocalDerivative { case one, minusOne, operand(UInt8), other }

  /// What the cotangent is multiplied by, as far as that is simple.
  fileprivate var localDerivative: LocalDerivative {
    let cotangent = UInt8(wg_register_cotangent)
    switch (instruction_count, instructions.0.operation) {
    case (0, _): return result == cotangent ? .one : .other
    case (1, .negate): return instructions.0.a == cotangent ? .minusOne : .other
    case (1, .scaleCotangent):
      return instructions.0.a == cotangent && instructions.0.b < 2 ? .operand(instructions.0.b) : .other
    default: return .other
    }
  }
}

extension Operation {
  /// The operations of every family.
  package static let all: [Operation] = [
    arithmetic,
    powers,
    exponential,
    trigonometric,
    hyperbolic,
    special,
    activations,
    rounding,
    selection,
    leaves,
    views,
    slices,
    joining,
    triangles,
    taking,
    reductions,
    extrema,
    moments,
    scans,
    contractions,
    convolutions,
    pooling,
    normalized,
    labels,
    custom,
    checkpoints,
    gathering,
    linearSystems,
    triangularSystems,
    determinants,
    differentiability,
    factorizations,
    eigenvalues,
    singularValues,
    matrixFunctions,
    crossEntropy,
    losses,
    normalizations,
  ].flatMap { $0 }
}

/// A public function that is written with operations and so has no derivative of its own: what tests and benchmarks
/// have to know about it.
package struct Composite: Sendable {
  package let name: String
  package let samples: [Sample]

  package init(_ name: String, samples: [Sample]) {
    self.name = name
    self.samples = samples
  }

  /// The composite functions of every family.
  package static let all: [Composite] = [
    axisViews,
    joining,
    padding,
    gatheredElements,
    moments,
    sorting,
    counting,
    matrixFunctions,
    labels,
    losses,
    normalizations,
    attention,
    convolutions,
    einsums,
    crossProducts,
  ].flatMap { $0 }
}

extension Sample {
  /// A sample of a composite function. Tensors are named `Double`, but their records know their own scalar type, so
  /// that the same sample serves `Float`: the function must not read their elements.
  package static func of(
    _ name: String = "", _ shapes: [Shape], _ domains: [ClosedRange<Double>] = [],
    function: @escaping @Sendable ([Tensor<Double>]) -> Tensor<Double>
  ) -> Sample {
    Sample(name, shapes, domains) { operands in
      AnyTensor(function(operands.map { Tensor(handle: $0.handle) }))
    }
  }
}
