import Testing
import Wengert

/// Shapes and arrays are plain values: they may live across suspensions.
///
/// Swift 6.3 crashes in async functions that keep a vector of more than 16 bytes, a `SIMD8<Int32>` for one, across a
/// suspension; it depends on where the function's frame happens to lie, so frames of several sizes lie below.
@Suite struct AsyncTests {
  /// In processes of their own, as a crash would end all tests.
  @Test(arguments: 0..<4)
  func arraysLiveAcrossSuspensions(_ words: Int) async {
    await #expect(processExitsWith: .success) { [words] in
      switch words {
      case 0: await AsyncTests.check(1)
      case 1: await AsyncTests.check(1, beside: 1)
      case 2: await AsyncTests.check(1, beside: 1, 2)
      default: await AsyncTests.check(1, beside: 1, 2, 3)
      }
    }
  }

  @inline(never)
  private static func check(_ x: Double) async {
    let array = ShapedArray([[x, 2], [3, 4]])
    let first = await shape(of: array)
    let parameter = Parameter(array)
    await Task.yield()
    let second = await shape(of: parameter.value)
    precondition(first == array.shape && second == first)
    let sizes = (await size(first), await size(second))
    precondition(sizes == (2, 2) && array.scalars == [x, 2, 3, 4])
  }

  @inline(never)
  private static func shape(of array: ShapedArray<Double>) async -> Shape {
    await Task.yield()
    return array.shape
  }

  @inline(never)
  private static func size(_ shape: Shape) async -> Int {
    await Task.yield()
    return shape[0]
  }

  // The same with one, two and three words more below the frame.

  @inline(never)
  private static func check(_ x: Double, beside a: Double) async {
    await check(x)
    await Task.yield()
    precondition(a == 1)
  }

  @inline(never)
  private static func check(_ x: Double, beside a: Double, _ b: Double) async {
    await check(x)
    await Task.yield()
    precondition(a == 1 && b == 2)
  }

  @inline(never)
  private static func check(_ x: Double, beside a: Double, _ b: Double, _ c: Double) async {
    await check(x)
    await Task.yield()
    precondition(a == 1 && b == 2 && c == 3)
  }
}
