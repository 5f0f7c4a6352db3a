import Foundation

/// Files of numbers in `Tests/Fixtures`, each written by a script; `make fixtures` runs them.
enum Fixture {
  static func load<Content: Decodable>(_ name: String, as _: Content.Type = Content.self) -> Content {
    do {
      return try JSONDecoder().decode(Content.self, from: Data(contentsOf: url(name)))
    } catch {
      fatalError("fixture \(name): \(error)")
    }
  }

  private static func url(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/\(name).json")
  }
}
