"""JAX: every program compiled as a whole by `jit`."""
import math
import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import jax.numpy as jnp

from jax_operations import OPERATIONS
from work import Work

NAME, VERSION = "jax", jax.__version__


def start(threads):
    jax.config.update("jax_enable_x64", True)


def prepare(program, arrays, parameters):
    return PROGRAMS[program]([jnp.asarray(array) for array in arrays], parameters)


def read(values):
    return jax.tree.leaves(values)


def waiting(function, *inputs):
    """A step that is over when its results are there."""
    compiled = jax.jit(function)
    return Work(lambda: jax.block_until_ready(compiled(*inputs)), read)


def gradient(loss, *inputs):
    return waiting(jax.value_and_grad(loss, argnums=tuple(range(len(inputs)))), *inputs)


def training(loss, inputs, rate):
    """A step of gradient descent; each waits for the one before only as far as it needs it."""
    @jax.jit
    def update(p):
        value, gradients = jax.value_and_grad(loss)(p)
        return value, jax.tree.map(lambda x, g: x - rate * g, p, gradients)

    state = [None, inputs]

    def step():
        state[:] = update(state[1])
        return state

    return Work(step, read, lambda: jax.block_until_ready(state))


def operation(arrays, parameters):
    function = OPERATIONS[parameters["name"]]
    return gradient(lambda *inputs: function(*inputs).sum(), *arrays)


def chain(arrays, parameters):
    def loss(y, factor, summand):
        for _ in range(parameters["count"] // 2):
            y = y * factor
            y = y + summand
        return y

    return gradient(loss, *arrays)


ACTIVATIONS = {"tanh": jnp.tanh, "relu": jax.nn.relu}


def perceptron(p, x, activation):
    for index in range(0, len(p), 2):
        x = (activation(x) if index else x) @ p[index] + p[index + 1]
    return x


def cross_entropy(logits, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()


def classification(data, parameters):
    labels = jnp.asarray(parameters["labels"])
    activation = ACTIVATIONS[parameters["activation"]]
    return lambda p: cross_entropy(perceptron(p, data, activation), labels)


def mlp(arrays, parameters):
    *p, data = arrays
    loss = classification(data, parameters)
    return training(loss, p, parameters["rate"]) if "rate" in parameters else gradient(loss, p)


def layer_norm(x, scale, bias):
    centered = x - x.mean(-1, keepdims=True)
    return centered * jax.lax.rsqrt((centered * centered).mean(-1, keepdims=True) + 1e-5) * scale + bias


def attend(q, k, v):
    """What `jax.nn.dot_product_attention` does, which takes its softmax in single precision whatever the operands."""
    scores = jnp.einsum("bthd,bshd->bhts", q, k) / math.sqrt(q.shape[-1])
    visible = jnp.tril(jnp.ones((q.shape[1], k.shape[1]), bool))
    return jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(jnp.where(visible, scores, -jnp.inf)), v)


def block(p, x, heads):
    scale1, bias1, w_in, b_in, w_out, b_out, scale2, bias2, w_expand, b_expand, w_contract, b_contract = p
    batch, length, width = x.shape
    parts = jnp.split(layer_norm(x, scale1, bias1) @ w_in + b_in, 3, -1)
    q, k, v = [part.reshape(batch, length, heads, width // heads) for part in parts]
    y = attend(q, k, v).reshape(batch, length, width)
    x = x + (y @ w_out + b_out)
    y = jax.nn.gelu(layer_norm(x, scale2, bias2) @ w_expand + b_expand, approximate=False)
    return x + (y @ w_contract + b_contract)


def transformer(arrays, parameters):
    def loss(inputs):
        y = block(inputs[1:], inputs[0], parameters["heads"])
        return (y * y).mean()

    return gradient(loss, arrays)


def convolved(x, filters, bias, padding):
    y = jax.lax.conv_general_dilated(x, filters, (1, 1), [(padding, padding)] * 2)
    return y + bias[:, None, None]


def pooled(x, start, combine):
    return jax.lax.reduce_window(x, start, combine, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def lenet(arrays, parameters):
    *inputs, images = arrays
    labels = jnp.asarray(parameters["labels"])

    def loss(p):
        w1, b1, w2, b2, *classifier = p
        x = pooled(jnp.tanh(convolved(images, w1, b1, 2)), 0.0, jax.lax.add) / 4
        x = pooled(jax.nn.relu(convolved(x, w2, b2, 0)), -jnp.inf, jax.lax.max)
        return cross_entropy(perceptron(classifier, x.reshape(x.shape[0], -1), jax.nn.relu), labels)

    return training(loss, inputs, parameters["rate"])


def hessian_vector(arrays, parameters):
    count = (len(arrays) - 1) // 2
    loss = classification(arrays[-1], parameters)
    return waiting(lambda p, v: jax.jvp(jax.grad(loss), (p,), (v,))[1], arrays[:count], arrays[count:-1])


def jacobian(arrays, parameters):
    *p, x = arrays
    return waiting(lambda p, x: jax.jacrev(lambda x: perceptron(p, x, jnp.tanh))(x), p, x)


PROGRAMS = {
    "operation": operation, "chain": chain, "mlp": mlp, "transformer": transformer, "lenet": lenet,
    "hessian-vector": hessian_vector, "jacobian": jacobian}
