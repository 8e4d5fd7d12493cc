"""Loops over elements, pairs of neighbours, groups and classes give what NumPy gives, to the bit."""

import itertools

import numpy as np
import pytest

import nnx
import nnx.functional
import nnx.functional._recurrent
from nnx.autodiff import scatter as scatter
from nnx.autodiff.primitive import Primitive
from nnx.functional._pool_windows import Strided
from nnx_numpy.fast import where
from nnx_numpy.normalizing_back import standardize_back
from nnx_numpy.updates import adam, sgd

from .comparing import SPECIAL, rng, same, vectors

PAIRS = np.array(list(itertools.product(SPECIAL, repeat=2)))


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("shrink", [1.0, 0.9])
@pytest.mark.parametrize("maximize", [False, True])
def test_adam(both, kind, largest, decay, shrink, maximize):
    p, g, m, *squares = vectors(kind, 5 if largest else 4)
    for v in squares:
        np.abs(v, v)
        v[:9] = rng.permutation(v[:9])

    def step():
        new = p.copy(), m.copy(), *(v.copy() for v in squares)
        for _ in range(3):
            adam(new[0], g, new[1:], 0.9, 0.999, 1e-3, 1e-8, decay, shrink, maximize)
        return new

    same(*both(step))


@pytest.mark.parametrize("keep", [1.0, 0.3])
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("maximize", [False, True])
def test_sgd_with_momentum(both, kind, keep, decay, nesterov, maximize):
    p, g, b = vectors(kind, 3)

    def step():
        new = p.copy(), b.copy()
        for _ in range(3):
            sgd(new[0], g, new[1:], 0.01, 0.9, keep, decay, nesterov, maximize)
        return new

    same(*both(step))


@pytest.mark.parametrize("name", ["where_positive", "tanh_back", "sigmoid_back"])
@pytest.mark.parametrize("shape", [(49,), (7, 7), (0, 3)])
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
def test_two_arrays_side_by_side(both, kind, name, shape):
    x, y = (PAIRS.T[:, : 7 * 7].astype(kind) if 0 not in shape else np.zeros((2, 0), kind)).reshape(2, *shape)
    own = Primitive.registry[name]
    same(*both(lambda: [own(x, y)]))
    if len(shape) == 2:
        same(*both(lambda: [own(x.T, y.T), own(x[:, ::2], y[:, ::2])]))


@pytest.mark.parametrize("shape", [(20_006,), (7, 2858), (0, 3)])
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
def test_masked(both, kind, shape):
    x, y = rng.choice([*SPECIAL, 1.5, -2.7], (2, *shape)).astype(kind)
    mask, own = rng.random(shape) < 0.7, Primitive.registry["masked_scale"]
    same(*both(lambda: [own(x, mask, scale=1 / 0.7), where(mask, x, y), where(mask, x, 0.0)]))
    if len(shape) == 2:
        same(*both(lambda: [own(x.T, mask.T, scale=1 / 0.7), own(x, mask.T.copy().T, scale=0.0)]))
        same(*both(lambda: [where(mask.T, x.T, y.T), where(mask, x, y.T.copy().T)]))


@pytest.mark.parametrize("width", [(), (3,), (2, 5)])
def test_sums_of_rows(both, kind, width):
    source = (rng.standard_normal((40, *width)) * 1e3).astype(kind)
    index = rng.integers(-7, 7, 40)
    own = Primitive.registry["sum_rows"]
    same(*both(lambda: [own(source, index, rows=7)]))
    same(*both(lambda: [own(source[:0], index[:0], rows=7), own(source[:0], index[:0], rows=0)]))
    if width:
        for _ in range(2):
            for wrong in (-8, 7):
                index[-1] = wrong
                with pytest.raises(IndexError, match="from -7 to 6"):
                    both(lambda: own(source, index, rows=7))


@pytest.mark.parametrize("shape", [(2, 3, 8, 6), (5, 4, 64), (1, 2, 2), (3, 7, 9), (0, 4, 4), (1, 130, 40)])
@pytest.mark.parametrize("special", [(), (0.0, -0.0), (-np.inf, np.inf), (np.nan,), (-np.inf,)])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_max_pooling_in_two_by_two(both, kind, shape, special):
    x = rng.integers(-2, 3, shape).astype(kind)
    if special:
        x = np.where(rng.random(shape) < 0.4, rng.choice(np.asarray(special), shape), x).astype(kind)
    if not np.signbit(np.maximum(*np.zeros(1, kind), -np.zeros(1, kind))):
        x += 0.0  # the sign of the larger of two zeros is the processor's
    *_, high, wide = shape
    windows = tuple(Strided(n, 2, n // 2, 2) for n in (high, wide))
    pool, back = (Primitive.registry[name] for name in ("max_pool", "max_unpicked"))
    g = rng.choice([1.5, -0.0, 0.0, -np.inf, np.nan], (*shape[:-2], high // 2, wide // 2)).astype(kind)
    apart = np.repeat(x, 2, -1)[..., ::2], np.repeat(g, 2, -1)[..., ::2]
    x.setflags(write=False)

    def run():
        pooled = [pool(y, windows=windows) for y in (x, apart[0])]
        return [*pooled, *(back(h, y, windows=windows) for h, y in ((g, x), apart[::-1]))]

    same(*both(run))


def test_max_pooling_shared_out(both):
    x = rng.standard_normal((33, 64, 64, 32)).astype(np.float32)
    windows = Strided(64, 2, 32, 2), Strided(32, 2, 16, 2)
    pool, back = (Primitive.registry[name] for name in ("max_pool", "max_unpicked"))
    for hidden in (False, True):
        if hidden:
            x[20, 3, 5, 7] = np.nan
        same(*both(lambda: [y := pool(x, windows=windows), back(y, x, windows=windows)]))


@pytest.mark.parametrize(
    ("shape", "axes", "weight"),
    [
        ((9, 24, 8, 12), (0, 2, 3), (24, 1, 1)),  # batch norm
        ((4, 600, 16), (0, 2), (1, 1)),
        ((40, 16, 40), (-1,), (40,)),  # layer norm
        ((40, 16, 40), (-2, -1), (16, 40)),
        ((40, 16, 40), (-2, -1), (16, 1)),
        ((80, 4, 20, 4), (2, 3), (4, 20, 1)),
        ((20, 4, 8, 40), (2, 3), (4, 8, 1)),  # group norm, with channels of each group
    ],
)
@pytest.mark.parametrize("given", ["both", "weight", "bias", "neither"])
@pytest.mark.parametrize("special", [False, True])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_normalization(both, kind, shape, axes, weight, given, special):
    x, g, turned = rng.standard_normal((3, *shape)).astype(kind)
    turned = np.moveaxis(np.ascontiguousarray(np.moveaxis(turned, -1, 0)), 0, -1)
    if special:
        x[1, :4, 2] = np.inf
        g[0, :4, 3], g[0, :4, 4] = 0.0, -np.inf
    w, b = rng.standard_normal((2, *weight)).astype(kind)
    w, b = w if given in ("both", "weight") else None, b if given in ("both", "bias") else None
    own = Primitive.registry["standardize"]
    back = {"needed": (True, w is not None, b is not None), "axes": axes, "eps": 1e-5}

    def run():
        results = []
        for y, dy in ((x, g), (turned, g), (x, turned)):
            out = own(y, w, b, axes=axes, eps=1e-5)
            results += [*out, *standardize_back(np, (dy, None, None, None), out, y, w, b, **back)]
        return [r for r in results if r is not None]

    same(*both(run))


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (33, 10), (20_000, 2), (64, 32)])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_cross_entropy_of_few_classes(both, kind, shape, reduction):
    scores, target = 3 * rng.standard_normal(shape).astype(kind), rng.integers(0, shape[1], shape[0])
    loss = nnx.value_and_grad(lambda x: 2.5 * nnx.losses.cross_entropy(x, target, reduction=reduction))
    same(*both(lambda: loss(scores)))
    same(*both(lambda: loss(scores.T.copy().T)))
    scores[0, 0] = -np.inf
    scores[-1, -1] = np.nan
    same(*both(lambda: loss(scores)))
    for wrong in (-1, shape[1]):
        target[-1] = wrong
        for _ in range(2):
            with pytest.raises(IndexError, match=f"expected targets from 0 to {shape[1] - 1}"):
                both(lambda: loss(scores))


def test_with_another_blas_than_numpys_wheels_have_numpy_does_it(both, monkeypatch):
    from nnx_numpy.compiled import numba_calls, numba_loops

    assert numba_calls._blas("sgemm")
    assert numba_calls._blas("no_such_product") is None
    assert numba_calls._inner(np.exp, 12)
    assert numba_calls._inner(np.exp, 255) is None
    monkeypatch.setattr(numba_loops, "usable", False)
    for name in ("standardized", "standardized_by_place", "standardized_back", "standardized_by_place_back"):
        monkeypatch.setattr(numba_loops, name, None)
    x, w = rng.standard_normal((8, 16, 256)).astype("float32"), np.ones((16, 1), "float32")
    own = Primitive.registry["standardize"]

    def run():
        out = own(x, w, w, axes=(0, 2), eps=1e-5)
        back = standardize_back(
            np, (x, None, None, None), out, x, w, w, needed=(True,) * 3, axes=(0, 2), eps=1e-5
        )
        return [*out, *back]

    same(*both(run))


def test_what_is_not_to_be_written_and_other_machines_bytes(both):
    p, g, m, v = np.ones((4, 50))
    g.setflags(write=False)
    for swapped in (False, True):
        arrays = [x.astype(">f4") if swapped else x for x in (p, g, m, v)]

        def step(arrays=arrays):
            p, g, m, v = (x.copy() for x in arrays)
            g.setflags(write=False)
            adam(p, g, (m, v), 0.9, 0.999, 1e-3, 1e-8, 0.0, 1.0, False)
            return p, m, v

        same(*both(step))
