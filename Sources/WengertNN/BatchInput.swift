import Wengert

extension Batch: ProgramInput {
  /// A batch as a recorded function sees it.
  public struct Traced {
    /// The examples, along the first axis.
    public let inputs: Tensor<Scalar>
    /// The class of each example.
    public let labels: IndexArray
  }

  public func traced(by recorder: ProgramRecorder) -> Traced {
    let inputs = inputs.traced(by: recorder)
    return Traced(inputs: inputs, labels: labels.traced(by: recorder))
  }

  @inlinable public func supply(to arguments: inout ProgramArguments) {
    inputs.supply(to: &arguments)
    labels.supply(to: &arguments)
  }
}
