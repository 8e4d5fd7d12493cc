"""Gates and random slopes against PyTorch, the random ones by their formula with the same numbers."""

from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.random import Generator


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(4).standard_normal(shape)


@pytest.mark.parametrize(
    ("shape", "axis"), [((3, 4), -1), ((4, 3), 0), ((2, 6, 3), 1), ((2,), 0), ((0, 4), 1), ((3, 0), 1)]
)
def test_glu_is_that_of_torch(shape: tuple[int, ...], axis: int, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    agrees_with_torch(
        lambda x: F.glu(x, axis),
        lambda x: torch.nn.functional.glu(x, axis),
        [draw(*shape)],
        second=0 not in shape,
    )
    assert F.glu(draw(*shape).astype("f4"), axis).dtype == np.float32


@pytest.mark.parametrize("shape", [(4, 5), (), (0, 3)])
@pytest.mark.parametrize("bounds", [(1 / 8, 1 / 3), (-0.5, 0.5), (0.2, 0.2)])
def test_rrelu_is_its_formula(shape: tuple[int, ...], bounds: Any, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    with nnx.using("numpy"):
        slope = torch.tensor(Generator(2).uniform(shape, *bounds, dtype="float64"))
    x = draw(*shape)
    agrees_with_torch(
        lambda x: F.rrelu(x, *bounds, training=True, generator=Generator(2)) ** 2,
        lambda x: torch.where(x > 0, x, slope * x) ** 2,
        [x],
        single=None,  # other bits
    )
    agrees_with_torch(
        lambda x: F.rrelu(x, *bounds) ** 2, lambda x: torch.nn.functional.rrelu(x, *bounds) ** 2, [x]
    )


def test_rrelu_by_default_and_at_its_edges(lib: Any) -> None:
    lib.assert_close(F.rrelu(lib.asarray([-2.0, 0.0, 3.0])), [-11 / 24, 0.0, 3.0])
    x = lib.asarray([-1.0] * 50, "float32")
    nnx.seed(2)
    out = F.rrelu(x, training=True)
    assert out.dtype == lib.xp.float32
    host = -lib.to_numpy(out)
    assert host.min() >= 1 / 8
    assert host.max() < 1 / 3
    assert len(set(host.tolist())) > 40
    lib.assert_equal(F.rrelu(x, training=True, generator=Generator(2)), -host)
    lib.assert_equal(F.rrelu(lib.asarray([np.inf]), training=True), [np.inf])
    assert np.isnan(lib.to_numpy(F.rrelu(lib.asarray([np.nan]), training=True))).all()


def noise(shape: tuple[int, ...]) -> np.ndarray:
    with nnx.using("numpy"):
        u = Generator(6).uniform(shape, dtype="float64")
    return -np.log(-np.log1p(-u))


@pytest.mark.parametrize(("tau", "axis"), [(1.0, -1), (0.3, 0), (5.0, 1)])
@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_is_its_formula(tau: float, axis: int, hard: bool, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    added = torch.tensor(noise((4, 3)))

    def theirs(x: Any) -> Any:
        soft = torch.softmax((x + added) / tau, axis)
        if not hard:
            return soft
        one_hot = torch.zeros_like(x).scatter_(axis, soft.max(axis, keepdim=True)[1], 1.0)
        return one_hot - soft.detach() + soft

    agrees_with_torch(
        lambda x: F.gumbel_softmax(x, tau, hard, axis=axis, generator=Generator(6)),
        theirs,
        [draw(4, 3)],
        single=None,  # other bits
        differences=not hard,  # whose gradient is that of the soft one
    )


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_of_less_than_double_precision(dtype: str) -> None:
    x = draw(4, 3).astype(dtype)
    tolerance = 1e-2 if dtype == "float16" else 1e-6
    with nnx.using("numpy"):
        u = Generator(6).uniform((4, 3), dtype="float32").astype(float)
        slope = Generator(6).uniform((4, 3), 0.1, 0.4, dtype=dtype)
    z = np.exp(x - np.log(-np.log1p(-u)))
    soft, hard = (F.gumbel_softmax(x, hard=hard, generator=Generator(6)) for hard in (False, True))
    np.testing.assert_allclose(soft, z / z.sum(axis=1, keepdims=True), rtol=tolerance)
    np.testing.assert_array_equal(hard, z == z.max(axis=1, keepdims=True))
    leaky = F.rrelu(x, 0.1, 0.4, True, generator=Generator(6))
    np.testing.assert_allclose(leaky, np.where(x > 0, x, slope * x), rtol=tolerance)
    assert soft.dtype == hard.dtype == leaky.dtype == dtype


def test_gumbel_softmax_chooses_with_the_probabilities_given(lib: Any) -> None:
    wanted = np.array([0.1, 0.2, 0.7])
    out = F.gumbel_softmax(lib.asarray(np.log(wanted) + np.zeros((4000, 1)), "float32"), hard=True)
    assert out.dtype == lib.xp.float32
    host = lib.to_numpy(out)
    assert set(np.unique(host)) == {0.0, 1.0}
    np.testing.assert_array_equal(host.sum(axis=1), 1.0)
    np.testing.assert_allclose(host.mean(axis=0), wanted, atol=0.03)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: F.glu(np.ones((2, 3))), ValueError, "glu: expected an even length along axis 1, got shape"),
        (lambda: F.glu(np.asarray(1.0)), ValueError, "glu: expected an input with at least 1 axis"),
        (lambda: F.glu(np.ones((2, 4)), 2), IndexError, "glu: expected an axis from -2 to 1, got 2"),
        (lambda: F.rrelu(np.ones(2), 0.5, 0.1), ValueError, "rrelu: expected finite lower <= upper"),
        (lambda: F.rrelu(np.ones(2), 0.5, np.inf, True), ValueError, "rrelu: expected finite lower <= upper"),
        (lambda: F.rrelu(np.ones(2, int), training=True), TypeError, "rrelu: expected floating-point numbers"),
        (lambda: F.gumbel_softmax(np.ones(2, int)), TypeError, "gumbel_softmax: expected floating-point"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize(("x", "weight"), [(-1.0, [0.2]), ([-1.0, 2.0], 0.2), ([-1.0, 2.0], [0.2])])
def test_prelu_with_few_axes(x: Any, weight: Any, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    agrees_with_torch(F.prelu, torch.nn.functional.prelu, [np.asarray(x), np.asarray(weight)])
