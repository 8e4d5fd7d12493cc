"""Recurrent layers: sequences read step by step, in one direction or both, through one layer or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import Array
from ._recurrent_base import Recurrent, check_nonlinearity, states_of

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["GRU", "LSTM", "RNN"]


class LSTM(Recurrent):
    r"""Long short-term memory: a cell state, and gates for what enters it, what it forgets and what it shows.

    .. math::
        i_t, f_t, o_t &= \sigma(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh}) \\
        g_t &= \tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh}) \\
        c_t &= f_t c_{t-1} + i_t g_t, \qquad h_t = o_t \tanh(c_t)

    each gate with its own rows of the weights, in the order i, f, g, o. With ``proj_size``, :math:`h_t = W_{hr}\, o_t
    \tanh(c_t)`. Hochreiter and Schmidhuber, 1997, with forget gates (Gers et al., 2000) and without peepholes;
    projections: Sak et al., 2014, arXiv:1402.1128.

    Parameters
    ----------
    input_size, hidden_size
        The number of features of the input, and of the hidden state.
    num_layers
        How many layers, each reading what the one before gives.
    bias
        Whether there are biases, two for each gate as in PyTorch.
    batch_first
        Whether the axes of input and output are batch, step, feature in place of step, batch, feature. The states
        keep theirs.
    dropout
        In training, the probability of an element between two layers to be set to zero.
    bidirectional
        Whether each layer reads in both directions; both outputs are joined on the last axis.
    proj_size
        The number of features that the hidden state is projected to, less than ``hidden_size``; 0 for no projection.
    device, dtype
        Of the weights; where ``nnx.use`` says, and float32, by default.
    generator
        Where weights and dropout's masks are drawn from; nnx's own stream (``nnx.seed``) by default.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0
        Of the first layer: shapes ``(4 * hidden_size, input_size)`` and ``(4 * hidden_size, hidden_size)``, with
        ``proj_size`` in place of the latter where there is one. All weights start uniform in
        :math:`\pm 1/\sqrt{\mathrm{hidden\_size}}`.
    bias_ih_l0, bias_hh_l0
        Shape ``(4 * hidden_size,)``.
    weight_hr_l0
        Shape ``(proj_size, hidden_size)``, where there is a projection.
    weight_ih_l0_reverse, weight_ih_l1, ...
        The like of the other direction and of the layers after.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.
    TypeError
        Where dtypes differ, or the initial state is no pair.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.LSTM(4, 5, bidirectional=True)
    >>> out, (h, c) = layer(np.ones((3, 2, 4), dtype=np.float32), lengths=[3, 1])
    >>> out.shape, h.shape, c.shape
    ((3, 2, 10), (2, 2, 5), (2, 2, 5))
    """

    def __init__(
        self,
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
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size,
            device, dtype, generator,
        )  # fmt: skip

    def forward(
        self, x: Array, hx: tuple[Array, Array] | None = None, *, lengths: Any = None
    ) -> tuple[Array, tuple[Array, Array]]:
        """The output of every step, and the last states ``(h_n, c_n)`` of every layer and direction.

        Parameters
        ----------
        x
            Shape ``(L, N, input_size)``, ``(N, L, input_size)`` with ``batch_first``, or ``(L, input_size)``.
        hx
            The states to begin with, ``(h_0, c_0)``, each ``(num_layers * directions, N, hidden_size)`` (for h
            ``proj_size`` where there is one), or without the N; zeros by default.
        lengths
            How many steps of each sequence in a padded batch count, N whole numbers. Outputs beyond are zero, the
            last states are those of the last step that counts, where the other direction begins: the numbers of
            PyTorch's packed sequences.
        """
        out, (h, c) = self._run(x, states_of(self, hx, 2), lengths)
        return out, (h, c)


class GRU(Recurrent):
    r"""Gated recurrent unit: one state, and gates for what is renewed.

    .. math::
        r_t, z_t &= \sigma(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh}) \\
        n_t &= \tanh(W_{ih} x_t + b_{ih} + r_t (W_{hh} h_{t-1} + b_{hh})) \\
        h_t &= (1 - z_t) n_t + z_t h_{t-1}

    each with its own rows of the weights, in the order r, z, n. Cho et al., 2014, arXiv:1406.1078, in the variant
    that resets after the product, as PyTorch and cuDNN. Arguments are :class:`LSTM`'s, less ``proj_size``; a weight
    has ``3 * hidden_size`` rows.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> out, h = nnx.GRU(4, 5, num_layers=2, batch_first=True)(np.ones((2, 3, 4), dtype=np.float32))
    >>> out.shape, h.shape
    ((2, 3, 5), (2, 2, 5))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0,
            device, dtype, generator,
        )  # fmt: skip

    def forward(self, x: Array, hx: Array | None = None, *, lengths: Any = None) -> tuple[Array, Array]:
        """The output of every step, and the last state of every layer and direction; as :meth:`LSTM.forward`."""
        out, (h,) = self._run(x, states_of(self, hx, 1), lengths)
        return out, h


class RNN(Recurrent):
    r"""The simplest recurrent layer, :math:`h_t = \tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})`.

    ``nonlinearity`` is ``"tanh"`` or ``"relu"``; the other arguments are :class:`LSTM`'s, less ``proj_size``. A weight
    has ``hidden_size`` rows. Elman, "Finding structure in time", Cognitive Science 14 (1990).

    Examples
    --------
    >>> import numpy as np, nnx
    >>> out, h = nnx.RNN(4, 5)(np.ones((3, 4), dtype=np.float32))
    >>> out.shape, h.shape
    ((3, 5), (1, 5))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        check_nonlinearity("RNN", nonlinearity)
        self.nonlinearity = nonlinearity
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, 0, device, dtype, generator,
        )  # fmt: skip

    def forward(self, x: Array, hx: Array | None = None, *, lengths: Any = None) -> tuple[Array, Array]:
        """The output of every step, and the last state of every layer and direction; as :meth:`LSTM.forward`."""
        out, (h,) = self._run(x, states_of(self, hx, 1), lengths)
        return out, h
