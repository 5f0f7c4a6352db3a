"""The closure graph over NumPy."""
import numpy as np

from closure_graph import Node
from work import Work

NAME, VERSION = "numpy", np.__version__


def start(threads):
    pass


def prepare(program, arrays, parameters):
    return PROGRAMS[program](arrays, parameters)


def chain(arrays, parameters):
    def step():
        inputs = [Node(array) for array in arrays]
        y, factor, summand = inputs
        for _ in range(parameters["count"] // 2):
            y = y * factor
            y = y + summand
        y.backward()
        return [y.data, *(node.grad for node in inputs)]

    return Work(step, list)


def mlp(arrays, parameters):
    *parameter_arrays, data = arrays
    p, data = [Node(array.copy()) for array in parameter_arrays], Node(data)
    labels, rate = np.array(parameters["labels"]), parameters.get("rate")
    activation = getattr(Node, parameters["activation"])

    def step():
        for node in p:
            node.grad = np.zeros_like(node.data)
        x = data
        for index in range(0, len(p), 2):
            x = (activation(x) if index else x) @ p[index] + p[index + 1]
        loss = x.log_softmax().mean_negative_at(labels)
        loss.backward()
        if rate is None:
            return [loss.data, *(node.grad for node in p)]
        for node in p:
            node.data -= rate * node.grad
        return [loss.data, *(node.data for node in p)]

    return Work(step, list)


PROGRAMS = {"chain": chain, "mlp": mlp}
