"""A batch whose images lie side by side: the same results, in the same order of memory from layer to layer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional
from nnx.autodiff.primitive import Primitive
from nnx.functional._pool_windows import Strided
from nnx.functional._windows import Geometry
from nnx_numpy import compiled
from nnx_numpy.batch_last import BATCH, first, laid_last, lies_last
from nnx_numpy.convolution import convolution_back
from nnx_numpy.convolution_batch_plan import BatchPlan, batch_plan
from nnx_numpy.gelu import gelu, gelu_back
from nnx_numpy.normalizing_back import standardize_back

rng = np.random.default_rng(0)
numpy = nnx.backend("numpy")


def draw(*shape: int, kind: str = "float64") -> Any:
    return rng.standard_normal(shape).astype(kind)


def beside(x: Any) -> Any:
    """The same array, its images side by side."""
    return first(laid_last(x))


class Layout(NamedTuple):
    """Of a convolution: images, channels in and out."""

    geometry: Geometry
    images: int
    channels: tuple[int, int]


def plain(size: int, kernel: int, padding: int) -> Geometry:
    out = size + 2 * padding - kernel + 1
    return Geometry(
        (size,) * 2, (kernel,) * 2, (out,) * 2, (1, 1), (1, 1), ((padding, padding), (padding, padding))
    )


LAYOUTS = [
    Layout(plain(9, 3, 1), 16, (2, 3)),
    Layout(plain(12, 5, 0), 33, (20, 40)),  # parts of a row
    Layout(plain(5, 2, 1), 16, (3, 600)),
    Layout(plain(8, 1, 0), 20, (7, 9)),
    Layout(plain(3, 3, 0), 16, (1, 1)),
    Layout(plain(20, 3, 1), 40, (16, 24)),  # shared out
    Layout(Geometry((7, 6), (2, 3), (3, 4), (2, 1), (1, 1), ((0, 0), (0, 1))), 17, (3, 2)),
    Layout(Geometry((9, 8), (3, 2), (3, 4), (2, 2), (2, 1), ((1, 0), (0, 0))), 16, (20, 2)),
    Layout(Geometry((5, 5), (1, 1), (7, 9), (1, 1), (1, 1), ((1, 1), (2, 2))), 16, (2, 2)),
    Layout(Geometry((3, 4, 3), (2, 1, 2), (2, 4, 2), (1, 1, 2), (1, 1, 1), ((0, 0), (0, 0), (1, 0))), 16, (2, 3)),
]  # fmt: skip
IDS = [f"{layout.geometry.size}{layout.geometry.kernel}{layout.channels}" for layout in LAYOUTS]


def arguments(layout: Layout, kind: str = "float64") -> list[tuple[str, tuple[Any, ...]]]:
    geometry, images, (inside, outside) = layout
    x, y = (
        draw(images, n, *size, kind=kind) for n, size in ((inside, geometry.size), (outside, geometry.out))
    )
    weight, bias, other = (
        draw(*shape, kind=kind) for shape in ((outside, inside, *geometry.kernel), (outside,), (inside,))
    )
    return [
        (name, args)
        for x, y in ((x, y), (beside(x), beside(y)), (x[::-1], np.asfortranarray(y)))
        for name, args in (
            ("convolution", (x, weight, bias)),
            ("convolution", (x, weight, None)),
            ("transposed_convolution", (y, weight, other)),
            ("transposed_convolution", (y, weight, None)),
            ("weight_convolution", (x, y)),
        )
    ]  # fmt: skip


@pytest.mark.parametrize("small", [10**6, 2000])
@pytest.mark.parametrize("layout", LAYOUTS, ids=IDS)
def test_convolutions_are_those_in_standard_functions(layout: Layout, small: int, monkeypatch: Any) -> None:
    for name in ("PRODUCT", "CACHE", "SUMS", "LANES"):
        monkeypatch.setattr(f"nnx_numpy.convolution_batch_plan.{name}", small)
    monkeypatch.setattr("nnx_numpy.convolution_batch_plan._planned", BatchPlan)  # none made before
    for name, args in arguments(layout):
        expected = Primitive.registry[name].forward(numpy.fast, *args, geometry=layout.geometry)
        found = numpy.overrides[name][0](*args, geometry=layout.geometry)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-11)
        assert name == "weight_convolution" or lies_last(found) or found.flags.c_contiguous


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("layout", LAYOUTS, ids=IDS)
def test_all_cotangents_at_once_are_those_in_standard_functions(layout: Layout) -> None:
    joint: Any = Primitive.registry["convolution"].rule.joint
    (_, (x, weight, bias)), *_, (_, (_, y)) = arguments(layout)
    for g in (y, beside(y)):
        for needed in ((True, True, True), (False, True, True), (True, True, False)):
            options = {"needed": needed, "geometry": layout.geometry}
            expected = joint(numpy.fast, g, None, x, weight, bias, **options)
            found = convolution_back(numpy.fast, g, None, x, weight, bias, **options)
            for a, b in zip(found, expected, strict=True):
                assert (a is None) == (b is None)
                if a is not None:
                    np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("layout", LAYOUTS, ids=IDS)
def test_the_number_of_cores_and_the_order_of_memory_change_nothing(layout: Layout, monkeypatch: Any) -> None:
    found: list[list[Any]] = [[], []]
    for name, args in arguments(layout, "float32")[:10]:
        for count, results in zip((1, 3), found, strict=True):
            monkeypatch.setattr("nnx_numpy.cores._blas", lambda count=count: (lambda: count, lambda n: None))
            results.append(numpy.overrides[name][0](*args, geometry=layout.geometry))
    (_, (x, weight, bias)), *_, (_, (_, y)) = arguments(layout, "float32")[:5]
    for count, results in zip((1, 3), found, strict=True):
        monkeypatch.setattr("nnx_numpy.cores._blas", lambda count=count: (lambda: count, lambda n: None))
        options: dict[str, Any] = {"needed": (True, True, True), "geometry": layout.geometry}
        results += convolution_back(numpy.fast, y, None, x, weight, bias, **options)
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(found[0][:5], found[0][5:10], strict=True):
        np.testing.assert_array_equal(a, b)


LOOPS = [
    *LAYOUTS,
    Layout(plain(8, 3, 1), 32, (64, 128)),
    Layout(plain(13, 5, 2), 19, (1, 6)),
    Layout(plain(4, 3, 4), 16, (3, 5)),  # windows of nothing but padding
    Layout(Geometry((9, 10), (3, 3), (5, 5), (2, 2), (1, 1), ((1, 1), (1, 1))), 16, (5, 7)),
    Layout(Geometry((11, 9), (3, 2), (9, 5), (1, 2), (2, 3), ((3, 0), (1, 4))), 16, (4, 2)),
]


@pytest.mark.parametrize("small", [None, 2000])
@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize(
    "layout", LOOPS, ids=lambda it: f"{it.geometry.size}{it.geometry.kernel}{it.channels}"
)
def test_compiled_loops_give_the_same_bits(
    layout: Layout, kind: str, small: int | None, monkeypatch: Any
) -> None:
    pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    from nnx_numpy.compiled import numba_loops

    for name in ("PRODUCT", "CACHE", "SUMS", "LANES") if small else ():
        monkeypatch.setattr(f"nnx_numpy.convolution_batch_plan.{name}", small)
    monkeypatch.setattr("nnx_numpy.convolution_batch_plan._planned", BatchPlan)
    found: list[list[Any]] = [[], []]
    given = arguments(layout, kind)
    for module, results in zip((None, numba_loops), found, strict=True):
        monkeypatch.setattr(compiled, "_settled", True)
        monkeypatch.setattr(compiled, "_loops", module)
        for name, args in given:
            results.append(numpy.overrides[name][0](*args, geometry=layout.geometry))
        for (_, (x, weight, bias)), (_, (_, y)) in zip(given[::5], given[4::5], strict=True):
            options: dict[str, Any] = {"needed": (True, True, True), "geometry": layout.geometry}
            results += convolution_back(numpy.fast, y, None, x, weight, bias, **options)
    for a, b in zip(*found, strict=True):
        same(a, b)


def test_little_memory_few_images_and_other_numbers_take_the_other_way() -> None:
    x, geometry = draw(BATCH, 3, 9, 9, kind="float32"), plain(9, 3, 1)
    assert batch_plan(x, (4, 3, 3, 3), geometry) is not None
    assert batch_plan(x[1:], (4, 3, 3, 3), geometry) is None
    line = Geometry((81,), (3,), (79,), (1,), (1,), ((0, 0),))
    assert batch_plan(x.reshape(BATCH, 3, 81), (4, 3, 3), line) is None
    assert batch_plan(x.astype("complex64"), (4, 3, 3, 3), geometry) is None
    assert batch_plan(x.astype(">f4"), (4, 3, 3, 3), geometry) is None
    assert batch_plan(x, (4, 1, 3, 3), geometry._replace(groups=3)) is None
    before = nnx.functional.set_convolution_memory(10_000)
    try:
        assert batch_plan(x, (4, 3, 3, 3), geometry) is None
    finally:
        nnx.functional.set_convolution_memory(before)


# what comes after a convolution ------------------------------------------------------------------------------------


@pytest.fixture(params=[False, True], ids=["numpy", "compiled"])
def loops(request: Any, monkeypatch: Any) -> None:
    """By NumPy, and by the compiled loops."""
    module = None
    if request.param:
        pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
        from nnx_numpy.compiled import numba_loops as module
    monkeypatch.setattr(compiled, "_settled", True)
    monkeypatch.setattr(compiled, "_loops", module)


def same(a: Any, b: Any) -> None:
    assert a.dtype == b.dtype
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.signbit(a[a == 0]), np.signbit(b[b == 0]))


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("special", [(), (0.0, -0.0, np.inf, -np.inf), (np.nan, np.inf)])
@pytest.mark.parametrize(
    "windows",
    [
        (Strided(6, 2, 3, 2), Strided(8, 2, 4, 2)),
        (Strided(7, 2, 3, 2), Strided(9, 2, 4, 2)),
        (Strided(6, 3, 3, 2, 1, 1), Strided(7, 3, 4, 2, 1, 1)),
        (Strided(8, 2, 4, 2),),
    ],
    ids=str,
)
def test_pooling_gives_the_same_bits(windows: Any, special: Any, kind: str) -> None:
    shape = (17, 3, *(along.size for along in windows))
    x = rng.integers(-3, 4, shape).astype(kind) + (0 if special else 0.0)
    if special:
        x = np.where(rng.random(shape) < 0.2, rng.choice(np.asarray(special), shape), x).astype(kind)
    if not np.signbit(np.maximum(np.zeros(1, kind), -np.zeros(1, kind))):
        x += 0.0  # the sign of the larger of two zeros is the processor's
    g = draw(17, 3, *(along.out for along in windows), kind=kind)
    pool, back = (numpy.overrides[name][0] for name in ("max_pool", "max_unpicked"))
    y = pool(beside(x), windows=windows)
    same(y, pool(x, windows=windows))
    assert lies_last(y)
    for cotangent in (g, beside(g)):
        same(back(cotangent, beside(x), windows=windows), back(g, x, windows=windows))


@pytest.mark.usefixtures("loops")
def test_large_pooling_is_shared_out(monkeypatch: Any) -> None:
    monkeypatch.setattr("nnx_numpy.cores._blas", lambda: (lambda: 2, lambda n: None))
    x, windows = draw(32, 40, 32, 32, kind="float32"), (Strided(32, 2, 16, 2), Strided(32, 2, 16, 2))
    pool, back = (numpy.overrides[name][0] for name in ("max_pool", "max_unpicked"))
    y = pool(x, windows=windows)
    same(pool(beside(x), windows=windows), y)
    for hidden in (False, True):
        if hidden:
            x[20, 3, 5, 7] = np.nan
        same(back(y, beside(x), windows=windows), back(y, x, windows=windows))


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("shape", [(16, 3, 4, 4), (16, 9, 15, 17), (40, 3, 500)])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_activations_give_the_same_bits(shape: Any) -> None:
    x, g = rng.choice([0.0, -0.0, 1.5, -2.0, np.nan, np.inf], (2, *shape))
    relu = numpy.overrides["relu"][0]
    same(relu(beside(x)), relu(x))
    assert lies_last(relu(beside(x)))
    for name in ("where_positive", "tanh_back", "sigmoid_back"):
        back = numpy.overrides[name][0]
        for a, b in ((beside(x), g), (beside(x), beside(g)), (x, beside(g))):
            same(back(a, b), back(x, g))
    mask, scaled = g > 0, numpy.overrides["masked_scale"][0]
    same(scaled(beside(x), mask, scale=2.0), scaled(x, mask, scale=2.0))


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_gelu_agrees(kind: str) -> None:
    x, g = draw(2, 16, 9, 15, 17, kind=kind)
    assert lies_last(gelu(beside(x)))
    tolerance: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(gelu(beside(x)), gelu(x), **tolerance)
    for a, b in ((beside(x), g), (beside(x), beside(g)), (x, beside(g))):
        np.testing.assert_allclose(
            gelu_back(numpy.fast, b, None, a), gelu_back(numpy.fast, g, None, x), **tolerance
        )


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize(
    ("axes", "weight"),
    [
        ((0, 2, 3), (24, 1, 1)),
        ((0, 2, 3), (1, 24, 1, 1)),
        ((2, 3), (24, 1, 1)),
        ((-3, -2, -1), (24, 8, 9)),
        ((1,), (24, 1, 1)),
    ],
)
@pytest.mark.parametrize("given", ["both", "weight", "bias", "neither"])
def test_normalization_agrees(axes: Any, weight: Any, given: str) -> None:
    x, g = draw(2, 17, 24, 8, 9)
    w, b = draw(2, *weight)
    w, b = w if given in ("both", "weight") else None, b if given in ("both", "bias") else None
    own = numpy.overrides["standardize"][0]
    options: dict[str, Any] = {"axes": axes, "eps": 1e-5}
    expected, found = (own(y, w, b, **options) for y in (x, beside(x)))
    for a, e in zip(found, expected, strict=True):
        assert a.shape == e.shape
        np.testing.assert_allclose(a, e, rtol=1e-10, atol=1e-11)
    needed = (True, w is not None, b is not None)
    for cotangent in (g, beside(g)):
        backs = [
            standardize_back(numpy.fast, (d, None, None, None), out, y, w, b, needed=needed, **options)
            for d, out, y in ((g, expected, x), (cotangent, found, beside(x)))
        ]
        for e, a, like in zip(*backs, (x, w, b), strict=True):
            if like is not None:
                a, e = (_fitted(v, like.shape) for v in (a, e))
                np.testing.assert_allclose(a, e, rtol=1e-9, atol=1e-10)


def _fitted(v: Any, shape: Any) -> Any:
    """As the loop of the way back does: what a parameter was broadcast to is summed."""
    wide = (1,) * (v.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (n, m) in enumerate(zip(v.shape, wide, strict=True)) if n != m)
    return np.sum(v, axis=axes, keepdims=True).reshape(shape)


@pytest.mark.usefixtures("loops")
def test_a_network_keeps_the_order_from_layer_to_layer() -> None:
    nnx.seed(0)
    layers = [
        nnx.Conv2d(1, 6, 3, padding=1),
        nnx.BatchNorm2d(6),
        nnx.ReLU(),
        nnx.MaxPool2d(2),
        nnx.Conv2d(6, 8, 3),
    ]
    x = draw(20, 1, 12, 12, kind="float32")
    for layer in layers:
        x = layer(x)
        assert lies_last(x), type(layer).__name__
