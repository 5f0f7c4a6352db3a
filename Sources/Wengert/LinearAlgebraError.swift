/// Why a function of linear algebra has no result, or no derivative, for the matrices it was given.
///
/// ```swift
/// do {
///   let x = try solve(a, b)
/// } catch let error {
///   print(error)  // App/main.swift:12: solve(_:_:) requires regular matrices; given one whose row 1 depends on …
///   if case .singular(let pivot, _) = error.reason { print(pivot) }
/// }
/// ```
///
/// Rows, columns and matrices are counted from 0; `matrix` is the position among the matrices of a stack in row-major
/// order, 0 for a single matrix.
public struct LinearAlgebraError: Error, CustomStringConvertible {
  /// What the matrix lacks.
  public enum Reason: Hashable, Sendable {
    /// Elimination met a pivot of 0: this row of the matrix depends on the rows before it.
    case singular(pivot: Int, matrix: Int)
    /// Cholesky's method met a pivot, in this row, that is not positive, or is NaN.
    case notPositiveDefinite(pivot: Int, value: Double, matrix: Int)
    /// The columns of a tall matrix, or the rows of a wide one, depend on each other up to rounding: this one depends on
    /// those before it. `ratio` is its distance from their span, relative to the largest such distance.
    case rankDeficient(pivot: Int, ratio: Double, matrix: Int)
    /// An element that an iteration would never end for: an infinity or NaN.
    case notFinite(row: Int, column: Int, matrix: Int)
    /// LAPACK's iteration did not converge.
    case noConvergence(matrix: Int)
    /// Two eigenvalues are equal up to rounding, so that their eigenvectors have no derivative.
    case repeatedEigenvalue(first: Int, second: Int, value: Double, matrix: Int)
    /// Two singular values are equal up to rounding, so that their singular vectors have no derivative.
    case repeatedSingularValue(first: Int, second: Int, value: Double, matrix: Int)
    /// A singular value of a matrix that is not square is 0 up to rounding, so that its singular vectors have no
    /// derivative.
    case zeroSingularValue(index: Int, value: Double, matrix: Int)
  }

  public let reason: Reason
  /// The name of the function, as in `solve(_:_:)`.
  public let function: String
  /// A return address within the code that called the function.
  let source: UInt

  package init(reason: Reason, function: String, source: UInt = 0) {
    self.reason = reason
    self.function = function
    self.source = source
  }

  /// The line of the call if it can be told, what was required, and what was given.
  public var description: String {
    let location = SourceLocation.of([source])[source].map { "\($0): " } ?? ""
    return location + message
  }

  /// The same without the line of the call.
  public var message: String {
    switch reason {
    case .singular(let pivot, let matrix):
      "\(function) requires regular matrices; given one whose row \(pivot) depends on the rows before it"
        + " (matrix \(matrix): pivot \(pivot) is 0)"
    case .notPositiveDefinite(let pivot, let value, let matrix):
      "\(function) requires positive definite matrices; given one whose pivot \(pivot) is \(value) (matrix \(matrix))"
    case .rankDeficient(let pivot, let ratio, let matrix):
      "\(function) requires matrices of full rank; given one whose column or row \(pivot) depends on those before it "
        + "(matrix \(matrix): its distance from their span, relative to the largest, is \(ratio))"
    case .notFinite(let row, let column, let matrix):
      "\(function) requires finite elements; given an infinity or NaN at (\(row), \(column)) (matrix \(matrix))"
    case .noConvergence(let matrix):
      "\(function) requires an iteration to converge; given a matrix for which it did not (matrix \(matrix))"
    case .repeatedEigenvalue(let first, let second, let value, let matrix):
      "the derivative of the eigenvectors of \(function) requires distinct eigenvalues; "
        + "given \(value) at positions \(first) and \(second) (matrix \(matrix))"
    case .repeatedSingularValue(let first, let second, let value, let matrix):
      "the derivative of the singular vectors of \(function) requires distinct singular values; "
        + "given \(value) at positions \(first) and \(second) (matrix \(matrix))"
    case .zeroSingularValue(let index, let value, let matrix):
      "the derivative of the singular vectors of \(function) requires full rank of a matrix that is not square; "
        + "given a singular value \(value) at position \(index) (matrix \(matrix))"
    }
  }
}

extension LinearAlgebraError: Equatable {
  /// Whether two errors have the same reason in the same function; the lines may differ.
  public static func == (a: Self, b: Self) -> Bool { a.reason == b.reason && a.function == b.function }
}
