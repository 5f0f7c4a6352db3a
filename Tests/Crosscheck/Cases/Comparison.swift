import Wengert

/// What was compared, in units of the scale of what PyTorch computed.
package struct Errors: Sendable {
  package var value = 0.0
  package var gradient = 0.0
  /// Nil if PyTorch has no second derivative.
  package var second: Double?

  package init() {}

  /// Takes the larger of each.
  package mutating func merge(_ other: Errors) {
    value = max(value, other.value)
    gradient = max(gradient, other.gradient)
    if let error = other.second { second = max(second ?? 0, error) }
  }
}

/// How large errors may be, relative to the scale of the result.
package struct Tolerances: Sendable {
  package let value: Double
  package let gradient: Double
  /// Of second derivatives, in which the rounding of gradients counts once more.
  package var second: Double { 10 * gradient }

  package init<S: TensorScalar>(of _: S.Type, for testCase: Case) {
    let condition = testCase.condition ?? 1
    value = condition * (testCase.cancellation ?? 1) * (S.scalarType == .double ? 2e-15 : 1e-6)
    gradient = condition * (S.scalarType == .double ? 1e-13 : 1e-5)
  }
}

/// A function of a case, at its point: computed by the package, and compared with PyTorch.
package struct Comparison<S: TensorScalar> {
  package private(set) var errors = Errors()
  /// What went wrong, in words; empty if all is well.
  package private(set) var failures: [String] = []
  /// The operations that the function and its derivative are recorded as.
  package private(set) var operations: Set<String> = []

  private let testCase: Case
  private let tolerances: Tolerances

  package init(_ testCase: Case, _ functions: CaseFunctions<S>, _ models: CaseModels<S>) {
    self.testCase = testCase
    tolerances = Tolerances(of: S.self, for: testCase)
    let parameters = Parameters(testCase.parameters)
    do {
      if let function = functions[testCase.name] {
        try Tape.scope { try compare(function, parameters) }
      } else if let model = models[testCase.name] {
        compare(model, parameters)
      } else {
        failures.append("there is no function of this name")
      }
    } catch {
      failures.append("\(error)")
    }
    if failures.isEmpty, !parameters.unread.isEmpty {
      failures.append("no use was made of \(parameters.unread.sorted().joined(separator: ", "))")
    }
  }

  private mutating func compare(_ function: CaseFunctions<S>.Function, _ parameters: Parameters) throws {
    let inputs = testCase.inputs.map { $0.tensor(of: S.self) }
    let count = testCase.gradients.count
    let testCase = testCase
    func f(_ x: [Tensor<S>]) throws -> Tensor<S> { try function(testCase.viewed(x + inputs[count...]), parameters) }
    let active = Array(inputs[..<count])
    let start = Tape.current.count
    let y = try f(active)
    operations = Tape.current.operations(start..<Tape.current.count)
    errors.value = check("value", [y.value], [testCase.value], tolerances.value)
    guard failures.isEmpty else { return }
    let v = testCase.cotangent.tensor(of: S.self)
    let gradients = try gradient(at: active) { (v * (try f($0))).sum() }
    errors.gradient = check("gradient", gradients.map(\.value), testCase.gradients, tolerances.gradient)
    guard let weights = testCase.weights, let expected = testCase.second else { return }
    let second = try gradient(at: active) { x in
      let first = try gradient(at: x) { (v * (try f($0))).sum() }
      operations.formUnion(Tape.current.operations(start..<Tape.current.count))
      let parts = zip(first, weights).map { ($0 * $1.tensor()).sum() }
      return parts.dropFirst().reduce(parts[0], +)
    }
    // What cancels to nothing is measured by the gradients that it is a difference of.
    let scale = testCase.gradients.map(\.scale).max() ?? 0
    errors.second = check("second derivative", second.map(\.value), expected, tolerances.second, minimumScale: scale)
  }

  private mutating func compare(_ model: CaseModels<S>.Function, _ parameters: Parameters) {
    let result = model(testCase.inputs.map { $0.array() }, parameters)
    let names = result.names
    guard names == testCase.names else {
      failures.append("the model's parameters are \(names.joined(separator: ", "))")
      return
    }
    errors.value = check("value", [ShapedArray(result.value)], [testCase.value], tolerances.value)
    for (what, gradients) in [("gradient", result.gradients), ("recorded gradient", result.recorded)] {
      let error = check(what, gradients, testCase.gradients, tolerances.gradient, names: names)
      errors.gradient = max(errors.gradient, error)
      guard let largest = testCase.absoluteTolerance, S.scalarType == .double else { continue }
      let actual = [ShapedArray(result.value)] + gradients
      let expected = [testCase.value] + testCase.gradients
      for (name, (actual, expected)) in zip(["value"] + names, zip(actual, expected)) {
        let difference = zip(actual.scalars, expected.scalars).map { Double(($0 - S($1)).magnitude) }.max() ?? 0
        if !(difference <= largest) { failures.append("\(what), \(name): a difference of \(difference)") }
      }
    }
  }

  /// The largest error of some arrays, each relative to its own scale, but a number among arrays to the largest of all:
  /// as a derivative it is a sum, which may be less than its terms.
  private mutating func check(
    _ what: String, _ actual: [ShapedArray<S>], _ expected: [CaseArray], _ tolerance: Double,
    minimumScale: Double = 0, names: [String] = []
  ) -> Double {
    var worst = 0.0
    let largest = expected.map(\.scale).max() ?? 0
    for (index, (actual, expected)) in zip(actual, expected).enumerated() {
      let context = what + (what == "value" ? "" : " of \(names.isEmpty ? "input \(index)" : names[index])")
      guard actual.shape == Shape(expected.shape) else {
        failures.append("\(context): shape \(actual.shape) instead of \(Shape(expected.shape))")
        worst = .infinity
        continue
      }
      let (error, element) = relativeError(
        actual.scalars.map { Double($0) }, expected,
        minimumScale: max(minimumScale, expected.scalars.count == 1 ? largest : 0))
      worst = max(worst, error)
      if !(error <= tolerance) {
        failures.append(
          "\(context): element \(element) is \(actual.scalars[element]) instead of \(expected.scalars[element]), "
            + "an error of \(error) of the scale")
      }
    }
    return worst
  }
}

extension Case {
  /// The inputs as the function is to be given them.
  fileprivate func viewed<S>(_ x: [Tensor<S>]) -> [Tensor<S>] {
    guard let layouts else { return x }
    return zip(x, layouts).map { x, layout in
      switch layout {
      case .plain: x
      case .transposed: x.transposed(-2, -1)
      case .strided: x[.ellipsis, AxisSlice.all.strided(by: 2)]
      }
    }
  }
}

extension CaseArray {
  /// The largest magnitude among finite numbers.
  fileprivate var scale: Double { scalars.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0 }
}

/// The largest difference in units of the largest expected number, and where it is: 0 where numbers are equal,
/// infinities of one sign, or both NaN; infinite where only one of them is.
func relativeError(
  _ actual: [Double], _ expected: CaseArray, minimumScale: Double = 0
) -> (error: Double, element: Int) {
  let scale = max(expected.scale, minimumScale)
  var worst = (error: 0.0, element: 0)
  for (element, (a, b)) in zip(actual, expected.scalars).enumerated() where a != b && !(a.isNaN && b.isNaN) {
    let error = (a - b).magnitude / (scale == 0 ? 1 : scale)
    if !(error <= worst.error) { worst = (error.isNaN ? .infinity : error, element) }
  }
  return worst
}
