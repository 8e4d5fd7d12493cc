"""Rows for scipy.signal."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal as signal

from .base import Array, Fixed, Table, normal, real, scalar, spread

CASES = Table()
add = CASES.add

V6 = normal(6, seed=30)
K3 = normal(3, seed=31)
W12 = normal(12, seed=32)
I45 = normal(4, 5, seed=33)
K22 = normal(2, 2, seed=34)
POLES = real(-0.5, -1.2, -2.0)
ZEROS = real(-0.3, 0.7)
A2 = real(0.3, 0.1)


def section(xp: Any, b: Array, a: Array) -> Array:
    """A second-order section of a filter, whose leading denominator must be one."""
    return xp.concat([b, xp.ones_like(a[:1]), a])[None, :]


add("signal.convolve", lambda xp, x, k: signal.convolve(x, k), V6, K3)
add("signal.convolve(direct)", lambda xp, x, k: signal.convolve(x, k, method="direct"), V6, K3)
add("signal.correlate", lambda xp, x, k: signal.correlate(x, k, method="fft"), V6, K3)
add("signal.convolve2d", lambda xp, x, k: signal.convolve2d(x, k), I45, K22)
add("signal.correlate2d", lambda xp, x, k: signal.correlate2d(x, k), I45, K22)
add("signal.fftconvolve", lambda xp, x, k: signal.fftconvolve(x, k, mode="same"), V6, K3)
add("signal.oaconvolve", lambda xp, x, k: signal.oaconvolve(x, k), normal(40), K3)
add("signal.hilbert", lambda xp, x: signal.hilbert(x), V6)
add("signal.hilbert2", lambda xp, x: signal.hilbert2(x), I45)
add("signal.envelope", lambda xp, x: signal.envelope(x, bp_in=(1, 4)), W12)
add("signal.detrend", lambda xp, x: signal.detrend(x), V6)
add("signal.detrend(constant)", lambda xp, x: signal.detrend(x, axis=0, type="constant"), I45)
add("signal.resample", lambda xp, x: signal.resample(x, 9), V6)
add("signal.resample_poly", lambda xp, x: signal.resample_poly(x, 3, 2), V6)
add("signal.upfirdn", lambda xp, h, x: signal.upfirdn(h, x, 2, 1), K3, V6)
add("signal.lfilter", lambda xp, b, a, x: signal.lfilter(b, a, x), K3, real(1.0, 0.3), V6)
add(
    "signal.filtfilt",
    lambda xp, b, a, x: signal.filtfilt(b, a, x),
    Fixed(real(0.5, 0.5)),
    Fixed(real(1.0, 0.3)),
    W12,
)
add("signal.sosfilt", lambda xp, b, a, x: signal.sosfilt(section(xp, b, a), x), Fixed(K3), Fixed(A2), V6)
add("signal.sosfilt_zi", lambda xp, b, a: signal.sosfilt_zi(section(xp, b, a)), K3, A2)
add("signal.lfilter_zi", lambda xp, b, a: signal.lfilter_zi(b, a), real(0.5, 0.2, 0.1), real(1.0, 0.3, 0.1))
add("signal.savgol_filter", lambda xp, x: signal.savgol_filter(x, 5, 2), W12)
add("signal.wiener", lambda xp, x: signal.wiener(x, 3), V6)
add("signal.medfilt", lambda xp, x: signal.medfilt(x, 3), V6)
add("signal.deconvolve", lambda xp, x, k: signal.deconvolve(x, k), V6, real(1.0, 0.4))
add("signal.vectorstrength", lambda xp, e: signal.vectorstrength(e, 2.0), spread(5, seed=12))
add("signal.cspline1d", lambda xp, x: signal.cspline1d(x), W12)
add("signal.minimum_phase", lambda xp, h: signal.minimum_phase(h), real(0.1, 0.4, 1.0, 0.4, 0.1))
add("signal.normalize", lambda xp, b, a: signal.normalize(b, a), K3, real(2.0, 0.3))
add(
    "signal.freqz",
    lambda xp, b, a, w: signal.freqz(b, a, worN=w)[1],
    K3,
    real(1.0, 0.3),
    Fixed(real(0.3, 0.9, 1.4)),
)
add(
    "signal.freqs", lambda xp, b, a, w: signal.freqs(b, a, worN=w)[1], K3, real(1.0, 0.3), real(0.3, 0.9, 1.4)
)
add(
    "signal.freqz_zpk",
    lambda xp, z, p, k, w: signal.freqz_zpk(z, p, k, worN=w)[1],
    ZEROS,
    POLES * 0.3,
    real(1.5),
    Fixed(real(0.3, 0.9, 1.4)),
)
add(
    "signal.freqs_zpk",
    lambda xp, z, p, k, w: signal.freqs_zpk(z, p, k, worN=w)[1],
    ZEROS,
    POLES,
    real(1.5),
    Fixed(real(0.3, 0.9, 1.4)),
)
add(
    "signal.freqz_sos",
    lambda xp, b, a, w: signal.freqz_sos(section(xp, b, a), worN=w)[1],
    K3,
    A2,
    Fixed(real(0.3, 0.9)),
)
add(
    "signal.group_delay",
    lambda xp, b, a, w: signal.group_delay((b, a), w=w)[1],
    K3,
    real(1.0, 0.3),
    Fixed(real(0.3, 0.9)),
)
add("signal.zpk2tf", lambda xp, z, p, k: signal.zpk2tf(z, p, k), ZEROS, POLES, real(1.5))
add("signal.zpk2sos", lambda xp, z, p, k: signal.zpk2sos(z, p, k), ZEROS * 0.9, POLES[:2] * 0.4, real(1.5))
add("signal.tf2zpk", lambda xp, b, a: signal.tf2zpk(b, a), real(1.0, 2.5, 1.0), real(1.0, 3.0, 1.2))
add("signal.sos2tf", lambda xp, b, a: signal.sos2tf(section(xp, b, a)), K3, A2)
add("signal.bilinear", lambda xp, b, a: signal.bilinear(b, a, 2.0), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.bilinear_zpk", lambda xp, z, p: signal.bilinear_zpk(z, p, 1.5, 2.0), ZEROS, POLES)
add("signal.lp2lp", lambda xp, b, a: signal.lp2lp(b, a, 2.0), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.lp2hp", lambda xp, b, a: signal.lp2hp(b, a, 2.0), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.lp2bp", lambda xp, b, a: signal.lp2bp(b, a, 2.0, 0.5), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.lp2bs", lambda xp, b, a: signal.lp2bs(b, a, 2.0, 0.5), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.lp2lp_zpk", lambda xp, z, p: signal.lp2lp_zpk(z, p, 1.5, 2.0), ZEROS, POLES)
add("signal.lp2hp_zpk", lambda xp, z, p: signal.lp2hp_zpk(z, p, 1.5, 2.0), ZEROS, POLES)
add("signal.lp2bp_zpk", lambda xp, z, p: signal.lp2bp_zpk(z, p, 1.5, 2.0, 0.5), ZEROS, POLES)
add("signal.lp2bs_zpk", lambda xp, z, p: signal.lp2bs_zpk(z, p, 1.5, 2.0, 0.5), ZEROS, POLES)
add(
    "signal.abcd_normalize",
    lambda xp, a, b, c: signal.abcd_normalize(a, b, c),
    normal(2, 2),
    normal(2, 1),
    normal(1, 2),
)
add("signal.gauss_spline", lambda xp, x: signal.gauss_spline(x, 3), spread(3, low=-1.6, high=1.8, seed=5))
add("signal.windows.gaussian", lambda xp, s: signal.windows.gaussian(6, s, xp=xp), real(1.4))
add(
    "signal.windows.general_gaussian",
    lambda xp, p, s: signal.windows.general_gaussian(6, p, s, xp=xp),
    real(1.1),
    real(1.4),
)
add("signal.windows.exponential", lambda xp, t: signal.windows.exponential(6, tau=t, xp=xp), real(1.4))
add("signal.windows.general_hamming", lambda xp, a: signal.windows.general_hamming(6, a, xp=xp), real(0.6))
add("signal.windows.general_cosine", lambda xp, a: signal.windows.general_cosine(6, a), real(0.6, 0.3, 0.1))
add("signal.windows.kaiser", lambda xp, b: signal.windows.kaiser(6, b, xp=xp), real(1.4))

# Modes, axes, batches.
for _mode in ("full", "valid", "same"):
    add(f"signal.fftconvolve({_mode})", lambda xp, x, k, m=_mode: signal.fftconvolve(x, k, mode=m), I45, K22)
    add(
        f"signal.correlate({_mode})",
        lambda xp, x, k, m=_mode: signal.correlate(x, k, mode=m, method="fft"),
        I45,
        K22,
    )
    add(
        f"signal.oaconvolve({_mode})",
        lambda xp, x, k, m=_mode: signal.oaconvolve(x, k, mode=m),
        normal(40),
        K3,
    )
add("signal.fftconvolve(axes)", lambda xp, x, k: signal.fftconvolve(x, k, axes=1), I45, normal(4, 2))
add("signal.oaconvolve(axes)", lambda xp, x, k: signal.oaconvolve(x, k, axes=1), normal(2, 30), normal(2, 3))
add("signal.hilbert(N, axis)", lambda xp, x: signal.hilbert(x, N=6, axis=0), I45)
add("signal.resample(down)", lambda xp, x: signal.resample(x, 4), V6)
add("signal.resample(axis, window)", lambda xp, x: signal.resample(x, 7, axis=1, window="hann"), I45)
add(
    "signal.envelope(residual)",
    lambda xp, x: signal.envelope(x, bp_in=(1, None), residual="all", squared=True),
    W12,
)
add(
    "signal.vectorstrength(periods)",
    lambda xp, e, p: signal.vectorstrength(e, p),
    spread(5, seed=12),
    real(2.0, 1.3),
)
add(
    "signal.place_poles",
    lambda xp, a, b: signal.place_poles(a, b, np.array([-1.0, -2.0])).gain_matrix,
    normal(2, 2),
    normal(2, 1),
)
add("signal.iirnotch", lambda xp, w: signal.iirnotch(w, 30.0), scalar(0.3))
add("signal.lti step", lambda xp, a: signal.step((real(1.0), a))[1], real(1.0, 0.4))
