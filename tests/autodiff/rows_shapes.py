"""Sample calls of the standard's creation, manipulation, searching and statistical functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .standard import Row, far, grid, normal, positive, values

__all__ = ["ROWS"]

KEEP = {"keepdims": True}
AXES: list[dict[str, Any]] = [
    {}, {"axis": 0}, {"axis": -1}, {"axis": (0, 2)}, {"axis": (-1, 0)}, {"axis": None}, {"axis": ()},
    {"axis": 1, **KEEP}, {"axis": (1, -1), **KEEP}, KEEP,
]  # fmt: skip
_NO_EMPTY = [k for k in AXES if k.get("axis") != ()]


def _reductions() -> list[Row]:
    rows: list[Row] = []
    for name, draw, kinds in (("sum", normal, "fc"), ("prod", positive, "fc"), ("max", far, "f"), ("min", far, "f"),
                              ("mean", normal, "fc"), ("var", normal, "f"), ("std", normal, "f")):  # fmt: skip
        rows += grid(name, (draw(2, 3, 2),), *(AXES if name in ("sum", "prod") else _NO_EMPTY), kinds=kinds)
        rows += grid(name, (draw(),), {}, KEEP, kinds=kinds) if name not in ("var", "std") else []
        rows += grid(name, (draw(0, 3),), {"axis": 1}, {"axis": 1, **KEEP}, kinds=kinds)
    for name in ("sum", "prod"):
        rows += grid(name, (normal(0, 3),), {}, {"axis": 0}, {"axis": 0, **KEEP})
        rows += grid(
            name, (positive(2, 3),), {"dtype": "float64"}, {"dtype": "float64", "axis": 0}, kinds="f"
        )
        rows += grid(name, (positive(2, 3),), {"dtype": "complex128"}, kinds="c")
    rows += [
        Row("prod", (values(0.0, 2.0, 3.0),), note="one zero"),
        Row("prod", (values([[0.0, 2.0], [0.0, 0.0]]),), {"axis": 1}, note="zeros"),
        Row("cumulative_prod", (values(2.0, 0.0, 3.0, 0.0, 1.5),), note="zeros"),
        Row("max", (values(1.0, 3.0, 3.0),), kinds="f", order=1, note="two equal"),
        Row("min", (values([[1.0, 1.0], [2.0, 5.0]]),), {"axis": 1}, kinds="f", order=1, note="two equal"),
    ]
    for name in ("var", "std"):
        rows += grid(name, (normal(4, 3),), {"correction": 1}, {"axis": 0, "correction": 1.5},
                     {"correction": 0.5, **KEEP},
                     kinds="f")  # fmt: skip
    for name in ("cumulative_sum", "cumulative_prod"):
        rows += grid(name, (positive(3),), {}, {"include_initial": True}, {"axis": -1})
        rows += grid(
            name, (positive(2, 3, 2),), {"axis": 0}, {"axis": -2, "include_initial": True}, {"axis": 2}
        )
        rows += grid(name, (positive(0, 3),), {"axis": 0}, {"axis": 1}, {"axis": 0, "include_initial": True})
        rows += grid(name, (positive(3),), {"dtype": "float64"}, kinds="f")
        rows += grid(name, (positive(9),), {})
    return rows


def _manipulation() -> list[Row]:
    x, y = normal(2, 3, 4), normal(2, 1, 4)
    one: list[Row] = [
        *grid("astype", (normal(3),), call=lambda xp, x: xp.astype(x, x.dtype, copy=False)),
        Row("astype", (normal(3),), kinds="f", call=lambda xp, x: xp.astype(x, xp.complex128) * 1j, note="complex"),
        Row("astype", (normal(3),), kinds="f", call=lambda xp, x: xp.astype(x, xp.float64), note="float64"),
        Row("astype", (normal(3),), call=lambda xp, x: xp.astype(x, x.dtype, copy=True, device=x.device)),
        Row("broadcast_arrays", (x, y, normal(4), normal())),
        Row("broadcast_to", (normal(3, 1), (2, 3, 4))),
        Row("broadcast_to", (normal(), (2, 0))),
        *grid("concat", ([x, y, normal(2, 2, 4)],), {"axis": 1}, {"axis": -2}),
        *grid("concat", ([normal(2), normal(0), normal(3)],), {}, {"axis": 0}),
        *grid("concat", ([normal(2, 2), normal(3), normal()],), {"axis": None}),
        Row("concat", ([normal(2)],)),
        *grid("diff", (normal(3, 5),), {}, {"axis": 0}, {"n": 2}, {"n": 3, "axis": -1}, {"n": 0}),
        Row("diff", (normal(2, 3), normal(2, 1), normal(2, 2)),
            call=lambda xp, x, a, b: xp.diff(x, prepend=a, append=b, n=2)),
        Row("diff", (normal(2, 3), normal(2, 3)), call=lambda xp, x, a: xp.diff(x, append=a, axis=0)),
        *grid("expand_dims", (x,), {"axis": 0}, {"axis": -1}, {"axis": 2}),
        *grid("flip", (x,), {}, {"axis": 1}, {"axis": (0, -1)}),
        *grid("linalg.diagonal", (normal(2, 3, 4),), {}, {"offset": 1}, {"offset": -2}, {"offset": 7}),
        Row("matrix_transpose", (x,)),
        Row("linalg.matrix_transpose", (x,)),
        Row("moveaxis", (x, 0, -1)),
        Row("moveaxis", (x, (0, 1), (2, 0))),
        Row("moveaxis", (x, -1, 1)),
        *grid("permute_dims", (x,), {"axes": (2, 0, 1)}, {"axes": (0, 1, 2)}, {"axes": (-1, 0, -2)}),
        Row("permute_dims", (normal(), ())),
        Row("repeat", (x, 2)),
        *grid("repeat", (x, 3), {"axis": 1}, {"axis": -1}),
        Row("repeat", (normal(3), values(2, 0, 1))),
        Row("repeat", (normal(2, 3), values(1, 0, 2)), {"axis": 1}),
        Row("repeat", (normal(0, 3), 2), {"axis": 1}),
        *grid("reshape", (x,), {"shape": (4, 6)}, {"shape": (-1,)}, {"shape": (2, -1), "copy": True}),
        Row("reshape", (normal(), (1, 1))),
        Row("reshape", (normal(0, 3), (3, 0, 2))),
        *grid("roll", (x, 1), {}, {"axis": 0}, {"axis": -1}),
        *grid("roll", (x, (1, -2)), {"axis": (0, 2)}, {"axis": (1, 1)}),
        Row("roll", (normal(0), 1)),
        *grid("squeeze", (y,), {"axis": 1}, {"axis": -2}),
        Row("squeeze", (normal(1, 3, 1), (0, 2))),
        *grid("stack", ([x, x, x],), {}, {"axis": 1}, {"axis": -1}),
        Row("stack", ([normal(), normal()],)),
        *grid("tile", (normal(2, 3), (2,)), {}),
        Row("tile", (normal(2, 3), (2, 1, 3))),
        Row("tile", (normal(3), ())),
        Row("tile", (normal(3), (2, 0))),
        *grid("tril", (normal(2, 3, 4),), {}, {"k": 1}, {"k": -1}),
        *grid("triu", (normal(2, 3, 4),), {}, {"k": 1}, {"k": -2}),
        *grid("unstack", (x,), {}, {"axis": 1}, {"axis": -1}),
        Row("unstack", (x,), call=lambda xp, x: xp.unstack(x, axis=1)[1] * 2, note="one of them"),
    ]  # fmt: skip
    return one


def number(x: Any) -> Any:
    """A plain 0-d array as a Python number: what creation functions of the standard take; a traced one as it is."""
    if not hasattr(x, "dtype") or hasattr(x, "__nnx_traced__"):
        return x
    return complex(x) if "complex" in str(x.dtype) else float(x)


def _line(num: int, **options: Any) -> Callable[..., Any]:
    def call(xp: Any, start: Any, stop: Any) -> Any:
        like = start if hasattr(start, "dtype") else stop
        return xp.linspace(number(start), number(stop), num, dtype=like.dtype, device=like.device, **options)

    return call


def _creation() -> list[Row]:
    return [
        Row("asarray", (normal(3),), {"copy": True}),
        Row("asarray", (normal(3),), call=lambda xp, x: xp.asarray(x, dtype=x.dtype, device=x.device, copy=None)),
        Row("asarray", (normal(3),), kinds="f", call=lambda xp, x: xp.asarray(x, dtype=xp.float64), note="float64"),
        Row("full_like", (normal(2, 3), normal()), call=lambda xp, x, v: xp.full_like(x, number(v), dtype=v.dtype)),
        Row("full", (normal(),), call=lambda xp, v: xp.full((2, 3), number(v), dtype=v.dtype, device=v.device)),
        Row("full", (normal(),), call=lambda xp, v: xp.full(4, number(v), dtype=v.dtype, device=v.device) * v),
        Row("from_dlpack", (normal(3),), call=lambda xp, x: xp.from_dlpack(x, device=x.device) * x),
        Row("linspace", (normal(), normal()), call=_line(5)),
        Row("linspace", (normal(), normal()), call=_line(4, endpoint=False)),
        Row("linspace", (normal(),), call=lambda xp, a: _line(3)(xp, a, 2.0)),
        Row("linspace", (normal(),), call=lambda xp, a: _line(1)(xp, 2.0, a)),
        Row("linspace", (normal(),), call=lambda xp, a: _line(0)(xp, 2.0, a)),
        *grid("meshgrid", (normal(2), normal(3), normal(4)), {}, {"indexing": "ij"}),
        *grid("meshgrid", (normal(2), normal(3)), {}, {"indexing": "ij"}),
        Row("meshgrid", (normal(2),)),
        Row("meshgrid", (normal(2), normal(3)), call=lambda xp, x, y: xp.meshgrid(x, y)[1], note="one of them"),
    ]  # fmt: skip


def _searching() -> list[Row]:
    flags = np.asarray([True, False, True])
    lines = np.asarray([[2, 0, 0], [1, 1, -1]])
    return [
        *grid("sort", (far(3, 4),), {}, {"axis": 0}, {"descending": True},
              {"axis": -2, "descending": True, "stable": False},
              kinds="f"),
        Row("sort", (values(2.0, 1.0, 2.0, 1.0),), kinds="f", note="ties",
            call=lambda xp, x: xp.sum(xp.sort(x) ** 3)),
        Row("sort", (far(0),), kinds="f"),
        *grid("take", (normal(3, 4), values(2, 0, 2)), {"axis": 0}, {"axis": -1}),
        Row("take", (normal(4), values(-1, 1, 1, 1))),
        Row("take", (normal(0, 2), values(1, 0)), {"axis": 1}),
        Row("take_along_axis", (normal(2, 3), lines)),
        *grid("take_along_axis", (normal(2, 3), lines), {"axis": 1}, {"axis": -1}),
        Row("take_along_axis", (normal(3, 2), np.asarray([[1, 0], [-1, 0], [1, 1], [0, 0]])), {"axis": 0}),
        Row("unique_values", (values([[3.0, 1.0], [3.0, 2.0]]),), kinds="f", call=_distinct("unique_values")),
        Row("unique_values", (far(5),), kinds="f"),
        Row("unique_all", (far(2, 3),), kinds="f"),
        Row("unique_counts", (far(2, 3),), kinds="f"),
        Row("unique_inverse", (far(2, 3),), kinds="f"),
        Row("unique_values", (far(0),), kinds="f"),
        Row("where", (flags, normal(3), normal(3))),
        Row("where", (flags, normal(2, 3), normal())),
        Row("where", (flags, normal(3, 1), normal(2, 1, 1))),
        Row("where", (flags, normal(3), 0.5)),
        Row("where", (flags, 0.5, normal(3))),
        Row("where", (values(4.0, -1.0, 1.0),), kinds="f", note="NaN in the branch not taken",
            call=lambda xp, x: xp.where(x > 0, xp.sqrt(x), 0.0 * x)),
    ]  # fmt: skip


def _distinct(name: str) -> Any:
    """Equal elements moved together: the function of the distinct values stays smooth."""
    return lambda xp, x: getattr(xp, name)(xp.concat([x[0, :], x[1, 1:], x[0, :1]]))


ROWS = [row for row in [*_reductions(), *_manipulation(), *_creation(), *_searching()] if row.kinds]
