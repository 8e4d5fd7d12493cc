"""What recurrent layers share: their weights, their checks, and the way through layers and directions."""

from __future__ import annotations

import math
import operator
import warnings
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from .. import init
from ..autodiff import array_namespace
from ..backend import Array
from ..functional._dropout import dropout
from ..functional._errors import complaint, other_dtype
from ..functional._recurrent import GATES, Weights, recur
from ._cells import Parameter
from ._layer import Layer

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["Recurrent", "check_nonlinearity", "declare_weights", "states_of", "whole_number"]


def declare_weights(
    layer: Layer, gates: int, lengths: tuple[int, int, int], bias: bool, suffix: str, where: dict[str, Any]
) -> None:
    """Declare the weights of one layer in one direction, uniform in ±1/sqrt(hidden_size).

    ``lengths`` are those of the input, of the state that is fed back and, for the gates, of the hidden state.
    """
    features, state, hidden = lengths
    bound, rows = 1.0 / math.sqrt(hidden) if hidden else 0.0, gates * hidden
    shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features), "weight_hh": (rows, state)}
    if bias:
        shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
    if state != hidden:
        shapes["weight_hr"] = (state, hidden)
    for name, shape in shapes.items():
        setattr(layer, name + suffix, Parameter(init.uniform(shape, -bound, bound, **where)))


class Recurrent(Layer):
    """What recurrent layers share."""

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        self.mode, self.num_layers = mode, num_layers
        self.input_size, self.hidden_size = input_size, hidden_size
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional
        self.dropout, self.proj_size, self.generator = dropout, proj_size, generator
        self._check_configuration()
        where: dict[str, Any] = {"generator": generator, "dtype": dtype, "device": device}
        state = self.proj_size or self.hidden_size
        for k in range(self.num_layers):
            features = state * len(self._suffixes()) if k else self.input_size
            for suffix in self._suffixes():
                lengths = (features, state, self.hidden_size)
                declare_weights(self, GATES[mode], lengths, bias, f"_l{k}{suffix}", where)

    def _check_configuration(self) -> None:
        where = type(self).__name__
        for name, least in (("input_size", 1), ("hidden_size", 1), ("num_layers", 1), ("proj_size", 0)):
            setattr(self, name, whole_number(where, name, getattr(self, name), least))
        for name in ("bias", "batch_first"):
            if not isinstance(getattr(self, name), bool):
                raise complaint(
                    where, f"expected {name} to be True or False, got {getattr(self, name)!r}", TypeError
                )
        if self.proj_size >= self.hidden_size:
            raise complaint(
                where,
                f"expected proj_size to be smaller than hidden_size {self.hidden_size}, got {self.proj_size}",
            )
        p: Any = self.dropout
        if isinstance(p, bool) or not isinstance(p, Real) or not 0 <= float(p) <= 1:
            raise complaint(where, f"expected dropout to be a probability between 0 and 1, got {p!r}")
        self.dropout = float(p)
        if self.dropout > 0 and self.num_layers == 1:
            warnings.warn(
                f"{where}: dropout comes after every layer but the last, so that dropout={p} does nothing with "
                "num_layers=1",
                stacklevel=4,
            )

    def _suffixes(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def _weights(self, suffix: str) -> Weights:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        return Weights(*(getattr(self, name + suffix, None) for name in names))

    def _run(
        self, x: Array, states: tuple[Array, ...] | None, lengths: Any
    ) -> tuple[Array, tuple[Array, ...]]:
        """The output and the last states, for an input and states of the shapes that the layer documents."""
        self._check_input(x)
        xp, batched = array_namespace(x, *(states or ()), self.weight_ih_l0), x.ndim == 3
        if batched and self.batch_first:
            x = xp.permute_dims(x, (1, 0, 2))
        elif not batched:
            x = xp.expand_dims(x, axis=1)
        states = self._states(xp, x, states, batched)
        active = None if lengths is None else self._active(xp, x, lengths, batched)
        x, last = self._layers(xp, x, states, active)
        if not batched:
            return xp.squeeze(x, axis=1), tuple(xp.squeeze(s, axis=1) for s in last)
        return xp.permute_dims(x, (1, 0, 2)) if self.batch_first else x, last

    def _layers(
        self, xp: Any, x: Array, states: tuple[Array, ...], active: Array | None
    ) -> tuple[Array, tuple[Array, ...]]:
        """Through all layers, the axis of time first."""
        if active is not None:
            x = xp.where(active, x, 0.0)  # nothing that is there reaches a gradient, not even NaN
        suffixes, ends = self._suffixes(), []
        for k in range(self.num_layers):
            outs = []
            for suffix in suffixes:
                begin = [s[len(ends), ...] for s in states]
                out, end = recur(self.mode, x, begin, self._weights(f"_l{k}{suffix}"), bool(suffix), active)
                outs.append(out)
                ends.append(end)
            x = outs[0] if len(outs) == 1 else xp.concat(outs, axis=2)
            if k + 1 < self.num_layers:
                x = dropout(x, self.dropout, self.training, self.generator)
        return x, tuple(xp.stack(list(end)) for end in zip(*ends, strict=True))

    def _check_input(self, x: Array) -> None:
        where = type(self).__name__
        if not hasattr(x, "dtype"):
            raise complaint(where, f"expected an array, got {type(x).__name__}", TypeError)
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            layout = "(N, L, H)" if self.batch_first else "(L, N, H)"
            raise complaint(
                where,
                f"expected an input of shape {layout} or (L, H) with H = {self.input_size}, got {tuple(x.shape)}",
            )
        dtype = self.weight_ih_l0.dtype
        if x.dtype != dtype:
            raise other_dtype(where, x, dtype)
        if not x.shape[1 if self.batch_first and x.ndim == 3 else 0]:
            raise complaint(where, f"expected at least one step, got an input of shape {tuple(x.shape)}")

    def _states(
        self, xp: Any, x: Array, states: tuple[Array, ...] | None, batched: bool
    ) -> tuple[Array, ...]:
        """The states to begin with, checked, or zeros; shape ``(layers and directions, N, H)``."""
        count = self.num_layers * len(self._suffixes())
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)[: 2 if self.mode == "LSTM" else 1]
        shapes = [(count, x.shape[1], size) for size in sizes]
        if states is None:
            return tuple(xp.zeros(shape, dtype=x.dtype, device=x.device) for shape in shapes)
        checked: list[Array] = []
        for name, s, shape in zip(("h_0", "c_0"), states, shapes, strict=False):
            wanted = shape if batched else (shape[0], shape[2])
            if tuple(s.shape) != wanted:
                raise complaint(
                    type(self).__name__,
                    f"expected {name} of shape {wanted}, got {tuple(s.shape)}",
                )
            if s.dtype != x.dtype:
                raise complaint(
                    type(self).__name__, f"expected {name} of dtype {x.dtype}, got {s.dtype}", TypeError
                )
            checked.append(s if batched else xp.expand_dims(s, axis=1))
        return tuple(checked)

    def _active(self, xp: Any, x: Array, lengths: Any, batched: bool) -> Array:
        """Which steps belong to their sequence, shape ``(T, N, 1)``."""
        where, (steps, count) = type(self).__name__, x.shape[:2]
        try:
            numbers = [operator.index(n) for n in lengths]
        except TypeError:
            raise complaint(
                where, f"expected lengths to be whole numbers, got {lengths!r}", TypeError
            ) from None
        if not batched or len(numbers) != count:
            wanted = f"one length for each of {count} sequences" if batched else "no lengths without a batch"
            raise complaint(where, f"expected {wanted}, got {len(numbers)}")
        if any(not 1 <= n <= steps for n in numbers):
            raise complaint(where, f"expected lengths between 1 and {steps}, got {numbers}")
        ends = xp.asarray(numbers or [0], dtype=xp.int64, device=x.device)[:count]
        step = xp.arange(steps, dtype=xp.int64, device=x.device)
        return xp.reshape(step, (steps, 1, 1)) < xp.reshape(ends, (1, count, 1))

    def extra_repr(self) -> str:
        """The sizes, and what is not as by default."""
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
            "bidirectional": False,
        }  # fmt: skip
        given = [f"{k}={getattr(self, k)}" for k, v in defaults.items() if getattr(self, k) != v]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *given])


def whole_number(where: str, name: str, n: Any, least: int) -> int:
    """Raise unless it is a whole number, and large enough."""
    if isinstance(n, bool) or not isinstance(n, Integral):
        raise complaint(where, f"expected {name} to be a whole number, got {n!r}", TypeError)
    if n < least:
        raise complaint(where, f"expected {name} to be at least {least}, got {n}")
    return int(n)


def check_nonlinearity(where: str, name: str) -> None:
    """Raise unless it is one of the two."""
    if name not in ("tanh", "relu"):
        raise complaint(where, f'expected a nonlinearity of "tanh" or "relu", got {name!r}')


def states_of(layer: Layer, hx: Any, count: int) -> tuple[Array, ...] | None:
    """The initial states given, as a tuple of one or of two."""
    if hx is None:
        return None
    states: tuple[Any, ...] = (hx,) if count == 1 else tuple(hx) if isinstance(hx, (tuple, list)) else ()
    if len(states) != count or not all(hasattr(s, "dtype") for s in states):
        wanted = "an array" if count == 1 else "a tuple of two arrays, (h_0, c_0)"
        got = type(hx).__name__ + (f" of {len(hx)}" if isinstance(hx, (tuple, list)) else "")
        raise complaint(type(layer).__name__, f"expected hx to be {wanted}, got {got}", TypeError)
    return states
