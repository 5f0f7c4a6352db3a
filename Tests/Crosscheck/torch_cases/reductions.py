"""Reductions, cumulative operations, sorting."""
import math

import torch

from .recording import Draw


def dims(x, axes):
    return tuple(range(x.dim())) if axes is None else tuple(axes)


def mean(x, axes, keep):
    return x.mean(dims(x, axes), keep) if x.dim() else x.mean()


def prod(x, axes, keep):
    for axis in sorted((a % x.dim() for a in dims(x, axes)), reverse=True):
        x = x.prod(axis, keep)
    return x



def reduction(name, f):
    """A function of tensor, axes, and whether to keep them, for scalars too."""
    def reduced(x, axes, keep):
        if axes is None and x.dim() == 0:
            return f(x.reshape(1), (0,), False)
        return f(x, dims(x, axes), keep)
    return name, reduced


REDUCTIONS = [
    reduction("sum", torch.sum), ("mean", mean), ("prod", prod), reduction("max", torch.amax),
    reduction("min", torch.amin), reduction("logSumExp", torch.logsumexp),
]


def add(cases):
    plain(cases)
    moments(cases)
    norms(cases)
    counting(cases)
    cumulative(cases)
    sorting(cases)
    softmax(cases)


def selections(cases):
    """Shapes, and the axes that are reduced."""
    selections = [
        ((), None), ((1,), None), ((3, 5), None), ((4, 3), [0]), ((4, 3), [-1]), ((2, 3, 4), [1]),
        ((2, 3, 4), [0, 2]), ((2, 1, 3), [1]), ((19,), [0])]
    if cases.large:
        selections += [((65,), [0]), ((3, 129), [1]), ((129, 3), [0]), ((2, 3, 4, 5), [1, -1]), ((2, 3, 4, 5), [2, 0, 1])]
    return selections


def plain(cases):
    for name, function in REDUCTIONS:
        for shape, axes in selections(cases):
            cases.add(name, lambda x: function(x, axes, False), Draw(*shape), axes=axes)
        cases.add(name, lambda x: function(x, [1], True), Draw(2, 3, 4), axes=[1], keepingAxes=True)
        cases.add(name, lambda x: function(x, [0], False), Draw(5, 3, layout="transposed"), axes=[0])
        cases.add(name, lambda x: function(x, [-1], False), Draw(3, 5, layout="strided"), axes=[-1])
        # Nothing to reduce, and reductions of nothing.
        cases.add(name, lambda x: function(x, [1], False), Draw(0, 3), axes=[1])
        if name in ("sum", "prod"):
            cases.add(name, lambda x: function(x, [0], False), Draw(0, 3), axes=[0])
            cases.add(name, lambda x: function(x, None, False), Draw(2, 0))


def moments(cases):
    for shape, axes in selections(cases):
        if shape in ((), (1,), (2, 1, 3)):
            continue
        for correction in (0, 1):
            arguments = dict(axes=axes, correction=correction)
            cases.add(
                "variance", lambda x: torch.var(x, dim=dims(x, axes), correction=correction), Draw(*shape), **arguments)
            cases.add(
                "standardDeviation", lambda x: torch.std(x, dim=dims(x, axes), correction=correction), Draw(*shape),
                **arguments)
    for name, function in [("variance", torch.var), ("standardDeviation", torch.std)]:
        cases.add(
            name, lambda x: function(x, dim=(0, 2), correction=2, keepdim=True), Draw(3, 2, 4), axes=[0, 2],
            correction=2, keepingAxes=True)
        cases.add(
            name, lambda x: function(x, dim=1, correction=1), Draw(4, 5, low=100, high=101, layout="transposed"),
            contract=lambda x: function(x - 100, dim=1, correction=1), axes=[1],
            note="PyTorch's variance loses a digit where the mean is 200 deviations from 0")


def norms(cases):
    for order in [1.0, 2.0, 3.0, 2.5, math.inf, -math.inf, 0.5, 0.0, -1.0]:
        for shape, axes in [((7,), None), ((3, 4), [1]), ((2, 3, 4), [0, 2])] + (
                [((65,), None), ((129, 3), [0]), ((2, 2, 2, 2), [3, 1])] if cases.large else []):
            cases.add(
                "norm", lambda x: torch.linalg.vector_norm(x, order, dims(x, axes)), Draw(*shape), order=order,
                axes=axes, condition=2 if abs(order) < 1 else None)
    cases.add("norm", lambda x: torch.linalg.vector_norm(x), Draw())
    cases.add(
        "norm", lambda x: torch.linalg.vector_norm(x, 2, 0, keepdim=True), Draw(4, 3, layout="transposed"), axes=[0],
        keepingAxes=True)


def counting(cases):
    zeros = torch.tensor([[0.0, 1.5, 0.0], [0.0, -2.0, 3.0]])
    for name, function in [
        ("any", lambda x, d: torch.any(x, d)), ("all", lambda x, d: torch.all(x, d)),
        ("countNonzero", lambda x, d: torch.count_nonzero(x, d)),
    ]:
        for axes in [[0], [1]]:
            cases.add(name, lambda x: function(x, axes[0]), Draw(2, 3, values=zeros), axes=axes)
        cases.add(name, lambda x: function(x.reshape(-1), 0), Draw(2, 3, values=zeros))
        cases.add(name, lambda x: function(x, 0), Draw(0, 3), axes=[0])
    for name, function in [("argmax", torch.argmax), ("argmin", torch.argmin)]:
        cases.add(name, lambda x: function(x), Draw(3, 7))
        for axis in [0, -1]:
            cases.add(name, lambda x: function(x, axis), Draw(4, 5), axis=axis)
        cases.add(name, lambda x: function(x, 1, True), Draw(2, 9, 2, layout="transposed"), axis=1, keepingAxes=True)


def cumulative(cases):
    shapes = [((6,), 0), ((1,), 0), ((3, 4), 0), ((3, 4), -1), ((2, 3, 2), 1), ((0, 3), 0), ((2, 0), 0)]
    if cases.large:
        shapes += [((67,), 0), ((3, 33), 1), ((33, 3), 0)]
    for shape, axis in shapes:
        # PyTorch starts at the front, and includes every element; products of many elements stay near 1.
        near = dict(low=-1.5, high=1.5)
        cases.add("cumulativeSum", lambda x: torch.cumsum(x, axis), Draw(*shape), axis=axis)
        cases.add(
            "cumulativeSum", lambda x: torch.cumsum(x.flip(axis), axis).flip(axis), Draw(*shape), axis=axis,
            reversed=True)
        cases.add("cumulativeProduct", lambda x: torch.cumprod(x, axis), Draw(*shape, **near), axis=axis)
        cases.add(
            "cumulativeProduct", lambda x: torch.cumprod(x.flip(axis), axis).flip(axis), Draw(*shape, **near),
            axis=axis, reversed=True)
        if 0 not in shape:
            cases.add("cumulativeLogSumExp", lambda x: torch.logcumsumexp(x, axis), Draw(*shape), axis=axis)
            cases.add(
                "cumulativeLogSumExp", lambda x: torch.logcumsumexp(x.flip(axis), axis).flip(axis), Draw(*shape),
                axis=axis, reversed=True)
            cases.add(
                "cumulativeSum", lambda x: torch.cumsum(x, axis) - x, Draw(*shape), axis=axis, exclusive=True)
    cases.add("cumulativeSum", lambda x: torch.cumsum(x, 0), Draw(5, 3, layout="transposed"), axis=0)


def sorting(cases):
    shapes = [((9,), 0), ((1,), 0), ((3, 5), 1), ((3, 5), 0), ((2, 5, 2), -2), ((2, 0), 0)]
    if cases.large:
        shapes += [((300,), 0), ((3, 70), 1), ((70, 3), 0)]
    for shape, axis in shapes:
        for descending in (False, True):
            flags = dict(axis=axis, descending=descending)
            cases.add(
                "sorted", lambda x: torch.sort(x, dim=axis, descending=descending, stable=True).values, Draw(*shape),
                **flags)
            cases.add(
                "sortedIndices", lambda x: torch.argsort(x, dim=axis, descending=descending, stable=True),
                Draw(*shape), **flags)
        if 0 in shape:
            continue
        # PyTorch does not say which of equal elements are on top.
        draw = Draw(*shape, values=cases.distinct(shape))
        count = (shape[axis] + 1) // 2
        for smallest in (False, True):
            cases.add(
                "topK", lambda x: torch.topk(x, count, axis, largest=not smallest, sorted=True).values, draw,
                count=count, axis=axis, smallest=smallest)
        for fraction in (0.0, 0.3, 0.5, 1.0):
            cases.add(
                "quantile", lambda x: torch.quantile(x, fraction, axis), draw, fraction=fraction, axes=[axis])
        # PyTorch's median is the lower of two; half a quantile is between them.
        cases.add("median", lambda x: torch.quantile(x, 0.5, axis, True), draw, axes=[axis], keepingAxes=True)
    cases.add("median", lambda x: torch.median(x), Draw(3, 3))
    cases.add("quantile", lambda x: torch.quantile(x, 0.85), Draw(4, 3, layout="transposed"), fraction=0.85)


def softmax(cases):
    shapes = [((6,), 0), ((1,), 0), ((4, 5), 1), ((4, 5), 0), ((2, 5, 3), -2), ((0, 3), 1), ((2, 0), 0)]
    if cases.large:
        shapes += [((17, 33), 1), ((33, 17), 0), ((129,), 0)]
    for name, function in [("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)]:
        for shape, axis in shapes:
            cases.add(name, lambda x: function(x, axis), Draw(*shape, low=-3, high=3), axis=axis)
        cases.add(name, lambda x: function(x, -1), Draw(3, 4, layout="transposed"), axis=-1)
