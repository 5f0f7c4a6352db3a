"""Objectives of a public benchmark of differentiation tools, ADBench: Srajer, Kukelova and Fitzgibbon, 2018.

Written in loops over observations, components and bones, from the formulas, where the package works on all at once.
"""
import math

import torch

from .recording import Draw


def add(cases):
    for first, second in [((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (4, 3)), ((0, 3), (1, 3))]:
        cases.add("cross", lambda a, b: torch.linalg.cross(*torch.broadcast_tensors(a, b)), first, second)
    bundle_adjustment(cases, cameras=2, points=4, observations=6)
    gaussian_mixture(cases, dimensions=3, components=4, count=10)
    gaussian_mixture(cases, dimensions=1, components=2, count=5)
    diagonal_lstm(cases, layers=2, units=5, steps=7)
    hand_tracking(cases, vertices=12, points=8)
    if cases.large:
        bundle_adjustment(cases, cameras=4, points=20, observations=60)
        gaussian_mixture(cases, dimensions=10, components=5, count=100)
        diagonal_lstm(cases, layers=2, units=14, steps=32)
        hand_tracking(cases, vertices=60, points=40)


def rotated(x, rotation):
    """Rodrigues' formula, for one vector."""
    if not rotation.any():
        return x + torch.linalg.cross(rotation, x)
    angle = torch.linalg.vector_norm(rotation)
    axis = rotation / angle
    return (
        x * torch.cos(angle) + torch.linalg.cross(axis, x) * torch.sin(angle)
        + axis * torch.dot(axis, x) * (1 - torch.cos(angle)))


def reprojection(camera, point, weight, feature):
    seen = rotated(point - camera[3:6], camera[:3])
    projected = seen[:2] / seen[2]
    r2 = torch.dot(projected, projected)
    return weight * (projected * (1 + camera[9] * r2 + camera[10] * r2 ** 2) * camera[6] + camera[7:9] - feature)


def bundle_adjustment(cases, cameras, points, observations):
    seen_by, seen = cases.integers((observations,), cameras).tolist(), cases.integers((observations,), points).tolist()
    # Cameras that look at points some way off; the first is not turned at all.
    rows = [
        torch.cat([
            cases.uniform((3,), -0.5, 0.5) * (index > 0), cases.uniform((3,), -1, 1), cases.uniform((1,), 1, 3),
            cases.uniform((2,), -0.25, 0.25), cases.uniform((2,), -0.125, 0.125)])
        for index in range(cameras)]
    camera = torch.stack(rows)
    point = cases.uniform((points, 3), -1, 1) + torch.tensor([0.0, 0.0, 6.0])
    feature = cases.uniform((observations, 2), -1, 1)
    weight = cases.uniform((observations,), 0.5, 1.5)

    def residuals(camera, point, weight, feature):
        return torch.stack([
            torch.cat([reprojection(camera[i], point[j], weight[k], feature[k]), 1 - weight[k:k + 1] ** 2])
            for k, (i, j) in enumerate(zip(seen_by, seen))])

    def blocks(camera, point, weight, feature):
        return torch.stack([
            torch.cat([
                part.reshape(2, -1) for part in torch.autograd.functional.jacobian(
                    lambda c, p, w: reprojection(c, p, w, feature[k]), (camera[i], point[j], weight[k]),
                    create_graph=True)], dim=1)
            for k, (i, j) in enumerate(zip(seen_by, seen))])

    for name, function in [
            ("bundle adjustment", residuals), ("bundle adjustment, blocks of the Jacobian", blocks),
            ("bundle adjustment, blocks at once", blocks)]:
        cases.add(
            name, function, *(Draw(values=x) for x in (camera, point, weight, feature)), constants=1, cameras=seen_by,
            points=seen)


def gaussian_mixture(cases, dimensions, components, count):
    d, gamma, freedom = dimensions, 1.0, 2
    alpha = cases.uniform((components,), -1, 1)
    mean = cases.uniform((components, d), -1, 1)
    factor = cases.uniform((components, d + d * (d - 1) // 2), -0.5, 0.5)
    x = cases.uniform((count, d), -2, 2)

    def log_posterior(alpha, mean, factor, x):
        below = torch.triu_indices(d, d, 1)[[1, 0]]  # of a matrix's columns, one after the other
        terms = []
        for k in range(components):
            root = torch.diag(torch.exp(factor[k, :d])).index_put((below[0], below[1]), factor[k, d:])
            residual = (x - mean[k]) @ root.T
            terms.append(alpha[k] + factor[k, :d].sum() - 0.5 * (residual ** 2).sum(1))
        likelihood = torch.logsumexp(torch.stack(terms), 0).sum() - count * torch.logsumexp(alpha, 0)
        n = d + freedom + 1
        prior = 0
        for k in range(components):
            squares = (torch.exp(factor[k, :d]) ** 2).sum() + (factor[k, d:] ** 2).sum()
            constant = n * d * math.log(gamma / math.sqrt(2)) - torch.special.multigammaln(torch.tensor(n / 2), d)
            prior = prior + 0.5 * gamma ** 2 * squares - freedom * factor[k, :d].sum() - constant
        return likelihood + prior - count * d / 2 * math.log(2 * math.pi)

    cases.add(
        "Gaussian mixture", log_posterior, *(Draw(values=v) for v in (alpha, mean, factor, x)), constants=1,
        gamma=gamma, freedom=freedom)


def diagonal_lstm(cases, layers, units, steps):
    def loss(main, extra, state, sequence):
        states = [state[row] for row in range(2 * layers)]
        total = 0
        for step in range(steps - 1):
            x = sequence[step] * extra[0]
            for layer in range(layers):
                h, c = states[2 * layer], states[2 * layer + 1]
                weight, bias = main[2 * layer].view(4, units), main[2 * layer + 1].view(4, units)
                forget, gate = x * weight[0] + bias[0], h * weight[1] + bias[1]
                out, change = x * weight[2] + bias[2], h * weight[3] + bias[3]
                c = c * torch.sigmoid(forget) + torch.sigmoid(gate) * torch.tanh(change)
                x = torch.sigmoid(out) * torch.tanh(c)
                states[2 * layer], states[2 * layer + 1] = x, c
            prediction = x * extra[1] + extra[2]
            total = total + sequence[step + 1] @ (prediction - torch.log(torch.exp(prediction).sum() + 2))
        return -total / ((steps - 1) * units)

    cases.add(
        "diagonal LSTM", loss, (2 * layers, 4 * units), (3, units), Draw(2 * layers, units, low=-1, high=1),
        Draw(steps, units, low=0, high=1), constants=2)


def hand_tracking(cases, vertices, points):
    parents = [-1, 0] + [1 if bone == 0 else 1 + 4 * finger + bone for finger in range(5) for bone in range(4)]
    bones = len(parents)
    relatives = torch.eye(4).repeat(bones, 1, 1)
    relatives[:, :3] += cases.uniform((bones, 3, 4), -0.25, 0.25)
    inverses = torch.eye(4).repeat(bones, 1, 1)
    inverses[:, :3] += cases.uniform((bones, 3, 4), -0.25, 0.25)
    surface = torch.cat([cases.uniform((vertices, 3), -1, 1), torch.ones(vertices, 1)], dim=1)
    weights = cases.uniform((vertices, bones), 0, 1) / 8
    measured = cases.uniform((points, 3))
    corners = cases.integers((points, 3), vertices)

    def turn(angle, a, b):
        """In the plane of two axes, from the first towards the second."""
        place = torch.zeros(4, 4)
        place[a, a] = place[b, b] = 1
        across = torch.zeros(4, 4)
        across[b, a], across[a, b] = 1, -1
        return torch.eye(4) - place + torch.cos(angle) * place + torch.sin(angle) * across

    def differences(pose, places, relatives, inverses, surface, weights, measured):
        positions = 0
        absolutes = []
        for bone, parent in enumerate(parents):
            matrix = relatives[bone]
            finger, joint = divmod(bone - 2, 4)
            if bone >= 2 and joint < 3:
                first = 6 + 4 * finger
                bend = pose[first] if joint == 0 else pose[first + 1 + joint]
                if joint == 0:
                    matrix = matrix @ turn(pose[first + 1], 0, 1)
                matrix = matrix @ turn(bend, 1, 2)
            absolutes.append(matrix if parent < 0 else absolutes[parent] @ matrix)
            positions = positions + weights[:, bone:bone + 1] * (surface @ (absolutes[-1] @ inverses[bone]).T)
        moved = [rotated(position[:3], pose[:3]) + pose[3:6] for position in positions]
        return torch.stack([
            measured[k] - places[k, 0] * moved[a] - places[k, 1] * moved[b] - (1 - places[k].sum()) * moved[c]
            for k, (a, b, c) in enumerate(corners.tolist())])

    cases.add(
        "hand tracking", differences, Draw(26, low=-1, high=1), Draw(points, 2, low=0, high=1),
        *(Draw(values=x) for x in (relatives, inverses, surface, weights, measured)), constants=5, parents=parents,
        indexShape=list(corners.shape), indices=corners.reshape(-1).tolist())
