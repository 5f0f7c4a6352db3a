import CrosscheckCases
import Foundation

// crosscheck <cases.json>: runs cases in Double and Float, and prints how far the package is from PyTorch.

guard CommandLine.arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: crosscheck <cases.json>\n".utf8))
  exit(2)
}
let file = try CaseFile(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
let result = Crosscheck(file)
print(Report(file, result).text)
exit(result.failures.isEmpty ? 0 : 1)
