"""Writes the fixture of losses, normalisations and attention; run as make_fixtures.py is."""
import torch
import torch.nn.functional as F

from make_fixtures import Cases, write


def losses():
    cases = Cases(11)
    labels = torch.tensor([2, 0, 3, 1, 1])
    partly = torch.tensor([2, -100, 3, 0, -100])
    for reduction in ["mean", "sum", "none"]:
        for name, function in [
            ("crossEntropy", lambda x: F.cross_entropy(x, labels, reduction=reduction)),
            ("crossEntropy ignoring", lambda x: F.cross_entropy(x, partly, reduction=reduction)),
            ("crossEntropy smoothing",
             lambda x: F.cross_entropy(x, labels, reduction=reduction, label_smoothing=0.1)),
            ("crossEntropy smoothing ignoring",
             lambda x: F.cross_entropy(x, partly, reduction=reduction, label_smoothing=0.3)),
            ("crossEntropy smoothing entirely",
             lambda x: F.cross_entropy(x, partly, reduction=reduction, label_smoothing=1.0)),
            ("negativeLogLikelihood ignoring", lambda x: F.nll_loss(x, partly, reduction=reduction)),
        ]:
            cases.add(f"{name} {reduction}", function, (5, 4), low=-5.0, high=5.0)
        cases.add(f"crossEntropy probabilities {reduction}", lambda x, p: F.cross_entropy(x, p, reduction=reduction),
                  (5, 4), (5, 4), domains=[(-5, 5), (0, 1)])
        for shape in [(), (7,), (3, 4)]:
            cases.add(f"meanSquaredError {reduction}", lambda x, t: F.mse_loss(x, t, reduction=reduction), shape, shape)
            cases.add(f"huberLoss 0.75 {reduction}", lambda x, t: F.huber_loss(x, t, reduction, 0.75), shape, shape)
            cases.add(f"binaryCrossEntropy {reduction}",
                      lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction=reduction), shape, shape,
                      domains=[(-20, 20), (0, 1)])
    for reduction, name in [("batchmean", "mean"), ("sum", "sum")]:
        cases.add(f"klDivergence {name}", lambda p, q: F.kl_div(q, p, reduction=reduction), (3, 4), (3, 4),
                  domains=[(0.05, 1), (-3, 0)])
    return cases


def normalizations(cases):
    add = cases.add
    add("layerNorm", lambda x, s, b: F.layer_norm(x, (7,), s, b), (4, 7), (7,), (7,))
    add("layerNorm plain", lambda x: F.layer_norm(x, (7,)), (2, 3, 7))
    add("layerNorm over 2", lambda x, s, b: F.layer_norm(x, (3, 4), s, b, 1e-3), (2, 3, 4), (3, 4), (3, 4))
    add("rmsNorm", lambda x, s: F.rms_norm(x, (7,), s, 1e-5), (4, 7), (7,))
    add("rmsNorm over 2", lambda x: F.rms_norm(x, (3, 4), None, 1e-3), (2, 3, 4))
    for shape in [(6, 3), (4, 3, 2), (2, 3, 2, 3)]:
        add("batchNorm", lambda x, s, b: F.batch_norm(x, None, None, s, b, True), shape, (3,), (3,))
    add("batchNorm plain", lambda x: F.batch_norm(x, None, None, None, None, True), (5, 2))
    add("batchNorm given", lambda x, m, v, s, b: (x - m) / torch.sqrt(v + 1e-5) * s + b, (5, 3), (3,), (3,), (3,), (3,),
        domains=[(-2, 2), (-1, 1), (0.2, 2), (-2, 2), (-2, 2)])


def attention(cases):
    sdpa = F.scaled_dot_product_attention
    mask = torch.tensor([[True, False, True, True], [False, False, True, False], [True, True, True, True]])
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        cases.add("attention", sdpa, (3, 5), (4, 5), (4, 2))
        cases.add("attention", sdpa, (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 3))
        cases.add("attention causal", lambda q, k, v: sdpa(q, k, v, is_causal=True), (2, 4, 3), (2, 4, 3), (2, 4, 3))
        cases.add("attention causal", lambda q, k, v: sdpa(q, k, v, is_causal=True), (3, 2), (5, 2), (5, 2))
        cases.add("attention masked", lambda q, k, v: sdpa(q, k, v, attn_mask=mask), (2, 3, 5), (2, 4, 5), (2, 4, 2))
        cases.add("attention bias", lambda q, k, v, b: sdpa(q, k, v, attn_mask=b, scale=0.3), (3, 5), (4, 5), (4, 2),
                  (3, 4))


if __name__ == "__main__":
    cases = losses()
    normalizations(cases)
    attention(cases)
    write("losses", cases.content())
