"""The softmax over very many classes, in which rare ones cost little."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint
from ..functional._softmax import log_softmax
from ._containers import LayerList, Sequential
from ._layer import Layer
from ._linear import Linear

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class ASMoutput(NamedTuple):
    """The log-probability of each target, and the mean of their negatives."""

    output: Array
    loss: Array


class AdaptiveLogSoftmaxWithLoss(Layer):
    r"""Log-probabilities of classes sorted by frequency, the frequent ones first. Grave et al., 2016, arXiv:1609.04309.

    A *head* scores the classes below the first cutoff, and one *cluster* of classes between each two cutoffs. The
    log-probability of a class in a cluster is that of the cluster and, of smaller features, its own within it.

    Parameters
    ----------
    in_features
        The length of the input's last axis.
    n_classes
        How many classes there are.
    cutoffs
        The first class of each cluster: integers from 1 to ``n_classes - 1`` in increasing order.
    div_value
        Cluster :math:`i = 1, 2, \ldots` has :math:`\lfloor \mathrm{in\_features} / \mathrm{div\_value}^i \rfloor`
        features.
    head_bias
        Whether the head has a bias.
    device, dtype
        Of the weights.
    generator
        Where they are drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], dtype="float64")
    >>> output, loss = layer(np.ones((3, 8)), np.asarray([0, 7, 19]))
    >>> output.shape, loss.shape
    ((3,), ())
    >>> layer.log_prob(np.ones((3, 8))).shape
    (3, 20)
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        inner = [int(c) for c in cutoffs]
        if not inner or inner != list(cutoffs) or not 0 < inner[0] <= inner[-1] < n_classes:
            inner = []
        if not inner or any(a >= b for a, b in pairwise(inner)):
            raise complaint(
                "AdaptiveLogSoftmaxWithLoss",
                f"expected cutoffs to be increasing integers from 1 to {n_classes - 1}, got {list(cutoffs)}",
            )
        where: dict[str, Any] = {"device": device, "dtype": dtype, "generator": generator}
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*inner, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = inner[0], len(inner)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, **where)
        self.tail = LayerList([])
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            size = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, size, False, **where), Linear(size, high - low, False, **where)
                )
            )

    def forward(self, x: Array, target: Array) -> ASMoutput:
        """Shapes ``(N, in_features)`` and ``(N,)``, or without ``N``; the output has that of the target."""
        xp, single = array_namespace(x, target), not target.ndim
        self._check(xp, x, target)
        target = xp.astype(target, xp.int64)
        if single:
            x, target = xp.expand_dims(x, axis=0), xp.expand_dims(target, axis=0)
        cluster = xp.zeros(target.shape, dtype=xp.int64, device=target.device)
        for cutoff in self.cutoffs[:-1]:
            cluster = cluster + xp.astype(target >= cutoff, xp.int64)
        place = xp.where(cluster == 0, target, self.shortlist_size - 1 + cluster)
        # The log-probabilities within clusters, one cluster after the other, then in the order of the batch.
        rows = [xp.nonzero(cluster == i)[0] for i in range(self.n_clusters + 1)]
        parts = [xp.zeros(rows[0].shape, dtype=x.dtype, device=x.device)]
        for layer, low, row in zip(self.tail, self.cutoffs, rows[1:], strict=False):
            if row.size:
                scores = layer(xp.take(x, row, axis=0))
                parts.append(_at(xp, scores, xp.take(target, row, axis=0) - low))
        output = _at(xp, self.head(x), place) + _merged(xp, parts, rows)
        loss = -xp.sum(output) / (target.size or float("nan"))
        return ASMoutput(output[0] if single else output, loss)

    def log_prob(self, x: Array) -> Array:
        """The log-probabilities of all classes: shape ``(N, in_features)`` to ``(N, n_classes)``."""
        if x.ndim != 2:
            raise complaint(
                "AdaptiveLogSoftmaxWithLoss", f"expected an input with 2 axes, got shape {tuple(x.shape)}"
            )
        xp, size = array_namespace(x), self.shortlist_size
        head = log_softmax(self.head(x))
        parts = [log_softmax(layer(x)) + head[:, size + i, None] for i, layer in enumerate(self.tail)]
        return xp.concat([head[:, :size], *parts], axis=1)

    def predict(self, x: Array) -> Array:
        """The most probable class of each example: shape ``(N, in_features)`` to ``(N,)``."""
        xp = array_namespace(x)
        best = xp.argmax(self.head(x), axis=1)
        rows = [xp.nonzero(m)[0] for m in (best < self.shortlist_size, best >= self.shortlist_size)]
        if not rows[1].size:
            return best
        rare = xp.argmax(self.log_prob(xp.take(x, rows[1], axis=0)), axis=1)
        return _merged(xp, [xp.take(best, rows[0], axis=0), rare], rows)

    def _check(self, xp: Any, x: Array, target: Array) -> None:
        name, shapes = "AdaptiveLogSoftmaxWithLoss", (tuple(x.shape), tuple(target.shape))
        if len(shapes[1]) > 1 or len(shapes[0]) != len(shapes[1]) + 1 or shapes[0][:-1] != shapes[1]:
            raise complaint(
                name,
                f"expected an input and a target of shapes (N, in_features) and (N,), or (in_features,) and (), got "
                f"{shapes[0]} and {shapes[1]}",
            )
        if not xp.isdtype(target.dtype, "integral"):
            raise complaint(name, f"expected integer targets, got {target.dtype}", TypeError)
        if target.size and not 0 <= int(xp.min(target)) <= int(xp.max(target)) < self.n_classes:
            found = f"{int(xp.min(target))} to {int(xp.max(target))}"
            raise complaint(name, f"expected targets from 0 to {self.n_classes - 1}, got {found}", IndexError)


def _at(xp: Any, scores: Array, index: Array) -> Array:
    """The log-softmax of each row at its index."""
    return xp.take_along_axis(log_softmax(scores), index[:, None], axis=1)[:, 0]


def _merged(xp: Any, parts: list[Array], rows: list[Array]) -> Array:
    """One array of parts whose elements belong in these rows."""
    return xp.take(xp.concat(parts), xp.argsort(xp.concat(rows)), axis=0)
