import Wengert

extension CaseFunctions {
  mutating func addContractions() {
    add("matmul") { x, _ in matmul(x[0], x[1]) }
    add("affine") { x, _ in affine(x[0], x[1], x[2]) }
    add("dot") { x, _ in dot(x[0], x[1]) }
    add("outer") { x, _ in outer(x[0], x[1]) }
    add("einsum") { x, p in einsum(p.text("equation")!, x) }
    add("tensordot") { x, p in
      if let count = p.integer("count") { return tensordot(x[0], x[1], axes: count) }
      return tensordot(x[0], x[1], axes: (p.integers("first")!, p.integers("second")!))
    }
    add("convolution") { x, p in
      convolution(
        x[0], x[1], bias: x.count > 2 ? x[2] : nil, stride: p.perAxis("stride") ?? 1, padding: p.padding,
        dilation: p.perAxis("dilation") ?? 1, groups: p.integer("groups") ?? 1)
    }
    add("transposedConvolution") { x, p in
      transposedConvolution(
        x[0], x[1], bias: x.count > 2 ? x[2] : nil, stride: p.perAxis("stride") ?? 1, padding: p.padding,
        outputPadding: p.perAxis("outputPadding") ?? 0, dilation: p.perAxis("dilation") ?? 1,
        groups: p.integer("groups") ?? 1)
    }
    add("maxPool") { x, p in
      maxPool(
        x[0], window: p.perAxis("window")!, stride: p.perAxis("stride"), padding: p.padding,
        dilation: p.perAxis("dilation") ?? 1, ceilMode: p.flag("ceilMode"))
    }
    add("averagePool") { x, p in
      averagePool(
        x[0], window: p.perAxis("window")!, stride: p.perAxis("stride"), padding: p.padding,
        ceilMode: p.flag("ceilMode"), countsPadding: p.flag("countsPadding"))
    }
  }
}

extension Parameters {
  fileprivate func perAxis(_ name: String) -> PerAxis? {
    integer(name).map { .all($0) } ?? integers(name).map { .each($0) }
  }

  fileprivate var padding: WindowPadding {
    if let low = perAxis("low"), let high = perAxis("high") { return .sides(low: low, high: high) }
    return text("padding") == "same" ? .same : perAxis("padding").map { .symmetric($0) } ?? .valid
  }
}
