import Wengert
let x = Tensor([1.0, 2.0, 3.0])
let y = (x * x).sum()
print(y, y.backward()[x])
let h = gradient(at: Tensor(2.0)) { x in gradient(at: x) { x in gradient(at: x) { $0 * $0 * $0 } } }
print(h)
let one = Tensor(1.0)
print(gradient(at: one) { x in x * gradient(at: one) { y in x + y } })
print(gradient(at: Tensor([[1.0,2.0],[3.0,4.0]]), Tensor([1.0, -1.0])) { (w, b) in tanh(matmul(w, w) + b).mean() })
print(gradient(at: Tensor([0.0, 4.0])) { x in Tensor.where(x .> 0, sqrt(x), 0).sum() })
print(gradient(at: Tensor([[1.0,2.0],[3.0,4.0]])) { x in crossEntropy(x, labels: [0, 1]) })
let clock = ContinuousClock()
func chain(_ n: Int) -> (Double, Double, Int) {
  var f = 0.0, b = 0.0, bytes = 0
  Tape.scope {
    let x = Tensor(1.0), a = Tensor(0.999999), c = Tensor(1e-6)
    let start = Tape.current.byteCount
    var y = x
    let t0 = clock.now
    for _ in 0..<n/2 { y = y * a + c }
    let t1 = clock.now
    let g = y.backward()
    let t2 = clock.now
    _ = g
    bytes = (Tape.current.byteCount - start) / n
    f = Double((t1 - t0).components.attoseconds) * 1e-9 / Double(n)
    b = Double((t2 - t1).components.attoseconds) * 1e-9 / Double(n)
  }
  return (f, b, bytes)
}
for _ in 0..<5 { print(chain(1000)) }
for _ in 0..<5 { print(chain(1_000_000)) }
print(Tape.linearAlgebraBackend)
let bad = Tensor([1.0, 2.0])
print(bad + x)
