"""What a Sequential does otherwise than layer by layer, where the results are the same and nobody can tell.

In evaluation a convolution, the batch norm after it, and ReLU: the norm is a factor and a summand for each channel,
applied to the product in place; two arrays less to make, two to four passes over memory less.

Always ReLU before max pooling: the largest element is the same before and after it, and so is where its cotangent goes,
but after pooling there are a quarter as many elements to go through, there and back.

While anything looks at layers (a profile, a summary) and with whatever is out of the ordinary the layers are called one
by one, so that errors are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..autodiff.cells import overrides
from ..backend import Array
from ..functional._evaluated import normalized_convolution
from ._batch_norm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from ._cells import two
from ._conv import Conv1d, Conv2d, Conv3d
from ._layer import Layer
from ._piecewise import ReLU
from ._pool import MaxPool1d, MaxPool2d, MaxPool3d

__all__ = ["steps"]

NORMS: dict[type[Layer], type[Layer]] = {Conv1d: BatchNorm1d, Conv2d: BatchNorm2d, Conv3d: BatchNorm3d}
POOLS = MaxPool1d, MaxPool2d, MaxPool3d
CALL = Layer.__call__

Step = Callable[[Any], Any]


def steps(layers: Iterable[Layer]) -> tuple[Step, ...]:
    """The layers in their order, those that go together as one; subclasses may do something else and do not."""
    todo, found = list(layers), list[Step]()
    while todo:
        kinds = [type(layer) for layer in todo[:3]]
        if len(kinds) > 1 and kinds[1] is NORMS.get(kinds[0]):
            count = 3 if kinds[2:] == [ReLU] else 2
            rest = _Pooled(todo[2:4]) if count == 3 and len(todo) > 3 and type(todo[3]) in POOLS else None
            found.append(_Normalized(todo[:count], rest))
            count += rest is not None
        elif kinds[0] is ReLU and len(kinds) > 1 and kinds[1] in POOLS:
            count = 2
            found.append(_Pooled(todo[:2]))
        else:
            count = 1
            found.append(todo[0])
        del todo[:count]
    return tuple(found)


def _unobserved(layers: Sequence[Any]) -> bool:
    """Whether nobody can tell: nothing looks at layers, and none of them has another ``forward``."""
    return Layer.__call__ is CALL and all("forward" not in layer.__dict__ for layer in layers)


class _Pooled:
    """ReLU and max pooling, the other way round."""

    __slots__ = ("layers",)

    def __init__(self, layers: Sequence[Any]) -> None:
        self.layers = layers

    def __call__(self, x: Any) -> Any:
        relu, pool = self.layers
        if pool.return_indices is False and _unobserved(self.layers):
            try:
                return relu(pool(x))
            except (
                AttributeError,
                IndexError,
                TypeError,
                ValueError,
            ):  # in their order they say what is wrong
                pass
        return pool(relu(x))


class _Normalized:
    """A convolution, a batch norm and perhaps ReLU, after which there may be a pooling."""

    __slots__ = ("layers", "singly", "then")

    def __init__(self, layers: Sequence[Any], rest: _Pooled | None) -> None:
        self.layers = layers
        self.singly = [*layers[:2], rest] if rest else layers
        self.then = rest.layers[1] if rest else None

    def __call__(self, x: Any) -> Any:
        try:
            out = self._at_once(x) if self._evaluates(x) else None
        except (AttributeError, TypeError, ValueError):  # one by one, they say what is wrong and where
            out = None
        if out is None:
            out = x
            for step in self.singly:
                out = step(out)
        elif self.then is not None:
            return self.then(out)
        return out

    def _evaluates(self, x: Any) -> bool:
        """Whether there is nothing to differentiate either."""
        frame = overrides.get()
        if self.layers[1].training or (frame is not None and frame.looks_at_layers):
            return False
        return not getattr(type(x), "__nnx_traced__", False) and _unobserved(self.layers)

    def _at_once(self, x: Array) -> Array | None:
        convolution, norm = self.layers[:2]
        if convolution.padding_mode != "zeros":
            return None
        windows = convolution.stride, convolution.padding, convolution.dilation, convolution.groups
        return normalized_convolution(
            x,
            (*two(convolution, "weight", "bias"), *windows),
            (*two(norm, "running_mean", "running_var"), *two(norm, "weight", "bias")),
            norm.eps,
            len(self.layers) > 2,
        )
