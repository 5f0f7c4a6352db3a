import BenchSupport

/// The layout of the tables of `bench ops`: one line per case and size, forward at the left, backward at the right.
struct OpsTable {
  enum Unit {
    case nanosecondsPerElement
    case gigaflops
  }

  /// What one line shows of one direction.
  struct Pass {
    let tape: Estimate
    let graph: Estimate
    let floor: Estimate?
    let limit: Row.Limit?
    /// How much of the time is the least that the machine can do it in.
    var limitFraction: Double? { limit.map { $0.nanoseconds / tape.median } }
    var floorRatio: Double? { floor.map { tape.median / $0.median } }
  }

  private let unit: Unit
  private let table: Table

  init(_ unit: Unit) {
    self.unit = unit
    let pass: [Table.Column] = [
      .init(title: "tape", width: 9), .init(title: "±", width: 5), .init(title: "closure", width: 8),
      .init(title: "ratio", width: 6),
      .init(title: unit == .gigaflops ? "BLAS" : "loop", width: 7),
      .init(title: unit == .gigaflops ? "/BLAS" : "/loop", width: 6), .init(title: "limit", width: 5),
    ]
    table = Table(
      columns: [
        .init(title: "operation", width: 15, isLeft: true),
        .init(title: unit == .gigaflops ? "n × n" : "elements", width: 9),
      ] + pass + pass)
  }

  func header(scalar: ScalarChoice) -> String {
    let unit = unit == .gigaflops ? "GFLOP/s" : "ns per element"
    return table.header(groups: [("", 2), ("forward, \(unit)", 7), ("backward, \(unit)", 7)])
  }

  func row(_ name: String, size: Int, _ passes: [Pass]) -> String {
    var cells = [name, Format.grouped(size)]
    for (index, pass) in passes.enumerated() {
      func shown(_ estimate: Estimate) -> String {
        switch unit {
        case .nanosecondsPerElement: return Format.number(estimate.median / Double(size))
        case .gigaflops:
          // Two products in the backward pass.
          let operations = Double(2 * (index + 1)) * Double(size) * Double(size) * Double(size)
          return Format.number(operations / estimate.median)
        }
      }
      cells += [
        shown(pass.tape), Format.percent(pass.tape), shown(pass.graph),
        Format.ratio(pass.graph.median / pass.tape.median),
        pass.floor.map(shown) ?? "", pass.floorRatio.map(Format.ratio) ?? "",
        pass.limitFraction.map { Format.fixed(100 * $0, 0) + "%" } ?? "",
      ]
    }
    return table.row(cells)
  }
}
