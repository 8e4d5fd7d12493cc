"""Polynomials by their coefficients, highest power first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, as_arrays, double, floating, is_complex, item, same_dtype, unavailable
from .linear_algebra import least_squares
from .products import convolution

__all__ = ["FUNCTIONS"]


def _plain(p: Any) -> Any:
    """The coefficients of a ``poly1d``."""
    return p.coeffs if hasattr(p, "coeffs") else p


def _coefficients(xp: Any, p: Any) -> Any:
    p = as_array(xp, _plain(p))
    return xp.reshape(p, (1,)) if p.ndim == 0 else p


def _vander(xp: Any, x: Any, N: Any = None, increasing: bool = False) -> Any:
    x = double(xp, x)
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    n = x.shape[0] if N is None else int(N)
    columns = [xp.ones_like(x)]
    for _ in range(n - 1):
        columns.append(columns[-1] * x)
    columns = columns[:n]
    if not columns:
        return xp.zeros((x.shape[0], 0), dtype=x.dtype, device=x.device)
    return xp.stack(columns if increasing else columns[::-1], axis=1)


def _polyval(xp: Any, p: Any, x: Any) -> Any:
    if hasattr(x, "coeffs"):
        raise unavailable("np.polyval of a poly1d at a poly1d")
    p, x = same_dtype(xp, as_arrays(xp, (_plain(p), x)))
    p = _coefficients(xp, p)
    y = xp.zeros_like(x)
    for i in range(p.shape[0]):
        y = y * x + p[i]
    return y


def _aligned(xp: Any, a1: Any, a2: Any) -> tuple[Any, Any]:
    a1, a2 = (_coefficients(xp, a) for a in as_arrays(xp, (_plain(a1), _plain(a2))))
    n = max(a1.shape[0], a2.shape[0])

    def pad(a: Any) -> Any:
        zeros = xp.zeros((n - a.shape[0],), dtype=a.dtype, device=a.device)
        return xp.concat([zeros, a]) if a.shape[0] < n else a

    return pad(a1), pad(a2)


def _polyadd(xp: Any, a1: Any, a2: Any) -> Any:
    a, b = _aligned(xp, a1, a2)
    return a + b


def _polysub(xp: Any, a1: Any, a2: Any) -> Any:
    a, b = _aligned(xp, a1, a2)
    return a - b


def _polymul(xp: Any, a1: Any, a2: Any) -> Any:
    return convolution(xp, _plain(a1), _plain(a2), "full", False)


def _polydiv(xp: Any, u: Any, v: Any) -> Any:
    u, v = as_arrays(xp, (_plain(u), _plain(v)))
    u, v = same_dtype(xp, [_coefficients(xp, u) + 0.0, _coefficients(xp, v) + 0.0])
    m, n = u.shape[0] - 1, v.shape[0] - 1
    rest, quotient = u, []
    for k in range(max(m - n + 1, 1) if m >= n else 0):
        q = rest[k] * (1 / v[0])
        quotient.append(q)
        ahead = rest[k : k + n + 1] - q * v
        rest = xp.concat([rest[:k], ahead, rest[k + n + 1 :]])
    q = xp.stack(quotient) if quotient else xp.zeros((1,), dtype=u.dtype, device=u.device)
    start = 0
    while start < rest.shape[0] - 1 and abs(item(_value(rest[start]))) <= 1e-8:
        start += 1
    return q, rest[min(start, rest.shape[0] - 1) :]


def _value(x: Any) -> Any:
    return x._library.raw(x)


def _polyder(xp: Any, p: Any, m: int = 1) -> Any:
    p = _coefficients(xp, p)
    p = double(xp, p) if m else p
    for _ in range(int(m)):
        n = p.shape[0] - 1
        p = p[:-1] * xp.astype(xp.arange(n, 0, -1, device=p.device), p.dtype)
    return p


def _polyint(xp: Any, p: Any, m: int = 1, k: Any = None) -> Any:
    p = _coefficients(xp, p) + 0.0
    if not m:
        return p
    p, constants = double(xp, p), double(xp, as_array(xp, 0.0 if k is None else k, p))
    constants = xp.reshape(constants, (-1,))
    if constants.shape[0] == 1 and m > 1:
        constants = xp.tile(constants, (m,))
    for i in range(int(m)):
        n = p.shape[0]
        divided = p / xp.astype(xp.arange(n, 0, -1, device=p.device), p.dtype)
        p = xp.concat(same_dtype(xp, [divided, constants[i : i + 1]]))
    return p


def _poly(xp: Any, seq_of_zeros: Any) -> Any:
    zeros = floating(xp, seq_of_zeros)
    if zeros.ndim == 2:
        zeros = xp.linalg.eigvals(zeros)
    if zeros.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    a = xp.ones((1,), dtype=zeros.dtype, device=zeros.device)
    for i in range(zeros.shape[0]):
        pair = xp.stack([xp.ones_like(zeros[i]), -zeros[i]])
        a = convolution(xp, a, pair, "full", False)
    if is_complex(xp, a):
        roots, conjugates = (sorted(_pairs(z)) for z in (zeros, xp.conj(zeros)))
        if roots == conjugates:  # closed under conjugation: a real polynomial
            return xp.real(a)
    return a


def _pairs(z: Any) -> list[tuple[float, float]]:
    raw = z._library.raw(z)
    return [(complex(raw[i]).real, complex(raw[i]).imag) for i in range(raw.shape[0])]


def _roots(xp: Any, p: Any) -> Any:
    p = floating(xp, _coefficients(xp, p))
    if p.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    (kept,) = xp.nonzero(p != 0)
    if not kept.size:
        return xp.zeros((0,), dtype=p.dtype, device=p.device)
    first, last = int(item(kept[0])), int(item(kept[-1]))
    trailing = p.shape[0] - last - 1
    p = p[first : last + 1]
    n = p.shape[0]
    if n < 2:
        return xp.zeros((trailing,), dtype=p.dtype, device=p.device)
    top = -p[1:][None, :] / p[0]
    companion = xp.concat([top, xp.eye(n - 2, n - 1, dtype=p.dtype, device=p.device)])
    from .linear_algebra import FUNCTIONS as LINEAR

    found = LINEAR["linalg.eigvals"](xp, companion)
    return (
        xp.concat([found, xp.zeros((trailing,), dtype=found.dtype, device=p.device)]) if trailing else found
    )


def _polyfit(
    xp: Any, x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    if full or cov or not isinstance(deg, int):
        raise unavailable("np.polyfit with full=, cov= or an array of degrees")
    x, y = (floating(xp, v) for v in as_arrays(xp, (x, y)))
    if x.ndim != 1 or y.ndim not in (1, 2) or x.shape[0] != y.shape[0] or not x.shape[0]:
        raise TypeError("np.polyfit: expected a vector x, and y of the same length in one or two dimensions")
    rcond = x.shape[0] * float(xp.finfo(x.dtype).eps) if rcond is None else rcond
    lhs, y = _vander(xp, x, deg + 1), double(xp, y)
    if w is not None:
        w = as_array(xp, w, x)
        lhs, y = lhs * w[:, None], y * (w[:, None] if y.ndim == 2 else w)
    scale = xp.sqrt(xp.sum(lhs * lhs, axis=0))
    c = least_squares(xp, lhs / scale, y, rcond).x
    return c / (scale[:, None] if y.ndim == 2 else scale)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "poly": _poly,
    "polyadd": _polyadd,
    "polyder": _polyder,
    "polydiv": _polydiv,
    "polyfit": _polyfit,
    "polyint": _polyint,
    "polymul": _polymul,
    "polysub": _polysub,
    "polyval": _polyval,
    "roots": _roots,
    "vander": _vander,
}
