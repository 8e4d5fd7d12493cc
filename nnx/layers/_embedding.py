"""Tables of vectors that are trained: one for each index, or bags of them."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, Self

from .. import init
from ..autodiff.cells import keep
from ..backend import Array, backend_of
from ..functional import _embedding as functional
from ..functional._errors import complaint
from ._cells import Parameter
from ._layer import Layer

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Layer):
    """What both have in common."""

    weight: Array
    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    max_norm: float | None
    norm_type: float
    scale_grad_by_freq: bool

    def _make(
        self, sizes: tuple[int, int], given: Array | None, freeze: bool, padding_idx: int | None, **where: Any
    ) -> None:
        name = type(self).__name__
        for size in sizes:
            if not hasattr(size, "__index__") or index(size) < 0:
                raise complaint(name, f"expected whole numbers of at least 0, got {sizes}")
        self.num_embeddings, self.embedding_dim = sizes
        self.padding_idx = padding = functional.padding_row(name, padding_idx, self.num_embeddings)
        if given is not None:
            if tuple(given.shape) != sizes:
                raise complaint(name, f"expected a weight of shape {sizes}, got {tuple(given.shape)}")
            self.weight = Parameter(given, trainable=not freeze)
            return
        weight = init.normal(sizes, **where)
        if padding is not None:
            weight = backend_of(weight).set_item(weight, (padding, ...), 0.0)
        self.weight = Parameter(weight, trainable=not freeze)

    def _renormalized(self, x: Array) -> Array:
        """The weight, of which rows that are too long are first scaled for good, as PyTorch does."""
        weight = self.weight
        if self.max_norm is None:
            return weight
        x = functional.check_table(type(self).__name__, x, weight)
        new = functional.renormalized(weight, x, self.max_norm, self.norm_type)
        if new is not weight:
            keep(self._nnx_cells["weight"], new)
        return new

    @classmethod
    def _pretrained(cls, embeddings: Array, freeze: bool, **arguments: Any) -> Self:
        if embeddings.ndim != 2:
            raise complaint(
                cls.__name__, f"expected embeddings with 2 axes, got shape {tuple(embeddings.shape)}"
            )
        rows, columns = embeddings.shape
        layer = cls(rows, columns, _weight=embeddings, **arguments)  # pyright: ignore[reportCallIssue]
        return layer.freeze() if freeze else layer

    def _options(self, *shown: str) -> str:
        """What differs from the defaults."""
        defaults = {"norm_type": 2.0, "scale_grad_by_freq": False, "padding_idx": None, "max_norm": None}
        parts = [str(self.num_embeddings), str(self.embedding_dim)]
        for name in shown:
            value = getattr(self, name)
            if name not in defaults or value != defaults[name]:
                parts.append(f"{name}={value!r}")
        return ", ".join(parts)


class Embedding(_Table):
    """A table of vectors, of which the input names the rows.

    Parameters
    ----------
    num_embeddings, embedding_dim
        How many vectors, and how long.
    padding_idx
        A row that is zero at first and has no gradient; a negative one counts from the end.
    max_norm
        Rows that an input names and whose norm is larger are scaled down to it, in the layer too.
    norm_type
        Of the norm.
    scale_grad_by_freq
        Whether the gradient of a row is divided by how often the input names it.
    _weight, _freeze
        The table itself, of that shape, and whether it is not trained; see ``from_pretrained``.
    device, dtype
        Of the table; where ``nnx.use`` says, and float32, by default.
    generator
        Where it is drawn from, with mean 0 and variance 1; nnx's own stream (``nnx.seed``) by default.

    Attributes
    ----------
    weight
        Shape ``(num_embeddings, embedding_dim)``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Embedding(10, 3)(np.asarray([[1, 2], [4, 9]])).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        _weight: Array | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        sizes = (num_embeddings, embedding_dim)
        self._make(sizes, _weight, _freeze, padding_idx, generator=generator, dtype=dtype, device=device)

    def forward(self, x: Array) -> Array:
        """Integers of shape ``(*)`` to ``(*, embedding_dim)``."""
        return functional.embedding(
            x, self._renormalized(x), self.padding_idx, scale_grad_by_freq=self.scale_grad_by_freq
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Array,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
    ) -> Self:
        """A layer around a table of shape ``(num_embeddings, embedding_dim)``, frozen by default.

        Examples
        --------
        >>> import numpy as np, nnx
        >>> nnx.Embedding.from_pretrained(np.asarray([[1.0, 2.0], [3.0, 4.0]]))(np.asarray([1]))
        array([[3., 4.]])
        """
        return cls._pretrained(
            embeddings,
            freeze,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
        )

    def extra_repr(self) -> str:
        """The sizes, and what is not as usual."""
        return self._options("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq")


class EmbeddingBag(_Table):
    """Sums, means or maxima of bags of vectors from a table; see ``nnx.functional.embedding_bag``.

    Parameters
    ----------
    num_embeddings, embedding_dim
        How many vectors, and how long.
    max_norm, norm_type, scale_grad_by_freq
        As in ``Embedding``; the last not for maxima.
    mode
        ``"sum"``, ``"mean"`` or ``"max"``.
    _weight
        The table itself; see ``from_pretrained``.
    include_last_offset
        Whether the offsets end with where the last bag ends.
    padding_idx
        A row that is zero at first and counts for nothing; a negative one counts from the end.
    device, dtype, generator
        As in ``Embedding``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.EmbeddingBag(10, 3)(np.asarray([1, 2, 4, 9, 3]), np.asarray([0, 3])).shape
    (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        _weight: Array | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        if mode not in functional.MODES:
            raise complaint("EmbeddingBag", f'expected mode to be "sum", "mean" or "max", got {mode!r}')
        if mode == "max" and scale_grad_by_freq:
            raise complaint(
                "EmbeddingBag", 'expected scale_grad_by_freq with mode "sum" or "mean", got "max"'
            )
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.mode, self.include_last_offset = mode, include_last_offset
        sizes = (num_embeddings, embedding_dim)
        self._make(sizes, _weight, False, padding_idx, generator=generator, dtype=dtype, device=device)

    def forward(
        self, x: Array, offsets: Array | None = None, per_sample_weights: Array | None = None
    ) -> Array:
        """Integers of shape ``(bags, length)``, or ``(*)`` with offsets, to ``(bags, embedding_dim)``."""
        return functional.embedding_bag(
            x,
            self._renormalized(x),
            offsets,
            scale_grad_by_freq=self.scale_grad_by_freq,
            mode=self.mode,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Array,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """A layer around a table of shape ``(num_embeddings, embedding_dim)``, frozen by default.

        Examples
        --------
        >>> import numpy as np, nnx
        >>> nnx.EmbeddingBag.from_pretrained(np.asarray([[1.0, 2.0], [3.0, 4.0]]))(np.asarray([[0, 1]]))
        array([[2., 3.]])
        """
        return cls._pretrained(
            embeddings,
            freeze,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )

    def extra_repr(self) -> str:
        """The sizes, the mode, and what is not as usual."""
        return self._options("max_norm", "norm_type", "scale_grad_by_freq", "mode", "padding_idx")
