"""The stream is NumPy's Philox; what is drawn is the same on every library, and is what it should be."""

import copy
import json
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnx
from nnx.random import Generator, default_generator

DRAWS = {
    "bits": lambda g, **where: g.bits((3, 2), **where),
    "uniform": lambda g, **where: g.uniform((3, 5), -1.0, 2.0, **where),
    "uniform float64": lambda g, **where: g.uniform((7,), dtype="float64", **where),
    "normal": lambda g, **where: g.normal((3, 3), 1.0, 2.0, **where),
    "normal float64": lambda g, **where: g.normal(5, dtype="float64", **where),
    "bernoulli": lambda g, **where: g.bernoulli(0.3, (4, 5), **where),
    "integers": lambda g, **where: g.integers(-5, 100, (6,), **where),
    "integers int8": lambda g, **where: g.integers(10, shape=(6,), dtype="int8", **where),
    "permutation": lambda g, **where: g.permutation(11, **where),
    "a number": lambda g, **where: g.uniform(**where),
    "nothing": lambda g, **where: g.normal((0, 3), **where),
}


@given(key=st.integers(0, 2**128 - 1), counter=st.integers(0, 2**70), count=st.integers(0, 50))
def test_the_stream_is_numpys(key, counter, count):
    generator = Generator(key)
    generator.state = {**generator.state, "counter": counter}
    expected = np.random.Philox(key=key, counter=counter).random_raw(count)
    np.testing.assert_array_equal(generator.bits(count), expected)


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_equal_to_the_bit_on_every_library(lib, draw):
    with nnx.using("numpy"):
        expected = draw(Generator(7))
    generator = Generator(7)
    lib.assert_equal(draw(generator), expected)
    lib.assert_equal(draw(Generator(7), backend=lib.backend), expected)
    assert generator.state["counter"] == -(-expected.size // 4) or expected.dtype != np.uint64


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_where_results_go(draw):
    strict = nnx.backend("array_api_strict")
    x = draw(Generator(7), backend="array_api_strict", device="device1")
    assert x.device == strict.on("device1").device
    assert draw(Generator(7), backend="array-api-strict").device == strict.device
    with nnx.using("array_api_strict", "device2"):
        assert draw(Generator(7)).device == strict.on("device2").device
        assert nnx.backend_of(draw(Generator(7), backend="numpy")).name == "numpy"
    assert nnx.backend_of(draw(Generator(7))).name == "numpy"


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_a_restored_state_draws_the_same(draw):
    generator = Generator(3)
    generator.normal(5)
    state = json.loads(json.dumps(generator.state))
    expected = [draw(generator), draw(generator)]
    generator.state = state
    for other in (generator, copy.deepcopy(Generator(3)), pickle.loads(pickle.dumps(Generator(3)))):
        other.state = state
        for x in expected:
            np.testing.assert_array_equal(draw(other), x)
    if expected[0].size > 1:
        assert not np.array_equal(*expected)


def test_shapes_are_what_numpy_takes():
    generator = Generator(3)
    for shape in ((2, 3), [2, 3], (np.int64(2), np.int64(3))):
        assert generator.uniform(shape).shape == (2, 3)
    assert generator.uniform(np.int64(3)).shape == (3,)
    assert generator.permutation(np.int64(3)).shape == (3,)
    json.dumps(generator.state)


def test_copies_go_their_own_way():
    generator = Generator(3)
    generator.bits(2)
    for other in (copy.deepcopy(generator), pickle.loads(pickle.dumps(generator))):
        assert other.state == generator.state
        other.bits(1)
        assert other.state != generator.state


def test_dtypes(lib):
    for name in ("float32", "float64"):
        assert Generator(1).uniform(3, dtype=name).dtype == lib.dtype(name)
        assert Generator(1).normal(3, dtype=lib.dtype(name)).dtype == lib.dtype(name)
    assert Generator(1).uniform(3).dtype == lib.xp.float32
    assert Generator(1).normal(3).dtype == lib.xp.float32
    assert Generator(1).bernoulli(0.5, 3).dtype == lib.xp.bool
    assert Generator(1).integers(3).dtype == lib.xp.int64
    assert Generator(1).integers(3, dtype=lib.xp.int16).dtype == lib.xp.int16
    assert Generator(1).permutation(3).dtype == lib.xp.int64
    assert Generator(1).bits(3).dtype == lib.xp.uint64


def test_half_precision_is_rounded_from_float32():
    half = Generator(1).uniform(100, dtype="float16")
    np.testing.assert_array_equal(half, Generator(1).uniform(100).astype(np.float16))


def test_a_device_without_float64():
    x = Generator(1).normal(4, backend="array_api_strict", device="no_float64")
    np.testing.assert_array_equal(nnx.to_numpy(x), Generator(1).normal(4))


N = 200_000


def test_uniform_is_uniform():
    for dtype, bits in (("float32", 24), ("float64", 53)):
        x = Generator(5).uniform(N, dtype=dtype)
        assert x.min() >= 0.0
        assert x.max() < 1.0
        counts = np.histogram(x, 100, (0.0, 1.0))[0]
        assert ((counts - N / 100) ** 2 / (N / 100)).sum() < 170  # chi-squared of 99: one in 10,000 is larger
        assert (x * 2.0**bits % 1 == 0).all()
        assert (x * 2.0 ** (bits - 1) % 1 == 0.5).any()
    x = Generator(5).uniform(N, -3.0, 5.0)
    assert x.min() < -2.99
    assert x.max() > 4.99


def test_normal_is_normal():
    x = Generator(5).normal(N + 1, dtype="float64")
    moments = [np.mean(x**k) for k in range(1, 7)]
    np.testing.assert_allclose(moments, [0, 1, 0, 3, 0, 15], atol=0.35)
    np.testing.assert_allclose(moments[:2], [0, 1], atol=0.01)
    edges = np.array([-1.2815515655446004, -0.5244005127080407, 0.0, 0.5244005127080407, 1.2815515655446004])
    np.testing.assert_allclose([(x < edge).mean() for edge in edges], [0.1, 0.3, 0.5, 0.7, 0.9], atol=0.005)
    assert abs(np.corrcoef(x[: N // 2], x[N // 2 + 1 :])[0, 1]) < 0.01  # the halves share their radii
    assert np.isfinite(x).all()
    scaled = Generator(5).normal(N + 1, 2.0, 3.0, dtype="float64")
    np.testing.assert_allclose(scaled, 2.0 + 3.0 * x, atol=1e-12)


@pytest.mark.parametrize("p", [0.0, 2.0**-32, 0.1, 0.5, 0.999, 1.0])
def test_bernoulli(p):
    mask = Generator(5).bernoulli(p, (N,))
    assert abs(mask.mean() - p) < 0.003
    if p in (0.0, 1.0):
        assert (mask == bool(p)).all()


def test_bernoulli_compares_halves_of_words():
    words = Generator(9).bits(3)
    halves = [int(word) >> shift & 0xFFFFFFFF for word in words for shift in (0, 32)]
    assert Generator(9).bernoulli(0.25, (5,)).tolist() == [half < 2**30 for half in halves[:5]]


@given(low=st.integers(-(2**63), 2**63 - 2), span=st.integers(1, 2**63))
def test_integers_stay_within_bounds(low, span):
    high = min(low + span, 2**63)
    x = Generator(1).integers(low, high, 200)
    assert low <= int(x.min())
    assert int(x.max()) < high


def test_integers_favour_none():
    x = Generator(5).integers(7, shape=N)
    counts = np.bincount(x, minlength=7)
    assert counts.size == 7
    assert ((counts - N / 7) ** 2 / (N / 7)).sum() < 27
    third = Generator(5).integers(3 * 2**61, shape=N)  # a quarter of the words must be drawn again
    assert abs((third < 2**61).mean() - 1 / 3) < 0.005


def test_permutation():
    order = Generator(5).permutation(1000)
    assert sorted(order.tolist()) == list(range(1000))
    firsts = np.array([Generator(i).permutation(4)[0] for i in range(2000)])
    assert (np.bincount(firsts) > 400).all()
    assert Generator(5).permutation(0).shape == (0,)


def test_spawned_streams_differ():
    parent = Generator(7)
    before = parent.bits(4).tolist()
    children = [*parent.spawn(3), *parent.spawn(2)]
    drawn = [before, *(child.bits(4).tolist() for child in children)]
    assert len({tuple(words) for words in drawn}) == 6
    again = Generator(7)
    assert [child.state for child in again.spawn(5)] == [child.state for child in Generator(7).spawn(5)]
    assert again.state["spawned"] == 5


def test_seeds():
    nnx.seed(7)
    first = default_generator().bits(4).tolist()
    assert first == Generator(7).bits(4).tolist()
    nnx.seed(7)
    assert default_generator().bits(4).tolist() == first
    assert Generator().bits(4).tolist() != Generator().bits(4).tolist()
    assert Generator(np.int64(7)).bits(4).tolist() == first


def test_threads_share_a_stream_without_overlap():
    generator = Generator(7)
    drawn, start = [], threading.Barrier(8)

    def draw():
        start.wait()
        drawn.extend(tuple(generator.bits(4).tolist()) for _ in range(100))

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = Generator(7).bits(4 * 800).reshape(800, 4).tolist()
    assert sorted(drawn) == sorted(map(tuple, expected))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Generator(-1), ValueError, r"seed: expected an integer from 0 to 2\*\*128 - 1, got -1"),
        (lambda: Generator(2**128), ValueError, "seed: expected"),
        (lambda: Generator(1.5), TypeError, "seed: expected an integer or None, got 1.5"),
        (lambda: nnx.seed(-3), ValueError, "seed: expected"),
        (lambda: Generator(1).bernoulli(1.5), ValueError, "p: expected a probability from 0 to 1, got 1.5"),
        (lambda: Generator(1).bernoulli(float("nan")), ValueError, "p: expected"),
        (lambda: Generator(1).bernoulli((3,)), TypeError, "p: expected a probability and then the shape"),
        (lambda: Generator(1).uniform(2, 1.0, 0.0), ValueError, "low, high: expected low <= high"),
        (lambda: Generator(1).uniform((2, 1.5)), TypeError, r"shape: expected an integer or a tuple"),
        (
            lambda: Generator(1).normal(2, std=-1.0),
            ValueError,
            "std: expected a number of at least 0, got -1.0",
        ),
        (lambda: Generator(1).spawn(-1), ValueError, "n: expected a number of at least 0, got -1"),
        (lambda: Generator(1).integers(5, 5), ValueError, "low, high: expected low < high.*low=5 and high=5"),
        (lambda: Generator(1).integers(-1, 2**63), ValueError, "low, high"),
        (lambda: Generator(1).uniform((2, -1)), ValueError, r"shape: expected .*at least 0, got \(2, -1\)"),
        (lambda: Generator(1).uniform(2, dtype="int32"), TypeError, "expected a real floating dtype"),
        (lambda: Generator(1).normal(2, dtype=np.complex64), TypeError, "expected a real floating dtype"),
        (lambda: Generator(1).normal(2, dtype="float31"), ValueError, "\"numpy\" has no dtype 'float31'"),
        (lambda: Generator(1).uniform(2, backend="numpi"), ValueError, "unknown backend 'numpi'"),
        (lambda: Generator(1).uniform(2, device="cuda"), ValueError, "expected one of cpu; got 'cuda'"),
        (
            lambda: setattr(Generator(1), "state", {"key": 3}),
            ValueError,
            "state: expected what Generator.state gave",
        ),
        (
            lambda: setattr(Generator(1), "state", {**Generator(1).state, "algorithm": "pcg64"}),
            ValueError,
            "algorithm 'pcg64' instead of 'philox4x64-10'",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
