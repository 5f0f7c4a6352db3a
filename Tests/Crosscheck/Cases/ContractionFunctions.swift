import Wengert

extension CaseFunctions {
  mutating func addContractions() {
    add("matmul") { x, _ in matmul(x[0], x[1]) }
    add("affine") { x, _ in affine(x[0], x[1], x[2]) }
  }
}
