"""Writes elementwise.json: values of elementary and special functions, computed in many digits.

Run with mpmath installed, from anywhere: python Tests/Fixtures/make_elementwise.py
A line of a function holds its arguments and the value as two doubles whose sum it is, to about 107 bits, all in
hexadecimal. Arguments that floats cannot hold are rounded to floats for the second list.
"""
import json
import pathlib
import random
import struct

from mpmath import mp, mpf

FIXTURES = pathlib.Path(__file__).parent
# Enough for the sine of 1e300, whose argument is reduced modulo pi.
mp.prec = 1200


def to_float(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def normal_tail(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def gelu_tanh(x):
    return x / (1 + mp.exp(-2 * mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3)))


def special(digits, function):
    """Slow functions in fewer digits."""

    def evaluate(*x):
        with mp.workprec(digits):
            return +function(*x)

    return evaluate


def random_points(seed, count, *ranges):
    generator = random.Random(seed)
    return [generator.uniform(low, high) for low, high in ranges for _ in range(count)]


def both(points):
    return [s * x for x in points for s in (1, -1)]


TINY = [5e-324, 1e-310, 2.3e-308, 1e-200, 1e-100, 1e-45, 2e-38, 1e-20, 1.2e-16, 1e-9, 1e-5, 1e-3]
HUGE = [1e5, 123456.75, 1e9, 1e16, 3e20, 1e38, 1e100, 1e300]
MULTIPLES = [float(k * mp.pi / 2) for k in (1, 2, 3, 4, 7, 22, 355, 10000, 63661)]

angles = both(TINY[4:] + HUGE + MULTIPLES + [0.1, 0.5, 0.785, 0.786, 1.0, 1.5, 2.0, 3.0, 10.0, 1000.5, 99999.0])
unit = both(TINY + [0.1, 0.25, 0.4, 0.4999, 0.5, 0.5001, 0.55, 0.7, 0.9, 0.99, 0.999999, 1 - 2.0**-24, 1 - 2.0**-53])
line = both(TINY + [0.1, 0.3, 0.41, 0.42, 0.7, 1.0, 1.5, 2.4, 2.5, 5.0, 20.0])
positive = TINY + [0.1, 0.5, 0.7, 0.71, 0.99, 1 - 2.0**-24, 1 - 2.0**-53, 1 + 2.0**-52, 1 + 2.0**-23, 1.01, 1.4, 1.42]
positive += [2.0, 3.0, 8.0, 10.0, 1000.0, 1e7, 1e15, 1e22, 1e38, 1e100, 1e300]
poles = both([0.1, 0.3, 0.49, 0.51, 0.9, 1.1, 1.3, 1.46, 1.9, 2.2, 2.7, 3.5, 4.4, 7.3, 12.6, 20.2, 50.7])
gamma = poles + TINY[3:] + [1 + 2.0**-52, 1 - 2.0**-53, 1 + 2.0**-20, 1.0001, 1.4616, 1.5, 1.9999, 2 - 2.0**-20]
gamma += [2 + 2.0**-20, 2.0001, 5.0, 9.99, 10.0, 13.5, 100.0, 1e5, 1e10, 1e17]

UNARY = {
    "expMinusOne": (mp.expm1, line + [0.34, 0.36, 1.04, 40.0, 80.0, 88.5, 500.0, 709.5, -37.0, -50.0, -800.0]),
    "logOnePlus": (mp.log1p, positive + [-x for x in unit if 0 < x < 1]),
    "log2": (lambda x: mp.log(x) / mp.log(2), positive),
    "log10": (mp.log10, positive),
    "sin": (mp.sin, angles),
    "cos": (mp.cos, angles),
    "tan": (mp.tan, angles),
    "asin": (special(300, mp.asin), unit + [1.0, -1.0]),
    "acos": (special(300, mp.acos), unit + [-1.0]),
    "atan": (special(300, mp.atan), line + HUGE + [-1e300]),
    "sinh": (mp.sinh, line + both([0.34, 22.0, 40.0, 88.5, 300.0, 709.7, 710.4])),
    "cosh": (mp.cosh, line + both([0.34, 22.0, 40.0, 88.5, 300.0, 709.7, 710.4])),
    "asinh": (mp.asinh, line + both(HUGE)),
    "acosh": (mp.acosh, [x for x in positive if x > 1] + [1.1, 1.3, 1.7, 2.2, 5.5, 30.5, 200.0]),
    "atanh": (mp.atanh, unit),
    "erf": (special(400, mp.erf), line + both([0.74, 0.76, 3.0, 3.9, 5.5, 5.9])),
    "erfc": (special(1500, mp.erfc), line + [0.74, 0.76, 3.0, 4.0, 4.1, 7.0, 9.0, 10.0, 15.0, 26.0, 26.5, 27.1]),
    "logGamma": (special(300, lambda x: mp.log(abs(mp.gamma(x))) if x < 1e4 else mp.loggamma(x)), gamma),
    "digamma": (special(300, mp.digamma), gamma),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), line + both([0.9, 30.0, 37.0, 80.0, 100.0, 700.0]) + [-740.0]),
    "silu": (lambda x: x / (1 + mp.exp(-x)), line + both([0.9, 30.0, 37.0, 80.0, 100.0, 700.0]) + [-740.0]),
    "gelu": (special(1500, lambda x: x * normal_tail(x)), line + both([0.9, 1.06, 4.0, 8.0, 13.0]) + [-30.0, -38.0]),
    "tanhGelu": (gelu_tanh, [x for x in line if abs(x) < 6]),
}
for order in (1, 2, 3, 8, 40):
    points = [x for x in gamma if x > 0.05 or x < -0.2][: None if order < 4 else 40]
    UNARY[f"polygamma {order}"] = (special(400, lambda x, order=order: mp.polygamma(order, x)), points)

pairs = [(y, x) for y in both([1e-300, 1e-5, 0.3, 1.0, 2.5, 1e10]) for x in both([1e-200, 1e-3, 0.7, 3.0, 1e20])]
lengths = [(3.0, 4.0), (1e300, 1e300), (1e-300, 2e-300), (5e-324, 5e-324), (1e308, -1e308), (1e200, 1.0), (1.0, 1e-9)]
lengths += list(zip(random_points(1, 20, (-3, 3)), random_points(2, 20, (-3, 3))))
products = [(x, y) for x in (-2.5, 1e-3, 0.7, 1e10) for y in positive[::3]]
divisions = list(zip(random_points(3, 20, (-50, 50)), random_points(4, 20, (-3, 3))))
divisions += [(5.5, 2.0), (-5.5, 2.0), (5.5, -2.0), (-5.5, -2.0), (1e17, 3.0), (-1e-20, 3.0), (-7.0, 0.1)]
powers = [(x, y) for x in positive[7:-2] for y in (-3.0, -0.5, 0.3, 3.0, 7.3)]
powers += [(1 + 1e-9, 1e11), (1 - 1e-12, 1e14), (-2.0, 3.0), (-2.0, 4.0), (-0.3, -5.0), (10.0, 300.0), (0.1, 323.0)]
BINARY = {
    "atan2": (special(300, mp.atan2), pairs),
    "hypot": (lambda x, y: mp.sqrt(x * x + y * y), lengths),
    "xlogy": (lambda x, y: x * mp.log(y), products),
    "remainder": (lambda a, b: a - mp.floor(a / b) * b, divisions),
    "pow": (mp.power, powers),
}


def value(function, arguments):
    exact = function(*[mpf(x) for x in arguments])
    high = float(exact)
    low = float(exact - mpf(high)) if abs(high) != float("inf") else 0.0
    return [high.hex(), low.hex()]


def rows(function, points):
    return [[x.hex() for x in arguments] + value(function, arguments) for arguments in points]


def floats(points):
    narrow = [tuple(to_float(x) for x in arguments) for arguments in points if max(map(abs, arguments)) < 3e38]
    return [arguments for arguments in dict.fromkeys(narrow) if all(x != 0 for x in arguments)]


def inside(name, arguments):
    """Rounding to float can leave the domain or meet a pole."""
    if name in ("atanh", "logOnePlus"):
        return -1 < arguments[0] and (name != "atanh" or arguments[0] < 1)
    if name == "acosh":
        return arguments[0] > 1
    return True


def main():
    functions = []
    everything = [(name, f, [(x,) for x in points]) for name, (f, points) in UNARY.items()]
    everything += [(name, f, points) for name, (f, points) in BINARY.items()]
    for name, function, points in everything:
        narrow = [arguments for arguments in floats(points) if inside(name, arguments)]
        functions.append({"name": name, "double": rows(function, points), "float": rows(function, narrow)})
    lines = ",\n".join(json.dumps(function) for function in functions)
    (FIXTURES / "elementwise.json").write_text('{"functions": [\n' + lines + "\n]}\n")


main()
