import Wengert

/// What the names of cases mean: functions of tensors, written with the public names of the package.
package struct CaseFunctions<S: TensorScalar> {
  /// A function of the inputs, and of the case's parameters.
  package typealias Function = (_ x: [Tensor<S>], _ p: Parameters) throws -> Tensor<S>

  private var functions: [String: Function] = [:]

  package init() {
    addElementwise()
    addReductions()
    addShapes()
    addIndexing()
    addContractions()
    addLinearAlgebra()
    addLosses()
    addObjectives()
  }

  package subscript(name: String) -> Function? { functions[name] }

  package var names: Set<String> { Set(functions.keys) }

  mutating func add(_ name: String, _ function: @escaping Function) {
    precondition(functions.updateValue(function, forKey: name) == nil, "\(name) is there twice")
  }

  mutating func unary(_ name: String, _ function: @escaping (Tensor<S>) -> Tensor<S>) {
    add(name) { x, _ in function(x[0]) }
  }
}

extension Parameters {
  /// Indices with their shape.
  var indices: IndexArray {
    IndexArray(shape: Shape(integers("indexShape") ?? []), indices: integers("indices") ?? [])
  }
}

extension IndexArray {
  /// The indices as numbers, to be compared as such.
  func tensor<S>(of _: S.Type = S.self) -> Tensor<S> { Tensor(shape: shape, scalars: map { S($0) }) }
}
