"""Sample calls of the standard's linear algebra and Fourier transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .standard import Row, grid, normal, unit, values

__all__ = ["ROWS"]


def conj(xp: Any, x: Any) -> Any:
    return xp.conj(x) if xp.isdtype(x.dtype, "complex floating") else x


def hermitian(xp: Any, x: Any) -> Any:
    """A Hermitian matrix of any square one."""
    return (x + conj(xp, x).mT) / 2


def definite(xp: Any, x: Any) -> Any:
    """A positive definite matrix of any square one."""
    return xp.matmul(x, conj(xp, x).mT) + xp.eye(x.shape[-1], dtype=x.dtype, device=x.device)


def _eigh(xp: Any, x: Any) -> Any:
    """What does not depend on the phases of the eigenvectors."""
    w, v = xp.linalg.eigh(hermitian(xp, x))
    return w, v * conj(xp, v[..., :1, :])


def _eigh_function(xp: Any, x: Any) -> Any:
    """A function of a matrix, through its eigenvalues."""
    w, v = xp.linalg.eigh(hermitian(xp, x))
    return xp.matmul(v * xp.exp(w)[..., None, :], conj(xp, v).mT)


def _eigh_values(xp: Any, x: Any) -> Any:
    """What depends on the values alone, where two are equal."""
    w, _ = xp.linalg.eigh(hermitian(xp, x))
    return xp.sum(xp.exp(w)), w[2] ** 2


def _svd(xp: Any, x: Any, **options: Any) -> Any:
    """What does not depend on the phases of the singular vectors."""
    u, s, vh = xp.linalg.svd(x, **options)
    k = s.shape[-1]
    u, vh = u[..., :, :k], vh[..., :k, :]
    return s, u * conj(xp, u[..., :1, :]), xp.matmul(u * s[..., None, :] ** 2, vh)


def _qr(**options: Any) -> Callable[..., Any]:
    def call(xp: Any, x: Any) -> Any:
        q, r = xp.linalg.qr(x, **options)
        k = min(x.shape[-2:])
        return xp.matmul(q[..., :, :k], conj(xp, q[..., :, :k]).mT[..., :, :]), r[..., :k, :] ** 2

    return call


def _qr_real(**options: Any) -> Callable[..., Any]:
    def call(xp: Any, x: Any) -> Any:
        q, r = xp.linalg.qr(x, **options)
        k = min(x.shape[-2:])
        return q[..., :, :k], r

    return call


SINGULAR = values([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])


PRODUCTS = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3,)),
    ((5, 1, 2, 3), (4, 3, 2)),
    ((2, 0), (0, 3)),
    ((0, 3), (3, 2)),
]


def _linalg() -> list[Row]:
    square, stack = normal(3, 3), normal(2, 3, 3)
    rows: list[Row] = []
    for prefix in ("", "linalg."):
        for x, y in PRODUCTS:
            rows += [Row(f"{prefix}matmul", (normal(*x), normal(*y)))]
        rows += grid(f"{prefix}tensordot", (normal(2, 3, 4), normal(4, 3, 2)), {"axes": 1}, {"axes": 0},
                     {"axes": ((2, 1), (0, 1))}, {"axes": ((0, -1), (-1, 0))})  # fmt: skip
        rows += grid(f"{prefix}tensordot", (normal(2, 3, 4), normal(3, 4, 2)), {})
        rows += grid(f"{prefix}vecdot", (normal(2, 3), normal(2, 3)), {}, {"axis": -2})
        rows += grid(f"{prefix}vecdot", (normal(3), normal(2, 4, 3)))
        rows += grid(f"{prefix}vecdot", (normal(2, 0), normal(2, 0)))
    rows += [
        Row("linalg.cholesky", (stack,), call=lambda xp, x: xp.linalg.cholesky(definite(xp, x))),
        Row("linalg.cholesky", (square,), call=lambda xp, x: xp.linalg.cholesky(definite(xp, x), upper=True)),
        *grid("linalg.cross", (normal(2, 3), normal(2, 3))),
        *grid("linalg.cross", (normal(3, 2), normal(3, 2)), {"axis": -2}),
        *grid("linalg.cross", (normal(3), normal(2, 3))),
        Row("linalg.det", (stack,)),
        Row("linalg.det", (normal(1, 1),)),
        Row("linalg.det", (normal(2, 2),)),
        Row("linalg.det", (normal(4, 4),)),
        Row("linalg.det", (normal(2, 0, 0),)),
        Row("linalg.det", (SINGULAR,), narrow=False, note="rank 2"),
        Row("linalg.det", (values(np.ones((3, 3))),), narrow=False, note="rank 1"),
        Row("linalg.det", (values(np.diag([1.0, 2.0, 0.0, 3.0])),), narrow=False, note="rank 3 of 4"),
        Row("linalg.det", (values(np.diag([1.0, 2.0, 0.0, 0.0])),), narrow=False, note="rank 2 of 4"),
        Row("linalg.eigh", (stack,), call=_eigh),
        Row("linalg.eigh", (square,), call=_eigh_function),
        Row("linalg.eigh", (values(np.diag([1.0, 1.0, 3.0])),), call=_eigh_values, order=1, note="equal eigenvalues"),
        Row("linalg.eigh", (square,), call=lambda xp, x: xp.linalg.eigh(hermitian(xp, x)).eigenvalues, note="values"),
        Row("linalg.eigvalsh", (stack,), call=lambda xp, x: xp.linalg.eigvalsh(hermitian(xp, x))),
        Row("linalg.inv", (stack,)),
        Row("linalg.inv", (normal(0, 2, 2),)),
        *grid("linalg.matrix_norm", (normal(2, 3, 4),), {}, *({"ord": o} for o in (1, -1, 2, -2, "nuc", "fro")),
              {"ord": float("inf"), "keepdims": True}, {"ord": -float("inf")}, {"keepdims": True}),
        *(Row("linalg.matrix_power", (unit(2, 3, 3), n)) for n in (0, 1, 2, 3, 5, -1, -2)),
        Row("linalg.outer", (normal(3), normal(2))),
        Row("linalg.pinv", (normal(2, 3, 4),)),
        Row("linalg.pinv", (normal(4, 2),), {"rtol": 1e-9}),
        *(Row("linalg.qr", (normal(*s),), kinds="f", call=_qr_real()) for s in ((3, 3), (4, 2), (2, 2, 4))),
        *(Row("linalg.qr", (normal(*s),), kinds="c", call=_qr()) for s in ((3, 3), (4, 2), (2, 4))),
        Row("linalg.qr", (normal(4, 2),), call=_qr(mode="complete")),
        Row("linalg.slogdet", (stack,)),
        Row("linalg.slogdet", (stack,), call=lambda xp, x: xp.linalg.slogdet(x).logabsdet),
        Row("linalg.solve", (square, normal(3))),
        Row("linalg.solve", (stack, normal(2, 3, 2))),
        Row("linalg.solve", (square, normal(4, 3, 2))),
        Row("linalg.solve", (normal(4, 3, 3), normal(3, 2))),
        *(Row("linalg.svd", (normal(*s),), call=lambda xp, x: _svd(xp, x, full_matrices=False))
          for s in ((3, 3), (4, 2), (2, 2, 3))),
        *(Row("linalg.svd", (normal(*s),), call=_svd) for s in ((3, 3), (4, 2), (2, 3))),
        Row("linalg.svd", (normal(3, 2),), call=lambda xp, x: xp.linalg.svd(x, full_matrices=False).S, note="values"),
        *(Row("linalg.svdvals", (normal(*s),)) for s in ((3, 3), (4, 2), (2, 2, 3))),
        *grid("linalg.trace", (normal(2, 3, 4),), {}, {"offset": 1}, {"offset": -2}),
        Row("linalg.trace", (normal(3, 3),), {"dtype": "float64"}, kinds="f"),
        *grid("linalg.vector_norm", (normal(2, 3, 2),), {}, {"axis": 0}, {"axis": (0, -1)}, {"keepdims": True},
              *({"ord": o, "axis": 1} for o in (1, 2, 3, 0.5, -1, -2, 2.5)),
              {"ord": float("inf"), "axis": 1, "keepdims": True}, {"ord": -float("inf")}, {"ord": 0}),
        Row("linalg.vector_norm", (normal(0, 2),), {"axis": 1}),
    ]  # fmt: skip
    return rows


def _fft() -> list[Row]:
    rows: list[Row] = []
    norms = [{"norm": n} for n in ("backward", "ortho", "forward")]
    for name, kinds in (
        ("fft", "c"),
        ("ifft", "c"),
        ("rfft", "f"),
        ("irfft", "c"),
        ("hfft", "c"),
        ("ihfft", "f"),
    ):
        rows += grid(f"fft.{name}", (normal(3, 5),), {}, *norms[1:], {"n": 4}, {"n": 7, "axis": 0}, {"n": 1},
                     kinds=kinds)  # fmt: skip
    for name, kinds in (("fftn", "c"), ("ifftn", "c"), ("rfftn", "f"), ("irfftn", "c")):
        rows += grid(f"fft.{name}", (normal(2, 3, 4),), {}, *norms[1:], {"axes": (0, -1)},
                     {"s": (3, 5), "axes": (1, 2)}, kinds=kinds)  # fmt: skip
    for name in ("fftshift", "ifftshift"):
        rows += grid(f"fft.{name}", (normal(3, 4),), {}, {"axes": 0}, {"axes": (0, -1)})
    return rows


ROWS = [*_linalg(), *_fft()]
