"""Convolution, folding and padding against PyTorch: one row a case; memory, overrides and refusals."""

import tracemalloc
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.autodiff.primitive import Primitive
from nnx.functional._windows import Geometry
from nnx.testing import check_gradients


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


class Row(NamedTuple):
    name: str
    shapes: tuple[tuple[int, ...], ...]
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = {}

    @property
    def id(self) -> str:
        return f"{self.name}-{self.shapes}-{self.args or ''}{self.options or ''}"


ROWS = [
    Row("conv1d", ((2, 2, 6), (3, 2, 3), (3,))),
    Row("conv1d", ((2, 6), (3, 2, 2)), (), {"stride": 2, "padding": 1, "dilation": 3}),
    Row("conv1d", ((2, 4, 7), (6, 2, 2), (6,)), (2, "valid", 2, 2)),
    Row("conv1d", ((1, 2, 5), (1, 2, 4)), (), {"padding": "same"}),
    Row("conv2d", ((2, 2, 5, 4), (3, 2, 2, 3), (3,))),
    Row("conv2d", ((2, 2, 4, 3), (3, 2, 1, 1), (3,))),
    Row("conv2d", ((2, 2, 4, 5), (3, 2, 1, 1)), ((2, 1), (0, 1))),
    Row("conv2d", ((2, 5, 6), (4, 1, 2, 3), (4,)), ((2, 1), (1, 0), (1, 2), 2)),
    Row("conv2d", ((2, 3, 5, 5), (6, 1, 3, 3), (6,)), (1, 1, 1, 3)),
    Row("conv2d", ((1, 2, 5, 5), (2, 2, 2, 3)), (), {"padding": "same", "dilation": (1, 2)}),
    Row("conv2d", ((3, 1, 6, 6), (2, 1, 3, 3), (2,)), (3,)),
    Row("conv2d", ((0, 2, 3, 3), (3, 2, 2, 2), (3,))),
    Row("conv3d", ((2, 2, 3, 4, 3), (2, 2, 2, 3, 2), (2,)), ((1, 2, 1), (0, 1, 1))),
    Row("conv3d", ((2, 3, 3, 2), (4, 1, 2, 2, 1)), (), {"groups": 2, "dilation": (2, 1, 1)}),
    Row("conv_transpose1d", ((2, 2, 4), (2, 3, 3), (3,))),
    Row("conv_transpose1d", ((2, 4), (2, 2, 2)), (3, 1, 2)),
    Row("conv_transpose1d", ((1, 4, 3), (4, 1, 2), (2,)), (1, 0, 1, 2, 2)),
    Row("conv_transpose2d", ((2, 2, 3, 2), (2, 3, 2, 3), (3,)), ((2, 1), (1, 0), (1, 0))),
    Row("conv_transpose2d", ((4, 2, 3), (4, 1, 1, 2), (2,)), (2, 0, 0, 2, (3, 1))),
    Row("conv_transpose2d", ((0, 2, 3, 3), (2, 3, 2, 2), (3,))),
    Row("conv_transpose3d", ((2, 2, 2, 2, 1), (2, 1, 2, 1, 3), (1,)), (2, (0, 0, 1), (1, 0, 0))),
    Row("unfold", ((2, 2, 4, 5),), ((2, 3),)),
    Row("unfold", ((2, 5, 4),), (2, (2, 1), (1, 0), (2, 3))),
    Row("fold", ((2, 12, 9),), ((4, 5), (2, 3))),
    Row("fold", ((8, 6),), ((5, 5), 2, (2, 1), (1, 0), (2, 3))),
    Row("pad", ((2, 3),), ((1, 2),)),
    Row("pad", ((2, 3, 2),), ((1, -1, -1, 2), "constant", 1.5)),
    Row("pad", ((3,),), ((-3, 0),)),
    Row("pad", ((2, 3),), ((2, 1), "reflect")),
    Row("pad", ((1, 2, 3, 4),), ((-1, 2, 2, 0), "reflect")),
    Row("pad", ((1, 2, 3, 2, 2),), ((1, 0, 1, 1, 2, 0), "reflect")),
    Row("pad", ((2, 2, 3),), ((4, -2), "replicate")),
    Row("pad", ((2, 1, 2, 2),), ((0, 1, 1, 2, 3, 0), "replicate")),
    Row("pad", ((2, 3),), ((3, 1), "circular")),
    Row("pad", ((2, 2, 3, 4),), ((-1, 2, 1, 1), "circular")),
]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_values_and_derivatives_are_those_of_torch(row: Row, lib: Any, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = getattr(F, row.name), getattr(torch.nn.functional, row.name)
    agrees_with_torch(
        lambda *xs: ours(*xs, *_arguments(row), **row.options),
        lambda *xs: theirs(*xs, *_arguments(row), **row.options),
        [draw(*shape) for shape in row.shapes],
        second=lib.name != "numpy-read-only" and row.name != "pad",
    )


def _arguments(row: Row) -> tuple[Any, ...]:
    """The row's come after a bias, which is None where there is none."""
    no_bias = row.name.startswith("conv") and len(row.shapes) == 2 and row.args
    return (None, *row.args) if no_bias else row.args


CONVOLUTIONS = [row for row in ROWS if row.name.startswith("conv") and 0 not in row.shapes[0]]


@pytest.mark.parametrize("row", CONVOLUTIONS[::2], ids=lambda row: row.id)
def test_one_image_at_a_time_gives_the_same(row: Row, lib: Any) -> None:
    function, inputs = getattr(F, row.name), [lib.asarray(draw(*shape)) for shape in row.shapes]

    def results() -> list[Any]:
        out, pullback = nnx.vjp(lambda *xs: function(*xs, *_arguments(row), **row.options), *inputs)
        return [out, *pullback(out)]

    whole, before = results(), F.set_convolution_memory(0)
    try:
        parts = results()
    finally:
        F.set_convolution_memory(before)
    for x, y in zip(parts, whole, strict=True):
        lib.assert_close(x, lib.to_numpy(y), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("standard", [False, True], ids=["override", "standard"])
@pytest.mark.parametrize("name", ["convolution", "transposed_convolution", "weight_convolution"])
def test_memory_keeps_to_the_limit(name: str, standard: bool) -> None:
    x, weight = np.ones((16, 4, 32, 32), np.float32), np.ones((4, 4, 5, 5), np.float32)
    geometry = Geometry((32, 32), (5, 5), (32, 32), (1, 1), (1, 1), ((2, 2), (2, 2)))
    args = (x, x) if name == "weight_convolution" else (x, weight, None)
    own = Primitive.registry[name]
    function = partial(own.forward, nnx.backend("numpy").fast) if standard else own

    def peak(limit: int) -> int:
        before = F.set_convolution_memory(limit)
        tracemalloc.start()
        try:
            function(*args, geometry=geometry)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            F.set_convolution_memory(before)

    windows = 25 * x.nbytes  # 6.5 MB
    assert peak(windows // 8) < windows * 0.5
    assert peak(0) < windows * 0.25
    if standard:
        assert peak(2 * windows) > windows


class Layout(NamedTuple):
    """Where windows lie, and how many images and channels in and out of each group."""

    geometry: Geometry
    images: int
    channels: tuple[int, int]


LAYOUTS = [
    Layout(Geometry((7, 6), (2, 3), (3, 4), (2, 1), (1, 1), ((0, 0), (0, 1)), 2), 5, (2, 3)),
    Layout(Geometry((9, 9), (3, 3), (9, 9), (1, 1), (1, 1), ((1, 1), (1, 1)), 1), 4, (1, 2)),
    Layout(Geometry((9, 9), (3, 3), (9, 9), (1, 1), (1, 1), ((1, 1), (1, 1)), 3), 2, (1, 1)),
    Layout(Geometry((9, 9), (1, 1), (9, 9), (1, 1), (1, 1), ((0, 0), (0, 0)), 2), 3, (2, 2)),
    Layout(Geometry((4, 4), (1, 1), (4, 4), (1, 1), (1, 1), ((0, 0), (0, 0)), 1), 3, (3, 2)),
    Layout(Geometry((10,), (1,), (9,), (1,), (2,), ((0, 0),), 1), 2, (2, 2)),
    Layout(
        Geometry((3, 4, 3), (2, 1, 2), (2, 4, 2), (1, 1, 2), (1, 1, 1), ((0, 0), (0, 0), (1, 0)), 1),
        3,
        (2, 2),
    ),
]


@pytest.mark.parametrize(("cache", "few"), [(0, 100), (2000, 1), (2**20, 1), (2**20, 100)])
@pytest.mark.parametrize(
    "layout", LAYOUTS, ids=lambda layout: f"{layout.geometry.size}{layout.geometry.kernel}"
)
def test_numpys_own_version_is_that_in_standard_functions(
    layout: Layout, cache: int, few: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr("nnx_numpy.convolution_plan.CACHE", cache)
    monkeypatch.setattr("nnx_numpy.convolution_plan.FEW", few)
    geometry, images, (inside, outside) = layout
    x = draw(images, inside * geometry.groups, *geometry.size)
    weight = draw(outside * geometry.groups, inside, *geometry.kernel)
    y = draw(images, outside * geometry.groups, *geometry.out)
    for name, args in (
        ("convolution", (x, weight, draw(weight.shape[0]))),
        ("transposed_convolution", (np.asfortranarray(y), weight, draw(x.shape[1]))),
        ("weight_convolution", (x[::-1], y)),
    ):
        own = Primitive.registry[name]
        expected = own.forward(nnx.backend("numpy").fast, *args, geometry=geometry)
        out = nnx.backend("numpy").overrides[name][0](*args, geometry=geometry)
        assert out.shape == expected.shape
        np.testing.assert_allclose(out, expected, rtol=1e-11, atol=1e-12)


LARGE = [
    Layout(Geometry((15, 16), (3, 3), (15, 16), (1, 1), (1, 1), ((1, 1), (1, 1))), 11, (16, 24)),
    Layout(Geometry((6, 6), (3, 3), (6, 6), (1, 1), (1, 1), ((1, 1), (1, 1))), 40, (12, 40)),
    Layout(Geometry((90, 70), (5, 3), (44, 70), (2, 1), (1, 1), ((1, 1), (2, 0))), 1, (6, 8)),
    Layout(Geometry((40, 40), (3, 3), (20, 19), (2, 2), (1, 2), ((1, 1), (1, 1)), 3), 9, (4, 5)),
    Layout(Geometry((30, 30), (3, 3), (30, 30), (1, 1), (2, 2), ((2, 2), (2, 2)), 40), 5, (1, 1)),
    Layout(Geometry((40, 40), (1, 1), (40, 40), (1, 1), (1, 1), ((0, 0), (0, 0)), 2), 6, (16, 16)),
    Layout(Geometry((2000,), (5,), (1996,), (1,), (1,), ((0, 0),)), 5, (8, 8)),
    Layout(Geometry((9, 10, 11), (3, 3, 3), (9, 10, 11), (1, 1, 1), (1, 1, 1), ((1, 1),) * 3), 3, (6, 12)),
]


@pytest.mark.parametrize(
    "layout", LARGE, ids=lambda layout: f"{layout.geometry.size}{layout.geometry.kernel}"
)
def test_the_number_of_cores_changes_nothing(layout: Layout, monkeypatch: Any) -> None:
    geometry, images, (inside, outside) = layout
    x = draw(images, inside * geometry.groups, *geometry.size)
    weight = draw(outside * geometry.groups, inside, *geometry.kernel)
    y = draw(images, outside * geometry.groups, *geometry.out)
    for name, args in (
        ("convolution", (x, weight, draw(weight.shape[0]))),
        ("transposed_convolution", (y, weight, draw(x.shape[1]))),
        ("weight_convolution", (x, y)),
    ):
        found = []
        for count in (1, 3):
            monkeypatch.setattr("nnx_numpy.cores._blas", lambda count=count: (lambda: count, lambda n: None))
            found.append(nnx.backend("numpy").overrides[name][0](*args, geometry=geometry))
        np.testing.assert_array_equal(found[0], found[1])
        expected = Primitive.registry[name].forward(nnx.backend("numpy").fast, *args, geometry=geometry)
        np.testing.assert_allclose(found[0], expected, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("row", CONVOLUTIONS[1::4] + ROWS[-14::4], ids=lambda row: row.id)
def test_the_second_order_agrees_with_differences(row: Row) -> None:
    function, inputs = getattr(F, row.name), [draw(*shape) for shape in row.shapes]
    check_gradients(lambda *xs: function(*xs, *_arguments(row), **row.options), *inputs, order=2)


def test_single_precision_stays_single(lib: Any) -> None:
    x, w, b = (lib.asarray(draw(*shape), "float32") for shape in ((2, 2, 4, 4), (3, 2, 2, 2), (3,)))
    for function, args in (
        (F.conv2d, (x, w, b)),
        (F.conv_transpose2d, (x, lib.xp.permute_dims(w, (1, 0, 2, 3)), b)),
    ):
        out, pullback = nnx.vjp(function, *args)
        assert all(z.dtype == lib.xp.float32 for z in (out, *pullback(out)))


def test_complex_numbers_convolve() -> None:
    x, w = draw(1, 2, 4) + 1j * draw(1, 2, 4), draw(2, 2, 2) - 2j * draw(2, 2, 2)
    expected = sum(
        (sign * F.conv1d(a, b) for a, b, sign in (
            (x.real, w.real, 1), (x.imag, w.imag, -1), (x.real, w.imag, 1j), (x.imag, w.real, 1j),
        )),
        0,
    )  # fmt: skip
    np.testing.assert_allclose(F.conv1d(x, w), expected)
    check_gradients(F.conv1d, x, w, order=2)


X, W = draw(1, 2, 4, 4), draw(3, 2, 3, 3)
REFUSED = [
    ("conv2d", (X, W[0]), {}, "expected a weight with 4 axes"),
    ("conv2d", (X[0, 0], W), {}, "expected an input with 4 axes, or 3 for one image"),
    ("conv2d", (X[:, :1], W), {}, "expected 2 channels, got 1"),
    ("conv2d", (X[..., :2], W), {}, r"expected an input, padded, of at least \(3, 3\), got \(4, 2\)"),
    ("conv2d", (X, W, draw(1)), {}, r"expected a bias of shape \(3,\)"),
    ("conv2d", (X, W), {"stride": 0}, "expected a stride of 1 or 2 numbers of at least 1"),
    ("conv2d", (X, W), {"stride": (1, 1, 1)}, "expected a stride of 1 or 2 numbers"),
    ("conv2d", (X, W), {"padding": -1}, "expected a padding of 1 or 2 numbers of at least 0"),
    ("conv2d", (X, W), {"dilation": 0}, "expected a dilation"),
    ("conv2d", (X, W), {"groups": 2}, "expected a first axis of the weight that 2 groups divide"),
    ("conv2d", (X, W), {"groups": 3}, "expected 6 channels, got 2"),
    ("conv2d", (X, W), {"groups": 0}, "expected groups to be a whole number of at least 1, got 0"),
    ("conv2d", (X, W), {"padding": "full"}, 'expected a padding of "same", "valid" or numbers'),
    ("conv2d", (X, W), {"padding": "same", "stride": 2}, "expected a stride of 1 for the padding"),
    ("conv2d", (X, W[..., :0]), {}, "expected a kernel of at least 1"),
    ("conv2d", (X, W.astype("float32")), {}, "expected an input of the weight's dtype float32"),
    ("conv2d", (X, W, np.ones(3, np.float32)), {}, "expected a bias of dtype float64"),
    ("conv2d", (X, W), {"stride": 1.5}, "expected a stride of whole numbers"),
    ("conv_transpose2d", (X, W), {}, "expected 3 channels, got 2"),
    ("conv_transpose2d", (X, W[:2]), {"output_padding": 1}, "expected an output_padding below the stride"),
    ("conv_transpose2d", (X, W[:2]), {"padding": 3}, r"at least 1 along every axis, got \(0, 0\)"),
    ("conv_transpose2d", (X[..., :0], W[:2]), {}, "at least 1 along every axis"),
    ("conv_transpose2d", (X, W[:2]), {"padding": "same"}, "expected a padding of whole numbers"),
    ("unfold", (X[0, 0], 2), {}, "expected images"),
    ("unfold", (X, 5), {}, "expected images as large as a window"),
    ("unfold", (X, 2), {"padding": -1}, "expected a padding"),
    ("fold", (draw(1, 8, 8), (4, 4), 2), {}, r"expected columns of shape \(N, C \* 4, 9\)"),
    ("unfold", (X, (2,)), {}, "expected a kernel_size of a number or two"),
    ("fold", (draw(1, 8, 9), [4], 2), {}, "expected an output_size of a number or two"),
    ("fold", (draw(1, 7, 9), (4, 4), 2), {}, "expected columns of shape"),
    ("pad", (X, (1,)), {}, "expected a pair of numbers"),
    ("pad", (draw(3), (1, 1, 1, 1)), {}, "for each of at most 1 axes"),
    ("pad", (draw(3), (-4, 0)), {}, "expected to cut off no more than there is"),
    ("pad", (X, (1, 1)), {"mode": "reflect"}, "expected 2 numbers for 2 or 3 axes"),
    ("pad", (X, (4, 0, 0, 0)), {"mode": "reflect"}, r'expected at most 3 in the mode "reflect"'),
    ("pad", (X, (5, 0, 0, 0)), {"mode": "circular"}, "expected at most 4"),
    ("pad", (X[..., :0], (1, 0, 0, 0)), {"mode": "replicate"}, "expected no empty axis"),
    ("pad", (X[0, 0], (-4, 0)), {"mode": "replicate"}, "expected to leave something"),
    (
        "pad",
        (X[0] > 0, (1, 1)),
        {"mode": "reflect"},
        'expected numbers in the mode "reflect", got dtype bool',
    ),
    ("pad", (X, (1, 1)), {"mode": "zeros"}, "expected a mode of constant, reflect, replicate, circular"),
    ("pad", (X[0], (1, 1)), {"mode": "reflect", "value": 1.0}, "expected no value"),
    ("pad", (X, (1.0, 1.0)), {}, "expected a sequence of whole numbers"),
]


@pytest.mark.parametrize(("name", "args", "options", "message"), REFUSED)
def test_what_does_not_fit_is_refused(name: str, args: Any, options: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        getattr(F, name)(*args, **options)
    assert str(caught.value).startswith(f"{name}: ")
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in args]
    with pytest.raises((RuntimeError, ValueError, TypeError, IndexError)):
        getattr(torch.nn.functional, name)(*theirs, **options)


def test_a_memory_limit_is_a_number_of_bytes() -> None:
    with pytest.raises(ValueError, match="set_convolution_memory: expected a number of bytes, got 1.5"):
        F.set_convolution_memory(1.5)  # type: ignore[arg-type]
