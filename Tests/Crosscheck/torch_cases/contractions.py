"""Products, einsum, convolutions, pooling."""
import torch
import torch.nn.functional as F

from .recording import Draw


def add(cases):
    products(cases)
    einsum(cases)
    convolutions(cases)
    pooling(cases)


def products(cases):
    shapes = [
        ((3, 4), (4, 5)), ((4,), (4,)), ((4,), (4, 3)), ((3, 4), (4,)), ((2, 3, 4), (4, 2)),
        ((2, 1, 2, 3), (3, 3, 2)), ((17, 9), (9, 12)), ((2, 0), (0, 3)), ((0, 2), (2, 3)), ((2, 3), (3, 0)),
        ((1, 1), (1, 1)), ((4,), (2, 4, 3)), ((2, 3, 4), (4,)), ((0, 2, 3), (3, 2)), ((1,), (1,))]
    if cases.large:
        shapes += [((65, 33), (33, 29)), ((5, 4, 17), (5, 17, 3)), ((3, 1, 8, 8), (1, 4, 8, 8)), ((129,), (129,))]
    for first, second in shapes:
        cases.add("matmul", torch.matmul, first, second)
    for first in ("plain", "transposed", "strided"):
        for second in ("plain", "transposed", "strided"):
            if (first, second) != ("plain", "plain"):
                cases.add("matmul", torch.matmul, Draw(3, 4, layout=first), Draw(4, 2, layout=second))
    cases.add("matmul", torch.matmul, Draw(2, 3, 4, layout="transposed"), Draw(2, 4, 2, layout="transposed"))
    cases.add("affine", lambda x, w, b: F.linear(x, w.T, b), (5, 3), (3, 4), (4,))
    for count in (0, 1, 7):
        cases.add("dot", torch.dot, (count,), (count,))
        cases.add("outer", torch.outer, (count,), (3,))
    for axes, first, second in [
        (0, (2, 3), (4,)), (1, (2, 3), (3, 4)), (2, (2, 3, 4), (3, 4, 2)), (1, (5,), (5,)), (1, (2, 0), (0, 3)),
    ]:
        cases.add("tensordot", lambda a, b: torch.tensordot(a, b, axes), first, second, count=axes)
    for first_axes, second_axes, first, second in [
        ([0], [1], (3, 2), (4, 3)), ([1, -1], [2, 0], (2, 3, 4), (4, 5, 3)), ([2, 0], [0, 1], (2, 3, 4), (4, 2)),
    ]:
        cases.add(
            "tensordot", lambda a, b: torch.tensordot(a, b, (first_axes, second_axes)), first, second,
            first=first_axes, second=second_axes)


def einsum(cases):
    equations = [
        ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
        ("ij->ji", (2, 3)), ("ba", (2, 3)), ("ij->i", (2, 3)), ("ij->", (2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)),
        ("ii,ij->j", (3, 3), (3, 2)), ("i,i->", (5,), (5,)), ("i,j->ij", (2,), (3,)), ("ij,ij->ij", (2, 3), (2, 3)),
        ("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)), ("...i,i->...", (2, 3, 4), (4,)), ("i...->...", (2, 3)),
        ("i...,...", (3,), (2, 2)),
        ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("a,b,c,d->abcd", (2,), (2,), (3,), (1,)),
        ("bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 2, 2, 4)), ("ijk,ilm,njm,nlk,abc->", (2, 2, 2), (2, 3, 2), (2, 2, 2),
                                                        (2, 3, 2), (1, 2, 2)),
        (" i j , j -> i ", (2, 3), (3,)), ("ij,kj->ik", (0, 3), (2, 3)), ("ij,jk->ik", (2, 0), (0, 3)),
        (",ij->ij", (), (2, 3)), ("iij,jk->ik", (2, 2, 3), (3, 2)), ("Ab,bC->AC", (2, 3), (3, 2)),
        ("ba,ac", (3, 4), (4, 5)), ("bA", (3, 4)), ("iji->j", (3, 2, 3)), ("iiij->ji", (2, 2, 2, 3)),
        ("i,j->", (3,), (4,)), ("i...,j...->...ij", (2, 3), (4, 2, 3)), ("b...j,k...j->...b", (2, 3, 4), (5, 3, 4)),
        ("...ii->...i", (2, 3, 3)), ("ij,jk,kl,lm->im", (2, 5), (5, 3), (3, 6), (6, 2)),
        ("ab,bc,cd,da->", (2, 3), (3, 4), (4, 5), (5, 2)), ("i,i,i,i,i,i,i,i,i->", *[(3,)] * 9),
        ("ea,fb,abcd,gc,hd->efgh", (2, 3), (2, 2), (3, 2, 4, 3), (2, 4), (2, 3)),
        # Axes of one element stand for repeats.
        ("ij,ij,jk->ik", (3, 1), (1, 4), (4, 2)), ("ijk,ilk->ijl", (2, 3, 1), (2, 4, 5)),
        ("ij,kj,lj->ikl", (2, 3), (4, 3), (2, 3)), ("abc,cd->dab", (0, 2, 3), (3, 2)), ("i->", (4,)),
        ("i,->i", (4,), ()), (",", (), ()),
        ("nct,oct->no", (2, 3, 4), (3, 3, 4)), ("i,ij,j->", (3,), (3, 4), (4,)), ("ik,jkl,il->ij", (3, 4), (2, 4, 5),
                                                                             (3, 5)),
    ]
    if cases.large:
        equations += [
            ("bij,bjk->bik", (5, 9, 17), (5, 17, 7)), ("ab,bc,cd,de->ae", (9, 8), (8, 7), (7, 6), (6, 5)),
            ("...a,...b->...ab", (3, 4, 5), (4, 6)), ("abcd,cdef->abef", (2, 3, 4, 5), (4, 5, 3, 2))]
    for equation, *shapes in equations:
        cases.add("einsum", lambda *x: torch.einsum(equation, *x), *shapes, equation=equation)
    cases.add(
        "einsum", lambda a, b: torch.einsum("ij,kj->ik", a, b), Draw(3, 4, layout="transposed"),
        Draw(2, 4, layout="strided"), equation="ij,kj->ik")


def convolutions(cases):
    # Input, filters, and what differs from the defaults.
    lines = [
        ((2, 3, 8), (4, 3, 3), {}), ((1, 1, 5), (1, 1, 1), {}), ((2, 2, 9), (3, 2, 3), dict(stride=2)),
        ((1, 2, 7), (2, 2, 4), dict(padding=2)), ((1, 2, 9), (2, 2, 3), dict(dilation=3)),
        ((2, 4, 6), (6, 2, 3), dict(groups=2, padding=1)), ((0, 2, 5), (3, 2, 2), {}),
        ((1, 4, 10), (4, 1, 3), dict(groups=4, stride=3, padding=1, dilation=2))]
    images = [
        ((2, 3, 5, 6), (4, 3, 3, 3), {}), ((1, 2, 5, 7), (3, 2, 2, 3), dict(stride=[2, 1])),
        ((2, 2, 4, 5), (2, 2, 3, 3), dict(padding=1)), ((1, 2, 6, 5), (2, 2, 3, 2), dict(padding=[2, 0], stride=2)),
        ((1, 1, 7, 8), (2, 1, 3, 3), dict(dilation=[2, 3])), ((2, 4, 4, 4), (4, 2, 3, 3), dict(groups=2, padding=1)),
        ((1, 3, 4, 4), (6, 1, 2, 2), dict(groups=3)), ((1, 1, 3, 3), (1, 1, 3, 3), {}),
        ((2, 3, 4, 3), (5, 3, 1, 1), {}), ((1, 2, 9, 1), (2, 2, 4, 1), dict(stride=[3, 2])),
        ((0, 2, 4, 4), (2, 2, 3, 3), {})]
    if cases.large:
        lines += [((3, 5, 40), (7, 5, 5), dict(stride=2, padding=2)), ((2, 6, 33), (9, 2, 4), dict(groups=3, dilation=3))]
        images += [
            ((2, 3, 17, 19), (8, 3, 5, 5), dict(padding=2)), ((2, 8, 14, 14), (8, 1, 3, 3), dict(groups=8, padding=1)),
            ((1, 3, 23, 20), (6, 3, 7, 7), dict(stride=2, padding=3))]
    for plain, transposed, list_ in [
        (F.conv1d, F.conv_transpose1d, lines), (F.conv2d, F.conv_transpose2d, images),
    ]:
        for index, (x, weight, options) in enumerate(list_):
            bias = (weight[0],)
            with_bias = index % 2 == 0
            cases.add(
                "convolution", lambda x, w, *b: plain(x, w, *b, **options), x, weight, *([bias] if with_bias else []),
                **options)
            # The filters of a transposed convolution have its input's channels first.
            outputs = weight[1] * options.get("groups", 1)
            source = (x[0], weight[0], *x[2:]) if index % 2 else (x[0], weight[0], *[4] * (len(x) - 2))
            options = dict(options)
            if isinstance(options.get("stride", 1), int) and options.get("stride", 1) > 1:
                options["outputPadding"] = 1
            torch_options = {"output_padding" if k == "outputPadding" else k: v for k, v in options.items()}
            if x[0] == 0:
                continue
            cases.add(
                "transposedConvolution", lambda x, w, *b: transposed(x, w, *b, **torch_options), source, weight,
                *([(outputs,)] if with_bias else []), **options)
    for x, weight, dilation in [
        ((1, 2, 5), (2, 2, 2), 1), ((1, 2, 6), (2, 2, 3), 1), ((1, 2, 6), (3, 2, 4), 1), ((1, 2, 6), (2, 2, 2), 2),
        ((1, 2, 6, 5), (3, 2, 3, 2), [2, 1]),
    ]:
        function = F.conv1d if len(x) == 3 else F.conv2d
        cases.add(
            "convolution", lambda x, w: function(x, w, padding="same", dilation=dilation), x, weight, padding="same",
            dilation=dilation)
    # Other numbers of zeros on either side; PyTorch pads from the last axis on.
    for x, weight, low, high, options in [
        ((1, 4, 11), (6, 2, 3), [0], [2], dict(stride=2, dilation=3, groups=2)),
        ((1, 4, 6, 7), (8, 1, 3, 2), [1, 0], [0, 2], dict(stride=[1, 2], groups=4)),
        ((1, 4, 9, 8), (4, 2, 2, 3), [2, 1], [0, 3], dict(stride=[2, 1], dilation=[3, 2], groups=2)),
        ((2, 3, 2, 2), (2, 3, 5, 4), [3, 2], [3, 2], dict(stride=[2, 3])),
        ((5, 2, 6, 6), (3, 2, 3, 3), [1, 1], [1, 1], dict(stride=2)),
    ]:
        function = F.conv1d if len(x) == 3 else F.conv2d
        pads = [n for pair in reversed(list(zip(low, high))) for n in pair]
        cases.add(
            "convolution", lambda x, w: function(F.pad(x, pads), w, **options), x, weight, low=low, high=high,
            **options)
    for x, weight, options in [
        ((2, 4, 5), (4, 3, 3), dict(stride=3, padding=1, output_padding=2, groups=2)),
        ((1, 2, 4), (2, 3, 2), dict(output_padding=1, dilation=3)),
        ((2, 3, 3, 4), (3, 2, 3, 3), dict(stride=2, padding=1, output_padding=[1, 0])),
        ((1, 4, 3, 2), (4, 1, 2, 4), dict(stride=[3, 1], padding=[0, 2], dilation=[2, 1], groups=4)),
        ((0, 2, 3, 3), (2, 2, 2, 2), dict(stride=2)),
    ]:
        function = F.conv_transpose1d if len(x) == 3 else F.conv_transpose2d
        ours = {"outputPadding" if key == "output_padding" else key: value for key, value in options.items()}
        cases.add("transposedConvolution", lambda x, w: function(x, w, **options), x, weight, **ours)
    cases.add(
        "convolution", lambda x, w: F.conv2d(x, w, padding=1), Draw(2, 2, 4, 5, layout="transposed"),
        Draw(3, 2, 3, 3, layout="strided"), padding=1)


def pooling(cases):
    lines = [
        ((2, 3, 8), 2, {}), ((1, 2, 7), 3, dict(stride=2)), ((1, 1, 7), 3, dict(stride=2, padding=1)),
        ((2, 2, 8), 3, dict(stride=2, ceil_mode=True)), ((0, 2, 5), 2, {}),
        ((2, 3, 9), 2, dict(ceil_mode=True))]
    images = [
        ((2, 3, 4, 6), 2, {}), ((1, 2, 5, 7), [3, 2], dict(stride=[2, 1])), ((2, 1, 5, 5), 3, dict(stride=1, padding=1)),
        ((1, 2, 6, 7), 3, dict(stride=2, padding=1, ceil_mode=True)), ((1, 1, 4, 4), [4, 4], {}),
        ((1, 2, 5, 5), [1, 3], dict(stride=[3, 1], padding=[0, 1])),
        ((1, 2, 6, 5), [3, 2], dict(stride=[3, 1], padding=1)), ((1, 1, 5, 5), 2, dict(stride=3, ceil_mode=True))]
    if cases.large:
        lines += [((3, 4, 61), 5, dict(stride=3, padding=2))]
        images += [((2, 3, 20, 17), 3, dict(stride=2, padding=1)), ((1, 4, 13, 29), [5, 2], {})]
    spelled = {"ceil_mode": "ceilMode", "count_include_pad": "countsPadding"}
    for maximum, average, list_ in [
        (F.max_pool1d, F.avg_pool1d, lines), (F.max_pool2d, F.avg_pool2d, images),
    ]:
        for shape, window, options in list_:
            ours = {spelled.get(key, key): value for key, value in options.items()}
            cases.add("maxPool", lambda x: maximum(x, window, **options), shape, window=window, **ours)
            for counts in (True, False) if "padding" in options else (True,):
                cases.add(
                    "averagePool", lambda x: average(x, window, count_include_pad=counts, **options), shape,
                    window=window, countsPadding=counts, **ours)
    cases.add("maxPool", lambda x: F.max_pool1d(x, 2, dilation=3, stride=1), (1, 2, 8), window=2, dilation=3, stride=1)
    cases.add(
        "maxPool", lambda x: F.max_pool1d(x, 3, 3, 1, 2, ceil_mode=True), (2, 2, 10), window=3, stride=3, padding=1,
        dilation=2, ceilMode=True)
    cases.add(
        "maxPool", lambda x: F.max_pool2d(x, 2, dilation=[2, 1], padding=1), (1, 2, 6, 5), window=2, dilation=[2, 1],
        padding=1)
    cases.add("maxPool", lambda x: F.max_pool2d(x, 2), Draw(1, 2, 4, 6, layout="transposed"), window=2)
