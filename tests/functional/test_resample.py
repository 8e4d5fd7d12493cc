"""Resampling against PyTorch: values, gradients, second derivatives; Pillow-like filters; refusals. One row each."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.autodiff.primitive import Primitive
from nnx.functional._resample_plan import AxisMap, axis_map
from nnx.testing import check_gradients


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(shape)


LINE, IMAGE, VOLUME = draw(2, 3, 5), draw(2, 3, 5, 4), draw(1, 2, 3, 4, 5)


class Row(NamedTuple):
    mode: str
    x: Any
    options: dict[str, Any]


SIGNALS = [
    (LINE, {"size": 8}),
    (LINE, {"size": (3,)}),
    (LINE, {"scale_factor": 2}),
    (LINE, {"scale_factor": 0.7}),
]
IMAGES = [
    (IMAGE, {"size": (7, 3)}),
    (IMAGE, {"size": 1}),
    (IMAGE, {"scale_factor": (2.0, 0.5)}),
    (IMAGE, {"scale_factor": 1.3}),
    (IMAGE, {"scale_factor": [1.3, 2.6], "recompute_scale_factor": True}),
    (IMAGE, {"size": (5, 9)}),
    (draw(0, 3, 5, 4), {"size": 2}),
    (draw(2, 1, 1, 1), {"size": (12, 11)}),
]
VOLUMES = [
    (VOLUME, {"size": (4, 3, 9)}),
    (VOLUME, {"scale_factor": 1.5}),
    (VOLUME, {"scale_factor": (2, 0.5, 1), "recompute_scale_factor": True}),
]
CORNERS: list[dict[str, Any]] = [{}, {"align_corners": False}, {"align_corners": True}]
ROWS = [
    *[Row(mode, x, o) for mode in ("nearest", "nearest-exact", "area") for x, o in [*SIGNALS, *IMAGES, *VOLUMES]],
    *[Row("linear", x, o | c) for x, o in SIGNALS for c in CORNERS],
    *[Row(mode, x, o | c) for mode in ("bilinear", "bicubic") for x, o in IMAGES for c in CORNERS],
    *[Row("trilinear", x, o | c) for x, o in VOLUMES for c in CORNERS],
    *[
        Row(mode, x, o | c | {"antialias": True})
        for mode in ("bilinear", "bicubic")
        for x, o in [*IMAGES, (draw(1, 1, 23, 3), {"size": 2})]
        for c in CORNERS[1:]
    ],
    *[Row("lanczos", x, o | {"antialias": True}) for x, o in IMAGES],
]  # fmt: skip


def theirs(row: Row) -> Any:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    try:
        torch.nn.functional.interpolate(torch.ones(1, 1, 4, 4), size=2, mode="lanczos", antialias=True)
    except (NotImplementedError, ValueError):
        if row.mode == "lanczos":
            pytest.skip("this PyTorch has no lanczos")
    return lambda x: torch.nn.functional.interpolate(x, mode=row.mode, **row.options)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.mode}{row.x.shape}{row.options}")
def test_values_and_derivatives_are_those_of_torch(row: Row, agrees_with_torch: Any) -> None:
    other = theirs(row)
    agrees_with_torch(
        lambda x: F.interpolate(x, mode=row.mode, **row.options) ** 2, lambda x: other(x) ** 2, [row.x],
        second=bool(row.x.size),
    )  # fmt: skip


@pytest.mark.parametrize("row", ROWS[::3], ids=lambda row: f"{row.mode}{row.x.shape}{row.options}")
def test_in_single_precision(row: Row, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = row.x.astype("f4")
    out = F.interpolate(lib.asarray(x), mode=row.mode, **row.options)
    assert out.dtype == lib.xp.float32
    lib.assert_close(out, theirs(row)(torch.tensor(x)).numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_the_nearest_is_the_same_element_at_every_size(mode: str, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    sizes: list[dict[str, Any]] = [{"size": n} for n in (1, 2, 3, 7, 16, 47, 100)]
    for options in [*sizes, *[{"scale_factor": f} for f in (2, 0.5, 0.3, 1.2, 1 / 3, 3.7, 1.01)]]:
        for n in (1, 2, 3, 5, 10, 33, 101):
            x = np.arange(n, dtype=dtype)[None, None]
            if options.get("size") or int(n * options["scale_factor"]):
                expected = torch.nn.functional.interpolate(torch.tensor(x), mode=mode, **options).numpy()
                np.testing.assert_array_equal(
                    F.interpolate(x, mode=mode, **options), expected, f"{n} {options}"
                )


def test_every_map_back_is_the_transpose() -> None:
    def dense(taps: Any, n: int) -> np.ndarray:
        matrix = np.zeros((taps.size, n))
        places, weights, idle = taps.on(matrix)
        for k in range(taps.count):
            np.add.at(matrix, (np.arange(taps.size), places[k]), weights[k])
        assert taps.idle == idle.any()
        return matrix

    for mode in ("nearest", "linear", "cubic", "area"):
        for n, out in [(1, 5), (5, 1), (4, 9), (9, 4)]:
            plan = axis_map(mode, n, out)
            assert plan is not None
            np.testing.assert_array_equal(dense(plan.there, n).T, dense(plan.back, out))
            np.testing.assert_allclose(dense(plan.there, n).sum(axis=1), 1.0)


def test_what_is_broken_stays_in_its_neighbourhood(lib: Any) -> None:
    x = np.ones((1, 1, 9))
    x[0, 0, 4] = np.nan
    out = lib.to_numpy(F.interpolate(lib.asarray(x), 18, mode="linear"))
    assert np.flatnonzero(np.isnan(out[0, 0])).tolist() == [7, 8, 9, 10]
    _, pullback = nnx.vjp(lambda x: F.interpolate(x, 3), lib.asarray(np.ones((1, 1, 9))))
    (gradient,) = pullback(lib.asarray([[[np.nan, 1.0, 2.0]]]))
    lib.assert_equal(gradient, [[[np.nan, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0]]])


def test_the_nearest_of_integers_and_masks(lib: Any) -> None:
    lib.assert_equal(F.interpolate(lib.asarray([[[1, 2, 3]]]), 6), [[[1, 1, 2, 2, 3, 3]]])
    lib.assert_equal(F.interpolate(lib.asarray([[[True, False]]]), 4), [[[True, True, False, False]]])


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_derivatives_to_second_order(mode: str) -> None:
    check_gradients(lambda x: F.interpolate(x**2, (3, 7), mode=mode), IMAGE[:1, :1], order=2)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("how", ["nearest", "linear", "cubic", "area"])
def test_the_fast_version_is_the_one_in_standard_functions(how: str, axis: int, kind: str) -> None:
    own, xp = Primitive.registry["resample_axis"], nnx.backend("numpy").xp
    x = draw(260, 24, 18).astype(kind)
    for out in (48, 36, 17, 12):
        plan = axis_map(how, x.shape[axis], out)
        assert plan is not None
        for y, way in [(x, plan), (x[::2, ::-1].transpose(0, 1, 2), plan)]:
            expected, found = own.forward(xp, y, axis=axis, plan=way), own(y, axis=axis, plan=way)
            assert found.dtype == expected.dtype
            assert not np.shares_memory(found, x)
            np.testing.assert_allclose(found, expected, rtol=1e-5 if kind == "float32" else 1e-13, atol=1e-6)
            back = AxisMap(way.back, way.there)
            np.testing.assert_allclose(
                own(expected, axis=axis, plan=back),
                own.forward(xp, expected, axis=axis, plan=back),
                atol=1e-5,
            )


@pytest.mark.parametrize(
    ("kind", "message", "options"),
    [
        (ValueError, "a mode of nearest, nearest-exact", {"size": 2, "mode": "cubic"}),
        (ValueError, 'with 3 axes for "linear", got shape', {"size": 2, "mode": "linear"}),
        (ValueError, 'with 5 axes for "trilinear", got shape', {"size": 2, "mode": "trilinear"}),
        (ValueError, 'no align_corners in the mode "nearest"', {"size": 2, "align_corners": False}),
        (ValueError, "either size or scale_factor, got size=2 and", {"size": 2, "scale_factor": 2.0}),
        (ValueError, "either size or scale_factor, got size=None", {}),
        (ValueError, "1 or 2 numbers for size", {"size": (1, 2, 3)}),
        (ValueError, "1 or 2 numbers for scale_factor", {"scale_factor": (1.0,)}),
        (TypeError, "a size of whole numbers, got 2.0", {"size": 2.0}),
        (TypeError, "a size of whole numbers, got True", {"size": True}),
        (ValueError, "positive scale factors, got -1", {"scale_factor": -1}),
        (ValueError, r"sizes of at least 1, got \(0, 0\)", {"scale_factor": 0.1}),
        (ValueError, "no recompute_scale_factor with a size", {"size": 2, "recompute_scale_factor": True}),
        (ValueError, "bilinear, bicubic or lanczos for antialias", {"size": 2, "antialias": True}),
        (ValueError, "antialias, and not align_corners", {"size": 2, "mode": "lanczos"}),
    ],
)
def test_what_does_not_fit_is_refused(kind: type[Exception], message: str, options: dict[str, Any]) -> None:
    with pytest.raises(kind, match=f"interpolate: expected .*{message}"):
        F.interpolate(IMAGE, **options)


def test_input_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="with 3 or 4 or 5 axes"):
        F.interpolate(draw(2, 3), 2)
    with pytest.raises(ValueError, match="sizes of at least 1"):
        F.interpolate(draw(1, 0, 3, 3), 2, mode="bilinear")
    with pytest.raises(TypeError, match='floating-point numbers for "bilinear", got int64'):
        F.interpolate(np.ones((1, 1, 2, 2), int), 4, mode="bilinear")
