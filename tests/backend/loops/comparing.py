"""How the results of compiled loops are compared with NumPy's, and numbers that show differences."""

import numpy as np

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-38, -1e30]
rng = np.random.default_rng(0)


def same(found, expected):
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(np.signbit(a[a == 0]), np.signbit(b[b == 0]))


def vectors(kind, count, n=1003):
    arrays = rng.standard_normal((count, n)).astype(kind)
    arrays[:, : len(SPECIAL)] = np.asarray(SPECIAL, kind)
    return arrays
