import Wengert

// What only rearranges elements is squared, as it would have no second derivative to be compared.

extension CaseFunctions {
  mutating func addShapes() {
    squared("reshaped") { x, p in x[0].reshaped(to: Shape(p.integers("shape")!)) }
    squared("broadcast") { x, p in x[0].broadcast(to: Shape(p.integers("shape")!)) }
    squared("transposed") { x, p in p.integers("axes").map { x[0].transposed($0[0], $0[1]) } ?? x[0].transposed() }
    squared("permuted") { x, p in x[0].permuted(p.integers("axes")!) }
    squared("expandingShape") { x, p in x[0].expandingShape(at: p.integers("axes")!) }
    squared("squeezed") { x, p in p.integers("axes").map { x[0].squeezed(along: $0) } ?? x[0].squeezed() }
    squared("flipped") { x, p in p.integers("axes").map { x[0].flipped(along: $0) } ?? x[0].flipped() }
    squared("diagonal") { x, p in x[0].diagonal(offset: p.integer("offset")!) }
    squared("diagonalMatrix") { x, p in x[0].diagonalMatrix(offset: p.integer("offset")!) }
    squared("upperTriangle") { x, p in x[0].upperTriangle(diagonal: p.integer("diagonal")!) }
    squared("lowerTriangle") { x, p in x[0].lowerTriangle(diagonal: p.integer("diagonal")!) }
    squared("trace") { x, _ in x[0].trace() }
    squared("subscript") { x, p in x[0][p.texts("slices")!.map(AxisSlice.init(text:))] }
    squared("sliced") { x, p in x[0].sliced(zip(p.integers("lower")!, p.integers("upper")!).map { $0..<$1 }) }
    addJoining()
    addPadding()
  }

  mutating func squared(_ name: String, _ function: @escaping Function) {
    add(name) { x, p in square(try function(x, p)) }
  }

  private mutating func addJoining() {
    squared("concatenated") { x, p in concatenated(x, along: p.integer("axis")!) }
    squared("stacked") { x, p in stacked(x, along: p.integer("axis")!) }
    squared("broadcastTogether") { x, p in broadcastTogether(x)[p.integer("part")!] }
    squared("split") { x, p in
      let axis = p.integer("axis")!
      let parts = p.integers("sizes").map { x[0].split(sizes: $0, along: axis) }
      return (parts ?? x[0].split(into: p.integer("count")!, along: axis))[p.integer("part")!]
    }
    squared("chunked") { x, p in
      x[0].chunked(into: p.integer("count")!, along: p.integer("axis")!)[p.integer("part")!]
    }
  }

  private mutating func addPadding() {
    squared("padded") { x, p in
      let (before, after) = (p.integers("before")!, p.integers("after")!)
      let padding: Padding =
        switch p.text("mode") {
        case "reflection": .reflection
        case "edge": .edge
        default: .constant(p.number("value") ?? 0)
        }
      if let axis = p.integer("axis") {
        return x[0].padded(before: before[0], after: after[0], along: axis, with: padding)
      }
      return x[0].padded(zip(before, after).map { (before: $0, after: $1) }, with: padding)
    }
    squared("rolled") { x, p in x[0].rolled(by: p.integer("places")!, along: p.integer("axis")!) }
    squared("tiled") { x, p in x[0].tiled(p.integers("counts")!) }
    squared("repeated") { x, p in x[0].repeated(p.integer("count")!, along: p.integer("axis")!) }
  }

  mutating func addIndexing() {
    squared("rows") { x, p in x[0].rows(at: p.indices) }
    squared("taking") { x, p in x[0].taking(p.indices, along: p.integer("axis")!) }
    squared("gathered") { x, p in x[0].gathered(at: p.indices, along: p.integer("axis")!) }
    squared("scatterAdded") { x, p in x[0].scatterAdded(x[1], at: p.indices, along: p.integer("axis")!) }
    add("oneHot") { x, p in .oneHot(p.indices, count: p.integer("count")!) * x[0] }
  }
}

extension AxisSlice {
  /// A slice as Python writes it: `2`, `1:6:2`, `::-1`, `...`; `new` is an axis of one element.
  fileprivate init(text: String) {
    if text == "..." {
      self = .ellipsis
    } else if text == "new" {
      self = .newAxis
    } else if let index = Int(text) {
      self = index.axisSlice
    } else {
      let bounds = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      let slice: AxisSlice =
        switch (bounds[0], bounds[1]) {
        case (let lower?, let upper?): .range(from: lower, to: upper)
        case (let lower?, nil): (lower...).axisSlice
        case (nil, let upper?): (..<upper).axisSlice
        case (nil, nil): .all
        }
      self = bounds.count > 2 ? slice.strided(by: bounds[2]!) : slice
    }
  }
}
