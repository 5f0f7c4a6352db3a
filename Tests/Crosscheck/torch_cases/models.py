"""Whole models: a loss, and its gradient with respect to every parameter."""
import math

import torch
import torch.nn.functional as F


def add(cases):
    perceptron(cases)
    lstm(cases, inputs=4, units=8, outputs=3, batch=2)
    transformer(cases, tokens=11, places=8, width=16, heads=4, batch=2)
    lenet(cases, channels=[4, 8], sizes=[200, 32, 16, 10], batch=4)
    if cases.large:
        lstm(cases, inputs=16, units=32, outputs=5, batch=4)
        transformer(cases, tokens=65, places=32, width=64, heads=4, batch=4)
        lenet(cases, channels=[6, 16], sizes=[400, 120, 84, 10], batch=4)


def linear(cases, name, inputs, outputs):
    """An affine layer as we store it, (in, out), and as it would start."""
    bound = 1 / math.sqrt(inputs)
    return {
        f"{name}.weight": cases.uniform((inputs, outputs), -bound, bound),
        f"{name}.bias": cases.uniform((outputs,), -bound, bound)}


def apply(p, name, x):
    return F.linear(x, p[f"{name}.weight"].T, p[f"{name}.bias"])


def two_moons(count, noise, generator):
    half = count // 2
    angle = torch.rand(count, generator=generator) * math.pi
    upper = torch.stack([torch.cos(angle[:half]), torch.sin(angle[:half])], 1)
    lower = torch.stack([1 - torch.cos(angle[half:]), 0.5 - torch.sin(angle[half:])], 1)
    points = torch.cat([upper, lower]) + noise * torch.randn(count, 2, generator=generator)
    labels = torch.cat([torch.zeros(half), torch.ones(count - half)]).long()
    order = torch.randperm(count, generator=generator)
    return points[order], labels[order]


def perceptron(cases):
    """An MLP 2 → 32 → 32 → 2 with tanh on a batch of two moons, in numbers that use every bit of a double."""
    generator = torch.Generator().manual_seed(cases.seed)
    points, labels = two_moons(128, 0.15, generator)
    sizes, parameters = [2, 32, 32, 2], {}
    for index, (inputs, outputs) in enumerate(zip(sizes, sizes[1:]), 1):
        bound = 1 / math.sqrt(inputs)
        parameters[f"fc{index}.weight"] = (2 * torch.rand(inputs, outputs, generator=generator) - 1) * bound
        parameters[f"fc{index}.bias"] = (2 * torch.rand(outputs, generator=generator) - 1) * bound

    def loss(p, points):
        hidden = points
        for layer in ("fc1", "fc2"):
            hidden = torch.tanh(apply(p, layer, hidden))
        return F.cross_entropy(apply(p, "fc3", hidden), labels)

    cases.add_model("MLP", loss, parameters, [points], tolerance=5e-16, sizes=sizes, labels=labels.tolist())


def lstm(cases, inputs, units, outputs, batch):
    """PyTorch's own layer, unrolled over 32 steps; its second bias is left at 0."""
    layer = torch.nn.LSTM(inputs, units)
    parameters = {
        **linear(cases, "input", inputs, 4 * units), "recurrent": cases.uniform((units, 4 * units), -0.5, 0.5),
        **linear(cases, "output", units, outputs)}
    sequence, targets = cases.uniform((32, batch, inputs)), cases.uniform((batch, outputs))

    def loss(p, sequence, targets):
        weights = {
            "weight_ih_l0": p["input.weight"].T, "weight_hh_l0": p["recurrent"].T, "bias_ih_l0": p["input.bias"],
            "bias_hh_l0": torch.zeros(4 * units)}
        hidden, _ = torch.func.functional_call(layer, weights, (sequence,))
        return F.mse_loss(apply(p, "output", hidden[-1]), targets)

    cases.add_model(
        "LSTM", loss, parameters, [sequence, targets], inputs=inputs, units=units, outputs=outputs)


def transformer(cases, tokens, places, width, heads, batch):
    """Embeddings, one block with causal attention and a perceptron with GELU, logits of the next token."""
    def norm(name):
        return {f"{name}.scale": cases.uniform((width,), 0.5, 1.5), f"{name}.bias": cases.uniform((width,), -0.5, 0.5)}

    parameters = {
        "tokens": cases.uniform((tokens, width), -1, 1), "places": cases.uniform((places, width), -1, 1),
        **norm("block.norm1"), **linear(cases, "block.attention.input", width, 3 * width),
        **linear(cases, "block.attention.output", width, width), **norm("block.norm2"),
        **linear(cases, "block.expand", width, 4 * width), **linear(cases, "block.contract", 4 * width, width),
        **norm("norm"), **linear(cases, "head", width, tokens)}
    text, labels = cases.integers((batch, places), tokens), cases.integers((batch * places,), tokens)

    def loss(p):
        def normalized(name, x):
            return F.layer_norm(x, [width], p[f"{name}.scale"], p[f"{name}.bias"])

        x = F.embedding(text, p["tokens"]) + p["places"]
        parts = apply(p, "block.attention.input", normalized("block.norm1", x)).chunk(3, -1)
        q, k, v = [part.view(batch, places, heads, width // heads).transpose(1, 2) for part in parts]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, places, width)
        x = x + apply(p, "block.attention.output", y)
        x = x + apply(p, "block.contract", F.gelu(apply(p, "block.expand", normalized("block.norm2", x))))
        return F.cross_entropy(apply(p, "head", normalized("norm", x)).view(-1, tokens), labels)

    cases.add_model(
        "transformer", loss, parameters, [], tokens=tokens, places=places, width=width, heads=heads, batch=batch,
        text=text.reshape(-1).tolist(), labels=labels.tolist())


def lenet(cases, channels, sizes, batch):
    """Two convolutions, each with a pooling, and three affine layers, on images of 28 × 28."""
    parameters = {}
    for index, (inputs, outputs) in enumerate(zip([1, *channels], channels), 1):
        bound = 1 / math.sqrt(25 * inputs)
        parameters[f"convolution{index}.filters"] = cases.uniform((outputs, inputs, 5, 5), -bound, bound)
        parameters[f"convolution{index}.bias"] = cases.uniform((outputs,), -bound, bound)
    for index, (inputs, outputs) in enumerate(zip(sizes, sizes[1:]), 1):
        parameters.update(linear(cases, f"classifier.fc{index}", inputs, outputs))
    images, labels = cases.uniform((batch, 1, 28, 28), 0, 1), cases.integers((batch,), sizes[-1])

    def loss(p, images):
        def convolution(name, x, padding):
            return F.conv2d(x, p[f"{name}.filters"], p[f"{name}.bias"], padding=padding)

        x = F.avg_pool2d(torch.tanh(convolution("convolution1", images, 2)), 2)
        x = F.max_pool2d(torch.relu(convolution("convolution2", x, 0)), 2).flatten(1)
        for layer in ("classifier.fc1", "classifier.fc2"):
            x = torch.relu(apply(p, layer, x))
        return F.cross_entropy(apply(p, "classifier.fc3", x), labels)

    cases.add_model(
        "LeNet", loss, parameters, [images], channels=channels, sizes=sizes, labels=labels.tolist())
