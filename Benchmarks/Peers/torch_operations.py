"""The operation table in PyTorch, by the names of the bench."""
import math

import torch
import torch.nn.functional as F


def labels(x):
    """Row i has label 7 i modulo the number of classes."""
    key = tuple(x.shape)
    if key not in LABELS:
        LABELS[key] = torch.arange(x.shape[0]) * 7 % x.shape[1]
    return LABELS[key]


LABELS = {}

OPERATIONS = {
    "a + b": torch.add, "a − b": torch.sub, "a × b": torch.mul, "a / b": torch.div,
    "maximum": torch.maximum, "minimum": torch.minimum, "pow": torch.pow, "atan2": torch.atan2,
    "hypot": torch.hypot, "xlogy": torch.xlogy, "remainder": torch.remainder,
    "where": lambda a, b: torch.where(a > 0, a, b),
    "rows + row": torch.add, "rows × column": torch.mul, "x × scalar": torch.mul,
    "x + 1": lambda x: x + 1, "x × 2": lambda x: x * 2,
    "pow(x, 2)": lambda x: x**2, "pow(x, 0.3)": lambda x: x**0.3,
    "−x": torch.neg, "abs": torch.abs, "reciprocal": torch.reciprocal, "square": torch.square,
    "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "exp": torch.exp, "expMinusOne": torch.expm1, "log": torch.log,
    "log(onePlus:)": torch.log1p, "log2": torch.log2, "log10": torch.log10, "sin": torch.sin, "cos": torch.cos,
    "tan": torch.tan, "asin": torch.asin, "acos": torch.acos, "atan": torch.atan, "sinh": torch.sinh,
    "cosh": torch.cosh, "tanh": torch.tanh, "asinh": torch.asinh, "acosh": torch.acosh, "atanh": torch.atanh,
    "erf": torch.erf, "erfc": torch.erfc, "logGamma": torch.lgamma, "digamma": torch.digamma,
    "sigmoid": torch.sigmoid, "softplus": F.softplus, "silu": F.silu, "relu": torch.relu,
    "softsign": F.softsign, "hardSigmoid": F.hardsigmoid, "gelu": F.gelu,
    "gelu, tanh": lambda x: F.gelu(x, approximate="tanh"), "elu": F.elu, "leakyRelu": F.leaky_relu,
    "clamped": lambda x: x.clamp(-(1 + 2**-23), 1 + 2**-23),
    "sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin,
    "logSumExp": lambda x: torch.logsumexp(x, 0), "variance": torch.var, "standardDeviation": torch.std,
    "norm": torch.linalg.vector_norm,
    "sum of rows": lambda x: x.sum(1), "sum of columns": lambda x: x.sum(0), "mean of rows": lambda x: x.mean(1),
    "max of rows": lambda x: x.amax(1), "max of columns": lambda x: x.amax(0), "prod of rows": lambda x: x.prod(1),
    "logSumExp of rows": lambda x: torch.logsumexp(x, 1), "variance of rows": lambda x: x.var(1),
    "cumulativeSum": lambda x: x.cumsum(0),
    "softmax": lambda x: F.softmax(x, 1) ** 2, "logSoftmax": lambda x: F.log_softmax(x, 1),
    "softmax of columns": lambda x: F.softmax(x, 0) ** 2,
    "crossEntropy": lambda x: F.cross_entropy(x, labels(x)),
    "layerNorm": lambda x, scale, bias: F.layer_norm(x, [x.shape[1]], scale, bias) ** 2,
    "matmul": torch.matmul, "matmul by vector": torch.mv, "matmul, stack": torch.bmm,
}
