"""Hot mode: every recorded rule of a namespace, pulled back once with random cotangents.

With ``traced_namespace(xp, record=True)`` every floating array that the namespace makes lies on one tape, so that
whatever uses it records its rules. ``pull_back`` then calls each rule by itself and looks at the shape, dtype and
device of what comes. A rule is handed no more than its parameter names ask for, although the tape keeps all here:
one that uses what it does not declare fails.
"""

from __future__ import annotations

import random
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from .errors import NotDifferentiableError
from .primitive import DROP, Primitive, keep_modes
from .pulling import fit_to
from .tape import BINARY1, BINARY2, GENERAL, PARAMETRIC, READ, SEVERAL, UNARY, WRITE, Step, pruned

if TYPE_CHECKING:
    from .library import Library

__all__ = ["pull_back"]

_pulled: WeakKeyDictionary[Any, int] = WeakKeyDictionary()  # how far each hot tape has been pulled back


def pull_back(library: Library, seed: int = 0) -> int:
    """Pull every entry on the library's hot tape back, once; returns how many there were, and forgets them.

    Raises
    ------
    AssertionError
        A rule raised, or gave something of a wrong shape, dtype or device; names the operation and its arguments.
    """
    assert library.hot is not None
    entries = library.hot.entries
    hot = _Hot(library, random.Random(seed))
    count, start = 0, _pulled.get(library, 0)
    _pulled[library] = len(entries)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a rule may overflow, or divide by zero, at whatever point there is
        for i in range(start, len(entries)):
            entry, entries[i] = entries[i], None  # the slot stays: later arrays are counted from it
            if entry is not None:
                count += hot.entry(entry)
    return count


class Fitted(NamedTuple):
    """What a cotangent has to be like."""

    shape: tuple[int, ...]
    dtype: Any
    device: Any


def shape_and_dtype(fit: Any) -> tuple[Any, Any]:
    """Of what the tape says of an argument."""
    return fit if isinstance(fit, tuple) else (fit.shape, fit.dtype)


def summed(xp: Any, c: Any, fit: Any) -> Any:
    """A cotangent brought to its argument's shape by sums alone: here nothing is spread out."""
    shape, _ = shape_and_dtype(fit)
    lead = c.ndim - len(shape)
    if lead < 0 or any(n not in (m, 1) for n, m in zip(shape, c.shape[lead:], strict=True)):
        raise ValueError(f"a cotangent of shape {tuple(c.shape)} for an argument of shape {tuple(shape)}")
    return fit_to(xp, c, fit)


class _Hot:
    """What one call of ``pull_back`` needs."""

    def __init__(self, library: Library, rng: random.Random) -> None:
        self.library, self.random = library, rng
        self.names: dict[Any, str] = {}

    def entry(self, entry: Any) -> int:
        """Pull one entry of the tape; returns whether it had a rule."""
        kind = entry[0]
        if kind == UNARY:
            _, pullback, _, xp, out, x = entry
            self.simple(pullback, xp, out, (x,), x)
        elif kind == PARAMETRIC:
            _, pullback, _, fit, xp, out, x, params = entry
            self.simple(pullback, xp, out, (x,), x, fit, params)
        elif kind == BINARY1:
            _, pullback, _, fit, xp, out, x, y = entry
            self.simple(
                pullback,
                xp,
                out,
                (x, y),
                out if fit is None else Fitted(*shape_and_dtype(fit), out.device),
                fit,
            )
        elif kind == BINARY2:
            _, pullback_x, _, fit_x, pullback_y, _, fit_y, xp, out, x, y = entry
            self.simple(pullback_x, xp, out, (x, y), x, fit_x)
            self.simple(pullback_y, xp, out, (x, y), y, fit_y)
        elif kind in (GENERAL, SEVERAL):
            self.step(entry[1])
        elif kind == READ:
            _, _, library, key, like, plain = entry
            zeros = library.zeros_of(like, False)
            g = self.draw(zeros[key])
            self.check("x[key]", (like,), lambda: library.add_at(zeros, key, g, plain), like)
        elif kind == WRITE:
            self.write(*entry[3:])
        else:  # no rule, or a checkpointed stretch
            return 0
        return 1

    def simple(
        self,
        pullback: Any,
        xp: Any,
        out: Any,
        args: tuple[Any, ...],
        like: Any,
        fit: Any = None,
        params: Any = None,
    ) -> None:
        """One pullback of an operation with one or two arguments."""
        kept_out, *kept = keep_modes(pullback, len(args))
        given = [pruned(a, mode) for a, mode in zip(args, kept, strict=True)]
        g = self.draw(out)

        def pull() -> Any:
            c = pullback(xp, g, pruned(out, kept_out), *given, **(params or {}))
            return c if fit is None else summed(xp, c, fit)

        self.check(self.name(pullback), args, pull, like)

    def draw(self, like: Any) -> Any:
        """A random cotangent for an array."""
        xp, gauss = self.library.xp, self.random.gauss
        numbers: list[Any] = [gauss(0.0, 1.0) for _ in range(like.size)]
        if xp.isdtype(like.dtype, "complex floating"):
            numbers = [complex(a, gauss(0.0, 1.0)) for a in numbers]
        return xp.reshape(xp.asarray(numbers, dtype=like.dtype, device=like.device), like.shape)

    def step(self, step: Step) -> None:
        """An operation of any arity, with each of its pullbacks."""
        several = step.count > 0
        outs = step.out if several else (step.out,)
        g: Any = [self.draw(o) if self.library.is_inexact(o) else None for o in outs]
        used = [i for i, gi in enumerate(g) if gi is not None]
        if not used:
            return
        if several:  # some of the outputs have not been used
            keep = self.random.choice(used)
            g = [gi if i == keep or self.random.random() < 0.5 else None for i, gi in enumerate(g)]
        g = tuple(g) if several else g[0]
        args = tuple(step.args)
        needed = tuple(p is not None for p in step.parents)
        if step.variadic or step.joint is not None:
            groups = [(step.joint or step.pullbacks[0], needed)]
        else:
            groups = [
                (p, tuple(j == i for j in range(len(args))))
                for i, (p, need) in enumerate(
                    zip(step.pullbacks, needed, strict=False)
                )  # fewer arrays may come
                if need
            ]
        for pullback, wanted in groups:
            try:
                cotangents = self.cotangents(step, pullback, wanted, g, outs if several else outs[0], args)
            except (
                NotDifferentiableError
            ):  # refused by name: a random cotangent may ask for what is arbitrary
                continue
            except Exception as error:
                raise self.failed(step.name, args, error) from error
            for c, want, fit, a in zip(cotangents, wanted, step.fits, args, strict=False):
                if want and c is not None:
                    self.check(step.name, args, lambda c=c, fit=fit: summed(step.xp, c, fit), a)

    def cotangents(
        self, step: Step, pullback: Any, wanted: tuple[bool, ...], g: Any, out: Any, args: Any
    ) -> Any:
        """What a pullback gives when it gets no more than it declares."""
        count = 1 if step.variadic else len(args)
        kept_out, *kept = keep_modes(pullback, count)
        if step.variadic:
            kept *= len(args)
        given = [pruned(a, mode) for a, mode in zip(args, kept, strict=True)]
        out = tuple(pruned(o, kept_out) for o in out) if isinstance(out, tuple) else pruned(out, kept_out)
        if kept_out == DROP:
            out = None
        if step.variadic:
            return pullback(step.xp, g, out, given, wanted, **step.params)
        if step.joint is not None:
            return pullback(step.xp, g, out, *given, needed=wanted, **step.params)
        c = pullback(step.xp, g, out, *given, **step.params)
        return [c if w else None for w in wanted]

    def write(self, library: Any, key: Any, fit: Any, plain: bool, like: Any) -> None:
        """``x[key] = value``: the cotangents of x and of the value."""
        g = self.draw(like)
        if fit is not None:
            value = Fitted(*shape_and_dtype(fit), like.device)
            self.check(
                "value in x[key] = value",
                (like,),
                lambda: fit_to(library.fast, library.read_written(g, key, plain), fit),
                value,
            )
        self.check("x in x[key] = value", (like,), lambda: library.clear_at(library.copy(g), key), like)

    def check(self, name: str, args: Any, pull: Any, like: Any) -> None:
        """Fail unless ``pull()`` gives an array of the shape and dtype and on the device of ``like``."""
        try:
            c = pull()
        except NotDifferentiableError:
            return
        except Exception as error:
            raise self.failed(name, args, error) from error
        for aspect in ("shape", "dtype", "device"):
            wanted, got = getattr(like, aspect), getattr(c, aspect, None)
            if got != wanted:
                raise AssertionError(f"{self.said(name, args)}: expected {aspect} {wanted}, got {got}")

    def failed(self, name: str, args: Any, error: Exception) -> AssertionError:
        """A pullback that raised."""
        return AssertionError(f"{self.said(name, args)} raised {type(error).__name__}: {error}")

    def said(self, name: str, args: Any) -> str:
        """The operation with the shapes and dtypes of its arguments."""
        shown = [f"{a.dtype}{tuple(a.shape)}" if hasattr(a, "dtype") else repr(a) for a in args]
        return f"the pullback of {name}({', '.join(shown)}) on {self.library.label}"

    def name(self, pullback: Any) -> str:
        """The operation that a pullback belongs to."""
        if not self.names:
            from .rules import RULES

            rules = {**RULES, **{name: own.rule for name, own in Primitive.registry.items()}}
            for name, rule in rules.items():
                self.names.update((p, name) for p in rule.pullbacks if p is not None)
        return self.names.get(pullback, repr(pullback))
