"""Attention against PyTorch: masks, groups of heads, blocks; its memory; what is dropped."""

import math
import tracemalloc
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.autodiff.primitive import Primitive
from nnx.functional._attention_blocks import Options
from nnx.testing import check_gradients


def draw(*shape: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed + sum(shape)).standard_normal(shape)


def seen(*shape: int) -> np.ndarray:
    """Booleans, with a query that may look nowhere where there are several."""
    mask = np.random.default_rng(1).random(shape) < 0.6
    if shape[-2] > 1:
        mask[..., 1, :] = False
    return mask


class Row(NamedTuple):
    shapes: tuple[tuple[int, ...], ...]
    mask: Any = None
    arguments: dict[str, Any] = {}

    @property
    def id(self) -> str:
        kind = "" if self.mask is None else f"-{self.mask.dtype}{self.mask.shape}"
        return f"{self.shapes}{kind}{self.arguments}".replace(" ", "")


def same(*shape: int) -> tuple[tuple[int, ...], ...]:
    return (shape,) * 3


HIDDEN = np.where(seen(3, 4), draw(3, 4), -np.inf)
GQA = {"enable_gqa": True}
ROWS = [
    Row(same(2, 2, 3, 4)),
    Row(((3, 4), (5, 4), (5, 2))),
    Row(((2, 3, 4), (2, 5, 4), (2, 5, 3))),
    Row(((1, 2, 1, 2, 3, 2), (1, 2, 1, 2, 4, 2), (1, 2, 1, 2, 4, 2))),
    Row(((2, 1, 3, 2), (1, 2, 4, 2), (4, 3))),
    Row(((1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1))),
    Row(same(2, 3, 2), None, {"scale": 0.7}),
    Row(same(2, 3, 2), None, {"is_causal": True}),
    Row(((2, 5, 2), (2, 3, 2), (2, 3, 2)), None, {"is_causal": True}),
    Row(((2, 3, 2), (2, 5, 2), (2, 5, 2)), None, {"is_causal": True, "scale": -1.0}),
    Row(same(2, 2, 3, 2), seen(3, 3)),
    Row(same(2, 2, 3, 2), seen(2, 1, 1, 3)),
    Row(same(2, 2, 3, 2), seen(2, 1, 3, 3)),
    Row(same(2, 2, 3, 2), seen(2, 3, 1)),
    Row(((3, 2), (4, 2), (4, 2)), HIDDEN),
    Row(((2, 3, 2), (2, 4, 2), (2, 4, 2)), HIDDEN),
    Row(same(2, 2, 3, 2), draw(2, 2, 3, 3)),
    Row(same(2, 2, 3, 2), draw(2, 1, 1, 3)),
    Row(((1, 4, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2)), None, GQA),
    Row(((2, 4, 3, 2), (1, 2, 5, 2), (2, 2, 5, 3)), draw(2, 4, 3, 5), GQA),
    Row(((4, 3, 2), (2, 3, 2), (2, 3, 2)), seen(3, 3), GQA),
    Row(((1, 4, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2)), seen(1, 1, 3, 3), GQA),
    Row(((1, 4, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2)), None, {"is_causal": True, **GQA}),
    Row(((1, 4, 3, 2), (1, 1, 3, 2), (1, 1, 3, 2)), None, GQA),
    Row(((1, 4, 3, 2), (1, 2, 3, 2), (1, 1, 3, 2)), None, GQA),
    Row(((2, 2, 3, 2), (2, 2, 0, 2), (2, 2, 0, 2))),
    Row(((2, 2, 0, 2), (2, 2, 3, 2), (2, 2, 3, 2)), None, {"is_causal": True}),
    Row(((0, 2, 3, 2), (0, 2, 3, 2), (0, 2, 3, 2))),
    Row(((2, 3, 0), (2, 3, 0), (2, 3, 2))),
]


@pytest.fixture(params=[None, 100], ids=["whole", "blocks"])
def limit(request: pytest.FixtureRequest) -> Any:
    """All scores at once, and a few at a time."""
    before = F.set_attention_memory(2**24 if request.param is None else request.param)
    yield request.param
    F.set_attention_memory(before)


def by_torch(torch: Any, **arguments: Any) -> Any:
    from torch.nn.attention import SDPBackend, sdpa_kernel

    def attend(*args: Any) -> Any:  # the one that has second derivatives
        with sdpa_kernel(SDPBackend.MATH):
            return torch.nn.functional.scaled_dot_product_attention(*args, **arguments)

    return attend


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_values_and_derivatives_are_those_of_torch(
    row: Row, limit: Any, lib: Any, agrees_with_torch: Any
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    inputs = [draw(*shape, seed=i) for i, shape in enumerate(row.shapes)]
    constants: list[Any] = []
    if row.mask is not None:
        (constants if row.mask.dtype == bool else inputs).append(row.mask)
    agrees_with_torch(
        lambda *args: F.scaled_dot_product_attention(*args, **row.arguments),
        by_torch(torch, **row.arguments),
        inputs,
        constants,
        second=limit is None or len(row.shapes[0]) > 3,
    )


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_masks_and_causality_hold_together(kind: str, limit: Any, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x, mask = [draw(2, 2, 6, 4, seed=i).astype(kind) for i in range(3)], seen(2, 1, 6, 6)
    both = mask & np.tri(6, dtype=bool)
    expected = torch.nn.functional.scaled_dot_product_attention(*map(torch.tensor, (*x, both)))
    arrays = [lib.asarray(a) for a in (*x, mask)]
    found = F.scaled_dot_product_attention(*arrays, is_causal=True)
    lib.assert_close(found, expected.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1.0, 300.0, 1e30])
def test_large_scores_do_not_overflow(size: float, lib: Any) -> None:
    """The greatest score is taken away where the lengths of queries and keys say that it may be large."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = [draw(2, 5, 4, seed=i).astype("float32") for i in range(3)]
    x[0] = x[0] * np.float32(size)
    tensors = [torch.tensor(a, requires_grad=True) for a in x]
    expected = by_torch(torch)(*tensors)
    expected.sum().backward()
    arrays = [lib.asarray(a) for a in x]
    lib.assert_close(F.scaled_dot_product_attention(*arrays), expected.detach().numpy(), rtol=1e-4, atol=1e-5)

    def total(*args: Any) -> Any:
        return nnx.array_namespace(args[0]).sum(F.scaled_dot_product_attention(*args))

    for g, t in zip(nnx.grad(total, (1, 2))(*arrays), tensors[1:], strict=True):
        lib.assert_close(g, t.grad.numpy(), rtol=1e-3, atol=1e-5 * size)


def test_half_precision(limit: Any) -> None:
    def total(*args: Any) -> Any:
        out = F.scaled_dot_product_attention(*args, is_causal=True)
        return (out * out).sum()

    narrow = [draw(2, n, 16, seed=n).astype(np.float16) for n in (20, 30, 30)]
    found = nnx.grad(total, (0, 1, 2))(*narrow)
    for x, y in zip(found, nnx.grad(total, (0, 1, 2))(*(x.astype(float) for x in narrow)), strict=True):
        assert x.dtype == np.float16
        assert np.linalg.norm(x - y) < 0.01 * np.linalg.norm(y)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", [None, seen(9, 7), draw(3, 1, 9, 7), draw(1, 2, 1, 7), seen(3, 2, 9, 1)])
@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("limit", [100, 2**24], indirect=True)
def test_the_fast_version_is_the_one_in_standard_functions(
    causal: bool, mask: Any, kept: bool, limit: Any
) -> None:
    xp = nnx.backend("numpy").xp
    x = draw(3, 2, 9, 4), draw(1, 2, 7, 4), draw(3, 1, 7, 5)
    arrays = (*x, None if mask is None else mask.reshape((1,) * (4 - mask.ndim) + mask.shape))
    options = Options(0.5, causal, 1.25)
    last = seen(3, 2, 9, 7) if kept else None
    forward, pullback = Primitive.registry["attention"], Primitive.registry["attention_pullback"]
    before = [None if a is None else a.copy() for a in arrays]
    expected = forward.forward(xp, *arrays, last, options=options)
    for found, wanted in zip(forward(*arrays, last, options=options), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)
    given = (draw(3, 2, 9, 5), draw(3, 2, 9, 1), expected[1], *arrays, last)
    for needed in ((True,) * 5, (True, False, False, False, False), (False, True, True, False, False)):
        ours = pullback(*given, options=options, needed=needed)
        wanted = pullback.forward(xp, *given, options=options, needed=needed)
        for i, (g, w) in enumerate(zip(ours, wanted, strict=True)):
            if w is None:
                assert g is None
            else:
                assert needed[i]
                assert g.shape == w.shape
                np.testing.assert_allclose(g, w, rtol=1e-11, atol=1e-12)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_long_sequences_take_no_score_matrix() -> None:
    """Forward and backward of 4,096 queries and keys: the scores alone would be 64 MiB, several times over."""
    length = 4096
    whole = 4 * length * length
    x = [draw(1, length, 8, seed=i).astype(np.float32) for i in range(4)]

    def peak(f: Any) -> float:
        tracemalloc.start()
        try:
            f()
            return tracemalloc.get_traced_memory()[1] / whole
        finally:
            tracemalloc.stop()

    def total(*args: Any) -> Any:
        return (F.scaled_dot_product_attention(*args, is_causal=True) * x[3]).sum()

    for _ in range(3):  # until all that is worth loading for this is loaded
        nnx.grad(total, (0, 1, 2))(*x[:3])
    assert peak(lambda: nnx.grad(total, (0, 1, 2))(*x[:3])) < 0.1
    xp, options = nnx.backend("numpy").xp, Options(0.5, False, 1.0)
    forward, pullback = Primitive.registry["attention"].forward, Primitive.registry["attention_pullback"]

    def in_standard_functions() -> None:
        out, norm = forward(xp, *x[:3], None, None, options=options)
        delta, needed = np.sum(out * x[3], axis=-1, keepdims=True), (True,) * 3 + (False,) * 2
        pullback.forward(xp, x[3], delta, norm, *x[:3], None, None, options=options, needed=needed)

    before = F.set_attention_memory(2**24)
    try:
        assert peak(in_standard_functions) < 1.5
    finally:
        F.set_attention_memory(before)


@pytest.mark.parametrize("limit", [2**24, 100, 10], indirect=True)
def test_what_is_dropped(lib: Any, limit: Any) -> None:
    """Weights are 0 or greater by 1 / (1 - p), the same on every library and for every limit."""
    rng, p = np.random.default_rng(0), 0.25
    q, k = (lib.asarray(rng.standard_normal((2, 3, 40, 4))) for _ in range(2))
    eye = lib.asarray(np.eye(40))
    weights = lib.to_numpy(F.scaled_dot_product_attention(q, k, eye))
    dropped = lib.to_numpy(
        F.scaled_dot_product_attention(q, k, eye, dropout_p=p, generator=nnx.random.Generator(7))
    )
    kept = dropped != 0
    mask = lib.to_numpy(nnx.random.Generator(7).bernoulli(1 - p, (2, 3, 40, 40)))
    np.testing.assert_array_equal(kept, mask)
    assert abs(kept.mean() - (1 - p)) < 4 * math.sqrt(p * (1 - p) / kept.size)
    np.testing.assert_allclose(dropped[kept], weights[kept] / (1 - p), rtol=1e-12)
    nnx.seed(3)
    first = F.scaled_dot_product_attention(q, k, eye, dropout_p=p)
    nnx.seed(3)
    lib.assert_equal(F.scaled_dot_product_attention(q, k, eye, dropout_p=p), lib.to_numpy(first))
    lib.assert_equal(F.scaled_dot_product_attention(q, k, eye, dropout_p=1.0), np.zeros((2, 3, 40, 40)))


def test_derivatives_with_dropout(limit: Any) -> None:
    def attend(*args: Any) -> Any:
        generator = nnx.random.Generator(7)
        return F.scaled_dot_product_attention(*args, dropout_p=0.4, is_causal=True, generator=generator)

    check_gradients(attend, draw(2, 4, 3), draw(2, 5, 3), draw(2, 5, 2), draw(4, 5), order=2)


X = np.ones((2, 3, 4))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda f: f(X[0, 0], X, X), ValueError, r"at least 2 axes, got shapes \(4,\)"),
        (lambda f: f(X, X[..., :3], X), ValueError, r"key and query of one length along axis -1.*\(2, 3, 3\)"),
        (lambda f: f(X, X, X[:, :2]), ValueError, r"key and value of one length along axis -2"),
        (lambda f: f(X, X.repeat(2, 0), X), ValueError, "leading axes that broadcast"),
        (lambda f: f(X, X.astype("f4"), X), TypeError, "one floating-point dtype, got float64, float32"),
        (lambda f: f(*(X.astype(int),) * 3), TypeError, "one floating-point dtype, got int64"),
        (lambda f: f(X, X, [1.0]), TypeError, "expected value to be an array, got list"),
        (lambda f: f(X, X, X, dropout_p=1.5), ValueError, "a probability between 0 and 1, got 1.5"),
        (lambda f: f(X, X, X, dropout_p=-0.5), ValueError, "a probability between 0 and 1, got -0.5"),
        (lambda f: f(X, X, X, np.ones((3, 3), int)), TypeError, "attn_mask of booleans or of float64, got int64"),
        (lambda f: f(*(X.astype("f4"),) * 3, np.ones((3, 3))), TypeError, "attn_mask of booleans or of float32"),
        (lambda f: f(X, X, X, np.ones((2, 3))), ValueError, r"broadcasts to \(2, 3, 3\), got shape \(2, 3\)"),
        (lambda f: f(X, X, X, np.ones((4, 1, 3, 3))), ValueError, "attn_mask that broadcasts"),
        (lambda f: f(X, X, X, np.ones(3)), ValueError, r"attn_mask that broadcasts.*got shape \(3,\)"),
        (lambda f: f(X[0], X[0], X[0], enable_gqa=True), ValueError, "an axis of heads, -3"),
        (lambda f: f(X[:1], X, X, enable_gqa=True), ValueError, "heads of key and value to divide 1, got 2"),
        (lambda _: F.set_attention_memory(-1), ValueError, "expected a number of bytes, got -1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call(F.scaled_dot_product_attention)
