"""Writes the fixtures of convolutions, poolings and einsum: values and gradients by PyTorch in double precision.

Run with torch installed, from anywhere: python Tests/Fixtures/make_contraction_fixtures.py
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
generator = torch.Generator().manual_seed(20261124)


def array(tensor):
    tensor = tensor.detach()
    tensor = torch.zeros(tensor.shape) if tensor._is_zerotensor() else tensor
    return {"shape": list(tensor.shape), "scalars": tensor.reshape(-1).tolist()}


def uniform(shape):
    # Short in decimal, and without ties.
    return torch.randint(-(2**16), 2**16, shape, generator=generator).double() / 2**16


cases = []


def add(function, torch_function, shapes, **parameters):
    inputs = [uniform(shape).requires_grad_() for shape in shapes]
    y = torch_function(*inputs)
    v = uniform(y.shape)
    gradients = torch.autograd.grad(y, inputs, v, allow_unused=True)
    gradients = [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, gradients)]
    cases.append({
        "function": function, "inputs": [array(x) for x in inputs], "value": array(y), "cotangent": array(v),
        "gradients": [array(g) for g in gradients], **parameters,
    })


def convolution(x, w, stride, dilation, groups=1, low=None, high=None, bias=False):
    axes = len(x) - 2
    low = low or [0] * axes
    high = high or low

    def function(x, w, *bias):
        # torch pads from the last axis on.
        padding = [n for pair in reversed(list(zip(low, high))) for n in pair]
        f = F.conv1d if axes == 1 else F.conv2d
        return f(F.pad(x, padding), w, *bias, stride=stride, dilation=dilation, groups=groups)

    add("convolution", function, [x, w] + ([(w[0],)] if bias else []), stride=stride, dilation=dilation, groups=groups,
        low=low, high=high)


def transposed(x, w, stride, padding, output_padding, dilation, groups=1, bias=False):
    f = F.conv_transpose1d if len(x) == 3 else F.conv_transpose2d
    add("transposedConvolution",
        lambda x, w, *b: f(x, w, *b, stride=stride, padding=padding, output_padding=output_padding, groups=groups,
                           dilation=dilation),
        [x, w] + ([(w[1] * groups,)] if bias else []), stride=stride, dilation=dilation, groups=groups, low=padding,
        high=padding, outputPadding=output_padding)


def same(x, w, dilation):
    f = F.conv1d if len(x) == 3 else F.conv2d
    add("same", lambda x, w: f(x, w, padding="same", dilation=dilation), [x, w], dilation=dilation)


def max_pool(x, window, stride, padding, dilation, ceil=False):
    f = F.max_pool1d if len(x) == 3 else F.max_pool2d
    add("maxPool", lambda x: f(x, window, stride, padding, dilation, ceil), [x], window=window, stride=stride,
        low=padding, high=padding, dilation=dilation, ceilMode=ceil)


def average_pool(x, window, stride, padding, ceil, counts):
    f = F.avg_pool1d if len(x) == 3 else F.avg_pool2d
    add("averagePool", lambda x: f(x, window, stride, padding, ceil, counts), [x], window=window, stride=stride,
        low=padding, high=padding, ceilMode=ceil, countsPadding=counts)


def einsum(equation, *shapes):
    add("einsum", lambda *x: torch.einsum(equation, *x), shapes, equation=equation)


convolution((2, 3, 8), (4, 3, 3), [1], [1])
convolution((2, 3, 9), (4, 3, 2), [3], [1], low=[1], bias=True)
convolution((1, 4, 11), (6, 2, 3), [2], [3], groups=2, low=[0], high=[2])
convolution((2, 3, 1), (2, 3, 1), [1], [1])
convolution((1, 2, 40), (3, 2, 5), [1], [1], low=[2])
convolution((2, 3, 7, 6), (4, 3, 3, 3), [1, 1], [1, 1], low=[1, 1], bias=True)
convolution((2, 3, 7, 6), (4, 3, 2, 1), [3, 2], [1, 1])
convolution((1, 4, 6, 7), (8, 1, 3, 2), [1, 2], [1, 1], groups=4, low=[1, 0], high=[0, 2], bias=True)
convolution((1, 4, 9, 8), (4, 2, 2, 3), [2, 1], [3, 2], groups=2, low=[2, 1], high=[0, 3])
convolution((2, 2, 3, 3), (5, 2, 3, 3), [1, 1], [1, 1])
convolution((2, 3, 2, 2), (2, 3, 5, 4), [2, 3], [1, 1], low=[3, 2])
convolution((0, 3, 5, 5), (2, 3, 3, 3), [1, 1], [1, 1])
convolution((3, 5, 4, 4), (7, 5, 1, 1), [1, 1], [1, 1], bias=True)
convolution((3, 5, 4, 5), (7, 5, 1, 1), [2, 2], [1, 1])
convolution((5, 2, 6, 6), (3, 2, 3, 3), [2, 2], [1, 1], low=[1, 1])
transposed((2, 3, 5), (3, 4, 3), [1], [0], [0], [1])
transposed((2, 4, 5), (4, 3, 3), [3], [1], [2], [1], groups=2, bias=True)
transposed((1, 2, 4), (2, 3, 2), [1], [1], [1], [3])
transposed((2, 3, 3, 4), (3, 2, 3, 3), [2, 2], [1, 1], [1, 0], [1, 1], bias=True)
transposed((1, 4, 3, 2), (4, 1, 2, 4), [3, 1], [0, 2], [0, 0], [2, 1], groups=4)
transposed((2, 3, 1, 1), (3, 2, 4, 4), [1, 1], [0, 0], [0, 0], [1, 1])
transposed((0, 2, 3, 3), (2, 2, 2, 2), [2, 2], [0, 0], [0, 0], [1, 1])
same((1, 2, 6), (3, 2, 4), [1])
same((1, 2, 6, 5), (3, 2, 3, 2), [2, 1])
max_pool((2, 3, 9), [2], [2], [0], [1])
max_pool((2, 3, 9), [3], [2], [1], [1])
max_pool((2, 2, 10), [3], [3], [1], [2], ceil=True)
max_pool((2, 3, 6, 8), [2, 2], [2, 2], [0, 0], [1, 1])
max_pool((2, 3, 7, 8), [3, 2], [2, 3], [1, 1], [1, 1])
max_pool((1, 2, 9, 7), [2, 3], [1, 2], [1, 0], [3, 2], ceil=True)
max_pool((1, 1, 5, 5), [2, 2], [3, 3], [0, 0], [1, 1], ceil=True)
average_pool((2, 3, 9), [3], [2], [1], False, True)
average_pool((2, 3, 9), [2], [2], [0], True, True)
average_pool((2, 3, 6, 8), [2, 2], [2, 2], [0, 0], False, True)
average_pool((1, 2, 7, 6), [3, 3], [2, 2], [1, 1], True, True)
average_pool((1, 2, 7, 6), [3, 3], [2, 2], [1, 1], True, False)
average_pool((1, 2, 6, 5), [3, 2], [3, 1], [1, 1], False, False)
average_pool((1, 1, 5, 5), [2, 2], [3, 3], [0, 0], True, True)
einsum("ij,jk->ik", (3, 4), (4, 5))
einsum("ij,jk", (3, 4), (4, 5))
einsum("ba,ac", (3, 4), (4, 5))
einsum("bA", (3, 4))
einsum("ii->", (4, 4))
einsum("ii", (4, 4))
einsum("iji->j", (3, 2, 3))
einsum("iiij->ji", (2, 2, 2, 3))
einsum("i,j->", (3,), (4,))
einsum("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2))
einsum("i...,j...->...ij", (2, 3), (4, 2, 3))
einsum("b...j,k...j->...b", (2, 3, 4), (5, 3, 4))
einsum("...ii->...i", (2, 3, 3))
einsum(" bi j , b j k -> b i k ", (2, 3, 4), (2, 4, 2))
einsum("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5))
einsum("bqhd,bkhd->bhqk", (2, 4, 3, 5), (2, 6, 3, 5))
einsum("ij,jk,kl,lm->im", (2, 5), (5, 3), (3, 6), (6, 2))
einsum("ab,bc,cd,da->", (2, 3), (3, 4), (4, 5), (5, 2))
einsum("ea,fb,abcd,gc,hd->efgh", (2, 3), (2, 2), (3, 2, 4, 3), (2, 4), (2, 3))
einsum("i,i,i,i,i,i,i,i,i->", *[(3,)] * 9)
einsum("ij,ij,jk->ik", (3, 1), (1, 4), (4, 2))
einsum("ijk,ilk->ijl", (2, 3, 1), (2, 4, 5))
einsum("ij,kj,lj->ikl", (2, 3), (4, 3), (2, 3))
einsum("abc,cd->dab", (0, 2, 3), (3, 2))
einsum("ab,bc->ac", (2, 0), (0, 3))
einsum("i->", (4,))
einsum("i,->i", (4,), ())
einsum(",", (), ())

path = pathlib.Path(__file__).parent / "contractions.json"
path.write_text(json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")) + "\n")
print(path.name, path.stat().st_size, "bytes")
