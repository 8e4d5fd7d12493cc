"""Averages of a model's weights over the course of training."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

from ..autodiff.cells import Cell
from ..backend import Array, backend_of
from ..backend.effects import effect, not_captured
from ..functional._errors import complaint
from ..layers import Layer
from ..layers._batch_norm import _BatchNorm
from ._optimizer import Optimizer
from ._places import layer_of
from ._rules import part_way
from ._state import following, moved_with

__all__ = ["EMA", "SWA", "update_batch_norm"]


class _Average:
    """An average of the weights of a model, or of an optimizer's parameters."""

    def __init__(self, model: Any, use_buffers: bool = False) -> None:
        model = layer_of(model) or model
        if not isinstance(model, (Layer, Optimizer)):
            detail = f"expected a Layer or an optimizer, got {type(model).__name__}"
            raise complaint(type(self).__name__, detail, TypeError)
        self.model, self.use_buffers = model, use_buffers
        self.n_averaged = 0
        self.averages: dict[str, Array] = {path: _copy(cell.value) for path, cell in self._cells().items()}

    def _cells(self, model: Any = None) -> dict[str, Cell]:
        """What is averaged, by path."""
        model = self.model if model is None else model
        if isinstance(model, Optimizer):
            return model._places.cells()
        return {p: cell for p, cell in model.__nnx_cells__().items() if self.use_buffers or not cell.buffer}

    def share(self) -> float:
        """The share of the model in the next average."""
        raise NotImplementedError

    @effect
    def update(self, model: Any = None) -> None:
        """Take in the model, or another of the same architecture, as it is now; the first time it is the average."""
        share = self.share() if self.n_averaged else 1.0
        new: dict[str, Array] = {}
        for path, cell in self._cells(model).items():
            x, old = cell.value, self.averages.get(path)
            averaged = old is not None and old.shape == x.shape and share < 1.0
            if not averaged or not backend_of(x).xp.isdtype(x.dtype, "real floating"):
                new[path] = _copy(x)
            else:
                new[path] = backend_of(x).xp.asarray(part_way(following(old, x), x, share))
        self.averages = new
        self.n_averaged += 1

    @effect
    def copy_to(self, model: Any = None) -> None:
        """Put the average into the model, or into another of the same architecture."""
        cells = self._cells(model)
        missing = [path for path in self.averages if path not in cells]
        if missing:
            raise complaint(type(self).__name__, f"the model has no {', '.join(missing)}")
        for path, x in self.averages.items():
            cells[path].value = moved_with(cells[path].value, {path: x})[path]

    @contextmanager
    def swapped(self) -> Generator[Any, None, None]:
        """The model with the average as its weights, for the length of a ``with`` block."""
        not_captured("a model is swapped with its average in it")
        cells = self._cells()
        before = {path: cell.value for path, cell in cells.items()}
        self.copy_to()
        try:
            yield self.model
        finally:
            for path, x in before.items():
                cells[path].value = x

    def state_dict(self) -> dict[str, Any]:
        """A snapshot from which averaging goes on exactly."""
        return {"n_averaged": self.n_averaged, "averages": {p: _copy(x) for p, x in self.averages.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a snapshot.

        Raises
        ------
        ValueError
            Where it is none, or of another model; nothing has been loaded then.
        """
        not_captured("an average is loaded in it")
        name, averages = type(self).__name__, state.get("averages") if isinstance(state, Mapping) else None
        if not isinstance(averages, Mapping) or "n_averaged" not in state:
            raise complaint(name, 'expected what state_dict() gives, a dict with "n_averaged" and "averages"')
        cells = self._cells()
        wrong = [
            p for p in cells if tuple(getattr(averages.get(p), "shape", (-1,))) != tuple(cells[p].value.shape)
        ]
        wrong += [path for path in averages if path not in cells]
        if wrong:
            raise complaint(name, f"the state does not fit, nothing was loaded: {', '.join(wrong)}")
        self.averages = {p: moved_with(cell.value, {p: averages[p]})[p] for p, cell in cells.items()}
        self.n_averaged = int(state["n_averaged"])


class EMA(_Average):
    r"""An average of a model's weights in which old ones fade: :math:`a \leftarrow \delta a + (1 - \delta) p`.

    Parameters
    ----------
    model
        A Layer, or an optimizer for the parameters that it was given.
    decay
        :math:`\delta`.
    use_buffers
        Whether to average floating-point buffers too, as running statistics; the others are the model's.

    Attributes
    ----------
    averages
        By path; the model's own weights until the first update.
    n_averaged
        How many updates there have been.

    Examples
    --------
    >>> import nnx
    >>> model = nnx.Linear(2, 1)
    >>> ema = nnx.optim.EMA(model, decay=0.5)
    >>> for value in (1.0, 2.0, 4.0):
    ...     model.weight = nnx.init.constant((1, 2), value)
    ...     ema.update()
    >>> with ema.swapped():
    ...     model.weight
    array([[2.75, 2.75]], dtype=float32)
    """

    def __init__(self, model: Any, decay: float = 0.999, use_buffers: bool = False) -> None:
        if not 0.0 <= decay <= 1.0:
            raise complaint("EMA", f"expected decay from 0 to 1, got {decay!r}")
        self.decay = decay
        super().__init__(model, use_buffers)

    def share(self) -> float:
        """What doesn't decay."""
        return 1.0 - self.decay


class SWA(_Average):
    """Stochastic weight averaging: the plain average of a model's weights at every update.

    Usually once an epoch, late in training at a constant learning rate (:func:`schedules.swa`); then
    :func:`update_batch_norm`. Izmailov et al., https://arxiv.org/abs/1803.05407.

    Parameters
    ----------
    model, use_buffers
        As for :class:`EMA`.

    Examples
    --------
    >>> import nnx
    >>> model = nnx.Linear(2, 1)
    >>> swa = nnx.optim.SWA(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     model.weight = nnx.init.constant((1, 2), value)
    ...     swa.update()
    >>> swa.copy_to(model)
    >>> model.weight
    array([[3., 3.]], dtype=float32)
    """

    def share(self) -> float:
        """The same for every update."""
        return 1.0 / (self.n_averaged + 1)


def update_batch_norm(model: Layer, data: Iterable[Any]) -> None:
    """The running statistics of a model's batch norms, anew: averages over data with the weights as they are.

    Parameters
    ----------
    model
        The model; whether it is in training stays as it was.
    data
        Batches, of which the first item is the model's input where they are tuples or lists.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> model = nnx.BatchNorm1d(1)
    >>> update_batch_norm(model, [np.ones((4, 1), np.float32), np.full((4, 1), 2.0, np.float32)])
    >>> model.running_mean
    array([1.5], dtype=float32)
    """
    layers = Layer.layers(model).values()  # the model may call a list of its own so
    norms = [x for x in layers if isinstance(x, _BatchNorm) and x.running_mean is not None]
    if not norms:
        return
    modes, momenta = [(layer, layer.training) for layer in layers], [layer.momentum for layer in norms]
    for layer in norms:
        xp = backend_of(layer.running_mean).xp
        layer.running_mean = xp.zeros_like(layer.running_mean)
        layer.running_var = xp.ones_like(layer.running_var)
        layer.num_batches_tracked = xp.zeros_like(layer.num_batches_tracked)
        layer.momentum = None
    model.train()
    try:
        for batch in data:
            model(batch[0] if isinstance(batch, (tuple, list)) else batch)
    finally:
        for layer, momentum in zip(norms, momenta, strict=True):
            layer.momentum = momentum
        for layer, mode in modes:
            layer.training = mode


def _copy(x: Array) -> Array:
    return backend_of(x).xp.asarray(x, copy=True)
