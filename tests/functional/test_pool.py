"""Pooling against PyTorch: one row a case; where the largest elements are; ties, NaN and infinity; refusals."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.autodiff.primitive import Primitive
from nnx.functional._pool_windows import Adaptive, Strided
from nnx.testing import check_gradients


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


class Row(NamedTuple):
    name: str
    shape: tuple[int, ...]
    args: tuple[Any, ...]
    options: dict[str, Any] = {}

    @property
    def id(self) -> str:
        return f"{self.name}-{self.shape}-{self.args}{self.options or ''}"


WINDOWS = [  # axes, shape, kernel, stride, padding, dilation
    (1, (2, 3, 8), 2, None, 0, 1),
    (1, (3, 7), 3, 2, 1, 1),
    (1, (2, 1, 9), (4,), (1,), (2,), 2),
    (1, (0, 2, 5), 2, None, 0, 1),
    (2, (2, 2, 4, 6), 2, None, 0, 1),
    (2, (2, 5, 7), 2, None, 0, 1),
    (2, (2, 2, 5, 4), 3, 2, 1, 1),
    (2, (1, 2, 5, 6), (2, 3), (1, 2), (1, 0), (2, 1)),
    (2, (2, 1, 4, 4), 1, 2, 0, 1),
    (2, (2, 1, 4, 3), (4, 3), 1, 0, 1),
    (2, (0, 2, 4, 4), 3, 2, 1, 1),
    (3, (1, 2, 4, 2, 4), 2, None, 0, 1),
    (3, (2, 4, 3, 5), (2, 3, 1), (2, 1, 3), (1, 1, 0), (1, 1, 2)),
    (3, (2, 1, 4, 4, 3), 3, 2, 1, 1),
]


NAMES = [("max_pool1d", "avg_pool1d"), ("max_pool2d", "avg_pool2d"), ("max_pool3d", "avg_pool3d")]


def grid() -> list[Row]:
    rows: list[Row] = []
    for axes, shape, kernel, stride, padding, dilation in WINDOWS:
        largest, mean = NAMES[axes - 1]
        for ceil_mode in (False, True):
            rows.append(Row(largest, shape, (kernel, stride, padding, dilation, ceil_mode)))
            for include in (True, False):
                rows.append(Row(mean, shape, (kernel, stride, padding, ceil_mode, include)))
        if axes > 1:
            rows.append(Row(mean, shape, (kernel, stride, padding, True, False, 3)))
            rows.append(Row(mean, shape, (kernel,), {"divisor_override": -2}))
    return rows


ROWS = [
    *grid(),
    Row("max_pool2d", (2, 2, 1, 2), ((1, 2), 3, 0, (1, 2), True)),
    Row("adaptive_avg_pool1d", (2, 3, 8), (4,)),
    Row("adaptive_avg_pool1d", (3, 7), (3,)),
    Row("adaptive_avg_pool1d", (1, 2, 3), (5,)),
    Row("adaptive_avg_pool2d", (2, 2, 4, 6), (2,)),
    Row("adaptive_avg_pool2d", (2, 2, 5, 7), (3,)),
    Row("adaptive_avg_pool2d", (2, 5, 4), (1,)),
    Row("adaptive_avg_pool2d", (2, 2, 3, 5), ((None, 4),)),
    Row("adaptive_avg_pool2d", (2, 2, 3, 2), ((7, 5),)),
    Row("adaptive_avg_pool2d", (0, 2, 3, 5), (2,)),
    Row("adaptive_avg_pool3d", (1, 2, 3, 5, 4), ((2, None, 3),)),
    Row("adaptive_avg_pool3d", (2, 4, 2, 6), (2,)),
    Row("adaptive_max_pool1d", (2, 3, 8), (4,)),
    Row("adaptive_max_pool1d", (3, 7), (3,)),
    Row("adaptive_max_pool2d", (2, 2, 4, 6), (2,)),
    Row("adaptive_max_pool2d", (2, 2, 5, 7), (3,)),
    Row("adaptive_max_pool2d", (2, 5, 4), (1,)),
    Row("adaptive_max_pool2d", (2, 2, 3, 5), ((None, 4),)),
    Row("adaptive_max_pool2d", (2, 2, 3, 2), ((7, 5),)),
    Row("adaptive_max_pool2d", (0, 2, 3, 5), (2,)),
    Row("adaptive_max_pool3d", (1, 2, 3, 5, 4), ((2, None, 3),)),
    Row("adaptive_max_pool3d", (2, 4, 2, 6), (2,)),
    Row("lp_pool1d", (2, 3, 8), (2.0, 3)),
    Row("lp_pool1d", (3, 7), (4, 2, 3, True)),
    Row("lp_pool1d", (2, 2, 5), (math.inf, 2)),
    Row("lp_pool2d", (2, 2, 5, 4), (2.0, 2)),
    Row("lp_pool2d", (2, 4, 5), (2, (2, 3), (1, 2), True)),
    Row("lp_pool2d", (2, 2, 5, 4), (-math.inf, 2, 1)),
    Row("lp_pool2d", (1, 1, 3, 4), (-2, 2)),
    Row("lp_pool3d", (1, 2, 3, 4, 2), (2.0, (2, 3, 1), 1)),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_values_and_derivatives_are_those_of_torch(row: Row, lib: Any, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = getattr(F, row.name), getattr(torch.nn.functional, row.name)
    x = draw(*row.shape)
    agrees_with_torch(
        lambda x: ours(x, *row.args, **row.options),
        lambda x: theirs(x, *row.args, **row.options),
        [x + 3 if row.name.startswith("lp") else x],
        second=lib.name != "numpy-read-only",
    )
    if "max" in row.name:
        given = np.round(x)  # with many that are equal
        expected, places = theirs(torch.tensor(given), *row.args, **row.options, return_indices=True)
        value, found = ours(lib.asarray(given), *row.args, **row.options, return_indices=True)
        lib.assert_equal(value, expected.numpy())
        lib.assert_equal(found, places.numpy())
        assert found.dtype == lib.xp.int64


@pytest.mark.parametrize(
    "row",
    [
        Row("adaptive_avg_pool2d", (2, 0, 3, 5), (2,)),
        Row("adaptive_avg_pool2d", (1, 2, 3, 5), ((0, 2),)),
        Row("adaptive_max_pool2d", (1, 2, 3, 5), ((0, 2),)),
        Row("adaptive_max_pool1d", (2, 3), ((0,),), {"return_indices": True}),
    ],
    ids=lambda row: row.id,
)
def test_nothing_at_all_comes_in_the_right_shape(row: Row, lib: Any) -> None:
    """PyTorch has no derivative of it."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = draw(*row.shape)
    ours = getattr(F, row.name)(lib.asarray(x), *row.args, **row.options)
    theirs = getattr(torch.nn.functional, row.name)(torch.tensor(x), *row.args, **row.options)
    for out, expected in zip(*[z if isinstance(z, tuple) else (z,) for z in (ours, theirs)], strict=True):
        lib.assert_equal(out, expected.numpy())
    assert (
        nnx.grad(lambda x: nnx.array_namespace(x).sum(getattr(F, row.name)(x, *row.args)))(
            lib.asarray(x)
        ).shape
        == x.shape
    )


SPECIAL = [
    [[0.0, 5.0, 5.0, 0.0]] * 4,
    [
        [math.nan, 1.0, math.nan, 2.0],
        [math.nan, 1.0, -math.inf, math.inf],
        [0.0] * 4,
        [math.inf, 0.0, math.nan, 1.0],
    ],
    [[-math.inf] * 4] * 4,
    [[0.0, -0.0, 0.0, -0.0]] * 4,
]
LOOKS = [("max_pool2d", (2,)), ("max_pool2d", (3, 2, 1)), ("max_pool2d", (2, 1, 0, 2)), ("max_pool2d", (4,))]
LOOKS += [("adaptive_max_pool2d", (3,)), ("adaptive_max_pool2d", (2,)), ("adaptive_max_pool2d", (1,))]


@pytest.mark.parametrize(("name", "args"), LOOKS)
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_ties_nan_and_infinity_are_resolved_as_in_torch(name: str, args: Any, kind: str, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = np.asarray(SPECIAL, kind)[:, None]
    t = torch.tensor(x, requires_grad=True)
    expected, places = getattr(torch.nn.functional, name)(t, *args, return_indices=True)
    g = np.arange(1.0, 1.0 + expected.numel(), dtype=kind).reshape(expected.shape)
    out, pullback = nnx.vjp(lambda x: getattr(F, name)(x, *args), lib.asarray(x))
    lib.assert_equal(out, expected.detach().numpy())
    lib.assert_equal(getattr(F, name)(lib.asarray(x), *args, return_indices=True)[1], places.numpy())
    expected.backward(torch.tensor(g))
    lib.assert_equal(pullback(lib.asarray(g))[0], t.grad.numpy())


@pytest.mark.parametrize("kind", ["int8", "int64", "uint8"])
def test_integers_have_a_largest_one_too(kind: str, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = np.arange(25).reshape(1, 5, 5).astype(kind)
    expected, places = torch.nn.functional.max_pool2d(torch.tensor(x), 3, 2, 1, return_indices=True)
    out, found = F.max_pool2d(lib.asarray(x), 3, 2, 1, return_indices=True)
    lib.assert_equal(out, expected.numpy())
    lib.assert_equal(found, places.numpy())
    assert out.dtype == lib.dtype(kind)


@pytest.mark.parametrize(
    ("name", "args"),
    [("max_pool2d", (1,)), ("max_pool2d", (1, 2)), ("avg_pool2d", (1,)), ("adaptive_avg_pool2d", (4,))],
)
def test_what_comes_out_is_no_view(name: str, args: Any) -> None:
    x = draw(1, 2, 4, 4)
    before = x.copy()
    out = getattr(F, name)(x, *args)
    out += 1.0
    np.testing.assert_array_equal(x, before)


def test_an_infinity_stays_in_its_window(lib: Any) -> None:
    x = np.asarray([[1.0, 2.0, math.inf, 3.0, 4.0, 5.0, math.nan]])
    lib.assert_equal(F.avg_pool1d(lib.asarray(x), 2), [[1.5, math.inf, 4.5]])
    lib.assert_equal(F.adaptive_avg_pool1d(lib.asarray(x), 3), [[math.inf, math.inf, math.nan]])


@pytest.mark.parametrize("p", [1, 2, 3.0])
def test_where_all_is_0_the_norm_has_the_derivative_0(p: float, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = np.asarray([[0.0, 0.0, 1.0, 2.0, 0.0, 3.0]])
    t = torch.tensor(x, requires_grad=True)
    torch.nn.functional.lp_pool1d(t, p, 2).sum().backward()
    grad = nnx.grad(lambda x: nnx.array_namespace(x).sum(F.lp_pool1d(x, p, 2)))
    lib.assert_close(grad(lib.asarray(x)), t.grad.numpy(), rtol=1e-12)


LAYOUTS: list[tuple[Strided, ...]] = [
    (Strided(6, 2, 3, 2), Strided(8, 2, 4, 2)),
    (Strided(6, 2, 3, 2),),
    (Strided(4, 2, 2, 2), Strided(6, 2, 3, 2), Strided(2, 2, 1, 2)),
    (Strided(7, 2, 3, 2), Strided(5, 2, 3, 2)),
    (Strided(6, 3, 3, 2, 1, 1), Strided(7, 3, 4, 2, 1, 1)),
    (Strided(6, 1, 2, 3), Strided(7, 2, 4, 1, 3)),
    (Strided(5, 3, 2, 4, 1, 1), Strided(6, 6, 1, 6)),
    (Strided(9, 4, 3, 3, 1, 2),),
    (Strided(3, 1, 3, 1), Strided(4, 1, 2, 2)),
    (Strided(3, 3, 1, 3), Strided(4, 4, 1, 4)),
    (Strided(4, 2, 2, 2), Strided(4, 2, 3, 1), Strided(3, 3, 1, 1)),
    (Adaptive(7, 3), Strided(4, 2, 2, 2)),
    (Adaptive(5, 4), Adaptive(3, 5)),
    (Adaptive(5, 5), Adaptive(8, 3)),
]


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("cache", [1, 2**20])
@pytest.mark.parametrize("windows", LAYOUTS, ids=str)
def test_numpys_own_ways_back_are_those_in_standard_functions(
    windows: Any, cache: int, kind: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr("nnx_numpy.pooling.CACHE", cache)
    monkeypatch.setattr("nnx_numpy.pooling.LARGE", cache)
    smooth = draw(3, 4, *(along.size for along in windows)).astype(kind)
    rough, broken = np.round(smooth), np.round(smooth)
    broken[0, 0], broken[1, 1, ..., ::2], broken[2, ..., 1] = -math.inf, math.nan, math.inf
    g = draw(3, 4, *(along.out for along in windows)).astype(kind)
    g[0, 1] = math.inf
    tolerance = 1e-2 if kind == "float16" else 1e-6
    spread = np.repeat(rough, 2, axis=-1)[..., ::2]
    for x in (smooth, rough, broken, spread, rough[::-1].transpose(1, 0, *range(2, rough.ndim))):
        cotangent = g if len(x) == 3 else np.broadcast_to(g[:1, :1], (4, 3, *g.shape[2:]))
        for name, args in (
            ("max_unpicked", (cotangent, x)),
            ("max_picked", (smooth.reshape(x.shape), x)),
            ("max_positions", (x,)),
            ("max_pool", (x,)),
        ):
            expected = Primitive.registry[name].forward(nnx.backend("numpy").xp, *args, windows=windows)
            out = nnx.backend("numpy").overrides[name][0](*args, windows=windows)
            assert out.dtype == expected.dtype
            np.testing.assert_allclose(out, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(2, 3, 4, 2), (3, 5), (0, 2, 2)], ids=str)
def test_numpys_own_unpooling_is_that_in_standard_functions(shape: tuple[int, ...]) -> None:
    x, size = draw(*shape), (3, 4)[-max(len(shape) - 2, 1) :]
    indices = np.random.default_rng(0).integers(0, math.prod(size), shape)
    xp = nnx.backend("numpy").xp
    expected = Primitive.registry["max_unpool"].forward(xp, x, indices, size=size)
    np.testing.assert_array_equal(
        nnx.backend("numpy").overrides["max_unpool"][0](x, indices, size=size), expected
    )


@pytest.mark.parametrize("row", ROWS[::7], ids=lambda row: row.id)
def test_the_second_order_agrees_with_differences(row: Row) -> None:
    x = np.random.default_rng(3).permutation(math.prod(row.shape)).reshape(row.shape) * 0.1 + 1.0
    check_gradients(lambda x: getattr(F, row.name)(x, *row.args, **row.options) ** 2, x, order=2)


UNPOOLED = [
    Row("max_unpool1d", (2, 3, 8), (2,)),
    Row("max_unpool1d", (3, 7), (3, 2, 1)),
    Row("max_unpool2d", (2, 2, 4, 6), (2,)),
    Row("max_unpool2d", (2, 2, 5, 7), (2,)),
    Row("max_unpool2d", (2, 5, 6), ((2, 3), (2, 3), (1, 0))),
    Row("max_unpool2d", (0, 2, 4, 4), (2,)),
    Row("max_unpool3d", (1, 2, 4, 2, 5), (2,)),
    Row("max_unpool3d", (2, 4, 2, 4), ((2, 1, 2),)),
]


@pytest.mark.parametrize("row", UNPOOLED, ids=lambda row: row.id)
@pytest.mark.parametrize("sized", [False, True])
def test_unpooling_is_that_of_torch(row: Row, sized: bool, lib: Any, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    pool = row.name.replace("unpool", "pool")
    x = draw(*row.shape)
    size = row.shape[-int(row.name[-2]) :]
    out, indices = getattr(torch.nn.functional, pool)(torch.tensor(x), *row.args, return_indices=True)
    least = getattr(torch.nn.functional, row.name)
    if not sized:  # the least size may be too small for the indices
        spatial = out.shape[-len(size) :]
        indices = torch.arange(math.prod(spatial)).reshape(spatial).expand(out.shape).contiguous()
    agrees_with_torch(
        lambda x, i: getattr(F, row.name)(x, i, *row.args, output_size=size if sized else None),
        lambda x, i: least(x, i, *row.args, output_size=size if sized else None),
        [out.numpy()],
        [indices.numpy()],
        differences=row.args
        != (3, 2, 1),  # windows overlap: an element is named twice, and each has its gradient
    )


def test_pooling_and_unpooling_are_differentiated_together(lib: Any, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    def there_and_back(functions: Any, x: Any) -> Any:
        out, indices = functions.max_pool2d(x, 3, 2, return_indices=True)
        return functions.max_unpool2d(out * out, indices, 3, 2)

    agrees_with_torch(
        lambda x: there_and_back(F, x),
        lambda x: there_and_back(torch.nn.functional, x),
        [np.random.default_rng(1).standard_normal((2, 1, 5, 5))],
        differences=False,  # windows overlap
    )


def test_an_index_that_comes_twice_holds_one_element(lib: Any) -> None:
    x = lib.asarray(np.asarray([[[1.0, 4.0, 2.0]]]))
    out, indices = F.max_pool1d(x, 2, 1, return_indices=True)
    lib.assert_equal(F.max_unpool1d(out, indices, 2, 1), [[[0.0, 4.0, 0.0]]])


FRACTIONAL = [
    Row("fractional_max_pool2d", (2, 3, 9, 8), (2, (4, 3))),
    Row("fractional_max_pool2d", (3, 8, 7), ((3, 2), (1, 6))),
    Row("fractional_max_pool2d", (2, 2, 9, 8), (2,), {"output_ratio": (0.5, 0.7)}),
    Row("fractional_max_pool2d", (0, 2, 6, 6), (2, 3)),
    Row("fractional_max_pool3d", (2, 2, 5, 6, 7), (2, (2, 4, 3))),
    Row("fractional_max_pool3d", (2, 5, 4, 6), ((1, 3, 2),), {"output_ratio": (0.5, 0.3, 0.6)}),
]


@pytest.mark.parametrize("row", FRACTIONAL, ids=lambda row: row.id)
def test_with_the_same_samples_fractional_pooling_is_that_of_torch(
    row: Row, lib: Any, agrees_with_torch: Any
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    axes = int(row.name[-2])
    lead = row.shape[:-axes] if len(row.shape) == axes + 2 else (1, row.shape[0])
    samples = np.random.default_rng(4).random((*lead, axes))
    ours, theirs = getattr(F, row.name), getattr(torch.nn.functional, row.name)
    x = draw(*row.shape)
    agrees_with_torch(
        lambda x, u: ours(x, *row.args, **row.options, _random_samples=u),
        lambda x, u: theirs(x, *row.args, **row.options, _random_samples=u),
        [x],
        [samples],
    )
    options = {**row.options, "return_indices": True}
    expected = theirs(torch.tensor(np.round(x)), *row.args, **options, _random_samples=torch.tensor(samples))
    found = ours(lib.asarray(np.round(x)), *row.args, **options, _random_samples=lib.asarray(samples))
    for out, t in zip(found, expected, strict=True):
        lib.assert_equal(out, t.numpy())


def test_windows_are_drawn_from_the_generator_and_the_same_everywhere(lib: Any) -> None:
    x = np.arange(400, dtype=np.float32).reshape(1, 4, 10, 10)
    out = F.fractional_max_pool2d(lib.asarray(x), 2, 4, generator=nnx.random.Generator(7))
    samples = nnx.random.Generator(7).uniform((1, 4, 2), backend="numpy")
    lib.assert_equal(out, F.fractional_max_pool2d(x, 2, 4, _random_samples=samples))
    first, second = (F.fractional_max_pool2d(lib.asarray(x), 2, 4) for _ in range(2))
    assert not np.array_equal(lib.to_numpy(first), lib.to_numpy(second))
    nnx.seed(0)
    lib.assert_equal(F.fractional_max_pool2d(lib.asarray(x), 2, 4), lib.to_numpy(first))


X = draw(1, 2, 4, 4)
U = np.zeros((1, 2, 2))
I = np.zeros((1, 2, 4, 4), np.int64)
REFUSED = [
    ("fractional_max_pool2d", (X, 2), {}, "expected an output_size or an output_ratio"),
    ("fractional_max_pool2d", (X, 2, 4), {}, r"expected room for \(4, 4\) windows"),
    ("fractional_max_pool3d", (X[None], 2, (1, 3, 3)), {}, "expected room for"),
    ("fractional_max_pool2d", (X, 2, None, (0.5, 1.5)), {}, "expected an output_ratio of 1 or 2 numbers"),
    ("fractional_max_pool2d", (X[:, :0], 2, 2), {}, "expected nothing empty but the batch"),
    ("fractional_max_pool2d", (X, 2, 2, None, False, U[:, :1]), {}, "expected _random_samples of shape"),
    (
        "fractional_max_pool2d",
        (X, 2, 2, None, False, U.astype("float32")),
        {},
        "expected _random_samples of dtype float64",
    ),
    ("max_unpool2d", (X[0, 0], I[0, 0], 2), {}, "expected an input with 4 axes"),
    ("max_unpool2d", (X, I[..., :1], 2), {}, "expected indices of the input's shape"),
    ("max_unpool2d", (X, I.astype("int32"), 2), {}, "expected indices of dtype int64, got int32"),
    ("max_unpool2d", (X, I + 64, 2), {}, r"expected indices from 0 to 63 for an output of \(8, 8\), got 64"),
    ("max_unpool2d", (X, I - 1, 2), {}, "expected indices from 0 to 63"),
    ("max_unpool2d", (X, I, 2), {"output_size": (10, 8)}, "expected an output_size of 2 numbers less than"),
    ("max_unpool2d", (X, I, 2), {"output_size": (2, 8, 8)}, "expected an output_size of 2 numbers less than"),
    ("max_unpool3d", (X, I, 2, 0), {}, "expected a stride"),
    ("max_unpool2d", (I, I, 2), {}, "expected a floating-point input"),
    ("max_pool2d", (X[0, 0], 2), {}, "expected an input with 4 axes, or 3 without a batch"),
    ("max_pool1d", (X, 2), {}, "expected an input with 3 axes"),
    ("max_pool2d", (X[:, :0], 2), {}, "expected nothing empty but the batch"),
    ("max_pool2d", (X[..., :0], 2, 1, 1), {}, "expected nothing empty but the batch"),
    ("max_pool2d", (X > 0, 2), {}, "expected a floating-point input, got bool"),
    ("max_pool2d", (X, 5), {}, r"expected an input as large as a window, got \(4, 4\)"),
    ("max_pool2d", (X, 0), {}, "expected a kernel_size of 1 or 2 numbers of at least 1"),
    ("max_pool2d", (X, (2, 2, 2)), {}, "expected a kernel_size of 1 or 2 numbers"),
    ("max_pool2d", (X, 2.0), {}, "expected a kernel_size of whole numbers"),
    ("max_pool2d", (X, True), {}, "expected a kernel_size of whole numbers"),
    ("max_pool2d", (X, 2, 0), {}, "expected a stride of 1 or 2 numbers of at least 1"),
    ("max_pool2d", (X, 2, 2, -1), {}, "expected a padding of 1 or 2 numbers of at least 0"),
    ("max_pool2d", (X, 2, 2, 2), {}, "expected a padding of at most half the kernel_size"),
    ("max_pool2d", (X, 2, 2, 0, 0), {}, "expected a dilation"),
    ("max_pool3d", (X, 5), {}, "expected an input as large as a window"),
    ("avg_pool2d", (X, 3, 1, 2), {}, "expected a padding of at most half the kernel_size"),
    ("avg_pool2d", (X, 2), {"divisor_override": 0}, "expected a divisor_override other than 0"),
    ("avg_pool2d", (X, 2), {"divisor_override": 1.5}, "expected a divisor_override that is a whole number"),
    ("avg_pool2d", (X + 1j, 2), {}, "expected a floating-point input, got complex128"),
    (
        "avg_pool3d",
        (X[:, :1], (2, 3, 3), 1, 1),
        {"ceil_mode": True},
        "expected an input as large as a window",
    ),
    ("avg_pool1d", (X, 2), {}, "expected an input with 3 axes"),
    ("avg_pool2d", (X[:, :0], 2), {}, "expected nothing empty but the batch"),
    ("adaptive_avg_pool2d", (X, -1), {}, "expected an output_size of 2 numbers of at least 0, got -1"),
    ("adaptive_avg_pool2d", (X, (2,)), {}, "expected an output_size of 2 numbers"),
    ("adaptive_avg_pool2d", (X, 1.5), {}, "expected an output_size of whole numbers or None, got 1.5"),
    ("adaptive_avg_pool2d", (X[..., :0], 2), {}, "expected nothing empty but the batch"),
    ("adaptive_max_pool2d", (X.astype(int), 1), {}, "expected a floating-point input, got int64"),
    ("adaptive_max_pool3d", (X[0], 1), {}, "expected an input with 5 axes"),
    ("lp_pool2d", (X, 0, 2), {}, "expected a norm_type other than 0"),
    ("lp_pool2d", (X, 2, 5), {}, "expected an input as large as a window"),
]


@pytest.mark.parametrize(("name", "args", "options", "message"), REFUSED)
def test_what_does_not_fit_is_refused(name: str, args: Any, options: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError, IndexError), match=message) as caught:
        getattr(F, name)(*args, **options)
    assert str(caught.value).startswith(f"{name}: ")
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in args]
    with pytest.raises((RuntimeError, ValueError, TypeError, IndexError, ZeroDivisionError)):
        getattr(torch.nn.functional, name)(*theirs, **options)


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(TypeError, match="max_pool2d: expected input to be an array, got list"):
        F.max_pool2d([[[1.0]]], 1)
