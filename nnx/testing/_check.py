"""The comparison of derivatives with differences, order by order."""

from __future__ import annotations

import random
from typing import Any

from ..autodiff import tree
from ..autodiff.trace import call_name
from ..autodiff.transforms import jvp
from ..autodiff.transforms.products import pulled
from ._point import (
    Function,
    Point,
    cast,
    is_array,
    is_complex,
    is_inexact,
    largest,
    number,
    paired,
    typical,
    xp_of,
)

__all__ = ["Check"]

WORST = 1e-4  # differences whose own error is larger than this cannot tell a right rule from a wrong one


class Check:
    """One call of ``check_gradients``."""

    def __init__(
        self, f: Function, modes: tuple[str, ...], rtol: float, atol: float, step: float, seed: int
    ) -> None:
        self.name, self.modes, self.rtol, self.atol, self.step = call_name(f), modes, rtol, atol, step
        self.random = random.Random(seed)

    def fail(self, order: int, what: str, where: str, how: str) -> None:
        raise AssertionError(f"check_gradients: order {order}, {what} of {self.name}, {where}: {how}")

    def draw(self, x: Any, scale: float = 1.0) -> Any:
        """Normal numbers of the shape, dtype and device of ``x``; zeros if it is of integers."""
        xp = xp_of(x)
        if not is_inexact(x):
            return xp.zeros_like(x)
        gauss = self.random.gauss
        numbers: list[Any] = [gauss(0.0, scale) for _ in range(x.size)]
        if is_complex(x):
            numbers = [complex(a, gauss(0.0, scale)) for a in numbers]
        return xp.reshape(xp.asarray(numbers, dtype=x.dtype, device=x.device), x.shape)

    def all_orders(self, f: Function, point: Point, order: int) -> None:
        """Check ``f``, then its pullback along random weights, then the pullback of that."""
        for n in range(1, order + 1):
            outputs, pullback = self.value(f, point, n)
            weights = [self.draw(x) for x in outputs]
            gradients = self.pulled(point, pullback, weights, n)
            floor = self.atol * (1 + max((largest(x) for x in outputs if is_inexact(x)), default=0.0))
            for i, place in enumerate(point.places):
                if not place.twin and place.x.size:
                    self.along(f, point, n, i, weights, gradients[i], floor)
            f = _slope(f, point.numbers, weights)

    def narrow(self, f: Function, point: Point, wide: Point, order: int) -> None:
        """Check the dtype of derivatives in single precision, and that they are near those in double."""
        g = f
        for n in range(1, order + 1):
            outputs, pullback = self.value(f, point, n)
            wide_outputs, wide_pullback = self.value(g, wide, n)
            weights = [self.draw(x) for x in outputs]
            wide_weights = [cast(w, x) for w, x in zip(weights, wide_outputs, strict=True)]
            gradients = self.pulled(point, pullback, weights, n)
            wanted = self.pulled(wide, wide_pullback, wide_weights, n)
            for place, got, right in zip(point.places, gradients, wanted, strict=True):
                limit = float(xp_of(got).finfo(got.dtype).eps) ** 0.5
                off = largest(cast(got, right) - right)
                size = max(largest(right), 1e-3, *(largest(x) for x in wide_outputs if is_inexact(x)))
                if not off <= limit * size:
                    self.fail(
                        n, "vjp", place.label, f"in {got.dtype} off by {off:.1e} from that in {right.dtype}"
                    )
            f, g = _slope(f, point.numbers, weights), _slope(g, wide.numbers, wide_weights)

    def value(self, f: Function, point: Point, order: int) -> tuple[list[Any], Function]:
        """The arrays of the value and the pullback, after a look at traced against plain."""
        plain = tree.leaves(point.call(f))
        value, pullback = point.call(lambda *args: pulled("check_gradients", f, point.numbers, args))
        traced = tree.leaves(value)
        if len(plain) != len(traced):
            self.fail(order, "value", "all of it", f"{len(plain)} leaves plain, {len(traced)} traced")
        for i, (p, t) in enumerate(zip(plain, traced, strict=True)):
            self.same(order, f"array {i}", p, t)

        def pull(weights: list[Any]) -> Any:
            rest = iter(weights)
            return pullback(tree.map_tree(lambda x, _path: next(rest) if is_array(x) else x, value))

        return [x for x in plain if is_array(x)], pull

    def same(self, order: int, where: str, plain: Any, traced: Any) -> None:
        """Fail unless a traced call has given what a plain one gives."""
        if not is_array(plain) or not is_array(traced):
            if is_array(plain) or is_array(traced):
                self.fail(order, "value", where, f"plain {plain!r:.60}, traced {traced!r:.60}")
            return
        self.alike(order, "value", where, plain, traced)
        xp = xp_of(plain)
        agree = plain == traced
        if is_inexact(plain):
            agree = xp.logical_or(agree, xp.logical_and(xp.isnan(plain), xp.isnan(traced)))
            limit = float(xp.finfo(plain.dtype).eps) ** 0.75 * largest(xp.where(xp.isfinite(plain), plain, 0))
            agree = xp.logical_or(agree, xp.abs(plain - traced) <= limit)
        if not bool(xp.all(agree)):
            self.fail(order, "value", where, f"plain {plain}, traced {traced}")

    def alike(self, order: int, what: str, where: str, wanted: Any, got: Any) -> None:
        """Fail unless two arrays agree in shape, dtype and device."""
        for aspect in ("shape", "dtype", "device"):
            x, y = getattr(wanted, aspect), getattr(got, aspect)
            if x != y:
                self.fail(order, what, where, f"expected {aspect} {x}, got {y}")

    def pulled(self, point: Point, pullback: Function, weights: list[Any], order: int) -> list[Any]:
        """The gradient at each place, of its shape, dtype and device."""
        gradients = tree.leaves(point.call(lambda *_: pullback(weights)))
        for place, g in zip(point.places, gradients, strict=True):
            self.alike(order, "vjp", place.label, place.x, g)
        return gradients

    def along(
        self, f: Function, point: Point, order: int, i: int, weights: list[Any], gradient: Any, floor: float
    ) -> None:
        """Check the derivatives along a random direction of one place."""
        place = point.places[i]
        tangent = self.draw(place.x, typical(place.x))
        tangents = [tangent if j == i else xp_of(p.x).zeros_like(p.x) for j, p in enumerate(point.places)]
        slopes = self.slopes(f, point, tangents, order, place.label, floor)
        floating = [(w, d, e) for w, (d, e) in zip(weights, slopes, strict=True) if is_inexact(w)]
        if "vjp" in self.modes:
            got, size = paired(gradient, tangent)
            parts = [paired(w, d) for w, d, _ in floating]
            wanted = sum(part for part, _ in parts)
            error = sum(paired(abs(w), e)[0] for w, _, e in floating)
            scale = max(size, sum(magnitude for _, magnitude in parts))
            self.compare(order, "vjp", place.label, wanted, got, scale, floor, error)
        if "jvp" in self.modes and order == 1:
            trees = point.arranged(tangents)
            out = point.call(lambda *args: jvp(f, args, trees, point.numbers)[1])
            self.forward([x for x in tree.leaves(out) if is_array(x)], slopes, place.label, floor)

    def forward(self, outputs: list[Any], slopes: list[Any], label: str, floor: float) -> None:
        """Check a directional derivative element by element."""
        for x, (d, error) in zip(outputs, slopes, strict=True):
            if is_inexact(x) and x.size:
                xp = xp_of(x)
                worst = int(xp.argmax(xp.reshape(xp.abs(x - d), (-1,))))
                got, wanted = (number(xp.reshape(a, (-1,))[worst]) for a in (x, d))
                self.compare(1, "jvp", label, wanted, got, largest(d), floor, largest(error))

    def compare(
        self,
        order: int,
        mode: str,
        label: str,
        wanted: Any,
        got: Any,
        scale: float,
        floor: float,
        error: float,
    ) -> None:
        """Fail unless ``got`` is what differences give, or if their own error is too large to tell."""
        tolerance = self.rtol * scale + floor
        if not error <= max(WORST * scale, tolerance):
            how = (
                f"finite differences do not converge, they give {wanted:.8g} to within {error:.1g}: "
                f"the function is not smooth here, or noisy; got {got:.8g}"
            )
            self.fail(order, mode, label, how)
        tolerance, off = max(tolerance, 4 * error), abs(got - wanted)
        if not off <= tolerance:
            how = (
                f"expected {wanted:.8g} (finite differences), got {got:.8g}, relative error "
                f"{off / (abs(wanted) or 1.0):.1e}; it may be off by {tolerance:.1e}"
            )
            self.fail(order, mode, label, how)

    def slopes(
        self, f: Function, point: Point, tangents: list[Any], order: int, label: str, floor: float
    ) -> list[tuple[Any, Any]]:
        """The derivative of each array of the value along the tangents, and an estimate of its error."""
        columns: list[Column] = []
        for row in range(12):
            h = self.step / 2**row
            ahead, behind = (
                [x for x in tree.leaves(point.moved(tangents, s).call(f)) if is_array(x)] for s in (h, -h)
            )
            columns = columns or [Column(x) for x in ahead]
            for column, a, b in zip(columns, ahead, behind, strict=True):
                if not a.shape == b.shape == column.best.shape:
                    self.fail(
                        order, "value", label, f"its shape depends on the argument: {a.shape} and {b.shape}"
                    )
                if is_inexact(a):
                    column.add((a - b) / (2 * h))
            if row > 1 and all(
                largest(c.error) <= 0.01 * (self.rtol * largest(c.best) + floor) for c in columns
            ):
                break
        return [(column.best, column.error) for column in columns]


def _slope(f: Function, numbers: tuple[int, ...], weights: list[Any]) -> Function:
    """The pullback of ``f`` along fixed weights, as a function of where."""

    def slope(*args: Any) -> list[Any]:
        out, pullback = pulled("check_gradients", f, numbers, args)
        rest = iter(weights)
        return tree.leaves(pullback(tree.map_tree(lambda x, _path: next(rest) if is_array(x) else x, out)))

    return slope


class Column:
    """Difference quotients of one array, each with half the step of the last, and the best extrapolations."""

    def __init__(self, like: Any) -> None:
        self.last: list[Any] = []
        xp = xp_of(like)
        self.best = xp.zeros_like(like)
        self.error = xp.zeros_like(xp.abs(like))
        if is_inexact(like):
            self.error = self.error + xp.inf

    def add(self, quotient: Any) -> None:
        """One more quotient, at half the step."""
        xp = xp_of(quotient)
        new = [quotient]
        for j, older in enumerate(self.last[:5]):
            better = new[-1] + (new[-1] - older) / (4 ** (j + 1) - 1)
            error = xp.maximum(xp.abs(better - new[-1]), xp.abs(better - older))
            closer = error < self.error
            self.best = xp.where(closer, better, self.best)
            self.error = xp.where(closer, error, self.error)
            new.append(better)
        self.last = new
