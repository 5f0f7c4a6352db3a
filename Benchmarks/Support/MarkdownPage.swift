import Foundation

/// A page of which one part is written by a program: what stands between two comments.
package enum MarkdownPage {
  package static let begin = "<!-- begin of what bench wrote -->"
  package static let end = "<!-- end of what bench wrote -->"

  /// The page with that part replaced; the part alone, between its comments, if the page has none.
  package static func page(_ page: String, with part: String) -> String {
    let text = "\(begin)\n\(part)\(end)"
    guard let start = page.range(of: begin), let stop = page.range(of: end, range: start.upperBound..<page.endIndex)
    else { return text + "\n" }
    return page.replacingCharacters(in: start.lowerBound..<stop.upperBound, with: text)
  }

  /// Writes the part into a file, keeping what else is in it.
  package static func write(_ part: String, to path: String) throws {
    let old = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    try Data(page(old, with: part).utf8).write(to: URL(fileURLWithPath: path))
  }
}
