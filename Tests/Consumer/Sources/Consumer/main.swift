import Wengert

let x = Tensor([1.0, 2.0, 3.0])
let y = (x * x).sum()
print(y, y.backward()[x])  // 14.0 [2.0, 4.0, 6.0]
print(Tape.current)  // what was recorded, see below

let (value, slope) = valueWithGradient(at: x) { x in (x * x * x).mean() }
print(value, slope)  // 12.0 [1.0, 4.0, 9.0]

let third = gradient(at: Tensor(2.0)) { x in gradient(at: x) { x in gradient(at: x) { x in x * x * x } } }
print(third)  // 6.0
import Wengert
import WengertNN

var generator = SeededGenerator(seed: 1)
var model = MLP([2, 32, 32, 2], activation: .tanh, using: &generator)
var optimizer = SGD(learningRate: 0.05)
let moons = TwoMoons(count: 1000, noise: 0.2, seed: 1).data.split(trainingFraction: 0.8)
for _ in 1...200 {
  for batch in moons.training.batches(of: 64, shuffledUsing: &generator) {
    let (_, gradient) = valueWithGradient(at: model) { crossEntropy($0(batch.inputs), labels: batch.labels) }
    optimizer.update(&model, along: gradient)
  }
}
print(model.accuracy(on: moons.test))  // 0.98
