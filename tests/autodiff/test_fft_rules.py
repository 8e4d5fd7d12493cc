"""Derivatives of the Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnx

from .differences import LIBRARIES, Library, check

pytestmark = pytest.mark.parametrize("library", LIBRARIES, ids=repr)

NORMS = ["backward", "ortho", "forward"]


def data(shape: tuple[int, ...], kind: str) -> Any:
    rng = np.random.default_rng(5)
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if kind == "complex" else x


ONE = {
    "fft": "complex",
    "ifft": "complex",
    "rfft": "real",
    "irfft": "complex",
    "hfft": "complex",
    "ihfft": "real",
}
SEVERAL = {"fftn": "complex", "ifftn": "complex", "rfftn": "real", "irfftn": "complex"}


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("n", [None, 1, 4, 5, 6, 9, 10])
@pytest.mark.parametrize("length", [5, 6])
def test_one_axis_lengths(library: Library, name: str, n: int | None, length: int) -> None:
    check(library, lambda xp, x: getattr(xp.fft, name)(x, n=n), data((2, length), ONE[name]))


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("axis", [0, 1, -2])
def test_one_axis_norms(library: Library, name: str, norm: str, axis: int) -> None:
    check(library, lambda xp, x: getattr(xp.fft, name)(x, axis=axis, norm=norm), data((4, 5, 2), ONE[name]))


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    "where",
    [
        {},
        {"axes": (0,)},
        {"axes": (2, 0)},
        {"axes": (-1, -2)},
        {"s": (3, 6), "axes": (0, 1)},
        {"s": (5, 2), "axes": (1, 2)},
        {"s": (2, 5, 6), "axes": (0, 1, 2)},
    ],
    ids=str,
)
def test_several_axes(library: Library, name: str, norm: str, where: dict[str, Any]) -> None:
    check(library, lambda xp, x: getattr(xp.fft, name)(x, norm=norm, **where), data((3, 4, 5), SEVERAL[name]))


@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
@pytest.mark.parametrize("axes", [None, 0, (1,), (0, -1)])
@pytest.mark.parametrize("kind", ["real", "complex"])
def test_shifts(library: Library, name: str, axes: Any, kind: str) -> None:
    check(library, lambda xp, x: getattr(xp.fft, name)(x, axes=axes), data((3, 4), kind))


@pytest.mark.parametrize("name", [*ONE, *SEVERAL])
def test_empty_batch(library: Library, name: str) -> None:
    kind = (ONE | SEVERAL)[name]
    where = {"axes": (1,)} if name in SEVERAL else {"axis": 1}
    check(library, lambda xp, x: getattr(xp.fft, name)(x, **where), data((0, 4), kind))


@pytest.mark.parametrize("name", [*ONE, *SEVERAL, "fftshift", "ifftshift"])
def test_single_precision_stays(library: Library, name: str) -> None:
    kind = (ONE | SEVERAL).get(name, "complex")
    x = library.array(data((4, 6), kind).astype(np.complex64 if kind == "complex" else np.float32))

    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(xp.abs(getattr(xp.fft, name)(x)))

    g = nnx.grad(loss)(x)
    assert g.dtype == x.dtype
    assert g.device == x.device


def test_frequencies_have_no_derivative(library: Library) -> None:
    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(
            x * xp.fft.fftfreq(4, device=library.device) * xp.fft.rfftfreq(6, device=library.device)
        )

    g = nnx.grad(loss)(library.array(np.ones(4)))
    np.testing.assert_allclose(library.numpy(g), np.fft.fftfreq(4) * np.fft.rfftfreq(6))


@pytest.mark.parametrize("name", [*ONE, *SEVERAL])
@pytest.mark.parametrize("norm", NORMS)
def test_agrees_with_torch(library: Library, name: str, norm: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = data((4, 6), (ONE | SEVERAL)[name])
    t = torch.tensor(x, requires_grad=True)
    out = getattr(torch.fft, name)(t, norm=norm)
    weight = data(tuple(out.shape), "complex" if out.is_complex() else "real")
    torch.sum(torch.real(out * torch.tensor(weight))).backward()

    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        y = getattr(xp.fft, name)(x, norm=norm) * xp.asarray(library.array(weight))
        return xp.sum(xp.real(y) if np.iscomplexobj(weight) else y)

    got = library.numpy(nnx.grad(loss)(library.array(x)))
    np.testing.assert_allclose(got, t.grad.conj().resolve_conj().numpy(), rtol=1e-10, atol=1e-12)
