import Foundation
import Wengert

/// An array as fixtures hold it.
struct FixtureArray: Decodable, Sendable {
  let shape: [Int]
  let scalars: [Double]

  var array: ShapedArray<Double> { ShapedArray(shape: Shape(shape), scalars: scalars) }
}

/// Files written by `Tests/Fixtures/make_fixtures.py`.
enum Fixture {
  static func load<Content: Decodable>(_ name: String, as _: Content.Type = Content.self) -> Content {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures")
    do {
      let data = try Data(contentsOf: folder.appendingPathComponent("\(name).json"))
      return try JSONDecoder().decode(Content.self, from: data)
    } catch {
      fatalError("fixture \(name): \(error)")
    }
  }
}
