/// The borders of the regions of a field of numbers, by marching squares.
struct Contours {
  typealias Point = (x: Double, y: Double)

  private let columns: Int
  private let rows: Int
  private let values: [Double]

  /// A field of rows × columns numbers, at points spaced evenly over the unit square.
  init(columns: Int, rows: Int, values: [Double]) {
    // A frame of its own around the field lets every border close, along the edge of the picture if need be.
    self.columns = columns + 2
    self.rows = rows + 2
    var framed: [Double] = []
    for row in -1...rows {
      for column in -1...columns {
        let isInside = 0..<rows ~= row && 0..<columns ~= column
        framed.append(isInside ? values[row * columns + column] : -.infinity)
      }
    }
    self.values = framed
  }

  /// The closed lines around the regions where the field is at least `level`.
  func loops(at level: Double) -> [[Point]] {
    // Edges are numbered by the grid point they start from: 2n goes right, 2n + 1 down. A line that enters a cell
    // through an edge left the neighbor through it, so following `next` goes once around a region.
    var next: [Int: Int] = [:]
    for row in 0..<rows - 1 {
      for column in 0..<columns - 1 { link(cell: row * columns + column, level, &next) }
    }
    var loops: [[Point]] = []
    for start in next.keys.sorted() {
      var loop: [Point] = []
      var edge = start
      while let following = next.removeValue(forKey: edge) {
        loop.append(crossing(edge, level))
        edge = following
      }
      if !loop.isEmpty { loops.append(loop) }
    }
    return loops
  }

  private func link(cell: Int, _ level: Double, _ next: inout [Int: Int]) {
    // Clockwise: corners, and the edge from each to the one after.
    let corners = [cell, cell + 1, cell + columns + 1, cell + columns]
    let edges = [2 * cell, 2 * (cell + 1) + 1, 2 * (cell + columns), 2 * cell + 1]
    let isInside = corners.map { values[$0] >= level }
    let falling = (0..<4).filter { isInside[$0] && !isInside[($0 + 1) % 4] }
    let isCenterInside = corners.reduce(0) { $0 + values[$1] } / 4 >= level
    for edge in falling {
      // With two regions in the cell, its center decides whether they touch; with one there is no choice.
      var other = edge
      repeat { other = (other + (isCenterInside ? 1 : 3)) % 4 } while isInside[other] || !isInside[(other + 1) % 4]
      next[edges[edge]] = edges[other]
    }
  }

  private func crossing(_ edge: Int, _ level: Double) -> Point {
    let start = edge / 2
    let end = start + (edge % 2 == 0 ? 1 : columns)
    let (a, b) = (values[start], values[end])
    let t = a.isInfinite ? 1 : b.isInfinite ? 0 : (level - a) / (b - a)
    let (from, to) = (place(start), place(end))
    return (from.x + t * (to.x - from.x), from.y + t * (to.y - from.y))
  }

  private func place(_ point: Int) -> Point {
    let x = Double(point % columns - 1) / Double(columns - 3)
    let y = Double(point / columns - 1) / Double(rows - 3)
    return (min(max(x, 0), 1), min(max(y, 0), 1))
  }
}
