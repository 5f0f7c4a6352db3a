"""Shapes, views, joining, and indexing."""
import torch
import torch.nn.functional as F

from .recording import Draw


def square(f):
    """Of what only rearranges elements the square, whose second derivative is something."""
    return lambda *x: f(*x).square()


def add(cases):
    views(cases)
    slices(cases)
    padding(cases)
    joining(cases)
    indexing(cases)


def views(cases):
    cases.add("reshaped", square(lambda x: x.reshape(4, 3)), (2, 6), shape=[4, 3])
    cases.add("reshaped", square(lambda x: x.reshape(3, 0)), (0, 5), shape=[3, 0])
    cases.add("reshaped", square(lambda x: x.reshape(())), (1, 1), shape=[])
    cases.add("reshaped", square(lambda x: x.reshape(2, 2, 3)), Draw(4, 3, layout="transposed"), shape=[2, 2, 3])
    cases.add("transposed", square(lambda x: x.permute(2, 1, 0)), (2, 3, 4))
    cases.add("transposed", square(lambda x: x.transpose(0, 2)), (2, 3, 4), axes=[0, 2])
    cases.add("permuted", square(lambda x: x.permute(2, 0, 1)), (2, 3, 4), axes=[2, 0, 1])
    cases.add("permuted", square(lambda x: x.permute(1, 3, 0, 2)), (2, 3, 1, 4), axes=[1, -1, 0, -2])
    cases.add("broadcast", square(lambda x: x.expand(4, 2, 3)), (2, 1), shape=[4, 2, 3])
    cases.add("broadcast", square(lambda x: x.expand(2, 0)), (1,), shape=[2, 0])
    cases.add("broadcast", square(lambda x: x.expand(3)), (), shape=[3])
    cases.add("expandingShape", square(lambda x: x[:, None, :, None]), (2, 3), axes=[1, -1])
    cases.add("expandingShape", square(lambda x: x[None]), (), axes=[0])
    cases.add("squeezed", square(lambda x: x.squeeze()), (1, 3, 1, 2))
    cases.add("squeezed", square(lambda x: x.squeeze((0, 2))), (1, 3, 1, 2), axes=[0, -2])
    cases.add("flipped", square(lambda x: x.flip(0, 1)), (3, 4))
    cases.add("flipped", square(lambda x: x.flip(0, 2)), (2, 3, 4), axes=[0, -1])
    for offset in (-2, -1, 0, 1, 3):
        cases.add("diagonal", square(lambda x: x.diagonal(offset, -2, -1)), (2, 3, 4), offset=offset)
        cases.add("upperTriangle", square(lambda x: x.triu(offset)), (3, 4), diagonal=offset)
        cases.add("lowerTriangle", square(lambda x: x.tril(offset)), (2, 4, 3), diagonal=offset)
    for offset in (-2, 0, 1):
        cases.add("diagonalMatrix", square(lambda x: torch.diag_embed(x, offset)), (2, 3), offset=offset)
    cases.add("trace", lambda x: x.trace().square(), (3, 4))
    cases.add("trace", lambda x: x.diagonal(0, -2, -1).sum(-1).square(), (2, 3, 3))


def slices(cases):
    # Each axis: an index, [from, to, step] with null for an open end, "new", or "...".
    def case(shape, key, *parts):
        cases.add("subscript", square(lambda x: x[key]), shape, slices=[str(part) for part in parts])

    case((4, 3), slice(1, 3), "1:3")
    case((4, 3), (slice(None, -1), slice(1, None)), ":-1", "1:")
    case((4, 3), -2, "-2")
    case((7, 2), (slice(1, 6, 2), 1), "1:6:2", "1")
    case((2, 3, 4), (..., -1), "...", "-1")
    case((2, 3, 4), (0, ..., slice(0, 2)), "0", "...", ":2")
    case((2, 3), (slice(None), None, slice(1, 2)), ":", "new", "1:2")
    case((4, 3), (slice(2, 2), slice(None)), "2:2", ":")
    cases.add("subscript", square(lambda x: x.flip(0)), (5, 2), slices=["::-1"])
    cases.add("subscript", square(lambda x: x.flip(1)[:, ::2]), (2, 5), slices=[":", "::-2"])
    cases.add("sliced", square(lambda x: x[1:3, 0:2]), (4, 3), lower=[1, 0], upper=[3, 2])
    for parts, f in [
        ("equal", lambda x: torch.split(x, 2, 1)), ("sizes", lambda x: torch.split(x, [1, 0, 3, 2], 1)),
        ("chunks", lambda x: torch.chunk(x, 4, 1)),
    ]:
        name = {"equal": "split", "sizes": "split", "chunks": "chunked"}[parts]
        for index in range(3):
            cases.add(
                name, square(lambda x: f(x)[index]), (2, 6), axis=1, part=index,
                count={"equal": 3, "chunks": 4}.get(parts), sizes=[1, 0, 3, 2] if parts == "sizes" else None)


def padding(cases):
    for mode, name in [("constant", None), ("reflect", "reflection"), ("replicate", "edge")]:
        for before, after in [(1, 2), (0, 3), (2, 0)]:
            cases.add(
                "padded", lambda x: F.pad(x[None], (before, after), mode)[0].square(), (2, 4), axis=1,
                before=[before], after=[after], mode=name)
        # PyTorch lists the last axis first.
        cases.add(
            "padded", lambda x: F.pad(x[None, None], (2, 1, 0, 2), mode)[0, 0].square(), (4, 3), before=[0, 2],
            after=[2, 1], mode=name)
    cases.add(
        "padded", lambda x: F.pad(x, (1, 2), value=1.5).square(), (2, 4), axis=-1, before=[1], after=[2], value=1.5)
    cases.add("padded", lambda x: F.pad(x, (1, 1, 1, 0)).square(), (0, 2), before=[1, 1], after=[0, 1])
    for places, axis in [(1, 0), (-2, 1), (7, 1), (0, 0)]:
        cases.add("rolled", square(lambda x: x.roll(places, axis)), (3, 4), places=places, axis=axis)
    for shape, counts in [((3,), [2]), ((2, 3), [2, 1]), ((2,), [3, 2]), ((2, 3), [2]), ((2, 3), [0, 2]), ((), [4])]:
        cases.add("tiled", square(lambda x: x.tile(counts)), shape, counts=counts)
    for count, axis in [(1, 0), (3, 0), (2, -1), (0, 1)]:
        cases.add("repeated", square(lambda x: x.repeat_interleave(count, axis)), (2, 3), count=count, axis=axis)


def joining(cases):
    for shapes, axis in [
        ([(2, 3), (2, 2)], 1), ([(3,), (0,), (2,)], 0), ([(2, 1, 3), (2, 4, 3)], -2), ([(2, 3)], 0),
    ]:
        cases.add("concatenated", square(lambda *x: torch.cat(x, axis)), *shapes, axis=axis)
    cases.add(
        "concatenated", square(lambda *x: torch.cat(x, 0)), Draw(2, 3, layout="transposed"), Draw(1, 3), axis=0)
    for shapes, axis in [([(2, 3)] * 3, 0), ([(2, 3)] * 2, 1), ([(2, 3)] * 2, -1), ([()] * 3, 0)]:
        cases.add("stacked", square(lambda *x: torch.stack(x, axis)), *shapes, axis=axis)
    for part in (0, 1):
        cases.add(
            "broadcastTogether", square(lambda *x: torch.broadcast_tensors(*x)[part]), (2, 1), (3,), part=part)


def indexing(cases):
    for shape, indices in [((5, 3), (4,)), ((5,), (2, 3)), ((3, 2, 2), (0,)), ((4, 2), (2, 2)), ((4, 2), ())]:
        # Some index occurs twice, for all but few.
        rows = cases.integers(indices, shape[0])
        arguments = dict(indices=rows.reshape(-1).tolist(), indexShape=list(indices))
        cases.add("rows", square(lambda x: F.embedding(rows, x) if x.dim() == 2 else x[rows]), shape, **arguments)
    for shape, indices, axis in [((2, 4, 3), (5,), 1), ((2, 4), (3, 2), -1), ((4, 2), (0,), 0)]:
        places = cases.integers(indices, shape[axis])
        cases.add(
            "taking", square(lambda x: x[(slice(None),) * (axis % x.dim()) + (places,)]), shape, axis=axis,
            indices=places.reshape(-1).tolist(), indexShape=list(indices))
    for shape, indices, axis in [
        ((3, 4), (3, 6), 1), ((3, 4), (2, 4), 0), ((5,), (7,), 0), ((2, 3, 4), (2, 2, 3), -2), ((3, 4), (0, 4), 0),
    ]:
        places = cases.integers(indices, shape[axis])
        arguments = dict(axis=axis, indices=places.reshape(-1).tolist(), indexShape=list(indices))
        cases.add("gathered", square(lambda x: x.gather(axis, places)), shape, **arguments)
        cases.add(
            "scatterAdded", square(lambda x, s: x.scatter_add(axis, places, s)), shape, indices, **arguments)
    labels = cases.integers((5,), 4)
    cases.add(
        "oneHot", lambda x: F.one_hot(labels, 4) * x, (4,), indices=labels.tolist(), indexShape=[5], count=4)
