"""Attention by compiled loops, heads in one call from beginning to end."""

import numpy as np
import pytest

import nnx
import nnx.functional
import nnx.functional._recurrent
from nnx.autodiff import scatter as scatter
from nnx.autodiff.primitive import Primitive
from nnx.functional._attention_blocks import Options

from .comparing import rng, same


def attended(q, k, v, g, causal=False, limit=2**24, first=0, mask=None, kept=None):
    """The result of attention, its logarithms and the three cotangents."""
    options = Options(0.3, causal, 1.0 if kept is None else 1 / 0.7, first)
    forward, pullback = Primitive.registry["attention"], Primitive.registry["attention_pullback"]
    before = nnx.functional.set_attention_memory(limit)
    try:
        out, norm = forward(q, k, v, mask, kept, options=options)
        delta, needed = np.vecdot(g, out)[..., None], (True,) * 3 + (False,) * 2
        given = g, delta, norm, q, k, v, mask, kept
        cotangents = pullback(*given, options=options, needed=needed)[:3]
        assert pullback(*given, options=options, needed=(True,) + (False,) * 4)[1] is None
    finally:
        nnx.functional.set_attention_memory(before)
    return [out, norm, *cotangents]


@pytest.fixture
def by_heads(monkeypatch):
    """How often the compiled loops attended."""
    of, count = pytest.importorskip("nnx_numpy.attention_heads"), []
    share = of.Heads.share
    monkeypatch.setattr(of.Heads, "share", lambda *args: count.append(0) or share(*args))
    return count


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("lead", "lengths", "sizes", "expected"),
    [
        ((16, 4), (64, 64), (32, 32), 2),
        ((1, 1), (9, 7), (4, 5), 2),
        ((), (7, 9), (16, 3), 2),
        ((3,), (2, 3), (2, 2), 2),
        ((2, 1, 3, 2), (20, 33), (8, 8), 2),
        ((2, 2), (1, 5), (4, 4), 0),  # vectors
        ((2, 2), (5, 1), (4, 4), 0),
        ((2, 2), (5, 4), (1, 4), 0),
        ((2, 2), (5, 4), (4, 1), 0),
    ],
)
def test_attention(both, kind, by_heads, causal, lead, lengths, sizes, expected):
    (rows, columns), (size, width) = lengths, sizes
    shapes = (rows, size), (columns, size), (columns, width), (rows, width)
    arrays = [rng.standard_normal((*lead, *shape)).astype(kind) for shape in shapes]
    same(*both(lambda: attended(*arrays, causal)))
    assert len(by_heads) == expected
    limit = arrays[0].itemsize * columns * 2
    same(*both(lambda: attended(*arrays, causal, limit) + attended(*arrays, causal, 2 * limit)))
    same(*both(lambda: attended(*arrays, causal, first=3)))


def test_attention_of_any_layout(both, kind, by_heads):
    """Packed and permuted, without permission to write, with neighbours elsewhere, and as many as they are few."""
    q, k, v = rng.standard_normal((3, 10, 3, 2, 8)).astype(kind).transpose(2, 0, 3, 1, 4)
    g = np.ones((), kind)
    turned = [x.swapaxes(-1, -2).copy().swapaxes(-1, -2) for x in (q, k, v)]
    apart, alike = (np.repeat(x, 2, axis=-1)[..., ::2] for x in (q, k)), np.broadcast_to(v[:, :1], v.shape)
    fixed = v.copy()
    fixed.flags.writeable = False
    for some in ((q, k, v), turned, (*apart, alike), (q[:, :, ::-1], k[:, :, 1:], fixed[:, :, 1:])):
        cotangent = np.broadcast_to(g, some[0].shape)
        one, other = both(lambda: attended(*some, cotangent))  # noqa: B023
        same(one, other)
        assert [x.strides for x in one] == [x.strides for x in other]
    assert len(by_heads) == 8
    assert attended(q, k, v, q)[0].swapaxes(1, 2).flags.c_contiguous


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow", "ignore:divide by zero")
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("much", [10.0, 1e4, 1e30, np.inf, -np.inf, np.nan])
def test_attention_with_great_scores(both, kind, by_heads, causal, much):
    q, k, v, g = rng.standard_normal((4, 2, 3, 37, 5)).astype(kind)
    q[0, 1, 4:9] *= much
    k[0, 1:, 7] *= much
    same(*both(lambda: attended(q, k, v, g, causal)))
    assert len(by_heads) == 2


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("much", [1.0, 1e4])
@pytest.mark.parametrize("bools", [False, True])
@pytest.mark.parametrize(
    "shape", [(2, 3, 9, 7), (1, 1, 9, 7), (2, 1, 1, 7), (1, 3, 1, 1), (1, 1, 9, 1), (9, 7), (1, 7)]
)
def test_attention_with_masks(both, kind, by_heads, causal, much, bools, shape):
    """Some queries may look nowhere."""
    lead = (2, 3) if len(shape) == 4 else ()
    q, k, v, g = (rng.standard_normal((*lead, n, 4)).astype(kind) for n in (9, 7, 7, 9))
    q[..., :2, :] *= much
    mask = rng.random(shape) < 0.6
    mask[..., :2, :] &= shape[-2] == 1
    mask = mask if bools else np.where(mask, rng.standard_normal(shape), -np.inf).astype(kind)
    for limit in (2**24, 7 * 3 * q.itemsize):
        same(*both(lambda: attended(q, k, v, g, causal, limit, mask=mask)))  # noqa: B023
    assert len(by_heads) == 4


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("much", [1.0, 1e4])
@pytest.mark.parametrize("sizes", [(9, 7), (64, 64), (7, 1), (700, 400)])
@pytest.mark.parametrize("lead", [(2, 3), (), (2, 1, 1, 2)])
def test_attention_with_dropout(both, kind, by_heads, causal, much, sizes, lead):
    """Of some queries nothing is kept."""
    rows, columns = sizes
    q, k, v, g = (rng.standard_normal((*lead, n, 4)).astype(kind) for n in (rows, columns, columns, rows))
    q[..., :2, :] *= much
    kept = rng.random((*lead, rows, columns)) < 0.7
    kept[..., 1:3, :] = False
    mask = rng.random((*(1,) * len(lead), rows, columns)) < 0.6 if len(lead) < 3 else None
    same(*both(lambda: attended(q, k, v, g, causal, mask=mask, kept=kept)))
    same(
        *both(
            lambda: attended(q, k, v, g, causal, kept=np.asfortranarray(kept), limit=5 * columns * q.itemsize)
        )
    )
    assert len(by_heads) == (4 if columns > 1 else 0)


def test_attention_shared_out(both, kind, by_heads):
    """The same on several cores, and with BLAS's own."""
    for shape in ((4, 8, 128, 32), (1, 1, 700, 8)):
        arrays = rng.standard_normal((4, *shape)).astype(kind)
        same(*both(lambda: attended(*arrays, causal=True)))  # noqa: B023
    assert len(by_heads) == 4
