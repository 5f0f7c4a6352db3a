"""Points where libraries disagree: the rows of the contract that PyTorch has an opinion on."""
import math

import torch
import torch.nn.functional as F

inf, nan = math.inf, math.nan


def add(cases):
    elements(cases)
    pairs(cases)
    reductions(cases)
    rows(cases)
    matrices(cases)


def elements(cases):
    strong = "where the cotangent is 0, 0 · ∞ is NaN in PyTorch"
    for name, function in [("relu", torch.relu), ("abs", torch.abs), ("sign", torch.sign), ("floor", torch.floor)]:
        cases.hard(name, function, [0.0, -0.0, 2.0, -3.0, inf, -inf], cotangent=[1.0, 2, 3, 4, 5, 6])
    for name, function, value in [
        ("sqrt", torch.sqrt, 0.0), ("rsqrt", torch.rsqrt, inf), ("log", torch.log, -inf),
        ("reciprocal", torch.reciprocal, inf),
    ]:
        cases.hard(name, function, [0.0, 1.0], cotangent=[1.0, 1.0])
        gradient = {"sqrt": 0.5, "rsqrt": -0.5, "log": 1.0, "reciprocal": -1.0}[name]
        # PyTorch divides the cotangent, and 0 / 0 is NaN as well.
        cases.hard(
            name, function, [0.0, 1.0], cotangent=[0.0, 1.0], note=strong, gradients=[[0.0, gradient]])
    cases.hard(
        "clamped", lambda x: torch.clamp(x, -1, 1), [-1.0, 0.5, 1.0, 2.0], cotangent=[1.0, 1, 1, 1],
        gradients=[[0.0, 1, 0, 0]], note="the derivative at a bound is 1 in PyTorch, 0 in the contract",
        bounds=[-1.0, 1.0])
    for name, function in [
        ("sigmoid", torch.sigmoid), ("silu", F.silu), ("tanh", torch.tanh), ("exp", torch.exp),
        ("erfc", torch.erfc), ("logGamma", torch.lgamma),
    ]:
        cases.hard(name, function, [0.0, 30.0, -30.0], cotangent=[1.0, 0.5, 2.0])
    cases.hard(
        "softplus", F.softplus, [0.0, 30.0, -30.0], cotangent=[1.0, 0.5, 2.0],
        value=torch.logaddexp(torch.tensor([0.0, 30, -30]), torch.tensor(0.0)),
        gradients=[torch.sigmoid(torch.tensor([0.0, 30, -30])) * torch.tensor([1.0, 0.5, 2])],
        note="PyTorch's softplus is x itself above 20")
    for name, function in [("sigmoid", torch.sigmoid), ("softplus", F.softplus), ("gelu", F.gelu)]:
        cases.hard(name, function, [-1000.0, 1000.0], cotangent=[1.0, 2.0])
    cases.hard("rounded", torch.round, [0.5, 1.5, 2.5, -0.5, -1.5, 0.49999997], cotangent=[1.0] * 6)


def pairs(cases):
    tie = [[1.0, nan, 0.0, 3.0], [1.0, 0.0, nan, 2.0]]
    for name, function in [("maximum", torch.maximum), ("minimum", torch.minimum)]:
        cases.hard(name, function, [1.0, 2.0, -1.0], [1.0, 3.0, -1.0], cotangent=[1.0, 2.0, 3.0])
        shares = {"maximum": ([0.5, 1, 0, 1], [0.5, 0, 1, 0]), "minimum": ([0.5, 1, 0, 0], [0.5, 0, 1, 1])}[name]
        cases.hard(
            name, function, *tie, cotangent=[1.0] * 4, gradients=shares,
            note="a cotangent goes to both operands if one is NaN, not to the NaN alone")
    for exponent, gradients in [
        (0.0, (0.0, 0.0)), (2.0, (0.0, 0.0)), (1.0, (1.0, 0.0)), (0.5, (inf, 0.0)), (-1.0, (-inf, -inf)),
    ]:
        cases.hard("pow", torch.pow, 0.0, exponent, cotangent=1.0)
    cases.hard("pow", torch.pow, -2.0, 2.0, cotangent=1.0)
    cases.hard("pow", lambda x: torch.pow(x, 2.0), -2.0, cotangent=1.0, right=2.0)
    cases.hard("atan2", torch.atan2, 0.0, 0.0, cotangent=1.0)
    cases.hard(
        "hypot", torch.hypot, 0.0, 0.0, cotangent=1.0, gradients=[0.0, 0.0],
        note="the derivative at the origin is 0 / 0 in PyTorch, 0 in the contract")
    cases.hard(
        "xlogy", torch.xlogy, 0.0, 0.0, cotangent=1.0, gradients=[0.0, 0.0],
        note="the derivative with respect to y, x / y, is 0 / 0 in PyTorch, 0 in the contract")
    cases.hard("xlogy", torch.xlogy, [0.0, 0.0, 2.0], [3.0, 1.0, 1.0], cotangent=[1.0, 1, 1])
    cases.hard("remainder", torch.remainder, [5.5, -5.5, 5.5, -5.5], [2.0, 2.0, -2.0, -2.0], cotangent=[1.0, 2, 3, 4])


def reductions(cases):
    x = [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]
    for name, function in [("max", torch.amax), ("min", torch.amin)]:
        cases.hard(name, lambda x: function(x, 1), x, cotangent=[1.0, 3.0], axes=[1])
        cases.hard(name, lambda x: function(x, (0, 1)), x, cotangent=1.0)
    for order in (2.0, 1.0, 3.0, inf):
        cases.hard(
            "norm", lambda x: torch.linalg.vector_norm(x, order), [0.0, 0.0, 0.0], cotangent=1.0, order=order)
    for order in (1.0, 3.0, inf):
        cases.hard(
            "norm", lambda x: torch.linalg.vector_norm(x, order), [2.0, 0.0, -2.0], cotangent=1.0, order=order)
    for name, function in [("standardDeviation", torch.std), ("variance", torch.var)]:
        cases.hard(name, lambda x: function(x), [2.5, 2.5, 2.5], cotangent=1.0)
        cases.hard(name, lambda x: function(x), [2.5], cotangent=1.0)
    for x in [[2.0, 0.0, 3.0], [2.0, 0.0, 0.0], [0.0]]:
        cases.hard("prod", torch.prod, x, cotangent=1.0)
    for x in [[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [2.0, 3.0, 0.0]]:
        cases.hard("cumulativeProduct", lambda x: torch.cumprod(x, 0), x, cotangent=[1.0, 1, 1], axis=0)
    cases.hard("sum", torch.sum, torch.zeros(0), cotangent=1.0)
    cases.hard("mean", torch.mean, torch.zeros(0), cotangent=1.0)
    cases.hard("prod", torch.prod, torch.zeros(0), cotangent=1.0)
    for x in [[3.0, 1.0, 3.0, 1.0], [nan, 1.0, 2.0, nan], [0.0, -0.0, 0.0, -1.0]]:
        for descending in (False, True):
            cases.hard(
                "sortedIndices", lambda x: torch.argsort(x, descending=descending, stable=True), x,
                cotangent=[0.0] * 4, axis=0, descending=descending)
    cases.hard("argmax", torch.argmax, [1.0, 3.0, 3.0], cotangent=0.0)
    cases.hard("argmin", torch.argmin, [1.0, nan, 3.0], cotangent=0.0)


def rows(cases):
    def log_sum(x):
        return torch.logsumexp(x, 0)

    cases.hard(
        "logSumExp", log_sum, [-inf, -inf], cotangent=1.0, gradients=[[0.0, 0.0]], axes=[0],
        note="of nothing but −∞ the derivative is NaN in PyTorch, 0 in the contract")
    cases.hard("logSumExp", log_sum, [-inf, 1.0], cotangent=1.0, axes=[0])
    cases.hard("logSumExp", log_sum, torch.zeros(0), cotangent=1.0, axes=[0])
    far = torch.tensor([1e4, 1e4 - 1, -1e4])
    cases.hard(
        "logSumExp", log_sum, far, cotangent=1.0, gradients=[torch.softmax(far, 0)], axes=[0],
        note="PyTorch's gradient is exp(x − y), where y is rounded to 2e-12 at 1e4")
    for name, function in [("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)]:
        for x in [[1e4, 1e4 - 1, -1e4], [-inf, 1.0, 2.0], [-inf, -inf, 3.0]]:
            cases.hard(name, lambda x: function(x, 0), x, cotangent=[0.0, 2.0, 3.0], axis=0)
    labels = torch.tensor([1, 0])
    for x in [[[1e4, -1e4], [0.0, 1e4]], [[0.0, 1.0], [-inf, 3.0]]]:
        cases.hard("crossEntropy", lambda x: F.cross_entropy(x, labels), x, cotangent=1.0, labels=[1, 0])
    none = torch.tensor([-100, -100])
    cases.hard(
        "crossEntropy", lambda x: F.cross_entropy(x, none), [[1.0, 2.0], [3.0, 4.0]], cotangent=1.0,
        labels=[-100, -100], ignoring=-100)
    for t in (0.0, 1.0):
        cases.hard(
            "binaryCrossEntropy", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"),
            [1e4, -1e4, 0.0], [t] * 3, cotangent=[1.0, 2, 3], reduction="none")
    cases.hard("huberLoss", lambda x, t: F.huber_loss(x, t), [1.0, -1.0, 0.0], [0.0] * 3, cotangent=1.0)


def matrices(cases):
    cases.hard("determinant", torch.linalg.det, [[2.0, 1.0], [4.0, 3.0]], cotangent=1.0)
    cases.hard("determinant", torch.linalg.det, [[1.0, 2.0], [2.0, 4.0]], cotangent=1.0)
    singular = [[1.0, 2.0], [2.0, 4.0]]
    cases.hard("logDeterminant", lambda a: torch.linalg.slogdet(a)[0], singular, cotangent=1.0, part="sign")
    cases.hard("cholesky", torch.linalg.cholesky, [[4.0, 1.0], [1.0, 3.0]], cotangent=[[1.0, 1.0], [1.0, 1.0]])
    # Repeated values.
    eye = torch.eye(3)
    cases.hard("singularValues", torch.linalg.svdvals, eye * 2, cotangent=[1.0, 1, 1])
    cases.hard("eigenvalues", torch.linalg.eigvalsh, eye * 2, cotangent=[1.0, 1, 1])
    index = torch.tensor([1, 1, 0, 1])
    cases.hard(
        "gathered", lambda x: x.gather(0, index).square(), [2.0, 3.0], cotangent=[1.0, 2, 3, 4], axis=0,
        indices=index.tolist(), indexShape=[4])
    # Equal largest elements of a window.
    cases.hard(
        "maxPool", lambda x: F.max_pool1d(x, 2), [[[3.0, 3.0, 1.0, 2.0]]], cotangent=[[[1.0, 1.0]]],
        gradients=[[[[0.5, 0.5, 0, 1]]]], window=2,
        note="of equal largest elements the first gets all of the cotangent in PyTorch, each a share in the contract")
    cases.hard(
        "scaledDotProductAttention",
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m != 0) + 0 * m.sum(),
        [[1.0]], [[1.0]], [[2.0]], [[0.0]], cotangent=[[0.0]], value=[[nan]],
        gradients=[[[0.0]], [[0.0]], [[0.0]], [[0.0]]], part="mask",
        note="a query that may attend to no key gives 0 in PyTorch, and NaN, as softmax of nothing does, here")
