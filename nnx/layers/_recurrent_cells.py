"""One step of a recurrent layer: for loops of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint
from ..functional._recurrent import GATES, Weights, recur
from ._layer import Layer
from ._recurrent_base import check_nonlinearity, declare_weights, states_of, whole_number

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class _Cell(Layer):
    """What the cells share: a sequence of one step."""

    weight_ih: Array
    weight_hh: Array
    bias_ih: Array | None
    bias_hh: Array | None
    mode = ""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        self.input_size = whole_number(type(self).__name__, "input_size", input_size, 0)
        self.hidden_size = whole_number(type(self).__name__, "hidden_size", hidden_size, 0)
        self.bias = bias
        where: dict[str, Any] = {"generator": generator, "dtype": dtype, "device": device}
        self.bias_ih = self.bias_hh = None
        lengths = (self.input_size, self.hidden_size, self.hidden_size)
        declare_weights(self, GATES[self.mode], lengths, bias, "", where)

    def _step(self, x: Array, hx: Any) -> tuple[Array, ...]:
        """The new states."""
        where, count = type(self).__name__, 2 if self.mode == "LSTM" else 1
        if not hasattr(x, "dtype"):
            raise complaint(where, f"expected an array, got {type(x).__name__}", TypeError)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise complaint(
                where,
                f"expected an input of shape (N, {self.input_size}) or ({self.input_size},), got {tuple(x.shape)}",
            )
        states, shape = states_of(self, hx, count), (*x.shape[:-1], self.hidden_size)
        xp = array_namespace(x, *(states or ()), self.weight_ih)
        for name, s in zip(("h_0", "c_0"), states or (), strict=False):
            if tuple(s.shape) != shape:
                raise complaint(where, f"expected {name} of shape {shape}, got {tuple(s.shape)}")
            if s.dtype != x.dtype:
                raise complaint(where, f"expected {name} of dtype {x.dtype}, got {s.dtype}", TypeError)
        states = states or (xp.zeros(shape, dtype=x.dtype, device=x.device),) * count
        rows = x.shape[0] if x.ndim == 2 else 1
        sequence = xp.reshape(x, (1, rows, self.input_size))
        begin = [xp.reshape(s, (rows, self.hidden_size)) for s in states]
        weights = Weights(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return tuple(xp.reshape(s, shape) for s in recur(self.mode, sequence, begin, weights)[1])

    def extra_repr(self) -> str:
        """The sizes, and what is not as by default."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias is True else f", bias={self.bias}")


class LSTMCell(_Cell):
    """One step of :class:`LSTM`; its formula and arguments, for one layer in one direction.

    Weights are ``weight_ih (4 * hidden_size, input_size)``, ``weight_hh (4 * hidden_size, hidden_size)``, ``bias_ih``
    and ``bias_hh (4 * hidden_size,)``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> h, c = nnx.LSTMCell(4, 5)(np.ones((2, 4), dtype=np.float32))
    >>> h.shape, c.shape
    ((2, 5), (2, 5))
    """

    mode = "LSTM"

    def forward(self, x: Array, hx: tuple[Array, Array] | None = None) -> tuple[Array, Array]:
        """``(N, input_size)`` and states ``(h, c)``, ``(N, hidden_size)`` each, to the new states; or without N."""
        h, c = self._step(x, hx)
        return h, c


class GRUCell(_Cell):
    """One step of :class:`GRU`; its formula and arguments, for one layer in one direction.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.GRUCell(4, 5)(np.ones((2, 4), dtype=np.float32)).shape
    (2, 5)
    """

    mode = "GRU"

    def forward(self, x: Array, hx: Array | None = None) -> Array:
        """``(N, input_size)`` and a state ``(N, hidden_size)`` to the new state; or without N."""
        return self._step(x, hx)[0]


class RNNCell(_Cell):
    """One step of :class:`RNN`; its formula and arguments, for one layer in one direction.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.RNNCell(4, 5, nonlinearity="relu")(np.ones(4, dtype=np.float32)).shape
    (5,)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        check_nonlinearity("RNNCell", nonlinearity)
        self.nonlinearity, self.mode = nonlinearity, f"RNN_{nonlinearity.upper()}"
        super().__init__(input_size, hidden_size, bias, device, dtype, generator=generator)

    def forward(self, x: Array, hx: Array | None = None) -> Array:
        """``(N, input_size)`` and a state ``(N, hidden_size)`` to the new state; or without N."""
        return self._step(x, hx)[0]

    def extra_repr(self) -> str:
        """The sizes, and what is not as by default."""
        tail = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + tail
