"""The loops that pull cotangents back along a tape."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from .errors import NotDifferentiableError
from .tape import (
    BINARY1,
    BINARY2,
    ELEMENTWISE,
    FIXED,
    GENERAL,
    PARAMETRIC,
    READ,
    RERUN,
    SEVERAL,
    UNARY,
    WRITE,
    Step,
    Tape,
)

__all__ = ["fit_to", "keep_zero", "pull"]


def fit_to(xp: Any, g: Any, fit: Any) -> Any:
    """Bring a cotangent to its argument's realness, shape and dtype: the transpose of broadcasting and casting."""
    shape, dtype = fit if type(fit) is tuple else (fit.shape, fit.dtype)
    if g.dtype != dtype:
        if xp.isdtype(g.dtype, "complex floating") and not xp.isdtype(dtype, "complex floating"):
            g = xp.real(g)
        if g.dtype != dtype:
            g = xp.astype(g, dtype)
    if g.shape != shape:
        lead = g.ndim - len(shape)
        axes = tuple(range(lead)) + tuple(
            lead + i for i, n in enumerate(shape) if n == 1 and g.shape[lead + i] != 1
        )
        if axes:
            g = xp.sum(g, axis=axes, keepdims=True, dtype=dtype)
        if g.shape != shape:
            same = math.prod(g.shape) == math.prod(shape)  # g.size is a method in PyTorch
            g = xp.reshape(g, shape) if same else xp.broadcast_to(g, shape)
    return g


def _refuse(name: str, where: str) -> None:
    raise NotDifferentiableError(
        f"{name} has no derivative in nnx, and the result depends on it (called at {where}); "
        "use nnx.stop_gradient on its input if none is wanted, or give it one with nnx.custom_vjp"
    )


def pull(tape: Tape, entries: list[Any], cotangents: list[Any], stop: int, nested: bool) -> None:
    """Pull cotangents back to the slots below ``stop``; empties ``entries`` down to there as it goes."""
    if nested or tape.masked:
        _pull_careful(tape, entries, cotangents, stop, nested)
    else:
        _pull_plain(tape, entries, cotangents, stop)


def _pull_plain(tape: Tape, entries: list[Any], cot: list[Any], stop: int) -> None:
    """Plain arrays only, nothing masked: the path that training takes."""
    owned: set[int] = set()
    pop = entries.pop
    for i in range(len(entries) - 1, stop - 1, -1):
        entry = pop()
        if entry is None:
            continue
        kind = entry[0]
        g = cot[i]
        if g is None and kind != SEVERAL and kind != RERUN:
            continue
        if kind == UNARY:
            _, pullback, j, xp, out, x = entry
            cot[i] = None
            c = pullback(xp, g, out, x)
        elif kind == BINARY2:
            _, pullback, j, fit, pullback_y, k, fit_y, xp, out, x, y = entry
            cot[i] = None
            c = pullback_y(xp, g, out, x, y)
            if fit_y is not None:
                c = fit_to(xp, c, fit_y)
            p = cot[k]
            if p is None:
                cot[k] = c
            elif k in owned:
                p += c
                cot[k] = p
            else:
                cot[k] = p + c
                owned.add(k)
            c = pullback(xp, g, out, x, y)
            if fit is not None:
                c = fit_to(xp, c, fit)
        elif kind == BINARY1:
            _, pullback, j, fit, xp, out, x, y = entry
            cot[i] = None
            c = pullback(xp, g, out, x, y)
            if fit is not None:
                c = fit_to(xp, c, fit)
        elif kind == PARAMETRIC:
            _, pullback, j, like, xp, out, x, params = entry
            cot[i] = None
            c = pullback(xp, g, out, x, **params)
            if c.shape != like.shape or c.dtype != like.dtype:
                c = fit_to(xp, c, like)
        elif kind == FIXED:
            _, pullbacks, joint, parents, needed, xp, out, args, params = entry
            cot[i] = None
            if joint is not None:
                results = joint(xp, g, out, *args, needed=needed, **params)
            else:
                results = [
                    pullback(xp, g, out, *args, **params) if n else None
                    for pullback, n in zip(pullbacks, needed, strict=False)
                ]
            for c, j, x in zip(results, parents, args, strict=False):
                if j is None or c is None:
                    continue
                shape, dtype = x if type(x) is tuple else (x.shape, x.dtype)
                if c.shape != shape or c.dtype != dtype:
                    c = fit_to(xp, c, (shape, dtype))
                p = cot[j]
                if p is None:
                    cot[j] = c
                elif j in owned:
                    p += c
                    cot[j] = p
                else:
                    cot[j] = p + c
                    owned.add(j)
            continue
        else:
            _pull_other(tape, entries, cot, owned, i, entry, False)
            continue
        p = cot[j]
        if p is None:
            cot[j] = c
        elif j in owned:
            p += c
            cot[j] = p
        else:
            cot[j] = p + c
            owned.add(j)


def _pull_careful(tape: Tape, entries: list[Any], cot: list[Any], stop: int, nested: bool) -> None:
    """Cotangents that are themselves traced, or tapes on which a mask was recorded."""
    owned: set[int] = set()
    masked = tape.masked
    for i in range(len(entries) - 1, stop - 1, -1):
        entry = entries.pop()
        if entry is None:
            continue
        kind = entry[0]
        g = cot[i]
        if g is None and kind != SEVERAL and kind != RERUN:
            continue
        if kind == UNARY:
            _, pullback, j, xp, out, x = entry
            branches = ((pullback, j, None),)
            args = (x,)
        elif kind == BINARY2:
            _, pullback, j, fit, pullback_y, k, fit_y, xp, out, x, y = entry
            branches = ((pullback, j, fit), (pullback_y, k, fit_y))
            args = (x, y)
        elif kind == BINARY1:
            _, pullback, j, fit, xp, out, x, y = entry
            branches = ((pullback, j, fit),)
            args = (x, y)
        elif kind == PARAMETRIC:
            _, pullback, j, like, xp, out, x, params = entry
            branches = ((functools.partial(pullback, **params) if params else pullback, j, like),)
            args = (x,)
        elif kind == FIXED:
            _, pullbacks, joint, parents, _, xp, out, args, params = entry
            cot[i] = None
            fits = tuple([None if j is None else x for j, x in zip(parents, args, strict=True)])
            args = tuple([None if type(x) is tuple else x for x in args])
            step = Step("", xp, pullbacks, joint, False, parents, fits, args, params, out, 0)
            _pull_step(tape, cot, owned, step, g, nested)
            continue
        else:
            _pull_other(tape, entries, cot, owned, i, entry, nested)
            continue
        cot[i] = None
        if nested:
            xp, box = _boxing(xp)
            g, out, args = box(g), box(out), tuple(map(box, args))
        for pullback, j, fit in branches:
            c = pullback(xp, g, out, *args)
            if masked and pullback in ELEMENTWISE:
                c = keep_zero(xp, g, c)
            if fit is not None:
                c = fit_to(xp, c, fit)
            _add(cot, owned, j, c, nested)


def keep_zero(xp: Any, g: Any, c: Any) -> Any:
    """Zero where the cotangent was zero: 0 * inf and 0 * NaN come from branches that were not taken."""
    bad = xp.logical_and(g == 0, xp.logical_not(xp.isfinite(c)))
    return xp.where(bad, xp.zeros_like(c), c)


def _boxing(xp: Any) -> tuple[Any, Callable[[Any], Any]]:
    from .library import library_of_namespace

    library = library_of_namespace(xp)
    return library.namespace, library.box


def _add(cot: list[Any], owned: set[int], j: int, c: Any, nested: bool) -> None:
    p = cot[j]
    if p is None:
        cot[j] = c
    elif nested or j not in owned:
        cot[j] = p + c
        owned.add(j)
    else:
        p += c
        cot[j] = p


def _pull_other(
    tape: Tape, entries: list[Any], cot: list[Any], owned: set[int], i: int, entry: Any, nested: bool
) -> None:
    """The kinds that are not worth a place in the hot loops."""
    kind = entry[0]
    if kind in (GENERAL, SEVERAL):
        step: Step = entry[1]
        if kind == GENERAL:
            g = cot[i]
            cot[i] = None
        else:
            g = tuple(cot[i : i + step.count])
            cot[i : i + step.count] = [None] * step.count
            if all(x is None for x in g):
                return
        _pull_step(tape, cot, owned, step, g, nested)
    elif kind == READ:
        _, j, library, key, like, plain = entry
        g = cot[i]
        cot[i] = None
        if nested:
            g = library.box(g)
        p = cot[j]
        if p is None:
            p = library.zeros_of(like, nested)
        elif nested or j not in owned:
            p = library.copy(p)
        cot[j] = library.add_at(p, key, g, plain)
        owned.add(j)
    elif kind == WRITE:
        _, j, k, library, key, value_fit, plain = entry
        g = cot[i]
        cot[i] = None
        if nested:
            g = library.box(g)
        if k is not None:
            c = library.read_written(g, key, plain)
            xp = library.namespace if nested else library.fast
            _add(cot, owned, k, fit_to(xp, c, value_fit), nested)
        if j is not None:
            if nested or i not in owned:
                g = library.copy(g)
            g = library.clear_at(g, key)
            if cot[j] is None:
                owned.add(j)
            _add(cot, owned, j, g, nested)
    elif kind == RERUN:
        _, run, count = entry
        if all(c is None for c in cot[i : i + count]):
            return
        run()
        if len(entries) != i + count:
            raise RuntimeError("nnx.checkpoint: the function did not repeat itself when it was run again")
        pull(tape, entries, cot, i, nested)
    else:
        _refuse(entry[1], entry[2])


def _pull_step(tape: Tape, cot: list[Any], owned: set[int], step: Step, g: Any, nested: bool) -> None:
    xp, out, args = step.xp, step.out, step.args
    if nested:
        xp, box = _boxing(xp)
        args = type(args)(map(box, args))
        if step.count:
            out, g = tuple(map(box, out)) if out is not None else None, tuple(map(box, g))
        else:
            out, g = box(out), box(g)
    results = step.cotangents(xp, g, out, args)
    elementwise = tape.masked and not step.count and any(p in ELEMENTWISE for p in step.pullbacks)
    for c, parent, fit in zip(results, step.parents, step.fits, strict=False):
        if parent is None or c is None:
            continue
        if elementwise:
            c = keep_zero(xp, g, c)
        _add(cot, owned, parent, fit_to(xp, c, fit), nested)
