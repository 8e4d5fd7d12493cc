"""Differentiate a function that was written for no library in particular, on every library there is.

    uv run examples/any_library.py

The function is the log marginal likelihood of a Gaussian process. Its author asked the arrays for their namespace
and used the Array API standard; nnx is not mentioned in it.
"""

import math

import numpy as np
from array_api_compat import array_namespace

import nnx


def log_marginal_likelihood(log_scales, x, y):
    """log N(y | 0, K), K = s² exp(-|x - x'|² / 2l²) + e² I, with log_scales = log (l, s, e)."""
    xp = array_namespace(log_scales, x, y)
    length, signal, noise = xp.unstack(xp.exp(log_scales))
    squared_distance = xp.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1)
    kernel = signal**2 * xp.exp(-0.5 * squared_distance / length**2)
    kernel = kernel + noise**2 * xp.eye(x.shape[0], dtype=x.dtype, device=x.device)
    log_determinant = 2.0 * xp.sum(xp.log(xp.linalg.diagonal(xp.linalg.cholesky(kernel))))
    misfit = xp.vecdot(y, xp.linalg.solve(kernel, y[:, None])[:, 0])
    return -0.5 * (misfit + log_determinant + x.shape[0] * math.log(2.0 * math.pi))


def libraries():
    """The array libraries that work on this machine: their names, namespaces and devices."""
    import array_api_compat.numpy
    import array_api_strict

    yield "numpy", array_api_compat.numpy, None
    yield "array-api-strict", array_api_strict, array_api_strict.Device("device1")
    if "cupy" in nnx.available_backends():
        import array_api_compat.cupy

        yield "cupy", array_api_compat.cupy, None


def data():
    """Forty noisy points of a smooth curve."""
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0.0, 6.0, (40, 1)), axis=0)
    return np.log([1.3, 0.8, 0.3]), x, np.sin(x[:, 0]) + 0.2 * rng.normal(size=40)


def central_differences(log_scales, x, y, step=1e-5):
    """The gradient from function values alone."""
    rows = step * np.eye(log_scales.size)
    ends = [[log_marginal_likelihood(log_scales + s * row, x, y) for s in (1, -1)] for row in rows]
    return np.array([(up - down) / (2 * step) for up, down in ends])


def main():
    """Print the gradient on every library beside the one from differences."""
    inputs = data()
    expected = central_differences(*inputs)
    gradients = {}
    for name, xp, device in libraries():
        arrays = [xp.asarray(value, device=device) for value in inputs]
        gradient = nnx.grad(log_marginal_likelihood)(*arrays)  # an array of the same library and device
        gradients[name] = nnx.to_numpy(gradient)
        print(f"{name:16}  measured {gradients[name]}")
    print(f"{'':16}  expected {expected}")
    return gradients, expected


if __name__ == "__main__":
    main()
