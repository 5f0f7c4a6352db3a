"""The operation table in JAX, by the names of the bench."""
import jax
import jax.numpy as jnp
import jax.scipy.special as special


def cross_entropy(x):
    labels = jnp.arange(x.shape[0]) * 7 % x.shape[1]
    return -jnp.take_along_axis(jax.nn.log_softmax(x, axis=1), labels[:, None], 1).mean()


def layer_norm(x, scale, bias):
    centered = x - x.mean(1, keepdims=True)
    y = centered * jax.lax.rsqrt((centered * centered).mean(1, keepdims=True) + 1e-5) * scale + bias
    return y * y


OPERATIONS = {
    "a + b": jnp.add, "a − b": jnp.subtract, "a × b": jnp.multiply, "a / b": jnp.divide,
    "maximum": jnp.maximum, "minimum": jnp.minimum, "pow": jnp.power, "atan2": jnp.arctan2,
    "hypot": jnp.hypot, "xlogy": special.xlogy, "remainder": jnp.remainder,
    "where": lambda a, b: jnp.where(a > 0, a, b),
    "rows + row": jnp.add, "rows × column": jnp.multiply, "x × scalar": jnp.multiply,
    "x + 1": lambda x: x + 1, "x × 2": lambda x: x * 2,
    "pow(x, 2)": lambda x: x**2, "pow(x, 0.3)": lambda x: x**0.3,
    "−x": jnp.negative, "abs": jnp.abs, "reciprocal": jnp.reciprocal, "square": jnp.square,
    "sqrt": jnp.sqrt, "rsqrt": jax.lax.rsqrt, "exp": jnp.exp, "expMinusOne": jnp.expm1, "log": jnp.log,
    "log(onePlus:)": jnp.log1p, "log2": jnp.log2, "log10": jnp.log10, "sin": jnp.sin, "cos": jnp.cos,
    "tan": jnp.tan, "asin": jnp.arcsin, "acos": jnp.arccos, "atan": jnp.arctan, "sinh": jnp.sinh,
    "cosh": jnp.cosh, "tanh": jnp.tanh, "asinh": jnp.arcsinh, "acosh": jnp.arccosh, "atanh": jnp.arctanh,
    "erf": special.erf, "erfc": special.erfc, "logGamma": special.gammaln, "digamma": special.digamma,
    "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "silu": jax.nn.silu, "relu": jax.nn.relu,
    "softsign": jax.nn.soft_sign, "hardSigmoid": jax.nn.hard_sigmoid,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False), "gelu, tanh": jax.nn.gelu, "elu": jax.nn.elu,
    "leakyRelu": jax.nn.leaky_relu, "clamped": lambda x: jnp.clip(x, -(1 + 2**-23), 1 + 2**-23),
    "sum": jnp.sum, "mean": jnp.mean, "max": jnp.max, "min": jnp.min, "logSumExp": special.logsumexp,
    "variance": lambda x: jnp.var(x, ddof=1), "standardDeviation": lambda x: jnp.std(x, ddof=1),
    "norm": jnp.linalg.norm,
    "sum of rows": lambda x: x.sum(1), "sum of columns": lambda x: x.sum(0), "mean of rows": lambda x: x.mean(1),
    "max of rows": lambda x: x.max(1), "max of columns": lambda x: x.max(0), "prod of rows": lambda x: x.prod(1),
    "logSumExp of rows": lambda x: special.logsumexp(x, axis=1),
    "variance of rows": lambda x: jnp.var(x, axis=1, ddof=1), "cumulativeSum": lambda x: jnp.cumsum(x, 0),
    "softmax": lambda x: jax.nn.softmax(x, axis=1) ** 2, "logSoftmax": lambda x: jax.nn.log_softmax(x, axis=1),
    "softmax of columns": lambda x: jax.nn.softmax(x, axis=0) ** 2, "crossEntropy": cross_entropy,
    "layerNorm": layer_norm, "matmul": jnp.matmul, "matmul by vector": jnp.matmul, "matmul, stack": jnp.matmul,
}
