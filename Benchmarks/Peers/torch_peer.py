"""PyTorch, as its users write it: eager, with its own functions where it has them."""
import torch
import torch.nn.functional as F

from torch_operations import OPERATIONS
from work import Work

NAME, VERSION = "torch", torch.__version__


def start(threads):
    torch.set_num_threads(threads)


def prepare(program, arrays, parameters):
    return PROGRAMS[program]([torch.from_numpy(array) for array in arrays], parameters)


def read(tensors):
    return [tensor.detach().numpy() for tensor in tensors]


def leaves(tensors):
    return [tensor.clone().requires_grad_() for tensor in tensors]


def gradient(loss, inputs):
    """Value and gradients of `loss()` with respect to tensors."""
    def step():
        value = loss()
        return [value, *torch.autograd.grad(value, inputs)]

    return Work(step, read)


def training(loss, inputs, rate):
    """A step of gradient descent on tensors: the loss, and the tensors after it."""
    optimizer = torch.optim.SGD(inputs, lr=rate)

    def step():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        return [value, *inputs]

    return Work(step, read)


def operation(arrays, parameters):
    function, inputs = OPERATIONS[parameters["name"]], leaves(arrays)

    def loss():
        y = function(*inputs)
        return y.sum() if y.dim() else y

    return gradient(loss, inputs)


def chain(arrays, parameters):
    (y, factor, summand), count = leaves(arrays), parameters["count"] // 2

    def loss():
        x = y
        for _ in range(count):
            x = x * factor
            x = x + summand
        return x

    return gradient(loss, [y, factor, summand])


ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}


def perceptron(p, x, activation):
    """An MLP whose parameters are weight (in, out) and bias of each layer in turn."""
    for index in range(0, len(p), 2):
        x = torch.addmm(p[index + 1], activation(x) if index else x, p[index])
    return x


def classification(arrays, parameters):
    """The tensors that are parameters, and the loss of an MLP that classifies."""
    inputs, data = leaves(arrays[:-1]), arrays[-1]
    labels = torch.tensor(parameters["labels"])
    activation = ACTIVATIONS[parameters["activation"]]
    return inputs, lambda: F.cross_entropy(perceptron(inputs, data, activation), labels)


def mlp(arrays, parameters):
    inputs, loss = classification(arrays, parameters)
    return training(loss, inputs, parameters["rate"]) if "rate" in parameters else gradient(loss, inputs)


def attend(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def block(p, x, heads):
    """A transformer block with causal attention; parameters in the order in which they are used."""
    scale1, bias1, w_in, b_in, w_out, b_out, scale2, bias2, w_expand, b_expand, w_contract, b_contract = p
    batch, length, width = x.shape
    parts = (F.layer_norm(x, [width], scale1, bias1) @ w_in + b_in).chunk(3, -1)
    q, k, v = [part.view(batch, length, heads, width // heads).transpose(1, 2) for part in parts]
    y = attend(q, k, v).transpose(1, 2).reshape(batch, length, width)
    x = x + (y @ w_out + b_out)
    y = F.gelu(F.layer_norm(x, [width], scale2, bias2) @ w_expand + b_expand)
    return x + (y @ w_contract + b_contract)


def transformer(arrays, parameters):
    inputs = leaves(arrays)

    def loss():
        y = block(inputs[1:], inputs[0], parameters["heads"])
        return (y * y).mean()

    return gradient(loss, inputs)


def lenet(arrays, parameters):
    inputs, images = leaves(arrays[:-1]), arrays[-1]
    labels = torch.tensor(parameters["labels"])

    def loss():
        w1, b1, w2, b2, *classifier = inputs
        x = F.avg_pool2d(torch.tanh(F.conv2d(images, w1, b1, padding=2)), 2)
        x = F.max_pool2d(torch.relu(F.conv2d(x, w2, b2)), 2).flatten(1)
        return F.cross_entropy(perceptron(classifier, x, torch.relu), labels)

    return training(loss, inputs, parameters["rate"])


def hessian_vector(arrays, parameters):
    """Reverse over reverse, which is faster here than `torch.func`'s forward over reverse."""
    count = (len(arrays) - 1) // 2
    inputs, loss = classification(arrays[:count] + arrays[-1:], parameters)
    direction = arrays[count:-1]

    def step():
        gradients = torch.autograd.grad(loss(), inputs, create_graph=True)
        return torch.autograd.grad(gradients, inputs, direction)

    return Work(step, read)


def jacobian(arrays, parameters):
    *p, x = arrays

    def function(x):
        for index in range(0, len(p), 2):
            x = (torch.tanh(x) if index else x) @ p[index] + p[index + 1]
        return x

    derivative = torch.func.jacrev(function)
    return Work(lambda: [derivative(x)], read)


PROGRAMS = {
    "operation": operation, "chain": chain, "mlp": mlp, "transformer": transformer, "lenet": lenet,
    "hessian-vector": hessian_vector, "jacobian": jacobian}
