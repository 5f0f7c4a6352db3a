import CKernels
import CLinearAlgebra

// Recording an elementwise operation: the path that everything else is measured against.

/// Records `a op b` for the public function that calls it.
@usableFromInline @inline(never)
func recordBinary(_ opcode: Opcode, _ a: Handle, _ b: Handle) -> Handle {
  let core = Core.recording
  return core.handle(core.elementwise(opcode, core.resolve(a), core.resolve(b)))
}

/// Records an operation of a tensor and a number, the number on the right or on the left.
@usableFromInline @inline(never)
func recordBinary(_ opcode: Opcode, _ a: Handle, scalar: Double, scalarFirst: Bool = false) -> Handle {
  let core = Core.recording
  let a = core.resolve(a)
  let b = core.constant(scalar, core[record: a].pointee.scalarType)
  return core.handle(scalarFirst ? core.elementwise(opcode, b, a) : core.elementwise(opcode, a, b))
}

/// Records an operation of one operand.
@usableFromInline @inline(never)
func recordUnary(_ opcode: Opcode, _ a: Handle) -> Handle {
  let core = Core.recording
  return core.handle(core.elementwise(opcode, core.resolve(a)))
}

extension UnsafeMutablePointer<TapeCore> {
  @inline(__always)
  func elementwise(_ opcode: Opcode, _ a: NodeID) -> NodeID {
    let record = self[record: a]
    let type = record.pointee.scalarType
    if record.pointee.layout == LayoutTable.scalar {
      let value = pointee.values.allocateScalar()
      let x = record.pointee.value
      if type == .double {
        value.storeBytes(of: wg_scalar_f64(opcode, x.load(as: Double.self), 0, 0), as: Double.self)
      } else {
        value.storeBytes(of: wg_scalar_f32(opcode, x.load(as: Float.self), 0, 0), as: Float.self)
      }
      return append(opcode, type, layout: LayoutTable.scalar, value: value, operands: (a, -1))
    }
    return elementwiseArray(opcode, a)
  }

  @inline(__always)
  func elementwise(_ opcode: Opcode, _ a: NodeID, _ b: NodeID) -> NodeID {
    let x = self[record: a]
    let y = self[record: b]
    let type = x.pointee.scalarType
    if x.pointee.layout | y.pointee.layout == LayoutTable.scalar {
      let value = pointee.values.allocateScalar()
      if type == .double {
        let result = wg_scalar_f64(
          opcode, x.pointee.value.load(as: Double.self), y.pointee.value.load(as: Double.self), 0)
        value.storeBytes(of: result, as: Double.self)
      } else {
        let result = wg_scalar_f32(
          opcode, x.pointee.value.load(as: Float.self), y.pointee.value.load(as: Float.self), 0)
        value.storeBytes(of: result, as: Float.self)
      }
      return append(opcode, type, layout: LayoutTable.scalar, value: value, operands: (a, b))
    }
    return elementwiseArray(opcode, a, b)
  }

  @inline(never)
  private func elementwiseArray(_ opcode: Opcode, _ a: NodeID) -> NodeID {
    let record = self[record: a].pointee
    let type = record.scalarType
    let from = pointee.layouts[record.layout]
    let layout = from.isContiguous ? record.layout : pointee.layouts.number(of: from.shape)
    let value = allocate(layout, type)
    let shape = pointee.layouts[layout]
    withView(record, over: shape) { apply(opcode, ($0, $0, $0), shape, type, value) }
    return append(opcode, type, layout: layout, value: value, operands: (a, -1))
  }

  @inline(never)
  private func elementwiseArray(_ opcode: Opcode, _ a: NodeID, _ b: NodeID) -> NodeID {
    let x = self[record: a].pointee
    let y = self[record: b].pointee
    var layout = x.layout
    if x.layout != y.layout || !pointee.layouts[layout].isContiguous {
      layout = broadcastLayout(opcode, SIMD4(a, b, -1, -1))
    }
    let shape = pointee.layouts[layout]
    let value = allocate(layout, x.scalarType)
    withViews(x, y, over: shape) { apply(opcode, ($0, $1, $0), shape, x.scalarType, value) }
    return append(opcode, x.scalarType, layout: layout, value: value, operands: (a, b))
  }

  func elementwise(_ opcode: Opcode, _ a: NodeID, _ b: NodeID, _ c: NodeID) -> NodeID {
    let (x, y, z) = (self[record: a].pointee, self[record: b].pointee, self[record: c].pointee)
    let layout = broadcastLayout(opcode, SIMD4(a, b, c, -1))
    let shape = pointee.layouts[layout]
    let value = allocate(layout, y.scalarType)
    withView(x, over: shape) { x in
      withViews(y, z, over: shape) { y, z in apply(opcode, (x, y, z), shape, self[record: b].pointee.scalarType, value)
      }
    }
    return append(
      opcode, y.scalarType, layout: layout, value: value, attributes: attributes(3, Int(a), Int(b), Int(c)),
      flags: .hasManyOperands)
  }

  /// Computes an elementwise record's value anew, where it lies.
  func evaluateElementwise(_ id: NodeID) {
    let record = self[record: id].pointee
    let shape = pointee.layouts[record.layout]
    let count = operandCount(id)
    let a = self[record: operand(id, 0)].pointee
    let b = count > 1 ? self[record: operand(id, 1)].pointee : a
    let c = count > 2 ? self[record: operand(id, 2)].pointee : a
    withView(c, over: shape) { z in
      withViews(a, b, over: shape) { x, y in apply(record.opcode, (x, y, z), shape, record.scalarType, record.value) }
    }
  }

  /// An elementwise operation of as many operands as it takes: a rule that is replayed, or a sample.
  func elementwise(_ opcode: Opcode, _ operands: [NodeID]) -> NodeID {
    switch operands.count {
    case 1: elementwise(opcode, operands[0])
    case 2: elementwise(opcode, operands[0], operands[1])
    default: elementwise(opcode, operands[0], operands[1], operands[2])
    }
  }

  private func apply(
    _ opcode: Opcode, _ views: (wg_view, wg_view, wg_view), _ shape: UnsafePointer<wg_layout>, _ type: ScalarType,
    _ value: UnsafeMutableRawPointer
  ) {
    withUnsafePointer(to: views) {
      let operands = UnsafeRawPointer($0).assumingMemoryBound(to: wg_view.self)
      if type == .double {
        wg_apply_f64(opcode, operands, shape, value.assumingMemoryBound(to: Double.self))
      } else {
        wg_apply_f32(opcode, operands, shape, value.assumingMemoryBound(to: Float.self))
      }
    }
  }

  // MARK: Broadcasting

  /// The contiguous layout of the shape that the operands' shapes broadcast to; traps if they do not.
  /// Absent operands are -1.
  func broadcastLayout(_ opcode: Opcode, _ operands: SIMD4<NodeID>) -> Int32 {
    var rank = 0
    for index in 0..<4 where operands[index] >= 0 { rank = Swift.max(rank, layout(operands[index]).rank) }
    var shape = Shape(rank: rank)
    for axis in 0..<shape.count {
      var size: Int64 = 1
      for index in 0..<4 where operands[index] >= 0 {
        let layout = layout(operands[index])
        let own = axis - (shape.count - layout.rank)
        guard own >= 0, layout.sizes[own] != 1, layout.sizes[own] != size else { continue }
        guard size == 1 else {
          let shapes = (0..<4).filter { operands[$0] >= 0 }.map { self.shape(operands[$0]) }
          misuse(.broadcast(opcode.displayName, shapes))
        }
        size = layout.sizes[own]
      }
      shape.setSize(Int(size), at: axis)
    }
    checkElementCount(shape)
    return pointee.layouts.number(of: shape)
  }

  /// Broadcasting can make a shape that no array could have.
  func checkElementCount(_ shape: Shape) {
    var count = 1
    var overflows = false
    for size in shape {
      let product = count.multipliedReportingOverflow(by: size)
      overflows = overflows || product.overflow
      count = product.partialValue
    }
    if overflows && !shape.contains(0) || count > Int.max / 8 { misuse(.tooManyElements(Array(shape))) }
  }

  /// The record's value as if its shape were `shape`: repeated axes have stride 0.
  ///
  /// A large array that lies across the order of its elements is copied first, for the time of `body`: that goes by
  /// squares, while every single element would be fetched with a line of the cache.
  @inline(__always)
  func withView<R>(_ record: Record, over shape: UnsafePointer<wg_layout>, _ body: (wg_view) -> R) -> R {
    let own = pointee.layouts[record.layout]
    if !own.isContiguous && own.liesAcross { return withCopy(record, over: shape, body) }
    if own.hasSameSizes(as: shape) { return body(wg_view(data: record.value, layout: own)) }
    var broadcast = own.broadcast(to: shape)
    return withUnsafePointer(to: &broadcast) { body(wg_view(data: record.value, layout: $0)) }
  }

  @inline(never)
  private func withCopy<R>(_ record: Record, over shape: UnsafePointer<wg_layout>, _ body: (wg_view) -> R) -> R {
    var copy = record
    copy.layout = pointee.layouts.number(of: pointee.layouts.shape(record.layout))
    let mark = pointee.values.mark
    defer { pointee.values.reset(to: mark) }
    let (from, dense) = (pointee.layouts[record.layout], pointee.layouts[copy.layout])
    copy.value = pointee.values.allocate(dense.elementCount * record.scalarType.byteCount)
    if record.scalarType == .double {
      wg_copy_f64(record.value.f64, from, copy.value.f64, dense, false)
    } else {
      wg_copy_f32(record.value.f32, from, copy.value.f32, dense, false)
    }
    return withView(copy, over: shape, body)
  }

  @inline(__always)
  func withViews<R>(
    _ a: Record, _ b: Record, over shape: UnsafePointer<wg_layout>, _ body: (wg_view, wg_view) -> R
  ) -> R {
    withView(a, over: shape) { x in withView(b, over: shape) { y in body(x, y) } }
  }
}

extension UnsafePointer<wg_layout> {
  /// Whether the elements are many, and neighbours in memory are not neighbours along the last axis but along another.
  fileprivate var liesAcross: Bool {
    let rank = rank
    guard elementCount >= 1 << 14, sizes[rank - 1] >= 16, strides[rank - 1].magnitude >= 16 else { return false }
    return (0..<rank - 1).contains { strides[$0].magnitude == 1 && sizes[$0] >= 16 }
  }

  /// This layout stretched over a shape that it broadcasts to.
  func broadcast(to shape: UnsafePointer<wg_layout>) -> wg_layout {
    var result = shape.pointee
    let own = self
    let missing = shape.rank - rank
    result.withMutableAxes { sizes, strides in
      for axis in 0..<shape.rank {
        let from = axis - missing
        strides[axis] = from < 0 || own.sizes[from] == 1 && sizes[axis] != 1 ? 0 : own.strides[from]
      }
    }
    result.finish()
    return result
  }
}

extension Opcode {
  /// What messages call the operation.
  var displayName: String {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    case .less: ".<"
    case .lessOrEqual: ".<="
    case .greater: ".>"
    case .greaterOrEqual: ".>="
    case .equal: ".=="
    case .notEqual: ".!="
    case .select: "where(_:_:_:)"
    case .pow: "pow(_:_:)"
    case .maximum: "maximum(_:_:)"
    case .minimum: "minimum(_:_:)"
    case .atan2: "atan2(_:_:)"
    case .hypot: "hypot(_:_:)"
    case .xlogy: "xlogy(_:_:)"
    case .remainder: "remainder(_:_:)"
    default: String(cString: cName)
    }
  }
}
