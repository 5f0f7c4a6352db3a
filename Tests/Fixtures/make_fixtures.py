"""Writes the fixtures that the tests compare with PyTorch: values and gradients in double precision.

Run with torch installed, from anywhere: python Tests/Fixtures/make_fixtures.py
Numbers are written so that reading them gives back every bit. The tests need neither Python nor torch.
"""
import json
import math
import pathlib

import torch

FIXTURES = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def array(tensor):
    tensor = tensor.detach()
    # torch leaves gradients that are 0 everywhere without memory.
    tensor = torch.zeros(tensor.shape) if tensor._is_zerotensor() else tensor
    return {"shape": list(tensor.shape), "scalars": tensor.reshape(-1).tolist()}


def two_moons(count, noise, generator):
    half = count // 2
    angle = torch.rand(count, generator=generator) * math.pi
    upper = torch.stack([torch.cos(angle[:half]), torch.sin(angle[:half])], 1)
    lower = torch.stack([1 - torch.cos(angle[half:]), 0.5 - torch.sin(angle[half:])], 1)
    points = torch.cat([upper, lower]) + noise * torch.randn(count, 2, generator=generator)
    labels = torch.cat([torch.zeros(half), torch.ones(count - half)]).long()
    order = torch.randperm(count, generator=generator)
    return points[order], labels[order]


def mlp():
    """The seed's cross-check: an MLP 2 → 32 → 32 → 2 with tanh on a batch of two moons."""
    torch.manual_seed(20240229)
    generator = torch.Generator().manual_seed(20240229)
    inputs, labels = two_moons(128, 0.15, generator)
    layers = [torch.nn.Linear(a, b) for a, b in [(2, 32), (32, 32), (32, 2)]]
    hidden = inputs
    for layer in layers[:-1]:
        hidden = torch.tanh(layer(hidden))
    logits = layers[-1](hidden)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    # torch keeps weights as (out, in), we as (in, out).
    return {
        "torch": torch.__version__,
        "inputs": array(inputs),
        "labels": labels.tolist(),
        "weights": [array(layer.weight.T) for layer in layers],
        "biases": [array(layer.bias) for layer in layers],
        "logits": array(logits),
        "loss": loss.item(),
        "weightGradients": [array(layer.weight.grad.T) for layer in layers],
        "biasGradients": [array(layer.bias.grad) for layer in layers],
    }


class Cases:
    """Functions with random inputs, and what torch makes of them."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)
        self.cases = []

    def uniform(self, shape, low, high):
        return low + (high - low) * torch.rand(shape, generator=self.generator)

    def add(self, name, function, *shapes, low=-2.0, high=2.0, domains=None):
        domains = domains or [(low, high)] * len(shapes)
        inputs = [self.uniform(s, *d).requires_grad_() for s, d in zip(shapes, domains)]
        value = function(*inputs)
        cotangent = 2 * torch.rand(value.shape, generator=self.generator) - 1
        gradients = torch.autograd.grad(value, inputs, cotangent, create_graph=True)
        # Second order: the gradients of ⟨w, gradients⟩, where the operation has any.
        weights = [2 * torch.rand(g.shape, generator=self.generator) - 1 for g in gradients]
        total = sum((w * g).sum() for w, g in zip(weights, gradients))
        second = [None] * len(inputs)
        if total.requires_grad:
            second = torch.autograd.grad(total, inputs, allow_unused=True)
        second = [torch.zeros_like(x) if s is None else s for x, s in zip(inputs, second)]
        self.cases.append({
            "name": name, "inputs": [array(x) for x in inputs], "cotangent": array(cotangent), "value": array(value),
            "gradients": [array(g) for g in gradients], "weights": [array(w) for w in weights],
            "second": [array(s) for s in second]})

    def content(self):
        return {"torch": torch.__version__, "cases": self.cases}


def operations():
    cases = Cases(7)
    add = cases.add
    positive = dict(low=0.1, high=4.0)
    for name, function, options in [
        ("exp", torch.exp, dict(low=-5.0, high=5.0)), ("log", torch.log, positive), ("sqrt", torch.sqrt, positive),
        ("tanh", torch.tanh, dict(low=-4.0, high=4.0)), ("sigmoid", torch.sigmoid, dict(low=-8.0, high=8.0)),
        ("relu", torch.relu, {}), ("abs", torch.abs, {}), ("negate", torch.neg, {}),
    ]:
        for shape in [(), (19,), (3, 5)]:
            add(name, function, shape, **options)
    for name, function, domains in [
        ("add", torch.add, None), ("subtract", torch.sub, None), ("multiply", torch.mul, None),
        ("divide", torch.div, [(-2.0, 2.0), (0.5, 2.0)]), ("maximum", torch.maximum, None),
        ("minimum", torch.minimum, None), ("pow", torch.pow, [(0.1, 3.0), (-3.0, 3.0)]),
        ("where", lambda a, b: torch.where(a > b, a * b, b), None),
    ]:
        for shapes in [((), ()), ((7,), (7,)), ((3, 4), (4,)), ((2, 1, 3), (4, 1))]:
            add(name, function, *shapes, domains=domains)
    for name, function in [("sum", torch.sum), ("mean", torch.mean), ("max", torch.amax)]:
        add(f"{name} all", lambda x: function(x, dim=tuple(range(x.dim()))), (3, 5))
        add(f"{name} 0", lambda x: function(x, dim=0), (4, 3))
        add(f"{name} 1", lambda x: function(x, dim=1), (2, 3, 4))
        add(f"{name} 0 2", lambda x: function(x, dim=(0, 2)), (2, 3, 4))
    for name, function in [
        ("logSumExp", torch.logsumexp), ("softmax", torch.softmax), ("logSoftmax", torch.log_softmax),
    ]:
        for axis, shape in [(0, (6,)), (1, (4, 5)), (0, (4, 5)), (1, (2, 5, 3))]:
            add(f"{name} {axis}", lambda x: function(x, axis), shape, low=-6.0, high=6.0)
    for shapes in [((3, 4), (4, 5)), ((4,), (4,)), ((4,), (4, 3)), ((3, 4), (4,)), ((2, 3, 4), (4, 2)),
                   ((2, 1, 2, 3), (3, 3, 2)), ((17, 9), (9, 12))]:
        add("matmul", torch.matmul, *shapes)
    labels = torch.tensor([2, 0, 3, 1, 1])
    add("crossEntropy", lambda x: torch.nn.functional.cross_entropy(x, labels), (5, 4), low=-5.0, high=5.0)
    add("negativeLogLikelihood", lambda x: torch.nn.functional.nll_loss(x, labels), (5, 4))
    add("reshape", lambda x: x.reshape(4, 3) * x.reshape(4, 3), (2, 6))
    add("transpose", lambda x: x.permute(2, 0, 1) * 2, (2, 3, 4))
    add("broadcast", lambda x: x.expand(4, 2, 3) * 2, (2, 1))
    add("slice", lambda x: x[1:3, 0:2] * 2, (4, 3))
    add("concatenate", lambda a, b: torch.cat([a, b], 1) * 2, (2, 3), (2, 2))
    return cases.content()


def write(name, content):
    path = FIXTURES / f"{name}.json"
    # `repr` of a float is the shortest text that reads back to the same bits.
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    write("mlp", mlp())
    write("operations", operations())
