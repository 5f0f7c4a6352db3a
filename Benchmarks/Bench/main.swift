import Wengert
let x = Tensor([1.0, 2.0, 3.0])
let y = (x * x + 2).sum()
func loss(_ a: Tensor<Double>) -> Tensor<Double> {
  let b = matmul(a, a.transposed())
  return tanh(b).mean()
}
let z = loss(x.reshaped(to: [1, 3]))
print(Tape.current)
