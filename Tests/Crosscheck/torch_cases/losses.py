"""Losses, normalisations, attention."""
import torch
import torch.nn.functional as F

from torch.nn.attention import SDPBackend, sdpa_kernel

from .recording import Draw

REDUCTIONS = ("mean", "sum", "none")


def add(cases):
    labeled(cases)
    paired(cases)
    normalizations(cases)
    attention(cases)


def labeled(cases):
    for rows, classes in [(5, 4), (1, 3), (3, 1)] + ([(33, 10), (7, 65)] if cases.large else []):
        logits = Draw(rows, classes)
        labels = cases.integers((rows,), classes)
        arguments = dict(labels=labels.tolist())
        for reduction in REDUCTIONS:
            options = dict(arguments, reduction=reduction)
            cases.add(
                "negativeLogLikelihood", lambda x: F.nll_loss(x, labels, reduction=reduction), logits, **options)
            cases.add("crossEntropy", lambda x: F.cross_entropy(x, labels, reduction=reduction), logits, **options)
            for smoothing in (0.1, 1.0):
                cases.add(
                    "crossEntropy",
                    lambda x: F.cross_entropy(x, labels, label_smoothing=smoothing, reduction=reduction), logits,
                    labelSmoothing=smoothing, **options)
        if rows < 3:
            continue
        ignored = labels.clone()
        ignored[1:3] = -100
        arguments = dict(labels=ignored.tolist(), ignoring=-100)
        for reduction in REDUCTIONS:
            options = dict(arguments, reduction=reduction)
            cases.add(
                "negativeLogLikelihood", lambda x: F.nll_loss(x, ignored, reduction=reduction), logits, **options)
            for smoothing in (0.0, 0.25):
                cases.add(
                    "crossEntropy",
                    lambda x: F.cross_entropy(x, ignored, label_smoothing=smoothing, reduction=reduction), logits,
                    labelSmoothing=smoothing, **options)
    labels = torch.tensor([2, 0, 1])
    cases.add(
        "crossEntropy", lambda x: F.cross_entropy(x, labels), Draw(3, 4, layout="transposed"), labels=labels.tolist())
    for shape in [(3, 4), (5,)]:
        for reduction in REDUCTIONS:
            cases.add(
                "crossEntropy", lambda x, p: F.cross_entropy(x, p, reduction=reduction), Draw(*shape),
                Draw(*shape, low=0, high=1), reduction=reduction)


def paired(cases):
    def hinge(x, t, reduction):
        loss = torch.relu(1 - t * x)
        return {"mean": loss.mean, "sum": loss.sum, "none": lambda: loss}[reduction]()

    def divergence(p, log_q, reduction):
        loss = F.kl_div(log_q, p, reduction="none").sum(-1)
        return {"mean": loss.mean, "sum": loss.sum, "none": lambda: loss}[reduction]()

    for shape in [(), (4,), (2, 3)] + ([(5, 33)] if cases.large else []):
        for reduction in REDUCTIONS:
            pair = (Draw(*shape), Draw(*shape))
            chosen = dict(reduction=reduction)
            cases.add("meanSquaredError", lambda x, t: F.mse_loss(x, t, reduction=reduction), *pair, **chosen)
            for delta in (1.0, 0.5):
                cases.add(
                    "huberLoss", lambda x, t: F.huber_loss(x, t, delta=delta, reduction=reduction), *pair, delta=delta,
                    **chosen)
            cases.add("hingeLoss", lambda x, t: hinge(x, t, reduction), *pair, **chosen)
            cases.add(
                "binaryCrossEntropy", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction=reduction),
                Draw(*shape, low=-3, high=3), Draw(*shape, low=0, high=1), **chosen)
            if shape:
                cases.add(
                    "klDivergence", lambda p, q: divergence(p, q, reduction), Draw(*shape, low=0.1, high=1),
                    Draw(*shape, low=-4, high=0), **chosen)


def normalizations(cases):
    for shape, count in [((2, 3), 1), ((4,), 1), ((2, 3, 2), 2), ((2, 2, 5), 1), ((0, 3), 1)] + (
            [((5, 65), 1), ((3, 4, 17), 2)] if cases.large else []):
        axes = list(shape[-count:])
        for epsilon in (1e-5, 0.25):
            options = dict(axisCount=count, epsilon=epsilon)
            cases.add("layerNorm", lambda x: F.layer_norm(x, axes, eps=epsilon), shape, **options)
            cases.add(
                "layerNorm", lambda x, w, b: F.layer_norm(x, axes, w, b, epsilon), shape, axes, axes, **options)
            cases.add("rmsNorm", lambda x: F.rms_norm(x, axes, eps=epsilon), shape, **options)
            cases.add("rmsNorm", lambda x, w: F.rms_norm(x, axes, w, epsilon), shape, axes, **options)
    cases.add("layerNorm", lambda x: F.layer_norm(x, [3]), Draw(4, 3, layout="transposed"), axisCount=1)
    for shape in [(4, 2), (3, 2, 4), (2, 3, 2, 3)] + ([(9, 5), (4, 3, 7, 5)] if cases.large else []):
        channels = shape[1]
        cases.add("batchNorm", lambda x: F.batch_norm(x, None, None, training=True), shape)
        cases.add(
            "batchNorm", lambda x, w, b: F.batch_norm(x, None, None, w, b, True, 0.1, 0.25), shape, (channels,),
            (channels,), epsilon=0.25)
        axes = [axis for axis in range(len(shape)) if axis != 1]
        cases.add("batchNorm", lambda x: x.mean(axes), shape, part="mean")
        cases.add("batchNorm", lambda x: x.var(axes, correction=0), shape, part="variance")
        # With given statistics, of which PyTorch has no derivative.
        cases.add(
            "batchNorm", lambda x, w, b, m, v: F.batch_norm(x, m, v, w, b, False), shape, (channels,), (channels,),
            (channels,), Draw(channels, low=0.5, high=2), constants=2, part="given statistics")


def attention(cases):
    # Written out by PyTorch, as its fused kernel has no second derivative.
    with sdpa_kernel(SDPBackend.MATH):
        attention_cases(cases)


def attention_cases(cases):
    def case(q, k, v, **options):
        parameters = {key: value for key, value in options.items() if key in ("isCausal", "scale")}
        cases.add(
            "scaledDotProductAttention",
            lambda q, k, v: F.scaled_dot_product_attention(
                q, k, v, is_causal=options.get("isCausal", False), scale=options.get("scale")), q, k, v, **parameters)

    case((3, 2), (4, 2), (4, 5))
    case((3, 2), (3, 2), (3, 2), isCausal=True)
    case((2, 3, 4, 2), (2, 3, 5, 2), (2, 3, 5, 3), scale=0.75)
    case((2, 1, 3, 2), (1, 2, 3, 2), (2, 2, 3, 2))
    case((1, 4, 8, 4), (1, 4, 8, 4), (1, 4, 8, 4), isCausal=True)
    if cases.large:
        case((2, 4, 16, 8), (2, 4, 16, 8), (2, 4, 16, 8), isCausal=True)
        case((3, 17, 9), (3, 13, 9), (3, 13, 5))
    cases.add(
        "scaledDotProductAttention", lambda q, k, v, b: F.scaled_dot_product_attention(q, k, v, attn_mask=b),
        (2, 3, 4), (2, 5, 4), (2, 5, 2), (3, 5), part="bias")
    mask = (cases.uniform((2, 3, 4)) > -0.5)
    mask[..., 0] = True
    cases.add(
        "scaledDotProductAttention", lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=mask),
        (2, 3, 2), (2, 4, 2), (2, 4, 2), Draw(2, 3, 4, values=mask.double()), constants=1, part="mask")
