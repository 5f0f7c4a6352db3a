"""Draws inputs, runs PyTorch on them, and writes down what came out."""
import base64
import json
import math

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


class Draw:
    """How an input is drawn: uniformly within bounds, and laid out in one of several ways.

    `layout` says what the function under test is given: the tensor itself ("plain"), the transposition of its last
    two axes ("transposed"), or every other element of its last axis ("strided"). `shape` is what the function sees;
    gradients are those with respect to the tensor behind the view. `values` are taken as they are.
    """

    def __init__(self, *shape, low=-2.0, high=2.0, layout="plain", values=None):
        self.shape, self.low, self.high, self.layout, self.values = shape, low, high, layout, values

    def base_shape(self):
        shape = list(self.shape)
        if self.layout == "transposed":
            shape[-1], shape[-2] = shape[-2], shape[-1]
        elif self.layout == "strided":
            shape[-1] *= 2
        return shape


def view(tensor, layout):
    if layout == "transposed":
        return tensor.transpose(-1, -2)
    if layout == "strided":
        return tensor[..., ::2]
    return tensor


def encoded(tensor):
    """Shape and little-endian bits in base 64, as `Float`s where nothing is lost by it."""
    tensor = tensor.detach()
    # torch leaves gradients that are 0 everywhere without memory.
    tensor = torch.zeros(tensor.shape) if tensor._is_zerotensor() else tensor
    single = tensor.to(torch.float32)
    exact = torch.equal(torch.nan_to_num(single.double(), 0, 1, 2), torch.nan_to_num(tensor, 0, 1, 2))
    numbers = (single if exact else tensor).contiguous().reshape(-1).numpy()
    text = base64.b64encode(numbers.astype("<f4" if exact else "<f8").tobytes()).decode()
    return {"shape": list(tensor.shape), "f4" if exact else "f8": text}


def named(parameters):
    """Parameters as JSON can hold them: infinities are words, and what is None is absent."""
    def plain(value):
        if isinstance(value, (list, tuple)):
            return [plain(element) for element in value]
        if isinstance(value, float) and math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return value

    return {key: plain(value) for key, value in parameters.items() if value is not None}


class Cases:
    """The cases drawn so far, from one seed."""

    def __init__(self, seed, large):
        self.seed, self.large, self.list = seed, large, []
        self.without_second = set()
        self.generator = torch.Generator().manual_seed(seed)

    def uniform(self, shape, low=-2.0, high=2.0):
        """Numbers that `Float` holds exactly too: multiples of 2⁻¹⁶ of a size below 128."""
        numbers = low + (high - low) * torch.rand(list(shape), generator=self.generator)
        return torch.clamp(torch.round(numbers * 65536) / 65536, low, high)

    def distinct(self, shape):
        """Such numbers between −2 and 2, no two of which are equal."""
        numbers = torch.randperm(262144, generator=self.generator)[:math.prod(shape)]
        return numbers.reshape(shape) / 65536 - 2

    def integers(self, shape, count):
        return torch.randint(count, list(shape), generator=self.generator)

    def add(
        self, name, function, *inputs, contract=None, note=None, condition=None, constants=0, **parameters
    ):
        """A case: the operation in the package's spelling, the same in PyTorch's, inputs, and parameters.

        Where PyTorch's function falls short of the contract, `contract` is one that does not, and `note` says why. The
        last `constants` inputs are not differentiated. `condition` is the number by which an ill-conditioned problem
        magnifies errors.
        """
        draws = [x if isinstance(x, Draw) else Draw(*x) for x in inputs]
        tensors = [
            d.values if d.values is not None else self.uniform(d.base_shape(), d.low, d.high) for d in draws]
        run = Run(tensors, [d.layout for d in draws], constants)
        results = run.results(contract or function, self)
        case = {"name": name, "parameters": named(parameters), **run.description(), **results}
        if results.get("second") is None:
            del case["second"], case["weights"]
            if results["value"].requires_grad:
                self.without_second.add(name)
        if condition is not None and condition > 1:
            case["condition"] = condition
        cancellation = run.cancellation(results)
        if cancellation > 2:
            case["cancellation"] = cancellation
        if contract is not None:
            case["torch"] = {"note": note, **run.results(function, self)}
            for key in ("cotangent", "weights"):
                del case["torch"][key]
        self.append(case)

    def hard(self, name, function, *inputs, note=None, value=None, gradients=None, cotangent=None, **parameters):
        """A hard point: given numbers in, and out what PyTorch says, unless a note says why the contract differs."""
        run = Run([torch.as_tensor(x, dtype=torch.float64) for x in inputs], ["plain"] * len(inputs), 0)
        if cotangent is not None:
            run.cotangent = torch.as_tensor(cotangent, dtype=torch.float64)
        results = run.results(function, self)
        results = {key: results[key] for key in ("cotangent", "value", "gradients")}
        case = {"name": name, "parameters": named(parameters), **run.description(), **results}
        if note is not None:
            case["torch"] = {"note": note, "value": results["value"], "gradients": results["gradients"]}
            if value is not None:
                case["value"] = torch.as_tensor(value, dtype=torch.float64)
            if gradients is not None:
                case["gradients"] = [torch.as_tensor(g, dtype=torch.float64) for g in gradients]
        self.append(case)

    def add_model(self, name, loss, parameters, data, tolerance=None, **sizes):
        """A model: the gradient of `loss` of all its parameters, in the package's order and layout."""
        leaves = {key: value.clone().requires_grad_() for key, value in parameters.items()}
        value = loss(leaves, *data)
        case = {
            "name": name, "parameters": named(sizes), "names": list(parameters),
            "inputs": [*parameters.values(), *data], "cotangent": torch.tensor(1.0), "value": value,
            "gradients": list(torch.autograd.grad(value, list(leaves.values())))}
        if tolerance is not None:
            case["absoluteTolerance"] = tolerance
        self.append(case)

    def append(self, case):
        def plain(value):
            if isinstance(value, torch.Tensor):
                return encoded(value)
            if isinstance(value, dict):
                return {key: plain(element) for key, element in value.items()}
            if isinstance(value, list):
                return [plain(element) for element in value]
            return value

        self.list.append(plain(case))

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # One case a line, so that a difference between two versions shows which cases it is about.
        lines = ",\n".join(json.dumps(case, separators=(",", ":"), ensure_ascii=False) for case in self.list)
        head = json.dumps({"torch": torch.__version__, "seed": self.seed}, separators=(",", ":"))
        path.write_text(f'{head[:-1]},"cases":[\n{lines}\n]}}\n', encoding="utf-8")
        print(f"{path.name}: {len(self.list)} cases, {path.stat().st_size} bytes")
        if self.without_second:
            print("no second derivative in PyTorch:", ", ".join(sorted(self.without_second)))


class Run:
    """Inputs at which functions are evaluated, with random cotangents that are drawn once."""

    def __init__(self, tensors, layouts, constants):
        self.tensors, self.layouts = tensors, layouts
        self.active_count = len(tensors) - constants
        self.cotangent, self.weights = None, None

    def description(self):
        plain = all(layout == "plain" for layout in self.layouts)
        return {"inputs": self.tensors} if plain else {"inputs": self.tensors, "layouts": self.layouts}

    def cancellation(self, results):
        """By how much a number computed from many is less than its terms: Σ|∂y/∂x · x| / |y|.

        Of a result with several numbers, errors are measured by the largest of them.
        """
        value, cotangent = results["value"].detach(), results["cotangent"]
        if value.numel() != 1 or sum(x.numel() for x in self.tensors) < 3 or value == 0 or cotangent == 0:
            return 1
        terms = sum((g * x).abs().sum() for g, x in zip(results["gradients"], self.tensors))
        return math.ceil(terms.detach() / (value * cotangent).abs())

    def results(self, function, cases):
        """The value, the gradient of ⟨v, f⟩, and that of ⟨w, gradient⟩, or None if PyTorch has none."""
        inputs = [t.clone().requires_grad_(index < self.active_count) for index, t in enumerate(self.tensors)]
        active = inputs[:self.active_count]
        value = function(*[view(x, layout) for x, layout in zip(inputs, self.layouts)])
        value = value.to(torch.float64)
        if self.cotangent is None:
            self.cotangent = cases.uniform(value.shape, -1, 1)

        def gradients(y, cotangent, create_graph):
            if not y.requires_grad:
                return [torch.zeros_like(x) for x in active]
            found = torch.autograd.grad(y, active, cotangent, create_graph=create_graph, allow_unused=True)
            return [torch.zeros_like(x) if g is None else g for x, g in zip(active, found)]

        first = gradients(value, self.cotangent, True)
        if self.weights is None:
            self.weights = [cases.uniform(g.shape, -1, 1) for g in first]
        second = None
        if value.requires_grad:
            try:
                second = gradients(sum((w * g).sum() for w, g in zip(self.weights, first)), None, False)
            except RuntimeError as error:
                # Some operations of PyTorch have no second derivative.
                if "is not implemented" not in str(error):
                    raise
        return {
            "cotangent": self.cotangent, "value": value, "gradients": first, "weights": self.weights, "second": second}
