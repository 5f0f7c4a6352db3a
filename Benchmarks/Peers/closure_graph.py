"""A graph of closures over NumPy: the design that Wengert grew out of, written as small as it is meant to be.

Each node holds an array, its gradient, the nodes it was made from, and a function that hands its gradient on.
"""
import numpy as np


class Node:
    def __init__(self, data, parents=()):
        self.data = np.asarray(data)
        self.grad = np.zeros_like(self.data)
        self.parents = parents
        self.hand_on = lambda: None

    def __add__(self, other):
        out = Node(self.data + other.data, (self, other))

        def hand_on():
            self.grad += summed_to(out.grad, self.data.shape)
            other.grad += summed_to(out.grad, other.data.shape)

        out.hand_on = hand_on
        return out

    def __mul__(self, other):
        out = Node(self.data * other.data, (self, other))

        def hand_on():
            self.grad += summed_to(out.grad * other.data, self.data.shape)
            other.grad += summed_to(out.grad * self.data, other.data.shape)

        out.hand_on = hand_on
        return out

    def __matmul__(self, other):
        out = Node(self.data @ other.data, (self, other))

        def hand_on():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad

        out.hand_on = hand_on
        return out

    def tanh(self):
        y = np.tanh(self.data)
        out = Node(y, (self,))

        def hand_on():
            self.grad += (1 - y**2) * out.grad

        out.hand_on = hand_on
        return out

    def relu(self):
        out = Node(np.maximum(self.data, 0), (self,))

        def hand_on():
            self.grad += (self.data > 0) * out.grad

        out.hand_on = hand_on
        return out

    def log_softmax(self):
        shifted = self.data - self.data.max(axis=1, keepdims=True)
        y = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        out = Node(y, (self,))

        def hand_on():
            self.grad += out.grad - np.exp(y) * out.grad.sum(axis=1, keepdims=True)

        out.hand_on = hand_on
        return out

    def mean_negative_at(self, labels):
        """Minus the mean of each row's element at its label."""
        rows = np.arange(len(labels))
        out = Node(-self.data[rows, labels].mean(), (self,))

        def hand_on():
            g = np.zeros_like(self.data)
            g[rows, labels] = -1 / len(labels)
            self.grad += g * out.grad

        out.hand_on = hand_on
        return out

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, is_done = stack.pop()
            if is_done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((parent, False) for parent in node.parents)
        self.grad = np.ones_like(self.data)
        for node in reversed(order):
            node.hand_on()


def summed_to(g, shape):
    """A gradient summed along the axes that broadcasting made or stretched."""
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1 and g.shape[axis] != 1:
            g = g.sum(axis=axis, keepdims=True)
    return g
