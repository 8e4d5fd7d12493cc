"""Checking gradients against the parameters that they belong to, before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..autodiff.cells import Cell
from ..backend import Array, backend_of
from ..functional._errors import complaint
from ._buckets import Bucket

__all__ = ["arranged", "fitted"]


def arranged(name: str, grads: Mapping[str, Array], buckets: Sequence[Bucket]) -> list[list[Array]]:
    """The gradients bucket by bucket; raises, as the optimizer ``name``, unless every one is there and fits."""
    result: list[list[Array]] = []
    count = 0
    try:
        for bucket in buckets:
            kind, dtype = bucket.kind, bucket.dtype
            ours = [grads[path] for path in bucket.paths]
            for g, shape in zip(ours, bucket.shapes, strict=True):
                if type(g) is not kind or g.shape != shape or g.dtype != dtype:
                    ours = [
                        _fitted(name, path, grads[path], bucket, i) for i, path in enumerate(bucket.paths)
                    ]
                    break
            count += len(ours)
            result.append(ours)
    except (KeyError, IndexError, TypeError, AttributeError):
        _complain(name, grads, buckets)
        raise
    if count != len(grads):
        _complain(name, grads, buckets)
    return result


def fitted(name: str, grads: Mapping[str, Array], cells: Mapping[str, Cell]) -> dict[str, Array]:
    """The gradients of these cells by path; raises unless every one is there and fits."""
    buckets = [Bucket(backend_of(cell.value), [(path, cell)], -1, 0) for path, cell in cells.items()]
    return {path: g for path, (g,) in zip(cells, arranged(name, grads, buckets), strict=True)}


def _fitted(name: str, path: str, g: Array, bucket: Bucket, i: int) -> Array:
    """Scalars as arrays, in the dtype of the parameter; anything else that doesn't fit is an error."""
    if getattr(type(g), "__nnx_traced__", False):
        raise complaint(
            name, "update was called inside a derivative; call it with the gradients, after it", TypeError
        )
    try:
        backend = backend_of(g)
    except TypeError:
        detail = f'gradient "{path}": expected an array, got {type(g).__name__}'
        raise complaint(name, detail, TypeError) from None
    if backend.name != bucket.backend.name:
        detail = (
            f'gradient "{path}" is an array of {backend.name}, its parameter one of {bucket.backend.name}'
        )
        raise complaint(name, detail, TypeError)
    if tuple(g.shape) != bucket.shapes[i]:
        raise complaint(name, f'gradient "{path}": expected shape {bucket.shapes[i]}, got {tuple(g.shape)}')
    if not backend.xp.isdtype(g.dtype, ("real floating", "integral", "bool")):
        raise complaint(name, f'gradient "{path}": expected real numbers, got {g.dtype}', TypeError)
    return backend.xp.astype(backend.xp.asarray(g), bucket.dtype)


def _complain(name: str, grads: Any, buckets: Sequence[Bucket]) -> None:
    """Raise with every name too few or too many; nothing where the names are right."""
    if not isinstance(grads, Mapping):
        raise complaint(name, f"expected a dict of gradients by path, got {type(grads).__name__}", TypeError)
    paths = [path for bucket in buckets for path in bucket.paths]
    lines = [f'"{path}": missing' for path in paths if path not in grads]
    lines += [f'"{path}": belongs to no trainable parameter' for path in grads if path not in paths]
    if lines:
        raise complaint(name, "the gradients don't fit, nothing was updated:\n  " + "\n  ".join(lines))
