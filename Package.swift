// swift-tools-version: 6.3
import PackageDescription

let package = Package(
  name: "Wengert",
  products: [
    .library(name: "Wengert", targets: ["Wengert"]),
    .library(name: "WengertNN", targets: ["WengertNN"]),
    .library(name: "GradientChecking", targets: ["GradientChecking"]),
    .executable(name: "bench", targets: ["bench"]),
  ],
  dependencies: [
    // For the benchmarks only: a package that depends on the libraries does not build it.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .target(
      name: "CLinearAlgebra",
      dependencies: ["CKernels"],
      linkerSettings: [.linkedLibrary("blas"), .linkedLibrary("lapack")]),
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .target(name: "Wengert", dependencies: ["CLinearAlgebra", "CKernels"]),
    .target(name: "WengertNN", dependencies: ["Wengert", "CKernels"]),
    .target(name: "GradientChecking", dependencies: ["Wengert"]),
    .target(
      name: "ClosureGraph",
      dependencies: ["CLinearAlgebra", "CKernels"],
      path: "Benchmarks/ClosureGraph"),
    .target(name: "Floors", dependencies: ["CKernels"], path: "Benchmarks/Floors"),
    .target(name: "AllocationCounter", path: "Benchmarks/AllocationCounter"),
    .target(name: "InstructionCounter", path: "Benchmarks/InstructionCounter"),
    // What the benchmarks are made of and can be tested without running them.
    .target(name: "BenchSupport", dependencies: ["Wengert", "Floors"], path: "Benchmarks/Support"),
    .executableTarget(
      name: "bench",
      dependencies: [
        "BenchSupport", "Wengert", "WengertNN", "ClosureGraph", "Floors", "AllocationCounter",
        "InstructionCounter", "CKernels", "CLinearAlgebra", "CrosscheckCases",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/Bench"),
    // What PyTorch is compared with: the tests run over the cases that are committed, `make crosscheck` over new ones.
    .target(name: "CrosscheckCases", dependencies: ["Wengert", "WengertNN"], path: "Tests/Crosscheck/Cases"),
    .executableTarget(name: "crosscheck", dependencies: ["CrosscheckCases"], path: "Tests/Crosscheck/Runner"),
    .testTarget(name: "BenchTests", dependencies: ["BenchSupport"]),
    .testTarget(name: "GradientCheckingTests", dependencies: ["GradientChecking", "Wengert"]),
    .testTarget(name: "WengertNNTests", dependencies: ["Wengert", "WengertNN", "AllocationCounter"]),
    .testTarget(
      name: "WengertTests",
      dependencies: ["Wengert", "WengertNN", "GradientChecking", "ClosureGraph", "CKernels", "CrosscheckCases"]),
  ],
  swiftLanguageModes: [.v6]
)

// `make docs` asks for the documentation plugin; nothing else should have to build it.
if Context.environment["WENGERT_DOCS"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"))
}
