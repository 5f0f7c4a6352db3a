import Foundation

#if arch(x86_64)
  /// The type that reference values are computed in.
  typealias Wide = Float80
#else
  typealias Wide = Double
#endif

/// The elementary functions in a wider type, by formulas other than the library's.
enum Reference {
  static func exp(_ x: Wide) -> Wide { Foundation.exp(x) }
  static func log(_ x: Wide) -> Wide { Foundation.log(x) }
  static func tanh(_ x: Wide) -> Wide { Foundation.tanh(x) }
  static func sqrt(_ x: Wide) -> Wide { x.squareRoot() }
  static func pow(_ x: Wide, _ y: Wide) -> Wide { Foundation.pow(x, y) }
  static func sin(_ x: Wide) -> Wide { Foundation.sin(x) }
  static func cos(_ x: Wide) -> Wide { Foundation.cos(x) }
  static func erfc(_ x: Wide) -> Wide { Foundation.erfc(x) }
  static func sigmoid(_ x: Wide) -> Wide { 1 / (1 + Foundation.exp(-x)) }
}
