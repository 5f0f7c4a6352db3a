"""HIPS autograd: NumPy traced operation by operation."""
import autograd
import autograd.numpy as np
import importlib.metadata

from work import Work

NAME, VERSION = "autograd", importlib.metadata.version("autograd")


def start(threads):
    pass


def prepare(program, arrays, parameters):
    return PROGRAMS[program](arrays, parameters)


def gradient(loss, inputs):
    derivative = autograd.value_and_grad(loss)

    def read(result):
        value, gradients = result
        return [value, *gradients]

    return Work(lambda: derivative(inputs), read)


def chain(arrays, parameters):
    def loss(inputs):
        y, factor, summand = inputs
        for _ in range(parameters["count"] // 2):
            y = y * factor
            y = y + summand
        return y

    # 0-d arrays become numbers, which autograd traces faster.
    return gradient(loss, [float(array) for array in arrays])


ACTIVATIONS = {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0)}


def perceptron(p, x, activation):
    for index in range(0, len(p), 2):
        x = np.dot(activation(x) if index else x, p[index]) + p[index + 1]
    return x


def classification(data, parameters):
    labels = np.array(parameters["labels"])
    activation, rows = ACTIVATIONS[parameters["activation"]], np.arange(len(labels))

    def loss(p):
        logits = perceptron(p, data, activation)
        shifted = logits - np.max(logits, axis=1, keepdims=True)
        log_probabilities = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        return -np.mean(log_probabilities[rows, labels])

    return loss


def mlp(arrays, parameters):
    *p, data = arrays
    loss = classification(data, parameters)
    if "rate" not in parameters:
        return gradient(loss, p)
    derivative, rate, p = autograd.value_and_grad(loss), parameters["rate"], [x.copy() for x in p]

    def step():
        value, gradients = derivative(p)
        for x, g in zip(p, gradients):
            x -= rate * g
        return [value, *p]

    return Work(step, list)


def hessian_vector(arrays, parameters):
    count = (len(arrays) - 1) // 2
    derivative = autograd.make_hvp(classification(arrays[-1], parameters))
    p, direction = list(arrays[:count]), list(arrays[count:-1])
    return Work(lambda: derivative(p)[0](direction), list)


def jacobian(arrays, parameters):
    *p, x = arrays
    derivative = autograd.jacobian(lambda x: perceptron(p, x, np.tanh))
    return Work(lambda: [derivative(x)], list)


PROGRAMS = {"chain": chain, "mlp": mlp, "hessian-vector": hessian_vector, "jacobian": jacobian}
