"""Rows for scipy.fft."""

from __future__ import annotations

import scipy.fft as fft

from .base import Table, normal

CASES = Table()
add = CASES.add

CASES.add_each(
    "fft", fft, ("fft", "ifft", "rfft", "ihfft"), lambda f, xp, x: f(x, norm="ortho"), normal(2, 5)
)
CASES.add_each(
    "fft",
    fft,
    ("fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn", "ihfft2", "ihfftn"),
    lambda f, xp, x: f(x),
    normal(3, 4),
)
CASES.add_each(
    "fft",
    fft,
    ("irfft", "hfft", "irfft2", "irfftn", "hfft2", "hfftn"),
    lambda f, xp, x, y: f(xp.astype(x, xp.complex128) + y * 1j),
    normal(3, 4),
    normal(3, 4, seed=1),
)
add("fft.fftshift", lambda xp, x: fft.fftshift(x), normal(2, 5))
add("fft.ifftshift", lambda xp, x: fft.ifftshift(x), normal(2, 5))
add("fft.fht", lambda xp, x: fft.fht(x, 0.1, 0.3), normal(6))
add("fft.ifht", lambda xp, x: fft.ifht(x, 0.1, 0.3), normal(6))
CASES.add_each(
    "fft",
    fft,
    ("dct", "idct", "dst", "idst", "dctn", "idctn", "dstn", "idstn"),
    lambda f, xp, x: f(x),
    normal(2, 4),
)

# Lengths, axes, norms, complex input.
CASES.add_each(
    "fft",
    fft,
    ["fft(n)", "ifft(n)", "rfft(n)", "ihfft(n)"],
    lambda f, xp, x: f(x, 7, axis=0, norm="forward"),
    normal(5, 2),
)
CASES.add_each(
    "fft", fft, ["irfft(n)", "hfft(n)"], lambda f, xp, x: f(x + 0.5j * x**2, 7, axis=0), normal(5, 2)
)
CASES.add_each(
    "fft",
    fft,
    ["fftn(s)", "ifftn(s)", "rfftn(s)"],
    lambda f, xp, x: f(x, s=(3, 6), axes=(2, 0)),
    normal(4, 2, 3),
)
CASES.add_each(
    "fft", fft, ["irfftn(s)"], lambda f, xp, x: f(x + 0.5j * x**2, s=(3, 6), axes=(2, 0)), normal(4, 2, 3)
)
CASES.add_each(
    "fft",
    fft,
    ["fft(complex)", "ifft(complex)", "fftn(complex)"],
    lambda f, xp, x: f(x + 0.5j * x**2),
    normal(2, 5),
)
CASES.add_each("fft", fft, ["fftshift(axes)", "ifftshift(axes)"], lambda f, xp, x: f(x, axes=0), normal(3, 2))
add("fft.fht(bias)", lambda xp, x: fft.fht(x, 0.1, 0.3, offset=0.2, bias=0.4), normal(2, 6))
add(
    "fft.ifft(round trip)",
    lambda xp, x: xp.imag(fft.ifft(fft.fft(x) * fft.fftfreq(5, xp=xp, device=x.device))),
    normal(5),
)
