// swift-tools-version: 6.1
import PackageDescription

// A package as a user writes it, except that the address of Wengert comes from outside: `check` puts a tagged copy
// of this repository there.
let package = Package(
  name: "Consumer",
  dependencies: [
    .package(url: Context.environment["WENGERT_URL"] ?? "https://wengert.invalid/Wengert", from: "0.1.0")
  ],
  targets: [
    .executableTarget(
      name: "Consumer",
      dependencies: [.product(name: "Wengert", package: "Wengert"), .product(name: "WengertNN", package: "Wengert")])
  ],
  swiftLanguageModes: [.v6]
)
