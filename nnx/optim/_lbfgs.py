"""L-BFGS: Newton's method with the curvature that the last steps have shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..autodiff.cells import Cell
from ..backend import Array, backend_of
from ..functional._errors import complaint
from ._buckets import Bucket
from ._gradients import arranged
from ._line_search import Point, strong_wolfe
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least
from ._state import following, is_count, unlike

__all__ = ["LBFGS"]

Closure = Callable[[], tuple[Any, Mapping[str, Array]]]


class LBFGS(Optimizer):
    """Limited-memory BFGS, for losses without noise.

    An update is up to ``max_iter`` steps. Each goes along the negative gradient, multiplied by an approximation of the
    inverse Hessian from the last ``history_size`` steps and changes of the gradient: Liu and Nocedal, Mathematical
    Programming 45, 1989. The steps are PyTorch's; all parameters share a library, device and dtype.

    Parameters
    ----------
    model_or_parameters
        A Layer, or a dict of arrays by name.
    learning_rate
        The length of a step, or of the first that the line search tries; a number or a function of the step.
    max_iter
        The largest number of steps in an update.
    max_eval
        The largest number of evaluations in an update, where None ``max_iter * 5 // 4``.
    tolerance_grad
        Stop where no element of the gradient is larger.
    tolerance_change
        Stop where no element, or not the loss, has changed by more.
    history_size
        How many steps are remembered.
    line_search_fn
        None or ``"strong_wolfe"``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.LBFGS({"x": np.asarray([-1.0, 2.0])}, line_search_fn="strong_wolfe")
    >>> def rosenbrock(x):
    ...     return (1.0 - x["x"][0]) ** 2 + 100.0 * (x["x"][1] - x["x"][0] ** 2) ** 2
    >>> for _ in range(4):
    ...     loss = optimizer.update(lambda: nnx.value_and_grad(rosenbrock)(optimizer.parameters))
    >>> optimizer.parameters["x"].round(4)
    array([1., 1.])
    """

    name = "lbfgs"
    takes_closure = True

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            learning_rate=learning_rate,
            max_iter=max_iter,
            max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
            history_size=history_size,
            line_search_fn=line_search_fn,
        )
        self._memory: dict[str, Any] = {}
        self.n_iter = self.func_evals = 0

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_at_least("LBFGS", settings, "max_iter", "max_eval", "tolerance_grad", "tolerance_change")
        check_at_least("LBFGS", settings, "history_size", low=1)
        if settings["line_search_fn"] not in (None, "strong_wolfe"):
            raise complaint(
                "LBFGS",
                f"expected line_search_fn to be None or 'strong_wolfe', got {settings['line_search_fn']!r}",
            )

    def update(self, grads: Closure) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Up to ``max_iter`` steps.

        Parameters
        ----------
        grads
            The closure: called without arguments, it returns the loss and its gradients by path, as
            ``nnx.value_and_grad`` does, for the parameters as they are then.

        Returns
        -------
        The loss before the steps, as the closure gave it.
        """
        if not callable(grads):
            raise complaint(
                "LBFGS",
                f"expected a closure that returns loss and gradients, got {type(grads).__name__}",
                TypeError,
            )
        cells = self._places.cells()
        before = {path: cell.value for path, cell in cells.items()}
        try:
            loss = self._steps(_Line(cells, grads))
        except BaseException:
            for path, cell in cells.items():
                cell.value = before[path]
            raise
        self.steps += 1
        return loss

    def _steps(self, line: _Line) -> Any:
        s = self.settings
        given, loss, g = line.evaluated()
        evaluations = 1
        self.func_evals += 1
        if line.largest(g) <= s["tolerance_grad"]:
            return given
        memory = self._remembered(g)
        rate = self.rate(s)
        for i in range(1, s["max_iter"] + 1):
            self.n_iter += 1
            first = "d" not in memory
            d = -g if first else self._direction(line.xp, memory, g)
            t = min(1.0, 1.0 / float(line.xp.sum(line.xp.abs(g)))) * rate if first else rate
            memory.update(d=d, t=t, g=g)
            before, slope, count = loss, line.dot(g, d), 0
            if slope > -s["tolerance_change"]:
                break
            x = line.x
            if s["line_search_fn"]:
                point, count = strong_wolfe(
                    lambda t, x=x, d=d: line.point(x, t, d), Point(0.0, loss, slope, g), t, line.largest(d),
                    s["max_eval"] - evaluations,
                )  # fmt: skip
                memory["t"], loss, g = point.t, point.loss, point.gradient
                line.put(x + point.t * d)
            else:
                line.put(x + t * d)
                if (
                    i < s["max_iter"]
                ):  # the last is left to the next update, for which the loss may be another
                    _, loss, g = line.evaluated()
                    count = 1
            evaluations += count
            self.func_evals += count
            if (
                evaluations >= s["max_eval"]
                or line.largest(g) <= s["tolerance_grad"]
                or line.largest(d * memory["t"]) <= s["tolerance_change"]
                or abs(loss - before) < s["tolerance_change"]
            ):
                break
        self._memory = memory
        return given

    def _direction(self, xp: Any, memory: dict[str, Any], g: Array) -> Array:
        """Minus the gradient times the inverse Hessian, after taking in the last step."""
        changes, steps, inverses = memory["changes"], memory["steps"], memory["inverses"]
        y, s = g - memory["g"], memory["d"] * memory["t"]
        ys = xp.vecdot(y, s)
        if ys > 1e-10:
            if len(steps) == self.settings["history_size"]:
                del changes[0], steps[0], inverses[0]
            changes.append(y)
            steps.append(s)
            inverses.append(1.0 / ys)
            memory["scale"] = ys / xp.vecdot(y, y)
        q, shares = -g, []
        for y, s, inverse in zip(reversed(changes), reversed(steps), reversed(inverses), strict=True):
            shares.append(xp.vecdot(s, q) * inverse)
            q = q - shares[-1] * y
        q = q * memory["scale"]
        for y, s, inverse, share in zip(changes, steps, inverses, reversed(shares), strict=True):
            q = q + (share - xp.vecdot(y, q) * inverse) * s
        return q

    def _remembered(self, like: Array) -> dict[str, Any]:
        """A copy of the memory that may be added to, where the parameters now are; empty where their size differs."""
        memory = self._memory
        if "d" not in memory or memory["d"].shape != like.shape:
            return {"changes": [], "steps": [], "inverses": [], "scale": 1.0}

        def moved(value: Any) -> Any:
            if isinstance(value, list):
                return [moved(x) for x in value]
            return value if isinstance(value, float) else following(value, like)

        return {key: moved(value) for key, value in memory.items()}

    def state_dict(self) -> dict[str, Any]:
        """A snapshot from which the steps go on exactly: arrays of past steps, one a row, and numbers."""
        memory = self._memory
        state = {"step": self.steps, "n_iter": self.n_iter, "func_evals": self.func_evals}
        if "d" not in memory:
            return state
        xp = backend_of(memory["d"]).xp
        state |= {key: xp.asarray(memory[key], copy=True) for key in ("d", "g")}
        state |= {"t": float(memory["t"]), "scale": float(memory["scale"])}
        if memory["steps"]:
            state |= {key: xp.stack(memory[key]) for key in ("changes", "steps", "inverses")}
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a snapshot.

        Raises
        ------
        ValueError
            Where it is none, or of parameters of another size.
        """
        if not isinstance(state, Mapping) or not {"step", "n_iter", "func_evals"} <= set(state):
            raise complaint(
                "LBFGS", "expected what state_dict() gives, a dict with step, n_iter and func_evals"
            )
        self._check_state(state)
        self.steps, self.n_iter, self.func_evals = (int(state[k]) for k in ("step", "n_iter", "func_evals"))
        self._memory = {}
        if "d" in state:
            xp = backend_of(state["d"]).xp
            self._memory = {key: xp.asarray(state[key], copy=True) for key in ("d", "g")}
            self._memory |= {"t": float(state["t"]), "scale": float(state["scale"])}
            for key in ("changes", "steps", "inverses"):
                rows = xp.asarray(state[key], copy=True) if key in state else None
                self._memory[key] = [] if rows is None else [rows[i, ...] for i in range(rows.shape[0])]

    def _check_state(self, state: Mapping[str, Any]) -> None:
        """Raise unless these are the entries of a snapshot of as many elements."""
        size = sum(math.prod(cell.value.shape) for cell in self._places.cells().values())
        lengths = {key: (size,) for key in ("d", "g") if "d" in state or "g" in state}
        past = [key for key in ("changes", "steps", "inverses") if key in state]
        count = (*getattr(state[past[0]], "shape", ()), 0)[0] if past else 0
        if past:
            lengths |= {"changes": (count, size), "steps": (count, size), "inverses": (count,)}
        for key, shape in lengths.items():
            if got := "nothing" if key not in state else unlike(state[key], shape):
                raise complaint("LBFGS", f"expected {key} of shape {shape}, got {got}")
        for key in ("step", "n_iter", "func_evals"):
            if not is_count(state[key]):
                raise complaint("LBFGS", f"expected {key} to be a count, got {state[key]!r}")
        for key in ("t", "scale") if lengths else ():
            if not hasattr(state.get(key), "__float__"):
                raise complaint("LBFGS", f"expected {key} to be a number, got {state.get(key)!r}")


class _Line:
    """All parameters as one flat array, and the closure evaluated there."""

    def __init__(self, cells: dict[str, Cell], closure: Closure) -> None:
        self.bucket = Bucket(backend_of(next(iter(cells.values())).value), list(cells.items()), -1, 0)
        for i, (path, cell) in enumerate(cells.items()):
            if not self.bucket.fits(cell.value, i):
                raise complaint(
                    "LBFGS",
                    f'expected parameters of one library, device and dtype, "{path}" differs',
                    TypeError,
                )
        self.xp, self.closure = self.bucket.backend.xp, closure
        self.x = self.joined([cell.value for cell in cells.values()])

    def joined(self, arrays: list[Array]) -> Array:
        return self.xp.concat([self.xp.reshape(x, (-1,)) for x in arrays])

    def put(self, x: Array) -> None:
        """Move the parameters."""
        self.x, start = x, 0
        for cell, shape in zip(self.bucket.cells, self.bucket.shapes, strict=True):
            stop = start + math.prod(shape)
            cell.value = self.xp.reshape(x[start:stop], shape)
            start = stop

    def evaluated(self) -> tuple[Any, float, Array]:
        """The loss, as given and as a number, and the flat gradient."""
        loss, grads = self.closure()
        return loss, float(loss), self.joined(arranged("LBFGS", grads, [self.bucket])[0])

    def point(self, x: Array, t: float, d: Array) -> Point:
        """What the closure gives at ``x + t d``."""
        self.put(x + t * d)
        _, loss, g = self.evaluated()
        return Point(t, loss, self.dot(g, d), g)

    def dot(self, x: Array, y: Array) -> float:
        return float(self.xp.vecdot(x, y))

    def largest(self, x: Array) -> float:
        return float(self.xp.max(self.xp.abs(x))) if x.size else 0.0
