import Wengert

extension CaseFunctions {
  mutating func addLinearAlgebra() {
    add("solve") { x, _ in try solve(x[0], x[1]) }
    add("triangularSolve") { x, p in
      try triangularSolve(
        x[0], x[1], upper: p.flag("upper"), transposed: p.flag("transposed"), unitDiagonal: p.flag("unitDiagonal"))
    }
    add("inverse") { x, _ in try inverse(x[0]) }
    add("leastSquares") { x, _ in try leastSquares(x[0], x[1]) }
    add("determinant") { x, _ in determinant(x[0]) }
    add("logDeterminant") { x, p in
      let (sign, logarithm) = logDeterminant(x[0])
      return p.text("part") == "sign" ? sign : logarithm
    }
    add("cholesky") { x, _ in try cholesky(x[0]) }
    add("qr") { x, p in
      let (q, r) = qr(x[0])
      return p.text("part") == "q" ? q : r
    }
    add("eigenvalues") { x, _ in try eigenvalues(ofSymmetric: x[0]) }
    add("eigh") { x, p in
      let (values, vectors) = try eigh(x[0])
      return p.text("part") == "values" ? values : square(vectors)
    }
    add("singularValues") { x, _ in try singularValues(of: x[0]) }
    add("svd") { x, p in
      let (u, s, vt) = try svd(x[0])
      return switch p.text("part") {
      case "s": s
      case "squared u": square(u)
      case "squared vt": square(vt)
      default: matmul(u, vt)
      }
    }
    add("pseudoInverse") { x, _ in try pseudoInverse(x[0]) }
    add("matrixExponential") { x, _ in matrixExponential(x[0]) }
    add("matrixPower") { x, p in try matrixPower(x[0], p.integer("exponent")!) }
    add("kron") { x, _ in kron(x[0], x[1]) }
    add("cross") { x, _ in cross(x[0], x[1]) }
  }
}
