"""Views: traced arrays alias as the arrays of their library do.

Each program writes through one name and reads through another. ``check_gradients`` runs it on plain arrays too, so
that what it should give is what the library itself gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnx
from nnx import array_namespace
from nnx.testing import check_gradients

Program = Callable[[Any, Any], Any]
PROGRAMS: dict[str, Program] = {}
COMPLEX: dict[str, Program] = {}
Z = np.random.default_rng(0).standard_normal((3, 4))


def program(f: Program) -> Program:
    """A program over a 3 by 4 matrix that it may write to."""
    PROGRAMS[f.__name__] = f
    return f


def complex_program(f: Program) -> Program:
    """A program over a complex one."""
    COMPLEX[f.__name__] = f
    return f


# a part of the matrix ---------------------------------------------------------------------------------------------


@program
def a_row_is_multiplied(xp: Any, z: Any) -> Any:
    r = z[0, :]
    r *= 5
    return z * z


@program
def a_view_sees_a_later_write_to_its_parent(xp: Any, z: Any) -> Any:
    r = z[0, :]
    z[0, 1] = 7 * z[1, 1]
    return r * r


@program
def a_view_sees_its_parent_changed_in_place(xp: Any, z: Any) -> Any:
    r = z[:, 1]
    z *= 3
    z += 1
    return r * z[:, 2]


@program
def rows_in_a_loop(xp: Any, z: Any) -> Any:
    for i in range(z.shape[0]):
        row = z[i, :]
        row -= xp.mean(row)
        row /= xp.sqrt(xp.sum(row * row))
    return z**3


@program
def iteration_gives_views(xp: Any, z: Any) -> Any:
    for i, row in enumerate(z[k, :] for k in range(3)):
        row *= i + 2
    return z * z


@program
def a_view_is_read_written_and_read(xp: Any, z: Any) -> Any:
    r = z[1, :]
    first = r * 1
    r[2] = first[0] * first[1]
    second = z[1, 2] * first
    z[1, 2] += second[0]
    return r * first + second


@program
def views_of_views(xp: Any, z: Any) -> Any:
    r = z[1:, :]
    s = r[:, 0]
    t = s[::-1]
    t *= 2
    s[0] = 3 * z[0, 3]
    r[1, :] = r[0, :] * 2
    return z * z + t[0]


@program
def a_negative_step(xp: Any, z: Any) -> Any:
    r = z[::-1, ::2]
    r[0, 1] = z[0, 0] ** 2
    r *= z[:, :2]
    return z


@program
def a_new_axis(xp: Any, z: Any) -> Any:
    r = z[None, ..., None]
    r *= 2
    r[0, 1, 1, 0] = 3.0
    return z * z


@program
def everything(xp: Any, z: Any) -> Any:
    r = z[...]
    r += 1
    z[...] = r * r
    return r * z


@program
def a_single_element(xp: Any, z: Any) -> Any:
    r = z[1:2, 1:2]
    r *= z[0, 0]
    r += 1
    return z * z


@program
def b_k_times_v(xp: Any, z: Any) -> Any:
    for k in range(3):
        z[k, :] *= z[k, 0]
        z[k, k] += 2 * z[k, k + 1]
    z[:, 1:3] /= 4
    z[:, ::2] -= z[:, 1::2]
    return z * z


@program
def two_views_overlap(xp: Any, z: Any) -> Any:
    a, b = z[:2, :], z[1:, :]
    a *= 2
    b += 1
    a[1, 0] = b[0, 1] * b[1, 1]
    return a * b


@program
def a_slice_is_moved_within_itself(xp: Any, z: Any) -> Any:
    z[1:, :] = z[:-1, :]
    z[:, 1:] += z[:, :-1]
    return z * z


@program
def rows_are_exchanged_wrongly(xp: Any, z: Any) -> Any:
    t = z[0, :]
    z[0, :] = z[1, :]
    z[1, :] = t  # which is now what was in row 1
    return z**2 * z[0, 0]


@program
def rows_are_exchanged(xp: Any, z: Any) -> Any:
    t = xp.asarray(z[0, :], copy=True)
    z[0, :] = z[1, :]
    z[1, :] = t
    return z**2 * z[0, 0]


@program
def a_mask_gives_a_copy(xp: Any, z: Any) -> Any:
    r = z[z > 0]
    r *= 5
    return xp.sum(z * z) + xp.sum(r)


@program
def a_write_under_a_mask_reaches_views(xp: Any, z: Any) -> Any:
    r = z[1, :]
    z[z < 0] = 0.0
    r[r > 1] = 1.0
    return r * z


@program
def arithmetic_gives_copies(xp: Any, z: Any) -> Any:
    r = +z
    s = z + 0
    r *= 3
    z *= 2
    s += 1
    return r * s * z


@program
def a_view_of_something_that_is_forgotten(xp: Any, z: Any) -> Any:
    r = (z * 2)[0, :]
    r *= z[1, :]
    r[0] = 1.0
    return r * z[2, :]


@program
def a_parent_is_bound_to_something_else(xp: Any, z: Any) -> Any:
    r = z[0, :]
    first = z
    z = z * 2
    z[0, 0] = 5.0
    r += 1
    return z * first


@program
def many_views_of_one_parent(xp: Any, z: Any) -> Any:
    views = [z[i, j : j + 1] for i in range(3) for j in range(4)] * 4
    for k, v in enumerate(views):
        v *= 1 + 0.1 * k
    return z * z


# the same data in another shape -----------------------------------------------------------------------------------


@program
def reshaped(xp: Any, z: Any) -> Any:
    f = xp.reshape(z, (-1,))
    f[2] = f[5] * f[6]
    z[1, 0] = 3 * z[0, 2]
    f *= f
    return z * xp.reshape(f, (3, 4))


@program
def reshaped_by_a_copy(xp: Any, z: Any) -> Any:
    f = xp.reshape(z, (-1,), copy=True)
    f *= 3
    z *= 2
    return xp.reshape(f, (3, 4)) * z


@program
def reshaped_after_transposing(xp: Any, z: Any) -> Any:
    f = xp.reshape(z.T, (-1,))  # a copy where the library cannot make a view
    f *= 3
    return xp.reshape(f, (4, 3)) * z.T


@program
def transposed(xp: Any, z: Any) -> Any:
    t = z.T
    t[0, :] = t[1, :] * t[2, :]
    z[1, :] += 1
    t *= 2
    return t * z.T


@program
def matrix_transposed(xp: Any, z: Any) -> Any:
    t, u = z.mT, xp.matrix_transpose(z)
    t[1, :] *= 3
    u[:, 0] += t[:, 1]
    return t * u


@program
def transposed_twice(xp: Any, z: Any) -> Any:
    t = z.T.T
    t[0, :] *= z[1, :]
    return z * z


@program
def axes_permuted_and_moved(xp: Any, z: Any) -> Any:
    p = xp.permute_dims(xp.reshape(z, (3, 2, 2)), (2, 0, 1))
    p[0, ...] *= 2
    m = xp.moveaxis(p, 0, -1)
    m[1, 0, :] = 5 * m[1, 1, :]
    return z * z * p[0, 0, 0]


@program
def axes_added_and_removed(xp: Any, z: Any) -> Any:
    e = xp.expand_dims(z, axis=1)
    e[0, 0, :] *= 2
    s = xp.squeeze(e, axis=1)
    s[:, 0] = s[:, 1] ** 2
    return z * s


@program
def flipped(xp: Any, z: Any) -> Any:
    f = xp.flip(z, axis=0)
    g = xp.flip(f)
    f[0, :] *= 2
    g[:, 1] = g[:, 2] * 3
    return f * z


@program
def a_diagonal_is_read(xp: Any, z: Any) -> Any:
    d = xp.linalg.diagonal(z)
    z[1, 1] = 3 * z[0, 0]
    return d * d


@program
def broadcast_and_read(xp: Any, z: Any) -> Any:
    row = z[0, :]
    b = xp.broadcast_to(row, (3, 4))
    row *= 2
    return b * z


@program
def asarray_gives_the_same(xp: Any, z: Any) -> Any:
    a = xp.asarray(z)
    a *= 2
    a[0, 0] = 1.0
    return z * z


@program
def astype_without_a_copy(xp: Any, z: Any) -> Any:
    a = xp.astype(z, z.dtype, copy=False)
    a *= 2
    b = xp.astype(z, z.dtype)
    b *= 3
    return z * b


@program
def unstacked(xp: Any, z: Any) -> Any:
    a, b, c = xp.unstack(z)
    a *= 2
    b[0] = c[1] * a[1]
    z[2, :] += b
    return z * c


@program
def stacked_is_a_copy(xp: Any, z: Any) -> Any:
    s = xp.stack([z[0, :], z[1, :]])
    s *= 3
    z[0, :] = 2.0
    return s * z[:2, :]


@program
def meshes(xp: Any, z: Any) -> Any:
    a, b = xp.meshgrid(z[0, :], z[1, :])
    a[0, 0] = 7.0
    z[0, 1] *= 2
    return a * b


@program
def tiles_and_triangles(xp: Any, z: Any) -> Any:
    r, t, u = xp.tile(z, (1, 1)), xp.tril(z), xp.roll(z, 1)
    for x in (r, t, u):
        x *= 2
    return z * r + t * u


# real and imaginary parts -----------------------------------------------------------------------------------------


@complex_program
def real_part(xp: Any, z: Any) -> Any:
    r = xp.real(z)
    r *= 2
    z[0, 0] = 3 + 1j
    r[1, 1] = 0.5
    return z * z, r


@complex_program
def imaginary_part(xp: Any, z: Any) -> Any:
    i, r = xp.imag(z), xp.real(z)
    i += r
    z *= 1j
    return z * i


@complex_program
def part_of_a_row(xp: Any, z: Any) -> Any:
    row = z[1, :]
    xp.imag(row)[1:] *= 3
    xp.real(row)[0] = 2.0
    return z * z


@complex_program
def conjugates_are_copies(xp: Any, z: Any) -> Any:
    c = xp.conj(z)
    c *= 2
    return c * z


# running them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_real(lib: Any, name: str) -> None:
    def f(x: Any) -> Any:
        xp = array_namespace(x)
        return PROGRAMS[name](xp, x * xp.asarray(1.0, dtype=x.dtype, device=x.device))

    f.__qualname__ = name
    check_gradients(f, lib.asarray(Z, "float32"))


@pytest.mark.parametrize("name", COMPLEX)
def test_complex(lib: Any, name: str) -> None:
    def f(x: Any) -> Any:
        return COMPLEX[name](array_namespace(x), x * 1)

    f.__qualname__ = name
    check_gradients(f, lib.asarray(Z + 1j * Z[::-1], "complex64"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_on_the_argument_itself(lib: Any, name: str) -> None:
    """Written to, an argument changes in the trace, and the caller's array does not."""

    def loss(x: Any) -> Any:
        xp = array_namespace(x)
        return xp.sum(PROGRAMS[name](xp, x) ** 2)

    x = lib.asarray(Z)
    direct, copied = nnx.grad(loss)(x), nnx.grad(lambda x: loss(x * 1))(x)
    lib.assert_equal(x, Z)
    lib.assert_close(direct, lib.to_numpy(copied), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_in_a_nested_derivative(lib: Any, name: str) -> None:
    """A program over an inner argument that is written with an outer one."""

    def outer(y: Any) -> Any:
        def inner(x: Any) -> Any:
            xp = array_namespace(x)
            z = x * 2
            z[0, :] = z[0, :] * y
            return xp.sum(PROGRAMS[name](xp, z) ** 2)

        return nnx.grad(inner)(lib.asarray(Z))

    check_gradients(outer, lib.asarray(Z[1]), order=1, modes=("vjp",))


# what cannot be written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "view",
    [
        lambda xp, z: xp.broadcast_to(z, (2, 3, 4)),
        lambda xp, z: xp.linalg.diagonal(z),
        lambda xp, z: xp.broadcast_to(z[0, :], (3, 4)),
    ],
)
def test_read_only_views_refuse_to_be_written(view: Program) -> None:
    def f(x: Any) -> Any:
        v = view(array_namespace(x), x)
        v[0] = 1.0
        return v[0]

    with pytest.raises(ValueError, match="read-only"):
        nnx.vjp(f, Z)


def test_an_array_taken_out_of_its_trace_says_so(lib: Any) -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        y = x * 2
        kept.append(y[0, :])
        return array_namespace(x).sum(y)

    nnx.grad(f)(lib.asarray(Z))
    with pytest.raises(nnx.LeakedArrayError, match="after the derivative"):
        kept[0] *= 2


def test_dead_views_are_forgotten(lib: Any) -> None:
    def f(x: Any) -> Any:
        z = x * 1
        for _ in range(500):
            z[0, :]
        assert len(getattr(z, "views", ())) <= 70
        z *= 2
        return array_namespace(x).sum(z)

    lib.assert_equal(nnx.grad(f)(lib.asarray(Z)), np.full(Z.shape, 2.0))
