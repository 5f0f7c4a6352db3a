import Wengert

// What the messages of this library say; their style is described with `Misuse`.

extension Misuse {
  static func linearShapes(_ weight: Shape, _ bias: Shape) -> Misuse {
    Misuse(
      "Linear takes a weight of shape (inputs, outputs) and a bias of shape (outputs,)",
      given: "weight \(weight) and bias \(bias)", "Transpose or reshape them to fit.")
  }
  static func layerSizes(_ sizes: [Int]) -> Misuse {
    Misuse(
      "a network is made from two or more sizes, each at least 1", given: "\(sizes)",
      "Pass the number of inputs first and of outputs last.")
  }
  static func chainedLayers(_ weight: Shape, _ next: Shape) -> Misuse {
    Misuse(
      "each layer of an MLP takes as many inputs as the one before has outputs",
      given: "weights \(weight) and \(next)", "Check the layers' sizes and order.")
  }
  static func parameterShape(_ index: Int, _ parameter: Shape, _ gradient: Shape) -> Misuse {
    Misuse(
      "update(_:along:) requires a gradient with the parameters of its model",
      given: "shapes \(parameter) and \(gradient) at parameter \(index + 1)",
      "Pass the gradient of this model, and use an optimizer for one model only.")
  }
  static func parameterCount(_ parameters: Int, _ gradients: Int) -> Misuse {
    Misuse(
      "update(_:along:) requires a gradient with the parameters of its model",
      given: "\(parameters) parameters and \(gradients)",
      "Pass the gradient of this model, and use an optimizer for one model only.")
  }
  static func exampleCount(_ inputs: Shape, _ labels: Int) -> Misuse {
    Misuse(
      "labeled data has one label per row of its inputs", given: "inputs \(inputs) and \(labels) labels",
      "Check that inputs and labels belong together.")
  }
  static func fraction(_ fraction: Double) -> Misuse {
    Misuse("split(trainingFraction:) takes a fraction in 0...1", given: "\(fraction)", "Pass 0.8 for 80 %.")
  }
  static func batchSize(_ size: Int) -> Misuse {
    Misuse("a batch holds at least one example", given: "size \(size)", "Pass a positive size.")
  }
  static func pointCount(_ count: Int, _ noise: Double) -> Misuse {
    Misuse(
      "TwoMoons takes a number of points and a noise that are not negative", given: "\(count) and \(noise)",
      "Check the arguments.")
  }
  static func logits(_ shape: Shape) -> Misuse {
    Misuse(
      "classes(of:) requires an output with a row per example and a column per class", given: "shape \(shape)",
      "Check the model's last layer and the shape of its inputs.")
  }
}
