"""Grid sampling against PyTorch: values and gradients; second derivatives by differences, which PyTorch lacks."""

import itertools
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.autodiff.primitive import Primitive
from nnx.functional._weighted_rows import weighted_rows
from nnx.testing import check_gradients

MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")


def draw(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


class Row(NamedTuple):
    shape: tuple[int, ...]
    out: tuple[int, ...]
    mode: str
    padding: str
    align_corners: bool | None

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """An input, and a grid that reaches outside and holds the edges, the corners and the middle."""
        grid = 1.7 * draw(self.shape[0], *self.out, len(self.out), seed=2)
        special = [-1.0, 1.0, 1.0, -1.0, 0.0, 0.0, 0.5, -0.5]
        grid.ravel()[: len(special)] = special[: grid.size]
        return draw(*self.shape), grid


SHAPES = [
    ((2, 3, 5, 4), (3, 4)),
    ((1, 1, 1, 4), (2, 3)),
    ((1, 2, 3, 5, 4), (2, 2, 3)),
    ((0, 2, 3, 3), (2, 2)),
]
ROWS = [
    Row(shape, out, mode, padding, align_corners)
    for (shape, out), mode, padding, align_corners in itertools.product(SHAPES, MODES, PADDINGS, (True, None))
    if not (mode == "bicubic" and len(out) == 3)
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.filterwarnings("ignore:Default grid_sample")
def test_values_and_gradients_are_those_of_torch(row: Row, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x, grid = row.arrays()
    args = (row.mode, row.padding, row.align_corners)
    agrees_with_torch(
        lambda x, g: F.grid_sample(x, g, *args) ** 2,
        lambda x, g: torch.nn.functional.grid_sample(x, g, *args) ** 2,
        [x, grid],
        second=False,
    )


@pytest.mark.parametrize("row", [row for row in ROWS if row.shape[0] == 1], ids=str)
def test_derivatives_to_second_order(row: Row) -> None:
    x = draw(*row.shape)
    size = np.asarray(row.shape[:1:-1])
    grid = draw(row.shape[0], *row.out, len(row.out), seed=3) * 1.3
    places = (grid + 1) * size / 2  # away from where the slope jumps
    grid = (np.round(places * 2) / 2 + 0.2) * 2 / size - 1
    check_gradients(lambda x, g: F.grid_sample(x, g, row.mode, row.padding, False) ** 2, x, grid, order=2)


def test_weighted_rows_are_their_formula(lib: Any) -> None:
    rows, weight, index = draw(5, 2), draw(3, 4), np.array([[0, 4, 2, 2], [1, 1, 0, 3], [4, 4, 4, 0]])
    out = weighted_rows(lib.asarray(rows), lib.asarray(index), lib.asarray(weight))
    lib.assert_close(out, (rows[index] * weight[..., None]).sum(axis=0), rtol=1e-12)
    cube = lambda r, w: weighted_rows(r, nnx.lift(index), w) ** 3  # noqa: E731
    check_gradients(cube, rows, weight, order=2)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("columns", [0, 1, 3, 7, 9])
@pytest.mark.parametrize("name", ["weighted_rows", "weighted_rows_back", "row_products"])
def test_the_fast_version_is_the_one_in_standard_functions(name: str, columns: int, kind: str) -> None:
    own, xp = Primitive.registry[name], nnx.backend("numpy").xp
    rows, weight, g = draw(11, columns).astype(kind), draw(3, 20).astype(kind), draw(20, columns).astype(kind)
    index = np.random.default_rng(0).integers(0, 11, (3, 20))
    for taken in (index, index[:, :0]):
        n = taken.shape[1]
        args = {
            "weighted_rows": (weight[:, :n],),
            "weighted_rows_back": (weight[:, :n], g[:n]),
            "row_products": (g[:n],),
        }
        expected, found = own.forward(xp, rows, taken, *args[name]), own(rows, taken, *args[name])
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-4 if kind == "float32" else 1e-12, atol=1e-5)


def test_what_is_outside_is_zero_whatever_the_border_holds(lib: Any) -> None:
    x = lib.asarray([[[[np.nan, 1.0, np.inf]]]])
    grid = lib.asarray([[[[-5.0, 0.0], [5.0, 0.0], [0.0, 9.0]]]])
    for mode in MODES:
        lib.assert_equal(F.grid_sample(x, grid, mode), [[[[0.0, 0.0, 0.0]]]])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", PADDINGS)
def test_a_grid_that_is_not_finite_is_safe(mode: str, padding: str, lib: Any) -> None:
    """PyTorch's documentation says that NaN is -1; its own results depend on the machine."""
    x, bad = draw(1, 2, 3, 4), np.zeros((1, 1, 5, 2))
    bad[0, 0, :, 0] = [np.nan, np.inf, -np.inf, 1e30, -1e30]
    good = np.zeros((1, 1, 2, 2))
    good[0, 0, :, 0] = [-1.0, -1.0]
    out = lib.to_numpy(F.grid_sample(lib.asarray(x), lib.asarray(bad), mode, padding))
    expected = lib.to_numpy(F.grid_sample(lib.asarray(x), lib.asarray(good), mode, padding))
    np.testing.assert_allclose(out[..., 0], expected[..., 0])
    if padding == "zeros":
        np.testing.assert_array_equal(out[..., 1:], 0.0)
    assert np.isfinite(out).all()
    slope = nnx.grad(lambda g: nnx.array_namespace(g).sum(F.grid_sample(lib.asarray(x), g, mode, padding)))
    assert np.isfinite(lib.to_numpy(slope(lib.asarray(bad)))).all()


GRIDS = [(2, 3, 4, 5), (1, 1, 1, 3), (2, 1, 2, 3, 4), (1, 2, 1, 2, 1)]


@pytest.mark.parametrize("size", GRIDS, ids=str)
@pytest.mark.parametrize("align_corners", [True, False, None])
@pytest.mark.filterwarnings("ignore:Default grid_sample")
@pytest.mark.filterwarnings("ignore:Since version 1.3.0")
def test_affine_grid_is_that_of_torch(size: Any, align_corners: bool | None, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theta = draw(size[0], len(size) - 2, len(size) - 1)
    agrees_with_torch(
        lambda t: F.affine_grid(t, size, align_corners) ** 2,
        lambda t: torch.nn.functional.affine_grid(t, list(size), align_corners) ** 2,
        [theta],
    )


def test_the_identity_leaves_an_image_as_it_is(lib: Any) -> None:
    x, theta = lib.asarray(draw(1, 2, 3, 4)), lib.asarray(np.eye(2, 3)[None])
    for align_corners, mode in itertools.product((True, False), MODES):
        grid = F.affine_grid(theta, x.shape, align_corners)
        out = F.grid_sample(x, grid, mode, align_corners=align_corners)
        lib.assert_close(out, lib.to_numpy(x), rtol=1e-12, atol=1e-12)


IMAGE, GRID = np.ones((1, 2, 3, 3)), np.zeros((1, 2, 2, 2))


@pytest.mark.parametrize(
    ("x", "grid", "options", "kind", "message"),
    [
        (IMAGE, GRID, {"mode": "linear"}, ValueError, "a mode of bilinear, nearest, bicubic, got 'linear'"),
        (IMAGE, GRID, {"padding_mode": "wrap"}, ValueError, "a padding_mode of zeros, border, reflection, got"),
        (IMAGE[0], GRID[0], {}, ValueError, "both with 4 or 5 axes, got input"),
        (IMAGE, GRID[0], {}, ValueError, "both with 4 or 5 axes, got input"),
        (IMAGE[..., None], np.zeros((1, 2, 2, 2, 3)), {"mode": "bicubic"}, ValueError, 'with 4 axes for "bicubic"'),
        (IMAGE, np.zeros((2, 2, 2, 2)), {}, ValueError, "batches of the same size"),
        (IMAGE, np.zeros((1, 2, 2, 3)), {}, ValueError, "a grid whose last axis is 2"),
        (IMAGE[:, :, :0], GRID, {}, ValueError, "an input with no empty axis of positions"),
        (IMAGE, GRID.astype("f4"), {}, TypeError, "of one dtype, got float64 and float32"),
        (IMAGE.astype(int), GRID.astype(int), {}, TypeError, "floating-point input and grid"),
    ],
)  # fmt: skip
def test_what_grid_sample_refuses(x: Any, grid: Any, options: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=f"grid_sample: expected .*{message}"):
        F.grid_sample(x, grid, **options)


@pytest.mark.parametrize(
    ("theta", "size", "kind", "message"),
    [
        (np.ones((2, 2, 3)), (2, 3, 0, 4), ValueError, "numbers of at least 1, got"),
        (np.ones((2, 2, 3)), (2, 3, 4), ValueError, "a size of 4 or 5 numbers, got"),
        (np.ones((2, 2, 3)), (3, 3, 4, 4), ValueError, r"theta of shape \(3, 2, 3\)"),
        (np.ones((2, 3, 4)), (2, 3, 4, 4), ValueError, r"theta of shape \(2, 2, 3\)"),
        (np.ones((2, 2, 3), int), (2, 3, 4, 4), TypeError, "a floating-point theta, got int64"),
        (np.ones((2, 2, 3)), (2, 3, 4.0, 4), TypeError, "a size of whole numbers"),
    ],
)
def test_what_affine_grid_refuses(theta: Any, size: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=f"affine_grid: expected .*{message}"):
        F.affine_grid(theta, size)
