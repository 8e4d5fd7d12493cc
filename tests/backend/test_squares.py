"""The mean squared error in NumPy against the one in standard functions."""

import numpy as np
import pytest

import nnx
import nnx.losses
from nnx_numpy.reference import reference, reference_pullback
from nnx_numpy.squares import mse_loss, mse_loss_back

rng = np.random.default_rng(5)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(), (3,), (8192,), (8193,), (5, 7, 1000), (0, 3)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_values_and_slopes(kind, shape, reduction):
    x, target, g = (np.asarray(rng.standard_normal(shape), kind) for _ in range(3))
    g = g if reduction == "none" else np.asarray(1.7, kind)
    close = {"rtol": 1e-5 if kind == "float32" else 1e-12, "strict": True}
    for a, b in ((x, target), (x.T, target.T), (x[..., ::-1] if shape else x, target)):
        a.flags.writeable = b.flags.writeable = False
        found = mse_loss(a, b, None, None, reduction=reduction)
        np.testing.assert_allclose(
            found, reference("mse_loss")(a, b, None, None, reduction=reduction), **close
        )
        for needed in ((True, True, False, False), (True, False, False, False)):
            given = np, g.reshape(a.shape) if g.ndim else g, found, a, b, None, None
            slopes = mse_loss_back(*given, needed=needed, reduction=reduction)
            expected = reference_pullback("mse_loss")(*given, needed=needed, reduction=reduction)
            for one, other in zip(slopes, expected, strict=True):
                assert (one is None) == (other is None)
                if one is not None:
                    np.testing.assert_allclose(one, other, **close)


def test_weights_and_other_dtypes_are_left_to_standard_functions():
    x, target = rng.standard_normal((2, 6))
    for args in (
        (x, target, np.arange(6.0), None),
        (x.astype(np.float16), target.astype(np.float16), None, None),
        (x, target[:1], None, None),
    ):
        expected = reference("mse_loss")(*args, reduction="mean")
        np.testing.assert_array_equal(mse_loss(*args, reduction="mean"), expected)


def test_second_derivatives_are_those_in_standard_functions():
    x, target = rng.standard_normal((2, 3))
    hessian = nnx.hessian(lambda x: nnx.losses.mse_loss(x, target))(x)
    np.testing.assert_allclose(hessian, np.eye(3) * 2 / 3)
