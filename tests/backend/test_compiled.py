"""Loops compiled by Numba give what NumPy gives, to the bit, and take over when that is worth loading them."""

import itertools
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import nnx
import nnx.functional
import nnx.functional._recurrent
from nnx.autodiff import scatter as scatter
from nnx.autodiff.primitive import Primitive
from nnx.functional._attention_blocks import Options
from nnx.functional._pool_windows import Strided
from nnx.functional._recurrences import rnn
from nnx_numpy import compiled, recurrent
from nnx_numpy.fast import where
from nnx_numpy.normalizing_back import standardize_back
from nnx_numpy.updates import adam, sgd

rng = np.random.default_rng(0)
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-38, -1e30]
PAIRS = np.array(list(itertools.product(SPECIAL, repeat=2)))


@pytest.fixture(params=["float32", "float64"])
def kind(request):
    return request.param


@pytest.fixture
def both(monkeypatch):
    """What a function gives by NumPy, and what by the compiled loops."""
    pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    from nnx_numpy.compiled import numba_loops

    def run(f):
        results = []
        for module in (None, numba_loops):
            monkeypatch.setattr(compiled, "_settled", True)
            monkeypatch.setattr(compiled, "_loops", module)
            results.append(f())
        return results

    return run


def same(found, expected):
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(np.signbit(a[a == 0]), np.signbit(b[b == 0]))


def vectors(kind, count, n=1003):
    arrays = rng.standard_normal((count, n)).astype(kind)
    arrays[:, : len(SPECIAL)] = np.asarray(SPECIAL, kind)
    return arrays


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


RECURRENT = [(5, 3, 4), (1, 1, 1), (7, 40, 33), (4, 1, 6), (4, 17, 1), (2, 2, 2), (9, 64, 128), (1, 5, 7)]
"""Steps, sequences, and size of the state."""


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shapes", RECURRENT)
@pytest.mark.parametrize("which", ["h", "c", "both", "idle"])
def test_lstm(both, kind, reverse, shapes, which):
    steps, rows, size = shapes

    def draw(*shape):
        return rng.standard_normal(shape).astype(kind)

    z, h, c, weight = draw(steps, rows, 4 * size), draw(rows, size), draw(rows, size), draw(4 * size, size)
    g_h = None if which == "c" else draw(steps, rows, size)
    g_c = None if which == "h" else draw(steps, rows, size)
    idle = (rng.random((steps, rows, 1)) < 0.5).astype(kind) if which == "idle" else None
    x, weights = draw(steps, rows, 2), (draw(4 * size, 2), draw(4 * size), weight, None)
    layer, forward, back = (Primitive.registry[name] for name in ("lstm_layer", "lstm", "lstm_back"))

    def run():
        hs, cs, gates = forward(z, h, c, weight, None, idle, reverse=reverse)
        found = back(g_h, g_c, None, hs, cs, gates, h, c, weight, None, idle, reverse=reverse)
        return [hs, cs, gates, *found[:4], *layer(x, h, c, *weights, reverse=reverse)]

    same(*both(run))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shapes", RECURRENT)
@pytest.mark.parametrize("bias", [False, True])
def test_gru(both, kind, reverse, shapes, bias):
    steps, rows, size = shapes

    def draw(*shape):
        return rng.standard_normal(shape).astype(kind)

    z, h, weight, g_h = (
        draw(steps, rows, 3 * size),
        draw(rows, size),
        draw(3 * size, size),
        draw(steps, rows, size),
    )
    b = draw(3 * size) if bias else None
    forward, back = (Primitive.registry[name] for name in ("gru", "gru_back"))

    def run():
        hs, gates = forward(z, h, weight, b, reverse=reverse)
        return [hs, gates, *back(g_h, None, hs, gates, h, weight, reverse=reverse)]

    same(*both(run))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shapes", RECURRENT)
@pytest.mark.parametrize("relu", [False, True])
def test_rnn(both, kind, reverse, shapes, relu):
    steps, rows, size = shapes
    z, g, first = rng.standard_normal((3, steps, rows, size)).astype(kind)
    h, weight = first[0], rng.standard_normal((size, size)).astype(kind)

    def run():
        hs, back = nnx.vjp(lambda *args: rnn(*args, None, relu=relu, reverse=reverse), z, h, weight)
        return [hs, *back(g)]

    same(*both(run))


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_recurrent_layers_laid_out_otherwise(both, kind, name):
    """Transposed, not to be written to, and with a step between elements."""
    gates, steps, rows, size = 4 if name == "lstm" else 3, 4, 6, 5
    shapes = (
        (rows, steps, gates * size),
        (size, rows),
        (rows, 2 * size),
        (size, gates * size),
        (rows, steps, size),
    )
    z, h, c, weight, g = (rng.standard_normal(shape).astype(kind) for shape in shapes)
    z, g, h, weight, states = z.swapaxes(0, 1), g.swapaxes(0, 1), h.T, weight.T, [c[:, ::2]][: gates - 3]
    for x in (z, h, g, c, weight):
        x.flags.writeable = False
    rest = [None, None] if name == "lstm" else [None]
    forward, back = (Primitive.registry[n] for n in (name, name + "_back"))

    def run():
        outs = forward(z, h, *states, weight, *rest, reverse=False)
        gradients = back(
            g, *[None] * (len(outs) - 1), *outs, h, *states, weight, *rest[1:] * 2, reverse=False
        )
        return [*outs, *(x for x in gradients if x is not None)]

    same(*both(run))


def recurrence(name, width=4, state_rows=20, gates=None):
    """One of a primitive's calls, with these sizes."""
    count = {"rnn": 1, "gru": 3}.get(name, 4)
    z, state, weight = (
        np.ones((3, 20, 4 * (gates or count))),
        np.ones((state_rows, 4)),
        np.ones((4 * count, width)) / 9,
    )
    states = [state] * (1 + (count == 4))
    inputs = [np.ones((4 * count, z.shape[2])) / 9, np.ones(4 * count)] if name == "lstm_layer" else []
    settings = {"relu": False} if name == "rnn" else {}
    none = [None] * (1 + (name == "lstm"))
    outs = Primitive.registry[name](z, *states, *inputs, weight, *none, reverse=False, **settings)
    return outs if isinstance(outs, tuple) else (outs,)


@pytest.mark.parametrize("name", ["lstm", "lstm_layer", "gru", "rnn"])
def test_recurrent_layers_of_other_shapes(both, name):
    """Loops would write to somebody else's memory where NumPy complains, or repeats what there is one of."""
    same(*both(lambda: recurrence(name)))
    if name in ("lstm_layer", "rnn"):
        same(*both(lambda: recurrence(name, state_rows=1)))
    assert compiled._loops is not None  # what comes second stays
    for wrong in ({"width": 3}, {"width": 5}, {"state_rows": 19}, {"state_rows": 21}, {"gates": 5}):
        if name != "lstm_layer" or "gates" not in wrong:
            with pytest.raises(ValueError, match="."):
                recurrence(name, **wrong)


@pytest.mark.parametrize("name", ["lstm", "lstm_layer", "gru", "rnn"])
def test_recurrent_layers_with_another_blas(both, monkeypatch, name):
    from nnx_numpy.compiled import numba_loops

    monkeypatch.setattr(numba_loops, "usable", False)
    for family in ("lstm", "gru", "rnn"):
        for way in ("_steps", "_steps_back"):
            monkeypatch.setattr(numba_loops, family + way, None)
    same(*both(lambda: recurrence(name)))


@pytest.mark.parametrize("shapes", [(40, 64, 64), (10, 128, 96), (30, 96, 80)])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_recurrent_layers_in_parts(both, monkeypatch, kind, shapes, name):
    """By several cores, each with sequences of its own."""
    monkeypatch.setattr(recurrent, "WORTH", 0)
    monkeypatch.setattr(recurrent, "cores", lambda: 3)
    (steps, rows, size), gates = shapes, 4 if name == "lstm" else 3

    def draw(*shape):
        return rng.standard_normal(shape).astype(kind) / 5

    z, states = draw(steps, rows, gates * size), [draw(rows, size) for _ in range(gates - 2)]
    weight, g = draw(gates * size, size), draw(steps, rows, size)
    rest = [None, None] if name == "lstm" else [None]
    forward, back = (Primitive.registry[n] for n in (name, name + "_back"))

    def run():
        outs = forward(z, *states, weight, *rest, reverse=False)
        gradients = back(g, *[None] * (len(outs) - 1), *outs, *states, weight, *rest[1:] * 2, reverse=False)
        return [*outs, *(x for x in gradients if x is not None)]

    same(*both(run))


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


def test_a_training_run_is_the_same_to_the_bit(both):
    def run():
        generator = nnx.random.Generator(0)
        model = nnx.Sequential(
            nnx.Linear(4, 300, generator=generator), nnx.Tanh(), nnx.Linear(300, 300, generator=generator),
            nnx.ReLU(), nnx.Linear(300, 3, generator=generator),
        )  # fmt: skip
        optimizer = nnx.optim.Adam(model, learning_rate=1e-2)
        x, y = rng_of_data.standard_normal((32, 4), np.float32), rng_of_data.integers(0, 3, 32)
        step = nnx.value_and_grad(lambda model, x, y: nnx.losses.cross_entropy(model(x), y))
        for _ in range(20):
            optimizer.update(step(model, x, y)[1])
        return list(model.parameters().values())

    def fresh():
        nonlocal rng_of_data
        rng_of_data = np.random.default_rng(3)
        return run()

    rng_of_data = np.random.default_rng(3)
    same(*both(fresh))


def test_they_are_loaded_when_enough_was_done_in_numpy(monkeypatch):
    numba = pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    monkeypatch.setattr(compiled, "_settled", False)
    monkeypatch.setattr(compiled, "_loops", None)
    monkeypatch.setattr(compiled, "_spent", 0.0)
    monkeypatch.setattr(compiled, "_price", 0.5)
    assert compiled.loops(10_000_000) is None
    assert compiled.loops(300_000_000) is None
    assert compiled.loops(300_000_000) is not None
    assert compiled.loops(1) is not None
    assert numba


@pytest.mark.parametrize("error", [ImportError, OSError])
def test_a_numba_that_cannot_be_loaded_is_done_without(monkeypatch, error):
    def refuse(*_):
        raise error

    monkeypatch.setattr(compiled, "import_module", refuse)
    monkeypatch.setattr(compiled, "_settled", False)
    monkeypatch.setattr(compiled, "_loops", None)
    monkeypatch.setattr(compiled, "_spent", 1e9)
    monkeypatch.setattr(compiled, "_price", 0.5)
    assert compiled.loops(1) is None
    assert compiled._settled


def test_nothing_is_loaded_before_and_without_numba_it_goes_on():
    code = """
        import sys, nnx, numpy as np
        optimizer = nnx.optim.Adam({"w": np.ones(100)})
        optimizer.update({"w": np.ones(100)})
        assert "numba" not in sys.modules
        sys.modules["numba"] = None  # as if it were not installed
        from nnx_numpy import compiled, recurrent
        compiled._spent = 1e9
        optimizer.update({"w": np.ones(100)})
        assert compiled._settled and compiled._loops is None
        optimizer.update({"w": np.ones(100)})
    """
    unset = {k: v for k, v in os.environ.items() if k != "NNX_NUMBA"}
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, env=unset)


@pytest.mark.parametrize(("setting", "loaded"), [("never", "False"), ("always", "True")])
def test_the_environment_decides(setting, loaded):
    pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    code = """
        import sys, nnx, numpy as np
        from nnx_numpy import compiled, recurrent
        compiled._spent = 1e9 if sys.argv[1] == "never" else 0.0
        nnx.optim.Adam({"w": np.ones(100)}).update({"w": np.ones(100)})
        print("numba" in sys.modules)
    """
    run = [sys.executable, "-c", textwrap.dedent(code), setting]
    found = subprocess.run(
        run, check=True, capture_output=True, text=True, env=os.environ | {"NNX_NUMBA": setting}
    )
    assert found.stdout.strip() == loaded


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


@pytest.fixture(scope="module")
def calls():
    """What compiled loops call of NumPy's, each as a function."""
    pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    from nnx_numpy.compiled import numba_calls as of
    from nnx_numpy.compiled.numba_compiled import compiled

    if not of.usable:
        pytest.skip("this NumPy is built with another BLAS than its wheels are")
    return {
        "product": compiled(lambda a, b, out: of.product(a, b, out)),
        "dot": compiled(lambda x, y: of.dot(x, y)),
        "exp": compiled(lambda x, out: of.exp(x, out)),
        "log": compiled(lambda x, out: of.log(x, out)),
        "tanh": compiled(lambda x, out: of.tanh(x, out)),
    }


@pytest.mark.parametrize(
    ("rows", "inner", "columns"),
    [(2, 2, 2), (64, 32, 64), (7, 1, 5), (130, 257, 96), (2, 2, 1), (65, 130, 1)],
)
def test_products_within_loops_are_numpys(calls, kind, rows, inner, columns):
    a, b = rng.standard_normal((rows, inner)).astype(kind), rng.standard_normal((inner, columns)).astype(kind)
    for left in (a, a.T.copy().T, np.repeat(a, 2, axis=0)[::2]):
        for right in (b, b.T.copy().T, np.pad(b, 3)[3:-3, 3:-3]):
            found = np.full((rows, columns + 4), np.nan, kind)
            calls["product"](left, right, found[:, 2:-2])
            same([found[:, 2:-2]], [np.matmul(left, right)])
            assert np.isnan(found[:, [0, 1, -2, -1]]).all()


@pytest.mark.filterwarnings("ignore:overflow", "ignore:divide by zero", "ignore:invalid value")
def test_functions_within_loops_are_numpys(calls, kind):
    (x,) = vectors(kind, 1, 8192)
    for function in (np.exp, np.log, np.tanh):
        for part in (x, x[5:19], x[:1], x[:0]):
            found = np.empty_like(part)
            calls[function.__name__](part, found)
            same([found], [function(part)])
            calls[function.__name__](found, found)
            same([found], [function(function(part))])
    x, y = rng.standard_normal((2, 8192)).astype(kind)
    for n in (8192, 1000, 3, 1):
        assert calls["dot"](x[:n], y[-n:]) == np.vecdot(x[:n], y[-n:])
