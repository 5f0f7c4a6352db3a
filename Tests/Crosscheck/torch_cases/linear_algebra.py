"""Linear algebra: of matrices that are well-conditioned, as rounding is magnified by the condition."""
import math

import torch

from .recording import Draw


def regular(cases, *shape):
    """Square matrices close to a multiple of the identity."""
    return Draw(*shape, values=cases.uniform(shape, -1, 1) + 2 * torch.eye(shape[-1]) * shape[-1] ** 0.5)


def symmetric(a):
    return (a + a.transpose(-1, -2)) / 2


def spread(cases, *shape):
    """Matrices whose singular values, and eigenvalues, lie apart."""
    m, n = shape[-2:]
    k = min(m, n)
    u = torch.linalg.qr(cases.uniform((*shape[:-2], m, m), -1, 1))[0][..., :, :k]
    v = torch.linalg.qr(cases.uniform((*shape[:-2], n, n), -1, 1))[0][..., :, :k]
    product = u * (1 + torch.arange(k)) @ v.transpose(-1, -2)
    return Draw(*shape, values=torch.round(product * 65536) / 65536)


def spread_symmetric(cases, *shape):
    q = torch.linalg.qr(cases.uniform(shape, -1, 1))[0]
    product = q * (torch.arange(shape[-1]) - 1.5) @ q.transpose(-1, -2)
    # Not quite symmetric, as only the symmetric part counts.
    return Draw(*shape, values=torch.round(product * 65536) / 65536 + cases.uniform(shape, -0.0625, 0.0625))


def growth(shape):
    """How the rounding of LAPACK's decompositions grows with the matrix."""
    return max(1, min(shape[-2:]) / 4)


def gap(shape):
    """Of vectors of matrices with values 1, 2, …, k: the largest over the distance of two, twice, for a square."""
    return 2 * max(2, min(shape[-2:])) * growth(shape)


def pseudo_inverse(a):
    """Of full rank, by QR: `torch.linalg.pinv` has errors of 6e-15 for well-conditioned matrices of 3 × 3."""
    if a.shape[-2] < a.shape[-1]:
        return pseudo_inverse(a.transpose(-1, -2)).transpose(-1, -2)
    q, r = torch.linalg.qr(a)
    return torch.linalg.solve_triangular(r, q.transpose(-1, -2), upper=True)


def add(cases):
    systems(cases)
    determinants(cases)
    factorizations(cases)
    spectra(cases)
    functions(cases)


def squares(cases):
    return [(1, 1), (2, 2), (3, 3), (5, 5), (2, 3, 3), (2, 1, 2, 2), (0, 3, 3)] + (
        [(9, 9), (17, 17), (33, 33), (4, 6, 6)] if cases.large else [])


def systems(cases):
    for a, b in [
        ((3, 3), (3,)), ((3, 3), (3, 2)), ((1, 1), (1, 1)), ((2, 3, 3), (3, 2)), ((2, 1, 2, 2), (3, 2, 2)),
        ((4, 4), (2, 4, 1)), ((2, 2), (2, 0)), ((0, 2, 2), (0, 2, 3)),
    ] + ([((17, 17), (17, 5)), ((33, 33), (33,))] if cases.large else []):
        cases.add("solve", torch.linalg.solve, regular(cases, *a), b)
        for upper in (False, True):
            for transposed in (False, True):
                for unit in (False, True):
                    def function(a, b):
                        vector = b.dim() == 1
                        matrix = a.transpose(-1, -2) if transposed else a
                        x = torch.linalg.solve_triangular(
                            matrix, b[:, None] if vector else b, upper=upper != transposed, unitriangular=unit)
                        return x[:, 0] if vector else x
                    values = cases.uniform(a, -1, 1) / a[-1] + (0 if unit else 2) * torch.eye(a[-1])
                    cases.add(
                        "triangularSolve", function, Draw(*a, values=torch.round(values * 65536) / 65536), b,
                        upper=upper, transposed=transposed, unitDiagonal=unit)
    for shape in squares(cases):
        cases.add("inverse", torch.linalg.inv, regular(cases, *shape))
    layout = Draw(3, 3, values=regular(cases, 3, 3).values, layout="transposed")
    cases.add("inverse", torch.linalg.inv, layout)
    cases.add("solve", torch.linalg.solve, layout, Draw(3, 2, layout="transposed"))
    for a, b in [((4, 2), (4,)), ((5, 3), (5, 2)), ((2, 4, 3), (4, 2)), ((2, 4), (2, 3)), ((3, 3), (3,))]:
        # PyTorch's own wants b to be a matrix.
        cases.add("leastSquares", lambda a, b: pseudo_inverse(a) @ b, spread(cases, *a), b, condition=min(a[-2:]))


def determinants(cases):
    for shape in squares(cases):
        cases.add("determinant", torch.linalg.det, regular(cases, *shape))
        cases.add("logDeterminant", lambda a: torch.linalg.slogdet(a)[1], regular(cases, *shape), part="logarithm")
        cases.add(
            "logDeterminant", lambda a: torch.linalg.slogdet(a)[0], Draw(*shape, values=-regular(cases, *shape).values),
            part="sign")


def factorizations(cases):
    for shape in squares(cases):
        # A Aᵀ + 2: positive definite. Only the symmetric part counts.
        draw = cases.uniform(shape, -1, 1)
        values = draw @ draw.transpose(-1, -2) / shape[-1] + torch.eye(shape[-1])
        values = torch.round(values * 65536) / 65536 + cases.uniform(shape, -0.03125, 0.03125)
        cases.add("cholesky", lambda a: torch.linalg.cholesky(symmetric(a)), Draw(*shape, values=values))
    for shape in [(3, 3), (5, 3), (4, 1), (2, 4, 2), (2, 4), (1, 3), (1, 1)] + (
            [(20, 9), (17, 17), (3, 8, 5)] if cases.large else []):
        for part in ("q", "r"):
            draw = spread(cases, *shape)
            if len(shape) == 2 and shape[0] < shape[1]:
                # What counts is the square that a wide matrix starts with.
                draw.values[:, :shape[0]] = regular(cases, shape[0], shape[0]).values
            cases.add("qr", lambda a: torch.linalg.qr(a)[part == "r"], draw, part=part, condition=min(shape[-2:]))


def spectra(cases):
    for shape in [(1, 1), (2, 2), (4, 4), (2, 3, 3), (0, 2, 2)] + ([(9, 9), (3, 5, 5)] if cases.large else []):
        cases.add(
            "eigenvalues", lambda a: torch.linalg.eigvalsh(symmetric(a)), spread_symmetric(cases, *shape),
            condition=growth(shape))
        cases.add(
            "eigh", lambda a: torch.linalg.eigh(symmetric(a))[0], spread_symmetric(cases, *shape), part="values",
            condition=growth(shape))
        # Eigenvectors have no sign of their own, their squares do not depend on it.
        cases.add(
            "eigh", lambda a: torch.linalg.eigh(symmetric(a))[1].square(), spread_symmetric(cases, *shape),
            part="squared vectors", condition=gap(shape))
    for shape in [(1, 1), (3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 2, 3)] + ([(9, 6), (3, 5, 7)] if cases.large else []):
        def svd(a):
            return torch.linalg.svd(a, full_matrices=False)
        cases.add("singularValues", lambda a: torch.linalg.svdvals(a), spread(cases, *shape), condition=growth(shape))
        cases.add("svd", lambda a: svd(a)[1], spread(cases, *shape), part="s", condition=growth(shape))
        cases.add("svd", lambda a: svd(a)[0].square(), spread(cases, *shape), part="squared u", condition=gap(shape))
        cases.add(
            "svd", lambda a: svd(a)[2].square(), spread(cases, *shape), part="squared vt", condition=gap(shape))
        cases.add(
            "svd", lambda a: svd(a)[0] @ svd(a)[2], spread(cases, *shape), part="u vt", condition=min(shape[-2:]))
        cases.add("pseudoInverse", pseudo_inverse, spread(cases, *shape), condition=2 * min(shape[-2:]))


def exponential(cases, draw):
    """The exponential's condition is at least the norm."""
    norm = torch.linalg.matrix_norm(draw.values, 1).max() if draw.values.numel() else torch.tensor(0)
    cases.add("matrixExponential", torch.linalg.matrix_exp, draw, condition=max(1, math.ceil(norm)))


def functions(cases):
    for shape in squares(cases):
        exponential(cases, Draw(*shape, values=cases.uniform(shape, -1, 1)))
        for exponent in (0, 1, 2, 5, -1, -3):
            cases.add(
                "matrixPower", lambda a: torch.linalg.matrix_power(a, exponent), regular(cases, *shape),
                exponent=exponent, condition=max(1, abs(exponent)))
    exponential(cases, Draw(3, 3, values=cases.uniform((3, 3), -4, 4)))
    for first, second in [((2, 3), (3, 2)), ((2,), (3,)), ((2, 2), (3,)), ((2, 1, 2), (2, 2)), ((0, 2), (2, 2))]:
        cases.add("kron", torch.kron, first, second)
