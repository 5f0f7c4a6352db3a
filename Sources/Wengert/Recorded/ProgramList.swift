/// The recordings of one function: one for each combination of shapes, and for each course that it has taken.
@usableFromInline
final class ProgramList {
  @exclusivity(unchecked) private(set) var programs: [RecordedProgram] = []
  /// How often the function has been recorded.
  private(set) var recordingCount = 0
  @exclusivity(unchecked) private var arrays = PlainStack<UnsafeMutableRawPointer>(capacity: 8)
  @exclusivity(unchecked) private var shapes = PlainStack<Shape>(capacity: 8)
  @exclusivity(unchecked) private var indices = PlainStack<UnsafeBufferPointer<Int>>(capacity: 1)
  @exclusivity(unchecked) private var indexShapes = PlainStack<Shape>(capacity: 1)
  /// More recordings than this are not kept: a function that takes another course with each argument is not served by
  /// programs.
  private static let capacity = 16

  @usableFromInline
  init() {}

  deinit {
    arrays.deallocate()
    shapes.deallocate()
    indices.deallocate()
    indexShapes.deallocate()
  }

  // MARK: Arguments

  @usableFromInline
  func begin() {
    arrays.removeAll(from: 0)
    shapes.removeAll(from: 0)
    indices.removeAll(from: 0)
    indexShapes.removeAll(from: 0)
  }

  @usableFromInline
  func supply(_ base: UnsafeMutableRawPointer, _ shape: Shape) {
    arrays.append(base)
    shapes.append(shape)
  }

  @usableFromInline
  func supplyIndices(_ elements: UnsafeBufferPointer<Int>, _ shape: Shape) {
    indices.append(elements)
    indexShapes.append(shape)
  }

  // MARK: Programs

  /// A program that has run for the arguments that `supply` hands over; `record` adds one if none holds.
  @inlinable @inline(__always)
  func program<Failure: Error>(
    supplying supply: (inout ProgramArguments) -> Void, recording record: () throws(Failure) -> Void
  ) throws(Failure) -> RecordedProgram {
    // Twice at most: what has just been recorded holds.
    for _ in 0..<2 {
      var arguments = ProgramArguments(self)
      begin()
      supply(&arguments)
      let program = try replay(as: Failure.self)
      if let program { return program }
      try record()
    }
    diverged()
  }

  /// Records a function and keeps its program.
  func record<Failure: Error>(
    differentiates: Bool, memoryBudget: Int? = nil, _ function: (ProgramRecorder) throws(Failure) -> Handle
  ) throws(Failure) {
    let recorder = ProgramRecorder()
    let output: Handle
    do { output = try function(recorder) } catch {
      recorder.cancel()
      throw error
    }
    try add(recorder.finish(output, differentiates: differentiates, memoryBudget: memoryBudget), as: Failure.self)
  }

  /// Keeps a program; throws the error of a derivative that does not exist where it was recorded.
  private func add<Failure: Error>(_ program: RecordedProgram, as _: Failure.Type) throws(Failure) {
    if let error = program.failure { throw failure(error) }
    if programs.count == Self.capacity { programs.removeLast() }
    programs.insert(program, at: 0)
    recordingCount += 1
  }

  /// Replays the program that holds for the arguments, which `begin` and what followed it have supplied; nil if there is
  /// none.
  @usableFromInline
  func replay() throws -> RecordedProgram? {
    for position in 0..<programs.count {
      let program = programs[position]
      guard fits(program), program.indexShapes.isEmpty || program.take(indices.base) else { continue }
      guard try program.replay(arrays.base) else { continue }
      // The one that held last is tried first.
      if position > 0 { programs.swapAt(0, position) }
      return program
    }
    return nil
  }

  /// The same, with the error of an operation as one of those that the function throws.
  @usableFromInline
  func replay<Failure: Error>(as _: Failure.Type) throws(Failure) -> RecordedProgram? {
    do { return try replay() } catch { throw failure(error) }
  }

  private func failure<Failure: Error>(_ error: any Error) -> Failure {
    guard let failure = error as? Failure else { misuse(.noDerivative("\(error)")) }
    return failure
  }

  /// The function took yet another course for the very inputs that it has just been recorded with.
  @usableFromInline
  func diverged() -> Never { misuse(.recordingDiverges) }

  private func fits(_ program: RecordedProgram) -> Bool {
    guard program.inputs.count == arrays.count, program.indexShapes.count == indices.count else { return false }
    for index in 0..<arrays.count where program.inputs[index].shape != shapes.base[index] { return false }
    for index in 0..<indices.count where program.indexShapes[index] != indexShapes.base[index] { return false }
    return true
  }
}
