import Wengert
import WengertNN

/// A picture, as SVG, of what a classifier of two classes has learned of points in the plane.
///
/// The background shows the probability of class 1 in bands, a dark line where it is one half, the points their
/// classes. Equal arguments give equal text. Traps unless the model takes two inputs and gives two logits.
///
/// - Parameters:
///   - model: The classifier.
///   - data: The points to show; the picture is as large as they need.
///   - title: What stands above the picture.
///   - subtitle: What stands below the title, smaller.
func decisionBoundarySVG<Scalar: TensorScalar>(
  of model: some Layer<Scalar>, on data: LabeledData<Scalar>, title: String, subtitle: String
) -> String {
  DecisionBoundary(data).svg(model, data, title, subtitle)
}

/// Where the plane lies on the paper.
private struct DecisionBoundary {
  static let margin = 24.0
  static let top = 92.0
  static let width = 752.0
  static let levels = [0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98]
  static let ink = "#24292f"
  static let fainter = "#6b7580"
  static let classColors = ["#2f6cb3", "#d9652b"]

  let x: ClosedRange<Double>
  let y: ClosedRange<Double>
  var scale: Double { Self.width / (x.upperBound - x.lowerBound) }
  var height: Double { scale * (y.upperBound - y.lowerBound) }

  init<Scalar>(_ data: LabeledData<Scalar>) {
    func range(_ column: Int) -> ClosedRange<Double> {
      let values = (0..<data.count).map { Double(data.inputs[$0, column]) }
      return (values.min() ?? 0) - 0.25...(values.max() ?? 0) + 0.25
    }
    x = range(0)
    y = range(1)
  }

  func svg<Scalar: TensorScalar>(
    _ model: some Layer<Scalar>, _ data: LabeledData<Scalar>, _ title: String, _ subtitle: String
  ) -> String {
    let (width, height) = (Self.width + 2 * Self.margin, Self.top + height + Self.margin)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width.text) \(height.text)" \
      font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">
      <rect width="\(width.text)" height="\(height.text)" rx="10" fill="#ffffff"/>
      <text x="\(Self.margin.text)" y="44" font-size="24" font-weight="600" fill="\(Self.ink)">\(title.escaped)</text>
      <text x="\(Self.margin.text)" y="70" font-size="14" fill="\(Self.fainter)">\(subtitle.escaped)</text>
      \(legend(right: width - Self.margin))
      <clipPath id="plane"><rect width="\(Self.width.text)" height="\(self.height.text)" rx="8"/></clipPath>
      <g transform="translate(\(Self.margin.text) \(Self.top.text))" clip-path="url(#plane)">
      <rect width="\(Self.width.text)" height="\(self.height.text)" fill="\(Self.bandColor(0))"/>
      \(bands(model))
      \(points(data))
      </g>
      </svg>

      """
  }

  // MARK: Background

  private func bands<Scalar: TensorScalar>(_ model: some Layer<Scalar>) -> String {
    let (columns, rows) = (160, Int((160 * height / Self.width).rounded()))
    var grid: [Scalar] = []
    for row in 0..<rows {
      for column in 0..<columns {
        let (left, down) = onPaper((Double(column) / Double(columns - 1), Double(row) / Double(rows - 1)))
        grid.append(Scalar(x.lowerBound + left / scale))
        grid.append(Scalar(y.upperBound - down / scale))
      }
    }
    let inputs = ShapedArray(shape: [rows * columns, 2], scalars: grid)
    let probabilities = model.probabilities(of: inputs)
    precondition(probabilities.shape == [rows * columns, 2], "a decision boundary lies between two classes")
    let contours = Contours(
      columns: columns, rows: rows, values: (0..<rows * columns).map { Double(probabilities[$0, 1]) })
    var lines = Self.levels.enumerated().map { band, level in
      """
      <path d="\(path(contours.loops(at: level)))" fill="\(Self.bandColor(band + 1))" stroke="#ffffff" \
      stroke-opacity="0.55" stroke-width="0.8"/>
      """
    }
    lines.append(
      """
      <path d="\(path(contours.loops(at: 0.5)))" fill="none" stroke="\(Self.ink)" stroke-width="2.2" \
      stroke-linejoin="round"/>
      """)
    return lines.joined(separator: "\n")
  }

  private func path(_ loops: [[Contours.Point]]) -> String {
    loops.map { loop in
      "M" + loop.map(onPaper).map { "\($0.x.text) \($0.y.text)" }.joined(separator: "L") + "Z"
    }.joined()
  }

  /// The place of a point of the unit square: a little larger than the picture, so that lines along the edge are out
  /// of sight.
  private func onPaper(_ point: Contours.Point) -> Contours.Point {
    let bleed = 6.0
    return (point.x * (Self.width + 2 * bleed) - bleed, point.y * (height + 2 * bleed) - bleed)
  }

  /// From blue by way of near white to orange, by how many levels have been passed.
  private static func bandColor(_ band: Int) -> String {
    let stops: [SIMD3<Double>] = [[172, 203, 236], [248, 248, 246], [249, 199, 163]]
    let t = 2 * Double(band) / Double(levels.count)
    let color = t < 1 ? stops[0] + (stops[1] - stops[0]) * t : stops[1] + (stops[2] - stops[1]) * (t - 1)
    return "rgb(\((0..<3).map { "\(Int(color[$0].rounded()))" }.joined(separator: ",")))"
  }

  // MARK: Points and legend

  private func points<Scalar>(_ data: LabeledData<Scalar>) -> String {
    let circles = (0..<data.count).map { row in
      let left = (Double(data.inputs[row, 0]) - x.lowerBound) * scale
      let down = (y.upperBound - Double(data.inputs[row, 1])) * scale
      return """
        <circle cx="\(left.text)" cy="\(down.text)" r="3.6" fill="\(Self.classColors[data.labels[row] == 0 ? 0 : 1])"/>
        """
    }
    return "<g stroke=\"#ffffff\" stroke-width=\"0.9\">\n" + circles.joined(separator: "\n") + "\n</g>"
  }

  private func legend(right: Double) -> String {
    let (barWidth, barHeight) = (160.0, 10.0)
    let left = right - barWidth
    let step = barWidth / Double(Self.levels.count + 1)
    var parts = (0...Self.levels.count).map { band in
      """
      <rect x="\((left + Double(band) * step).text)" y="52" width="\((step + 0.3).text)" height="\(barHeight.text)" \
      fill="\(Self.bandColor(band))"/>
      """
    }
    parts.append(
      """
      <path d="M\((left + barWidth / 2).text) 49v16" stroke="\(Self.ink)" stroke-width="2.2"/>
      <g font-size="12.5" fill="\(Self.fainter)"><text x="\(left.text)" y="42">probability of class 1</text>
      <text x="\(left.text)" y="79">0</text>
      <text x="\((left + barWidth / 2).text)" y="79" text-anchor="middle">½</text>
      <text x="\(right.text)" y="79" text-anchor="end">1</text></g>
      """)
    return parts.joined(separator: "\n")
  }
}

extension Double {
  /// With one digit after the point, if any.
  fileprivate var text: String {
    let tenths = Int((self * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let (whole, digit) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
    return digit == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(digit)"
  }
}

extension String {
  /// With the characters that mean something in XML spelled out.
  fileprivate var escaped: String {
    reduce(into: "") { text, character in
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      default: text.append(character)
      }
    }
  }
}
