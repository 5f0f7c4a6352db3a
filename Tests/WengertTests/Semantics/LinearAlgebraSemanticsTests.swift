import Testing
import Wengert

/// Singular, indefinite and degenerate matrices.
@Suite struct LinearAlgebraSemanticsTests {
  // MARK: Determinants

  @Test func cofactorsOfSingularMatrices() {
    let cases: [(a: [[Double]], cofactors: [Double])] = [
      ([[1, 2], [2, 4]], [4, -2, -2, 1]),
      ([[0, 0], [0, 0]], [0, 0, 0, 0]),
      ([[0]], [1]),
      ([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [-3, 6, -3, 6, -12, 6, -3, 6, -3]),
      ([[1, 2, 3], [2, 4, 6], [3, 6, 9]], [0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]
    for (a, cofactors) in cases {
      let (value, slopes) = Tape.scope {
        let result = valueWithGradient(at: Tensor(a)) { determinant($0) }
        return (result.value.item, result.gradient.scalars)
      }
      #expect(abs(value) < 1e-14)
      expectEqual(slopes, cofactors, relativeTo: 2e-15, "cofactors of \(a)")
    }
    #expect(Tape.scope { determinant(Tensor([[1.0, 2], [2, 4]])).item } == 0)
    let narrow = Tape.scope { gradient(at: Tensor([[1 as Float, 2], [2, 4]])) { determinant($0) }.scalars }
    expectEqual(narrow, [4, -2, -2, 1], relativeTo: 1e-6, "Float")
  }

  /// The product of all pivots underflows; cofactors are products of one factor less.
  @Test func cofactorsOfDeterminantsThatUnderflow() {
    let a = [[2.0, 1, -1], [3, -2, 4], [1, 5, 0.5]]
    let cofactors = [-21, 2.5, 17, -5.5, 2, -9, 2, -11, -7]
    for (scale, type) in [(0x1p-370, "nothing left"), (0x1p-343, "a subnormal product")] {
      let slopes = Tape.scope {
        let x = Tensor(a) * scale
        #expect(determinant(x).item.magnitude < .leastNormalMagnitude)
        return gradient(at: x) { determinant($0) }.scalars
      }
      expectEqual(slopes, cofactors.map { $0 * scale * scale }, relativeTo: 2e-15, minimumScale: 0, type)
    }
    let single = Tape.scope { gradient(at: Tensor(1e-30 as Float) * .identity(2)) { determinant($0) }.scalars }
    expectEqual(single, [1e-30, 0, 0, 1e-30], relativeTo: 1e-6, minimumScale: 0, "Float")
  }

  /// Second derivatives are minors, and third ones signs, for any matrix.
  @Test func higherDerivativesOfSingularDeterminants() {
    let zero = ShapedArray(repeating: 0.0, shape: [3, 3])
    let ones = ShapedArray(repeating: 1.0, shape: [3, 3])
    let direction = ShapedArray([[1.0, 2, -1], [0.5, 1, 3], [2, -2, 1]])
    // det(A + tD) is a polynomial in t; of ones, (ΣΣ cofactors of D) t² + det D t³.
    let d = NaiveArray(direction)
    func minor(_ i: Int, _ j: Int) -> Double {
      let (r, c) = ((0..<3).filter { $0 != i }, (0..<3).filter { $0 != j })
      return (i + j) % 2 == 0
        ? d[[r[0], c[0]]] * d[[r[1], c[1]]] - d[[r[0], c[1]]] * d[[r[1], c[0]]]
        : d[[r[0], c[1]]] * d[[r[1], c[0]]] - d[[r[0], c[0]]] * d[[r[1], c[1]]]
    }
    let determinantOfD = (0..<3).reduce(0) { $0 + d[[0, $1]] * minor(0, $1) }
    let sumOfCofactors = NaiveArray.indices([3, 3]).reduce(0) { $0 + minor($1[0], $1[1]) }
    for (a, second) in [(zero, 0), (ones, 2 * sumOfCofactors)] {
      func along(_ t: Tensor<Double>) -> Tensor<Double> { determinant(Tensor(a) + t * Tensor(direction)) }
      let derivatives = Tape.scope {
        let t = Tensor(0.0)
        return [
          gradient(at: t) { along($0) }, gradient(at: t) { gradient(at: $0) { along($0) } },
          gradient(at: t) { gradient(at: $0) { gradient(at: $0) { along($0) } } },
        ].map(\.item)
      }
      expectEqual(derivatives, [0, second, 6 * determinantOfD], relativeTo: 1e-14, "along a line through \(a)")
    }
  }

  /// Next to a singular matrix second derivatives keep their digits.
  @Test func nearlySingularDeterminants() {
    for small in [1e-6, 1e-10, 1e-15] {
      let a = ShapedArray([[1.0, 2], [2, 4 + small]])
      let hessian = Tape.scope {
        gradient(at: Tensor(a)) { (gradient(at: $0) { determinant($0) } * Tensor([[1.0, 2], [3, 5]])).sum() }.scalars
      }
      expectEqual(hessian, [5, -3, -2, 1], relativeTo: 1e-9, "small \(small)")
    }
  }

  @Test func logarithmOfSingularDeterminants() {
    Tape.scope {
      let (sign, logarithm) = logDeterminant(Tensor([[1.0, 2], [2, 4]]))
      #expect(sign.item == 0 && logarithm.item == -.infinity)
      let (minus, ten) = logDeterminant(Tensor([[0.0, 2], [5, 0]]))
      #expect(minus.item == -1)
      expectEqual([ten.item], [2.302585092994046], relativeTo: 1e-15, "log 10")
      // A cotangent of 0 stays so.
      let slopes = gradient(at: Tensor([[1.0, 2], [2, 4]])) { 0 * logDeterminant($0).logAbsoluteValue }
      #expect(slopes.scalars == [0, 0, 0, 0])
    }
  }

  // MARK: Cholesky

  @Test func choleskyHasASymmetricAdjoint() throws {
    try Tape.scope {
      let slopes = try gradient(at: Tensor([[4.0, 1], [1, 3]])) { try cholesky($0).sum() }.scalars
      // Of l₁ = √a, l₂ = b / l₁, l₃ = √(c − b² / a).
      let (root, last) = (2.0, (2.75 as Double).squareRoot())
      let expected = [
        1 / (2 * root) - 1 / (2 * root * 4) + 1 / (32 * last), (1 / root - 1 / (4 * last)) / 2, 0, 1 / (2 * last),
      ]
      expectEqual(slopes, [expected[0], expected[1], expected[1], expected[3]], relativeTo: 1e-15, "adjoint")
      // Only the symmetric part counts.
      let (skewed, symmetric) = (
        try cholesky(Tensor([[4.0, 2], [0, 3]])), try cholesky(Tensor([[4.0, 1], [1, 3]]))
      )
      #expect(skewed.scalars == symmetric.scalars)
    }
  }

  // MARK: Repeated values

  @Test func repeatedEigenvaluesHaveGradients() throws {
    let identity = ShapedArray(NaiveArray.identity(3))
    try Tape.scope {
      let trace = try gradient(at: Tensor(identity)) { try eigenvalues(ofSymmetric: $0).sum() }
      expectEqual(trace.scalars, identity.scalars, relativeTo: 1e-15, "of the trace")
      let both = try gradient(at: Tensor(identity)) { try eigh($0).values.sum() }
      expectEqual(both.scalars, identity.scalars, relativeTo: 1e-15, "by way of eigh")
      let norm = try gradient(at: Tensor(identity)) { try singularValues(of: $0).sum() }
      expectEqual(norm.scalars, identity.scalars, relativeTo: 1e-15, "of the nuclear norm")
      let tangent = try jvp(at: Tensor(identity), along: Tensor(identity)) { try eigenvalues(ofSymmetric: $0) }
      expectEqual(tangent.scalars, [1, 1, 1], relativeTo: 1e-15, "along the identity")
      let zero = try gradient(at: Tensor(repeating: 0.0, shape: [2, 3])) { try singularValues(of: $0).sum() }
      #expect(zero.scalars.allSatisfy { $0.isFinite })
    }
  }

  @Test func repeatedEigenvectorsHaveNone() throws {
    let identity = ShapedArray(NaiveArray.identity(2))
    let repeated = LinearAlgebraError.Reason.repeatedEigenvalue(first: 0, second: 1, value: 1, matrix: 0)
    let singular = LinearAlgebraError.Reason.repeatedSingularValue(first: 0, second: 1, value: 1, matrix: 0)
    Tape.scope {
      expectError(repeated, "eigh(_:)") { try gradient(at: Tensor(identity)) { try eigh($0).vectors.sum() } }
      expectError(repeated, "eigh(_:)") {
        try jvp(at: Tensor(identity), along: Tensor(identity)) { try eigh($0).vectors.sum() }
      }
      expectError(repeated, "eigenvalues(ofSymmetric:)") {
        try gradient(at: Tensor(identity)) { x in
          try gradient(at: x) { x in
            let values = try eigenvalues(ofSymmetric: x)
            return (values * values * vector(1, 2)).sum()
          }.sum()
        }
      }
      expectError(singular, "svd(_:)") { try gradient(at: Tensor(identity)) { try svd($0).u.sum() } }
      expectError(singular, "svd(_:)") { try gradient(at: Tensor(identity)) { try svd($0).vt.sum() } }
      expectError(singular, "svd(_:)") {
        try jvp(at: Tensor(identity), along: Tensor(identity)) { try svd($0).vt.sum() }
      }
      expectError(.zeroSingularValue(index: 0, value: 0, matrix: 0), "svd(_:)") {
        try gradient(at: Tensor([[0.0, 0]])) { try svd($0).vt.sum() }
      }
    }
  }

  @Test func dependentColumnsHaveNoQRDerivative() {
    let dependent = ShapedArray([[1.0, 0], [0, 0], [0, 0]])
    let reason = LinearAlgebraError.Reason.rankDeficient(pivot: 1, ratio: 0, matrix: 0)
    Tape.scope {
      expectError(reason, "qr(_:)") { try gradient(at: Tensor(dependent)) { (x) throws in qr(x).r.sum() } }
      expectError(reason, "qr(_:)") {
        try jvp(at: Tensor(dependent), along: Tensor(dependent)) { (x) throws in qr(x).r.sum() }
      }
    }
  }

  /// Samples of operations that can fail give a constant if they do, which tests of derivatives would not notice.
  @Test(arguments: OperationCase.all.filter { $0.sample.shapes.allSatisfy { $0.elementCount > 0 } })
  func samplesDoNotFail(_ testCase: OperationCase) {
    let fallible: Set = [
      "factored", "factoredSolve", "cholesky", "svd", "eigh", "pseudoInverse", "matrixPower",
    ]
    var generator = testCase.generator
    let inputs = testCase.inputs(&generator)
    guard fallible.contains(testCase.name), testCase.outputShape.elementCount > 0 else { return }
    let v = generator.array(testCase.outputShape)
    let slopes = testCase.gradients(at: inputs, v)
    #expect(slopes[0].scalars.contains { $0 != 0 }, "\(testCase.testDescription)")
  }

  // MARK: Errors

  @Test func errorsOfValues() {
    let singular = ShapedArray(shape: [3, 2, 2], scalars: [1, 2, 3, 4, 1, 2, 2, 4, 0, 0, 0, 0])
    let indefinite = ShapedArray([[4.0, 2, 0], [2, -3, 1], [0, 1, 5]])
    Tape.scope {
      let b = Tensor(repeating: 1.0, shape: [2, 1])
      expectError(.singular(pivot: 1, matrix: 1), "solve(_:_:)") { try solve(Tensor(singular), b) }
      expectError(.singular(pivot: 1, matrix: 1), "inverse(_:)") { try inverse(Tensor(singular)) }
      expectError(.singular(pivot: 0, matrix: 0), "inverse(_:)") {
        try inverse(Tensor(repeating: 0 as Float, shape: [2, 2]))
      }
      expectError(.singular(pivot: 1, matrix: 1), "matrixPower(_:_:)") { try matrixPower(Tensor(singular), -1) }
      expectError(.singular(pivot: 1, matrix: 0), "triangularSolve(_:_:upper:transposed:unitDiagonal:)") {
        try triangularSolve(Tensor([[1.0, 2], [2, 0]]), b)
      }
      expectError(.notPositiveDefinite(pivot: 1, value: -4, matrix: 0), "cholesky(_:)") {
        try cholesky(Tensor(indefinite))
      }
      expectError(.rankDeficient(pivot: 1, ratio: 0, matrix: 0), "leastSquares(_:_:)") {
        try leastSquares(Tensor([[1.0, 0], [0, 0]]), b)
      }
      let nan = Tensor([[1.0, 2], [.nan, 4]])
      expectError(.notFinite(row: 1, column: 0, matrix: 0), "eigh(_:)") { try eigh(nan).values }
      expectError(.notFinite(row: 1, column: 0, matrix: 0), "svd(_:)") { try svd(nan).s }
      expectError(.notFinite(row: 1, column: 0, matrix: 0), "pseudoInverse(_:relativeTolerance:)") {
        try pseudoInverse(nan)
      }
    }
    // A NaN is no pivot of Cholesky's.
    Tape.scope {
      #expect(throws: LinearAlgebraError.self) { try cholesky(Tensor([[1.0, .nan], [.nan, 4]])) }
      #expect(throws: LinearAlgebraError.self) { try cholesky(Tensor([[Double.nan]])) }
    }
  }

  @Test func descriptionsTellTheLine() throws {
    // Each call in a statement of this function: the optimizer merges small closures, which then share their lines.
    var messages: [String] = []
    let (singular, indefinite) = (Tensor([[1.0, 2], [2, 4]]), Tensor([[1.0, 2], [2, 1]]))
    let line = #line + 1
    do { _ = try solve(singular, vector(1, 2)) } catch { messages.append("\(error)") }
    do { _ = try cholesky(indefinite) } catch { messages.append("\(error)") }
    do { _ = try svd(Tensor([[Double.infinity]])) } catch { messages.append("\(error)") }
    do { _ = try gradient(at: Tensor([[1.0, 0], [0, 1]])) { try eigh($0).vectors.sum() } } catch {
      messages.append("\(error)")
    }
    do { _ = try leastSquares(Tensor([[0.0]]), vector(1)) } catch { messages.append("\(error)") }
    let file = "Semantics/LinearAlgebraSemanticsTests.swift"
    #expect(
      messages == [
        """
        \(file):\(line): solve(_:_:) requires regular matrices; given one whose row 1 depends on the rows before it \
        (matrix 0: pivot 1 is 0)
        """,
        """
        \(file):\(line + 1): cholesky(_:) requires positive definite matrices; given one whose pivot 1 is -3.0 (matrix 0)
        """,
        "\(file):\(line + 2): svd(_:) requires finite elements; given an infinity or NaN at (0, 0) (matrix 0)",
        """
        \(file):\(line + 3): the derivative of the eigenvectors of eigh(_:) requires distinct eigenvalues; \
        given 1.0 at positions 0 and 1 (matrix 0)
        """,
        """
        \(file):\(line + 6): leastSquares(_:_:) requires matrices of full rank; given one whose column or row 0 depends \
        on those before it (matrix 0: its distance from their span, relative to the largest, is 0.0)
        """,
      ])
    let others: [(LinearAlgebraError.Reason, String)] = [
      (
        .noConvergence(matrix: 2),
        "svd(_:) requires an iteration to converge; given a matrix for which it did not (matrix 2)"
      ),
      (
        .repeatedSingularValue(first: 0, second: 1, value: 2, matrix: 3),
        """
        the derivative of the singular vectors of svd(_:) requires distinct singular values; \
        given 2.0 at positions 0 and 1 (matrix 3)
        """
      ),
      (
        .zeroSingularValue(index: 1, value: 0, matrix: 0),
        """
        the derivative of the singular vectors of svd(_:) requires full rank of a matrix that is not square; \
        given a singular value 0.0 at position 1 (matrix 0)
        """
      ),
    ]
    for (reason, message) in others {
      #expect(LinearAlgebraError(reason: reason, function: "svd(_:)").description == message)
    }
  }

  private func expectError<R>(
    _ reason: LinearAlgebraError.Reason, _ function: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> R
  ) {
    do {
      _ = try body()
      Issue.record("nothing thrown", sourceLocation: sourceLocation)
    } catch let error as LinearAlgebraError {
      #expect(error.reason == reason, sourceLocation: sourceLocation)
      #expect(error.function == function, sourceLocation: sourceLocation)
    } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
  }
}
