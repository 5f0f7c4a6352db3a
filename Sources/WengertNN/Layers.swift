import Wengert

/// A list of layers of one type: an array for use in models that are differentiated in a loop.
///
/// Differentiating a model changes the parameters of a copy. A copy of an array would then ask the system for memory
/// in every step; `Layers` keeps its elements where an earlier step's copy had its own.
///
/// ```swift
/// mutating func visitParameters(_ visitor: inout some ParameterVisitor<Scalar>) { visitor.visit("block", &blocks) }
/// ```
public struct Layers<Element: Model> {
  @usableFromInline var box: LayerBox<Element>

  /// A list of the given layers.
  public init(_ elements: some Sequence<Element>) { box = LayerBox(Array(elements)) }

  /// Gives this list elements of its own, if it shares them with a copy.
  @usableFromInline
  @specialized(where Element == Linear<Float>)
  @specialized(where Element == Linear<Double>)
  mutating func makeUnique() {
    if isKnownUniquelyReferenced(&box) { return }
    let boxes = ThreadPool.current(for: ObjectIdentifier(LayerBox<Element>.self))
    if boxes.holdsAlone(&box) { return }
    let count = box.elements.count
    // The pool holds boxes of this type only.
    let copy = unsafeDowncast(
      boxes.take(
        where: { unsafeDowncast($0, to: LayerBox<Element>.self).elements.count == count },
        make: { LayerBox(box.elements) }), to: LayerBox<Element>.self)
    // One by one: assigning the array would share its memory, and the first change would copy it.
    for index in 0..<count { copy.elements[index] = box.elements[index] }
    box = copy
  }
}

/// The elements of a `Layers`, shared by copies until one of them changes.
///
/// Mutable, but only `makeUnique` and a visit after it change a box, and nobody else refers to it then.
@usableFromInline
final class LayerBox<Element> {
  @exclusivity(unchecked) @usableFromInline var elements: [Element]

  init(_ elements: [Element]) { self.elements = elements }
}

extension Layers: @unchecked Sendable where Element: Sendable {}

extension Layers: RandomAccessCollection, MutableCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { box.elements.count }
  @inlinable public subscript(index: Int) -> Element {
    // Yielded, not copied: calling a layer should not count references to its parameters.
    _read { yield box.elements[index] }
    _modify {
      makeUnique()
      yield &box.elements[index]
    }
  }
}

extension ParameterVisitor {
  /// Visits a list of layers, counted from 1: `fc1`, `fc2`, …
  @inlinable
  public mutating func visit<M: Model>(_ name: StaticString, _ layers: inout Layers<M>) where M.Scalar == Scalar {
    if Self.changesParameters {
      layers.makeUnique()
      for index in 0..<layers.count { visit(name, index: index + 1, &layers.box.elements[index]) }
    } else {
      for index in 0..<layers.count {
        var copy = layers.box.elements[index]
        visit(name, index: index + 1, &copy)
      }
    }
  }
}
