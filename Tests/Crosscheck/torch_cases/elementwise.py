"""Functions of single elements, and arithmetic."""
import torch
import torch.nn.functional as F

from .recording import Draw

UNARY = [
    # The package's name, PyTorch's function, and where inputs are drawn from.
    ("exp", torch.exp, (-5, 5)), ("expMinusOne", torch.expm1, (-2, 2)), ("log", torch.log, (0.1, 4)),
    ("log(onePlus:)", torch.log1p, (-0.9, 3)), ("log2", torch.log2, (0.1, 4)), ("log10", torch.log10, (0.1, 4)),
    ("sqrt", torch.sqrt, (0.1, 4)), ("rsqrt", torch.rsqrt, (0.1, 4)), ("reciprocal", torch.reciprocal, (0.25, 3)),
    ("square", torch.square, (-3, 3)), ("abs", torch.abs, (-2, 2)), ("negate", torch.neg, (-2, 2)),
    ("sin", torch.sin, (-7, 7)), ("cos", torch.cos, (-7, 7)), ("tan", torch.tan, (-1.3, 1.3)),
    ("asin", torch.asin, (-0.9, 0.9)), ("acos", torch.acos, (-0.9, 0.9)), ("atan", torch.atan, (-4, 4)),
    ("sinh", torch.sinh, (-3, 3)), ("cosh", torch.cosh, (-3, 3)), ("tanh", torch.tanh, (-2, 2)),
    ("asinh", torch.asinh, (-4, 4)), ("acosh", torch.acosh, (1.2, 5)), ("atanh", torch.atanh, (-0.9, 0.9)),
    ("erf", torch.erf, (-3, 3)), ("erfc", torch.erfc, (-3, 3)), ("sigmoid", torch.sigmoid, (-3, 3)), ("softplus", F.softplus, (-8, 8)),
    ("silu", F.silu, (-6, 6)), ("relu", torch.relu, (-2, 2)), ("elu", F.elu, (-3, 3)),
    ("leakyRelu", F.leaky_relu, (-3, 3)), ("softsign", F.softsign, (-4, 4)),
    ("gelu", F.gelu, (-1.5, 4)), ("sign", torch.sign, (-2, 2)),
    ("floor", torch.floor, (-4, 4)), ("ceil", torch.ceil, (-4, 4)), ("rounded", torch.round, (-4, 4)),
]

BINARY = [
    ("+", torch.add, (-2, 2), (-2, 2)), ("-", torch.sub, (-2, 2), (-2, 2)), ("*", torch.mul, (-2, 2), (-2, 2)),
    ("/", torch.div, (-2, 2), (0.5, 2)), ("maximum", torch.maximum, (-2, 2), (-2, 2)),
    ("minimum", torch.minimum, (-2, 2), (-2, 2)), ("pow", torch.pow, (0.2, 3), (-3, 3)),
    ("atan2", torch.atan2, (-3, 3), (0.3, 3)), ("hypot", torch.hypot, (-3, 3), (0.5, 3)),
    ("xlogy", torch.xlogy, (-2, 2), (0.2, 4)), ("remainder", torch.remainder, (-7, 7), (1, 3)),
    ("where", lambda a, b: torch.where(a > b, a * b, b), (-2, 2), (-2, 2)),
]

TRIGAMMA = "PyTorch's trigamma is good to 5e-10; compared with ζ(2, x), which PyTorch has, too"
SIXTH = "PyTorch takes 1/6 from a float"


class Trigamma(torch.autograd.Function):
    """ψ⁽¹⁾(x) = ζ(2, x), to the last digits."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        # From x + 4 on, as ζ wants a positive argument.
        return torch.special.zeta(torch.tensor(2.0), x + 4) + sum(1 / (x + k) ** 2 for k in range(4))

    @staticmethod
    def backward(context, cotangent):
        x, = context.saved_tensors
        return cotangent * torch.polygamma(2, x)


class Digamma(torch.autograd.Function):
    """ψ, with that derivative."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return torch.digamma(x)

    @staticmethod
    def backward(context, cotangent):
        x, = context.saved_tensors
        return cotangent * Trigamma.apply(x)


class LogGamma(torch.autograd.Function):
    """ln |Γ|, with that second derivative."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return torch.lgamma(x)

    @staticmethod
    def backward(context, cotangent):
        x, = context.saved_tensors
        return cotangent * Digamma.apply(x)


COMPARISONS = [
    (".<", torch.lt), (".<=", torch.le), (".>", torch.gt), (".>=", torch.ge), (".==", torch.eq), (".!=", torch.ne)]


def add(cases):
    # Around the widths of vectors, which hold 2 to 16 elements.
    shapes = [(), (1,), (3, 5), (17,), (2, 0, 3)] + ([(33,), (7, 31), (2, 3, 4, 5), (1100,)] if cases.large else [])
    for name, function, (low, high) in UNARY:
        for shape in shapes:
            cases.add(name, function, Draw(*shape, low=low, high=high))
        cases.add(name, function, Draw(3, 4, low=low, high=high, layout="transposed"))
        if cases.large:
            cases.add(name, function, Draw(2, 9, low=low, high=high, layout="strided"))
    for name, function, contract, note, (low, high) in [
        ("logGamma", torch.lgamma, LogGamma.apply, TRIGAMMA, (0.25, 6)),
        ("digamma", torch.digamma, Digamma.apply, TRIGAMMA, (1.75, 6)),
        ("hardSigmoid", F.hardsigmoid, lambda x: torch.clamp(x / 6 + 0.5, 0, 1), SIXTH, (-2.5, 2.5)),
    ]:
        for shape in shapes:
            cases.add(name, function, Draw(*shape, low=low, high=high), contract=contract, note=note)
    parameterized(cases)
    binary(cases)
    scalars(cases)


def parameterized(cases):
    cases.add(
        "gelu", F.gelu, Draw(3, values=torch.tensor([-8.0, -5, -3])), contract=lambda x: x / 2 * torch.erfc(-x / 2**0.5),
        note="in PyTorch the normal distribution cancels in its left tail")
    # More elements than one block of a kernel takes.
    cases.add("where", lambda a: torch.where(a > 0.25, a, 0.25), Draw(1100), right=0.25)
    cases.add("clamped", lambda x: torch.clamp(x, -1, 1), Draw(1100), bounds=[-1.0, 1.0])
    for shape in [(), (13,), (2, 3)] + ([(5, 17)] if cases.large else []):
        x = Draw(*shape, low=-4, high=4)
        cases.add(
            "gelu", lambda x: F.gelu(x, approximate="tanh"), Draw(*shape, low=-1.5, high=4), approximation="tanh")
        for alpha in [0.5, 2.0]:
            cases.add("elu", lambda x: F.elu(x, alpha), x, alpha=alpha)
        for slope in [0.25, -0.5, 2.0]:
            cases.add("leakyRelu", lambda x: F.leaky_relu(x, slope), x, slope=slope)
        for low, high in [(-1.0, 1.5), (0.0, 6.0), (-10.0, 10.0)]:
            cases.add("clamped", lambda x: torch.clamp(x, low, high), x, bounds=[low, high])
        for order in range(4):
            exact = {0: Digamma.apply, 1: Trigamma.apply}.get(order)
            cases.add(
                "polygamma", lambda x: torch.polygamma(order, x), Draw(*shape, low=1.75, high=5), contract=exact,
                note=TRIGAMMA, order=order)


def binary(cases):
    pairs = [((), ()), ((7,), (7,)), ((3, 4), (4,)), ((2, 1, 3), (4, 1)), ((), (2, 3)), ((1,), ()), ((1, 3), (0, 3))]
    if cases.large:
        pairs += [((5, 33), (5, 33)), ((33,), (5, 1)), ((3, 400), (400,)), ((2, 3, 1, 5), (7, 1)), ((1,), (1, 1, 1)), ((0,), (1,))]
    for name, function, (low, high), (below, above) in BINARY:
        for first, second in pairs:
            cases.add(name, function, Draw(*first, low=low, high=high), Draw(*second, low=below, high=above))
        cases.add(
            name, function, Draw(3, 4, low=low, high=high, layout="transposed"),
            Draw(3, 4, low=below, high=above, layout="strided"))
    for name, function in COMPARISONS:
        for first, second in [((7,), (7,)), ((2, 1, 3), (4, 1))]:
            cases.add(name, function, Draw(*first), Draw(*second))
    # Equal elements.
    same = cases.uniform((5,))
    for name, function in COMPARISONS:
        cases.add(name, function, Draw(5, values=same), Draw(5, values=same))


def scalars(cases):
    shapes = [(), (2, 5)] + ([(3, 0), (4, 17)] if cases.large else [])
    for name, function, (low, high), (below, above) in BINARY:
        if name == "where":
            continue
        for shape in shapes:
            number = float(cases.uniform((), below, above))
            cases.add(name, lambda x: function(x, torch.tensor(number)), Draw(*shape, low=low, high=high), right=number)
            number = float(cases.uniform((), low, high))
            cases.add(
                name, lambda x: function(torch.tensor(number), x), Draw(*shape, low=below, high=above), left=number)
    for exponent in [0.0, 1.0, 2.0, 3.0, 0.5, -1.0, -2.0]:
        negative = exponent == int(exponent)
        cases.add(
            "pow", lambda x: torch.pow(x, exponent), Draw(6, low=-2 if negative and exponent >= 0 else 0.25),
            right=exponent)
    for name, function in COMPARISONS:
        cases.add(name, lambda x: function(x, 0.5), Draw(2, 5), right=0.5)
    cases.add("where", lambda a: torch.where(a > 0.25, a, 0.25), Draw(9), right=0.25)
    cases.add("where", lambda a: torch.where(a > 0.25, 0.25, a), Draw(9), left=0.25)
